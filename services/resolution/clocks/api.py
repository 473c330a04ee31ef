"""HTTP in: what somebody does about the time of a case."""

from fastapi import Response

from services.resolution.clocks.promising import chosen_time
from services.resolution.clocks.schemas import (
    AnswerRecorded,
    ExtensionAsked,
    PublicResponse,
    QuestionToColleague,
    QuestionToCustomer,
)
from services.resolution.desk import AtDesk, Worker, action
from services.resolution.lifecycle import Action
from services.resolution.wording.said import Said
from shared.reply_policy import Readers
from shared.service import api_router

router = api_router(tags=["cases"])


@action(router, Action.ASK_CUSTOMER)
async def ask_customer(body: QuestionToCustomer, who: Worker, desk: AtDesk) -> Response:
    """The customer is told the question, and the clocks stand still until they answer: by tracking, or another way that
    is recorded as `answered`. It is a reply, too: it keeps the promise and makes the next one."""
    chosen = await chosen_time(desk.editing.ctx, who, body.promise_by, body.approval_id)
    said = Said({"body/question": body.question}, body.despite_findings)
    return await desk.act(
        who, lambda case, at: case.ask_customer(body.question, who.id, at, chosen.by), chosen.check, said
    )


@action(router, Action.ASK_COLLEAGUE)
async def ask_colleague(body: QuestionToColleague, who: Worker, desk: AtDesk) -> Response:
    """They are chased until their answer is recorded. The customer's clocks run on."""
    return await desk.act(who, lambda case, at: case.ask_colleague(body.whom, body.question, who.id, at))


@action(router, Action.ANSWERED)
async def record_answer(body: AnswerRecorded, who: Worker, desk: AtDesk) -> Response:
    """Whoever was asked has answered; clocks that stood still run on."""
    return await desk.act(who, lambda case, at: case.answered(body.answer, who.id, at))


@action(router, Action.EXTEND)
async def extend_resolution(body: ExtensionAsked, who: Worker, desk: AtDesk) -> Response:
    """Before the time is over, within what the rulebook of clocks allows. The customer is told the reason."""
    chosen = await chosen_time(desk.editing.ctx, who, body.promise_by, body.approval_id)
    said = Said({"body/reason": body.reason}, body.despite_findings)
    return await desk.act(
        who, lambda case, at: case.extend(body.hours, body.reason, who.id, at, chosen.by), chosen.check, said
    )


@action(router, Action.RESPOND_PUBLICLY)
async def respond_publicly(body: PublicResponse, who: Worker, desk: AtDesk) -> Response:
    """A complaint made in public does not close without. It closes now if the customer was content already."""
    said = Said({"body/response": body.response}, body.despite_findings, Readers.EVERYBODY)
    return await desk.act(
        who, lambda case, at: case.respond_publicly(body.where, body.response, who.id, at), said=said
    )
