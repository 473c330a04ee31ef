"""What an improvement consists of: plain values. Texts are masked before they come here."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.resolution.improvement.steps import Step
from shared.events.vocabulary import Severity


class Place(StrEnum):
    """The four stock places, no more and no fewer (供方库存、在途运输、我方库存、产线在制品)."""

    SUPPLIER = "supplier_stock"
    TRANSIT = "in_transit"
    OWN = "own_stock"
    LINE = "line"


class Branch(StrEnum):
    """The bones of the fishbone diagram: 人机料法测环."""

    MAN = "man"
    MACHINE = "machine"
    MATERIAL = "material"
    METHOD = "method"
    MEASUREMENT = "measurement"
    ENVIRONMENT = "environment"


class ActionKind(StrEnum):
    CONTAINMENT = "containment"
    """Keeps what is faulty from spreading, at one of the four places."""
    CORRECTIVE = "corrective"
    """Removes the cause."""
    DETECTION = "detection"
    """Finds it before the customer does."""
    PREVENTIVE = "preventive"
    """Keeps it from happening elsewhere."""


class Move(StrEnum):
    """How an improvement came from one step to another."""

    PASSED = "passed"
    SKIPPED = "skipped"
    """The gate was not met; somebody entitled has allowed it."""
    SENT_BACK = "sent_back"
    REOPENED = "reopened"


@dataclass(frozen=True)
class Carried:
    """A complaint that the improvement is for."""

    complaint_id: UUID
    joined_by: str
    joined_at: datetime
    reason: str | None = None
    recurrence: bool = False
    """It came after the improvement was closed."""
    valid: bool | None = None
    """By the judgement on its case; read, never written here."""
    reference: str | None = None
    registered_at: datetime | None = None
    severity: Severity | None = None
    """Of its case now; likewise."""


@dataclass(frozen=True)
class Member:
    """Somebody of the directory."""

    person: str
    department: str
    """In which they worked when they were named."""
    lead: bool = False


@dataclass(frozen=True)
class Meeting:
    """A meeting of the team that was held, with minutes."""

    meeting_id: UUID
    title: str
    at: datetime
    attendees: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """What somebody is to do."""

    what: str
    responsible: str
    due_at: datetime


@dataclass(frozen=True)
class Answer:
    """What is said of one place."""

    place: Place
    affected: bool
    quantity: Decimal | None = None
    unit: str | None = None
    note: str | None = None
    task: Task | None = None


@dataclass(frozen=True)
class Checked:
    """What was found at one place."""

    round: int
    place: Place
    affected: bool
    checked_by: str
    checked_at: datetime
    quantity: Decimal | None = None
    """How much is affected."""
    unit: str | None = None
    note: str | None = None
    action: int | None = None
    """Number of the action against it."""


@dataclass(frozen=True)
class Analysis:
    """Why it occurred, why it was not detected, and what it does."""

    number: int
    round: int
    occurrence: tuple[tuple[str, ...], ...]
    """Chains of answers to "why did it occur": the last of each is the root."""
    escape: tuple[tuple[str, ...], ...]
    """Likewise "why was it not detected"."""
    fishbone: dict[Branch, tuple[str, ...]]
    """Possible causes by branch."""
    root_cause: str
    escape_cause: str
    impact: str
    analysed_by: str
    analysed_at: datetime
    verified_by: str | None = None
    verified_at: datetime | None = None
    confirmed: bool | None = None
    verification: str | None = None
    """How it was verified."""


@dataclass(frozen=True)
class Action:
    """What somebody does until a time."""

    number: int
    round: int
    kind: ActionKind
    what: str
    responsible: str
    due_at: datetime
    set_by: str
    set_at: datetime
    warn_at: datetime | None = None
    """When whoever is responsible is warned; None: they have been, or it was due too soon for that."""
    overdue_at: datetime | None = None
    """When it was found overdue."""
    done_at: datetime | None = None
    done_by: str | None = None
    evidence: str | None = None
    dropped_at: datetime | None = None
    dropped_by: str | None = None
    reason: str | None = None
    """Why it was dropped, or moved last."""

    @property
    def open(self) -> bool:
        return self.done_at is None and self.dropped_at is None

    @property
    def planned(self) -> bool:
        """Is it part of the plan, and not of the containment?"""
        return self.kind is not ActionKind.CONTAINMENT


@dataclass(frozen=True)
class Numbers:
    """Whether the rate of complaints fell, as insights answered."""

    before_from: date
    before_to: date
    after_from: date
    after_to: date
    before: int
    after: int
    exposure_before: Decimal
    exposure_after: Decimal
    rate_ratio: float | None
    """After by before; None when there was nothing before."""
    low: float
    high: float | None
    """Exact interval of 95 %; None: no upper bound."""
    fell: bool
    """The whole interval lies below 1."""
    p_value: float
    """Probability of so few or fewer after, had the rate not fallen."""


@dataclass(frozen=True)
class Effect:
    """A person's judgement of the effect, with the numbers that lay before them."""

    number: int
    round: int
    effective: bool
    reason: str
    numbers: Numbers
    judged_by: str
    judged_at: datetime


@dataclass(frozen=True)
class Passage:
    """From one step to another; only ever added."""

    number: int
    move: Move
    from_step: Step
    to_step: Step | None
    """None: the last step was passed, and the improvement closed."""
    by: str
    at: datetime
    reason: str | None = None
    approval_id: UUID | None = None


@dataclass(frozen=True)
class Standard:
    """A document that now says it."""

    round: int
    reference: str
    version: str
    title: str
    changed_on: date
    registered_by: str


@dataclass(frozen=True)
class Training:
    """A course by which people learned it."""

    round: int
    course: str
    """Code in routing's catalogue of courses."""
    held_on: date
    participants: int
    registered_by: str


@dataclass(frozen=True)
class Recurrence:
    """A complaint that looks as if the cause were back, and what a person says to that."""

    complaint_id: UUID
    found_at: datetime
    same_cause: bool | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
