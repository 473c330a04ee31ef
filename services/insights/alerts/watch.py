"""The job that judges each week and each day once it is over. Any number of replicas may run it: one of them does it.

A round is one transaction: counts, alerts, their events, and the note that this week was judged, or none of it. So what
was judged is what was known at one moment, and a round that was cut off is begun again.
"""

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta

import numpy as np

from services.insights.alerts import counts, delays, keeping, past, severe
from services.insights.alerts.book import EARLY_WARNING, EarlyWarning
from services.insights.alerts.crowds import Series, parts
from services.insights.alerts.delays import Round
from services.insights.alerts.findings import Finding, Terms, findings, severe_finding
from services.insights.alerts.judging import Judged, Portfolio, judge
from services.insights.alerts.model import Alert, AlertEnding
from services.insights.alerts.severe_days import severe_days
from services.insights.alerts.store import warning_rounds
from services.insights.alerts.telling import Teller
from services.insights.economics.book import ECONOMICS
from services.insights.rounds import behind
from shared import clock
from shared.bulk import insert_rows
from shared.database import Transaction, sql
from shared.events.insights import WarningLevel, WarningStep
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

log = logging.getLogger(__name__)

PAUSE = 60
"""Poll intervals between two looks: half a minute as delivered."""

_JUDGED = sql("SELECT EXISTS (SELECT FROM warning_rounds WHERE step = :step AND starts = :starts)")
_ROOM = sql("SET LOCAL work_mem = '256MB'")
"""Millions of rows are gathered by series: on disk that takes a minute."""
_ANY = sql("SELECT EXISTS (SELECT FROM complaints WHERE registered_at < :end)")
_COUNTED = sql("SELECT counted_by FROM warning_rounds ORDER BY as_of DESC LIMIT 1")


def newest_over(step: WarningStep, at: datetime, settle: timedelta) -> date:
    """First day of the newest week (from Monday, UTC), or day, that was over for so long."""
    today = (at - settle).astimezone(UTC).date()
    if step is WarningStep.DAY:
        return today - timedelta(days=1)
    return today - timedelta(days=today.weekday() + 7)


class Watch:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Judge what is over and was not judged yet. Returns how many alerts there are in it."""
        if await behind(self._context.log):
            return 0
        return sum([await self.round(step) for step in WarningStep])

    async def round(self, step: WarningStep) -> int:
        """Judge the newest week, or day. Nothing happens when somebody else does it, or has done it."""
        async with self._context.database.transaction() as transaction:
            if not await transaction.try_hold("early-warning"):
                return 0
            books = await load_books(transaction.connection, EARLY_WARNING, ECONOMICS)
            book, at = books.read(EARLY_WARNING), clock.now()
            if step is WarningStep.DAY and not book.daily:
                await _end(transaction, step, at)
                return 0
            starts = newest_over(step, at, timedelta(hours=book.settle_hours))
            end = starts + timedelta(days=7 if step is WarningStep.WEEK else 1)
            if (await transaction.execute(_JUDGED, {"step": step, "starts": starts})).scalar_one():
                return 0
            midnight = datetime(end.year, end.month, end.day, tzinfo=UTC)
            if not (await transaction.execute(_ANY, {"end": midnight})).scalar_one():
                return 0
            await transaction.execute(_ROOM)
            before = (await transaction.execute(_COUNTED)).scalar_one_or_none()
            anew = before != counts.counted_by(book)
            await counts.recount(transaction, book, end, whole=anew)
            await delays.note(transaction, Round(step, starts, at), book, anew=anew)
            terms = Terms(book, books.version(EARLY_WARNING), at)
            found, judged = await self._look(transaction, Round(step, starts, at), terms)
            teller = Teller(transaction, step, starts, at, books.read(ECONOMICS), books.version(ECONOMICS))
            alerts = await _follow(transaction, found, teller, book)
            alerted = sum(alert.level is WarningLevel.ALERT for alert in alerts)
            row = {
                **{"step": step, "starts": starts, "as_of": at, "counted_by": counts.counted_by(book)},
                **{"rulebook_version": terms.version, "series": judged},
                **{"watched": len(alerts) - alerted, "alerted": alerted},
            }
            await insert_rows(transaction, warning_rounds, [row])
        log.info("early warning looked", extra={"step": step, "series": judged, "alerts": alerted})
        return alerted

    async def _look(self, transaction: Transaction, of: Round, terms: Terms) -> tuple[list[Finding], int]:
        """All that is unusual, and how many series were judged."""
        connection, book = transaction.connection, terms.book
        step, starts = of.step, of.starts
        found: list[Finding] = []
        counted = await counts.read(connection, step, starts, book)
        number = 0
        if counted is not None and counted.keys:
            known = await past.calibrations(connection, step, starts)
            exposed = await past.exposure(connection, counted) if step is WarningStep.WEEK else None
            yet = await delays.known(connection, of, counted, book)
            portfolio = Portfolio(step, counted.counts, counted.history, exposed, yet)
            judged: Judged = await asyncio.to_thread(judge, portfolio, known, book)
            await past.keep(transaction, step, counted, judged)
            found = findings(counted.keys, portfolio, judged, known, terms)
            number = int(np.count_nonzero(judged.window))
        for key, days in await severe_days(connection, step, starts, book):
            bunched = severe.bunched(severe.gaps_of(days))
            finding = severe_finding(key, bunched, terms) if bunched else None
            if finding:
                found.append(finding)
        return found, number


async def _follow(
    transaction: Transaction, found: list[Finding], teller: Teller, book: EarlyWarning
) -> list[Alert]:
    """Begin, continue, join and end alerts. Returns those that are unusual now."""
    open_ = await keeping.going_on(transaction)
    muted = await keeping.muted(transaction, teller.at)
    grave = [each for each in found if _is_grave(each, open_.get((each.key, each.tail)))]
    joined = await parts(transaction.connection, grave, teller.step, teller.starts, book)
    now: dict[Series, Alert] = {}
    levels: dict[Series, WarningLevel] = {}
    for finding in found:
        told = await teller.tell(finding, open_.get((finding.key, finding.tail)))
        if told is None:
            continue
        alert = open_.pop((finding.key, finding.tail), None)
        if alert is None:
            alert = Alert.begun(finding.key, told)
        else:
            alert.goes_on(told)
        now[alert.key, alert.tail], levels[alert.key, alert.tail] = alert, finding.level
    for series, alert in now.items():
        leader = now.get(joined[series]) if series in joined else None
        alert.join(leader.id if leader else None, levels[series])
        alert.announce(series in muted)
    over = [alert for alert in open_.values() if alert.step is teller.step]
    for alert in over:
        alert.quiet(teller.starts, book.quiet_steps, teller.at)
    await keeping.save(transaction, [*now.values(), *(alert for alert in over if alert.ended_at is not None)])
    return list(now.values())


async def _end(transaction: Transaction, step: WarningStep, at: datetime) -> None:
    """The alerts of a step that is no longer judged: no round would ever find them quiet."""
    over = await keeping.of_step(transaction, step)
    for alert in over:
        alert.end(AlertEnding.NOT_WATCHED, at)
    await keeping.save(transaction, over)


def _is_grave(finding: Finding, before: Alert | None) -> bool:
    return WarningLevel.ALERT in (finding.level, before.level if before else None)
