"""One trouble, one alert: a sum whose excess lies in an alert of a finer series is part of it. Pure.

A batch that fails makes its product, its category and the sum of all unusual, too. What is left of a series without the
complaints of the alerts before it is judged alone: it is expected to be as large a share of what the series is expected
to have as it was of its complaints in the thirteen weeks before. Where that is not unusual, the alert says nothing new.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.insights.alerts import shapes
from services.insights.alerts.book import EarlyWarning
from services.insights.alerts.findings import Finding
from services.insights.alerts.series import Key
from services.insights.warning.negbin import lower_mid_p, upper_mid_p
from shared.events.insights import WarningTail

SAYS_MOST = ("product", "batch", "supplier", "subcategory", "category", "region", "channel")
"""Of two series with the same complaints that leads by which people find sooner what is wrong."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Complaints that belong to the same of the series."""

    series: frozenset[int]
    """Places among the findings."""
    late: int
    """In the affected time."""
    before: int
    """In the weeks before it."""


def joined(found: Sequence[Finding], crowds: Sequence[Crowd], book: EarlyWarning) -> dict[int, int]:
    """Which of these findings (all of one tail) is part of which other; those that lead are missing.

    Series with fewer complaints come first: of a sum and its part the part leads, of two with the same complaints that
    with more parts, or that which says more.
    """
    sizes = [sum(each.late + each.before for each in crowds if n in each.series) for n in range(len(found))]
    order = sorted(range(len(found)), key=lambda n: (sizes[n], *_vagueness(found[n].key)))
    leading: list[int] = []
    parts: dict[int, int] = {}
    for number in order:
        own = [each for each in crowds if number in each.series]
        if found[number].tail is WarningTail.SEVERE:
            able = [leader for leader in leading if _same_days(found[number], found[leader])]
        elif leading and not _unusual(found[number], own, frozenset(leading), book):
            able = [leader for leader in leading if any(leader in each.series for each in own)]
        else:
            able = []
        if able:
            parts[number] = max(able, key=lambda leader: _common(own, leader))
        else:
            leading.append(number)
    return parts


def _vagueness(key: Key) -> tuple[int, list[int], Key]:
    return -len(key.parts), sorted(map(SAYS_MOST.index, key.parts)), key


def _unusual(finding: Finding, own: Sequence[Crowd], leading: frozenset[int], book: EarlyWarning) -> bool:
    """Whether the series is unusual without the complaints of those that lead."""
    outside = [each for each in own if not each.series & leading]
    late, before = sum(each.late for each in own), sum(each.before for each in own)
    left = sum(each.late for each in outside) / late if late else 0.0
    # Jeffreys' half: what was never told before can happen, too.
    usual = (sum(each.before for each in outside) + 0.5) / (before + 1)
    place = shapes.SPANS.index(finding.span)
    observed = round(finding.evidence.observed[place] * left)
    expected = finding.evidence.expected[place] * usual
    phi = finding.evidence.dispersion[place]
    if finding.tail is WarningTail.SILENCE:
        return expected >= book.silence_least and float(lower_mid_p(observed, expected, phi)) <= book.watch
    return observed >= book.least and float(upper_mid_p(observed, expected, phi)) <= book.watch


def _same_days(whole: Finding, part: Finding) -> bool:
    """Whether the newest severe complaints of the sum are those of its part."""
    newest = max(whole.evidence.spans)
    return (
        whole.key.parts.items() <= part.key.parts.items()
        and whole.evidence.counts[-newest:] == part.evidence.counts[-newest:]
    )


def _common(own: Sequence[Crowd], leader: int) -> tuple[int, int]:
    both = [each for each in own if leader in each.series]
    return sum(each.late for each in both), sum(each.before for each in both)
