"""HTTP in: the actions of an improvement, and what keeps its cause from coming back."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Response

from services.resolution.desk import Worker
from services.resolution.improvement import asking
from services.resolution.improvement.commands import (
    ActionDone,
    ActionMoved,
    ImprovementReason,
    NewAction,
    NewPrevention,
)
from services.resolution.improvement.desk import AtImprovementDesk, must_be_to_come
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import Standard, Training
from services.resolution.improvement.team_api import as_task
from services.resolution.improvement.views import ImprovementView
from shared import problems
from shared.masking import mask
from shared.problems import FieldError
from shared.service import api_router

router = api_router(tags=["improvements"])
CHANGED = problems.documented(404, 409, 412, 422)
Number = Annotated[int, Path(ge=1, le=32_000, description="Of the action.")]


@router.post(
    "/improvements/{improvement_id}/actions",
    response_model=ImprovementView,
    summary="Plan an action",
    responses=CHANGED,
)
async def plan_action(body: NewAction, who: Worker, desk: AtImprovementDesk) -> Response:
    """With a responsible person and a due date. They are warned before, and it is told when it is late."""
    await asking.people(desk.editing.ctx, {"body/responsible": body.responsible})
    return await desk.act(who, lambda improvement, at: _plan(improvement, body, who.id, at))


@router.post(
    "/improvements/{improvement_id}/actions/{number}/done",
    response_model=ImprovementView,
    summary="Say that an action was done",
    responses=CHANGED,
)
async def finish_action(number: Number, body: ActionDone, who: Worker, desk: AtImprovementDesk) -> Response:
    """With what shows it. After the last action of the plan the watch period begins."""
    return await desk.act(who, lambda i, at: i.finish(_known(i, number), mask(body.evidence), who.id, at))


@router.post(
    "/improvements/{improvement_id}/actions/{number}/move",
    response_model=ImprovementView,
    summary="Give an action another due date",
    responses=CHANGED,
)
async def move_action(number: Number, body: ActionMoved, who: Worker, desk: AtImprovementDesk) -> Response:
    """And perhaps to somebody else."""
    if body.responsible is not None:
        await asking.people(desk.editing.ctx, {"body/responsible": body.responsible})
    return await desk.act(who, lambda improvement, at: _move(improvement, number, body, who.id, at))


@router.post(
    "/improvements/{improvement_id}/actions/{number}/drop",
    response_model=ImprovementView,
    summary="Drop an action",
    responses=CHANGED,
)
async def drop_action(
    number: Number, body: ImprovementReason, who: Worker, desk: AtImprovementDesk
) -> Response:
    """It is not needed. What contains something is answered for by place instead."""
    return await desk.act(who, lambda i, at: i.drop_action(_known(i, number), mask(body.reason), who.id, at))


@router.put(
    "/improvements/{improvement_id}/prevention",
    response_model=ImprovementView,
    summary="Say what is the standard now, and who was trained",
    responses=CHANGED,
)
async def prevent(body: NewPrevention, who: Worker, desk: AtImprovementDesk) -> Response:
    """Both together replace what was said before in this round. Courses are those of routing's catalogue."""
    if body.trainings:
        known = await asking.courses(desk.editing.ctx)
        errors = [
            FieldError(
                field=f"body/trainings/{number}/course",
                detail="Take a code of `/routing/v1/rulebooks/courses`. 请使用培训目录中的课程。",
            )
            for number, training in enumerate(body.trainings)
            if training.course not in known
        ]
        if errors:
            detail = "Name courses of the catalogue. 请填写培训目录中的课程。"
            raise problems.invalid("There is no such course", detail, errors=errors)
    return await desk.act(who, lambda improvement, at: _prevent(improvement, body, who.id))


def _plan(improvement: Improvement, body: NewAction, by: str, at: datetime) -> None:
    must_be_to_come({"body/due_at": body.due_at}, at)
    improvement.add_action(body.kind, as_task(body), by, at)


def _move(improvement: Improvement, number: int, body: ActionMoved, by: str, at: datetime) -> None:
    must_be_to_come({"body/due_at": body.due_at}, at)
    improvement.move(_known(improvement, number), body.due_at, body.responsible, mask(body.reason), by, at)


def _prevent(improvement: Improvement, body: NewPrevention, by: str) -> None:
    in_round = improvement.round
    standards = [
        Standard(in_round, each.reference, each.version, mask(each.title), each.changed_on, by)
        for each in body.standards
    ]
    trainings = [
        Training(in_round, each.course, each.held_on, each.participants, by) for each in body.trainings
    ]
    improvement.prevent(standards, trainings)


def _known(improvement: Improvement, number: int) -> int:
    """The number of an action that there is. Raises a 404 problem."""
    if number not in improvement.actions:
        raise problems.not_found("action in this improvement", "path/number")
    return number
