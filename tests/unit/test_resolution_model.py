"""The rules of a case, without a database."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.resolution.closing import Ending
from services.resolution.dispute.book import BODIES
from services.resolution.handlers import reactions
from services.resolution.judgement import Judgement
from services.resolution.lifecycle import LIFECYCLE, UNSOLVED, Action, NotNow, State, possible, why_not
from services.resolution.listening.mood import NEGATIVE, FeltIn
from services.resolution.model import Case
from services.resolution.offers.offering import Solution
from services.resolution.promises import PromiseState
from services.resolution.timeline import CUSTOMER, TITLES, Kind
from services.resolution.views import impossible_actions
from shared.envelope import open_envelope
from shared.events import (
    CaseClosed,
    CaseOpened,
    CaseResumed,
    CustomerTold,
    Event,
    FollowUpRequested,
    OffersMade,
    OffersWithdrawn,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    SolutionCarriedOut,
    TabooRaised,
)
from shared.events.clocks import ClockFact
from shared.events.dispute import Favour
from shared.events.vocabulary import Emotion, Outcome, Remedy, Severity, Visibility
from shared.ids import new_id
from tests.resolution_story import (
    HOUR,
    NINE,
    assigned,
    interleavings,
    opinion,
    records,
    registered,
    triaged,
)

DUE = NINE + 9 * HOUR  # eight working hours and the lunch hour
LI = "key:li"
GOOD, BAD = Judgement(True, True), Judgement(True, False)
EXCHANGE = Solution((Remedy.EXCHANGE,), "A new one in five days.")
REPAIR = Solution((Remedy.REPAIR,), "Repair on site.")


def facts(case: Case) -> list[Event]:
    """What was recorded since the last look; of clocks, `test_clocks.py` speaks."""
    told = [fact[0] for fact in case._facts if not isinstance(fact[0], ClockFact)]
    case._facts.clear()
    return told


def opened(severity: Severity = Severity.GENERAL) -> Case:
    case = Case(id=new_id())
    case.open("RD-7K2M9QXA3", NINE)
    case.triage("function", severity, ("alarm",), NINE)
    facts(case)
    return case


def judged(judgement: Judgement = GOOD) -> Case:
    case = opened()
    case.accept("e-1", LI, NINE)
    case.judge(judgement, "We looked into it.", LI, NINE + HOUR)
    facts(case)
    return case


def offered() -> Case:
    case = judged()
    case.offer([EXCHANGE, REPAIR], LI, NINE + 2 * HOUR)
    facts(case)
    return case


def carried_out() -> Case:
    case = offered()
    case.choose(case.offers[0].offer_id, NINE + 3 * HOUR)
    case.carry_out("Exchanged.", LI, NINE + 4 * HOUR)
    facts(case)
    return case


def kinds(case: Case) -> list[Kind]:
    return [entry.kind for entry in case.new_entries]


@pytest.mark.requirement("001-07", "001-28")
def test_a_registration_opens_the_case_with_a_promise_in_working_time() -> None:
    case = Case(id=new_id())
    case.open("RD-7K2M9QXA3", NINE)
    made = facts(case)
    assert [type(event) for event in made] == [CaseOpened, PromiseMade]
    assert case.promise is not None
    assert case.promise.due_at == DUE
    case.open("RD-7K2M9QXA3", NINE + HOUR)
    assert facts(case) == []


@pytest.mark.requirement("001-07", "001-29", "001-32", "001-33", "002-01", "002-05")
def test_the_whole_walk_ends_when_the_customer_is_content() -> None:
    case = carried_out()
    assert (case.state, case.promise) == (State.CARRIED_OUT, None)
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 5 * HOUR)
    assert (case.state, case.promise) == (State.CLOSED, None)
    [closed] = facts(case)
    assert closed == CaseClosed(
        complaint_id=case.id,
        outcome=Outcome.SATISFIED,
        closed_by=CUSTOMER,
        problem_found=True,
        problem_solved=True,
        problem_corrected=False,
        reopen_until=NINE + 5 * HOUR + timedelta(days=30),
        closed_at=NINE + 5 * HOUR,
    )
    assert all(LIFECYCLE[action].title for action in Action)
    assert possible(case) == [Action.REOPEN, Action.CORRECT, Action.HAND_OVER]


@pytest.mark.requirement("001-32", "001-33")
def test_a_result_that_is_not_acceptable_resumes_the_case_with_a_new_promise() -> None:
    case = carried_out()
    case.hear(case.follow_up_id, Outcome.NOT_ACCEPTABLE, "The noise came back.", NINE + 5 * HOUR)
    assert case.state is State.ACCEPTED
    assert [type(event) for event in facts(case)] == [CaseResumed, PromiseMade]
    assert case.promise is not None
    assert case.agreed_offer_id is None


def test_an_opinion_about_an_earlier_result_or_in_another_state_only_stands_in_the_timeline() -> None:
    case = carried_out()
    first = case.follow_up_id
    case.hear(first, Outcome.NOT_ACCEPTABLE, None, NINE + 5 * HOUR)
    case.offer([REPAIR], LI, NINE + 6 * HOUR)
    case.choose(case.offers[0].offer_id, NINE + 6 * HOUR)
    case.carry_out("Repaired.", LI, NINE + 7 * HOUR)
    facts(case)
    for about in (first, None):  # whatever the time says: the clocks of two services differ
        case.hear(about, Outcome.SATISFIED, "I mean the first one", NINE + 8 * HOUR)
        assert (case.state, facts(case), kinds(case)[-1]) == (State.CARRIED_OUT, [], Kind.OPINION)
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 6 * HOUR)
    assert case.state is State.CLOSED
    for other in (opened(), judged(), offered()):
        before = other.state
        other.hear(other.follow_up_id, Outcome.SATISFIED, None, NINE + 5 * HOUR)
        assert (other.state, facts(other), kinds(other)[-1]) == (before, [], Kind.OPINION)


@pytest.mark.requirement("001-29")
def test_offers_are_ranked_and_only_one_of_the_present_round_can_be_agreed_to() -> None:
    case = offered()
    first_round = case.offers
    assert [offer.rank for offer in first_round] == [1, 2]
    case.decline(1, "Too slow.", NINE + HOUR)  # intake's clock is behind
    assert case.state is State.ACCEPTED
    case.choose(first_round[0].offer_id, NINE + 3 * HOUR)
    assert (case.state, kinds(case)[-1]) == (State.ACCEPTED, Kind.CHOICE_TOO_LATE)
    case.offer([REPAIR], LI, NINE + 4 * HOUR)
    assert case.round == 2
    case.choose(first_round[0].offer_id, NINE + 5 * HOUR)
    for about in (1, None):
        case.decline(about, "I still mean the first round.", NINE + 5 * HOUR)
        assert (case.state, kinds(case)[-1]) == (State.OFFERED, Kind.OBJECTION_TOO_LATE)
    with pytest.raises(NotNow, match="current round"):
        case.consent(first_round[0].offer_id, "phone", LI, NINE + 5 * HOUR)
    with pytest.raises(NotNow):
        case.carry_out("Done without asking.", LI, NINE + 5 * HOUR)
    case.consent(case.offers[0].offer_id, "phone", LI, NINE + 5 * HOUR)
    case.carry_out("Repaired.", LI, NINE + 6 * HOUR)


@pytest.mark.requirement("001-29")
def test_an_objection_by_phone_is_told_because_the_customer_still_sees_the_offers() -> None:
    case = offered()
    case.object("Too slow.", "phone", LI, NINE + 3 * HOUR)
    assert facts(case) == [OffersWithdrawn(complaint_id=case.id, round=1, withdrawn_at=NINE + 3 * HOUR)]
    declined = offered()
    declined.decline(1, "Too slow.", NINE + 3 * HOUR)
    assert facts(declined) == []  # intake knows


@pytest.mark.requirement("001-29")
def test_nothing_is_carried_out_without_consent() -> None:
    case = judged()
    with pytest.raises(NotNow, match="not agreed"):
        case.carry_out("Done.", LI, NINE + 5 * HOUR)
    case.offer([EXCHANGE], LI, NINE + 5 * HOUR)
    case.object("No.", "counter", LI, NINE + 6 * HOUR)
    with pytest.raises(NotNow, match="agree"):
        case.answer("Done.", LI, NINE + 6 * HOUR)


@pytest.mark.requirement("001-16")
def test_a_complaint_that_is_not_valid_ends_with_an_explanation() -> None:
    case = judged(BAD)
    case.carry_out("The wear is normal after five years; here is how to slow it down.", LI, NINE + 2 * HOUR)
    told = facts(case)
    assert any(isinstance(each, SolutionCarriedOut) for each in told)
    assert isinstance(told[-1], FollowUpRequested)
    case.resume("He does not accept that.", LI, NINE + 3 * HOUR)
    assert case.judgement is None  # it is looked at anew
    with pytest.raises(NotNow, match="Judge first"):
        case.offer([REPAIR], LI, NINE + 4 * HOUR)


@pytest.mark.requirement("001-27")
def test_a_minor_complaint_is_answered_at_once_a_major_one_never() -> None:
    case = opened()
    case.answer("Sent the missing screw.", LI, NINE + HOUR)
    assert case.state is State.CARRIED_OUT
    major = opened(Severity.MAJOR)
    with pytest.raises(NotNow) as refused:
        major.answer("Never mind.", LI, NINE + HOUR)
    assert "major" in refused.value.reason.en
    assert "重大" in refused.value.reason.zh


@pytest.mark.requirement("001-14", "001-32")
@pytest.mark.parametrize("make", [opened, judged, offered])
def test_no_case_closes_before_the_customer_was_told_the_result(make: Callable[[], Case]) -> None:
    with pytest.raises(NotNow, match="told the result"):
        make().close(Outcome.SATISFIED, "Enough.", LI, NINE + 5 * HOUR)


@pytest.mark.requirement("001-32", "001-33")
def test_a_person_closes_with_an_outcome_and_not_at_the_first_refusal() -> None:
    case = carried_out()
    with pytest.raises(NotNow, match="resume"):
        case.close(Outcome.NOT_ACCEPTABLE, "Customer is difficult.", LI, NINE + 5 * HOUR)
    case.resume("He said no on the telephone.", LI, NINE + 5 * HOUR)
    case.offer([REPAIR], LI, NINE + 5 * HOUR)
    case.consent(case.offers[0].offer_id, "phone", LI, NINE + 5 * HOUR)
    case.carry_out("Repaired.", LI, NINE + 6 * HOUR)
    case.close(Outcome.NOT_ACCEPTABLE, "Went to the consumers' association.", LI, NINE + 7 * HOUR)
    assert (case.state, case.outcome, case.closed_by) == (State.CLOSED, Outcome.NOT_ACCEPTABLE, LI)


@pytest.mark.requirement("001-28", "N-B")
def test_a_reply_exactly_at_the_promised_time_keeps_the_promise_a_later_one_does_not() -> None:
    case = opened()
    case.time_passed(DUE)
    assert facts(case) == []
    case.reply("We wait for the part.", LI, DUE)
    assert [type(event) for event in facts(case)] == [CustomerTold, PromiseKept, PromiseMade]
    assert case.promise is not None
    late = case.promise.due_at + timedelta(microseconds=1)
    case.reply("Still waiting.", LI, late)
    told, broken, made = facts(case)
    assert isinstance(told, CustomerTold)
    assert isinstance(broken, PromiseBroken)
    assert not broken.interim_reply  # the person's own reply goes out, one is enough
    assert isinstance(made, PromiseMade)


@pytest.mark.requirement("001-28", "N-B")
def test_a_promise_whose_time_passed_is_broken_and_renewed_until_the_case_is_solved() -> None:
    case = opened()
    now = DUE
    for number in range(2, 6):
        now += timedelta(seconds=1)
        case.time_passed(now)
        broken, made = (each for each in facts(case) if not isinstance(each, TabooRaised))
        assert isinstance(broken, PromiseBroken)
        assert broken.interim_reply
        assert not broken.waiting_for_customer
        assert isinstance(made, PromiseMade)
        assert case.promises == number
        now = made.due_at
    waiting = offered()
    assert waiting.promise is not None
    waiting.time_passed(waiting.promise.due_at + HOUR)
    assert [getattr(event, "waiting_for_customer", None) for event in facts(waiting)] == [True, None]


def test_accepting_is_no_reply() -> None:
    case = opened()
    before = case.promise
    case.accept(None, LI, NINE)
    assert case.promise is before
    assert case.handler_id == LI


def test_an_assignment_heard_of_late_does_not_undo_an_acceptance() -> None:
    case = opened()
    case.accept("e-1", LI, NINE + HOUR)
    case.assign("after-sales", "e-2", "Wang", NINE)
    assert (case.department, case.handler_id) == ("after-sales", "e-1")
    case.assign("quality", "e-3", "Zhao", NINE + 2 * HOUR)
    assert (case.department, case.handler_id) == ("quality", "e-3")


def test_what_people_write_is_masked_in_facts_and_timeline() -> None:
    case = opened()
    case.accept("e-1", LI, NINE)
    case.judge(GOOD, "I called 13800138000.", LI, NINE)
    case.offer([Solution((Remedy.REFUND,), "Refund, see ann@example.com")], LI, NINE)
    case.object("Call me at 13800138000", "phone", LI, NINE)
    case.reply("Write to ann@example.com", LI, NINE)
    case.offer([REPAIR], LI, NINE)
    case.consent(case.offers[0].offer_id, "email", LI, NINE)
    case.carry_out("Reached on 13800138000", LI, NINE)
    case.resume("13800138000 called", LI, NINE)
    told = repr(case._facts) + repr(case.new_entries) + repr(case)
    assert "13800138000" not in told
    assert "ann@example" not in told


@pytest.mark.requirement("P-09")
def test_the_lifecycle_explains_itself_in_both_languages() -> None:
    for make in (opened, judged, offered, carried_out):
        case = make()
        refused = impossible_actions(case)
        assert {r.action for r in refused} | set(possible(case)) == set(Action)
        for action in refused:
            assert action.reason.en.isascii()
            assert any("\u4e00" <= sign <= "\u9fff" for sign in action.reason.zh)
    assert set(TITLES) == set(Kind)


ACTS: dict[Action, Callable[[Case, datetime], None]] = {
    Action.ACCEPT: lambda case, at: case.accept(None, LI, at),
    Action.JUDGE: lambda case, at: case.judge(GOOD, "Yes.", LI, at),
    Action.OFFER: lambda case, at: case.offer([EXCHANGE, REPAIR], LI, at),
    Action.CONSENT: lambda case, at: case.consent(
        case.offers[0].offer_id if case.offers else new_id(), "phone", LI, at
    ),
    Action.OBJECT: lambda case, at: case.object("No.", "phone", LI, at),
    Action.ANSWER: lambda case, at: case.answer("Done.", LI, at),
    Action.CARRY_OUT: lambda case, at: case.carry_out("Done.", LI, at),
    Action.REPLY: lambda case, at: case.reply("Soon.", LI, at),
    Action.CLOSE: lambda case, at: case.close(
        Outcome.ACCEPTABLE, "By phone.", LI, at, Ending(negative_reason="They have said all.")
    ),
    Action.RESUME: lambda case, at: case.resume("By phone.", LI, at),
    Action.ASK_CUSTOMER: lambda case, at: case.ask_customer("Which motor?", LI, at),
    Action.ASK_COLLEAGUE: lambda case, at: case.ask_colleague("wang.lei", "Which batch?", LI, at),
    Action.ANSWERED: lambda case, at: case.answered("M7-400.", LI, at),
    Action.EXTEND: lambda case, at: case.extend(8, "The report is late.", LI, at),
    Action.RESPOND_PUBLICLY: lambda case, at: case.respond_publicly("Forum.", "Sorry.", LI, at),
    Action.REOPEN: lambda case, at: case.reopen("It came back.", LI, min(at, case.reopen_until or at)),
    Action.CORRECT: lambda case, at: case.correct("Checked before delivery.", LI, at),
    Action.HAND_OVER: lambda case, at: case.hand_over(BODIES.shipped.bodies[0], "They went there.", LI, at),
    Action.ANSWER_BODY: lambda case, at: case.answer_body("We offered an exchange.", LI, at),
    Action.DECIDE: lambda case, at: case.decide(Favour.BOTH, "Half each.", Outcome.ACCEPTABLE, LI, at),
}
MAY_BE_TOO_LATE = {Action.EXTEND, Action.CLOSE, Action.CONSENT, Action.DECIDE}
"""These look at more than the lifecycle does."""
HAPPENINGS: list[Callable[[Case, datetime], None]] = [
    lambda case, at: case.time_passed(at),
    lambda case, at: case.hear(case.follow_up_id, Outcome.SATISFIED, None, at),
    lambda case, at: case.hear(case.follow_up_id, Outcome.NOT_ACCEPTABLE, None, at),
    lambda case, at: case.ask_again("It came back.", at),
    lambda case, at: case.feel(new_id(), Emotion.ANGRY, at, FeltIn.INTAKE),
    lambda case, at: case.decline(case.round, None, at),
    lambda case, at: case.choose(case.offers[-1].offer_id if case.offers else new_id(), at),
    lambda case, at: case.triage(None, Severity.MAJOR, (), at),
    lambda case, at: case.assign("quality", "e-9", "Zhao", at),
    lambda case, at: case.note(Kind.CUSTOMER_WROTE, at, CUSTOMER, "And?"),
    lambda case, at: case.note(Kind.HANDLER_WROTE, at, LI, "Soon."),
    lambda case, at: case.become(Visibility.PUBLIC, LI, at),
    lambda case, at: case.merge(new_id(), LI, None, at) if case.state is not State.MERGED else None,
    lambda case, at: case.separate(LI, None, at),
]
STEPS = st.one_of(st.sampled_from(list(Action)), st.integers(min_value=0, max_value=len(HAPPENINGS) - 1))


@pytest.mark.requirement("001-28", "001-32", "P-09")
@given(steps=st.lists(st.tuples(STEPS, st.integers(min_value=0, max_value=30 * 3600)), max_size=40))
def test_whatever_happens_an_unsolved_case_holds_exactly_one_promise(
    steps: list[tuple[Action | int, int]],
) -> None:
    case, now = Case(id=UUID(int=7)), NINE
    case.open("RD-7K2M9QXA3", NINE)
    for step, seconds in steps:
        now += timedelta(seconds=seconds)
        if isinstance(step, Action):
            reason, before = why_not(case, step), len(case.new_entries)
            if reason is None:
                try:
                    ACTS[step](case, now)
                except NotNow:
                    assert step in MAY_BE_TOO_LATE
                    continue
                assert len(case.new_entries) > before  # who, when, why
                assert case.state is LIFECYCLE[step].to or LIFECYCLE[step].to is None
            else:
                with pytest.raises(NotNow) as refused:
                    ACTS[step](case, now)
                assert refused.value.reason == reason
                assert len(case.new_entries) == before
        else:
            HAPPENINGS[step](case, now)
        assert (case.promise is not None) == (case.state in UNSOLVED)
        assert (case.outcome is not None) == (case.state is State.CLOSED) == (case.closed_at is not None)
        assert case.state is not State.CLOSED or case.last_emotion not in NEGATIVE or case.ended_negative
    latest = {promise.id: promise for promise in case.changed_promises}
    assert len(latest) == case.promises
    live = [promise for promise in latest.values() if promise.state is PromiseState.LIVE]
    assert live == ([case.promise] if case.promise else [])
    assert [entry.number for entry in case.new_entries] == list(range(1, case.entries + 1))


@pytest.mark.parametrize("same_time", [False, True])
def test_every_interleaving_of_intake_and_routing_ends_alike(same_time: bool) -> None:
    complaint_id = UUID(int=1)
    later = NINE if same_time else NINE + HOUR
    intake: list[Event] = [registered(complaint_id), opinion(complaint_id, Outcome.SATISFIED, later)]
    routing: list[Event] = [
        triaged(complaint_id, Severity.MAJOR, at=NINE if same_time else NINE + HOUR / 2),
        assigned(complaint_id, at=later),
    ]
    ends = []
    for order in interleavings(intake, routing):
        case = Case(id=complaint_id)
        for record in records(order):
            reactions.react(case, open_envelope(record))
        told = [
            (e.at, e.source, e.author, e.kind, e.text)
            for e in sorted(case.new_entries, key=lambda entry: entry.place)
        ]
        ends.append((case, told, facts(case)))
    assert len(ends) == 6
    assert all(end == ends[0] for end in ends)
    assert ends[0][0].state is State.OPEN
    assert OffersMade not in map(type, ends[0][2])
