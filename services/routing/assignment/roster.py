"""Whose turn it is, of those who may take a complaint. Pure.

The first step of the chain comes first, then whoever meets every wish, then the least loaded relative to their
capacity, then who got one the longest ago, then the id. Whoever works now comes before all who do not.

People who differ by nothing but their load are one heap. A load that rose leaves a stale entry behind, which is
put right when it comes to the top; a load that fell adds an entry. So a choice costs the logarithm of the people.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.routing.assignment.eligibility import Candidate, Eligibility, Rank
from services.routing.assignment.needs import Needs
from services.routing.assignment.rules import AssignmentRules
from services.routing.assignment.why import WhyNot
from services.routing.directory.model import Directory, Person
from services.routing.duties.holding import Policy, held_by


@dataclass(slots=True)
class Load:
    """What a person carries."""

    open_cases: int = 0
    turn: int = 0
    """Number of the assignment that they got last; assignments are counted over all people."""


Order = tuple[float, int, str]
"""Load relative to capacity, turn, id. The lowest comes first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who becomes responsible, and why."""

    candidate: Candidate
    load: int
    """What they carried before."""
    eligible: int
    """People who could have taken it, this one included."""
    fell_out: Mapping[str, int]
    """The others who were asked, by the reason."""

    @property
    def person(self) -> Person:
        return self.candidate.person


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody can take it now."""

    fell_out: Mapping[str, int]


@dataclass
class _Queue:
    """Those who could take complaints with certain needs, if they have capacity."""

    asked: set[str] = field(default_factory=set)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    fell_out: Counter[str] = field(default_factory=Counter)
    heaps: dict[Rank, list[Order]] = field(default_factory=dict)


class Roster:
    """Everybody at one moment, under one set of rules, with the load they carry."""

    def __init__(
        self,
        directory: Directory,
        rules: AssignmentRules,
        now: datetime,
        loads: Mapping[str, Load],
        *,
        version: int = 0,
        waiting: Sequence[tuple[Needs, datetime]] = (),
        policies: Sequence[Policy] = (),
    ) -> None:
        """`version` is the one of the rules. `waiting`: what waits elsewhere, by needs, and when the oldest of
        them was registered. `policies`: those in force."""
        self.directory, self.rules, self.now, self.version = directory, rules, now, version
        self.loads = {person.id: loads.get(person.id) or Load() for person in directory.people}
        self.waiting, self.policies = waiting, policies
        self.changes: Counter[str] = Counter()
        """What was added to people's loads."""
        self._eligibility = Eligibility(directory, rules, now)
        self._queues: dict[tuple[Needs, str | None], _Queue] = {}
        self._in: defaultdict[str, list[_Queue]] = defaultdict(list)
        self._turn = max((load.turn for load in self.loads.values()), default=0)
        self._full = {person.id for person in directory.people if self._is_full(person)}

    def person(self, person_id: str) -> Person | None:
        return self._eligibility.people.get(person_id)

    def policies_of(self, department: str) -> dict[str, int]:
        """Versions of the written policies that concern the department, by code."""
        return held_by(self.directory.departments[department], self.policies)

    def choose(
        self,
        needs: Needs,
        registered_at: datetime | None = None,
        *,
        department: str | None = None,
        without: Collection[str] = (),
    ) -> Choice | Nobody:
        """Whose turn it is, of all who are asked or of one `department`; nobody is loaded yet.

        With `registered_at`, older complaints that wait for the same person come before it.
        """
        queue = self._queue(needs, department)
        order = self._first(queue, without)
        if order is None:
            return Nobody(self._fell_out(queue))
        chosen = queue.candidates[order[2]]
        if registered_at is not None and self._wanted_by_older(chosen.person, registered_at):
            return Nobody({WhyNot.OLDER_FIRST.value: 1})
        full = len(queue.candidates.keys() & self._full)
        load = self.loads[chosen.person.id].open_cases
        return Choice(chosen, load, len(queue.candidates) - full, self._fell_out(queue))

    def consider(self, needs: Needs, person: Person) -> Choice | Nobody:
        """May this person take it, whatever their department? Somebody decided that they shall."""
        found = self._whole(self._eligibility.of(person, needs))
        if not self._eligibility.is_active(person):
            return Nobody({WhyNot.INACTIVE.value: 1})
        if found.why_not is not None:
            return Nobody({found.why_not: 1})
        return Choice(found, self.loads[person.id].open_cases, 1, {})

    def candidates(self, needs: Needs, department: str | None = None) -> list[Candidate]:
        """All who are asked: first those who can take it, in the order of their turn."""
        found = [self._whole(each) for each in self._eligibility.asked(needs, department)]
        return sorted(found, key=lambda c: (c.why_not is not None, *c.rank, *self._order(c.person)))

    def anybody(self, needs: Needs) -> bool:
        """Could such a complaint be given to somebody now?"""
        return self._first(self._queue(needs, None), ()) is not None

    def why_nobody(self, needs: Needs) -> Mapping[str, int]:
        """For what those who are asked fall out, and how many of them."""
        return self._fell_out(self._queue(needs, None))

    def take(self, person: Person) -> None:
        """The person carries one more."""
        load = self.loads[person.id]
        self._turn += 1
        load.open_cases, load.turn = load.open_cases + 1, self._turn
        self._changed(person, 1)

    def release(self, person_id: str) -> None:
        """The person carries one less."""
        person = self.person(person_id)
        if person is None:
            return  # gone from the directory, and their load with them
        self.loads[person_id].open_cases -= 1
        self._changed(person, -1)
        for queue in self._in[person_id]:
            heapq.heappush(queue.heaps[queue.candidates[person_id].rank], self._order(person))

    def participants(self, owner: str, category: str) -> tuple[str, Sequence[str]] | None:
        """Who takes part in what this department owns: the row of the rules, and departments that exist.

        Where none of those that are named exists, the acceptance desk takes part, or whoever else there is.
        """
        rows = [
            r
            for r in self.rules.together
            if r.owner == owner and (not r.categories or category in r.categories)
        ]
        for row in rows:
            if known := [code for code in row.departments if code != owner and self.is_open(code)]:
                return row.id, known
        units = sorted(self.directory.departments.values(), key=lambda unit: (unit.layer != 2, unit.code))
        others = [unit.code for unit in units if unit.active and unit.code != owner]
        return (rows[0].id, others[:1]) if rows and others else None

    def is_open(self, code: str) -> bool:
        """Is there such a department, and is it active?"""
        return code in self.directory.departments and self.directory.departments[code].active

    def _changed(self, person: Person, change: int) -> None:
        self.changes[person.id] += change
        if self._is_full(person):
            self._full.add(person.id)
        else:
            self._full.discard(person.id)

    def _is_full(self, person: Person) -> bool:
        return self.loads[person.id].open_cases >= person.capacity

    def _order(self, person: Person) -> Order:
        load = self.loads[person.id]
        return load.open_cases / person.capacity, load.turn, person.id

    def _fell_out(self, queue: _Queue) -> Mapping[str, int]:
        full = len(queue.candidates.keys() & self._full)
        return {**queue.fell_out, **({WhyNot.FULL.value: full} if full else {})}

    def _wanted_by_older(self, person: Person, registered_at: datetime) -> bool:
        return any(
            oldest < registered_at and person.id in self._queue(needs, None).candidates
            for needs, oldest in self.waiting
        )

    def _first(self, queue: _Queue, without: Collection[str]) -> Order | None:
        """The order of whoever is to be taken next; it stays in its heap."""
        for rank in sorted(queue.heaps):
            found = self._first_of(queue.heaps[rank], without)
            if found is not None:
                return found
        return None

    def _first_of(self, heap: list[Order], without: Collection[str]) -> Order | None:
        passed: list[Order] = []
        found = None
        while heap:
            order = heap[0]
            now = self._order(self._eligibility.people[order[2]])
            if order < now:
                heapq.heapreplace(heap, now)
            elif order > now:
                heapq.heappop(heap)  # the load fell since, and an entry for that is here, too
            elif order[0] >= 1:
                break  # the least loaded is full
            elif order[2] in without:
                passed.append(heapq.heappop(heap))
            else:
                found = order
                break
        for order in passed:
            heapq.heappush(heap, order)
        return found

    def _queue(self, needs: Needs, department: str | None) -> _Queue:
        alike = self._eligibility.alike(needs)
        if alike.accused:  # mostly they are asked for nothing of the kind
            others = self._queue(replace(alike, accused=()), department)
            if others.asked.isdisjoint(alike.accused):
                return others
        key = alike, department
        if key not in self._queues:
            self._queues[key] = queue = _Queue()
            for candidate in self._eligibility.asked(alike, department):
                queue.asked.add(candidate.person.id)
                if candidate.why_not is not None:
                    queue.fell_out[candidate.why_not] += 1
                    continue
                queue.candidates[candidate.person.id] = candidate
                queue.heaps.setdefault(candidate.rank, []).append(self._order(candidate.person))
                self._in[candidate.person.id].append(queue)
            for heap in queue.heaps.values():
                heapq.heapify(heap)
        return self._queues[key]

    def _whole(self, candidate: Candidate) -> Candidate:
        """With the capacity looked at."""
        if candidate.why_not is None and candidate.person.id in self._full:
            return replace(candidate, why_not=WhyNot.FULL.value)
        return candidate
