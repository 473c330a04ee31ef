"""The people a complaint is about: told, heard before anything is judged, cleared, and free to appeal. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.resolution.audit.witnessed import Noted
from services.resolution.fairness.book import FAIRNESS
from services.resolution.fairness.marking import Marking
from services.resolution.fairness.record import Accusation, Hearing, Mark, MarkState, SanctionState
from services.resolution.lifecycle import UNSOLVED, State
from services.resolution.timeline import SYSTEM, Kind, Source
from shared.aggregate import NotPossible
from shared.events.fairness import (
    AccusedAnswered,
    AccusedCleared,
    AccusedSilent,
    AccusedTold,
    AccusedUnheard,
    AppealEnded,
    Clearing,
    Decision,
    MarkEnd,
)
from shared.masking import mask


@dataclass(kw_only=True)
class Accusing(Marking):
    """A case that may be about people of the company."""

    praise: bool = False
    """Whoever is named in a praise is not complained about."""
    ended_appeals: dict[UUID, datetime] = field(default_factory=dict, repr=False, compare=False)
    """Appeals that this change ends without a decision, and when; they wait to be saved."""

    @property
    def accusations(self) -> int:
        """How many people it is about, or was."""
        return len(self.accused)

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        for each in self.accused.values():
            if each.waits:
                yield each.answer_by
            yield from (sanction.not_before for sanction in each.due)

    def time_passed(self, at: datetime) -> None:
        super().time_passed(at)
        for each in self.accused.values():
            if each.waits and each.answer_by < at:
                each.hearing = Hearing.SILENT
                self._noted(each, Kind.ACCUSED_SILENT, at)
                fact = AccusedSilent(complaint_id=self.id, person_id=each.person_id, silent_at=at)
                self.record(fact, at)
            for sanction in each.due:
                if sanction.not_before < at:
                    self._take_effect(each, sanction, at)

    # What the other services tell

    def accuse(self, person_id: str, at: datetime) -> None:
        """It is known whom the complaint is about, however late: that person is told, and may answer."""
        if self.praise or person_id in self.accused:
            return
        by = self.working(at, self.books.read(FAIRNESS).answer_hours)
        self.accused[person_id] = self.touched[person_id] = Accusation(person_id, at, by)
        self._tell(Kind.ACCUSED_TOLD, at, SYSTEM, person_id, Source.INTAKE)
        told = AccusedTold(complaint_id=self.id, person_id=person_id, answer_by=by, told_at=at)
        self.record(told, at)
        if self.state is State.WITHDRAWN:
            self._clear(self.accused[person_id], Clearing.WITHDRAWN, SYSTEM, at)

    def withdraw(self, reason: str | None, at: datetime) -> None:
        """Nothing of a complaint that was withdrawn is held against anybody."""
        before = self.state
        super().withdraw(reason, at)
        if self.state is State.WITHDRAWN and before is not State.WITHDRAWN:
            for each in self.accused.values():
                self._clear(each, Clearing.WITHDRAWN, SYSTEM, at)

    # What people do. They raise NotPossible.

    def must_not_be_about(self, person_id: str) -> None:
        """Nobody handles a complaint about themselves."""
        if person_id in self.accused:
            raise NotPossible(
                "complaint-about-handler",
                "The complaint is about this person: somebody else handles it.",
                "该投诉涉及此人，须由他人处理。",
                person_id=person_id,
            )

    def defend(self, person_id: str, answer: str, at: datetime) -> None:
        """The person complained about gives their side; a later word takes the place of the former."""
        mine = self.accused[person_id]
        if not mine.open or mine.live_mark is not None or self.state not in UNSOLVED:
            raise NotPossible(
                "nothing-to-answer",
                "An answer is possible until the case is solved or a mark is made; against a mark, appeal.",
                "须在结案前、作出责任记录前陈述；对责任记录不服的，请提出申诉。",
                case_state=self.state.value,
            )
        mine.hearing, mine.answered_at, mine.answer = Hearing.ANSWERED, at, mask(answer)
        self.touched[person_id] = mine
        self._tell(Kind.ACCUSED_ANSWERED, at, person_id, mine.answer)
        told = AccusedAnswered(complaint_id=self.id, person_id=person_id, answered_at=at)
        self.record(told, at)

    def waive(self, person_id: str, reason: str, by: str, at: datetime) -> None:
        """The handler does not wait for this person's answer, and says why."""
        of = self.accused[person_id]
        if not of.waits:
            raise NotPossible(
                "nothing-to-wait-for",
                "Nothing waits for this person's answer: judge when you are ready.",
                "无需等待该当事人陈述，可以作出判断。",
                hearing=of.hearing.value,
            )
        of.hearing = Hearing.WAIVED
        self._noted(of, Kind.ACCUSED_UNHEARD, at, by, mask(reason))
        self.record(AccusedUnheard(complaint_id=self.id, person_id=person_id, unheard_at=at), at)

    def clear(self, person_id: str, because: Clearing, reason: str, by: str, at: datetime) -> None:
        """It is not held against this person: they were named wrongly, or were not at fault."""
        of = self.accused[person_id]
        if not of.open:
            raise NotPossible(
                "cleared-already",
                "The complaint is not held against this person any more.",
                "该投诉已不归责于此人。",
                because=of.cleared_because and of.cleared_because.value,
            )
        self._clear(of, because, by, at, mask(reason))

    def judged(self, valid: bool, by: str, at: datetime) -> None:
        """The complaint was judged: what was heard of is marked, or a mark goes that has no ground any more."""
        for each in self.accused.values():
            if not valid:
                self._remove(each, MarkEnd.JUDGEMENT, at)
                self._end_appeal(each, at)
            elif each.open and each.live_mark is None:
                self._make_mark(each, by, at)

    def propose(self, person_id: str, kind: str, reason: str, by: str, at: datetime) -> None:
        """A consequence for the person's mark. It waits until they could appeal, and until an appeal has ended."""
        of = self.accused[person_id]
        self._propose(of, self._live_mark_of(of), kind, reason, by, at)

    def contest(self, person_id: str, appeal_id: UUID, *, new_evidence: bool, at: datetime) -> Mark:
        """The person appeals against their mark, which is frozen. Once; again only with new evidence."""
        mine = self.accused[person_id]
        mark = self._live_mark_of(mine)
        if mark.state is MarkState.FROZEN:
            raise NotPossible(
                "appeal-runs",
                "Your appeal runs already.",
                "您的申诉正在处理中。",
                appeal_id=str(mine.appeal_id),
            )
        if mark.appeals and not new_evidence:
            raise NotPossible(
                "no-new-evidence",
                "A second appeal is heard only with new evidence: give new_evidence.",
                "再次申诉须提供新的证据：请填写 new_evidence。",
            )
        if at > mark.appeal_until:
            raise NotPossible(
                "too-late-to-appeal",
                "The time to appeal against this mark has passed.",
                "对该责任记录的申诉期限已过。",
                appeal_until=mark.appeal_until.isoformat(),
            )
        mine.appeal_id = appeal_id
        self._freeze(mine, mark, at)
        return mark

    # How an appeal ends

    def conclude(self, person_id: str, decision: Decision, at: datetime) -> None:
        """The reviewer decided: the record follows. What was proposed need wait no longer."""
        of = self.accused[person_id]
        mark = self._live_mark_of(of)
        of.appeal_id = None
        if decision is Decision.UPHELD:
            self._remove(of, MarkEnd.APPEAL, at)
            self._clear(of, Clearing.APPEAL, SYSTEM, at)
            return
        if decision is Decision.PARTLY:
            self._lift_sanctions(of, at)
        for each in of.sanctions:
            if each.state is SanctionState.PROPOSED:
                each.not_before = at
        mark.decided_at = at
        mark.appeal_until = self.working(at, self.books.read(FAIRNESS).again_hours)
        self._restore(of, mark, at)

    def give_in(self, person_id: str, at: datetime) -> None:
        """The person withdrew their appeal: the mark counts again."""
        of = self.accused[person_id]
        of.appeal_id = None
        self._restore(of, self._live_mark_of(of), at)

    def read_by_accused(self, person_id: str, at: datetime) -> None:
        """Whoever is complained about read what concerns them."""
        self.witness(Noted.READ, at, person_id, what="accusation", purpose="their own")

    def note_appeal(self, kind: Kind, person_id: str, at: datetime, by: str, text: str | None = None) -> None:
        """A line of the timeline about the person's appeal."""
        self._tell(kind, at, by, " · ".join(filter(None, (person_id, text))))

    # Steps that several of these share

    def _live_mark_of(self, of: Accusation) -> Mark:
        if of.live_mark is None:
            raise NotPossible(
                "no-mark",
                "No mark is held against this person by this complaint.",
                "该投诉未对此人作出责任记录。",
            )
        return of.live_mark

    def _clear(
        self, of: Accusation, because: Clearing, by: str, at: datetime, reason: str | None = None
    ) -> None:
        if not of.open:
            return
        of.cleared_at, of.cleared_because = at, because
        ends = {Clearing.WITHDRAWN: MarkEnd.WITHDRAWN}
        self._remove(of, ends.get(because, MarkEnd.CLEARED), at)
        text = " · ".join(filter(None, (because.value, reason)))
        self._noted(of, Kind.ACCUSED_CLEARED, at, by, text)
        told = AccusedCleared(complaint_id=self.id, person_id=of.person_id, because=because, cleared_at=at)
        self.record(told, at)
        self._end_appeal(of, at)

    def _end_appeal(self, of: Accusation, at: datetime) -> None:
        """There is nothing left to appeal against."""
        if of.appeal_id is None:
            return
        ended = AppealEnded(
            complaint_id=self.id,
            person_id=of.person_id,
            appeal_id=of.appeal_id,
            withdrawn=False,
            ended_at=at,
        )
        self.record(ended, at)
        self._noted(of, Kind.APPEAL_ENDED, at)
        self.ended_appeals[of.appeal_id] = at
        of.appeal_id = None
