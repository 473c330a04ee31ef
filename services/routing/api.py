"""HTTP in: the triage desk, the directory, the notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from sqlalchemy import select, text

from services.routing.directory import store as directory_store
from services.routing.model import NotReferred
from services.routing.store import DispatchStore, departments, dispatches, notice_of, notices, people
from shared import clock, idempotency, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.events.vocabulary import Audience, Language, Severity
from shared.idempotency import Answer, IdempotencyKey
from shared.service import Ctx, api_router
from shared.taxonomy import CategoryCode, newest
from shared.text import ShortText

router = api_router()
store = DispatchStore()


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Referred(BaseModel):
    """A complaint that waits for a person's decision."""

    complaint_id: UUID
    reference: str
    registered_at: datetime
    severity: Severity
    reasons: list[str]


class TriageDecision(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "after_sales", "reason": "He waits for a refund."}]}
    )

    category: CategoryCode
    severity: Severity | None = None
    reason: ShortText


class Routed(BaseModel):
    """Where a complaint is on its way to the people who act on it."""

    complaint_id: UUID
    status: str
    leading_id: UUID | None = None
    category: str | None = None
    severity: Severity
    reasons: list[str] = []
    department: str | None = None
    handler_id: str | None = None
    assigned_at: datetime | None = None


class NoticeShown(BaseModel):
    id: UUID
    complaint_id: UUID
    audience: Audience
    reason: str
    fact_type: str
    fact_id: UUID
    issued_at: datetime
    acknowledge_by: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


class NewDepartment(Body):
    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]
    name_en: ShortText
    name_zh: ShortText
    layer: Annotated[int, Field(ge=1, le=4)]
    categories: list[CategoryCode] = []


class NewPerson(Body):
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: ShortText
    """Work name, with which the person signs towards customers."""
    department: ShortText
    languages: Annotated[list[Language], Field(min_length=1, max_length=2)]
    capacity: Annotated[int, Field(ge=1, le=10_000)] = 50
    active: bool = True


class DirectoryChange(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "departments": [
                        {
                            "code": "field_service",
                            "name_en": "Field service",
                            "name_zh": "现场服务部",
                            "layer": 1,
                        }
                    ],
                    "people": [
                        {
                            "id": "ma.li",
                            "name": "马丽 Ma Li",
                            "department": "field_service",
                            "languages": ["zh"],
                        }
                    ],
                }
            ]
        }
    )

    departments: Annotated[list[NewDepartment], Field(max_length=1000)] = []
    people: Annotated[list[NewPerson], Field(max_length=10_000)] = []


class PersonShown(NewPerson):
    model_config = ConfigDict(extra="ignore")

    open_cases: int


class DirectoryShown(BaseModel):
    departments: list[NewDepartment]
    people: list[PersonShown]


@router.get("/taxonomy", tags=["triage"], summary="Categories, in both languages")
async def read_taxonomy() -> list[dict[str, str]]:
    """Level-1 categories of complaints; all of the taxonomy is at intake. No key needed."""
    return [category.model_dump(include={"code", "name_en", "name_zh"}) for category in newest().categories]


@router.get(
    "/triage",
    response_model=pages.Page[Referred],
    response_model_exclude_none=True,
    tags=["triage"],
    summary="What waits for a person's decision, oldest first",
    responses=problems.documented(),
)
async def read_triage_desk(
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[Referred]:
    """The complaints that the rules could not tell; each waits for a category."""
    query = (
        select(dispatches)
        .where(dispatches.c.status == "referred")
        .order_by(dispatches.c.registered_at, dispatches.c.complaint_id)
        .limit(limit + 1)
    )
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(registered_at, complaint_id) > (:at, :after)")).params(at=at, after=after)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return pages.page(
        rows, limit, lambda row: Referred(**row), lambda row: (row["registered_at"], row["complaint_id"])
    )


@router.get(
    "/complaints/{complaint_id}",
    response_model=Routed,
    response_model_exclude_none=True,
    tags=["triage"],
    summary="Where a complaint was routed, and why",
    responses=problems.documented(404),
)
async def read_routed(
    complaint_id: UUID, who: Annotated[Principal, may("complaints:read")], ctx: Ctx
) -> Routed:
    """Category, severity, department and handler, with the reasons."""
    async with ctx.database.reading() as connection:
        found = await connection.execute(select(dispatches).where(dispatches.c.complaint_id == complaint_id))
    row = found.mappings().one_or_none()
    if row is None or row["status"] == "blank":
        raise problems.not_found("complaint", "path/complaint_id")
    return Routed(**row)


@router.post(
    "/triage/{complaint_id}",
    response_model=Routed,
    tags=["triage"],
    summary="Decide what the rules could not",
    responses=problems.documented(404, 409, 422),
)
async def decide_triage(
    complaint_id: UUID,
    decision: TriageDecision,
    request: Request,
    who: Annotated[Principal, may("triage:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Category and severity by a person; the complaint is assigned at once."""
    if newest().category(decision.category).review:
        raise problems.Problem(
            422,
            "invalid-request",
            "This category needs evidence and a second person",
            "Decide by what the customer says, and propose it as a coding of the complaint at intake. "
            "该类别须有依据并经他人复核，请先按客户所述分类，再在登记服务中提出编码。",
            field="body/category",
        )

    async def work(transaction: Transaction) -> Answer:
        dispatch = await load_one(store, transaction, complaint_id)
        if dispatch.registered_at is None:
            raise problems.not_found("complaint", "path/complaint_id")
        try:
            dispatch.decide(decision.category, decision.severity, decision.reason, clock.now())
        except NotReferred:
            raise problems.conflict(
                "The complaint does not wait for a decision. 该投诉不在待分类状态。",
                f"It is {dispatch.status.value}, category {dispatch.category}.",
                status_now=dispatch.status.value,
                category=dispatch.category,
            ) from None
        await save_one(store, transaction, dispatch)
        shown = Routed(
            complaint_id=complaint_id,
            status=dispatch.status.value,
            category=dispatch.category,
            severity=dispatch.severity,
            reasons=list(dispatch.reasons),
            department=dispatch.department,
            handler_id=dispatch.handler_id,
            assigned_at=dispatch.assigned_at,
        )
        return Answer(200, to_json(shown, exclude_none=True))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/directory",
    response_model=DirectoryShown,
    tags=["directory"],
    summary="Departments and people",
    responses=problems.documented(),
)
async def read_directory(who: Annotated[Principal, may("cases:read")], ctx: Ctx) -> DirectoryShown:
    """Everybody, with the number of open cases that each carries."""
    async with ctx.database.reading() as connection:
        units = (await connection.execute(select(departments).order_by("code"))).mappings().all()
        staff = (await connection.execute(select(people).order_by("id"))).mappings().all()
    return DirectoryShown(
        departments=[NewDepartment(**u) for u in units], people=[PersonShown(**p) for p in staff]
    )


@router.put(
    "/directory",
    status_code=204,
    tags=["directory"],
    summary="Add or change departments and people",
    responses=problems.documented(422),
)
async def change_directory(
    change: DirectoryChange, who: Annotated[Principal, may("directory:write")], ctx: Ctx
) -> None:
    """Idempotent bulk change; whoever is not named stays as they are. Deactivate instead of deleting."""
    _refuse_twice("departments", "code", [unit.code for unit in change.departments])
    _refuse_twice("people", "id", [person.id for person in change.people])
    async with ctx.database.transaction() as transaction:
        known = set((await transaction.execute(select(departments.c.code))).scalars())
        known |= {unit.code for unit in change.departments}
        for number, person in enumerate(change.people):
            if person.department not in known:
                raise problems.Problem(
                    422,
                    "invalid-request",
                    "There is no such department",
                    f"{person.department!r} is not known; name it under `departments` in the same request.",
                    field=f"body/people/{number}/department",
                )
        await directory_store.replace(
            transaction,
            departments,
            people,
            [unit.model_dump() for unit in change.departments],
            [person.model_dump() for person in change.people],
        )


def _refuse_twice(where: str, key: str, named: Sequence[str]) -> None:
    """Of two entries for the same one, which would count?"""
    seen: set[str] = set()
    for number, name in enumerate(named):
        if name in seen:
            raise problems.Problem(
                422,
                "invalid-request",
                "Named twice",
                f"{name!r} is named before under `{where}`; name it once.",
                field=f"body/{where}/{number}/{key}",
            )
        seen.add(name)


@router.get(
    "/notices",
    response_model=pages.Page[NoticeShown],
    response_model_exclude_none=True,
    tags=["notices"],
    summary="Notices of an audience, newest first",
    responses=problems.documented(),
)
async def list_notices(
    who: Annotated[Principal, may("notices:read")],
    ctx: Ctx,
    audience: Audience,
    open_only: Annotated[bool, Query(description="Only those not yet acknowledged.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[NoticeShown]:
    """What an audience must know, and by when it must have said that it does."""
    query = (
        select(notices)
        .where(notices.c.audience == audience.value)
        .order_by(notices.c.issued_at.desc(), notices.c.id.desc())
        .limit(limit + 1)
    )
    if open_only:
        query = query.where(notices.c.acknowledged_at.is_(None))
    if cursor is not None:
        at, after = pages.decode(cursor, datetime, UUID)
        query = query.where(text("(issued_at, id) < (:at, :after)")).params(at=at, after=after)
    async with ctx.database.reading() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return pages.page(rows, limit, lambda row: NoticeShown(**row), lambda row: (row["issued_at"], row["id"]))


@router.post(
    "/notices/{notice_id}/acknowledge",
    status_code=204,
    tags=["notices"],
    summary="Say that you know",
    responses=problems.documented(404),
)
async def acknowledge_notice(
    notice_id: UUID, who: Annotated[Principal, may("notices:acknowledge")], ctx: Ctx
) -> None:
    """Acknowledging again changes nothing: the first time counts."""
    async with ctx.database.transaction() as transaction:
        found = await notice_of(transaction, notice_id)
        if found is None:
            raise problems.not_found("notice", "path/notice_id")
        dispatch = await load_one(store, transaction, found[0])
        again = await notice_of(transaction, notice_id)  # as it is now that we hold the complaint
        assert again is not None
        dispatch.acknowledge(again[1], who.id, clock.now())
        await save_one(store, transaction, dispatch)
