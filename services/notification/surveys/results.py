"""What came of a questionnaire: counted by PostgreSQL, because there may be many answers."""

from collections import Counter
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.surveys import figures
from services.notification.surveys.book import SURVEYS, Questionnaire
from services.notification.surveys.questions import SCALES, SurveyText
from services.notification.surveys.schemas import QuestionResult, SurveyResults
from shared import driver
from shared.database import sql
from shared.events.surveys import AnsweredBy
from shared.rulebooks.store import load_books

_SENT = (
    "sent AS (SELECT id, state FROM surveys WHERE questionnaire = :questionnaire AND opened_at IS NOT NULL "
    "AND (CAST(:since AS timestamptz) IS NULL OR opened_at >= :since) "
    "AND (CAST(:until AS timestamptz) IS NULL OR opened_at < :until))"
)
_TOTALS = sql(
    f"WITH {_SENT} SELECT count(*) AS sent, count(*) FILTER (WHERE state = 'answered') AS complete, "  # noqa: S608 - our own
    "count(*) FILTER (WHERE state <> 'answered' AND EXISTS "
    "(SELECT 1 FROM survey_answers a WHERE a.survey_id = sent.id)) AS partly FROM sent"
)
_WAYS = sql(
    f"WITH {_SENT} SELECT a.by, count(DISTINCT a.survey_id) AS number FROM sent "  # noqa: S608 - our own
    "JOIN survey_answers a ON a.survey_id = sent.id GROUP BY a.by"
)
# Of several choices each counts.
_COUNTS = sql(
    f"WITH {_SENT} SELECT a.question, v.value #>> '{{}}' AS value, count(*) AS number "  # noqa: S608 - our own
    "FROM sent JOIN survey_answers a ON a.survey_id = sent.id AND a.value IS NOT NULL "
    "CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(a.value) WHEN 'array' THEN a.value "
    "ELSE jsonb_build_array(a.value) END) AS v(value) GROUP BY a.question, v.value"
)
_ANSWERED = sql(
    f"WITH {_SENT} SELECT a.question, count(*) AS given, count(a.words) AS in_words, "  # noqa: S608 - our own
    "count(*) FILTER (WHERE a.value IS NULL AND a.words IS NULL) AS passed_over FROM sent "
    "JOIN survey_answers a ON a.survey_id = sent.id GROUP BY a.question"
)


async def results(
    connection: AsyncConnection, questionnaire: str, since: datetime | None, until: datetime | None
) -> SurveyResults:
    """Of the surveys that were sent from `since` on and before `until`."""
    wanted = {"questionnaire": questionnaire, "since": since, "until": until}
    totals = (await driver.run(connection, _TOTALS, wanted)).mappings().one()
    ways = await driver.run(connection, _WAYS, wanted)
    counts: dict[str, Counter[str]] = {}
    for row in await driver.run(connection, _COUNTS, wanted):
        counts.setdefault(row.question, Counter())[row.value] = row.number
    answered = {row.question: row for row in await driver.run(connection, _ANSWERED, wanted)}
    book = (await load_books(connection, SURVEYS)).read(SURVEYS)
    now = next((each for each in book.questionnaires if each.id == questionnaire), None)
    order = [question.id for question in now.questions] if now else []
    asked = [*order, *sorted(answered.keys() - set(order))]
    return SurveyResults(
        questionnaire=questionnaire,
        sent=totals["sent"],
        complete=totals["complete"],
        partly=totals["partly"],
        response_rate=figures.share(totals["complete"] + totals["partly"], totals["sent"]),
        by={AnsweredBy(row.by): row.number for row in ways},
        questions=[_result(now, id, answered.get(id), counts.get(id, Counter())) for id in asked],
    )


def _result(now: Questionnaire | None, id: str, told: object, counts: Counter[str]) -> QuestionResult:
    question = now.question(id) if now else None
    given, in_words, passed_over = (getattr(told, n, 0) for n in ("given", "in_words", "passed_over"))
    return QuestionResult(
        question=id,
        measure=question.measure if question else None,
        text=SurveyText(en=question.en, zh=question.zh) if question else None,
        answered=given - passed_over,
        passed_over=passed_over,
        in_words=in_words,
        counts=dict(sorted(counts.items())),
        mean=figures.mean(counts) if question and question.kind in SCALES else None,
        figure=figures.figure(question, counts) if question else None,
    )
