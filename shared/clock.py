"""The only clock. Everything that needs the time calls `now()`; tests move it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _source()


def today() -> date:
    """The present day, UTC."""
    return now().astimezone(UTC).date()


@contextmanager
def moved_to(source: Callable[[], datetime]) -> Iterator[None]:
    """Replace the clock for the length of a block (tests only)."""
    global _source  # noqa: PLW0603 - the clock is the one thing every module shares on purpose
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
