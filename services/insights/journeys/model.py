"""The way of one complaint, and what it adds to the sums. Pure.

Each field is told by one topic only, and steps are kept in the order of their times: so the row is the same whichever
topic is read first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID

from services.insights.durations import bucket_of
from services.insights.journeys.steps import ENDS, FUNNEL, OPENED_AGAIN, RANK, Step
from services.insights.model import DISSATISFIED, SLOW
from shared.aggregate import Aggregate

MOST_STEPS = 100
"""Of one complaint; the later ones are left out."""
MOST_PURCHASES = 50
"""After one complaint; the first ones are kept."""
GOES_ON = -1
"""In the place of an age: it has not ended."""
MOST_IN_VARIANT = 40
"""Steps of a variant that are told apart; longer ones are alike from there."""
MORE = "…"
BETWEEN = ">"

DIMENSIONS = ("category", "subcategory", "product", "region", "department", "cause")
"""By which complaints are tallied."""

Sums = Counter[tuple[object, ...]]
"""Amounts by table, month and the rest of the table's key."""


@dataclass(kw_only=True)
class Journey(Aggregate):
    """One complaint."""

    # intake
    registered_at: datetime | None = None
    kind: str | None = None
    product: str | None = None
    region: str | None = None
    loss: str | None = None
    subcategory: str | None = None
    leading_id: UUID | None = None
    customer_id: UUID | None = None
    """Opaque; None once they are erased."""
    bought_at: list[datetime] = field(default_factory=list)
    """When they bought something after this complaint, their newest by then."""
    erased: bool = False
    # routing
    category: str | None = None
    severity: str | None = None
    department: str | None = None
    # resolution
    cause: UUID | None = None
    """The improvement that removes its cause, joined last."""
    steps: list[str] = field(default_factory=list)
    """In the order of their times."""
    times: list[datetime] = field(default_factory=list)

    counted: Sums = field(default_factory=Counter, repr=False, compare=False)
    """What the sums hold of it; set when it is loaded."""

    def take(self, step: Step, at: datetime) -> None:
        """Whichever topic is read first; what one topic tells of one moment stays in its order."""
        taken = [*zip(self.times, self.steps, strict=True), (at, step.value)]
        taken.sort(key=lambda each: (each[0], RANK[Step(each[1])]))
        del taken[MOST_STEPS:]
        self.times, self.steps = [at for at, _ in taken], [step for _, step in taken]

    def bought(self, at: datetime) -> None:
        if not self.erased:
            self.bought_at = sorted([*self.bought_at, at])[:MOST_PURCHASES]

    def forget(self) -> None:
        self.erased, self.customer_id, self.bought_at = True, None, []

    @property
    def ended(self) -> bool:
        return bool(self.steps) and self.steps[-1] in ENDS

    @property
    def handled_in(self) -> int | None:
        """Whole seconds from the registration to the result, of one that is closed."""
        if not self.ended or self.registered_at is None or self.steps[-1] == Step.WITHDRAWN:
            return None
        done = self.times[-1]
        for at, step in zip(reversed(self.times), reversed(self.steps), strict=True):
            if step in OPENED_AGAIN:
                break
            if step == Step.CARRIED_OUT:
                done = at
                break
        return max(0, int((done - self.registered_at).total_seconds()))

    def first(self, step: Step) -> datetime | None:
        return self.times[self.steps.index(step)] if step in self.steps else None


def contributions(journey: Journey) -> Sums:
    """What the complaint adds, by the month (UTC) of its registration; nothing before that is known, nor while it
    goes on under another complaint."""
    sums: Sums = Counter()
    if journey.registered_at is None or journey.leading_id is not None:
        return sums
    month = journey.registered_at.astimezone(UTC).date().replace(day=1)
    sums.update(_edges(journey, month))
    sums.update(_funnel(journey, month))
    sums.update(_tallies(journey, month))
    day = journey.registered_at.astimezone(UTC).date()
    ended = (journey.times[-1].astimezone(UTC).date() - day).days if journey.ended else GOES_ON
    sums["ages", month, day, max(0, ended) if journey.ended else GOES_ON] += 1
    if journey.ended:
        sums["variants", month, variant(journey.steps), _again(journey.steps)] += 1
    return sums


def variant(steps: list[str]) -> str:
    shown = steps[:MOST_IN_VARIANT]
    return BETWEEN.join([*shown, MORE] if len(steps) > MOST_IN_VARIANT else shown)


def _again(steps: list[str]) -> bool:
    return len(set(steps)) < len(steps)


def _edges(journey: Journey, month: date) -> Iterator[tuple[object, ...]]:
    """Each step with the one that directly follows it; `again` when it was taken before."""
    seen: set[str] = set(journey.steps[:1])
    for (source, since), (target, at) in pairwise(zip(journey.steps, journey.times, strict=True)):
        bucket = bucket_of(int((at - since).total_seconds()))
        yield "edges", month, source, target, target in seen, bucket
        seen.add(target)


def _funnel(journey: Journey, month: date) -> Iterator[tuple[object, ...]]:
    """The stages that were reached, each with the time since the stage before; and where it waits or has left."""
    stage, since = FUNNEL[0], journey.registered_at
    assert since is not None
    yield "funnel", month, stage.value, "reached", 0
    for step in FUNNEL[1:]:
        at = journey.first(step)
        if at is not None:
            yield "funnel", month, step.value, "reached", bucket_of(int((at - since).total_seconds()))
            stage, since = step, max(since, at)
    if stage is not FUNNEL[-1]:
        yield "funnel", month, stage.value, "left" if journey.ended else "waiting", 0


def _tallies(journey: Journey, month: date) -> Iterator[tuple[object, ...]]:
    """Complaints and criticisms that were not withdrawn, by what they are about, and how they ended."""
    if journey.kind not in DISSATISFIED or Step.WITHDRAWN in journey.steps:
        return
    took = journey.handled_in
    end = "open" if took is None else "satisfied" if journey.steps[-1] == Step.SATISFIED else "not_satisfied"
    key = (journey.severity or "", journey.loss or "", end, took is not None and took > SLOW)
    for dimension in DIMENSIONS:
        yield "tallies", month, dimension, str(getattr(journey, dimension) or ""), *key
