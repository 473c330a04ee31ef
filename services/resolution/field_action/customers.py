"""One affected customer of a field action: told, answered, helped. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.field_action import Measure


class Standing(StrEnum):
    """How far it has come with a customer."""

    PENDING = "pending"
    """Not addressed yet."""
    ADDRESSED = "addressed"
    """The letter is under way."""
    TOLD = "told"
    ANSWERED = "answered"
    """They came forward; what they are due is not carried out yet, or not all of it."""
    CARRIED_OUT = "carried_out"
    REFUSED = "refused"
    """They want none of it."""
    UNREACHABLE = "unreachable"
    """No letter reached them: somebody must call."""


KNOWS = frozenset({Standing.TOLD, Standing.ANSWERED, Standing.CARRIED_OUT, Standing.REFUSED})
"""The customer knows of it: they count as told."""
WAITING = frozenset({Standing.PENDING, Standing.ADDRESSED})
LETTER = "letter"
"""By this a customer was told whom no person told."""


class ResultKind(StrEnum):
    """What a person of the company records of a customer."""

    TOLD = "told"
    """On the telephone, for example."""
    UNREACHABLE = "unreachable"
    """They could not be reached that way, either."""
    ANSWERED = "answered"
    CARRIED_OUT = "carried_out"
    REFUSED = "refused"


@dataclass(kw_only=True)
class Customer:
    """One row for each customer and field action."""

    field_action_id: UUID
    customer_id: UUID
    state: Standing = Standing.PENDING
    late: bool = False
    """Found after the start."""
    addressed_at: datetime | None = None
    told_at: datetime | None = None
    told_by: str | None = None
    """`letter`, or who told them."""
    failure: str | None = None
    """Why no letter reached them."""
    done: tuple[Measure, ...] = ()
    """Measures that were carried out for them."""
    settled_at: datetime | None = None
    """When it was carried out for them, or refused."""
    note: str | None = None
    """What a person wrote last, masked."""

    def address(self, at: datetime) -> None:
        assert self.state is Standing.PENDING, "nobody is addressed twice"
        self.state, self.addressed_at = Standing.ADDRESSED, at

    def letter_delivered(self, at: datetime) -> None:
        """What a person recorded meanwhile says more, and stays."""
        self.told_at = self.told_at or at
        self.told_by = self.told_by or LETTER
        if self.state in {Standing.ADDRESSED, Standing.UNREACHABLE}:
            self.state, self.failure = Standing.TOLD, None

    def letter_failed(self, reason: str) -> None:
        """Also a letter that had counted as delivered and came back: they may know of nothing, and are called. After
        somebody reached them it changes nothing."""
        if self.state is Standing.ADDRESSED or (self.state is Standing.TOLD and self.told_by == LETTER):
            self.state, self.failure = Standing.UNREACHABLE, reason[:500]
            self.told_at = self.told_by = None

    def record(
        self,
        result: ResultKind,
        due: Sequence[Measure],
        done: Sequence[Measure],
        note: str | None,
        by: str,
        at: datetime,
    ) -> None:
        """`due`: the measures of the action that are carried out for each customer. `done`: those now carried out;
        none named: all that are due."""
        if note is not None:
            self.note = note
        if result is ResultKind.UNREACHABLE:
            return  # a letter may still be on its way, or is missing already
        self.told_at = self.told_at or at
        if self.told_by is None or self.told_by == LETTER:
            self.told_by = by  # what a person heard from them holds, even if the letter comes back
        self.failure = None
        if result is ResultKind.CARRIED_OUT:
            carried = {*self.done, *(done or due)}
            self.done = tuple(measure for measure in Measure if measure in carried)
            whole = carried >= set(due)
            self.state, self.settled_at = (Standing.CARRIED_OUT, at) if whole else (Standing.ANSWERED, None)
        elif result is ResultKind.REFUSED:
            self.state, self.settled_at = Standing.REFUSED, at
        elif result is ResultKind.ANSWERED and self.state is not Standing.CARRIED_OUT:
            self.state, self.settled_at = Standing.ANSWERED, None  # also whoever refused at first
        elif self.state not in KNOWS:
            self.state = Standing.TOLD


@dataclass(frozen=True, slots=True)
class Letter:
    """What notification tells of a customer's letter."""

    field_action_id: UUID
    customer_id: UUID
    at: datetime
    failure: str | None = None
    """None: it was delivered."""
