"""What insights knows of a complaint, and what the complaint counts for. Pure.

Every field is told by one topic only, or is a count that any topic may raise, or the earliest or the latest by its
own time: so the row is the same whichever topic is read first.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from services.insights.lived import DISSATISFIED as DISSATISFIED
from services.insights.lived import LIVED, lived
from services.insights.timed import BEGUN, timed
from shared.aggregate import Aggregate
from shared.events.vocabulary import Outcome


class Dims(NamedTuple):
    """By what counts are told apart; '' while it is not known."""

    category: str
    severity: str
    department: str
    channel: str
    product: str
    region: str
    handler: str
    """By their id in the directory."""
    loss: str
    """How much the customer stands to lose; see `losses`."""


CUTS: tuple[tuple[str, ...], ...] = (
    (),
    *((name,) for name in Dims._fields if name != "loss"),
    *((name, "loss") for name in ("category", "department", "channel", "product")),
    ("loss",),
    ("department", "category"),
    ("category", "product"),
    ("handler", "category", "severity"),
)
"""By which dimensions, alone and together, sums are kept. Another one is a line here, a migration and a rebuild."""
JOIN = "\x1f"
"""Between the values of a pair: the unit separator, which no value holds."""


def name_of(cut: tuple[str, ...]) -> str:
    """`none`, `category`, `category+loss`."""
    return "+".join(cut) or "none"


SLOW = 72 * 3600
"""Seconds from receipt to the result, beyond which it was slow: the target of the 90 % quantile."""

Cell = tuple[date, Dims, str | tuple[str, int]]
"""A day, the dimensions, and what is counted: a name in COUNTS, or a name in DURATIONS with a place (see `timed`)."""

Contributions = Counter[Cell]

COUNTS = {
    "received": "complaints of every kind, on the day of receipt",
    "merged": "of `received`, those that go on under another complaint and are counted there",
    "withdrawn": "of `received`, those that the customer withdrew before the case was closed",
    "dissatisfied": "received with a complaint or a criticism, on the day of receipt",
    "converted": "of `dissatisfied`, those that ended satisfied, on the day of receipt",
    "handled": "solution carried out, or closed without one, on the day of receipt",
    "handling_seconds": "sum over `handled` of the seconds from receipt to the result, on the day of receipt",
    "triaged": "category decided, on the day of the last decision",
    "triaged_automatically": "of `triaged`, those whose last decision the rules took",
    "closed": "closed and not resumed, on the day of closing",
    "closed_slowly": "of `closed`, those whose result took longer than SLOW",
    "satisfied": "of `closed`, by the customer's judgement",
    "acceptable": "of `closed`, by the customer's judgement",
    "not_acceptable": "of `closed`, by the customer's judgement",
    "trust_told": "of `closed`, those whose customer said whether they trust the company again",
    "trust_restored": "of `trust_told`, those who do",
    "promises_kept": "promised replies that went out in time, on the day they went out",
    "promises_broken": "promised replies that did not, on the day they were missed",
    **LIVED,
}
"""What is counted per day, and on which day it counts."""


@dataclass(kw_only=True)
class Facts(Aggregate):
    """One complaint as the events tell it. Fields are grouped by the topic that alone writes them."""

    # intake
    registered_at: datetime | None = None
    kind: str | None = None
    medium: str | None = None
    channel: str | None = None
    language: str | None = None
    product: str | None = None
    loss: str | None = None
    """Band of the loss that the customer named."""
    claimed: Decimal | None = None
    """The loss itself, in yuan."""
    customer_id: UUID | None = None
    region: str | None = None
    batch: str | None = None
    supplier: str | None = None
    standing: str | None = None
    key_account: bool | None = None
    sale_step: str | None = None
    """In which the trouble began."""
    sale_mode: str | None = None
    gap_source: str | None = None
    """Where the difference between what was expected and what was got comes from."""
    public_at: datetime | None = None
    """Since when it stands in public."""
    subcategory: str | None = None
    leading_id: UUID | None = None
    """The complaint that it was merged into, while it is."""
    merged_at: datetime | None = None
    """When, while it is."""
    contacts: int = 0
    """Times the customer came back with more after the registration."""
    offer_chosen_at: datetime | None = None
    offers_declined: int = 0
    opinion: str | None = None
    opinion_at: datetime | None = None
    # routing
    severity: str | None = None
    category: str | None = None
    triaged_at: datetime | None = None
    triaged_automatically: bool | None = None
    referred_at: datetime | None = None
    department: str | None = None
    handler_id: str | None = None
    assigned_at: datetime | None = None
    assignments: int = 0
    notices_acknowledged: int = 0
    acknowledgements_timed: int = 0
    """Of `notices_acknowledged`, those of which it was told when they had been issued."""
    acknowledgement_seconds: int = 0
    risks_raised: int = 0
    # the transfer topics
    notices_issued: int = 0
    """Those that somebody must acknowledge."""
    # the transfer topics and routing: each notice once, in the order of their ids
    notice_ids: list[UUID] = field(default_factory=list)
    notices_issued_at: list[datetime | None] = field(default_factory=list)
    """By the transfer topics; None: its issue was not read yet, or nobody must acknowledge it."""
    notices_known_at: list[datetime | None] = field(default_factory=list)
    """By routing; None: not acknowledged."""
    # resolution
    opened_at: datetime | None = None
    accepted_at: datetime | None = None
    accepted_by: str | None = None
    valid: bool | None = None
    judged_at: datetime | None = None
    offer_rounds: int = 0
    offered: Decimal | None = None
    """Value of the best offer of the newest round, in yuan; None: no value was named."""
    offered_material: bool | None = None
    """Whether anything material was in it."""
    agreed_at: datetime | None = None
    carried_out_at: datetime | None = None
    updates: int = 0
    follow_ups: int = 0
    resumed: int = 0
    resumed_at: datetime | None = None
    first_closed_at: datetime | None = None
    reopened_at: datetime | None = None
    """When work began again after a closing, last."""
    escalations: int = 0
    passed_on: int = 0
    """Times it was passed on although it was minor."""
    overdue_since: datetime | None = None
    """When it missed a promise or the time for its solution, first; none again once there is a result."""
    corrected_at: datetime | None = None
    reviewed_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    trust_restored: bool | None = None
    withdrawn_at: datetime | None = None
    improvement_id: UUID | None = None
    """The improvement that removes its cause, joined last."""
    promises_made: int = 0
    promises_kept_at: list[datetime] = field(default_factory=list)
    promises_broken_at: list[datetime] = field(default_factory=list)
    # several topics: the earliest, the latest
    responded_at: datetime | None = None
    """When a person of the company first told the customer something."""
    emotion_first: str | None = None
    emotion_first_at: datetime | None = None
    emotion_last: str | None = None
    emotion_last_at: datetime | None = None
    # notification
    surveyed_at: datetime | None = None
    rating: int | None = None
    """1 to 5: the people they dealt with."""
    process_rating: int | None = None
    """1 to 5: the process as a whole."""
    effort: int | None = None
    """1 to 5: that it was easy."""
    recommendation: int | None = None
    """0 to 10."""
    repurchase: bool | None = None
    trust_said: bool | None = None
    """Whether they trust the company again, as they said in a survey."""
    messages_delivered: int = 0
    messages_failed: int = 0

    counted: Contributions = field(default_factory=Counter, repr=False, compare=False)
    """What the rollups hold of this complaint; set when it is loaded."""

    @property
    def handled_at(self) -> datetime | None:
        """When the customer had the result: the solution was carried out, or the case closed without one.

        A complaint that was withdrawn is not counted as handled, whatever was done before.
        """
        if self.withdrawn_at is not None:
            return None
        return self.carried_out_at or self.closed_at

    @property
    def handling_seconds(self) -> int | None:
        """Whole seconds from receipt to the result."""
        if self.registered_at is None or self.handled_at is None:
            return None
        return max(0, int((self.handled_at - self.registered_at).total_seconds()))

    @property
    def response_seconds(self) -> int | None:
        """Whole seconds from receipt to the first answer by a person."""
        if self.registered_at is None or self.responded_at is None:
            return None
        return max(0, int((self.responded_at - self.registered_at).total_seconds()))

    @property
    def waits_for_result(self) -> bool:
        """Received, and neither handled, withdrawn nor merged into another."""
        ended = self.handled_at is not None or self.withdrawn_at is not None
        return self.registered_at is not None and not ended and self.leading_id is None

    @property
    def trust(self) -> bool | None:
        """Whether the customer trusts the company again: their word at the closing, else in a survey since work last
        began again."""
        if self.trust_restored is not None or self.surveyed_at is None:
            return self.trust_restored
        stale = self.resumed_at is not None and self.surveyed_at < self.resumed_at
        return None if stale else self.trust_said

    def feel(self, emotion: str | None, at: datetime) -> None:
        """A contact in which the customer's emotion was noted: the first and the last count."""
        if emotion is None:
            return
        if self.emotion_first is None or (at, emotion) < (self.emotion_first_at, self.emotion_first):
            self.emotion_first, self.emotion_first_at = emotion, at
        if self.emotion_last is None or (at, emotion) > (self.emotion_last_at, self.emotion_last):
            self.emotion_last, self.emotion_last_at = emotion, at

    def respond(self, at: datetime) -> None:
        """A person told the customer something. The first time counts."""
        self.responded_at = at if self.responded_at is None else min(at, self.responded_at)

    def issue(self, notice_id: UUID, at: datetime) -> None:
        """A notice that somebody must acknowledge."""
        self.notices_issued += 1
        self.notices_issued_at[self._place_of(notice_id)] = at

    def know(self, notice_id: UUID, at: datetime) -> None:
        """A notice was acknowledged."""
        self.notices_acknowledged += 1
        self.notices_known_at[self._place_of(notice_id)] = at

    def _place_of(self, notice_id: UUID) -> int:
        """Whichever topic is read first: their order is that of the ids."""
        place = bisect_left(self.notice_ids, notice_id)
        if self.notice_ids[place : place + 1] != [notice_id]:
            self.notice_ids.insert(place, notice_id)
            self.notices_issued_at.insert(place, None)
            self.notices_known_at.insert(place, None)
        return place

    @property
    def dims(self) -> Dims:
        return Dims(
            *(self.category or "", self.severity or "", self.department or "", self.channel or ""),
            *(self.product or "", self.region or "", self.handler_id or "", self.loss or ""),
        )


def contributions(facts: Facts) -> Contributions:
    """What the complaint adds to the rollups, with days of UTC; nothing before its registration is known.

    The rollups are at all times the sum of this over all complaints: whoever saves changed facts adds what
    they contribute now and takes away what they contributed before.
    """
    counts: Contributions = Counter()
    if facts.registered_at is None:
        return counts
    dims = facts.dims

    def add(at: datetime, what: str | tuple[str, int], n: int = 1) -> None:
        counts[at.astimezone(UTC).date(), dims, what] += n

    received = facts.registered_at
    add(received, "received")
    if facts.withdrawn_at is not None:
        add(received, "withdrawn")
    merged = facts.leading_id is not None and facts.handled_at is None and facts.withdrawn_at is None
    if merged:
        # How the matter ends is counted once, with the leading complaint. What was promised here still counts.
        add(received, "merged")
    elif facts.kind in DISSATISFIED:
        add(received, "dissatisfied")
        if facts.outcome == Outcome.SATISFIED:
            add(received, "converted")
    own = not merged and facts.withdrawn_at is None
    for name, since, place in timed(facts, own=own):
        add(since, (name, BEGUN))
        if place is not None:
            add(since, (name, place))
    took = facts.handling_seconds
    if took is not None:
        add(received, "handled")
        add(received, "handling_seconds", took)
    if facts.triaged_at is not None:
        add(facts.triaged_at, "triaged")
        if facts.triaged_automatically:
            add(facts.triaged_at, "triaged_automatically")
    if facts.closed_at is not None and facts.outcome is not None:
        add(facts.closed_at, "closed")
        add(facts.closed_at, facts.outcome)
        if took is not None and took > SLOW:
            add(facts.closed_at, "closed_slowly")
        if facts.trust is not None:
            add(facts.closed_at, "trust_told")
            if facts.trust:
                add(facts.closed_at, "trust_restored")
    for at in facts.promises_kept_at:
        add(at, "promises_kept")
    for at in facts.promises_broken_at:
        add(at, "promises_broken")
    for at, what, n in lived(facts, own=own):
        if n:
            add(at, what, n)
    return counts
