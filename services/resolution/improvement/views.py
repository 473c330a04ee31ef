"""What callers see of an improvement."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import ActionKind, Branch, Move, Place
from services.resolution.improvement.steps import GATES, ImprovementState, Step, missing
from services.resolution.views import Bilingual, View
from shared.events.vocabulary import Severity


class Part(View):
    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True, from_attributes=True)


class StepView(View):
    """One of the eight steps, and what is still missing in it."""

    step: Step
    number: int
    title: Bilingual
    discipline: str
    """Of the 8D report in which it stands."""
    passed: bool
    missing: list[Bilingual]
    """Of the present step; empty when it can be passed."""


class CarriedComplaint(Part):
    complaint_id: UUID
    reference: str | None
    joined_by: str
    joined_at: datetime
    reason: str | None
    recurrence: bool
    """It came after the improvement was closed."""
    valid: bool | None
    """By the judgement on its case; null before that."""


class FunctionView(Part):
    code: str
    name_en: str
    name_zh: str
    departments: tuple[str, ...]


class ProposedTeam(View):
    """By the rulebook, from what the complaint is about."""

    lead: FunctionView
    others: list[FunctionView]


class TeamMember(Part):
    person: str
    department: str
    lead: bool


class TeamMeeting(Part):
    meeting_id: UUID
    title: str
    at: datetime
    attendees: tuple[str, ...]


class CheckedPlace(Part):
    place: Place
    affected: bool
    quantity: Decimal | None
    unit: str | None
    note: str | None
    action: int | None
    """Number of the action against it."""
    checked_by: str
    checked_at: datetime


class CauseAnalysis(Part):
    number: int
    round: int
    occurrence: tuple[tuple[str, ...], ...]
    escape: tuple[tuple[str, ...], ...]
    fishbone: dict[Branch, tuple[str, ...]]
    root_cause: str
    escape_cause: str
    impact: str
    analysed_by: str
    analysed_at: datetime
    verified_by: str | None
    verified_at: datetime | None
    confirmed: bool | None
    verification: str | None


class ImprovementAction(Part):
    number: int
    round: int
    kind: ActionKind
    what: str
    responsible: str
    due_at: datetime
    set_by: str
    set_at: datetime
    overdue_at: datetime | None
    """When it was found overdue."""
    done_at: datetime | None
    done_by: str | None
    evidence: str | None
    dropped_at: datetime | None
    dropped_by: str | None
    reason: str | None
    """Why it was dropped, or moved last."""


class EffectNumbers(Part):
    """Complaints like this before the improvement was opened, and since its last action."""

    before_from: date
    before_to: date
    after_from: date
    after_to: date
    before: int
    after: int
    exposure_before: Decimal
    exposure_after: Decimal
    rate_ratio: float | None
    """Rate after by rate before; null when there was nothing before."""
    low: float
    high: float | None
    """Exact interval of 95 %; null: no upper bound."""
    fell: bool
    """The whole interval lies below 1."""
    p_value: float


class EffectJudgement(Part):
    number: int
    round: int
    effective: bool
    reason: str
    numbers: EffectNumbers
    judged_by: str
    judged_at: datetime


class StepPassage(Part):
    number: int
    move: Move
    from_step: Step
    to_step: Step | None
    """Null: it closed."""
    by: str
    at: datetime
    reason: str | None
    approval_id: UUID | None


class ChangedStandard(Part):
    round: int
    reference: str
    version: str
    title: str
    changed_on: date
    registered_by: str


class HeldTraining(Part):
    round: int
    course: str
    held_on: date
    participants: int
    registered_by: str


class FoundRecurrence(Part):
    complaint_id: UUID
    found_at: datetime
    same_cause: bool | None
    """Null until a person has decided."""
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None


class ImprovementSummary(Part):
    """An improvement in a list."""

    id: UUID
    version: int
    """Also the ETag: send it as If-Match with a change."""
    state: ImprovementState
    step: Step
    round: int
    """How often the cause is looked for."""
    severity: Severity
    """The highest of its complaints."""
    title: str
    complaint_id: UUID
    """The complaint that gave rise to it."""
    category: str | None
    subcategory: str | None
    product: str | None
    opened_by: str
    opened_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    watch_from: datetime | None
    watch_until: datetime | None
    """When the effect can be judged."""


class ImprovementView(ImprovementSummary):
    """An improvement with all that is known of it."""

    problem: str
    steps: list[StepView]
    complaints: list[CarriedComplaint]
    proposed_team: ProposedTeam
    team: list[TeamMember]
    meetings: list[TeamMeeting]
    containment: list[CheckedPlace]
    """Of this round."""
    analyses: list[CauseAnalysis]
    actions: list[ImprovementAction]
    effects: list[EffectJudgement]
    standards: list[ChangedStandard]
    trainings: list[HeldTraining]
    passages: list[StepPassage]
    recurrences: list[FoundRecurrence]


def shown(improvement: Improvement) -> ImprovementView:
    plain: dict[str, Any] = {name: getattr(improvement, name) for name in ImprovementSummary.model_fields}
    row = improvement.book.team(improvement.category)
    function = improvement.book.function
    return ImprovementView(
        **plain,
        problem=improvement.problem,
        steps=[_step(improvement, step) for step in Step],
        complaints=[CarriedComplaint.model_validate(each) for each in improvement.complaints.values()],
        proposed_team=ProposedTeam(
            lead=FunctionView.model_validate(function(row.lead)),
            others=[FunctionView.model_validate(function(code)) for code in row.others],
        ),
        team=[TeamMember.model_validate(each) for each in improvement.members],
        meetings=[TeamMeeting.model_validate(each) for each in improvement.meetings],
        containment=[CheckedPlace.model_validate(each) for each in improvement.containment],
        analyses=[CauseAnalysis.model_validate(each) for each in improvement.analyses],
        actions=[ImprovementAction.model_validate(each) for each in improvement.actions.values()],
        effects=[EffectJudgement.model_validate(each) for each in improvement.effects],
        standards=[ChangedStandard.model_validate(each) for each in improvement.standards],
        trainings=[HeldTraining.model_validate(each) for each in improvement.trainings],
        passages=[StepPassage.model_validate(each) for each in improvement.passages],
        recurrences=[FoundRecurrence.model_validate(each) for each in improvement.recurrences.values()],
    )


def _step(improvement: Improvement, step: Step) -> StepView:
    closed = improvement.state is ImprovementState.CLOSED
    present = improvement.state is ImprovementState.OPEN and step is improvement.step
    return StepView(
        step=step,
        number=step.number,
        title=Bilingual.of(GATES[step].title),
        discipline=GATES[step].discipline,
        passed=closed or step.number < improvement.step.number,
        missing=[Bilingual.of(words) for words in missing(improvement, step)] if present else [],
    )
