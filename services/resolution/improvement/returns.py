"""A problem that is back, as insights found it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events import ProblemRecurred
from shared.events.learning import RecurredBy

WORDS = {
    RecurredBy.SAME_WORDS: (
        "Since the closing {customers} customers told the same in nearly the same words",
        "结案后有 {customers} 位客户以几乎相同的内容再次投诉",
    ),
    RecurredBy.RATE: (
        "Since the closing complaints of this category and product came about as often as before",
        "结案后同类同产品投诉的频率没有下降",
    ),
}
_NUMBERS = (
    ": {after} in {days_after:.1f} days, and {before} in {days_before:.0f} days before{ratio}.",
    "：{days_after:.1f} 天内 {after} 件，此前 {days_before:.0f} 天内 {before} 件{ratio}。",
)
_RATIO = (
    "; rate ratio {ratio:.2f} (95 %: {low:.2f} to {high:.2f})",
    "；发生率之比 {ratio:.2f}（95% 区间 {low:.2f} 至 {high:.2f}）",
)


class ReturnOutcome(StrEnum):
    """What became of it."""

    REOPENED = "reopened"
    PASSED = "passed"
    """Somebody had begun the improvement again already."""
    NOT_POSSIBLE = "not_possible"
    """The improvement carries as many complaints, or went from step to step as often, as it may."""


@dataclass(frozen=True)
class Return:
    """One row for each closing after which a problem is back."""

    improvement_id: UUID
    closed_at: datetime
    complaint_id: UUID
    """The newest that tells it."""
    evidence: tuple[UUID, ...]
    reason: str
    """The figures, in both languages."""
    found_at: datetime

    @classmethod
    def told(cls, event: ProblemRecurred) -> "Return":
        return cls(
            event.improvement_id,
            event.improvement_closed_at,
            event.complaint_id,
            event.evidence,
            _reason(event),
            event.found_at,
        )


def _reason(event: ProblemRecurred) -> str:
    figures = event.model_dump()
    said = []
    for words, numbers, ratio in zip(WORDS[event.by], _NUMBERS, _RATIO, strict=True):
        known = event.rate_ratio is not None and event.high is not None
        shown = ratio.format(ratio=event.rate_ratio, low=event.low, high=event.high) if known else ""
        said.append(words.format(**figures) + numbers.format(**figures, ratio=shown))
    return " ".join(said)
