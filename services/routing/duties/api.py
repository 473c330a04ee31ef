"""HTTP in: what leadership sets, and who acknowledged it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.acting import person_of
from services.routing.directory.schemas import Code
from services.routing.duties.schemas import Acknowledged, Acknowledgement, NewPolicy, PolicyShown
from services.routing.store import duties
from shared import clock, driver, pages, problems
from shared.auth import Principal, may
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.editing import Editing
from shared.idempotency import Answer
from shared.openapi import TAGGED
from shared.problems import FieldError
from shared.service import Ctx, api_router

router = api_router(tags=["duties"])

PolicyCode = Annotated[Code, Path(description="Of the policy.")]
Version = Annotated[int, Path(ge=1, le=1_000_000, description="Of the policy.")]

_CONCERNED = (
    "FROM policies o JOIN people p ON p.active JOIN departments d ON d.code = p.department "
    "AND (d.layer = ANY(o.layers) OR d.code = ANY(o.departments)) "
    "LEFT JOIN policy_acknowledgements a ON a.code = o.code AND a.version = o.version AND a.person = p.id "
)
_WHO = sql(
    "SELECT p.id AS person, p.name, p.department, a.acknowledged_at "
    f"{_CONCERNED} WHERE o.code = :code AND o.version = :version AND p.id > :after "
    "AND (NOT :missing OR a.person IS NULL) ORDER BY p.id LIMIT :limit"
)
_IN_FORCE = "SELECT code, max(version) AS version FROM policies WHERE valid_from <= :now GROUP BY code"
_MINE = sql(
    f"SELECT o.* {_CONCERNED} JOIN ({_IN_FORCE}) f ON f.code = o.code AND f.version = o.version "
    "WHERE p.id = :person AND a.person IS NULL ORDER BY o.code"
)


@router.get(
    "/policies",
    response_model=pages.Page[PolicyShown],
    summary="List the policies in force",
    responses=problems.documented(),
)
async def list_policies(
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[PolicyShown]:
    """Of each the newest version that is valid, by code."""
    after = pages.decode(cursor, str)[0] if cursor is not None else ""
    query = sql(
        f"SELECT o.* FROM policies o JOIN ({_IN_FORCE}) f ON f.code = o.code AND f.version = o.version "  # noqa: S608 - own names only
        "WHERE o.code > :after ORDER BY o.code LIMIT :limit"
    )
    async with ctx.database.reading() as connection:
        given = {"now": clock.now(), "after": after, "limit": limit + 1}
        rows = (await driver.run(connection, query, given)).mappings().all()
    return pages.page(rows, limit, lambda row: PolicyShown(**row), lambda row: (row["code"],))


@router.post(
    "/policies",
    status_code=201,
    response_model=PolicyShown,
    summary="Publish a policy",
    responses=problems.documented(412, 422) | TAGGED,
)
async def publish_policy(
    wanted: NewPolicy,
    who: Annotated[Principal, may("policies:write")],
    editing: Editing,
) -> Response:
    """A further version, if there is one with this code; versions never change. Whoever it concerns acknowledges
    each version anew."""

    async def work(transaction: Transaction) -> Answer:
        await transaction.hold("policy", wanted.code)
        await _must_be_departments(transaction, wanted)
        newest = await transaction.execute(
            sql("SELECT max(version) FROM policies WHERE code = :code"), {"code": wanted.code}
        )
        version: int | None = newest.scalar_one()
        editing.must_match(version, "policy", "政策")
        row = {
            **wanted.model_dump(mode="json"),
            "version": (version or 0) + 1,
            "published_by": who.id,
            "published_at": clock.now(),
        }
        await insert_rows(transaction, duties.policies, [row])
        return Answer(201, to_json(PolicyShown(**row)))

    return await editing.once_tagged(who.id, work)


async def _must_be_departments(transaction: Transaction, wanted: NewPolicy) -> None:
    rows = await transaction.execute(
        sql("SELECT code FROM departments WHERE active AND code = ANY(CAST(:codes AS text[]))"),
        {"codes": list(wanted.departments)},
    )
    known = {row.code for row in rows}
    errors = [
        FieldError(
            field=f"body/departments/{number}",
            detail=f"There is no active department {code!r}. 没有在用的部门 {code!r}。",
        )
        for number, code in enumerate(wanted.departments)
        if code not in known
    ]
    if errors:
        raise problems.invalid(
            "No such department",
            "`/directory/departments` lists them. 请见 /directory/departments。",
            errors=errors,
        )


@router.get(
    "/policies/me",
    response_model=list[PolicyShown],
    summary="Policies that you have not acknowledged yet",
    responses=problems.documented(403),
)
async def list_my_policies(who: Annotated[Principal, may()], ctx: Ctx) -> list[PolicyShown]:
    """Those in force that concern you. It takes no scope, only an account in the directory."""
    async with ctx.database.reading() as connection:
        me = await person_of(connection, who)
        rows = await driver.run(connection, _MINE, {"now": clock.now(), "person": me})
    return [PolicyShown(**row) for row in rows.mappings()]


@router.get(
    "/policies/{code}/versions",
    response_model=pages.Page[PolicyShown],
    summary="List the versions of a policy",
    responses=problems.documented(404),
)
async def list_policy_versions(
    code: PolicyCode,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[PolicyShown]:
    """The newest first, also those that are not valid yet."""
    c = duties.policies.c
    query = select(duties.policies).where(c.code == code)
    async with ctx.database.reading() as connection:
        found = await pages.read(
            connection, query, limit, cursor, lambda row: PolicyShown(**row), c.version, newest_first=True
        )
    if not found.items and cursor is None:
        raise problems.not_found("policy", "path/code")
    return found


@router.post(
    "/policies/{code}/versions/{version}/acknowledge",
    response_model=Acknowledged,
    summary="Say that you know a policy",
    responses=problems.documented(403, 404),
)
async def acknowledge_policy(
    code: PolicyCode, version: Version, who: Annotated[Principal, may()], ctx: Ctx
) -> Acknowledged:
    """For yourself, by your account: it takes no scope. The first time counts; saying it again changes nothing."""
    async with ctx.database.transaction() as transaction:
        me = await person_of(transaction.connection, who)
        await _version_of(transaction.connection, code, version)
        row: dict[str, Any] = {"code": code, "version": version, "person": me, "at": clock.now()}
        await transaction.execute(
            sql(
                "INSERT INTO policy_acknowledgements (code, version, person, acknowledged_at) "
                "VALUES (:code, :version, :person, :at) ON CONFLICT DO NOTHING"
            ),
            row,
        )
        found = await transaction.execute(
            sql(
                "SELECT acknowledged_at FROM policy_acknowledgements "
                "WHERE code = :code AND version = :version AND person = :person"
            ),
            {name: row[name] for name in ("code", "version", "person")},
        )
        first: datetime = found.scalar_one()
    return Acknowledged(code=code, version=version, person=me, acknowledged_at=first)


@router.get(
    "/policies/{code}/versions/{version}/acknowledgements",
    response_model=pages.Page[Acknowledgement],
    response_model_exclude_none=True,
    summary="Who knows a policy, and who has not said so yet",
    responses=problems.documented(404),
)
async def list_acknowledgements(
    code: PolicyCode,
    version: Version,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    missing: Annotated[bool, Query(description="Only those who have not acknowledged it.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[Acknowledgement]:
    """Everybody whom it concerns now, by their id."""
    after = pages.decode(cursor, str)[0] if cursor is not None else ""
    given = {"code": code, "version": version, "after": after, "missing": missing, "limit": limit + 1}
    async with ctx.database.reading() as connection:
        await _version_of(connection, code, version)
        rows = (await driver.run(connection, _WHO, given)).mappings().all()
    return pages.page(rows, limit, lambda row: Acknowledgement(**row), lambda row: (row["person"],))


async def _version_of(connection: AsyncConnection, code: str, version: int) -> None:
    found = await driver.run(
        connection,
        sql("SELECT 1 AS found FROM policies WHERE code = :code AND version = :version"),
        {"code": code, "version": version},
    )
    if found.first() is None:
        raise problems.not_found("version of a policy", "path/version")
