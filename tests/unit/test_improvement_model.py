"""Improvements: gates, clocks, rounds, whatever people do in whatever order. Pure."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import ValidationError

from services.resolution.improvement.book import IMPROVEMENT, ImprovementBook
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import (
    ActionKind,
    Answer,
    Branch,
    Carried,
    Meeting,
    Member,
    Move,
    Numbers,
    Place,
    Standard,
    Task,
    Training,
)
from services.resolution.improvement.searching import Findings
from services.resolution.improvement.steps import GATES, ImprovementState, Step, missing
from shared.aggregate import NotPossible
from shared.events import ImprovementActionOverdue, ImprovementActionSettled, RecurrenceFound
from shared.events.vocabulary import Audience, Severity
from shared.ids import derived_id

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FINDINGS = Findings((("a", "b", "c"),), (("d", "e", "f"),), {Branch.MAN: ("g",)}, "c", "f", "lines stood")


def numbers(after: int = 0) -> Numbers:
    day = NINE.date()
    return Numbers(day, day, day, day, 9, after, Decimal(90), Decimal(30), 0.0, 0.0, 0.9, True, 0.01)


def carried(number: int, at: datetime, valid: bool | None = True) -> Carried:
    return Carried(UUID(int=number), "na", at, "same", False, valid, f"RD-{number}", at)


def improvement(at: datetime = NINE) -> Improvement:
    made = Improvement(id=derived_id("improvement", 1), complaint_id=UUID(int=1))
    made.open("Alarm", "Nine of 240", "na", at)
    made.join(carried(1, at), Severity.GENERAL)
    return made


class AnyOrder(RuleBasedStateMachine):
    """People act in any order, time passes; what is refused changes nothing, and no gate is passed unmet."""

    @initialize()
    def begin(self) -> None:
        self.at = NINE
        self.it = improvement()
        self.number = 1

    def attempt(self, change: Any) -> bool:
        before = self.seen()
        try:
            change()
        except NotPossible:
            assert self.seen() == before, "what is refused changes nothing"
            return False
        return True

    def seen(self) -> tuple[Any, ...]:
        i = self.it
        return (i.state, i.step, i.round, dict(i.actions), list(i.passages), list(i.analyses), i.ended_at)

    @rule(step=st.sampled_from(Step))
    def passes(self, step: Step) -> None:
        lacking = missing(self.it, step)
        here = self.it.state is ImprovementState.OPEN and self.it.step is step
        assert self.attempt(lambda: self.it.pass_step(step, "na", self.at)) == (here and not lacking)

    @rule(steps=st.integers(1, 4))
    def goes_well(self, steps: int) -> None:
        """What is asked for is done, and the step passed."""
        for _ in range(steps):
            self.at += HOUR
            match self.it.step:
                case Step.TEAM:
                    self.team(quality=False)
                case Step.CONTAINMENT:
                    self.contains(set())
                case Step.CAUSE:
                    self.analyses(confirmed=True, who="bo")
                case Step.PLAN:
                    self.plans(ActionKind.CORRECTIVE, 5)
                    self.plans(ActionKind.DETECTION, 5)
                case Step.EXECUTION:
                    self.finish_all()
                    self.judges(effective=True)  # too early
                    self.time_passes(24 * 61)
                    self.judges(effective=True)
                case Step.PREVENTION:
                    self.finish_all()
                    self.prevents()
                case _:
                    pass
            self.passes(self.it.step)

    def finish_all(self) -> None:
        for action in list(self.it.actions.values()):
            self.attempt(lambda number=action.number: self.it.finish(number, "seen", "na", self.at))

    @rule(to=st.sampled_from(Step))
    def goes_back(self, to: Step) -> None:
        before, rounds = self.it.step, self.it.round
        if self.attempt(lambda: self.it.send_back(to, "why", "na", self.at)):
            assert self.it.round == rounds + (to.number <= Step.CAUSE.number < before.number)

    @rule(quality=st.booleans())
    def team(self, quality: bool) -> None:
        others = [] if quality else [Member("li", "production")]
        self.attempt(lambda: self.it.name_team([Member("wei", "quality", lead=True), *others]))
        self.attempt(lambda: self.it.link_meeting(Meeting(UUID(int=5), "Kick-off", NINE)))

    @rule(where=st.sets(st.sampled_from(Place), max_size=2))
    def contains(self, where: set[Place]) -> None:
        task = Task("Block.", "li", self.at + 3 * DAY)
        answers = [Answer(p, p in where, None, None, None, task if p in where else None) for p in Place]
        self.attempt(lambda: self.it.contain(answers, "na", self.at))

    @rule(confirmed=st.booleans(), who=st.sampled_from(["na", "bo"]))
    def analyses(self, confirmed: bool, who: str) -> None:
        self.attempt(lambda: self.it.analyse(FINDINGS, "na", self.at))
        number = self.it.analyses[-1].number if self.it.analyses else 1
        done = self.attempt(lambda: self.it.verify(number, confirmed, "tried", who, self.at))
        assert not (done and who == "na"), "nobody verifies their own"

    @rule(kind=st.sampled_from([ActionKind.CORRECTIVE, ActionKind.DETECTION]), days=st.integers(1, 20))
    def plans(self, kind: ActionKind, days: int) -> None:
        task = Task("Do.", "li", self.at + days * DAY)
        self.attempt(lambda: self.it.add_action(kind, task, "na", self.at))

    @precondition(lambda self: self.it.actions)
    @rule(data=st.data(), how=st.sampled_from(["done", "drop", "move"]))
    def settles(self, data: Any, how: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.it.actions)))
        later = self.at + 5 * DAY
        changes = {
            "done": lambda: self.it.finish(number, "seen", "na", self.at),
            "drop": lambda: self.it.drop_action(number, "why", "na", self.at),
            "move": lambda: self.it.move(number, later, None, "why", "na", self.at),
        }
        self.attempt(changes[how])

    @rule(effective=st.booleans())
    def judges(self, effective: bool) -> None:
        waited = self.it.watch_until is not None and self.at > self.it.watch_until
        if self.attempt(lambda: self.it.judge(effective, "seen", numbers(), "na", self.at)):
            assert waited, "the effect is not judged before the watch period is over"
            assert self.it.step is (Step.EXECUTION if effective else Step.CAUSE)

    @rule()
    def prevents(self) -> None:
        in_round = self.it.round
        standard = Standard(in_round, *("WI-1", "B", "Plan"), NINE.date(), "na")
        training = Training(in_round, "types_and_causes", NINE.date(), 3, "na")
        self.attempt(lambda: self.it.prevent([standard], [training]))

    @rule(back=st.booleans())
    def another_complaint(self, back: bool) -> None:
        self.number += 1
        closed = self.it.state is ImprovementState.CLOSED
        new = carried(self.number, self.at if back else NINE - DAY)
        before = self.it.ended_at
        self.attempt(lambda: self.it.join(new, Severity.URGENT))
        if closed and back and before is not None and self.at > before:
            assert (self.it.state, self.it.step) == (ImprovementState.OPEN, Step.CONTAINMENT)
        elif closed:
            assert self.it.state is ImprovementState.CLOSED

    @rule(hours=st.integers(1, 24 * 40))
    def time_passes(self, hours: int) -> None:
        self.at += hours * HOUR
        self.it.time_passed(self.at)
        assert self.it.wakes_at is None or self.it.wakes_at >= self.at

    @invariant()
    def a_step_was_reached_through_all_before_it(self) -> None:
        """Reading the passages from the start leads to where it stands, one gate at a time."""
        step: Step | None = Step.RECORD
        for passage in self.it.passages:
            if passage.move is not Move.REOPENED:
                assert passage.from_step is step
            if passage.move is Move.PASSED:
                assert passage.to_step is passage.from_step.next
            step = passage.to_step
        if self.it.state is ImprovementState.OPEN:
            assert step is self.it.step
        else:
            assert step is None
            assert self.it.step is Step.PREVENTION


TestAnyOrder = pytest.mark.requirement("001-24", "001-20", "001-22", "P-21", "N-C")(AnyOrder.TestCase)
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_every_step_has_a_gate_with_words_in_both_languages() -> None:
    assert list(GATES) == list(Step)
    assert [step.number for step in Step] == list(range(1, 9))
    for gate in GATES.values():
        assert gate.title.en and gate.title.zh  # noqa: PT018  # both or neither
        assert all(condition.otherwise.zh for condition in gate.conditions)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 100))
@pytest.mark.requirement("001-21")
def test_each_deadline_is_told_once_however_often_it_is_looked(due: list[int], looks: int) -> None:
    it = improvement()
    it.step = Step.PLAN
    for days in due:
        it.add_action(ActionKind.CORRECTIVE, Task("Do.", "li", NINE + days * DAY), "na", NINE)
    it._facts.clear()
    end = NINE + 61 * DAY
    for look in range(looks + 1):
        it.time_passed(NINE + (end - NINE) * (look + 1) / (looks + 1))
    told = [type(event).__name__ for event, _, _ in it._facts]
    assert told.count("ImprovementActionOverdue") == len(due)
    assert told.count("ImprovementActionDue") <= len(due)
    assert it.wakes_at is None


def closed_by_a_permit() -> Improvement:
    """Everything was skipped, while an action was open and late."""
    it = improvement()
    it.step = Step.PLAN
    it.add_action(ActionKind.CORRECTIVE, Task("Do.", "li", NINE + DAY), "na", NINE)
    it.time_passed(NINE + 2 * DAY)
    for step in (Step.PLAN, Step.EXECUTION, Step.PREVENTION):
        it.skip_step(step, "None is made any more.", UUID(int=7), "na", NINE + 3 * DAY)
    return it


@pytest.mark.requirement("001-21")
def test_what_is_open_when_the_last_step_is_skipped_is_late_no_more() -> None:
    it = closed_by_a_permit()
    assert it.state is ImprovementState.CLOSED
    assert it.nothing_is_open
    settled = [event for event, _, _ in it._facts if isinstance(event, ImprovementActionSettled)]
    assert [(each.done, each.was_overdue) for each in settled] == [(False, True)]


@pytest.mark.requirement("001-21", "P-21")
def test_whoever_is_late_is_told_and_not_whoever_handles_the_complaint() -> None:
    it = closed_by_a_permit()
    [late] = [event for event, _, _ in it._facts if isinstance(event, ImprovementActionOverdue)]
    assert {audience: late.addressee_among(audience) for audience in Audience} == dict.fromkeys(Audience) | {
        Audience.RESPONSIBLE_DEPARTMENT: "li"
    }


@pytest.mark.requirement("001-23")
def test_while_nobody_decides_on_recurrences_no_more_are_brought() -> None:
    it = closed_by_a_permit()
    for look in range(4):
        it.matches = tuple(UUID(int=100 + 50 * look + n) for n in range(40))
        it.look_at = NINE + (4 + look) * DAY
        it.time_passed(NINE + (5 + look) * DAY)
    assert len(it.recurrences) == 50
    found = [event for event, _, _ in it._facts if isinstance(event, RecurrenceFound)]
    assert [len(each.complaint_ids) for each in found] == [40, 50]


@pytest.mark.requirement("001-23")
def test_of_two_recurrences_that_are_joined_both_are_decided() -> None:
    it = closed_by_a_permit()
    it.matches, it.look_at = (UUID(int=11), UUID(int=12)), NINE + 4 * DAY
    it.time_passed(NINE + 5 * DAY)
    for number in (11, 12):
        assert it.join(carried(number, NINE + 6 * DAY), Severity.GENERAL)
    assert {each.same_cause for each in it.recurrences.values()} == {True}


@pytest.mark.parametrize(("severity", "days"), [("general", 30), ("urgent", 60), ("major", 90)])
@pytest.mark.requirement("P-21", "001-22")
def test_the_severest_complaint_decides_how_long_is_watched(severity: str, days: int) -> None:
    it = improvement()
    it.join(carried(2, NINE), Severity(severity))
    it.step = Step.EXECUTION
    for number, kind in enumerate((ActionKind.CORRECTIVE, ActionKind.DETECTION), 1):
        it.add_action(kind, Task("Do.", "li", NINE + DAY), "na", NINE)
        it.finish(number, "seen", "na", NINE + number * HOUR)
    assert it.watch_until == NINE + 2 * HOUR + days * DAY


SHIPPED = json.loads(
    resources.files("services.resolution.improvement").joinpath("improvement.json").read_bytes()
)


@pytest.mark.requirement("001-17", "001-34")
def test_teams_follow_from_what_it_is_about() -> None:
    book = IMPROVEMENT.shipped
    assert book.team("transit_damage").lead == "storage_transport"
    assert {"rd", "engineering", "production"} <= set(book.team("function_fault").functions)
    assert book.team(None) is book.team("customer_strategy")
    assert all(set(row.functions) - set(book.quality) for row in book.teams)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quality": ["nobody"]}, "add it to"),
        ({"teams": [{"lead": "quality", "others": []}]}, "alone"),
        ({"teams": SHIPPED["teams"][:-1]}, "last row"),
        ({"functions": [*SHIPPED["functions"], SHIPPED["functions"][0]]}, "twice"),
        ({"watch_days": {"general": 30, "urgent": 60}}, "lacks major"),
    ],
)
def test_a_rulebook_that_contradicts_itself_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ImprovementBook.model_validate(SHIPPED | change)
