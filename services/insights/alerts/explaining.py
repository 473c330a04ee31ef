"""What an alert says beyond its numbers: a probable common factor, the expected loss, what could be done. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from services.insights.alerts.affected import Affected, Shared
from services.insights.alerts.findings import Finding
from services.insights.economics.book import Assumptions
from services.insights.economics.measured import figure, worth
from services.insights.economics.model import Counts
from services.insights.losses import Band
from services.insights.warning.disproportionality import NotFitted, fit, information_component, scores
from shared.events.insights import WarningFactor, WarningLoss, WarningProposal, WarningTail

LEAST = 3
"""Affected complaints with a value, with fewer of which it is no factor."""
MOST = 5
PAIRS, MOST_PAIRS = 20, 500
"""With fewer pairs there is no prior, and with more it takes a second to fit one for each alert: EB05 is left out."""


def factors(pairs: Sequence[Shared], sums: Mapping[str, tuple[int, int]]) -> tuple[WarningFactor, ...]:
    """Values that the affected have more often than all complaints of the time, the surest first.

    Expected: affected with any value of the attribute x all with this one / all with any. The prior of EB05 is that of
    all pairs, of the affected and of the others.
    """
    if not pairs:
        return ()
    n = np.array([pair.affected for pair in pairs], dtype=np.float64)
    total = np.array([pair.all for pair in pairs], dtype=np.float64)
    hit = np.array([sums[pair.attribute][0] for pair in pairs], dtype=np.float64)
    everything = np.array([sums[pair.attribute][1] for pair in pairs], dtype=np.float64)
    e = hit * total / everything
    component, limit = information_component(n, e)
    eb05 = np.full(n.size, np.nan)
    if PAIRS <= n.size <= MOST_PAIRS:
        try:
            prior = fit(np.concatenate([n, total - n]), np.concatenate([e, total - e]))
            eb05 = np.where(e > 0, scores(n, np.maximum(e, 1e-9), prior).eb05, np.nan)
        except NotFitted:
            pass
    chosen = [i for i in np.argsort(-limit, kind="stable") if n[i] >= LEAST and limit[i] > 0]
    return tuple(
        WarningFactor(
            attribute=pairs[i].attribute,
            value=pairs[i].value,
            n=pairs[i].affected,
            expected=float(e[i]),
            ic=float(component[i]),
            ic025=float(limit[i]),
            eb05=None if np.isnan(eb05[i]) else float(eb05[i]),
        )
        for i in chosen[:MOST]
    )


def loss(finding: Finding, of: Affected, assumed: Assumptions, version: int) -> WarningLoss | None:
    """Market at risk and handling, if none of the affected is satisfied in the end; of silence, those of as many
    complaints as are missing. None: nothing."""
    bands = of.bands
    if finding.tail is WarningTail.SILENCE:
        missing = round(finding.evidence.expected[-1] - finding.evidence.observed[-1])
        bands = {Band.MIDDLE: max(0, missing)}
    counts = {band: Counts(number, 0) for band, number in bands.items() if number}
    if not counts:
        return None
    found = worth({"": counts}, assumed)[""]
    shown = figure(
        found.assumed.market_at_risk + found.assumed.handling,
        found.drawn.market_at_risk + found.drawn.handling,
    )
    return WarningLoss(
        value=shown.value,
        low=shown.low,
        high=shown.high,
        currency=assumed.currency,
        assumptions_version=version,
    )


def proposal(finding: Finding, known: Sequence[WarningFactor], since: datetime) -> WarningProposal | None:
    """The goods that a field action could be about; None when neither a product nor a batch stands out, or there is
    silence, in which nobody is warned."""
    if finding.tail is WarningTail.SILENCE:
        return None

    def named(attribute: str) -> tuple[str, ...]:
        if attribute in finding.key.parts:
            return (finding.key.parts[attribute],)
        return tuple(each.value for each in known if each.attribute == attribute)

    products, batches = named("product"), named("batch")
    if not products and not batches:
        return None
    return WarningProposal(
        products=products, batches=batches, regions=named("region"), registered_since=since
    )
