"""What a complaint is about and how severe it is: by rules, by the classifier, or by a person. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.routing.status import Status
from services.routing.triage.deciding import Decision, decide
from services.routing.triage.lessons import Head
from services.routing.triage.opinion import Classifier, Opinion
from services.routing.triage.risks import Risking
from services.routing.triage.told import Told
from shared.events import ComplaintRegistered, ComplaintSupplemented
from shared.events.routing import Decider
from shared.events.vocabulary import Severity
from shared.masking import mask


class NotReferred(Exception):
    """The complaint does not wait for a decision."""


@dataclass(kw_only=True)
class Triaging(Risking):
    """A complaint on which is decided."""

    handler_id: str | None = None
    """Who carries it, or carried it last."""
    freed: str | None = None
    """Who carried it until this change. Only between a change and its `settle`."""
    classifier: Classifier | None = field(default=None, compare=False, repr=False)
    """The one that this process holds, as loaded with this batch."""
    opinion: Opinion | None = field(default=None, compare=False, repr=False)
    """What it held of the complaint, when this change asked it."""
    counted: bool = field(default=False, compare=False, repr=False)
    """The rules were not clear when it was asked: its opinion counted, whatever a person has said since."""

    def triage(self, event: ComplaintRegistered) -> None:
        """Decide on what was told, or refer it to a person.

        The case may be closed already, when that was heard first. All is told nonetheless, and whoever would
        have got it gets it and is free at once: the end is the same in whatever order the news come.
        """
        self.told, self.retold = Told.registered(event), True
        self.visibility = event.visibility
        self._take(self._judge(), event.registered_at)
        if self.choose_at is None:
            self._catch_up()

    def supplement(self, event: ComplaintSupplemented) -> None:
        """A later contact may decide what waits for a person, and make a complaint more severe, never less."""
        before = self.told or Told()
        self.told, self.retold = before.supplemented(event), True
        self.visibility = self.told.visibility or self.visibility
        if self.category is None:
            decision = self._judge()
            if decision.category is not None:
                self._take(replace(decision, severity=self._at_least(decision.severity)), event.added_at)
                return
        now, then = decide(self.told, self.books, None), decide(before, self.books, None)
        news = tuple(reason for reason in now.reasons if reason not in then.reasons)
        risen = now.severity.rank > then.severity.rank
        if risen:
            self.nature = max(self.nature or now.nature, now.nature, key=lambda each: each.rank)
            self.urgency = max(self.urgency or now.urgency, now.urgency, key=lambda each: each.rank)
        self._raise_to(now.severity if risen else self.severity, news, event.added_at)

    def decide(
        self,
        category: str,
        severity: Severity | None,
        department: str | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        """A person decides what waited for it. Raises NotReferred."""
        if self.status is not Status.REFERRED:
            raise NotReferred
        self._correct(category, severity, department, reason, by, at)
        self.status, self.choose_at = Status.WAITING, at

    def correct(
        self,
        category: str | None,
        severity: Severity | None,
        department: str | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        """A person corrects what was decided. Whoever has it keeps it, unless another department is to have it.

        Raises NotPossible once the case has ended.
        """
        self._must_be_open()
        assert self.category is not None
        moves = department is not None and department != self.department
        self._correct(category or self.category, severity, department, reason, by, at)
        if moves:
            self.pass_on(mask(reason), at)

    def recode(self, category: str, least: Severity | None, reason: str, by: str, at: datetime) -> None:
        """A person coded the complaint by the taxonomy: that decides, or corrects what was decided.

        Whoever has it keeps it. `least` is how severe such a complaint is at least. `reason` is masked.
        """
        self.teach(Head.CATEGORY, category, by, at)
        severity = self._at_least(least or self.severity)
        if (category, severity) == (self.category, self.severity):
            return
        undecided = self.category is None
        self.category, self.severity, self.reasons = category, severity, (reason,)
        self.decided_by = Decider.PERSON
        self._tell_triaged(at)
        if undecided:
            self.status, self.choose_at = Status.WAITING, at

    def forget(self) -> None:
        """The customer is erased: no words are kept, neither theirs nor what somebody wrote about them."""
        self.reasons = ()
        self.told, self.retold = None, True
        self.evidence = self.evidence.without_words()
        for flag in self.flags:
            flag.reason, flag.settled_reason = "", "" if flag.settled_at else None
            self.flagged = True

    def pass_on(self, because: str, at: datetime) -> None:
        """Another department shall have it. `because` is masked."""
        raise NotImplementedError

    def _judge(self) -> Decision:
        assert self.told is not None
        self.opinion = self.classifier.judge(self.told.text, why=False) if self.classifier else None
        decision = decide(self.told, self.books, self.opinion)
        self.counted = decision.category is None or decision.decided_by is Decider.MODEL
        if self.classifier is not None and self.counted:
            self.opinion = self.classifier.judge(self.told.text, why=True)
        return decision

    def _take(self, decision: Decision, at: datetime) -> None:
        self.category, self.severity, self.reasons = decision.category, decision.severity, decision.reasons
        self.nature, self.urgency = decision.nature, decision.urgency
        self.proposed_department = decision.department
        self._note(
            self.opinion,
            decision.rules_version,
            decision.matrix_version,
            decided=decision.decided_by is Decider.MODEL,
        )
        if decision.category is None:
            self.status = Status.REFERRED
        else:
            self.decided_by = decision.decided_by
            self.status, self.choose_at = Status.WAITING, at
        self._tell_decided(at)

    def _correct(
        self,
        category: str,
        severity: Severity | None,
        department: str | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        self.teach(Head.CATEGORY, category, by, at)
        if severity is not None:
            self.teach(Head.SEVERITY, severity, by, at)
        if department is not None:
            self.teach(Head.DEPARTMENT, department, by, at)
        self.category, self.severity = category, severity or self.severity
        self.proposed_department = department or self.proposed_department
        self.reasons, self.decided_by = (mask(reason),), Decider.PERSON
        self._tell_triaged(at)

    def _at_least(self, severity: Severity) -> Severity:
        return max(self.severity, severity, key=lambda each: each.rank)
