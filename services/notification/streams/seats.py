"""How many may follow at once: each stream holds a connection open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared import telemetry
from shared.problems import Problem

OF_A_CASE = 10
"""Streams of one customer to one case."""


class Seats:
    """Part of notification; each process its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: Counter[str] = Counter()

    def check(self, caller: str, *, customer: bool) -> None:
        """Raises the 503 or 429 problem when there is no seat."""
        if self._taken.total() >= self._limit:
            raise Problem(
                503,
                "too-many-streams",
                "Too many streams are open here",
                "Try again shortly, or read /notification/v1/events. 连接数已满，请稍后再试，或改用事件列表。",
                headers={"Retry-After": "5"},
            )
        most = OF_A_CASE if customer else max(1, self._limit // 2)
        if self._taken[caller] >= most:
            raise Problem(
                429,
                "too-many-streams",
                "You have too many streams open",
                f"At most {most} at once: close some. 您打开的连接过多（最多 {most} 个），请先关闭一些。",
                headers={"Retry-After": "5"},
            )

    @contextmanager
    def taken(self, caller: str, kind: str) -> Iterator[None]:
        """A seat for the length of the block."""
        self._taken[caller] += 1
        telemetry.STREAMS_OPEN.labels(kind).inc()
        try:
            yield
        finally:
            telemetry.STREAMS_OPEN.labels(kind).dec()
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller]
