"""When a delivery is tried again, and when a receiver is left in peace: the rulebook `delivery-schedule`.

`schedule.json` is version 0.
"""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID
from zlib import crc32

from pydantic import Field, model_validator

from shared.rulebooks import Book
from shared.rulebooks.model import Content

LEASE = timedelta(minutes=5)
"""A courier that has not settled a delivery by then is taken for dead, and another one sends it."""

SEND_LIMIT = timedelta(seconds=60)
"""No attempt lasts longer, whatever the channel's own limits for each step add up to."""

SETTLE_LIMIT = timedelta(seconds=30)
"""Time for what follows an attempt: to hang up (a mail server has 20 s to answer QUIT), and to write down what
became of it. A delivery is begun only if SEND_LIMIT and this still fit into its lease."""

Seconds = Annotated[float, Field(ge=1, le=604_800, allow_inf_nan=False)]
"""Up to a week."""


class Schedule(Content):
    """Waits between attempts, and the circuit breaker of webhooks."""

    waits: Annotated[tuple[Seconds, ...], Field(max_length=20)]
    """Seconds after the first, second, ... attempt; after the last wait there is one more attempt."""
    jitter: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    """A wait is longer by up to this share: many deliveries that failed together do not return together."""
    longest_wait: Seconds
    """Seconds. A receiver that asks for more patience than this (Retry-After) is tried after this."""
    patience: Annotated[int, Field(ge=1, le=20)]
    """Attempts during which a delivery holds back the later ones of its lane; then it blocks nobody any more."""
    pause_after: Annotated[int, Field(ge=1, le=100)]
    """Failures in a row after which a webhook rests (circuit breaker)."""
    pause: Seconds
    """Seconds of rest; then one delivery is a probe. If it fails, the webhook rests again."""
    disable_after: Annotated[float, Field(ge=60, le=5_184_000, allow_inf_nan=False)]
    """Seconds. A webhook that failed this long without one success is switched off. Up to 60 days."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        if list(self.waits) != sorted(self.waits):
            raise ValueError("each wait must be at least as long as the one before 等待时间须逐次不减")
        if self.waits and self.longest_wait < self.waits[-1]:
            raise ValueError(
                "longest_wait must be at least as long as the last of the waits longest_wait不得短于最后一次等待"
            )
        if self.disable_after < self.pause:
            raise ValueError(
                "disable_after must be at least as long as pause: a webhook is probed before it is switched off "
                "disable_after不得短于pause，停用之前须先试探"
            )
        return self

    def next_attempt(
        self, delivery_id: UUID, attempts: int, now: datetime, retry_after: float | None = None
    ) -> datetime | None:
        """When to try again after `attempts` failed attempts; None when the schedule is used up.

        The jitter is a function of the delivery and the attempt, so that a test knows it.
        """
        if attempts > len(self.waits):
            return None
        share = crc32(delivery_id.bytes + attempts.to_bytes(4, "big")) / 2**32
        wait = timedelta(seconds=self.waits[attempts - 1] * (1 + self.jitter * share))
        return now + (wait if retry_after is None else max(wait, self.asked(retry_after)))

    def asked(self, retry_after: float) -> timedelta:
        """How much of the patience that a receiver asks for (seconds) it gets."""
        return timedelta(seconds=min(retry_after, self.longest_wait))


SCHEDULE = Book(
    "delivery-schedule",
    Schedule,
    "delivery schedule",
    "发送与重试时间表",
    ("services.notification", "schedule.json"),
)
