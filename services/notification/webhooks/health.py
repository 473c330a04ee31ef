"""The health of webhooks: each has a circuit breaker.

Closed: deliveries go out. After `pause_after` failures in a row it opens: the webhook rests for `pause`. Then it is
half-open: one delivery is a probe. A success closes it; a failure lets the webhook rest again. Whoever takes the
probe moves the end of the rest, so there is one probe in a rest, however many couriers there are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notification.channels import CannotDeliver, Receipt
from services.notification.schedule import Schedule
from shared.database import Transaction, sql

GONE = "the receiver answered 410 Gone"
LASTING = "no delivery succeeded for days"
SWITCHED_OFF = "the webhook was switched off"

TOLD_EVERY = timedelta(minutes=1)
"""How exactly the last success of a healthy webhook is known: its row is not written for each delivery."""

FREE = """(s.ordering = 'none' OR NOT EXISTS (
    SELECT 1 FROM deliveries e
    WHERE e.lane = d.lane AND e.number < d.number AND e.status IN ('pending', 'leased')
      AND (s.ordering = 'strict' OR e.attempts - e.attempts_before < :patience)
      AND (e.withheld IS NULL OR e.next_attempt_at <= :now)))"""
"""Nobody of its lane is before the delivery `d` of the webhook `s`, or of none: each waits for those before it until
they have used up our patience (for a strict webhook: until they are settled), but not for one that waits for the end of
quiet hours."""

_LOCK = sql("SELECT 1 FROM subscriptions WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")

_PROBE = sql(
    f"""
WITH half_open AS (
    SELECT id, ordering FROM subscriptions
    WHERE enabled AND failures >= :pause_after AND (paused_until IS NULL OR paused_until <= :now)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), probes AS (
    SELECT s.id, p.delivery_id FROM half_open s CROSS JOIN LATERAL (
        SELECT d.id AS delivery_id FROM deliveries d
        WHERE d.subscription_id = s.id AND d.status IN ('pending', 'leased') AND d.next_attempt_at <= :now AND {FREE}
        ORDER BY d.number LIMIT 1) p
)
UPDATE subscriptions s SET paused_until = CAST(:rested AS timestamptz) FROM probes WHERE s.id = probes.id
RETURNING probes.delivery_id
"""  # noqa: S608 - a condition of our own
)

# A batch of events that loaded a live webhook may commit after the webhook's end, which did not see its rows.
_LEFT_OVER = sql(
    f"""
WITH left_over AS (
    SELECT d.id FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id
    WHERE d.audience = 'subscriber' AND d.status IN ('pending', 'leased') AND d.next_attempt_at <= :now
      AND NOT s.enabled
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries d
SET status = 'failed', settled_at = :now, lease_until = NULL, last_error = '{SWITCHED_OFF}'
FROM left_over WHERE d.id = left_over.id
"""  # noqa: S608 - words of our own
)
_GIVE_UP = sql(
    "UPDATE deliveries SET status = 'failed', settled_at = :now, lease_until = NULL, "  # noqa: S608 - our own words
    f"last_error = '{SWITCHED_OFF}' WHERE subscription_id = ANY(:ids) AND status IN ('pending', 'leased')"
)
_WELL = sql(
    "UPDATE subscriptions SET failures = 0, failing_since = NULL, paused_until = NULL, last_success_at = :now "
    "WHERE id = ANY(:ids) AND (failures > 0 OR last_success_at IS NULL OR last_success_at < :before)"
)
_ILL = sql(
    """
UPDATE subscriptions s
SET failures = s.failures + u.failed, failing_since = coalesce(s.failing_since, :now),
    paused_until = greatest(u.asked, CASE WHEN s.failures + u.failed >= :pause_after
                                          THEN CAST(:rested AS timestamptz) ELSE s.paused_until END)
FROM unnest(CAST(:ids AS uuid[]), CAST(:failed AS int[]), CAST(:asked AS timestamptz[])) AS u(id, failed, asked)
WHERE s.id = u.id
"""
)
_DISABLE = sql(
    f"""
UPDATE subscriptions
SET enabled = false, version = version + 1,
    disabled_reason = CASE WHEN id = ANY(:gone) THEN '{GONE}' ELSE '{LASTING}' END
WHERE enabled AND (id = ANY(:gone) OR (id = ANY(:ids) AND failing_since <= :before))
RETURNING id, owner, version, disabled_reason AS reason
"""  # noqa: S608 - words of our own
)


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A webhook that Redress switched off."""

    id: UUID
    owner: str
    version: int
    reason: str


async def lock(transaction: Transaction, ids: Sequence[UUID]) -> None:
    """Before any delivery is touched, wherever a webhook is changed: no deadlock."""
    if ids:
        await transaction.execute(_LOCK, {"ids": list(ids)})


async def before_claim(transaction: Transaction, schedule: Schedule, now: datetime) -> list[UUID]:
    """Give up what is left over of webhooks that ended; returns the probes, one for each webhook that is half-open."""
    await transaction.execute(_LEFT_OVER, {"now": now})
    values = {
        "pause_after": schedule.pause_after,
        "patience": schedule.patience,
        "now": now,
        "rested": now + timedelta(seconds=schedule.pause),
    }
    return list((await transaction.execute(_PROBE, values)).scalars())


async def learn(
    transaction: Transaction,
    schedule: Schedule,
    results: Sequence[tuple[UUID, Receipt | CannotDeliver]],
    now: datetime,
) -> list[SwitchedOff]:
    """What the attempts say about their webhooks. One success among them outweighs the failures."""
    good = {i for i, result in results if isinstance(result, Receipt)}
    bad = [(i, result) for i, result in results if isinstance(result, CannotDeliver) and i not in good]
    if good:
        await transaction.execute(_WELL, {"ids": list(good), "now": now, "before": now - TOLD_EVERY})
    gone = {i for i, result in results if isinstance(result, CannotDeliver) and result.gone}
    if not bad and not gone:
        return []
    failed = Counter(i for i, _ in bad)
    asked: dict[UUID, datetime] = {}
    for i, why in bad:
        if why.retry_after is not None and why.said is not None and why.said.code in {429, 503}:
            asked[i] = max(asked.get(i, now), now + schedule.asked(why.retry_after))
    values = {
        "ids": list(failed),
        "failed": list(failed.values()),
        "asked": [asked.get(i) for i in failed],
        "pause_after": schedule.pause_after,
        "now": now,
        "rested": now + timedelta(seconds=schedule.pause),
    }
    await transaction.execute(_ILL, values)
    before = now - timedelta(seconds=schedule.disable_after)
    ended = await transaction.execute(_DISABLE, {"gone": list(gone), "ids": list(failed), "before": before})
    disabled = [SwitchedOff(**row) for row in ended.mappings()]
    await give_up(transaction, [each.id for each in disabled], now)
    return disabled


async def give_up(transaction: Transaction, ids: Sequence[UUID], now: datetime) -> None:
    """Nothing more is sent to these webhooks; what waited for them can be sent again by hand."""
    if ids:
        await transaction.execute(_GIVE_UP, {"ids": list(ids), "now": now})
