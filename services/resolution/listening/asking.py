"""After solving, the customer is asked for an opinion once or twice (一到二次征求意见). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.resolution.lifecycle import Action, NotNow, State, Words
from services.resolution.listening.watching import Watched
from services.resolution.timeline import SYSTEM, Kind
from shared.events import FollowUpRequested
from shared.ids import derived_id
from shared.worktime import add_working_time

ASK_FIRST = Words(
    "The customer has not been asked often enough for an opinion: wait for the next follow-up, or give the opinion "
    "that they told you.",
    "征求顾客意见的次数还不够：请等待下一次回访，或登记顾客已告知的意见。",
)


@dataclass(kw_only=True)
class Asking(Watched):
    """A solved case asks for an opinion, and again when none comes."""

    follow_ups: int = 0
    """How often an opinion on the present result was asked for."""
    follow_up_at: datetime | None = None
    """After this moment it is asked again."""

    @property
    def follow_up_id(self) -> UUID | None:
        """The request for an opinion on the result that was told last, however often it is repeated."""
        return derived_id("follow-up", self.id, self.solutions) if self.solutions else None

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        if self.follow_up_at is not None and self.state is State.CARRIED_OUT:
            yield self.follow_up_at

    def time_passed(self, at: datetime) -> None:
        super().time_passed(at)
        if self.follow_up_at is None or self.state is not State.CARRIED_OUT or at <= self.follow_up_at:
            return
        self._tell(Kind.FOLLOWED_UP, at, SYSTEM)
        self._ask(at)

    def _ask_anew(self, at: datetime) -> None:
        """There is a new result."""
        self.follow_ups = 0
        self._ask(at)

    def _ask(self, at: datetime) -> None:
        assert self.follow_up_id is not None, "an opinion is about a result"
        self.follow_ups += 1
        rules = self.listening
        self.follow_up_at = None
        if self.follow_ups < rules.follow_ups:
            hours = timedelta(hours=rules.follow_up_after_hours)
            self.follow_up_at = add_working_time(at, hours, self.calendars.usual)
        asked = FollowUpRequested(complaint_id=self.id, follow_up_id=self.follow_up_id, requested_at=at)
        self.record(asked, at)

    def _may_end_unheard(self) -> None:
        """Raises NotNow when somebody would close it without an opinion before it was asked for often enough: by the
        rule of now, or by the one of the last time, after which nobody asks any more."""
        if self.follow_up_at is not None and self.follow_ups < self.listening.follow_ups:
            raise NotNow(Action.CLOSE, ASK_FIRST)
