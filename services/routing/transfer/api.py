"""HTTP in: the notices of an audience, their acknowledgement, internal mail."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json
from sqlalchemy import select, text

from services.routing.directory.acting import known_as
from services.routing.directory.named import must_be_people
from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.store import DispatchStore, transfer
from services.routing.transfer import access
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.transfer.noticing import Notice, notice_id
from services.routing.transfer.schemas import MailSent, NewMail, NoticeShown
from services.routing.transfer.store import notice_of
from shared import clock, idempotency, ids, pages, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import Audience, TransferForm
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.service import Ctx, api_router

router = api_router(tags=["notices"])
store = DispatchStore()
notices = transfer.notices
MAIL = NoticeWords(en="An internal mail about a complaint", zh="关于投诉的内部邮件")
_NOT_ABOUT_CALLER = (
    "(CAST(:person AS text) = ANY(recipients) OR NOT EXISTS (SELECT FROM dispatches d "
    "WHERE d.complaint_id = notices.complaint_id AND :person = ANY(d.accused)))"
)


@router.get(
    "/notices",
    response_model=pages.Page[NoticeShown],
    response_model_exclude_none=True,
    summary="Notices of an audience, newest first",
    responses=problems.documented(),
)
async def list_notices(
    who: access.Reader,
    ctx: Ctx,
    audience: Audience,
    open_only: Annotated[bool, Query(description="Only those not yet acknowledged.")] = False,
    mine: Annotated[bool, Query(description="Only those that are meant for the caller by name.")] = False,
    limit: pages.Limit = 50,
    cursor: pages.Cursor = None,
) -> pages.Page[NoticeShown]:
    """What an audience must know, and by when it must have said that it does. Needs the audience's scope, such
    as `notices:technical-support`, or `notices:read`. For `person-concerned`: only the caller's own. Whoever is
    complained about sees of that complaint only what names them. The text of a mail to one person is shown to
    them, to its writer and to `notices:read`."""
    access.must_read(who, audience)
    c = notices.c
    query = select(notices).where(c.audience == audience.value)
    if open_only:
        query = query.where(c.acknowledged_at.is_(None))
    async with ctx.database.reading() as connection:
        person = await known_as(connection, who)
        if mine or access.only_own(who, audience):
            query = query.where(text("CAST(:person AS text) = ANY(recipients)")).params(person=person)
        elif person is not None and access.hides_from_accused(audience):
            query = query.where(text(_NOT_ABOUT_CALLER)).params(person=person)
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: NoticeShown(**access.as_read_by(who, person, row)),
            c.issued_at,
            c.id,
            newest_first=True,
        )


@router.post(
    "/notices/{notice_id}/acknowledge",
    status_code=204,
    summary="Say that you know",
    responses=problems.documented(404),
)
async def acknowledge_notice(notice_id: UUID, who: access.Acknowledger, ctx: Ctx) -> None:
    """Acknowledging again changes nothing: the first time counts. Needs the scope of the notice's audience;
    without it there is no such notice, nor is there for whoever the complaint is about, unless it names them."""
    async with ctx.database.transaction() as transaction:
        person = await known_as(transaction.connection, who)
        found = await notice_of(transaction.connection, notice_id)
        if found is None or not access.may_acknowledge(who, found[1], person):
            raise problems.not_found("notice", "path/notice_id")
        dispatch = await load_one(store, transaction, found[0])
        if access.is_about(dispatch.accused, found[1], person):
            raise problems.not_found("notice", "path/notice_id")
        again = await notice_of(transaction.connection, notice_id)  # as it is now that we hold the complaint
        assert again is not None
        dispatch.acknowledge(again[1], who.id, person, clock.now())
        await save_one(store, transaction, dispatch)


@router.post(
    "/complaints/{complaint_id}/mails",
    status_code=201,
    response_model=MailSent,
    summary="Write an internal mail about a complaint",
    responses=problems.documented(404, 422),
)
async def write_mail(
    complaint_id: UUID,
    mail: NewMail,
    request: Request,
    who: Annotated[Principal, may("transfer:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """To an audience or a person. It is a notice like any other: it is acknowledged, or it climbs. Its text is
    masked, and stays here."""

    async def work(transaction: Transaction) -> Answer:
        dispatch = await known(transaction, complaint_id)
        if mail.person is not None:
            await must_be_people(transaction.connection, {"body/person": mail.person})
        notice = _mail(dispatch, mail, who.id, clock.now())
        dispatch.issue(notice)
        await save_one(store, transaction, dispatch)
        return Answer(201, to_json(MailSent(notice_id=notice.id)))

    return await idempotency.once(request, ctx.database, who.id, key, work)


def _mail(dispatch: Dispatch, mail: NewMail, by: str, at: datetime) -> Notice:
    table = dispatch.books.read(DISTRIBUTION)
    mail_id = ids.new_id()
    given = mail.acknowledge_minutes
    until = at + (timedelta(minutes=given) if given else table.within(dispatch.severity))
    return Notice(
        id=notice_id(mail_id, mail.audience),
        audience=mail.audience,
        reason="internal-mail",
        fact_type="internal-mail",
        fact_id=mail_id,
        severity=dispatch.severity,
        issued_at=at,
        acknowledge_by=until,
        form=TransferForm.INTERNAL_MAIL,
        words=MAIL,
        recipients=(mail.person,) if mail.person else (),
        written_by=by,
        to_person=mail.person,
        text=mask(mail.text),
        due_at=until,
    )


async def known(transaction: Transaction, complaint_id: UUID) -> Dispatch:
    """The complaint, held. Raises a 404 problem."""
    dispatch = await load_one(store, transaction, complaint_id)
    if dispatch.status is Status.BLANK:
        raise problems.not_found("complaint", "path/complaint_id")
    return dispatch
