"""Surveys, and what was answered."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import COMPLAINT, after, id_of
from shared.events import Event, ResultJudged, SurveyAnswered, SurveyClosed, SurveySent
from shared.events.surveys import AnsweredBy, SurveyAbout, SurveyAnswer, SurveyEnd, SurveyMeasure
from shared.events.vocabulary import Outcome


def events() -> Iterator[Event]:
    result: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "survey_id": id_of(70),
        "questionnaire": "case",
        "about": SurveyAbout.CASE,
    }
    process = result | {"survey_id": id_of(71), "questionnaire": "process", "about": SurveyAbout.PROCESS}
    yield SurveySent(**result, questionnaire_version=0, sent_at=after(40))
    yield ResultJudged(
        complaint_id=COMPLAINT,
        survey_id=id_of(70),
        follow_up_id=id_of(40),
        outcome=Outcome.SATISFIED,
        trust_restored=True,
        judged_at=after(42),
    )
    yield SurveyAnswered(
        **result,
        questionnaire_version=0,
        by=AnsweredBy.LINK,
        answers=(
            SurveyAnswer(question="outcome", measure=SurveyMeasure.OUTCOME, value="satisfied"),
            SurveyAnswer(question="trust", measure=SurveyMeasure.TRUST_RESTORED, value=True),
            SurveyAnswer(question="effort", measure=SurveyMeasure.EFFORT, value=4),
            SurveyAnswer(question="again", measure=SurveyMeasure.REPURCHASE),
            SurveyAnswer(question="better", in_words=True),
        ),
        complete=True,
        answered_at=after(42),
    )
    yield SurveyClosed(**process, because=SurveyEnd.TIME, closed_at=after(600))
