"""Listening, reopening and disputes: the pure rules."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.resolution.closing import Ending
from services.resolution.dispute.book import BODIES, OutsideBodies
from services.resolution.dispute.model import DisputeState
from services.resolution.handlers import reactions
from services.resolution.lifecycle import Action, NotNow, State
from services.resolution.listening.book import LISTENING, ListeningRules
from services.resolution.listening.contact import Behaviour, Contact, Finding, Form, Means, Slip
from services.resolution.listening.mood import NEGATIVE, FeltIn
from services.resolution.model import Case
from services.resolution.offers.offering import Solution
from services.resolution.reopening.book import REOPENING
from services.resolution.timeline import Kind
from shared.envelope import open_envelope
from shared.events import (
    CaseClosed,
    CaseEndedNegative,
    CaseReopened,
    ComplaintAssigned,
    DisputeDeadlineMissed,
    DisputeDeadlineNear,
    Event,
    FollowUpRequested,
    PromiseMade,
    RestatementAnswered,
    TabooRaised,
)
from shared.events.dispute import Favour
from shared.events.listening import Taboo
from shared.events.routing import AssignmentBasis
from shared.events.vocabulary import Emotion, Outcome, Remedy, Severity, Valence, Visibility
from shared.ids import new_id
from shared.rulebooks.model import Books
from tests.resolution_story import HOUR, NINE, assigned, records
from tests.unit.test_resolution_model import (
    BAD,
    LI,
    carried_out,
    facts,
    judged,
    kinds,
    offered,
    opened,
)

DAY = timedelta(days=1)
RULES = LISTENING.shipped
BODY = BODIES.shipped.bodies[0]


def contact(case: Case, at: datetime, **noted: Any) -> Contact:
    known: dict[str, Any] = {
        "id": new_id(),
        "complaint_id": case.id,
        "via": Means.PHONE,
        "held_at": at,
        "recorded_at": at,
        "held_by": LI,
        "emotion": Emotion.CALM,
        **dict.fromkeys(("empathy", "polite_name", "solution_focus"), True),
    }
    return Contact(**(known | noted))


def taboos(told: Sequence[Event]) -> list[Taboo]:
    return [each.taboo for each in told if isinstance(each, TabooRaised)]


def heard(case: Case, *events: Event) -> list[Event]:
    for record in records(events):
        reactions.react(case, open_envelope(record))
    return facts(case)


# contacts


@pytest.mark.requirement("004-05")
def test_the_nine_behaviours_are_met_missed_or_do_not_apply() -> None:
    case = opened()
    good = contact(
        case,
        NINE,
        via=Means.VISIT,
        customer_seconds=80,
        agent_seconds=20,
        eye_contact=True,
        key_points=("The alarm.",),
        questions=(Form.OPEN,),
        summary="It rang twice.",
    )
    assert good.checklist(0.8) == dict.fromkeys(Behaviour, Finding.MET)
    poor = contact(
        case,
        NINE,
        customer_seconds=79,
        agent_seconds=21,
        slips=(Slip.REBUTTAL,),
        **dict.fromkeys(("empathy", "polite_name", "solution_focus"), False),
    )
    missed = set(Behaviour) - {Behaviour.EYE_CONTACT}
    assert {b for b, finding in poor.checklist(0.8).items() if finding is Finding.MISSED} == missed
    assert poor.checklist(0.8)[Behaviour.EYE_CONTACT] is Finding.NOT_APPLICABLE
    mail = contact(case, NINE, via=Means.MAIL).checklist(0.8)
    assert mail[Behaviour.TALK_SHARE] is Finding.NOT_APPLICABLE


@given(customer=st.integers(0, 9999), agent=st.integers(0, 9999), least=st.floats(0.5, 1))
@pytest.mark.requirement("004-05")
def test_whoever_lets_the_customer_talk_longer_never_does_worse(
    customer: int, agent: int, least: float
) -> None:
    assume(customer + agent)
    case = opened()

    def met(seconds: int) -> bool:
        held = contact(case, NINE, customer_seconds=seconds, agent_seconds=agent)
        return held.checklist(least)[Behaviour.TALK_SHARE] is Finding.MET

    assert met(customer + 60) or not met(customer)


@pytest.mark.requirement("004-06")
@pytest.mark.parametrize(
    ("asked", "funnel"),
    [
        ("", None),
        ("oc", True),
        ("ooc", True),
        ("occ", True),
        ("o", False),
        ("c", False),
        ("co", False),
        ("oco", False),
        ("ococ", False),
    ],
)
def test_questions_are_open_first_and_closed_to_verify(asked: str, funnel: bool | None) -> None:
    forms = {"o": Form.OPEN, "c": Form.CLOSED}
    assert contact(opened(), NINE, questions=tuple(forms[each] for each in asked)).funnel is funnel


# emotions


@given(
    st.lists(st.tuples(st.sampled_from(Emotion), st.integers(0, 500)), min_size=1, unique_by=lambda e: e[1])
)
@pytest.mark.requirement("004-02", "004-08", "N-H")
def test_the_latest_emotion_counts_in_whatever_order_they_become_known(
    felt: list[tuple[Emotion, int]],
) -> None:
    case = opened()
    for emotion, minutes in felt:
        case.feel(new_id(), emotion, NINE + timedelta(minutes=minutes), FeltIn.INTAKE)
    assert case.last_emotion is max(felt, key=lambda each: each[1])[0]
    assert len(case.new_feelings) == len(felt)


@pytest.mark.requirement("004-08", "N-H")
def test_a_person_closes_on_a_negative_emotion_only_with_a_reason_and_it_is_flagged() -> None:
    case = carried_out()
    case.hold(contact(case, NINE + 5 * HOUR, emotion=Emotion.AGGRIEVED))
    with pytest.raises(NotNow, match="negative_reason"):
        case.close(Outcome.SATISFIED, "Said so.", LI, NINE + 6 * HOUR)
    assert case.state is State.CARRIED_OUT
    facts(case)
    ending = Ending(negative_reason="They do not answer 13800138000.")
    case.close(Outcome.ACCEPTABLE, "Said so.", LI, NINE + 6 * HOUR, ending)
    _, ended = facts(case)
    assert isinstance(ended, CaseEndedNegative)
    assert (ended.emotion, ended.acknowledged_by) == (Emotion.AGGRIEVED, LI)
    assert "13800138000" not in repr(ended)
    assert case.ended_negative
    assert Kind.ENDED_NEGATIVE in kinds(case)


@pytest.mark.requirement("004-08")
def test_a_further_contact_clears_the_way() -> None:
    case = carried_out()
    case.hold(contact(case, NINE + 5 * HOUR, emotion=Emotion.ANGRY))
    case.hold(contact(case, NINE + 6 * HOUR, emotion=Emotion.RELIEVED))
    case.close(Outcome.SATISFIED, "Said so.", LI, NINE + 7 * HOUR)
    assert not case.ended_negative


@pytest.mark.requirement("004-08", "N-H")
@given(st.sampled_from(Emotion), st.integers(1, 100))
def test_what_becomes_known_after_the_closing_is_flagged_too(emotion: Emotion, hours: int) -> None:
    case = carried_out()
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 5 * HOUR)
    assert not case.ended_negative  # the opinion itself is the last contact
    facts(case)
    case.feel(new_id(), emotion, NINE + (5 + hours) * HOUR, FeltIn.INTAKE)
    assert case.ended_negative == (emotion.valence is Valence.NEGATIVE) == (emotion in NEGATIVE)
    assert len(facts(case)) == int(emotion in NEGATIVE)


# follow-ups


@pytest.mark.requirement("001-30")
def test_an_opinion_is_asked_for_twice_and_only_then_may_it_close_without_one() -> None:
    case = carried_out()
    alone = Ending(without_opinion=True)
    assert case.follow_up_at is not None
    with pytest.raises(NotNow, match="follow-up"):
        case.close(Outcome.ACCEPTABLE, "No answer.", LI, NINE + 5 * HOUR, alone)
    asked_at = case.follow_up_at + timedelta(seconds=1)
    case.time_passed(case.follow_up_at)
    assert facts(case) == []
    case.time_passed(asked_at)
    [asked] = facts(case)
    assert isinstance(asked, FollowUpRequested)
    assert asked.follow_up_id == case.follow_up_id
    assert case.follow_ups == 2
    assert case.wakes_at is None
    case.time_passed(asked_at + 90 * DAY)
    assert facts(case) == []
    case.close(Outcome.ACCEPTABLE, "No answer.", LI, asked_at + DAY, alone)
    assert case.state is State.CLOSED
    assert taboos(facts(case)) == []  # nobody was brushed off: they were asked


@pytest.mark.requirement("001-30")
def test_a_rule_that_wants_more_follow_ups_later_keeps_no_case_open_for_ever() -> None:
    case = carried_out()
    assert case.follow_up_at is not None
    at = case.follow_up_at + HOUR
    case.time_passed(at)
    more = RULES.model_copy(update={"follow_ups": 3})
    case.books = Books({"listening": (1, more)})
    case.close(Outcome.ACCEPTABLE, "No answer.", LI, at + DAY, Ending(without_opinion=True))
    assert case.state is State.CLOSED


@pytest.mark.requirement("001-30")
def test_a_new_result_is_asked_about_anew() -> None:
    case = carried_out()
    assert case.follow_up_at is not None
    first = case.follow_up_id
    case.time_passed(case.follow_up_at + HOUR)
    case.resume("Not yet.", LI, NINE + 90 * HOUR)
    case.offer([Solution((Remedy.REPAIR,), "Repair.")], LI, NINE + 91 * HOUR)
    case.choose(case.offers[0].offer_id, NINE + 92 * HOUR)
    case.carry_out("Repaired.", LI, NINE + 93 * HOUR)
    assert case.follow_ups == 1
    assert case.follow_up_id != first
    assert case.follow_up_at is not None


# taboos


@pytest.mark.requirement("000-12b")
def test_a_customer_of_whom_nobody_hears_is_neglected_once_until_somebody_speaks_with_them() -> None:
    case = opened()
    due = case.neglected_after
    assert due == NINE + DAY + 9 * HOUR  # sixteen working hours: two days from nine to six
    case.time_passed(due)
    assert Taboo.NEGLECTED not in taboos(facts(case))
    case.time_passed(due + HOUR)
    assert taboos(facts(case)) == [Taboo.NEGLECTED]  # the automatic interim reply is no word from a person
    case.time_passed(due + 3 * DAY)
    assert taboos(facts(case)) == []
    case.reply("We wait for the part.", LI, due + 3 * DAY)
    assert case.neglected_after is not None
    case.time_passed(case.neglected_after + HOUR)
    assert taboos(facts(case)) == [Taboo.NEGLECTED]


@pytest.mark.requirement("000-12b")
def test_nobody_is_neglected_while_they_are_waited_for_and_their_answer_begins_the_count_anew() -> None:
    case = offered()
    case.time_passed(NINE + 10 * DAY)
    assert taboos(facts(case)) == []
    case.decline(1, "Too slow.", NINE + 10 * DAY)
    case.time_passed(NINE + 10 * DAY + HOUR)
    assert taboos(facts(case)) == []
    case.time_passed(NINE + 20 * DAY)
    assert taboos(facts(case)) == [Taboo.NEGLECTED]


@pytest.mark.requirement("000-12b")
def test_whoever_agrees_late_is_not_neglected_at_that_moment() -> None:
    case = offered()
    case.choose(case.offers[0].offer_id, NINE + 10 * DAY)
    facts(case)
    case.time_passed(NINE + 10 * DAY + HOUR)
    assert taboos(facts(case)) == []
    case.time_passed(NINE + 20 * DAY)
    assert taboos(facts(case)) == [Taboo.NEGLECTED]


@pytest.mark.requirement("000-12b")
def test_whoever_is_asked_is_not_neglected_until_they_have_answered() -> None:
    case = opened()
    case.ask_customer("Which motor?", LI, NINE)
    case.time_passed(NINE + 10 * DAY)
    assert taboos(facts(case)) == []
    case.note(Kind.CUSTOMER_WROTE, NINE + 10 * DAY, "customer", "M7.")
    case.time_passed(NINE + 10 * DAY + HOUR)
    assert taboos(facts(case)) == []
    case.time_passed(NINE + 20 * DAY)
    assert taboos(facts(case)) == [Taboo.NEGLECTED]


@pytest.mark.requirement("000-12e")
def test_excuses_are_noticed_in_whatever_the_customer_is_told() -> None:
    words = "That is not our fault."
    case = opened()
    case.ask_customer(words, LI, NINE)
    assert taboos(facts(case)) == [Taboo.EXCUSED]
    case.extend(8, words, LI, NINE + HOUR)
    assert taboos(facts(case)) == [Taboo.EXCUSED]
    case.visibility = Visibility.PUBLIC
    case.respond_publicly("forum", words, LI, NINE + HOUR)
    assert taboos(facts(case)) == [Taboo.EXCUSED]


@pytest.mark.requirement("000-12c")
def test_settled_at_once_without_having_been_understood_is_brushed_off() -> None:
    unheard, confirmed, spoken = opened(), opened(), opened()
    heard(
        confirmed,
        RestatementAnswered(
            complaint_id=confirmed.id,
            addition_id=new_id(),
            confirmed=True,
            answered_by="customer",
            answered_at=NINE,
        ),
    )
    spoken.hold(contact(spoken, NINE))
    for case, found in ((unheard, [Taboo.BRUSHED_OFF]), (confirmed, []), (spoken, [])):
        facts(case)
        case.answer("Screw sent.", LI, NINE + HOUR)
        assert taboos(facts(case)) == found


@pytest.mark.requirement("000-12c")
def test_closed_on_hearsay_without_a_contact_since_the_result_is_brushed_off() -> None:
    case, spoken = carried_out(), carried_out()
    case.hold(contact(case, NINE + 3 * HOUR))  # before the result was told
    spoken.hold(contact(spoken, NINE + 5 * HOUR))
    for each, found in ((case, [Taboo.BRUSHED_OFF]), (spoken, [])):
        facts(each)
        each.close(Outcome.SATISFIED, "It is Friday.", LI, NINE + 6 * HOUR)
        assert taboos(facts(each)) == found


@pytest.mark.requirement("000-12e")
@pytest.mark.parametrize(
    "text",
    ["It's NOT our   fault.", "这是公司规定，请谅解。", "You should have read it", "对不起，我也没办法。"],
)
def test_whoever_excuses_themselves_is_noticed_in_both_languages(text: str) -> None:
    acts: tuple[Callable[[Case], None], ...] = (
        lambda c: c.reply(text, LI, NINE + HOUR),
        lambda c: c.judge(BAD, text, LI, NINE + HOUR),
        lambda c: c.offer([Solution((Remedy.APOLOGY,), text)], LI, NINE + HOUR),
        lambda c: c.write(text, LI, NINE + HOUR),
        lambda c: c.hold(contact(c, NINE + HOUR, slips=(Slip.EXCUSE,))),
    )
    for act in acts:
        case = judged()
        act(case)
        assert taboos(facts(case)) == [Taboo.EXCUSED]


@pytest.mark.requirement("000-12e")
def test_words_that_only_contain_a_phrase_are_no_excuse() -> None:
    assert (
        RULES.excuses_in("This default is not our faulty part: a knot our fault finder saw. 我们马上处理。")
        == []
    )
    assert RULES.excuses_in("IT'S NOT OUR FAULT, 也不归我管") == ["not our fault", "不归我管"]
    with pytest.raises(ValidationError, match="推脱用语"):
        ListeningRules(excuses_en=(), excuses_zh=())


def test_a_handler_who_lacks_what_was_wished_for_is_noticed() -> None:
    case = opened()
    basis = AssignmentBasis(
        rules_version=0, step="own", met=(), warnings=("needs:skill:motors",), load=0, capacity=9, eligible=1
    )
    told = heard(case, assigned(case.id).model_copy(update={"basis": basis}))
    assert taboos(told) == [Taboo.LACKS_SKILL]


@pytest.mark.parametrize(("severity", "found"), [(Severity.GENERAL, [Taboo.PASSED_ON]), (Severity.MAJOR, [])])
def test_a_minor_matter_that_a_person_passes_on_is_noticed(severity: Severity, found: list[Taboo]) -> None:
    case = opened(severity)
    by_person: ComplaintAssigned = assigned(case.id).model_copy(
        update={"handed_over_by": "key:desk", "because": "Not mine."}
    )
    by_itself = assigned(case.id).model_copy(update={"because": "absent"})
    assert taboos(heard(case, by_itself)) == []
    assert taboos(heard(case, by_person)) == found


# found, solved, corrected


@pytest.mark.requirement("000-10", "000-01")
def test_found_solved_and_corrected_are_three_facts() -> None:
    case = carried_out()
    case.correct("Torque is checked.", LI, NINE + 5 * HOUR)
    facts(case)
    case.hear(case.follow_up_id, Outcome.ACCEPTABLE, None, NINE + 6 * HOUR, trust_restored=True)
    [closed] = facts(case)
    assert isinstance(closed, CaseClosed)
    assert (closed.problem_found, closed.problem_solved, closed.problem_corrected) == (True, True, True)
    assert closed.trust_restored is True
    worn = judged(BAD)
    worn.judgement = type(BAD)(False, False)
    worn.carry_out("How to slow the wear down.", LI, NINE + 2 * HOUR)
    facts(worn)
    worn.hear(worn.follow_up_id, Outcome.ACCEPTABLE, None, NINE + 3 * HOUR)
    [closed] = facts(worn)
    assert isinstance(closed, CaseClosed)
    assert (closed.problem_found, closed.problem_solved, closed.problem_corrected) == (False, True, False)
    assert closed.trust_restored is None


# reopening


def closed() -> Case:
    case = carried_out()
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 5 * HOUR)
    facts(case)
    return case


@pytest.mark.requirement("P-24")
@pytest.mark.parametrize("by_customer", [True, False])
def test_a_reopened_case_keeps_its_history_and_gets_a_fresh_promise(by_customer: bool) -> None:
    case, at = closed(), NINE + 29 * DAY
    before = list(case.new_entries)
    if by_customer:
        case.ask_again("The alarm is back.", at)
    else:
        case.reopen("The alarm is back: 13800138000.", LI, at)
    reopened, made = facts(case)
    assert isinstance(reopened, CaseReopened)
    assert isinstance(made, PromiseMade)
    assert made.due_at > at
    assert (case.state, case.outcome, case.closed_at, case.closed_by) == (State.ACCEPTED, None, None, None)
    assert (case.problem_found, case.trust_restored, case.reopened) == (None, None, 1)
    assert case.new_entries[: len(before)] == before
    assert "13800138000" not in repr(case.new_entries)
    assert case.neglected_after is not None
    assert case.neglected_after > at
    case.offer([Solution((Remedy.REPAIR,), "Repair.")], LI, at + HOUR)  # it was judged before


@given(late=st.integers(1, 10**6))
@pytest.mark.requirement("P-24")
def test_the_window_of_reopening_ends(late: int) -> None:
    case = closed()
    assert case.reopen_until == NINE + 5 * HOUR + REOPENING.shipped.window
    too_late = case.reopen_until + timedelta(seconds=late)
    with pytest.raises(NotNow) as refused:
        case.reopen("It came back.", LI, too_late)
    assert "Register a further complaint" in refused.value.reason.en
    assert "另行登记投诉" in refused.value.reason.zh
    assert facts(case) == []
    case.reopen("It came back.", LI, case.reopen_until)
    case.ask_again("Hello?", too_late)  # it was taken up meanwhile
    assert (case.state, case.new_entries[-1].kind) == (State.ACCEPTED, Kind.CUSTOMER_WROTE)


@pytest.mark.requirement("P-24")
def test_the_window_that_the_customer_was_told_holds_when_the_rule_becomes_stricter() -> None:
    case = closed()
    shorter = REOPENING.shipped.model_copy(update={"window_days": 1})
    case.books = Books({"reopening": (1, shorter)})
    case.ask_again("It came back.", NINE + 20 * DAY)
    assert case.state is State.ACCEPTED


# outside bodies


@pytest.mark.requirement("P-47")
def test_a_dispute_warns_before_its_day_and_says_once_what_was_missed() -> None:
    case = carried_out()
    case.hand_over(BODY, "They went there.", LI, NINE)
    facts(case)
    assert case.dispute is not None
    dispute = case.dispute
    assert dispute.answer_due_at == NINE + timedelta(days=BODY.answer_days)
    case.follow_up_at = None
    assert case.wakes_at == dispute.answer_due_at - timedelta(days=BODY.warn_days)
    case.time_passed(case.wakes_at + HOUR)
    assert [type(each) for each in facts(case)] == [DisputeDeadlineNear]
    case.time_passed(dispute.decision_due_at + HOUR)
    first, second = facts(case)
    assert isinstance(first, DisputeDeadlineMissed)
    assert isinstance(second, DisputeDeadlineMissed)
    assert (first.by_company, second.by_company) == (True, False)
    assert case.wakes_at is None
    case.time_passed(dispute.decision_due_at + 99 * DAY)
    assert facts(case) == []


@pytest.mark.requirement("P-47")
def test_who_answered_in_time_is_not_warned() -> None:
    case = closed()
    case.hand_over(BODY, "They went there.", LI, NINE + DAY)
    case.answer_body("We offered an exchange.", LI, NINE + 2 * DAY)
    facts(case)
    assert case.dispute is not None
    case.time_passed(case.dispute.answer_due_at + HOUR)
    assert facts(case) == []
    assert case.dispute.state is DisputeState.ANSWERED
    case.decide(Favour.COMPANY, "Nothing is owed.", None, LI, NINE + 3 * DAY)
    assert case.state is State.CLOSED
    assert case.wakes_at is None
    with pytest.raises(NotNow, match="no outside body"):
        case.decide(Favour.COMPANY, "Again.", None, LI, NINE + 3 * DAY)


@pytest.mark.requirement("P-47")
def test_a_case_in_dispute_keeps_its_promise_or_ends_by_the_decision() -> None:
    case = offered()
    promise = case.promise
    case.hand_over(BODY, "They went there.", LI, NINE + 3 * HOUR)
    assert case.promise == promise
    with pytest.raises(NotNow, match="already"):
        case.hand_over(BODY, "Again.", LI, NINE + 3 * HOUR)
    facts(case)
    case.decide(Favour.CUSTOMER, "It is exchanged.", Outcome.ACCEPTABLE, LI, NINE + 4 * HOUR)
    told = [each.type.removeprefix("redress.") for each in facts(case)]
    assert told == ["dispute.decided", "offers.withdrawn", "promise.kept", "case.closed"]
    assert (case.state, case.closed_by, case.promise) == (State.CLOSED, "outside-body", None)
    assert case.result == "It is exchanged."
    left = offered()
    left.hand_over(BODY, "They went there.", LI, NINE + 3 * HOUR)
    left.withdraw(None, NINE + 4 * HOUR)
    assert left.dispute is None
    assert left.changed_disputes[-1].state is DisputeState.DROPPED


@pytest.mark.requirement("P-47", "000-13")
def test_no_decision_ends_what_is_not_answered_in_public_but_it_can_be_recorded() -> None:
    case = opened()
    case.become(Visibility.PUBLIC, LI, NINE)
    case.hand_over(BODY, "They went there.", LI, NINE)
    facts(case)
    with pytest.raises(NotNow, match="without an outcome") as refused:
        case.decide(Favour.BOTH, "Half each.", Outcome.ACCEPTABLE, LI, NINE + HOUR)
    assert (refused.value.action, case.in_dispute, facts(case)) == (Action.DECIDE, True, [])
    case.decide(Favour.BOTH, "Half each.", None, LI, NINE + HOUR)
    assert (case.in_dispute, case.state) == (False, State.OPEN)


def test_bodies_that_contradict_themselves_are_refused() -> None:
    body = BODY.model_dump()
    for wrong, said in (
        ({"decision_days": 1}, "answer_days"),
        ({"warn_days": BODY.answer_days}, "warn_days"),
    ):
        with pytest.raises(ValidationError, match=said):
            OutsideBodies.model_validate({"bodies": [body | wrong]})
    with pytest.raises(ValidationError, match="代码重复"):
        OutsideBodies.model_validate({"bodies": [body, body]})


def test_the_examples_of_the_rulebooks_fit() -> None:
    for book in (LISTENING, REOPENING, BODIES):
        book.content.model_validate(book.content.example)
