"""Questionnaires that lead everybody to the end, answers that stay, and figures with intervals."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.handlers import reactions as intake
from services.intake.model import View
from services.notification.surveys import figures
from services.notification.surveys.access import phone_digest, survey_of, token_of
from services.notification.surveys.book import SURVEYS, Questionnaire, SurveyBook
from services.notification.surveys.model import NotAsked, Over, Survey, SurveyState
from services.notification.surveys.planning import drawn
from services.notification.surveys.questions import END
from shared.aggregate import NotPossible
from shared.envelope import Received
from shared.events import (
    CaseResumed,
    Event,
    FollowUpRequested,
    OpinionGiven,
    ResultJudged,
    SolutionCarriedOut,
)
from shared.events.surveys import AnsweredBy, SurveyEnd, Value
from shared.events.vocabulary import Outcome
from shared.ids import derived_id
from shared.reply_check import check

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
LINK = AnsweredBy.LINK


def question(id: str, kind: str = "yes-no", **more: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind, "en": "So?", "zh": "是吗？"} | more


def questionnaire(*questions: dict[str, Any], **changes: Any) -> Questionnaire:
    words = {"en": "A word", "zh": "几句话"}
    content: dict[str, Any] = {
        "id": "q",
        "about": "case",
        "occasion": "closed",
        "title": words,
        "intro": words,
        "thanks": words,
        "close_after_hours": 100,
        "questions": questions,
    }
    return Questionnaire.model_validate_json(json.dumps(content | changes))


def survey(form: Questionnaire, **changes: Any) -> Survey:
    made = Survey(
        id=UUID(int=1),
        complaint_id=UUID(int=2),
        questionnaire=form,
        book_version=0,
        state=SurveyState.PLANNED,
        planned_at=NOON,
        **changes,
    )
    made.open(NOON)
    return made


def facts(of: Survey) -> list[Event]:
    return [event for event, _, _ in of._facts]


# Questionnaires.

TWO = [{"value": "a", "en": "A", "zh": "甲"}, {"value": "b", "en": "B", "zh": "乙"}]


@pytest.mark.requirement("P-25")
@pytest.mark.parametrize(
    ("questions", "changes", "said"),
    [
        ([question("a", next="b"), question("b", next="a")], {}, "a > b > a"),
        ([question("a", next="a")], {}, "a > a"),
        ([question("a", next="c")], {}, "not there"),
        ([question("a", next=END), question("b")], {}, "no answer leads to b"),
        (
            [
                question("a", required=True, branches=[{"when": {"one_of": [True, False]}, "next": END}]),
                question("b"),
            ],
            {},
            "no answer leads to b",
        ),
        ([question("a", branches=[{"when": {"one_of": ["a"]}, "next": END}])], {}, "no answer leads to end"),
        ([question("a", branches=[{"when": {"at_least": 3}, "next": END}])], {}, "no answer leads to end"),
        ([question("a", branches=[{"when": {}, "next": END}])], {}, "one of one_of"),
        ([question("a"), question("a")], {}, "called a"),
        ([question("end")], {}, "called end"),
        ([question("a", "choice")], {}, "two options"),
        ([question("a", "choice", options=[TWO[0], TWO[0]])], {}, "one value"),
        ([question("a", options=TWO)], {}, "two options"),
        ([question("a", low={"en": "no", "zh": "否"})], {}, "only scales"),
        ([question("a", measure="effort")], {}, "of the kind scale-5"),
        ([question("a", "choice", measure="outcome", options=TWO)], {}, "satisfied, acceptable"),
        ([question("a", measure="repurchase"), question("b", measure="repurchase")], {}, "one measure"),
        ([question("a")], {"remind_after_hours": 100}, "before it closes"),
        ([question("a")], {"occasion": "result", "remind_after_hours": 10}, "is its reminder"),
        ([question("a")], {"occasion": "result", "share": 0.5}, "for everybody"),
        ([], {}, "at least 1"),
    ],
)
def test_a_questionnaire_that_makes_no_sense_is_refused_with_the_remedy(
    questions: list[dict[str, Any]], changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        questionnaire(*questions, **changes)
    assert said in str(refused.value)


@pytest.mark.requirement("P-25")
def test_the_outcome_is_asked_first_and_with_a_result() -> None:
    [form] = [each for each in SURVEYS.shipped.questionnaires if each.id == "case"]
    content = json.loads(form.model_dump_json())
    for changes in (
        {"occasion": "closed"},
        {"questions": [question("before"), *content["questions"]]},
    ):
        with pytest.raises(ValidationError, match="the outcome is asked first"):
            Questionnaire.model_validate_json(json.dumps(content | changes))
    with pytest.raises(ValidationError, match="one questionnaire at most"):
        SurveyBook.model_validate_json(json.dumps({"questionnaires": [content, content | {"id": "other"}]}))


def test_a_version_is_read_again_as_it_was_written() -> None:
    assert SurveyBook.model_validate_json(SURVEYS.shipped.model_dump_json()) == SURVEYS.shipped


@pytest.mark.requirement("P-25", "002-23", "000-01", "000-15")
def test_what_redress_is_shipped_with_asks_what_the_company_must_know_and_blames_nobody() -> None:
    case, process = SURVEYS.shipped.questionnaires
    assert {q.measure for q in case.questions} >= {
        "outcome",
        "trust-restored",
        "repurchase",
        "effort",
        "satisfaction",
    }
    assert process.about == "process"
    assert process.share < 1
    for form in (case, process):
        assert form.questions[-1].in_words
        assert form.longest(form.questions[0].id) <= 8
        words = [
            form.title,
            form.intro,
            form.thanks,
            *form.questions,
            *(o for q in form.questions for o in q.options),
        ]
        for each in words:
            assert not check(each.en, "en"), each.en
            assert not check(each.zh, "zh"), each.zh


# Answers.

SHIPPED = st.sampled_from(SURVEYS.shipped.questionnaires)


@given(SHIPPED, st.data())
@pytest.mark.requirement("P-25")
def test_whatever_is_answered_leads_to_the_end_and_is_told_once(
    form: Questionnaire, data: st.DataObject
) -> None:
    asked = survey(form)
    most = form.longest(form.questions[0].id)
    said: dict[str, Value] = {}
    for number in itertools.count():
        now = asked.asked_now
        if now is None:
            break
        assert number + form.longest(now.id) <= most
        answer = data.draw(st.sampled_from(now.possible()))
        said[now.id] = answer
        at = NOON + timedelta(minutes=number)
        asked.answer({now.id: answer}, LINK, at)
        asked.answer(said, LINK, at)  # all of it again changes nothing
    assert asked.state is SurveyState.ANSWERED
    assert asked.wakes_at is None
    assert [type(each).__name__ for each in facts(asked)] == ["SurveySent", "SurveyAnswered"]
    assert [each.question for each in facts(asked)[1].answers] == [*said]  # type: ignore[attr-defined]

    at_once = survey(form)
    at_once.answer(said, LINK, NOON)
    assert {id: each.value for id, each in at_once.answers.items()} == {
        id: each.value for id, each in asked.answers.items()
    }


@pytest.mark.requirement("P-25")
def test_the_first_answer_stays_and_none_comes_before_its_question() -> None:
    asked = survey(questionnaire(question("a"), question("b", "text"), question("c", "scale-10")))
    with pytest.raises(NotAsked, match="a comes before it"):
        asked.answer({"b": "Well."}, LINK, NOON)
    assert asked.answers == {}
    asked.answer({"a": True, "b": "Well."}, LINK, NOON)
    with pytest.raises(NotPossible) as refused:
        asked.answer({"a": False}, LINK, NOON)
    assert refused.value.code == "already-answered"
    asked.answer({"b": "Something else."}, LINK, NOON)
    assert asked.answers["b"].value == "Well."
    assert asked.closes_at == NOON + timedelta(hours=100)
    with pytest.raises(Over):
        asked.answer({"c": 10}, LINK, NOON + timedelta(hours=101))
    asked.answer({"c": 10}, LINK, NOON + timedelta(hours=100))
    assert asked.state is SurveyState.ANSWERED


@pytest.mark.requirement("002-18", "P-25")
def test_a_way_that_the_questionnaire_does_not_take_is_refused() -> None:
    asked = survey(questionnaire(question("a"), ways=["phone"]))
    with pytest.raises(NotPossible) as refused:
        asked.answer({"a": True}, LINK, NOON)
    assert refused.value.code == "way-not-taken"
    asked.answer({"a": True}, AnsweredBy.PHONE, NOON)


@pytest.mark.requirement("P-25")
def test_what_was_answered_before_the_end_counts_and_words_are_not_told() -> None:
    asked = survey(questionnaire(question("a", "text"), question("b")))
    asked.answer({"a": "Ann, 13800138000"}, LINK, NOON)
    asked.end(SurveyEnd.TIME, NOON + timedelta(hours=101))
    asked.end(SurveyEnd.ERASED, NOON + timedelta(hours=102))
    sent, answered, closed = (event.model_dump(mode="json") for event in facts(asked))
    assert answered["complete"] is False
    assert answered["answers"] == [{"question": "a", "measure": None, "value": None, "in_words": True}]
    assert answered["answered_at"] == sent["sent_at"]
    assert closed["because"] == "time"


@pytest.mark.requirement("P-25")
def test_it_is_reminded_of_once_and_then_closed() -> None:
    asked = survey(questionnaire(question("a"), question("b"), remind_after_hours=10))
    assert asked.wakes_at == NOON + timedelta(hours=10)
    asked.answer({"a": True}, LINK, NOON)
    asked.time_passed(NOON + timedelta(hours=11))
    assert [each.facts["again"] for each in asked.outgoing] == [True]
    assert asked.wakes_at == NOON + timedelta(hours=100)
    asked.time_passed(NOON + timedelta(hours=101))
    assert (asked.state, asked.ended, len(asked.outgoing)) == (SurveyState.CLOSED, SurveyEnd.TIME, 1)


@given(st.floats(0.05, 0.95))
@pytest.mark.requirement("002-23")
def test_the_sample_is_as_large_as_it_is_said_to_be(share: float) -> None:
    ids = [derived_id("survey", number) for number in range(2000)]
    assert abs(sum(drawn(id, share) for id in ids) / 2000 - share) < 0.06
    assert all(drawn(id, 1) for id in ids)


# Keys.


@given(st.uuids(), st.binary(min_size=32, max_size=40), st.integers(0, 42), st.characters(codec="ascii"))
@pytest.mark.requirement("P-25")
def test_a_token_with_one_sign_changed_opens_nothing(id: UUID, secret: bytes, place: int, sign: str) -> None:
    token = token_of(secret, id)
    assert survey_of(secret, token) == id
    assert survey_of(secret + b"x", token) is None
    changed = token[:place] + sign + token[place + 1 :]
    if place < 42 and changed != token:  # the last sign has two bits that say nothing
        assert survey_of(secret, changed) is None
    else:
        assert survey_of(secret, changed) in {None, id}


def test_a_number_is_known_again_however_it_is_written() -> None:
    numbers = {
        phone_digest(b"s", each) for each in ("13800138000", "+86 138 0013 8000", "0086-138-0013-8000")
    }
    assert len(numbers) == 1
    assert phone_digest(b"s", "13800138001") not in numbers
    assert phone_digest(b"t", "13800138000") not in numbers


# What a survey tells intake.


def judged(round: UUID, outcome: Outcome, minute: int) -> ResultJudged:
    return ResultJudged(
        complaint_id=UUID(int=2),
        survey_id=uuid4(),
        follow_up_id=round,
        outcome=outcome,
        trust_restored=True,
        judged_at=NOON + timedelta(minutes=minute),
    )


def seen(*events: Event) -> tuple[View, list[OpinionGiven]]:
    view = View(id=UUID(int=2), status="agreed")
    for number, event in enumerate(events):
        fact = Received(UUID(int=number), event.wire_type(), str(view.id), number, NOON, None, event)
        intake.react(view, fact)
    return view, [event for event, _, _ in view._facts if isinstance(event, OpinionGiven)]


@pytest.mark.requirement("P-25", "001-30")
def test_an_opinion_in_a_survey_counts_once_whichever_topic_comes_first() -> None:
    id, first, second = UUID(int=2), uuid4(), uuid4()
    done = SolutionCarriedOut(complaint_id=id, result="It runs.", carried_out_at=NOON)
    asked = FollowUpRequested(complaint_id=id, follow_up_id=first, requested_at=NOON)
    again = FollowUpRequested(complaint_id=id, follow_up_id=second, requested_at=NOON)
    said = judged(first, Outcome.ACCEPTABLE, 5)
    for order in (
        (done, asked, said),
        (done, said, asked),
        (said, done, asked),
        (done, asked, said, said),
    ):
        view, opinions = seen(*order)
        assert [(each.outcome, each.follow_up_id, each.trust_restored) for each in opinions] == [
            (Outcome.ACCEPTABLE, first, True)
        ]
        assert (view.opinion_asked, view.outcome, view.early) == (False, Outcome.ACCEPTABLE, None)
    _, [opinion] = seen(done, asked, again, said)
    assert opinion.follow_up_id == second, "the newest request is the one that resolution waits for"


@pytest.mark.requirement("P-25")
def test_an_opinion_on_an_earlier_result_decides_nothing_about_the_next() -> None:
    id, first, second = UUID(int=2), uuid4(), uuid4()
    done = SolutionCarriedOut(complaint_id=id, result="It runs.", carried_out_at=NOON)
    view, opinions = seen(
        done,
        FollowUpRequested(complaint_id=id, follow_up_id=first, requested_at=NOON),
        CaseResumed(complaint_id=id, resumed_at=NOON),
        done,
        FollowUpRequested(complaint_id=id, follow_up_id=second, requested_at=NOON),
        judged(first, Outcome.SATISFIED, 5),
    )
    assert opinions == []
    assert view.opinion_asked


# Figures.


@given(st.integers(1, 500), st.data())
@pytest.mark.requirement("P-25")
def test_an_interval_holds_its_value_and_narrows_with_more_answers(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    one, ten = figures.share(hits, n), figures.share(10 * hits, 10 * n)
    assert one is not None
    assert ten is not None
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert ten.high - ten.low < one.high - one.low


def test_intervals_are_those_of_the_literature() -> None:
    # Wilson's interval for 15 of 20, as in R's `prop.test(15, 20, correct = FALSE)`: 0.5313 to 0.8881.
    found = figures.share(15, 20)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.5313, 0.8881)
    score = figures.net_promoters({"10": 5, "9": 1, "8": 2, "0": 1, "6": 1})
    assert score is not None
    assert score.value == pytest.approx(0.4)
    assert score.n == 10
    assert score.high - score.value == pytest.approx(1.959964 * (0.64 / 10) ** 0.5)
    assert figures.share(0, 0) is None
    assert figures.net_promoters({}) is None
