"""What is unusual in one round, with everything to work it out again. Pure."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from services.insights.alerts import limits, shapes
from services.insights.alerts.book import EarlyWarning
from services.insights.alerts.judging import TAILS, Calibrations, Judged, Portfolio
from services.insights.alerts.series import Key
from services.insights.alerts.severe import Bunched
from shared.events.insights import (
    WarningDetector,
    WarningEvidence,
    WarningLevel,
    WarningStep,
    WarningTail,
)

CODE_VERSION = "1"
"""Of the arithmetic: raise it when the same counts lead to other numbers."""


def span_of(tail: WarningTail) -> int:
    """So many of the newest steps are affected by what is unusual in this way."""
    return shapes.SPANS[-1] if tail is WarningTail.SILENCE else shapes.SPANS[1]


@dataclass(frozen=True, slots=True)
class Finding:
    """One series that is unusual."""

    key: Key
    tail: WarningTail
    level: WarningLevel
    evidence: WarningEvidence

    @property
    def span(self) -> int:
        """So many of the newest steps are affected."""
        return span_of(self.tail)


@dataclass(frozen=True, slots=True)
class Terms:
    """By what one round judges."""

    book: EarlyWarning
    version: int
    as_of: datetime


def findings(
    keys: list[Key], of: Portfolio, judged: Judged, calibrations: Calibrations, terms: Terms
) -> list[Finding]:
    """All that is at least to be watched, the most unusual first."""
    found = limits.discoveries(judged.calibrated, terms.book.watch, terms.book.alert)
    kept = []
    for place, discovery in found.items():
        tail, number = TAILS[place // len(keys)], place % len(keys)
        exact = float(judged.calibrated[place // len(keys), number])
        level = discovery.level(exact, terms.book.watch, terms.book.alert)
        if level is None:
            continue
        window, p = int(judged.window[number]), float(judged.p[place // len(keys), number])
        known = calibrations.get((tail.value, window))
        mean, phi = judged.mean[number], judged.phi[number]
        exposure = None if of.exposure is None else of.exposure[number, -window - 1 :]
        evidence = WarningEvidence(
            detector=judged.detector(tail, number),
            as_of=terms.as_of,
            window=window,
            counts=tuple(int(n) for n in of.counts[number, -window - 1 :]),
            exposure=None
            if exposure is None or np.isnan(exposure).any()
            else tuple(float(each) for each in exposure),
            **_known(of, number),
            spans=shapes.SPANS,
            observed=tuple(float(each) for each in judged.observed[number]),
            expected=tuple(float(each) for each in mean),
            dispersion=tuple(float(each) for each in phi),
            p=p,
            null=None if known is None else limits.null_of(known, p, float(mean[0]), float(phi[0])),
            calibrated=exact,
            q=discovery.q,
            portfolio=discovery.portfolio,
            deciding_p=discovery.deciding_p,
            deciding_rank=discovery.deciding_rank,
            watch_limit=terms.book.watch,
            alert_limit=terms.book.alert,
            rulebook_version=terms.version,
            code_version=CODE_VERSION,
        )
        kept.append(Finding(keys[number], tail, level, evidence))
    return sorted(kept, key=lambda each: (each.evidence.calibrated, each.key))


def _known(of: Portfolio, number: int) -> dict[str, tuple[float, ...]]:
    """Of one series, if not all of it."""
    if of.known is None or (of.known.share[number] == 1).all():
        return {}
    return {
        "known": tuple(float(each) for each in of.known.share[number]),
        "known_error": tuple(float(each) for each in of.known.error[number]),
    }


def severe_finding(key: Key, bunched: Bunched, terms: Terms) -> Finding | None:
    """An alert whatever the others are, when severe complaints follow each other unusually soon."""
    if bunched.p > terms.book.severe:
        return None
    evidence = WarningEvidence(
        detector=WarningDetector.G_CHART,
        as_of=terms.as_of,
        window=len(bunched.gaps),
        counts=bunched.gaps,
        spans=bunched.runs,
        observed=tuple(float(sum(bunched.gaps[-run:])) for run in bunched.runs),
        expected=tuple(run * sum(bunched.gaps[:-run]) / (len(bunched.gaps) - run) for run in bunched.runs),
        dispersion=(),
        p=bunched.p,
        calibrated=bunched.p,
        watch_limit=terms.book.severe,
        alert_limit=terms.book.severe,
        rulebook_version=terms.version,
        code_version=CODE_VERSION,
    )
    return Finding(key, WarningTail.SEVERE, WarningLevel.ALERT, evidence)


def words(finding: Finding, step: WarningStep) -> tuple[str, str]:
    """The finding as people read it, in English and Chinese."""
    english, chinese = finding.key.words()
    unit, unit_zh = ("weeks", "周") if step is WarningStep.WEEK else ("days", "天")
    evidence = finding.evidence
    if finding.tail is WarningTail.SEVERE:
        place = min(range(len(evidence.spans)), key=lambda i: evidence.observed[i] / evidence.expected[i])
        run, days, usual = evidence.spans[place] + 1, evidence.observed[place], evidence.expected[place]
        return (
            f"Severe complaints follow each other unusually soon: {english}. {run} within {days:.0f} days, where "
            f"{usual:.0f} days are usual.",
            f"重大投诉过于密集：{chinese}。{days:.0f}天内{run}起，通常间隔{usual:.0f}天。",
        )
    place = shapes.SPANS.index(finding.span)
    seen, usual, span = evidence.observed[place], evidence.expected[place], finding.span
    so_far, so_far_zh = ("", "") if not evidence.known else (" of what is known by now", "按目前已知部分")
    if finding.tail is WarningTail.SILENCE:
        return (
            f"Unusually few complaints: {english}. {seen:.0f} in the last {span} {unit}, {usual:.1f} expected"
            f"{so_far}. This is no success by itself: customers may have left, or no longer reach you.",
            f"投诉异常减少：{chinese}。最近{span}{unit_zh}{seen:.0f}件，{so_far_zh}预期{usual:.1f}件。投诉变少本身不代表改善："
            "顾客可能已经流失，或投诉渠道不畅。",
        )
    return (
        f"Unusually many complaints: {english}. {seen:.0f} in the last {span} {unit}, {usual:.1f} expected{so_far}.",
        f"投诉异常增多：{chinese}。最近{span}{unit_zh}{seen:.0f}件，{so_far_zh}预期{usual:.1f}件。",
    )
