"""How surveys are loaded and saved, in bulk, and what they hear of conversations."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.delivery import Delivery
from services.notification.surveys.book import SURVEYS
from services.notification.surveys.model import Given, Survey, SurveyState
from services.notification.surveys.occasions import Moment, Occasion
from services.notification.surveys.planning import follow
from services.notification.surveys.tables import Tables
from services.notification.surveys.words import seal_of
from shared import driver
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction, sql
from shared.events.surveys import AnsweredBy, SurveyEnd
from shared.rulebooks.store import content_of, load_books

# Who was invited elsewhere by a letter of its own, or is to be sooner, is not invited by this one.
_LOAD = sql(
    "SELECT s.*, (SELECT max(coalesce(o.opened_at, o.planned_at)) FROM survey_customers mine "
    "JOIN survey_customers theirs ON theirs.customer_id = mine.customer_id "
    "JOIN surveys o ON o.complaint_id = theirs.complaint_id "
    "WHERE mine.complaint_id = s.complaint_id AND o.id <> s.id AND o.follow_up_id IS NULL "
    "AND (o.opened_at IS NOT NULL OR (o.state = 'planned' AND (o.planned_at, o.id) < (s.planned_at, s.id)))"
    ") AS invited_at FROM surveys s WHERE s.id = ANY(CAST(:ids AS uuid[]))"
)
_ANSWERS = sql(
    "SELECT survey_id, question, value, words IS NOT NULL AS in_words, by, at FROM survey_answers "
    "WHERE survey_id = ANY(CAST(:ids AS uuid[])) ORDER BY at, question"
)
_OF_COMPLAINTS = sql("SELECT id FROM surveys WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")
_FORGET = sql(
    "WITH theirs AS (SELECT id FROM surveys WHERE complaint_id = ANY(CAST(:ids AS uuid[]))), "
    "gone AS (DELETE FROM survey_phones WHERE survey_id IN (SELECT id FROM theirs)) "
    "UPDATE survey_answers SET words = '' WHERE survey_id IN (SELECT id FROM theirs) AND words <> ''"
)
_PLAIN = (
    *("id", "version", "complaint_id", "book_version", "planned_at", "follow_up_id", "opened_at"),
    *("reminded_at", "answered_at", "ended_at"),
)
"""Columns that are the field of the same name."""
IN_WORDS = ""
"""Stands for words that were given, which only their readers open."""


class Told(Protocol):
    """A complaint, with what this change tells its surveys."""

    @property
    def id(self) -> UUID: ...
    @property
    def erased(self) -> bool: ...
    @property
    def occasions(self) -> list[Occasion]: ...


class Queue(Protocol):
    async def __call__(self, transaction: Transaction, new: Collection[Delivery]) -> None: ...


class SurveyStore:
    def __init__(self, tables: Tables, queue: Queue) -> None:
        self._tables = tables
        self._queue = queue

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Survey]:
        """Those that there are."""
        return await self.read(transaction.connection, ids)

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Survey]:
        rows = (await driver.run(connection, _LOAD, {"ids": list(ids)})).mappings().all()
        versions = {row["book_version"] for row in rows}
        contents = {version: await content_of(connection, SURVEYS, version) for version in versions}
        answers: dict[UUID, dict[str, Given]] = {row["id"]: {} for row in rows}
        for given in await driver.run(connection, _ANSWERS, {"ids": [*answers]}):
            value = IN_WORDS if given.in_words else given.value
            answers[given.survey_id][given.question] = Given(value, AnsweredBy(given.by), given.at)
        found: dict[UUID, Survey] = {}
        for row in rows:
            content = contents[row["book_version"]]
            assert content is not None  # versions are never deleted
            questionnaire = content.of(row["questionnaire"])
            invited = row["invited_at"]
            found[row["id"]] = Survey(
                questionnaire=questionnaire,
                state=SurveyState(row["state"]),
                ended=SurveyEnd(row["ended"]) if row["ended"] else None,
                answers=answers[row["id"]],
                rests_until=invited and invited + timedelta(days=questionnaire.rest_days),
                **{name: row[name] for name in _PLAIN},
            )
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[Survey]) -> None:
        changed = list(aggregates)
        for survey in changed:
            survey.version += 1
        await save_rows(transaction, self._tables.surveys, [_row(survey) for survey in changed])
        answers = [row for survey in changed for row in _answers(transaction.connection, survey)]
        await insert_rows(transaction, self._tables.answers, answers)
        await self._queue(transaction, [delivery for survey in changed for delivery in survey.outgoing])
        for survey in changed:
            survey.added, survey.outgoing = {}, []

    async def hear(self, transaction: Transaction, changed: Collection[Told]) -> None:
        """Let the surveys of these complaints know what happened, and publish what they say to it. The caller holds
        the complaints."""
        customers = {
            told.id: occasion.subject
            for told in changed
            for occasion in told.occasions
            if occasion.moment is Moment.REGISTERED
        }
        rows = [{"complaint_id": id, "customer_id": customer} for id, customer in customers.items()]
        await save_rows(transaction, self._tables.customers, rows)
        moved = [told for told in changed if any(o.moment is not Moment.REGISTERED for o in told.occasions)]
        if not moved:
            return
        found = await driver.run(transaction.connection, _OF_COMPLAINTS, {"ids": [told.id for told in moved]})
        ids = list(found.scalars())
        await transaction.lock(ids)
        surveys = await self.load(transaction, ids)
        before = {id: survey.wakes_at for id, survey in surveys.items()}
        reminded = {id: survey.reminded_at for id, survey in surveys.items()}
        books = await load_books(transaction.connection, SURVEYS)
        for told in moved:
            follow(surveys, told.id, told.occasions, books, erased=told.erased)
        touched = [
            survey
            for id, survey in surveys.items()
            if id not in before or before[id] != survey.wakes_at or reminded[id] != survey.reminded_at
        ]
        for survey in touched:
            survey.publish_to(transaction)
        await self.save(transaction, touched)
        if erased := [told.id for told in moved if told.erased]:
            await driver.run(transaction.connection, _FORGET, {"ids": erased})


def _row(survey: Survey) -> Mapping[str, Any]:
    return {name: getattr(survey, name) for name in _PLAIN} | {
        "questionnaire": survey.questionnaire.id,
        "about": survey.questionnaire.about,
        "state": survey.state,
        "ended": survey.ended,
        "wakes_at": survey.wakes_at,
    }


def _answers(connection: AsyncConnection, survey: Survey) -> Iterable[Mapping[str, Any]]:
    for question, given in survey.added.items():
        asked = survey.questionnaire.question(question)
        in_words = asked is not None and asked.in_words and given.value is not None
        yield {
            "survey_id": survey.id,
            "question": question,
            "value": None if in_words else given.value,
            "words": seal_of(connection).close(str(given.value)) if in_words else None,
            **{name: value for name, value in asdict(given).items() if name != "value"},
        }
