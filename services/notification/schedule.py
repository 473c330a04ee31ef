"""When a delivery is tried again, and when a receiver is left in peace. All of it is data."""

from datetime import datetime, timedelta
from uuid import UUID
from zlib import crc32

RETRY_SECONDS = (5, 30, 120, 600, 3600, 21_600, 86_400)
"""Waits after the first, second, ... attempt; after the last wait there is one more attempt."""

JITTER = 0.2
"""A wait is longer by up to this share: many deliveries that failed together do not return together."""

LONGEST_WAIT = timedelta(seconds=86_400)
"""A receiver that asks for more patience than this (Retry-After) is tried after this."""

LEASE = timedelta(minutes=5)
"""A courier that has not settled a delivery by then is taken for dead, and another one sends it."""

SEND_LIMIT = timedelta(seconds=60)
"""No attempt lasts longer, whatever the channel's own limits for each step add up to."""

SETTLE_LIMIT = timedelta(seconds=30)
"""Time for what follows an attempt: to hang up (a mail server has 20 s to answer QUIT), and to write down what
became of it. A delivery is begun only if SEND_LIMIT and this still fit into its lease."""

PATIENCE = 4
"""Attempts during which a delivery holds back the later ones of its lane; then it blocks nobody any more."""

PAUSE_AFTER = 5
"""Failures in a row after which a subscription rests (circuit breaker)."""

PAUSE = timedelta(minutes=1)

DISABLE_AFTER = timedelta(days=5)
"""A subscription that failed this long without one success is switched off."""


def next_attempt(
    delivery_id: UUID, attempts: int, now: datetime, retry_after: float | None = None
) -> datetime | None:
    """When to try again after `attempts` failed attempts; None when the schedule is used up.

    The jitter is a function of the delivery and the attempt, so that a test knows it.
    """
    if attempts > len(RETRY_SECONDS):
        return None
    share = crc32(delivery_id.bytes + attempts.to_bytes(4, "big")) / 2**32
    wait = timedelta(seconds=RETRY_SECONDS[attempts - 1] * (1 + JITTER * share))
    if retry_after is not None:
        wait = max(wait, min(timedelta(seconds=retry_after), LONGEST_WAIT))
    return now + wait
