"""HTTP in: the register of latent hazards."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import func, select

from services.insights.hazards.finding import register
from services.insights.hazards.history import changes
from services.insights.hazards.schemas import (
    ChangedField,
    HazardChange,
    HazardShown,
    HazardState,
    HazardVersion,
    NewHazard,
)
from services.insights.hazards.store import hazard_versions, hazards, keep_versions
from shared import clock, etag, idempotency, ids, pages, problems
from shared.auth import Principal, may
from shared.database import Transaction, sql
from shared.editing import Editing
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.service import Ctx, api_router
from shared.text import SoughtText

router = api_router(tags=["hazards"])
_KNOWN = sql("SELECT id FROM complaints WHERE id = ANY(CAST(:ids AS uuid[]))")


@router.post(
    "/hazards",
    status_code=201,
    response_model=HazardShown,
    summary="Register a hazard",
    responses=problems.documented(422),
)
async def add_hazard(
    wanted: NewHazard,
    request: Request,
    who: Annotated[Principal, may("cases:work")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """What somebody sees coming (隐患). The responsible department of the first complaint is told."""

    async def work(transaction: Transaction) -> Answer:
        await _must_be_known(transaction, wanted.evidence)
        at = clock.now()
        row: dict[str, Any] = {
            "id": ids.new_id(),
            "version": 1,
            "found_by": who.id,
            "danger": None,
            **_masked(wanted.model_dump()),
            "state": HazardState.OPEN,
            "reason": None,
            "registered_at": at,
            "changed_by": who.id,
            "changed_at": at,
        }
        await register(transaction, [row])
        return Answer(201, to_json(_shown(row)))

    return etag.tagged(await idempotency.once(request, ctx.database, who.id, key, work))


@router.get(
    "/hazards",
    response_model=pages.Page[HazardShown],
    summary="The register of hazards",
    responses=problems.documented(),
)
async def list_hazards(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    state: Annotated[HazardState | None, Query(description="Only in this state.")] = None,
    product: Annotated[SoughtText | None, Query(description="Only of this one.")] = None,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[HazardShown]:
    """What complaints warn of: found by rules in their words, or entered by people; the newest first."""
    c = hazards.c
    query = select(hazards)
    if state is not None:
        query = query.where(c.state == state.value)
    if product is not None:
        query = query.where(c.product == product)
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection, query, limit, cursor, _shown, c.registered_at, c.id, newest_first=True
        )


@router.get(
    "/hazards/{hazard_id}",
    response_model=HazardShown,
    summary="One hazard",
    responses=problems.documented(404) | TAGGED,
)
async def read_hazard(hazard_id: UUID, who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> Response:
    async with ctx.database.reading() as connection:
        row = (await connection.execute(select(hazards).where(hazards.c.id == hazard_id))).mappings().first()
    if row is None:
        raise problems.not_found("hazard", "path/hazard_id")
    return etag.tagged(Response(to_json(_shown(row)), media_type="application/json"))


@router.get(
    "/hazards/{hazard_id}/history",
    response_model=pages.Page[HazardVersion],
    summary="Who changed what of a hazard, and when",
    responses=problems.documented(404),
)
async def read_history(
    hazard_id: UUID,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[HazardVersion]:
    """Its versions, the newest first, each with what it changed. Nothing is ever taken out."""
    v = hazard_versions.c
    of = select(hazard_versions, func.lag(v.entry).over(order_by=v.version).label("before"))
    versions = of.where(v.hazard_id == hazard_id).subquery()
    async with ctx.database.reading() as connection:
        if (await connection.execute(select(hazards.c.id).where(hazards.c.id == hazard_id))).first() is None:
            raise problems.not_found("hazard", "path/hazard_id")
        return await pages.read(
            connection,
            select(versions),
            limit,
            cursor,
            _version,
            versions.c.version,
            newest_first=True,
        )


@router.put(
    "/hazards/{hazard_id}",
    response_model=HazardShown,
    summary="Change a hazard",
    responses=problems.documented(404, 409, 412, 422) | TAGGED,
)
async def change_hazard(
    hazard_id: UUID,
    wanted: HazardChange,
    who: Annotated[Principal, may("cases:work")],
    editing: Editing,
) -> Response:
    """Rate it, give it to somebody, say what is done, and end it with a reason. What was removed stays so: complaints
    that come later make a new entry."""

    async def work(transaction: Transaction) -> Answer:
        query = select(hazards).where(hazards.c.id == hazard_id).with_for_update()
        row = (await transaction.execute(query)).mappings().first()
        if row is None:
            raise problems.not_found("hazard", "path/hazard_id")
        editing.must_match(row["version"], "hazard", "隐患")
        if row["state"] == HazardState.REMOVED:
            raise Problem(
                409,
                "hazard-removed",
                "The hazard was removed",
                "Register a new one if it is back. 该隐患已消除；如再次出现，请重新登记。",
                state=row["state"],
            )
        if row["danger"] is not None and wanted.product != row["product"]:
            raise problems.invalid(
                "It is a hazard of its product",
                "The rules found it by its complaints: leave the product, and register another hazard for the other "
                "product. 该隐患由规则按产品识别，不能更改产品；如涉及其他产品，请另行登记。",
                field="body/product",
            )
        if wanted.what is None and row["danger"] is None:
            raise problems.invalid(
                "Say what it is",
                "Only a hazard that the rules found needs no words. 请填写隐患内容。",
                field="body/what",
            )
        await _must_be_known(transaction, wanted.evidence)
        at = clock.now()
        changed = {
            **_masked(wanted.model_dump()),
            "evidence": list(wanted.evidence),
            "version": row["version"] + 1,
            "changed_by": who.id,
            "changed_at": at,
            "ended_at": at if wanted.state is HazardState.REMOVED else None,
        }
        await transaction.execute(hazards.update().where(hazards.c.id == hazard_id).values(**changed))
        await keep_versions(transaction, [{**row, **changed}])
        return Answer(200, to_json(_shown({**row, **changed})))

    return await editing.once_tagged(who.id, work)


async def _must_be_known(transaction: Transaction, evidence: tuple[UUID, ...]) -> None:
    known = set((await transaction.execute(_KNOWN, {"ids": list(evidence)})).scalars())
    for number, complaint_id in enumerate(evidence):
        if complaint_id not in known:
            raise problems.invalid(
                "No such complaint",
                "Name complaints that insights knows of. 没有该投诉，请核对编号。",
                field=f"body/evidence/{number}",
            )


def _masked(entry: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: mask(entry[name]) for name in ("what", "measures", "reason") if entry.get(name)}
    return {**entry, **words}


def _version(row: Mapping[Any, Any]) -> HazardVersion:
    changed = changes(row["before"], row["entry"])
    return HazardVersion(
        version=row["version"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        changes=[ChangedField(field=name, before=old, after=new) for name, old, new in changed],
    )


def _shown(row: Mapping[Any, Any]) -> HazardShown:
    live = row["state"] in (HazardState.OPEN, HazardState.WATCHED)
    known = {name: row[name] for name in HazardShown.model_fields if name in row}
    return HazardShown(
        **known,
        risk=row["likelihood"] * row["severity"],
        overdue=live and row["review_by"] < clock.today(),
    )
