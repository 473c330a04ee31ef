"""What became of deliveries that did not go as their receivers wish, and of those that a digest tells."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.channels import Declined, Merged, Postponed, Withheld
from services.notification.rules import DIGEST, Audience
from shared.database import Transaction, sql
from shared.ids import derived_id

# None of these is an attempt: the number is given back. What a late courier reports does not count.
_POSTPONE = sql(
    """
UPDATE deliveries d
SET status = 'pending', withheld = 'quiet-hours', attempts = d.attempts - 1, next_attempt_at = u.until,
    lease_until = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:untils AS timestamptz[])) AS u(id, attempts, until)
WHERE d.id = u.id AND d.status = 'leased' AND d.attempts = u.attempts
"""
)
_DECLINE = sql(
    """
UPDATE deliveries d
SET status = 'declined', withheld = 'declined', attempts = d.attempts - 1, settled_at = :now, lease_until = NULL,
    last_error = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[])) AS u(id, attempts)
WHERE d.id = u.id AND d.status = 'leased' AND d.attempts = u.attempts
"""
)
# The digests are made with the first message that they are to tell, and are held until the end of the transaction. One
# that was begun takes no more, for a receiver that has got it would not read it again: its id is the same.
_DIGESTS = sql(
    """
INSERT INTO deliveries AS d (id, audience, rule, rule_version, urgency, nature, channels, lane, template, facts,
                             recipient, customer_id, next_attempt_at, created_at)
SELECT DISTINCT ON (u.digest) u.digest, m.audience, 'digest', m.rule_version, 'usual', 'progress',
       string_to_array(u.channels, ','), 'digest/' || u.digest, :template, CAST('{}' AS jsonb), m.recipient,
       u.customer_id, u.at, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:digests AS uuid[]), CAST(:customers AS uuid[]), CAST(:channels AS text[]),
            CAST(:ats AS timestamptz[])) AS u(id, digest, customer_id, channels, at)
JOIN deliveries m ON m.id = u.id
ORDER BY u.digest, m.number
ON CONFLICT (id) DO UPDATE SET lane = d.lane
RETURNING d.id, d.status = 'pending' AND d.attempts = 0 AS takes_more
"""
)
_MERGE = sql(
    """
UPDATE deliveries d
SET status = CASE WHEN t.takes_more THEN 'merged' ELSE 'pending' END,
    merged_into = CASE WHEN t.takes_more THEN u.digest END, withheld = CASE WHEN t.takes_more THEN u.why END,
    attempts = d.attempts - 1, next_attempt_at = :now, lease_until = NULL, last_error = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:digests AS uuid[]), CAST(:reasons AS text[]))
    AS u(id, attempts, digest, why),
    unnest(CAST(:made AS uuid[]), CAST(:taking AS boolean[])) AS t(digest, takes_more)
WHERE d.id = u.id AND t.digest = u.digest AND d.status = 'leased' AND d.attempts = u.attempts
"""
)
_SETTLE = sql(
    """
UPDATE deliveries m
SET settled_at = :now, channel = d.channel, last_error = d.last_error
FROM deliveries d
WHERE d.id = ANY(CAST(:digests AS uuid[])) AND m.merged_into = d.id AND m.status = 'merged'
RETURNING m.id, m.complaint_id, m.audience, m.template, d.attempts, m.channel, m.last_error, m.customer_id, m.facts,
          d.id AS went_with
"""
)

Case = tuple[UUID, int, Withheld]
"""Id, number of the attempt, and why it did not go."""


async def withhold(transaction: Transaction, cases: Sequence[Case], now: datetime) -> None:
    postponed = [(id, number, why.until) for id, number, why in cases if isinstance(why, Postponed)]
    if postponed:
        ids, attempts, untils = zip(*postponed, strict=True)
        given = {"ids": list(ids), "attempts": list(attempts), "untils": list(untils)}
        await transaction.execute(_POSTPONE, given)
    declined = [(id, number) for id, number, why in cases if isinstance(why, Declined)]
    if declined:
        ids, attempts = zip(*declined, strict=True)
        await transaction.execute(_DECLINE, {"ids": list(ids), "attempts": list(attempts), "now": now})
    merged = [(id, number, why) for id, number, why in cases if isinstance(why, Merged)]
    if merged:
        await _merge(transaction, merged, now)


async def _merge(transaction: Transaction, merged: Sequence[tuple[UUID, int, Merged]], now: datetime) -> None:
    digests = [derived_id(DIGEST, why.person, why.at.isoformat()) for _, _, why in merged]
    made = await transaction.execute(
        _DIGESTS,
        {
            "ids": [id for id, _, _ in merged],
            "digests": digests,
            "customers": [_customer(why.person) for _, _, why in merged],
            "channels": [",".join(why.channels) for _, _, why in merged],
            "ats": [why.at for _, _, why in merged],
            "template": DIGEST,
            "now": now,
        },
    )
    takes_more = {row.id: row.takes_more for row in made}
    await transaction.execute(
        _MERGE,
        {
            "ids": [id for id, _, _ in merged],
            "attempts": [number for _, number, _ in merged],
            "digests": digests,
            "reasons": [why.why for _, _, why in merged],
            "made": list(takes_more),
            "taking": list(takes_more.values()),
            "now": now,
        },
    )


async def to_customers(transaction: Transaction, ended: Sequence[Any], now: datetime) -> list[Any]:
    """The messages to customers that came to an end with these: in place of a digest, those that it tells.

    Facts about webhooks, sent to webhooks, would never end; notices about letters of notices neither. Of a copy nobody
    need hear.
    """
    merged: Sequence[Any] = ()
    if digests := [row.id for row in ended if row.template == DIGEST]:
        merged = (await transaction.execute(_SETTLE, {"digests": digests, "now": now})).all()
    ended = [row for row in ended if row.template != DIGEST and not row.is_copy]
    return [row for row in [*ended, *merged] if row.audience == Audience.CUSTOMER]


def _customer(person: str) -> UUID | None:
    kind, _, id = person.partition("/")
    return UUID(id) if kind == "customer" else None
