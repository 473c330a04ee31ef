"""Fairness to the person complained about: pure rules."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.resolution.fairness.book import FAIRNESS, FairnessRules
from services.resolution.fairness.model import Appeal, filed
from services.resolution.fairness.record import Hearing, MarkState, SanctionState
from services.resolution.fairness.reviewers import Candidate, chosen
from services.resolution.judgement import Judgement
from services.resolution.lifecycle import Action, NotNow
from services.resolution.model import Case
from services.routing.directory.independence import independent
from services.routing.directory.model import Absence, Department, Directory, Person
from services.routing.model import Dispatch
from services.routing.rewards.book import REWARDS, Result
from services.routing.rewards.earning import Earned, newest
from shared import ids
from shared.aggregate import NotPossible
from shared.envelope import Received, open_envelope
from shared.events import Event
from shared.events.fairness import AboutPerson, AppealEnded, Clearing, Decision, MarkChanged, MarkMade
from shared.events.vocabulary import Audience
from tests.resolution_story import HOUR, NINE, records

PEOPLE = ("li.na", "zhao.lin")
DAY = timedelta(days=1)


@dataclass
class Walk:
    """A case about two people, to which anything may happen at any time."""

    case: Case = field(default_factory=lambda: Case(id=ids.new_id()))
    appeals: dict[str, Appeal] = field(default_factory=dict)
    now: datetime = NINE
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.case.open("RD-7K2M9QXA3", NINE)
        self.case.accuse("li.na", NINE)
        self.case.accept("e-1", "key:1", NINE)

    def step(self, what: str, person: str, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self._wake()
        # KeyError: the complaint is not about this person, which the endpoints answer with 404.
        with suppress(NotPossible, NotNow, KeyError):
            self._do(what, person)
        self.told += [fact for fact, _, _ in self.case._facts]
        self.case._facts.clear()

    def _wake(self) -> None:
        while self.case.wakes_at is not None and self.case.wakes_at < self.now:
            self.case.time_passed(self.now)

    def _do(self, what: str, person: str) -> None:
        case, at = self.case, self.now
        match what:
            case "name":
                case.accuse(person, at)
            case "answer":
                case.defend(person, "It was not so.", at)
            case "unheard":
                case.waive(person, "He is away.", "key:1", at)
            case "clear":
                case.clear(person, Clearing.NOT_AT_FAULT, "It was somebody else.", "key:1", at)
            case "valid" | "not valid":
                case.judge(Judgement(what == "valid", True), "We looked into it.", "key:1", at)
            case "appeal" | "appeal again":
                again = what == "appeal again"
                appeal_id = ids.new_id()
                mark = case.contest(person, appeal_id, new_evidence=again, at=at)
                text = "A film." if again else None
                self.appeals[person] = filed(
                    appeal_id, case.id, person, mark.id, "No.", text, case.calendars.usual, case.books, at
                )
            case "sanction":
                case.propose(person, "talk", "Twice.", "key:2", at)
            case "upheld" | "partly" | "dismissed" if case.accused[person].appeal_id is not None:
                case.conclude(person, Decision(what), at)
            case "give in" if case.accused[person].appeal_id is not None:
                case.give_in(person, at)
            case "withdraw":
                case.withdraw(None, at)
            case _:
                pass


WHAT = (
    *("name", "answer", "unheard", "clear", "valid", "valid", "not valid", "appeal", "appeal again"),
    *("sanction", "sanction", "upheld", "partly", "dismissed", "give in", "withdraw", "wait"),
)
walks = st.lists(
    st.tuples(st.sampled_from(WHAT), st.sampled_from(PEOPLE), st.sampled_from([0, 1, 30, 400])), max_size=30
)


def marks(told: list[Event]) -> list[MarkChanged]:
    return [fact for fact in told if isinstance(fact, MarkChanged)]


@settings(max_examples=120, deadline=None)
@given(walks)
@pytest.mark.requirement("003-03")
def test_whatever_happens_nothing_holds_that_somebody_appeals_against(
    steps: list[tuple[str, str, int]],
) -> None:
    walk = Walk()
    for step in steps:
        walk.step(*step)
        for of in walk.case.accused.values():
            assert (of.appeal_id is not None) == (of.mark is not None and of.mark.state is MarkState.FROZEN)
            assert of.open or of.live_mark is None
            for sanction in of.sanctions:
                assert of.mark is not None
                if sanction.state is SanctionState.IN_FORCE:
                    assert of.mark.state is MarkState.STANDING
                    assert sanction.took_effect_at is not None
                    assert sanction.took_effect_at > sanction.not_before
                    decided = of.mark.decided_at is not None
                    first_window = walk.case.working(of.mark.made_at, 80)
                    assert decided or sanction.took_effect_at > first_window
                if of.mark.state is MarkState.REMOVED:
                    assert sanction.state is SanctionState.LIFTED
    steps_of: dict[UUID, list[int]] = {}
    for fact in marks(walk.told):
        steps_of.setdefault(fact.mark_id, []).append(fact.step)
    assert all(found == list(range(1, len(found) + 1)) for found in steps_of.values())


def earned_from(facts: list[MarkChanged]) -> list[Earned]:
    dispatch = Dispatch(id=facts[0].complaint_id)
    for record in records(facts):
        received: Received = open_envelope(record)
        assert isinstance(received.event, MarkChanged)
        dispatch.mark(received.event, received)
    return dispatch.earned


@settings(max_examples=100, deadline=None)
@given(walks, st.randoms(use_true_random=False))
@pytest.mark.requirement("003-03", "002-24")
def test_in_whatever_order_the_facts_come_no_frozen_or_removed_mark_counts(
    steps: list[tuple[str, str, int]], chance: Random
) -> None:
    walk = Walk()
    for step in steps:
        walk.step(*step)
    facts = marks(walk.told)
    if not facts:
        return
    chance.shuffle(facts)
    # In batches, as they come; what is known already meets what is new, as in the table.
    known: list[Earned] = []
    while facts:
        cut = chance.randint(1, len(facts))
        known = newest([*known, *earned_from(facts[:cut])])
        facts = facts[cut:]
    counted = {each.id for each in known if each.counts}
    standing = {
        ids.derived_id("earned", of.mark.id)
        for of in walk.case.accused.values()
        if of.mark is not None and of.mark.state is MarkState.STANDING
    }
    assert counted == standing
    assert {each.points for each in known} == {REWARDS.shipped.points(Result.MARKED)}


@pytest.mark.requirement("003-02")
def test_nobody_is_judged_unheard_before_their_time() -> None:
    walk = Walk()
    answer_by = walk.case.accused["li.na"].answer_by
    with pytest.raises(NotNow) as refused:
        walk.case.judge(Judgement(True, True), "So.", "key:1", NINE)
    assert refused.value.action is Action.JUDGE
    walk.case.time_passed(answer_by)
    assert walk.case.accused["li.na"].hearing is Hearing.ASKED, "at the very moment they may still answer"
    walk.case.time_passed(answer_by + timedelta(microseconds=1))
    walk.case.judge(Judgement(True, True), "So.", "key:1", answer_by + HOUR)
    assert isinstance(marks([fact for fact, _, _ in walk.case._facts])[0], MarkMade)


def test_an_appeal_that_ends_in_any_way_is_told_once() -> None:
    walk = Walk()
    for what in ("unheard", "valid", "appeal", "clear", "withdraw"):
        walk.step(what, "li.na", 0)
    assert len([fact for fact in walk.told if isinstance(fact, AppealEnded)]) == 1


def test_every_fact_about_a_person_is_told_to_that_person_alone() -> None:
    walk = Walk()
    for what, person in (("name", "zhao.lin"), ("unheard", "li.na"), ("unheard", "zhao.lin"), ("valid", "x")):
        walk.step(what, person, 0)
    told = [fact for fact in walk.told if isinstance(fact, AboutPerson)]
    for fact in told:
        meant = {audience: fact.addressee_among(audience) for audience in Audience}
        assert meant == dict.fromkeys(Audience) | {Audience.PERSON_CONCERNED: fact.person_id}
    assert {fact.person_id for fact in told} == {"li.na", "zhao.lin"}


# Who reviews.


def someone(id: str, department: str = "desk", **fields: Any) -> Person:
    return Person(id, id, department, ("zh",), 5, **fields)


UNITS = {
    code: Department(code, code, code, layer)
    for code, layer in (("desk", 2), ("lab", 3), ("board", 4), ("shop", 1))
}


@st.composite
def directories(draw: st.DrawFn) -> list[Person]:
    names = [f"p{n}" for n in range(draw(st.integers(1, 8)))]
    return [
        someone(
            name,
            draw(st.sampled_from(sorted(UNITS))),
            supervisor=draw(st.none() | st.sampled_from(names)),
            deputy=draw(st.none() | st.sampled_from(names)),
            active=draw(st.booleans()),
        )
        for name in names
    ]


def line(people: dict[str, Person], start: str) -> Iterator[str]:
    seen, here = {start}, people[start].supervisor
    while here is not None and here not in seen:
        yield here
        seen.add(here)
        here = people[here].supervisor


@given(directories(), st.sets(st.sampled_from([f"p{n}" for n in range(9)]), min_size=1), st.integers(1, 4))
@pytest.mark.requirement("003-03")
def test_whoever_is_independent_is_bound_to_nobody(people: list[Person], of: set[str], layer: int) -> None:
    by_id = {person.id: person for person in people}
    found = independent(Directory(UNITS, people), of, layer, NINE)
    for each in found:
        assert each.person.active
        assert UNITS[each.person.department].layer >= layer
        assert each.person.id not in of
        assert of.isdisjoint(line(by_id, each.person.id))
        assert all(each.person.id not in line(by_id, one) for one in of & by_id.keys())
    left = {person.id for person in people} - {each.person.id for each in found}
    for id in left:  # nobody is left out for nothing
        person = by_id[id]
        assert (
            not person.active
            or UNITS[person.department].layer < layer
            or id in of
            or person.deputy in of
            or not of.isdisjoint(line(by_id, id))
            or any(id in line(by_id, one) or by_id[one].deputy == id for one in of & by_id.keys())
        )


def test_those_of_other_departments_and_higher_layers_come_first_and_whoever_is_away_is_named() -> None:
    away = (Absence(NINE - DAY, NINE + DAY),)
    people = [someone("a"), someone("b"), someone("c", "lab"), someone("d", "board", absences=away)]
    found = independent(Directory(UNITS, people), {"a"}, 1, NINE)
    assert [(each.person.id, each.elsewhere, each.present) for each in found] == [
        ("d", True, False),
        ("c", True, True),
        ("b", False, True),
    ]


def test_the_one_with_the_fewest_appeals_is_chosen_but_another_department_comes_before_that() -> None:
    found = [
        Candidate(id="away", elsewhere=True, present=False),
        Candidate(id="busy", elsewhere=True, present=True),
        Candidate(id="free", elsewhere=True, present=True),
        Candidate(id="near", elsewhere=False, present=True),
    ]
    assert chosen(found, {"busy": 2, "free": 1}) == "free"
    assert chosen(found, {"busy": 1, "free": 1}) == "busy", "the higher layer comes first among equals"
    assert chosen(found[3:], {"near": 9}) == "near"
    assert chosen(found[:1], {}) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"warn_hours": 80}, "warning comes too late"),
        ({"sanctions": [{"code": "talk", "name_en": "Talk", "name_zh": "谈话"}] * 2}, "stands there twice"),
        ({"least_layer": 5}, "less than or equal to 4"),
    ],
)
def test_the_rulebook_refuses_what_makes_no_sense(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        FairnessRules.model_validate(FAIRNESS.shipped.model_dump() | change)
