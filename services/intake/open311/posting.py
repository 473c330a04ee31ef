"""HTTP in: what civic apps send. A request becomes a complaint like any other; an update becomes an addition."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from pydantic_core import from_json, to_json
from starlette.datastructures import UploadFile

from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.model import By
from services.intake.door import Door
from services.intake.open311 import store
from services.intake.open311.answers import Open311Route, Refused, answer
from services.intake.open311.api import Kind, Tongue, caller, check_jurisdiction, unknown_request
from services.intake.open311.sent import MOST_FIELDS, Form, Place, Update, complaint_of, form_of, place_of
from services.intake.open311.words import service
from services.intake.record.schemas import ContactGiven
from services.intake.record.store import RecordStore
from services.intake.registration import register
from shared import clock, idempotency, ids, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal
from shared.events.vocabulary import Channel, Language
from shared.idempotency import Answer, Claim
from shared.problems import Problem
from shared.reference import normalised
from shared.service import Context, Ctx

router = APIRouter(route_class=Open311Route, include_in_schema=False)
records = RecordStore()

NOTICE = "Quote this id to ask about it. 查询时请提供此编号。"
SENDERS_ID = "fixmystreet_id"
"""Attribute with the sender's own id of a request; the same id is the same request."""
MOST_OF_ID = 200
"""Characters of an id of the sender's."""
CHUNK = 64 * 1024


@router.post("/requests.{kind}")
async def post_request(kind: Kind, request: Request, ctx: Ctx, tongue: Tongue) -> Response:
    async with _received(request) as (form, files):
        who = await _sender(ctx, request, form)
        found, replayed = await _register(ctx, request, form, who, tongue)
        notice = await _attach(ctx, UUID(found["id"]), files, who)
    entry = {"service_request_id": found["reference"], "service_notice": notice, "account_id": None}
    return answer(kind, "service_requests", [entry], 201 if not replayed else 200)


async def _register(
    ctx: Context, request: Request, form: Form, who: Principal, tongue: Language | None
) -> tuple[dict[str, Any], bool]:
    """What registering answered, and whether that was to an earlier request. Raises Refused, Problem."""
    code = form.values.get("service_code")
    if code is None:
        raise Refused(400, "service_code was not provided. 缺少 service_code。")
    if service(code) is None:
        raise Refused(404, "service_code: not found. 没有该 service_code。")
    place = place_of(form)
    told = complaint_of(form, place, code, form.language(tongue))
    claim = _claim(request, form, who)
    at = clock.now()
    registration = register(told, who.id, at)
    complaint_id = registration.event.complaint_id
    async with ctx.database.transaction() as transaction:
        await store.keep(transaction, _row(complaint_id, at, who, code, form, place))
    try:
        stored, _ = await ctx.part(Door).register(registration, claim)
    except Problem as refused:
        if refused.status < 500:  # for good; else it may have been registered after all
            await _forget(ctx, complaint_id)
        raise
    told = from_json(stored.body)
    earlier = UUID(told["id"]) != complaint_id  # else it is our own, whose commit we did not hear of
    if earlier:
        await _forget(ctx, complaint_id)
    return told, earlier


async def _forget(ctx: Context, complaint_id: UUID) -> None:
    async with ctx.database.transaction() as transaction:
        await store.forget(transaction, complaint_id)


def _row(
    complaint_id: UUID, at: datetime, who: Principal, code: str, form: Form, place: Place
) -> dict[str, Any]:
    return {
        "complaint_id": complaint_id,
        "principal": who.id,
        "received_at": at,
        "service_code": code,
        "lat": str(place.lat) if place.lat is not None else None,
        "long": str(place.long) if place.long is not None else None,
        "address": place.address_string,
        "address_id": place.address_id,
        "device_id": place.device_id,
        "media_urls": [str(url) for url in place.media_url],
        "attributes": {name: list(values) for name, values in form.attributes.items()},
    }


def _claim(request: Request, form: Form, who: Principal) -> Claim | None:
    """An app that sends a request again, because it heard no answer, names it as it did before."""
    key = request.headers.get("idempotency-key", "")
    own = next(iter(form.attributes.get(SENDERS_ID, ())), None)
    if own is None and not key:
        return None
    if len(own or key) > MOST_OF_ID:
        raise Refused(
            400, f"attribute[{SENDERS_ID}]: at most {MOST_OF_ID} characters. 最多 {MOST_OF_ID} 个字符。"
        )
    name = f"open311 {own}" if own is not None else f"open311 key {key}"
    # Who sends it again may word it anew: it is the same request all the same.
    return Claim(who.id, name, idempotency.fingerprint("OPEN311", "requests", name.encode()))


async def _attach(ctx: Context, complaint_id: UUID, files: list[UploadFile], who: Principal) -> str:
    """Keep the files that came with the request; returns the notice to the sender."""
    notice = NOTICE
    for number, file in enumerate(files):
        try:
            await ctx.part(Cabinet).store(
                complaint_id,
                _chunks(file),
                file.filename,
                file.content_type,
                By(who.id, from_customer=True),
                key=f"open311 {complaint_id} {number}",
            )
        except Problem as error:
            notice += f" File {number + 1} was not taken: {error.detail}"
    return notice


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while chunk := await file.read(CHUNK):
        yield chunk


@router.post("/servicerequestupdates.{kind}")
async def post_update(kind: Kind, request: Request, ctx: Ctx) -> Response:
    """An addition to a request that this key sent. The status in it is not taken over: who works on it decides."""
    async with _received(request) as (form, _):
        who = await _sender(ctx, request, form)
        update_id = await _add(ctx, form.values, who)
    return answer(kind, "service_request_updates", [{"update_id": update_id}])


async def _add(ctx: Context, values: Mapping[str, str], who: Principal) -> str:
    """Id of the addition. Raises Refused, Problem."""
    if "service_request_id" not in values:
        raise Refused(400, "service_request_id was not provided. 缺少 service_request_id。")
    own = values.get("update_id") or values.get("update_id_ext")
    if own is not None and len(own) > MOST_OF_ID:
        raise Refused(400, f"update_id: at most {MOST_OF_ID} characters. 最多 {MOST_OF_ID} 个字符。")
    update, contact = _update(values)
    async with ctx.database.reading() as connection:
        reference = normalised(values["service_request_id"])
        complaint_id = await store.sent_by(connection, who.id, reference) if reference else None
    if complaint_id is None:
        raise unknown_request()
    addition_id, at = ids.new_id(), clock.now()
    async with ctx.database.transaction() as transaction:
        if own is not None:
            name = f"open311 update {complaint_id} {own}"
            claim = Claim(who.id, name, idempotency.fingerprint("OPEN311", "update", name.encode()))
            before = await idempotency.claim(transaction, claim, Answer(200, to_json({"id": addition_id})))
            if before is not None:
                return str(from_json(before.body)["id"])
        record = await load_one(records, transaction, complaint_id)
        record.add(
            addition_id,
            at,
            Channel.API,
            said=update.description,
            told={},
            contact=contact,
            by=who.id,
            at=at,
        )
        await save_one(records, transaction, record)
    return str(addition_id)


def _update(values: Mapping[str, str]) -> tuple[Update, dict[str, str]]:
    try:
        update = Update.model_validate({name: values[name] for name in Update.model_fields if name in values})
        name = " ".join(part for part in (update.first_name, update.last_name) if part and part != "-")
        given = {each: values[each] for each in ("email", "phone") if each in values}
        contact = ContactGiven.model_validate(given | ({"name": name} if name else {}))
    except ValidationError as error:
        told = problems.field_errors(error.errors())
        raise Refused(400, *(f"{each.field}: {each.detail}" for each in told)) from None
    return update, contact.model_dump(exclude_none=True)


async def _sender(ctx: Context, request: Request, form: Form) -> Principal:
    """Raises Refused, Problem."""
    who = await caller(ctx, request, form.values.get("api_key") or request.query_params.get("api_key"))
    if who is None:
        raise Refused(403, "api_key was not provided. 缺少 api_key。")
    if not who.may("complaints:write"):
        raise Refused(
            403, "This api_key may not send requests: it lacks the scope complaints:write. 权限不足。"
        )
    check_jurisdiction(ctx, form.values.get("jurisdiction_id") or request.query_params.get("jurisdiction_id"))
    return who


@asynccontextmanager
async def _received(request: Request) -> AsyncIterator[tuple[Form, list[UploadFile]]]:
    """The parameters, and the files that came with them, for the length of the block. Raises Refused."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise Refused(400, "Send the parameters as a form. 请以表单形式提交参数。")
    async with request.form(max_files=20, max_fields=MOST_FIELDS) as sent:
        pairs = sent.multi_items()
        if len(pairs) > MOST_FIELDS:
            raise Refused(400, f"At most {MOST_FIELDS} parameters are taken. 参数过多。")
        texts = [(name, value) for name, value in pairs if isinstance(value, str)]
        yield form_of(texts), [value for _, value in pairs if isinstance(value, UploadFile) and value.size]
