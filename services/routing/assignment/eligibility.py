"""Who is asked to take a complaint, and what stands in the way of each, but for the load they carry. Pure.

A person may take it who belongs to a department that is asked (or stands in for somebody who is away and does),
speaks the language, has the skills and the valid certificates, works, and is not complained about.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.assignment.hours import Hours
from services.routing.assignment.needs import Needs
from services.routing.assignment.rules import Asked, AssignmentRule, AssignmentRules, Step
from services.routing.assignment.why import WhyNot
from services.routing.directory.model import Directory, Person

BY_A_PERSON = "chosen-by-a-person"
"""In the place of a step of the chain: somebody decided who, or which department."""

PROPOSED = "proposed-department"
"""Before the steps of the chain: triage, or a person, proposed this department."""

Rank = tuple[bool, int, float, int]
"""Whether they do not work now, place of the step in the chain, time at which they work next (seconds since 1970;
0: now), number of wishes (rules that warn) which they do not meet. The lowest comes first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who is asked, and what stands in the way, if anything does."""

    person: Person
    step: str
    """Of the chain: why they are asked."""
    rank: Rank
    why_not: str | None = None
    opens_at: datetime | None = None
    """When they work next, if they do not now."""
    stands_in_for: str | None = None
    met: tuple[str, ...] = ()
    """What was asked and they have: `language:zh`, `certificate:safety`."""
    warnings: tuple[str, ...] = ()
    """What was wished and they lack: `safety-certificate:certificate:safety`."""


class Eligibility:
    """The directory, read under one set of rules at one moment."""

    def __init__(self, directory: Directory, rules: AssignmentRules, now: datetime) -> None:
        self.directory, self.rules, self.now = directory, rules, now
        self._hours = Hours(directory, now)
        self.people = {person.id: person for person in directory.people}
        self._alike: dict[Needs, Needs] = {}
        self._first_alike: dict[tuple[Hashable, ...], Needs] = {}
        self._members: defaultdict[str, list[Person]] = defaultdict(list)
        for person in directory.people:
            if self.is_active(person):
                self._members[person.department].append(person)

    def is_active(self, person: Person) -> bool:
        return person.active and self.directory.departments[person.department].active

    def alike(self, needs: Needs) -> Needs:
        """One for all needs for which the same people are asked, and the same is asked of them: what no rule looks
        at makes no difference."""
        if needs not in self._alike:
            same = (*self.rules.asked_of(needs), needs.category, needs.language, needs.accused)
            same += (needs.proposed, needs.climbs)
            self._alike[needs] = self._first_alike.setdefault(same, needs)
        return self._alike[needs]

    def asked(self, needs: Needs, department: str | None = None) -> Iterator[Candidate]:
        """Everybody who is asked (of that department, if one is named), once: by the first step that asks them."""
        rules = self.rules.asked_of(needs)
        seen: set[str] = set()
        for place, step, code in self._steps(needs, rules, department):
            members = [person for person in self._members[code] if person.id not in seen]
            seen.update(person.id for person in members)
            for person in members:
                found = self._candidate(person, needs, rules, place, step)
                yield found
                if found.why_not == WhyNot.ABSENT:
                    yield from self._stand_ins(person, needs, rules, place, step, seen)

    def of(self, person: Person, needs: Needs) -> Candidate:
        """Whatever their department: somebody decided that they shall take it."""
        return self._candidate(person, needs, self.rules.asked_of(needs), 0, BY_A_PERSON)

    def _stand_ins(
        self,
        away: Person,
        needs: Needs,
        rules: Sequence[AssignmentRule],
        place: int,
        step: str,
        seen: set[str],
    ) -> Iterator[Candidate]:
        """The deputy of somebody who is away; theirs, if they are away, too."""
        deputy = self.people.get(away.deputy or "")
        while deputy is not None and deputy.id not in seen and self.is_active(deputy):
            seen.add(deputy.id)
            found = self._candidate(deputy, needs, rules, place, step, stands_in_for=away.id)
            yield found
            deputy = self.people.get(deputy.deputy or "") if found.why_not == WhyNot.ABSENT else None

    def _steps(
        self, needs: Needs, rules: Sequence[AssignmentRule], department: str | None
    ) -> Iterator[tuple[int, str, str]]:
        """The departments that are asked, each with the place and the id of the step that asks it."""
        if department is not None:
            yield 0, BY_A_PERSON, department
            return
        if needs.proposed in self.directory.departments:
            yield 0, PROPOSED, needs.proposed
        place = 1
        for rule in rules:
            for code in rule.prefer:
                yield place, f"prefer.{rule.id}", code
            place += 1
        for step in self.rules.chain:
            if step.climbs <= needs.climbs:
                for code in self._departments(step, needs):
                    yield place, step.id, code
                place += 1

    def _departments(self, step: Step, needs: Needs) -> Iterator[str]:
        for unit in self.directory.departments.values():
            if (
                (step.to is Asked.RESPONSIBLE and needs.category in unit.categories)
                or (step.to is Asked.LAYER and unit.layer == step.layer)
                or (step.to is Asked.DEPARTMENT and unit.code == step.department)
            ):
                yield unit.code

    def _candidate(
        self,
        person: Person,
        needs: Needs,
        rules: Sequence[AssignmentRule],
        place: int,
        step: str,
        stands_in_for: str | None = None,
    ) -> Candidate:
        presence = self._hours.presence(person)
        may_wait = self.rules.outside_hours == "who_opens_first"
        speaks = needs.language in person.languages
        met, warnings, lacking = [f"language:{needs.language}"] if speaks else [], list[str](), list[str]()
        for rule in rules:
            missing = list(self._missing(person, rule))
            if not missing:
                met += [f"skill:{skill}" for skill in rule.skills]
                met += [f"certificate:{certificate}" for certificate in rule.certificates]
            elif rule.otherwise == "warn":
                warnings += [f"{rule.id}:{what}" for what in missing]
            else:
                lacking += missing
        if person.id in needs.accused:
            why_not: str | None = WhyNot.CONFLICT.value
        elif not speaks:
            why_not = WhyNot.LANGUAGE.value
        elif lacking:
            why_not = lacking[0]
        elif presence.absent:
            why_not = WhyNot.ABSENT.value
        elif presence.never or (presence.opens_at is not None and not may_wait):
            why_not = WhyNot.CLOSED.value
        else:
            why_not = None
        opens = presence.opens_at.timestamp() if presence.opens_at else 0.0
        return Candidate(
            person,
            step,
            (presence.opens_at is not None, place, opens, len(warnings)),
            why_not,
            presence.opens_at,
            stands_in_for,
            tuple(dict.fromkeys(met)),
            tuple(dict.fromkeys(warnings)),
        )

    def _missing(self, person: Person, rule: AssignmentRule) -> Iterator[str]:
        """What the person lacks of what a rule asks."""
        if rule.layers and self.directory.departments[person.department].layer not in rule.layers:
            yield WhyNot.LAYER.value
        yield from (f"{WhyNot.SKILL}:{skill}" for skill in rule.skills if skill not in person.skills)
        for certificate in rule.certificates:
            until = person.certificates.get(certificate)
            if until is None or until <= self.now:
                yield f"{WhyNot.CERTIFICATE}:{certificate}"
