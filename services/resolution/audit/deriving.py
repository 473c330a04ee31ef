"""The state of a case, from what happened to it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.resolution.lifecycle import State
from services.resolution.timeline import Kind

LEADS_TO: Mapping[str, State] = {
    Kind.OPENED: State.OPEN,
    Kind.ACCEPTED: State.ACCEPTED,
    Kind.OFFERED: State.OFFERED,
    Kind.AGREED: State.AGREED,
    Kind.DECLINED: State.ACCEPTED,
    Kind.ANSWERED: State.CARRIED_OUT,
    Kind.CARRIED_OUT: State.CARRIED_OUT,
    Kind.RESUMED: State.ACCEPTED,
    Kind.REOPENED: State.ACCEPTED,
    Kind.CLOSED: State.CLOSED,
    Kind.WITHDRAWN: State.WITHDRAWN,
}
"""Entries of the timeline after which the case is in another state. Merging and separating are below."""


@dataclass
class Derived:
    """The state after the entries that were heard so far, in the order in which they became known."""

    state: State = State.UNOPENED
    before: State = State.UNOPENED
    """Where a merged case goes on when it is separated: offers that lay before the customer were withdrawn."""

    def hear(self, kind: str) -> None:
        if kind == Kind.MERGED:
            self.before = State.ACCEPTED if self.state is State.OFFERED else self.state
            self.state = State.MERGED
        elif kind == Kind.SEPARATED:
            self.state = self.before
        else:
            self.state = LEADS_TO.get(kind, self.state)
