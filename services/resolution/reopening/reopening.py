"""How a closed case is taken up again. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.resolution.lifecycle import Action, NotNow, State, Words
from services.resolution.listening.correcting import Correcting
from services.resolution.reopening.book import REOPENING
from services.resolution.timeline import CUSTOMER, Kind, Source
from shared.events import CaseReopened
from shared.masking import mask


@dataclass(kw_only=True)
class Reopening(Correcting):
    """Within a window after its closing a case can be taken up again, by whom it concerns or by staff."""

    closed_at: datetime | None = None
    reopened: int = 0
    """How often it was."""

    @property
    def reopen_until(self) -> datetime | None:
        """The last moment at which it can be; None while it is not closed."""
        return None if self.closed_at is None else self.closed_at + self.books.read(REOPENING).window

    def reopen(self, reason: str, author: str, at: datetime) -> None:
        """Somebody of the company takes it up again. Raises NotNow, when it is too late with the other ways."""
        self._check(Action.REOPEN)
        assert self.reopen_until is not None, "a closed case knows since when"
        if at > self.reopen_until:
            rules = self.books.read(REOPENING)
            days = rules.window_days
            late = Words(
                f"The case closed more than {days} days ago. {rules.otherwise_en}",
                f"结案已超过 {days} 天。{rules.otherwise_zh}",
            )
            raise NotNow(Action.REOPEN, late)
        self._take_up(author, mask(reason), at, Source.RESOLUTION)

    def ask_again(self, reason: str, at: datetime) -> None:
        """The customer asks for it. Intake refuses what is too late, by the window that the customer was told at the
        closing, whatever the rulebook says by now; what crosses something else is not lost."""
        if self.state is not State.CLOSED:
            self._tell(Kind.CUSTOMER_WROTE, at, CUSTOMER, reason, Source.INTAKE)
        else:
            self._take_up(CUSTOMER, reason, at, Source.INTAKE)

    def _take_up(self, author: str, reason: str, at: datetime, source: Source) -> None:
        """Its history stays; nothing of its end does."""
        self._move(Action.REOPEN)
        self.reopened += 1
        self.closed_at = None
        self.ended_negative = False
        if self.valid is False:
            self.judgement = None  # it is looked at anew
        self.start_anew(at)
        self._tell(Kind.REOPENED, at, author, reason, source)
        self.record(CaseReopened(complaint_id=self.id, reopened_by=author, reopened_at=at), at)
        self._promise(at, source)
        self._watch(at)
        self._reopened(at)
