"""What a complaint is about and how severe it is: by rules, or by a person. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.routing.status import Status
from services.routing.transfer.noticing import Noticing
from services.routing.triage.rules import Decision
from shared.events import ComplaintReferred, ComplaintTriaged
from shared.events.routing import Decider
from shared.events.vocabulary import Severity
from shared.masking import mask


class NotReferred(Exception):
    """The complaint does not wait for a decision."""


@dataclass(kw_only=True)
class Triaging(Noticing):
    """A complaint on which is decided."""

    status: Status = Status.BLANK
    registered_at: datetime | None = None
    language: str | None = None
    reasons: tuple[str, ...] = ()
    choose_at: datetime | None = None
    """Somebody is to be chosen, as of this time. Only between a change and its `settle`."""

    def triage(self, decision: Decision, at: datetime) -> None:
        """Take what the rules found: decided, or referred to a person.

        The case may be closed already, when that was heard first. All is told nonetheless, and whoever would
        have got it gets it and is free at once: the end is the same in whatever order the news come.
        """
        if decision.category is None:
            self.status, self.severity, self.reasons = Status.REFERRED, decision.severity, decision.reasons
            self._tell(
                ComplaintReferred(
                    complaint_id=self.id, severity=self.severity, reasons=decision.reasons, referred_at=at
                ),
                at,
            )
        else:
            self._decide(decision.category, decision.severity, Decider.RULES, decision.reasons, at)
        if self.choose_at is None:
            self._catch_up()

    def decide(self, category: str, severity: Severity | None, reason: str, at: datetime) -> None:
        """A person decides what the rules could not. Raises NotReferred."""
        if self.status is not Status.REFERRED:
            raise NotReferred
        self._decide(category, severity or self.severity, Decider.PERSON, (mask(reason),), at)

    def recode(self, category: str, least: Severity | None, reason: str, at: datetime) -> None:
        """A person coded the complaint by the taxonomy: that decides, or corrects what was decided.

        Whoever has it keeps it. `least` is how severe such a complaint is at least. `reason` is masked.
        """
        severity = max(self.severity, least or self.severity, key=lambda s: s.rank)
        if (category, severity) == (self.category, self.severity):
            return
        if self.category is None:
            self._decide(category, severity, Decider.PERSON, (reason,), at)
            return
        self.category, self.severity, self.reasons = category, severity, (reason,)
        self._tell_triaged(Decider.PERSON, at)

    def _decide(
        self, category: str, severity: Severity, by: Decider, reasons: tuple[str, ...], at: datetime
    ) -> None:
        self.category, self.severity, self.reasons = category, severity, reasons
        self._tell_triaged(by, at)
        self.status, self.choose_at = Status.WAITING, at

    def _tell_triaged(self, by: Decider, at: datetime) -> None:
        assert self.category is not None
        fact = ComplaintTriaged(
            complaint_id=self.id,
            category=self.category,
            severity=self.severity,
            decided_by=by,
            reasons=self.reasons,
            triaged_at=at,
        )
        self._tell(fact, at)

    def _catch_up(self) -> None:
        """What was heard before takes effect."""
        raise NotImplementedError
