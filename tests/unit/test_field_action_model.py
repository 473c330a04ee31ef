"""The rules of a field action and of its customers, without a database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.resolution.field_action.book import FIELD_ACTIONS, MOST_AT_ONCE, FieldActionRules
from services.resolution.field_action.customers import KNOWS, LETTER, Customer, ResultKind, Standing
from services.resolution.field_action.lifecycle import LIFECYCLE, ActionState, ActionStep
from services.resolution.field_action.model import Draft, FieldAction, StepNotPossible
from services.resolution.field_action.progress import Progress
from shared.events import FieldActionCustomerAddressed
from shared.events.field_action import Affected, Announcement, BilingualText, Measure
from shared.ids import derived_id, new_id
from shared.rulebooks.model import Books

NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)
ACTION = new_id()
EACH = (Measure.FREE_REPAIR, Measure.COMPENSATE)
TEXT = BilingualText(en="Switch it off.", zh="请断电。")
DRAFT = Draft(
    (Measure.COMPENSATE, Measure.NOTIFY_ALL, Measure.FREE_REPAIR),
    Affected(batches=("41", "A", "a")),
    Announcement(title=TEXT, hazard=TEXT, instruction=TEXT, hotline="400"),
)


def customer(**changes: Any) -> Customer:
    return Customer(**{"field_action_id": ACTION, "customer_id": new_id()} | changes)


def running(rules: dict[str, Any] | None = None) -> FieldAction:
    given = FIELD_ACTIONS.shipped.model_copy(update=rules or {})
    action = FieldAction(id=ACTION, books=Books({FIELD_ACTIONS.kind: (1, given)}))
    action.draft(new_id(), DRAFT, "key:1", NINE)
    action.found = 3
    action.propose("key:1", NINE)
    action.start(new_id(), "key:1", NINE)
    return action


# Happenings of one customer: letters that come back late or twice, and what people record.
_LETTERS = st.sampled_from(["delivered", "failed"])
_RECORDS = st.tuples(st.sampled_from(ResultKind), st.sets(st.sampled_from(EACH)))


@given(st.booleans(), st.lists(_LETTERS | _RECORDS, max_size=12))
@pytest.mark.requirement("003-08")
def test_whatever_happens_to_a_customer_in_whatever_order_what_they_know_stays(
    letter_first: bool, happenings: list[Any]
) -> None:
    someone, at = customer(), NINE
    if letter_first:
        someone.address(at)
    knew = helped = False
    for happening in happenings:
        at += timedelta(hours=1)
        done_before, told_by = set(someone.done), someone.told_by
        if happening == "delivered":
            someone.letter_delivered(at) if letter_first else None
        elif happening == "failed":
            someone.letter_failed("no address") if letter_first else None
        else:
            kind, done = happening
            someone.record(kind, EACH, sorted(done), None, "key:1", at)
        assert set(someone.done) >= done_before, "what was carried out stays"
        by_letter = happening == "failed" and told_by == LETTER
        assert not knew or someone.state in KNOWS or by_letter, "nobody unlearns what a person told them"
        assert (someone.state in {Standing.CARRIED_OUT, Standing.REFUSED}) == (someone.settled_at is not None)
        assert someone.state not in KNOWS or someone.told_at is not None
        assert someone.state is not Standing.CARRIED_OUT or set(someone.done) == set(EACH)
        assert not (letter_first and someone.state is Standing.PENDING), "nobody's turn comes again"
        assert not helped or someone.state in {Standing.CARRIED_OUT, Standing.REFUSED}
        knew, helped = someone.state in KNOWS, someone.state is Standing.CARRIED_OUT


@given(st.permutations(["delivered", "told", "failed"]))
@pytest.mark.requirement("003-08")
def test_letters_and_calls_give_the_same_in_every_order(order: list[str]) -> None:
    someone = customer()
    someone.address(NINE)
    for what in order:
        if what == "delivered":
            someone.letter_delivered(NINE + timedelta(hours=1))
        elif what == "failed":
            someone.letter_failed("no address")
        else:
            someone.record(ResultKind.TOLD, EACH, (), None, "key:1", NINE)
    assert (someone.state, someone.failure) == (Standing.TOLD, None)


@pytest.mark.requirement("003-08")
def test_whose_letter_came_back_is_called_unless_a_person_told_them_too() -> None:
    for result in (None, ResultKind.TOLD, ResultKind.UNREACHABLE, ResultKind.REFUSED):
        someone = customer()
        someone.address(NINE)
        someone.letter_delivered(NINE)
        if result is not None:
            someone.record(result, EACH, (), None, "key:1", NINE)
        someone.letter_failed("email came back (5.1.1)")
        if result in {None, ResultKind.UNREACHABLE}:
            assert (someone.state, someone.failure) == (Standing.UNREACHABLE, "email came back (5.1.1)")
            assert (someone.told_at, someone.told_by) == (None, None)
        else:
            assert (someone.state in KNOWS, someone.told_by, someone.failure) == (True, "key:1", None)


@given(
    st.integers(0, 60),
    st.sampled_from([(6, 10), (60, 10), (None, 10), (600, 1)]),
    st.lists(st.integers(1, 40), max_size=30),
    st.integers(0, 10),
)
@pytest.mark.requirement("003-08")
def test_every_customer_gets_one_turn_and_no_minute_has_too_many(
    number: int, pace: tuple[int | None, int], waits: list[int], restart: int
) -> None:
    """Rounds at any times, as the timer comes to them; with a restart that forgets everything unsaved."""
    action = running({"per_minute": pace[0], "round_seconds": pace[1]})
    people = [customer(customer_id=derived_id("customer", n)) for n in range(number)]
    turns: list[tuple[datetime, Any]] = []
    at = NINE
    for number_of_round, wait in enumerate([*waits, *[3600] * 80]):
        at += timedelta(seconds=wait)
        if action.wakes_at is None or at < action.wakes_at:
            continue
        if number_of_round == restart:
            continue  # killed before the commit: nothing of the round was kept
        action.turn = tuple(p for p in people if p.state is Standing.PENDING)[: action.rules.at_once]
        action.time_passed(at)
        assert action.wakes_at >= at, "the timer would not come to rest"
        for event, _, _ in action._facts:
            if isinstance(event, FieldActionCustomerAddressed):
                turns.append((event.addressed_at, event.customer_id))
        action._facts.clear()
        action.round_at = None
    assert sorted(id for _, id in turns) == sorted(p.customer_id for p in people)
    if pace[0] is not None:
        for begin, _ in turns:
            within = [t for t, _ in turns if begin <= t < begin + timedelta(minutes=1)]
            assert len(within) <= pace[0] + action.rules.at_once


@given(st.lists(st.sampled_from(ActionStep), max_size=12))
def test_every_step_leads_where_the_table_says_or_is_refused_with_a_reason(steps: list[ActionStep]) -> None:
    action = FieldAction(id=ACTION)
    action.draft(new_id(), DRAFT, "key:1", NINE)
    action.found, action.progress = 3, Progress(3, 0, 3, 0, 2, 0, 0)
    take: dict[ActionStep, Any] = {
        ActionStep.CHANGE: lambda: action.change(DRAFT),
        ActionStep.PROPOSE: lambda: action.propose("key:1", NINE),
        ActionStep.REVISE: action.revise,
        ActionStep.START: lambda: action.start(new_id(), "key:1", NINE),
        ActionStep.SUSPEND: lambda: action.suspend("Parts.", "key:1", NINE),
        ActionStep.RESUME: lambda: action.resume("key:1", NINE),
        ActionStep.COMPLETE: lambda: action.complete("Done.", "key:1", NINE),
        ActionStep.CANCEL: lambda: action.cancel("No.", "key:1", NINE),
    }
    for step in steps:
        before, transition = action.state, LIFECYCLE[step]
        do = take.get(step, lambda step=step: action.check(step))
        if before in transition.sources:
            do()
            assert action.state is (transition.to or before)
        else:
            with pytest.raises(StepNotPossible) as refused:
                do()
            assert refused.value.reason == transition.otherwise
        assert (action.state is ActionState.RUNNING) == (action.wakes_at is not None)


def test_goods_and_measures_are_kept_in_one_form() -> None:
    action = FieldAction(id=ACTION)
    action.draft(new_id(), DRAFT, "key:1", NINE)
    assert action.batches == ("41", "a")
    assert action.measures == (Measure.NOTIFY_ALL, Measure.FREE_REPAIR, Measure.COMPENSATE)
    assert action.due_each == (Measure.FREE_REPAIR, Measure.COMPENSATE)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"per_minute": 1, "round_seconds": 10}, "per_minute or round_seconds larger"),
        ({"per_minute": 100_000, "round_seconds": 60}, "round_seconds smaller"),
        ({"least_coverage": "1.1"}, "less than or equal to 1"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(changes: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        FieldActionRules.model_validate(FieldActionRules.example | changes)


def test_without_a_pace_as_many_go_as_fit_into_a_transaction() -> None:
    rules = FieldActionRules.model_validate(FieldActionRules.example | {"per_minute": None})
    assert (rules.at_once, rules.between_rounds) == (MOST_AT_ONCE, timedelta(0))
    assert Progress(0, 0, 0, 0, 0, 0, 0).coverage == Decimal(0)
