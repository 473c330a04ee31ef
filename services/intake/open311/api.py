"""HTTP in: GeoReport v2 for civic apps. What they read; `posting.py` takes what they send.

Anybody reads public complaints, without personal data. With its `api_key` an app also reads what it sent itself.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.intake.open311 import store
from services.intake.open311.answers import Entry, Open311Route, Refused, answer
from services.intake.open311.asked import closed, parted, references, window
from services.intake.open311.words import service, service_name, services, step, words
from services.intake.record.model import Record
from services.intake.record.store import load
from shared.auth import Principal
from shared.events.vocabulary import Language
from shared.masking import mask
from shared.service import Context, Ctx

ROUGHLY = 3
"""Places of the degrees that others than the sender see: a hundred metres."""
CHANGESET = "2026-11-22T00:00:00Z"
"""When the services changed last."""
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
ALL = words()

Kind = Annotated[Literal["xml", "json"], Path()]
Listed = Annotated[str | None, Query(max_length=4000, description="Several are parted by commas.")]
Moment = Annotated[str | None, Query(max_length=40, description="ISO 8601, with the offset.")]


async def language_of(
    request: Request,
    locale: Annotated[str | None, Query(max_length=40)] = None,
) -> Language | None:
    """The one asked for by `locale` or `Accept-Language`; None when neither says."""
    asked = (locale or request.headers.get("accept-language", "")).lower()
    return Language.ZH if asked.startswith("zh") else Language.EN if asked.startswith("en") else None


async def reader_of(
    request: Request, ctx: Ctx, api_key: Annotated[str | None, Query(max_length=300)] = None
) -> Principal | None:
    """Who asks, if they say so. Raises Problem for a key that is not valid."""
    return await caller(ctx, request, api_key)


async def caller(ctx: Context, request: Request, api_key: str | None) -> Principal | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    key = (api_key or "").strip() or (bearer.strip() if scheme.lower() == "bearer" else "")
    return await ctx.authenticator.principal(key) if key else None


async def in_jurisdiction(
    ctx: Ctx, jurisdiction_id: Annotated[str | None, Query(max_length=200)] = None
) -> None:
    check_jurisdiction(ctx, jurisdiction_id)


def check_jurisdiction(ctx: Context, given: str | None) -> None:
    """Raises Refused when it is that of somebody else."""
    ours = ctx.settings.open311_jurisdiction
    if given and ours and given != ours:
        raise Refused(404, "jurisdiction_id: not found. 没有该 jurisdiction_id。")


Tongue = Annotated[Language | None, Depends(language_of)]
Reader = Annotated[Principal | None, Depends(reader_of)]
# The documents of this interface are the standard and its discovery: it stands in no OpenAPI document.
router = APIRouter(route_class=Open311Route, include_in_schema=False, dependencies=[Depends(in_jurisdiction)])


@router.get("/discovery.{kind}")
async def discover(kind: Kind, ctx: Ctx) -> Response:
    told: Entry = {
        "changeset": CHANGESET,
        "contact": f"{ctx.settings.organisation} <{ctx.settings.mail_from}>",
        "key_service": "Ask the administrator for an API key with the scope complaints:write.",
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{ctx.settings.base_url}/intake/open311/v2",
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return answer(kind, "discovery", told, namespace="http://wiki.open311.org/Service_discovery")


@router.get("/services.{kind}")
async def list_services(kind: Kind, tongue: Tongue) -> Response:
    language = tongue or Language.EN
    told = [
        {
            "service_code": category.code,
            "service_name": service_name(category.code, language),
            "description": _described(category.subcategories, language),
            "metadata": True,
            "type": "realtime",
            "keywords": ",".join(each.code for each in category.subcategories),
            "group": None,
        }
        for category in services()
    ]
    return answer(kind, "services", told)


def _described(terms: Sequence[Any], language: Language) -> str:
    separator = "；" if language is Language.ZH else "; "
    return separator.join(each.name_zh if language is Language.ZH else each.name_en for each in terms)


@router.get("/services/{code}.{kind}")
async def define_service(code: str, kind: Kind, tongue: Tongue) -> Response:
    language = tongue or Language.EN
    if service(code) is None:
        raise Refused(404, "service_code: not found. 没有该 service_code。")
    attributes: list[Entry] = []
    for order, asked in enumerate(ALL.attributes, 1):
        told: Entry = {
            "variable": True,
            "code": asked.code,
            "datatype": asked.datatype,
            "required": False,
            "datatype_description": None,
            "order": order,
            "description": asked.in_(language),
        }
        if asked.values:
            told["values"] = [{"key": each.key, "name": each.in_(language)} for each in asked.values]
        attributes.append(told)
    return answer(kind, "service_definition", {"service_code": code, "attributes": attributes})


@router.get("/requests.{kind}")
async def list_requests(
    kind: Kind,
    ctx: Ctx,
    who: Reader,
    tongue: Tongue,
    service_request_id: Listed = None,
    service_code: Listed = None,
    start_date: Moment = None,
    end_date: Moment = None,
    status: Annotated[str | None, Query(max_length=40)] = None,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=store.MOST)] = store.MOST,
) -> Response:
    """Whoever names requests gets those; else what came within 90 days, the newest first."""
    filters: dict[str, Any] = {"limit": page_size, "offset": (page - 1) * page_size}
    if service_request_id:
        filters["references"] = references(service_request_id)
    else:
        filters["since"], filters["until"] = window(start_date, end_date)
        if service_code:
            filters["codes"] = parted(service_code)
        filters["closed"] = closed(status)
    async with ctx.database.reading() as connection:
        rows = await store.requests(connection, who.id if who else None, **filters)
        records = await load(connection, [row["id"] for row in rows])
    told = [_shown(ctx, row, records[row["id"]], who, tongue) for row in rows]
    return answer(kind, "service_requests", told)


@router.get("/requests/{request_id}.{kind}")
async def read_request(request_id: str, kind: Kind, ctx: Ctx, who: Reader, tongue: Tongue) -> Response:
    async with ctx.database.reading() as connection:
        rows = await store.requests(
            connection, who.id if who else None, references=references(request_id), limit=1
        )
        if not rows:
            raise unknown_request()
        records = await load(connection, [rows[0]["id"]])
    told = _shown(ctx, rows[0], records[rows[0]["id"]], who, tongue)
    return answer(kind, "service_requests", [told])


@router.get("/tokens/{token}.{kind}")
async def read_token(token: str, kind: Kind, ctx: Ctx, who: Reader) -> Response:
    """Requests get their id at once; who holds on to the complaint's own id finds it here."""
    try:
        complaint_id = UUID(token)
    except ValueError:
        raise Refused(404, "token: not found. 没有该 token。") from None
    async with ctx.database.reading() as connection:
        row = await store.one(connection, who.id if who else None, complaint_id)
    if row is None:
        raise Refused(404, "token: not found. 没有该 token。")
    return answer(
        kind, "service_requests", [{"service_request_id": row["reference"], "token": str(row["id"])}]
    )


@router.get("/servicerequestupdates.{kind}")
async def list_updates(
    kind: Kind,
    ctx: Ctx,
    who: Reader,
    tongue: Tongue,
    service_request_id: Listed = None,
    start_date: Moment = None,
    end_date: Moment = None,
) -> Response:
    """What happened within the time, the oldest first."""
    since, until = window(start_date, end_date)
    wanted = references(service_request_id) if service_request_id else None
    async with ctx.database.reading() as connection:
        rows = await store.updates(connection, who.id if who else None, since, until, wanted)
    told = [
        {
            "update_id": str(row["event_id"]),
            "service_request_id": row["reference"],
            "status": "closed" if row["step"] in store.ENDED else "open",
            "updated_datetime": row["at"],
            "description": step(row["step"], tongue or Language(row["language"])),
            "media_url": None,
        }
        for row in rows
    ]
    return answer(kind, "service_request_updates", told)


def unknown_request() -> Refused:
    """Also for one that the caller may not see."""
    return Refused(404, "service_request_id: not found. 没有该 service_request_id。")


def _shown(
    ctx: Context, row: Mapping[str, Any], record: Record, who: Principal | None, tongue: Language | None
) -> Entry:
    language = tongue or Language(row["language"])
    own = who is not None and row["principal"] == who.id
    known = record.known
    point = {name: float(row[name]) if row[name] else None for name in ("lat", "long")}
    if not own:
        point = {name: round(at, ROUGHLY) if at is not None else None for name, at in point.items()}
    last = row["status"] or "registered"
    return {
        "service_request_id": row["reference"],
        "status": "closed" if last in store.ENDED else "open",
        "status_notes": last,
        "service_name": service_name(row["service_code"], language),
        "service_code": row["service_code"],
        "description": mask(record.row["what_went_wrong"], known),
        "agency_responsible": ctx.settings.organisation,
        "service_notice": None,
        "requested_datetime": row["registered_at"],
        "updated_datetime": row["updated_at"] or row["registered_at"],
        "expected_datetime": row["promised_at"],
        "address": row["address"] if own else None,
        "address_id": row["address_id"] if own else None,
        "zipcode": None,
        **point,
        "media_url": row["media_urls"][0] if own and row["media_urls"] else None,
    }
