"""The measures as data: what each is called, how it is made, which target it has. Pure.

Targets are the house's own starting values; the texts demand that there are targets, not which.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.insights.durations import Spans


class Unit(StrEnum):
    COMPLAINTS = "complaints"
    SHARE = "share"
    HOURS = "hours"


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Status(StrEnum):
    MET = "met"
    MISSED = "missed"
    NO_DATA = "no_data"
    NO_TARGET = "no_target"


@dataclass
class Totals:
    """What the rollups hold of one group: sums, never single complaints."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """By the names in `model.COUNTS`."""
    spans: dict[str, Spans] = field(default_factory=dict)
    """Of the complaints received in the range, by the names in `model.DURATIONS`."""
    open: int = 0
    """Complaints received, but not closed, up to the end of the range."""


@dataclass(frozen=True, slots=True)
class Value:
    """A measured value, with the counts that it is made of."""

    value: float
    numerator: int | None = None
    denominator: int | None = None
    at_least: bool = False
    """The true value is this or worse: too many complaints are still open to tell."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the catalogue."""

    id: str
    name: Mapping[str, str]
    """By language."""
    formula: str
    unit: Unit
    requirement: str
    """Row of the requirements that asks for it."""
    of: Callable[[Totals], Value | None]
    """None when there is nothing to measure."""
    target: float | None = None
    direction: Direction | None = None

    def status(self, value: Value | None) -> Status:
        if value is None:
            return Status.NO_DATA
        if self.target is None:
            return Status.NO_TARGET
        if self.direction is Direction.HIGHER:
            return Status.MET if value.value >= self.target else Status.MISSED
        if value.value > self.target:
            return Status.MISSED
        return Status.NO_DATA if value.at_least else Status.MET


def _count(name: str) -> Callable[[Totals], Value]:
    return lambda totals: Value(totals.counts.get(name, 0))


def _share(of: str, *names: str) -> Callable[[Totals], Value | None]:
    def share(totals: Totals) -> Value | None:
        whole = totals.counts.get(of, 0)
        part = sum(totals.counts.get(name, 0) for name in names)
        return Value(part / whole, part, whole) if whole else None

    return share


def _handled(totals: Totals) -> Value | None:
    whole = totals.counts.get("received", 0) - sum(
        totals.counts.get(name, 0) for name in ("merged", "withdrawn")
    )
    part = totals.counts.get("handled", 0)
    return Value(part / whole, part, whole) if whole else None


def _promises_kept(totals: Totals) -> Value | None:
    kept = totals.counts.get("promises_kept", 0)
    decided = kept + totals.counts.get("promises_broken", 0)
    return Value(kept / decided, kept, decided) if decided else None


def _hours_until(share: float, duration: str) -> Callable[[Totals], Value | None]:
    def hours(totals: Totals) -> Value | None:
        spans = totals.spans.get(duration)
        found = spans.quantile(share) if spans else None
        return Value(round(found.seconds / 3600, 4), at_least=found.at_least) if found else None

    return hours


def _mean_hours(totals: Totals) -> Value | None:
    handled = totals.counts.get("handled", 0)
    return Value(round(totals.counts["handling_seconds"] / handled / 3600, 4)) if handled else None


MEASURES = (
    Measure(
        "received",
        {"en": "Complaints received", "zh": "投诉受理数"},
        "complaints received in the range",
        Unit.COMPLAINTS,
        "002-10",
        _count("received"),
    ),
    Measure(
        "merged",
        {"en": "Merged into others", "zh": "并入其他投诉数"},
        "of the complaints received in the range, those that go on under another one about the same matter; "
        "what becomes of it is counted there",
        Unit.COMPLAINTS,
        "P-08",
        _count("merged"),
    ),
    Measure(
        "withdrawn",
        {"en": "Withdrawn by the customer", "zh": "客户撤回数"},
        "of the complaints received in the range, those that the customer withdrew before they were closed",
        Unit.COMPLAINTS,
        "P-38",
        _count("withdrawn"),
    ),
    Measure(
        "handling_rate",
        {"en": "Handling rate", "zh": "处理率"},
        "of the complaints received in the range, without those merged into others or withdrawn, the share whose "
        "solution was carried out (or that closed without needing one)",
        Unit.SHARE,
        "002-17",
        _handled,
        target=0.95,
        direction=Direction.HIGHER,
    ),
    Measure(
        "handling_time_p50",
        {"en": "Handling time, median", "zh": "处理时间（中位数）"},
        "time from receipt until half of the complaints received in the range were handled; open ones count "
        "up to their age (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-17",
        _hours_until(0.5, "handling"),
        target=24.0,
        direction=Direction.LOWER,
    ),
    Measure(
        "handling_time_p90",
        {"en": "Handling time, nine of ten", "zh": "处理时间（90%）"},
        "time from receipt until nine tenths of the complaints received in the range were handled; open ones "
        "count up to their age (Kaplan-Meier); within 1 %",
        Unit.HOURS,
        "002-17",
        _hours_until(0.9, "handling"),
        target=72.0,
        direction=Direction.LOWER,
    ),
    Measure(
        "handling_time_mean",
        {"en": "Handling time, mean of the handled", "zh": "已处理投诉的平均处理时间"},
        "mean time from receipt to the result over the handled complaints received in the range; open ones "
        "are left out, so that it looks too quick while a backlog grows",
        Unit.HOURS,
        "002-17",
        _mean_hours,
    ),
    Measure(
        "closed",
        {"en": "Complaints closed", "zh": "投诉结案数"},
        "complaints closed in the range and not resumed since",
        Unit.COMPLAINTS,
        "002-10",
        _count("closed"),
    ),
    Measure(
        "satisfaction_rate",
        {"en": "Satisfaction rate", "zh": "满意率"},
        "of the complaints closed in the range, the share whose customer was satisfied",
        Unit.SHARE,
        "002-17",
        _share("closed", "satisfied"),
        target=0.7,
        direction=Direction.HIGHER,
    ),
    Measure(
        "acceptable_rate",
        {"en": "Satisfied, or at least acceptable", "zh": "满意或至少可接受率"},
        "of the complaints closed in the range, the share whose customer was satisfied or found the result "
        "acceptable",
        Unit.SHARE,
        "001-33",
        _share("closed", "satisfied", "acceptable"),
        target=0.9,
        direction=Direction.HIGHER,
    ),
    Measure(
        "trust_restored_rate",
        {"en": "Trust restored", "zh": "恢复信赖率"},
        "of the complaints closed in the range whose customer said whether they trust the company again, the share "
        "who do",
        Unit.SHARE,
        "000-01",
        _share("trust_told", "trust_restored"),
    ),
    Measure(
        "promise_kept_rate",
        {"en": "Promises kept", "zh": "承诺兑现率"},
        "of the promised replies decided in the range, the share that went out in time",
        Unit.SHARE,
        "001-31",
        _promises_kept,
        target=0.95,
        direction=Direction.HIGHER,
    ),
    Measure(
        "conversion_rate",
        {"en": "Dissatisfied turned satisfied", "zh": "不满意转化为满意率"},
        "of the complaints and criticisms received in the range, the share that has ended satisfied so far",
        Unit.SHARE,
        "003-15",
        _share("dissatisfied", "converted"),
        target=0.6,
        direction=Direction.HIGHER,
    ),
    Measure(
        "automatic_triage_rate",
        {"en": "Triaged automatically", "zh": "自动分类率"},
        "of the complaints triaged in the range, the share whose last decision the rules took",
        Unit.SHARE,
        "002-10",
        _share("triaged", "triaged_automatically"),
    ),
    Measure(
        "open_now",
        {"en": "Open complaints", "zh": "未结案投诉数"},
        "complaints received but neither merged into others, withdrawn nor closed up to the end of the range (now, "
        "if it ends today), whenever they were received",
        Unit.COMPLAINTS,
        "002-10",
        lambda totals: Value(totals.open),
    ),
)
"""The catalogue, in the order in which it is shown."""
