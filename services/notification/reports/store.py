"""Reports are written down, each once, and what they undo is sent by the next way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.notification import outcomes
from services.notification.digests import settling
from services.notification.reports.model import Report, Standing, reason
from services.notification.rules import FIELD_ACTION, Channel
from services.notification.store import ring
from services.notification.ways import Ways
from shared.database import Transaction, sql
from shared.problems import Problem

# A letter of a field action may go to somebody else than whoever complained.
_HOLD = sql(
    "SELECT d.id, d.status, d.channel, d.channels[d.closed + 1:] AS channels, d.attempts, "
    "coalesce(c.erased AND d.customer_id IS NULL, false) AS erased "
    "FROM deliveries d LEFT JOIN conversations c ON c.id = d.complaint_id "
    "WHERE d.id = ANY(:ids) ORDER BY d.id FOR UPDATE OF d"
)
_KNOWN = sql("SELECT id FROM delivery_reports WHERE id = ANY(:ids)")
_NOTE = sql(
    "INSERT INTO delivery_reports (id, delivery_id, channel, what, code, at) "
    "SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:deliveries AS uuid[]), CAST(:channels AS text[]), "
    "CAST(:whats AS text[]), CAST(:codes AS text[]), CAST(:ats AS timestamptz[]))"
)
# The way that lost it goes to those that are closed, wherever the receiver's wishes had put it.
_UNDO = sql(
    """
UPDATE deliveries d
SET status = CASE WHEN u.again THEN 'pending' ELSE 'bounced' END,
    channels = CASE WHEN u.closes THEN d.channels[1:d.closed] || d.channel
                    || array_remove(d.channels[d.closed + 1:], d.channel) ELSE d.channels END,
    closed = d.closed + CAST(u.closes AS int),
    settled_at = CASE WHEN u.again THEN NULL ELSE CAST(:now AS timestamptz) END,
    next_attempt_at = CASE WHEN u.again THEN :now ELSE d.next_attempt_at END,
    attempts_before = CASE WHEN u.again THEN d.attempts ELSE d.attempts_before END, last_error = u.reason
FROM unnest(CAST(:ids AS uuid[]), CAST(:agains AS bool[]), CAST(:reasons AS text[]), CAST(:tried AS int[]),
            CAST(:closes AS bool[])) AS u(id, again, reason, tried, closes)
WHERE d.id = u.id
RETURNING d.id, d.complaint_id, d.audience, d.template, d.channel, d.last_error, d.customer_id, d.facts,
          d.status, d.is_copy, d.id AS went_with, u.tried AS attempts
"""
)
# Whoever has the same address was not reached either.
_UNDO_TWINS = sql(
    """
UPDATE deliveries d
SET status = 'bounced', settled_at = :now, last_error = l.last_error
FROM field_letter_twins t JOIN deliveries l ON l.id = t.letter_id
WHERE t.letter_id = ANY(CAST(:ids AS uuid[])) AND d.id = t.delivery_id AND d.status = 'delivered'
RETURNING d.id, d.complaint_id, d.audience, d.template, d.channel, d.last_error, d.customer_id, d.facts,
          d.status, d.is_copy, d.id AS went_with, d.attempts
"""
)
_TWIN_UNDER_WAY = sql(
    "SELECT EXISTS (SELECT FROM field_letter_twins t JOIN deliveries d ON d.id = t.delivery_id "
    "WHERE t.letter_id = ANY(CAST(:ids AS uuid[])) AND d.status = 'leased')"
)


class NotYet(Problem):
    """The report is faster than we are; the reporter brings it again."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "unavailable",
            "The message is still being sent",
            "Report again in a few seconds. 消息仍在发送，请稍后再次报告。",
            headers={"Retry-After": "5"},
        )


async def take(transaction: Transaction, reports: Sequence[Report], ways: Ways, now: datetime) -> list[UUID]:
    """Write them down; whatever is lost goes by the next way that there is, or is given up and told.

    Returns the deliveries that there are. Raises NotYet when a delivery has not been settled.
    """
    ids = sorted({report.delivery_id for report in reports})
    rows = await transaction.execute(_HOLD, {"ids": ids})
    held = {row.id: Standing(*row) for row in rows}
    known = await transaction.execute(_KNOWN, {"ids": [report.id for report in reports]})
    seen = set(known.scalars())
    new = {r.id: r for r in reports if r.delivery_id in held and r.id not in seen}
    if any(held[report.delivery_id].is_being_sent() for report in new.values()):
        raise NotYet
    if new:
        await _note(transaction, list(new.values()))
    undone = {r.delivery_id: r for r in new.values() if held[r.delivery_id].is_undone_by(r)}
    if undone:
        await _undo(transaction, [(held[i], report) for i, report in undone.items()], ways, now)
    return list(held)


async def _note(transaction: Transaction, reports: Sequence[Report]) -> None:
    columns = {
        "ids": [r.id for r in reports],
        "deliveries": [r.delivery_id for r in reports],
        "channels": [r.channel.value for r in reports],
        "whats": [r.what.value for r in reports],
        "codes": [r.code for r in reports],
        "ats": [r.at for r in reports],
    }
    await transaction.execute(_NOTE, columns)


async def _undo(
    transaction: Transaction, undone: Sequence[tuple[Standing, Report]], ways: Ways, now: datetime
) -> None:
    next_way: dict[UUID, Channel | None] = {
        standing.id: await ways.first_set_up(standing.left()) for standing, _ in undone
    }
    rows = await transaction.execute(
        _UNDO,
        {
            "now": now,
            "ids": [standing.id for standing, _ in undone],
            "agains": [next_way[standing.id] is not None for standing, _ in undone],
            "reasons": [reason(report) for _, report in undone],
            "tried": [standing.attempts for standing, _ in undone],
            "closes": [standing.channel in standing.channels for standing, _ in undone],
        },
    )
    # Of a field action only the end is told: who is unreachable is called by telephone.
    ended = [row for row in rows if row.template != FIELD_ACTION or next_way[row.id] is None]
    lost = [row.id for row in ended if row.template == FIELD_ACTION]
    if lost:
        if (await transaction.execute(_TWIN_UNDER_WAY, {"ids": lost})).scalar_one():
            raise NotYet
        ended += (await transaction.execute(_UNDO_TWINS, {"ids": lost, "now": now})).all()
    for row in await settling.to_customers(transaction, ended, now):
        transaction.publish(outcomes.failed(row, now, next_way.get(row.went_with)), at=now)
    await ring(transaction)
