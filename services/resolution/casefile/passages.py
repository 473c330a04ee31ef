"""The words of a timeline entry on paper: what is a code or a time in them is said like everything else. Pure.

What a person wrote is evidence and stays as it is.
"""

from collections.abc import Callable
from datetime import datetime

from services.resolution.timeline import Kind
from services.resolution.views import TimelineEntry

Say = Callable[[str], str]

_TIMES = frozenset({Kind.PROMISE_MADE, Kind.DISPUTE_WARNED})
_CODES = frozenset(
    {Kind.TRIAGED, Kind.ASSIGNED, Kind.AGREED, Kind.CONTACT_HELD, Kind.GREW}
    | {Kind.CLOCK_WARNED, Kind.CLOCK_MISSED, Kind.ESCALATED}
)
"""Codes, with ` · ` between them."""
_HEADED = {
    Kind.CLOSED: ": ",
    Kind.OPINION: ": ",
    Kind.DECLINED: ": ",
    Kind.DISPUTE_DECIDED: ": ",
    Kind.APPROVAL_ASKED: " · ",
    Kind.APPROVAL_GRANTED: " · ",
    Kind.APPROVAL_REFUSED: " · ",
    Kind.APPROVAL_WITHDRAWN: " · ",
}
"""A code, then what parts it from what a person wrote."""


def passage(entry: TimelineEntry, say: Say, moment: Callable[[datetime], str]) -> str:
    """`say` knows words for codes and leaves the rest alone; `moment` says a time on the paper's wall clock."""
    text = entry.text or ""
    if entry.kind in _TIMES and text:
        return moment(datetime.fromisoformat(text))
    if entry.kind in _CODES:
        return " · ".join(say(part) for part in text.split(" · ")) if text else ""
    if (parting := _HEADED.get(entry.kind)) and text:
        head, *rest = text.split(parting, 1)
        return parting.join((say(head), *rest))
    return text
