"""HTTP in: the customer, without an account. Reference and token open one case and nothing else."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Header, Response
from pydantic_core import to_json
from sqlalchemy import select
from sse_starlette import EventSourceResponse

from services.intake.attachments.schemas import tracked
from services.intake.attachments.store import listed
from services.intake.merging import store as merging_store
from services.intake.merging.model import FOLLOWS
from services.intake.model import View
from services.intake.opening import Opened, OpenedCase
from services.intake.record.api import confirm
from services.intake.record.model import Record
from services.intake.record.schemas import Confirmation, ConfirmationShown
from services.intake.record.seen import StatementShown
from services.intake.record.store import RecordStore, record_of
from services.intake.store import ViewStore, view_of, views
from services.intake.tracked import AdditionSeen, Answered, Choice, Opinion, StepShown, Tracking
from services.intake.watch import Watchers
from shared import clock, driver, problems
from shared.aggregate import load_one, save_one
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.opening import LIMITED
from shared.service import Context, Ctx, api_router

router = api_router(tags=["tracking"], dependencies=[LIMITED])
store, records = ViewStore(), RecordStore()

RESPONSES = problems.documented(404)


@router.get(
    "/tracking/{reference}",
    response_model=Tracking,
    response_model_exclude_none=True,
    summary="Follow a case",
    responses=RESPONSES,
)
async def follow(case: Opened, ctx: Ctx) -> Tracking:
    """Status, promised time, solutions on offer, result, and everything that happened so far."""
    async with ctx.database.reading() as connection:
        merge = await merging_store.live(connection, case.id)
        shown = merge.leading_id if merge else case.id
        rows = (await connection.execute(select(views).where(views.c.complaint_id == shown))).mappings()
        row = rows.one_or_none()
        view = view_of(dict(row) if row else None, shown)
        if merge is not None:
            view.follow()
        happened = await driver.run(connection, merging_store.STEPS, {"id": case.id, "after": 0})
        steps = [StepShown(at=s.at, step=s.step, data=s.data) for s in happened]
        record = await record_of(connection, case.told)
        files = await listed(connection, case.id, visible_only=True)
    left = int((view.promised_at - clock.now()).total_seconds()) if view.promised_at else None
    told = case.told
    return Tracking(
        reference=case.reference,
        registered_at=told["registered_at"],
        status=view.status,
        statement=StatementShown(**{name: told[name] for name in ("what_went_wrong", "feeling", "wanted")}),
        handler_name=view.handler_name,
        department=view.department,
        promised_at=view.promised_at,
        seconds_to_promise=left,
        offers=view.offers,
        offers_answer=view.offers_answer,
        explanation=view.explanation,
        result=view.result,
        opinion_asked=view.opinion_asked,
        outcome=view.outcome,
        withdrawn_at=view.withdrawn_at,
        reopen_until=view.reopen_until,
        reopening_asked_at=view.reopening_asked_at,
        additions=[
            AdditionSeen(
                id=a.id,
                at=a.contact_at,
                channel=a.channel,
                said=a.said,
                restatement=a.restatement,
                confirmed=record.answers[a.id].confirmed if a.id in record.answers else None,
            )
            for a in record.additions
        ],
        attachments=[tracked(file) for file in files],
        merged=merge is not None,
        steps=[StepShown(at=told["registered_at"], step="registered", data={}), *steps],
    )


@router.get(
    "/tracking/{reference}/events",
    response_class=EventSourceResponse,
    summary="Follow a case live (server-sent events)",
    responses=RESPONSES,
)
async def follow_live(
    case: Opened,
    ctx: Ctx,
    last_event_id: Annotated[int, Header(alias="Last-Event-ID", ge=0, le=2**62)] = 0,
) -> EventSourceResponse:
    """Every step as it happens. Send the last id you have seen as `Last-Event-ID` to continue without a gap."""
    return EventSourceResponse(_steps(ctx, case.id, last_event_id), ping=15)


async def _steps(ctx: Context, complaint_id: UUID, after: int) -> AsyncIterator[dict[str, str]]:
    followed = complaint_id
    while True:
        with ctx.part(Watchers).watching(complaint_id, followed) as changed:
            while True:
                changed.clear()
                async with ctx.database.reading() as connection:
                    merge = await merging_store.live(connection, complaint_id)
                    rows = await connection.execute(merging_store.STEPS, {"id": complaint_id, "after": after})
                    steps = sorted(rows, key=lambda step: step.id)
                for step in steps:
                    after = step.id
                    data = to_json({"at": step.at, "step": step.step, "data": step.data}).decode()
                    yield {"id": str(step.id), "event": step.step, "data": data}
                now_followed = merge.leading_id if merge else complaint_id
                if now_followed != followed:
                    followed = now_followed
                    break
                await changed.wait(ctx.settings.poll_interval * 10)


@router.post(
    "/tracking/{reference}/choice",
    response_model=Answered,
    summary="Answer the offers",
    responses=problems.documented(404, 409),
)
async def choose(
    case: Opened,
    choice: Choice,
    key: IdempotencyKey = None,
) -> Response:
    """Agree to one of the solutions on offer, or object to all of them. Nothing is carried out before that."""
    if (choice.offer_id is None) == (choice.decline is None):
        raise problems.invalid(
            "Choose one offer, or decline them all",
            "Send either `offer_id` or `decline: true`.",
            field="body/offer_id",
        )

    def answer(view: View, record: Record) -> None:
        if choice.offer_id is not None:
            view.choose(choice.offer_id, clock.now())
        else:
            view.decline(record.masked(choice.reason), clock.now())

    return await _change(case, key, answer)


@router.post(
    "/tracking/{reference}/opinion",
    response_model=Answered,
    summary="Judge the result",
    responses=problems.documented(404, 409),
)
async def give_opinion(
    case: Opened,
    opinion: Opinion,
    key: IdempotencyKey = None,
) -> Response:
    """Satisfied, acceptable or not acceptable: the case closes on your word, or goes on."""

    def answer(view: View, record: Record) -> None:
        comment = record.masked(opinion.comment)
        view.give_opinion(opinion.outcome, comment, clock.now(), opinion.trust_restored)

    return await _change(case, key, answer)


@router.post(
    "/tracking/{reference}/additions/{addition_id}/confirmation",
    response_model=ConfirmationShown,
    summary="Say whether we understood you rightly",
    responses=problems.documented(404, 409),
)
async def confirm_restatement(
    case: Opened,
    addition_id: UUID,
    said: Confirmation,
    key: IdempotencyKey = None,
) -> Response:
    """Confirm what we understood, or say what is not right. The first answer stands."""

    async def work(transaction: Transaction) -> Answer:
        record = await load_one(records, transaction, case.id)
        return await confirm(transaction, record, addition_id, said, "customer")

    return await case.once(key, work)


async def _change(case: OpenedCase, key: str | None, answer: Callable[[View, Record], None]) -> Response:
    async with case.ctx.database.reading() as connection:
        record = await record_of(connection, case.told)

    async def work(transaction: Transaction) -> Answer:
        view = await load_one(store, transaction, case.id)
        if await merging_store.live(transaction.connection, case.id):
            raise view.refusal(*FOLLOWS)
        answer(view, record)
        await save_one(store, transaction, view)
        shown = Answered(
            reference=case.reference,
            status=view.status,
            offers_answer=view.offers_answer,
            outcome=view.outcome,
        )
        return Answer(200, to_json(shown, exclude_none=True))

    return await case.once(key, work)
