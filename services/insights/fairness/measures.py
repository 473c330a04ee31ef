"""What is compared between groups. Pure data."""

from dataclasses import dataclass
from enum import StrEnum

from shared.events.insights import Treated as About


class Sort(StrEnum):
    """How a measure is compared, and what its estimate is."""

    SHARE = "share"
    """Difference of the shares: 0.1 is ten points more than the others."""
    RANK = "rank"
    """Chance of having more than one of the others in the same stratum, less one half."""
    TIME = "time"
    """Ratio of the rates at which it is done: above 1 is sooner than for the others."""

    @property
    def equal(self) -> float:
        """The estimate of two groups that are treated alike."""
        return 1.0 if self is Sort.TIME else 0.0


class MeasureId(StrEnum):
    FIRST_RESPONSE = "first_response"
    HANDLING_TIME = "handling_time"
    SATISFIED = "satisfied"
    ACCEPTABLE = "acceptable"
    WITHDRAWN = "withdrawn"
    JUDGED_VALID = "judged_valid"
    MATERIAL_OFFER = "material_offer"
    OFFER_PER_LOSS = "offer_per_loss"
    OFFER_ROUNDS = "offer_rounds"
    HELD_AGAINST = "held_against"
    APPEAL_GRANTED = "appeal_granted"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of what is compared."""

    about: About
    sort: Sort
    en: str
    zh: str
    more_is_better: bool
    """For those who are compared. A time is better when it is sooner: when its estimate is larger."""


_C, _S = About.CUSTOMERS, About.STAFF
MEASURES: dict[MeasureId, Compared] = {
    MeasureId.FIRST_RESPONSE: Compared(
        _C, Sort.TIME, "time from receipt until somebody took the case up", "自受理至有人接手的时间", True
    ),
    MeasureId.HANDLING_TIME: Compared(
        _C, Sort.TIME, "time from receipt to the result", "自受理至结果的时间", True
    ),
    MeasureId.SATISFIED: Compared(_C, Sort.SHARE, "satisfied, of the closed", "结案后满意的比例", True),
    MeasureId.ACCEPTABLE: Compared(
        _C, Sort.SHARE, "satisfied or at least acceptable, of the closed", "结案后满意或可接受的比例", True
    ),
    MeasureId.WITHDRAWN: Compared(
        _C, Sort.SHARE, "withdrawn by the customer, of the received", "客户撤回的比例", False
    ),
    MeasureId.JUDGED_VALID: Compared(_C, Sort.SHARE, "judged valid, of the judged", "判定成立的比例", True),
    MeasureId.MATERIAL_OFFER: Compared(
        _C, Sort.SHARE, "offered something material, of those with offers", "获得物质补偿方案的比例", True
    ),
    MeasureId.OFFER_PER_LOSS: Compared(
        _C, Sort.RANK, "value offered per loss claimed", "方案价值与所称损失之比", True
    ),
    MeasureId.OFFER_ROUNDS: Compared(_C, Sort.RANK, "rounds of offers until now", "提出方案的轮数", False),
    MeasureId.HELD_AGAINST: Compared(
        _S, Sort.SHARE, "held against the person, of the accusations decided", "投诉归责于当事人的比例", False
    ),
    MeasureId.APPEAL_GRANTED: Compared(
        _S, Sort.SHARE, "granted wholly or in part, of the appeals decided", "申诉成立或部分成立的比例", True
    ),
    MeasureId.LOAD: Compared(
        _S,
        Sort.RANK,
        "cases given per person and working day since their first",
        "每人自首件起每工作日分得的案件数",
        False,
    ),
}
