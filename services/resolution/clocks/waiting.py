"""What a case waits for, what lengthens its time, and what it owes in public. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.resolution.clocks.book import CLOCKS
from services.resolution.clocks.rules import ENDED
from services.resolution.lifecycle import Action, NotNow, State, WaitingFor, Words
from services.resolution.timeline import SYSTEM, Kind, Source
from services.resolution.withdrawing import Withdrawing
from shared.events import (
    CaseGrew,
    ColleagueAsked,
    ColleagueChased,
    CustomerAsked,
    PublicResponseGiven,
    ResolutionExtended,
)
from shared.events.clocks import Clock
from shared.events.vocabulary import Severity, Visibility
from shared.masking import mask
from shared.reply_policy import Readers

TOO_LATE_TO_EXTEND = Words(
    "The time for the solution is over already: what was missed is not mended by an extension.",
    "处理期限已过，逾期后不得再申请延长。",
)
EXTENDED_OFTEN = Words(
    "The time for the solution was extended as often as the rules allow.", "处理期限延长次数已达上限。"
)
TOO_LONG = Words(
    "The rules do not allow so long an extension: ask for fewer hours.",
    "延长时间超过规定上限，请减少小时数。",
)


@dataclass(kw_only=True)
class Waiting(Withdrawing):
    """Waiting for the customer lets the clocks stand still; waiting for a colleague does not."""

    waits_since: datetime | None = None
    asked_whom: str | None = None
    """The colleague: a person or a department."""
    chase_at: datetime | None = None
    """When the colleague is chased next."""
    chased: int = 0
    grew_at: datetime | None = None
    """When it became more severe than it was, for the last time."""

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        if self.chase_at is not None and self.state is not State.MERGED:
            yield self.chase_at

    def time_passed(self, at: datetime) -> None:
        """And chase the colleague who has not answered; not while the case follows another one, because nobody can
        record the answer then."""
        super().time_passed(at)
        if self.chase_at is None or at <= self.chase_at or self.state is State.MERGED:
            return
        assert self.asked_whom is not None
        self.chased += 1
        self.chase_at = self._after(at, self.books.read(CLOCKS).chase_hours, self.department)
        self._tell(Kind.COLLEAGUE_CHASED, at, SYSTEM, self.asked_whom)
        chased = ColleagueChased(complaint_id=self.id, whom=self.asked_whom, times=self.chased, chased_at=at)
        self.record(chased, at)

    def ask_customer(self, question: str, author: str, at: datetime, by: datetime | None = None) -> None:
        """The case does not go on without the customer's answer. That is a reply, too."""
        self._move(Action.ASK_CUSTOMER)
        question = mask(question)
        self.waiting_for = WaitingFor.CUSTOMER
        self._tell(Kind.CUSTOMER_ASKED, at, author, question)
        self.say(question, author, at)
        self.record(CustomerAsked(complaint_id=self.id, question=question, asked_at=at), at)
        self._replied(at, by)

    def ask_colleague(self, whom: str, question: str, author: str, at: datetime) -> None:
        """They are chased until somebody records their answer; the customer's clocks run on."""
        self._move(Action.ASK_COLLEAGUE)
        question = mask(question)
        self.waiting_for, self.asked_whom, self.chased = WaitingFor.COLLEAGUE, whom, 0
        self.chase_at = self._after(at, self.books.read(CLOCKS).chase_hours, self.department)
        self._tell(Kind.COLLEAGUE_ASKED, at, author, f"{whom}: {question}")
        asked = ColleagueAsked(
            complaint_id=self.id, whom=whom, question=question, chase_at=self.chase_at, asked_at=at
        )
        self.record(asked, at)

    def answered(self, answer: str, author: str, at: datetime) -> None:
        """Whoever was asked has answered, by whatever way."""
        self._move(Action.ANSWERED)
        self.waiting_for = None
        self._tell(Kind.ANSWER_RECORDED, at, author, mask(answer))

    def extend(
        self, hours: float, reason: str, author: str, at: datetime, by: datetime | None = None
    ) -> None:
        """More time for the solution, as the law allows it, before the time is over. The customer is told why."""
        self._check(Action.EXTEND)
        allowed, run = self.books.read(CLOCKS).extension, self.runs.get(Clock.RESOLUTION)
        # A case that is older than its clocks has none yet.
        if run and (run.missed_at is not None or (run.due_at is not None and run.due_at < at)):
            raise NotNow(Action.EXTEND, TOO_LATE_TO_EXTEND)
        if self.extensions >= allowed.most_times:
            raise NotNow(Action.EXTEND, EXTENDED_OFTEN)
        if hours > allowed.most_hours:
            raise NotNow(Action.EXTEND, TOO_LONG)
        self.extensions += 1
        self.extended_hours += hours
        reason = mask(reason)
        self._tell(Kind.EXTENDED, at, author, f"{hours:g} h: {reason}")
        self.say(reason, author, at)
        extended = ResolutionExtended(complaint_id=self.id, hours=hours, reason=reason, extended_at=at)
        self.record(extended, at)
        self._replied(at, by)

    def respond_publicly(self, where: str, response: str, author: str, at: datetime) -> None:
        """What was said in public is answered there."""
        self._move(Action.RESPOND_PUBLICLY)
        self.publicly_answered_at = at
        where, response = mask(where), mask(response)
        self._tell(Kind.PUBLICLY_ANSWERED, at, author, f"{where}: {response}")
        self.say(response, author, at, Readers.EVERYBODY)
        given = PublicResponseGiven(complaint_id=self.id, where=where, response=response, given_at=at)
        self.record(given, at)

    def become(self, visibility: Visibility, by: str, at: datetime) -> None:
        """A later contact says whether it is public. What was public once stays so: whoever could make it private
        could escape its times and its public response. A case that has ended owes nothing new."""
        if self.state in ENDED:
            return
        if self.visibility is Visibility.PUBLIC and visibility is Visibility.PRIVATE:
            self._tell(Kind.CONCEALMENT_REFUSED, at, by, None, Source.INTAKE)
        else:
            self.visibility = visibility

    def _grow(self, before: Severity, now: Severity, reasons: Sequence[str], at: datetime) -> None:
        """A small thing became big: that is to be seen, and learned from."""
        self.grew_at = at
        text = f"{before.value} → {now.value}: {', '.join(reasons)}"
        self._tell(Kind.GREW, at, SYSTEM, text, Source.ROUTING)
        grew = CaseGrew(
            complaint_id=self.id,
            severity_before=before,
            severity=now,
            reasons=tuple(reasons),
            handler_id=self.handler_id,
            department=self.department,
            grew_at=at,
        )
        self.record(grew, at)

    def _listen(self, kind: Kind, at: datetime) -> None:
        super()._listen(kind, at)
        if self.waiting_for is None:
            self.waits_since = self.asked_whom = self.chase_at = None
            self.chased = 0
        elif self.waits_since is None:
            self.waits_since = at
