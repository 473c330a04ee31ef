"""From a finding to what is told of it: the affected complaints, what they share, what it may cost.

And what may be done."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime

from services.insights.alerts import explaining
from services.insights.alerts.affected import Everything, affected, range_of, shared_by
from services.insights.alerts.findings import Finding, words
from services.insights.alerts.model import Alert
from services.insights.economics.book import Assumptions
from shared.database import Transaction
from shared.events import WarningRaised
from shared.events.insights import WarningFactor, WarningStep, WarningTail

MOST_EXPLAINED = 30
"""Findings of one round whose common factors are looked for, the most unusual first."""


@dataclass
class Teller:
    """Of one round."""

    transaction: Transaction
    step: WarningStep
    starts: date
    at: datetime
    assumed: Assumptions
    assumed_version: int
    explained: int = 0
    everything: Everything = field(default_factory=Everything)

    async def tell(self, finding: Finding, before: Alert | None) -> WarningRaised | None:
        """None when no complaint can be named that it is about."""
        connection = self.transaction.connection
        over = range_of(finding, self.step, self.starts)
        of = await affected(connection, finding.key, finding.tail, over)
        if not of.newest:
            return None
        known: tuple[WarningFactor, ...] = ()
        if finding.tail is not WarningTail.SILENCE and self.explained < MOST_EXPLAINED:
            self.explained += 1
            beside = await shared_by(connection, finding.key, finding.tail, over, self.everything)
            known = await asyncio.to_thread(explaining.factors, *beside)
        english, chinese = words(finding, self.step)
        return WarningRaised(
            complaint_id=of.newest[0],
            alert_id=before.id if before else finding.key.id(finding.tail, self.step, self.starts),
            dimension=finding.key.dimension,
            value=finding.key.value,
            tail=finding.tail,
            level=finding.level,
            step=self.step,
            starts=self.starts,
            words_en=english,
            words_zh=chinese,
            evidence=finding.evidence,
            complaints=of.number,
            affected_since=over.since,
            affected_before=over.before,
            affected=of.newest,
            factors=known,
            loss=explaining.loss(finding, of, self.assumed, self.assumed_version),
            proposal=explaining.proposal(finding, known, over.since),
            raised_at=self.at,
        )
