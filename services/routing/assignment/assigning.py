"""Who is responsible for a complaint, and who takes part. Pure.

Who gets it depends on what everybody carries at that moment, so on all other complaints. A change therefore only
notes that somebody is to be chosen or is free again; `settle` does it, once, with the roster in hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.routing.assignment.needs import Needs
from services.routing.assignment.roster import Choice, Nobody, Roster
from services.routing.assignment.why import words
from services.routing.status import Status
from services.routing.triage.lessons import Head
from services.routing.triage.triaging import Triaging
from shared.aggregate import NotPossible
from shared.events import ComplaintAssigned, ComplaintUnassigned, DepartmentInvolved
from shared.events.routing import AssignmentBasis
from shared.masking import mask

RULES = "rules"
"""Who involved a department, when no person did."""
ACCUSED = "accused"
"""Why a complaint passed on: its handler is the person complained about."""
SOME = 5
"""So many people are named who could take what somebody else cannot."""


@dataclass(frozen=True)
class HandOver:
    """Somebody's wish to let another person, one of a department, or whoever can take it have the complaint."""

    by: str
    reason: str
    person: str | None = None
    department: str | None = None
    binding: bool = True
    """If not, whoever's turn it is gets what that person cannot take."""


@dataclass(kw_only=True)
class Assigning(Triaging):
    """A complaint that somebody carries, or is to carry."""

    subcategory: str | None = None
    assigned_at: datetime | None = None
    basis: dict[str, Any] | None = None
    """Why the handler was chosen: an AssignmentBasis."""
    waiting_since: datetime | None = None
    """Since when nobody could take it; None when it does not wait."""
    climbs: int = 0
    """How often it has climbed since nobody owns it."""
    climbed_at: datetime | None = None
    because: str | None = None
    """Why whoever had it has it no more; masked. Until somebody else gets it."""
    involved: list[dict[str, str]] = field(default_factory=list)
    """Departments that take part: department, reason, involved_by, involved_at."""
    wanted: HandOver | None = None
    """Only between a change and its `settle`."""
    traceparent: str | None = None
    """The trace in which `settle` goes on."""

    @property
    def asks(self) -> Needs:
        """What it asks of whoever takes it. It must be decided on."""
        assert self.category is not None
        return Needs(
            category=self.category,
            severity=self.severity,
            language=self.language or "zh",
            subcategory=self.subcategory,
            kind=self.kind,
            nature=self.nature,
            visibility=self.visibility,
            against=self.against,
            accused=self.accused,
            proposed=self.proposed_department,
            climbs=self.climbs,
        )

    def succeed(self, successor: str, handler_name: str, at: datetime) -> None:
        """Another department is responsible; it is told as an assignment to the same person."""
        assert self.handler_id is not None
        before, self.department = self.department, successor
        self._tell(
            ComplaintAssigned(
                complaint_id=self.id,
                department=successor,
                handler_id=self.handler_id,
                handler_name=handler_name,
                reasons=(f"successor-of:{before}",),
                assigned_at=at,
                previous_handler_id=self.handler_id,
                because=f"successor-of:{before}",
            ),
            at,
        )

    def try_again(self, at: datetime) -> None:
        """Somebody may have capacity now for what waits."""
        if self.status is Status.WAITING:
            self.choose_at = at

    def accuse(self, person_id: str, at: datetime) -> None:
        """This person is complained about: they never get it, and if they have it, somebody else does."""
        if person_id in self.accused:
            return
        self.accused = tuple(sorted({*self.accused, person_id}))
        if self.handler_id != person_id:
            return
        if self.status is Status.ASSIGNED:
            self.take_back(ACCUSED, at)
        elif self.closed_at is not None and at < self.closed_at:
            # The end was heard of first: whoever would have got it gets it, and is free at once.
            self.status, self.because, self.choose_at = Status.WAITING, ACCUSED, at

    def take_back(self, because: str, at: datetime) -> None:
        """Whoever has it has it no more; somebody else is to get it."""
        if self.status is Status.ASSIGNED:
            self.freed, self.because = self.handler_id, because
            self.status, self.waiting_since, self.choose_at = Status.WAITING, at, at

    def pass_on(self, because: str, at: datetime) -> None:
        """Another department shall have it: whoever of `proposed_department` can take it."""
        self.take_back(because, at)
        self.choose_at = at

    def hand_over(self, wanted: HandOver, at: datetime) -> None:
        """Let somebody else have it. Raises NotPossible, also when it is settled and nobody wanted can take it."""
        if self.status not in (Status.ASSIGNED, Status.WAITING):
            raise NotPossible(
                "not-to-hand-over",
                "Only a complaint that somebody has, or that waits for somebody, can be handed over.",
                "只有已分派或待分派的投诉才能移交。",
                status_now=self.status.value,
            )
        if self.status is Status.ASSIGNED and wanted.person == self.handler_id:
            raise NotPossible(
                "has-it-already",
                "This person has it already.",
                "该投诉已由此人负责。",
                handler_id=self.handler_id,
            )
        self.wanted, reason = wanted, mask(wanted.reason)
        self.take_back(reason, at)
        self.because, self.choose_at = reason, at

    def involve(self, department: str, reason: str, by: str, at: datetime) -> bool:
        """A further department takes part; False when it does already. `reason` is masked, or a rule's id."""
        if department == self.department or any(each["department"] == department for each in self.involved):
            return False
        fact = DepartmentInvolved(
            complaint_id=self.id, department=department, reason=reason, involved_by=by, involved_at=at
        )
        self.involved.append(
            {"department": department, "reason": reason, "involved_by": by, "involved_at": at.isoformat()}
        )
        self._issue(DepartmentInvolved, self.record(fact, at), at, department)
        return True

    def seek_owner(self, reasons: Mapping[str, int], at: datetime) -> None:
        """Nobody has owned it for too long: say so, and ask the next layer."""
        assert self.registered_at is not None
        self.climbs, self.climbed_at = self.climbs + 1, at
        fact = ComplaintUnassigned(
            complaint_id=self.id,
            number=self.climbs,
            severity=self.severity,
            reasons=dict(reasons),
            waiting_since=self.waiting_since or self.registered_at,
            unassigned_at=at,
        )
        self._tell(fact, at)
        self.try_again(at)

    def forget(self) -> None:
        """Let go of what people wrote: the customer is erased."""
        super().forget()
        self.because = None
        self.involved = [
            each if each["involved_by"] == RULES else each | {"reason": ""} for each in self.involved
        ]

    @property
    def unsettled(self) -> bool:
        return self.choose_at is not None or self.freed is not None

    def free(self, roster: Roster) -> None:
        """Whoever carried it until now carries one less."""
        if self.freed is not None:
            roster.release(self.freed)
            self.freed = None

    def settle(self, roster: Roster) -> None:
        """Do what needs to know what everybody carries. Raises NotPossible for a hand-over that cannot be."""
        self.free(roster)
        if self.choose_at is not None:
            self._assign(roster, self.choose_at)
            self.choose_at = self.wanted = None
            self._catch_up()
            self.free(roster)

    def _waits_no_more(self) -> None:
        """Somebody has it, or it has ended."""
        self.waiting_since = self.climbed_at = None
        self.climbs = 0

    def _assign(self, roster: Roster, at: datetime) -> None:
        """Give it to somebody who may and can take it, if there is somebody now."""
        choice = self._chosen(roster)
        if isinstance(choice, Nobody):
            self.waiting_since = self.waiting_since or at
            return
        person, found = choice.person, choice.candidate
        roster.take(person)
        if self.wanted is not None and self._names_another(self.wanted, person.department):
            self.teach(Head.DEPARTMENT, person.department, self.wanted.by, at)
        previous, self.handler_id = self.handler_id, person.id
        self.status, self.department, self.assigned_at = Status.ASSIGNED, person.department, at
        basis = AssignmentBasis(
            rules_version=roster.version,
            step=found.step,
            met=found.met,
            warnings=found.warnings,
            stands_in_for=found.stands_in_for,
            opens_at=found.opens_at,
            load=choice.load,
            capacity=person.capacity,
            eligible=choice.eligible,
            fell_out=dict(choice.fell_out),
        )
        self.basis = basis.model_dump(mode="json")
        self._tell(
            ComplaintAssigned(
                complaint_id=self.id,
                department=person.department,
                handler_id=person.id,
                handler_name=person.name,
                reasons=_reasons(basis),
                assigned_at=at,
                basis=basis,
                policies=roster.policies_of(person.department),
                previous_handler_id=previous,
                handed_over_by=self.wanted.by if self.wanted and self.wanted.binding else None,
                because=self.because,
            ),
            at,
        )
        self.because = None
        self._waits_no_more()
        self._bring_together(roster, at)

    def _names_another(self, wanted: HandOver, department: str) -> bool:
        """Whether somebody said that another department is right, and not the chain of assignment by itself."""
        named = wanted.department is not None or (wanted.person is not None and self.department is not None)
        return wanted.binding and named and department != self.department

    def _chosen(self, roster: Roster) -> Choice | Nobody:
        if self.wanted is None:
            return roster.choose(self.asks, self.registered_at)
        wished = self._wished(roster, self.wanted)
        if isinstance(wished, Nobody) and not self.wanted.binding:
            return roster.choose(self.asks, self.registered_at)
        if isinstance(wished, Nobody):
            able = [c.person.id for c in roster.candidates(self.asks) if c.why_not is None]
            raise _cannot(wished, [i for i in able if i != self.handler_id][:SOME])
        return wished

    def _wished(self, roster: Roster, wanted: HandOver) -> Choice | Nobody:
        before = {self.handler_id} if self.handler_id else set[str]()
        if wanted.person is None:
            return roster.choose(self.asks, department=wanted.department, without=before)
        person = roster.person(wanted.person)
        assert person is not None, "whoever asks for a person has looked them up"
        return roster.consider(self.asks, person)

    def _bring_together(self, roster: Roster, at: datetime) -> None:
        """Some departments never own a complaint alone (99%不是品质部)."""
        assert self.department is not None
        assert self.category is not None
        found = roster.participants(self.department, self.category)
        if found is not None:
            row, departments = found
            for department in departments:
                self.involve(department, row, RULES, at)


def _reasons(basis: AssignmentBasis) -> tuple[str, ...]:
    """In a few codes, the step of the chain first."""
    return (
        basis.step,
        *basis.met,
        *((f"stands-in-for:{basis.stands_in_for}",) if basis.stands_in_for else ()),
        *(("opens-first",) if basis.opens_at else ()),
        *(f"warning:{warning}" for warning in basis.warnings),
        "least-loaded",
    )


def _cannot(found: Nobody, able: list[str]) -> NotPossible:
    said = [words(code) for code in found.fell_out] or [("nobody is there", "无人在岗")]
    english = "; ".join(en for en, _ in said)
    chinese = "；".join(zh for _, zh in said)
    return NotPossible(
        "cannot-take-it",
        f"It stays where it is; whoever shall have it cannot take it: {english}. "
        + (f"These can: {', '.join(able)}." if able else "Nobody else can now, either."),
        f"未移交：{chinese}。"
        + (f"可由以下人员接手：{'、'.join(able)}。" if able else "目前无其他人可接手。"),
        reasons=dict(found.fell_out),
        able=able,
    )
