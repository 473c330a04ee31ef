"""HTTP in: how people wish to be told things, by themselves and by whoever works for them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic_core import to_json

from services.notification.preferences import store
from services.notification.preferences.model import Wishes, colleague, customer
from services.notification.preferences.opening import CaseOf
from services.notification.preferences.page import confirmation
from services.notification.preferences.schemas import (
    ColleaguePreferences,
    Preferences,
    PreferencesShown,
    Unsubscribed,
)
from services.notification.preferences.unsubscribing import read_token
from services.notification.rules import Nature
from services.notification.staff.contacts import signed_in
from shared import clock, etag, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.openapi import TAGGED
from shared.service import Context, Ctx, api_router

router = api_router(tags=["preferences"])

Agent = Annotated[Principal, may("customers:write")]
Colleague = Annotated[Principal, may("inbox:read")]
Token = Annotated[str, Path(max_length=100)]


@router.get("/preferences", summary="Read your preferences", responses=problems.documented(404) | TAGGED)
async def read_own_preferences(case: CaseOf, ctx: Ctx, response: Response) -> PreferencesShown:
    """With the reference and the tracking token of any of your cases; they hold for all of them."""
    return await _shown(ctx, customer(case.customer_id), response)


@router.put(
    "/preferences",
    response_model=PreferencesShown,
    summary="Change your preferences",
    responses=problems.documented(404, 412) | TAGGED,
)
async def change_own_preferences(
    wanted: Preferences,
    case: CaseOf,
    editing: Editing,
) -> Response:
    """All of them, for all of your cases. Nobody can opt out of what the law or their own safety demands."""
    return await _change(editing, customer(case.customer_id), wanted, case.principal)


@router.get(
    "/customers/{customer_id}/preferences",
    summary="Read a customer's preferences",
    responses=problems.documented() | TAGGED,
)
async def read_customer_preferences(
    customer_id: UUID, who: Agent, ctx: Ctx, response: Response
) -> PreferencesShown:
    """For whoever enters them for the customer, who told them by telephone for example."""
    return await _shown(ctx, customer(customer_id), response)


@router.put(
    "/customers/{customer_id}/preferences",
    response_model=PreferencesShown,
    summary="Change a customer's preferences",
    responses=problems.documented(412) | TAGGED,
)
async def change_customer_preferences(
    customer_id: UUID,
    wanted: Preferences,
    who: Agent,
    editing: Editing,
) -> Response:
    """As the customer told it. An id that no customer has does no harm."""
    return await _change(editing, customer(customer_id), wanted, who.id)


@router.get(
    "/inbox/preferences",
    summary="Read how you are told things at work",
    responses=problems.documented(403) | TAGGED,
)
async def read_colleague_preferences(who: Colleague, ctx: Ctx, response: Response) -> PreferencesShown:
    """For whoever the directory knows by the account that calls. The inbox itself has everything at once."""
    return await _shown(ctx, colleague(await signed_in(ctx, who)), response)


@router.put(
    "/inbox/preferences",
    response_model=PreferencesShown,
    summary="Change how you are told things at work",
    responses=problems.documented(403, 412) | TAGGED,
)
async def change_colleague_preferences(
    wanted: ColleaguePreferences,
    who: Colleague,
    editing: Editing,
) -> Response:
    """All of them."""
    person = colleague(await signed_in(editing.ctx, who))
    return await _change(editing, person, wanted, who.id)


@router.get(
    "/unsubscribe/{token}",
    response_class=HTMLResponse,
    summary="Ask whether you want to hear no more",
    responses=problems.documented(404),
)
async def ask_to_unsubscribe(token: Token, ctx: Ctx) -> HTMLResponse:
    """A page with one button. It changes nothing by itself, for what reads mails ahead follows its links."""
    _, nature = _read(ctx, token)
    return HTMLResponse(confirmation(nature, done=False))


@router.post(
    "/unsubscribe/{token}",
    response_model=Unsubscribed,
    summary="Hear no more of such things",
    responses=problems.documented(404),
)
async def unsubscribe(token: Token, request: Request, ctx: Ctx) -> Response:
    """One click, no login (RFC 8058): the link stands in the mails that one can opt out of. Once more does nothing. A
    browser gets a page."""
    customer_id, nature = _read(ctx, token)
    async with ctx.database.transaction() as transaction:
        await store.unsubscribe(transaction, customer(customer_id), nature, clock.now())
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(confirmation(nature, done=True))
    return Response(to_json(Unsubscribed(nature=nature.value)), media_type="application/json")


def _read(ctx: Context, token: str) -> tuple[UUID, Nature]:
    """Raises a 404 problem."""
    named = read_token(ctx.settings.installation_secret, token)
    if named is None:
        raise problems.not_found("link to unsubscribe", "path/token")
    return named


async def _shown(ctx: Context, person: str, response: Response) -> PreferencesShown:
    async with ctx.database.reading() as connection:
        said = await store.of(connection, person)
    response.headers["ETag"] = etag.tag(said.version)
    return PreferencesShown.of(said)


async def _change(editing: Edit, person: str, wanted: Wishes, by: str) -> Response:
    """Raises a 412 problem when they are not as the caller saw them."""

    async def work(transaction: Transaction) -> Answer:
        before = await store.held(transaction, person)
        editing.must_match(before.version, "preferences", "通知偏好")
        wishes = Wishes.model_validate(wanted.model_dump())
        after = await store.save(transaction, person, before, wishes, clock.now(), by)
        return Answer(200, to_json(PreferencesShown.of(after)))

    return await editing.once_tagged(by, work)
