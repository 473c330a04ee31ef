"""HTTP in: the team, its meetings, and what is contained where."""

from datetime import datetime

from fastapi import Response

from services.resolution.desk import Worker
from services.resolution.improvement import asking
from services.resolution.improvement.commands import NewContainment, NewTask, NewTeam, NewTeamMeeting
from services.resolution.improvement.desk import AtImprovementDesk, must_be_to_come
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import Answer, Member, Task
from services.resolution.improvement.views import ImprovementView
from shared import problems
from shared.masking import mask
from shared.service import api_router

router = api_router(tags=["improvements"])
CHANGED = problems.documented(404, 409, 412, 422)


@router.put(
    "/improvements/{improvement_id}/team",
    response_model=ImprovementView,
    summary="Name the team of an improvement",
    responses=CHANGED,
)
async def name_team(body: NewTeam, who: Worker, desk: AtImprovementDesk) -> Response:
    """People of the directory. The improvement proposes by its category which departments take part, and which of
    them leads; the quality department is never alone."""
    named = {"body/lead": body.lead} | {f"body/others/{n}": each for n, each in enumerate(body.others)}
    known = await asking.people(desk.editing.ctx, named)
    members = [
        Member(person, known[person].works_in, lead=person == body.lead)
        for person in dict.fromkeys(named.values())
    ]
    return await desk.act(who, lambda improvement, at: improvement.name_team(members))


@router.post(
    "/improvements/{improvement_id}/meetings",
    response_model=ImprovementView,
    summary="Link a meeting of the team",
    responses=CHANGED,
)
async def link_meeting(body: NewTeamMeeting, who: Worker, desk: AtImprovementDesk) -> Response:
    """One that was held: its minutes are the record."""
    held = await asking.meeting(desk.editing.ctx, body.meeting_id, "body/meeting_id")
    return await desk.act(who, lambda improvement, at: improvement.link_meeting(held))


@router.put(
    "/improvements/{improvement_id}/containment",
    response_model=ImprovementView,
    summary="Answer for the four stock places",
    responses=CHANGED,
)
async def contain(body: NewContainment, who: Worker, desk: AtImprovementDesk) -> Response:
    """Supplier stock, in transit, own stock, line: affected or not, and where it is, how much and what is done. An
    action that is sent again unchanged stays as it is; one that is no longer named is dropped."""
    tasks = {f"body/places/{n}/action": each.action for n, each in enumerate(body.places) if each.action}
    await asking.people(
        desk.editing.ctx, {f"{field}/responsible": t.responsible for field, t in tasks.items()}
    )
    answers = [
        Answer(
            each.place,
            each.affected,
            each.quantity,
            each.unit,
            mask(each.note) if each.note else None,
            as_task(each.action) if each.action else None,
        )
        for each in body.places
    ]

    def change(improvement: Improvement, at: datetime) -> None:
        set_before = {(a.what, a.responsible, a.due_at) for a in improvement.actions.values()}
        new = {field: task for field, task in tasks.items() if _key(as_task(task)) not in set_before}
        must_be_to_come({f"{field}/due_at": task.due_at for field, task in new.items()}, at)
        improvement.contain(answers, who.id, at)

    return await desk.act(who, change)


def _key(task: Task) -> tuple[str, str, datetime]:
    return task.what, task.responsible, task.due_at


def as_task(wanted: NewTask) -> Task:
    return Task(mask(wanted.what), wanted.responsible, wanted.due_at)
