"""What is decided on a complaint, why, and how it is told. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.routing.status import Status
from services.routing.triage.lessons import Learning
from services.routing.triage.limits import LIMITS
from services.routing.triage.opinion import Opinion
from shared.events import ComplaintReferred, ComplaintTriaged
from shared.events.routing import Decider, SpokenWord, Suggestion, TimeLimits
from shared.events.vocabulary import Nature, Severity, Urgency, Visibility


class Evidence(BaseModel):
    """By what it was decided, as it was in that moment."""

    model_config = ConfigDict(frozen=True)

    rules_version: int | None = None
    matrix_version: int | None = None
    model_version: str | None = None
    probability: float | None = None
    """How sure the classifier was of what it decided."""
    suggestions: tuple[Suggestion, ...] = ()
    spoke_for: tuple[SpokenWord, ...] = ()
    spoke_against: tuple[SpokenWord, ...] = ()

    def without_words(self) -> "Evidence":
        bare = tuple(each.model_copy(update={"words": ()}) for each in self.suggestions)
        return self.model_copy(update={"suggestions": bare, "spoke_for": (), "spoke_against": ()})


@dataclass(kw_only=True)
class Telling(Learning):
    """A complaint of which is told what was decided."""

    status: Status = Status.BLANK
    registered_at: datetime | None = None
    language: str | None = None
    visibility: Visibility | None = None
    nature: Nature | None = None
    urgency: Urgency | None = None
    decided_by: Decider | None = None
    """Who decided the category."""
    reasons: tuple[str, ...] = ()
    proposed_department: str | None = None
    """The department that is to have it; None: whichever is responsible for the category."""
    time_limits: TimeLimits | None = None
    evidence: Evidence = field(default_factory=Evidence)
    choose_at: datetime | None = None
    """Somebody is to be chosen, as of this time. Only between a change and its `settle`."""

    def _note(
        self, opinion: Opinion | None, rules_version: int, matrix_version: int, *, decided: bool
    ) -> None:
        """Keep what the classifier held, and the versions by which was decided."""
        held = opinion or Opinion("")
        self.evidence = Evidence(
            rules_version=rules_version,
            matrix_version=matrix_version,
            model_version=held.model_version or None,
            probability=held.probability if opinion and decided else None,
            suggestions=held.suggestions,
            spoke_for=held.spoke_for if decided else (),
            spoke_against=held.spoke_against if decided else (),
        )

    def _raise_to(self, severity: Severity, why: tuple[str, ...], at: datetime) -> None:
        """More severe than before, or visible to more people: that is told, whether or not it is decided on.

        It is never lowered here.
        """
        before, limits = self.severity, self.time_limits
        self.severity = max(self.severity, severity, key=lambda each: each.rank)
        self._set_limits()
        if (self.severity, self.time_limits) == (before, limits):
            return
        self.reasons = tuple(dict.fromkeys((*self.reasons, *why)))
        self._tell_decided(at)

    def _set_limits(self) -> None:
        table, version = self.books.read(LIMITS), self.books.version(LIMITS)
        self.time_limits = table.limits(version, self.severity, self.category, self.visibility)

    def _tell_decided(self, at: datetime) -> None:
        if self.category is None:
            self._tell_referred(at)
        else:
            self._tell_triaged(at)

    def _tell_referred(self, at: datetime) -> None:
        self._set_limits()
        fact = ComplaintReferred(
            complaint_id=self.id,
            severity=self.severity,
            reasons=self.reasons,
            referred_at=at,
            nature=self.nature,
            urgency=self.urgency,
            suggestions=self.evidence.suggestions,
            proposed_department=self.proposed_department,
            time_limits=self.time_limits,
            rules_version=self.evidence.rules_version,
            matrix_version=self.evidence.matrix_version,
            model_version=self.evidence.model_version,
        )
        self._tell(fact, at)

    def _tell_triaged(self, at: datetime) -> None:
        assert self.category is not None
        self._set_limits()
        fact = ComplaintTriaged(
            complaint_id=self.id,
            category=self.category,
            severity=self.severity,
            decided_by=self.decided_by
            or Decider.RULES,  # of one that a release decided which did not note it
            reasons=self.reasons,
            triaged_at=at,
            nature=self.nature,
            urgency=self.urgency,
            proposed_department=self.proposed_department,
            time_limits=self.time_limits,
            rules_version=self.evidence.rules_version,
            matrix_version=self.evidence.matrix_version,
            model_version=self.evidence.model_version,
            probability=self.evidence.probability,
            spoke_for=self.evidence.spoke_for,
            spoke_against=self.evidence.spoke_against,
        )
        self._tell(fact, at)

    def _catch_up(self) -> None:
        """What was heard before takes effect."""
        raise NotImplementedError
