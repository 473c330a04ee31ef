"""Facts that routing publishes of a complaint's way; those of transfer are in `transfer.py`."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Nature, Risk, Severity, Urgency


class Decider(StrEnum):
    RULES = "rules"
    PERSON = "person"
    MODEL = "model"
    """The learned classifier, which was sure enough for the promised error."""


class SpokenWord(BaseModel):
    """A word of the masked text, and how much it spoke for the category, or against it."""

    model_config = ConfigDict(frozen=True)

    word: str
    weight: float


class Suggestion(BaseModel):
    """A category that the classifier holds possible."""

    model_config = ConfigDict(frozen=True)

    category: str
    probability: float
    words: tuple[SpokenWord, ...] = ()
    """What speaks for it most."""


class TimeLimits(BaseModel):
    """By when what must have happened, in working hours since the registration."""

    model_config = ConfigDict(frozen=True)

    acknowledge: float
    """Until the customer is told that the complaint has been received."""
    first_response: float
    """Until a person has answered for the first time."""
    resolution: float
    """Until the solution is carried out."""
    version: int
    """Of the rulebook `time-limits`; 0 is what Redress is shipped with."""


@registry.event("redress.complaint.triaged", topic=TOPICS.routing)
class ComplaintTriaged(Event):
    """Category and severity were decided.

    投诉已分类、定级。
    """

    category: str
    severity: Severity
    decided_by: Decider
    reasons: tuple[str, ...]
    """Ids of the rules that spoke, or what the person gave as the reason."""
    triaged_at: datetime
    nature: Nature | None = None
    urgency: Urgency | None = None
    proposed_department: str | None = None
    """The department that is to have it, where a rule, a person or the classifier said so."""
    time_limits: TimeLimits | None = None
    rules_version: int | None = None
    """Of the rulebook `triage-rules`, by which the rules spoke; 0 is what Redress is shipped with."""
    matrix_version: int | None = None
    """Of the rulebook `severity-matrix`."""
    model_version: str | None = None
    """Which state of the classifier was asked."""
    probability: float | None = None
    """How sure the classifier was of this category, calibrated; of decisions of the classifier."""
    spoke_for: tuple[SpokenWord, ...] = ()
    spoke_against: tuple[SpokenWord, ...] = ()


@registry.event("redress.complaint.referred", topic=TOPICS.routing)
class ComplaintReferred(Event):
    """The rules were not sure; a person at the triage desk decides.

    规则无法判定，转人工分类。
    """

    severity: Severity
    reasons: tuple[str, ...]
    referred_at: datetime
    nature: Nature | None = None
    urgency: Urgency | None = None
    suggestions: tuple[Suggestion, ...] = ()
    """What the classifier holds possible, the likeliest first."""
    proposed_department: str | None = None
    time_limits: TimeLimits | None = None
    rules_version: int | None = None
    matrix_version: int | None = None
    model_version: str | None = None


@registry.event("redress.risk.raised", topic=TOPICS.routing)
class RiskRaised(Event):
    """The complaint may grow into a dispute or an incident; it is at least as severe as `severity` from now on.

    该投诉有升级为纠纷或恶性事件的风险。
    """

    kind: Risk
    reason: str
    """Why, masked."""
    raised_by: str
    severity_before: Severity
    severity: Severity
    raised_at: datetime


@registry.event("redress.risk.settled", topic=TOPICS.routing)
class RiskSettled(Event):
    """The risk is over. The severity stays as it was raised, unless a person lowers it with a reason.

    该风险已解除，投诉等级不自动降低。
    """

    kind: Risk
    reason: str
    """Why, masked."""
    settled_by: str
    settled_at: datetime


class AssignmentBasis(BaseModel):
    """Why this person: by which rules, and what became of the others."""

    model_config = ConfigDict(frozen=True)

    rules_version: int
    """Of the assignment rules; 0 is what Redress is shipped with."""
    step: str
    """Of the chain: why they were asked. `chosen-by-a-person` when somebody decided."""
    met: tuple[str, ...]
    """What was asked and they have: `language:zh`, `skill:...`, `certificate:safety`."""
    warnings: tuple[str, ...] = ()
    """What was wished and they lack, by rule: `safety-certificate:certificate:safety`."""
    stands_in_for: str | None = None
    """The person who is away and in whose place they were asked."""
    opens_at: datetime | None = None
    """When they work next; None: they worked at that moment."""
    load: int
    """Open cases that they carried before."""
    capacity: int
    eligible: int
    """People who could have taken it, this one included."""
    fell_out: dict[str, int] = {}
    """The others who were asked, by the reason: `language`, `certificate:safety`, `absent`, `full` ..."""


@registry.event("redress.complaint.assigned", topic=TOPICS.routing)
class ComplaintAssigned(Event):
    """A department and a person became responsible; told again when it passes to another.

    已分派责任部门和处理人；移交时再次告知。
    """

    department: str
    handler_id: str
    handler_name: str
    """The name under which the person signs: a work name, not personal data."""
    reasons: tuple[str, ...]
    assigned_at: datetime
    basis: AssignmentBasis | None = None
    policies: dict[str, int] | None = None
    """Versions of the written policies in force that concern the department, by their codes; None: not looked up."""
    previous_handler_id: str | None = None
    """Who had it before, when it passed on."""
    handed_over_by: str | None = None
    """The principal who handed it over; None: routing did, by itself."""
    because: str | None = None
    """Why it passed on: what that person gave as the reason, masked, or a code such as `accused`."""


@registry.event("redress.complaint.unassigned", topic=TOPICS.routing)
class ComplaintUnassigned(Event):
    """Nobody has owned the complaint for longer than the rules allow; the next layer is asked.

    投诉超时无人负责，升级至上一层。
    """

    number: int
    """Counts the climbs of a complaint since it has waited, from 1."""
    severity: Severity
    reasons: dict[str, int]
    """Why nobody took it, and of how many people that holds: `full`, `certificate:safety`, `undecided` ..."""
    waiting_since: datetime
    unassigned_at: datetime


@registry.event("redress.department.involved", topic=TOPICS.routing)
class DepartmentInvolved(Event):
    """A further department takes part in what is done about the complaint.

    又一部门参与处理。
    """

    department: str
    reason: str
    """What whoever involved it gave as the reason, masked, or the id of the rule."""
    involved_by: str
    """The principal, or `rules`."""
    involved_at: datetime
