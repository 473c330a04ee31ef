"""Lapses of a case, and who has more of them than their cases explain. Pure.

Whoever has the hard cases must not be blamed for them. So each lapse is compared within the same category and severity:
expected is what everybody together comes to with the same cases (indirect standardisation: Breslow and Day, Statistical
Methods in Cancer Research II, 1987, section 2.3). Own and others' lapses are then compared exactly, given their sum
(`exact`), and a limit on false discoveries holds over all comparisons of one look.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np

from services.insights.exact import RateRatio, rate_ratio
from services.insights.training.book import TrainingNeeds
from services.insights.warning.discovery import q_values
from shared.aggregate import Aggregate


class Lapse(StrEnum):
    """What should not have happened."""

    PROMISE_BROKEN = "promise_broken"
    RESULT_FELL = "result_fell"
    """The customer could not accept the result, or the closed case was taken up again."""
    REPLY_FLAGGED = "reply_flagged"
    """The reply check found words that may hurt, or promise too much."""
    RATED_BADLY = "rated_badly"
    """In a survey about the case the customer was not satisfied."""
    CAUSE_BACK = "cause_back"
    """The complaint came of a cause that was said to be removed."""


@dataclass(kw_only=True)
class Conduct(Aggregate):
    """The lapses of one complaint, in three lists of the same length; each list in the order of its topic."""

    handler: str | None = None
    """Who accepted it last: whose lapse it is where no event says so."""
    lapses: list[str] = field(default_factory=list)
    lapsed_at: list[datetime] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    """Whose lapse it was; '' for the handler."""
    permits_asked: list[str] = field(default_factory=list)
    """What somebody had to ask for in the case, by the words of `Permit`."""
    permits_granted: list[str] = field(default_factory=list)

    def lapse(self, lapse: Lapse, at: datetime, person: str | None = None) -> None:
        """Kept in one order, whichever topic is read first."""
        all_of_them = [
            *zip(self.lapsed_at, self.lapses, self.people, strict=True),
            (at, lapse.value, person or ""),
        ]
        in_order = sorted(all_of_them)
        self.lapsed_at = [at for at, _, _ in in_order]
        self.lapses = [what for _, what, _ in in_order]
        self.people = [whose for _, _, whose in in_order]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Cases that are alike, of one person or department."""

    who: str
    category: str
    severity: str
    cases: int
    lapsed: Mapping[Lapse, int]
    """Of the cases those with such a lapse."""


@dataclass(frozen=True)
class Excess:
    """More lapses than the cases explain."""

    who: str
    lapse: Lapse
    about: str
    """The category of most of them; the lapse itself where none has half of them."""
    complaints: int
    """Cases with the lapse."""
    cases: int
    expected: float
    """So many as everybody together comes to with the same cases."""
    ratio: RateRatio
    """Of theirs to the others', each by what was expected."""
    p_value: float
    """One-sided: the chance of so many or more."""
    q_value: float


def excesses(strata: Iterable[Stratum], thresholds: TrainingNeeds) -> list[Excess]:
    """Those that the thresholds call a need, in the order of who and lapse. Nobody is compared with nobody: where only
    one has such cases, they say nothing."""
    by_kind: defaultdict[tuple[str, str], list[Stratum]] = defaultdict(list)
    for stratum in strata:
        by_kind[stratum.category, stratum.severity].append(stratum)
    compared = [found for lapse in Lapse for found in _compared(list(by_kind.values()), lapse)]
    if not compared:
        return []
    q = q_values(np.array([each.p_value for each in compared]))
    limit = float(thresholds.false_discoveries)
    needs = [
        Excess(**{**each.__dict__, "q_value": float(share)})
        for each, share in zip(compared, q, strict=True)
        if share <= limit
        and each.complaints >= thresholds.at_least
        and each.ratio.low > float(thresholds.ratio_above)
    ]
    return sorted(needs, key=lambda need: (need.who, need.lapse))


def _compared(kinds: Iterable[list[Stratum]], lapse: Lapse) -> Iterable[Excess]:
    own: Counter[str] = Counter()
    cases: Counter[str] = Counter()
    expected: defaultdict[str, float] = defaultdict(float)
    categories: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for alike in kinds:
        if len({stratum.who for stratum in alike}) < 2:
            continue
        rate = sum(each.lapsed.get(lapse, 0) for each in alike) / sum(each.cases for each in alike)
        for each in alike:
            own[each.who] += each.lapsed.get(lapse, 0)
            cases[each.who] += each.cases
            expected[each.who] += each.cases * rate
            categories[each.who][each.category] += each.lapsed.get(lapse, 0)
    total, total_expected = sum(own.values()), sum(expected.values())
    for who in sorted(own):
        others, theirs = total - own[who], total_expected - expected[who]
        if own[who] == 0 or expected[who] <= 0 or theirs <= _NOTHING * total_expected:
            continue
        ratio = rate_ratio(others, own[who], theirs, expected[who])
        p = rate_ratio(own[who], others, expected[who], theirs).p_value
        category, most = min(categories[who].items(), key=lambda each: (-each[1], each[0]))
        about = category if category and 2 * most >= own[who] else lapse.value
        yield Excess(who, lapse, about, own[who], cases[who], expected[who], ratio, p, 1.0)


_NOTHING = 1e-9
"""Of the sum: smaller is what adding up leaves."""
