"""What of a complaint is timed: since when, and until what. Pure.

A time that ends in another way than the one that is timed is censored: it is known that it took longer than so.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from services.insights.durations import bucket_of

if TYPE_CHECKING:
    from services.insights.model import Facts

DURATIONS = {
    "handling": "from receipt to the result, of complaints neither merged into others nor withdrawn; on the day of "
    "receipt",
    "response": "from receipt to the first answer by a person; censored when the complaint was closed, withdrawn or "
    "merged into another without one; on the day of receipt",
    "acknowledgement": "from the issue of a notice to its acknowledgement, of each notice that somebody must "
    "acknowledge; on the day of issue",
}
"""Of each a histogram is kept. Another one is a line here, one in `timed`, and a recount."""

BEGUN = -1
"""In the place of a bucket: all that are timed, whether they have ended or not."""
CENSORED = 1 << 11
"""Above all buckets. CENSORED + bucket: those that ended in another way, after so long."""


class Timed(NamedTuple):
    """One time that is taken."""

    name: str
    """In DURATIONS."""
    since: datetime
    place: int | None
    """The bucket, or CENSORED and the bucket; None while it lasts."""


def timed(facts: "Facts", *, own: bool) -> Iterator[Timed]:
    """Of a registered complaint. `own`: it was neither merged nor withdrawn."""
    received = facts.registered_at
    assert received is not None
    if own:
        took = facts.handling_seconds
        yield Timed("handling", received, None if took is None else bucket_of(took))
    yield Timed("response", received, _answered(facts, received))
    for issued_at, known_at in zip(facts.notices_issued_at, facts.notices_known_at, strict=True):
        if issued_at is not None:  # an acknowledgement can be read before its notice
            yield Timed(
                "acknowledgement", issued_at, None if known_at is None else _took(issued_at, known_at)
            )


def _answered(facts: "Facts", received: datetime) -> int | None:
    took = facts.response_seconds
    if took is not None:
        return bucket_of(took)
    left = [at for at in (facts.closed_at, facts.withdrawn_at, facts.merged_at) if at is not None]
    return CENSORED + _took(received, min(left)) if left else None


def _took(since: datetime, until: datetime) -> int:
    return bucket_of(int((until - since).total_seconds()))
