"""Where improvements are kept: loaded and saved in bulk, a handful of statements for any number of them."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.books import BOOKS
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import (
    Action,
    Analysis,
    Carried,
    Checked,
    Effect,
    Meeting,
    Member,
    Passage,
    Recurrence,
    Standard,
    Training,
)
from services.resolution.improvement.steps import ImprovementState, Step
from services.resolution.improvement.tables import (
    improvement_actions,
    improvement_analyses,
    improvement_complaints,
    improvement_effects,
    improvement_members,
    improvement_passages,
    improvement_places,
    improvement_recurrences,
    improvements,
)
from shared import driver
from shared.bulk import columns_of, insert_rows, save_rows
from shared.database import Transaction, sql
from shared.events.vocabulary import Severity
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books

MOST_MATCHES = 50
"""Complaints that look like a recurrence, at one look."""


def _all(name: str, table: Table, order: str) -> str:
    return (
        f"(SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY {order}), '[]') "  # noqa: S608  # our own tables
        f"FROM {table.name} t WHERE t.improvement_id = i.id) AS {name}"
    )


_LOAD = sql(
    f"""
SELECT i.*,
       (SELECT coalesce(jsonb_agg(to_jsonb(j) || jsonb_build_object(
                   'valid', c.reason_sufficient AND c.demand_reasonable,
                   'reference', c.reference, 'registered_at', c.registered_at, 'severity', c.severity)
               ORDER BY j.joined_at, j.complaint_id), '[]')
        FROM improvement_complaints j JOIN cases c ON c.id = j.complaint_id
        WHERE j.improvement_id = i.id) AS complaints,
       {_all("members", improvement_members, "t.lead DESC, t.person")},
       {_all("actions", improvement_actions, "t.number")},
       {_all("checked", improvement_places, "t.round, t.place")},
       {_all("analyses", improvement_analyses, "t.number")},
       {_all("effects", improvement_effects, "t.number")},
       {_all("passages", improvement_passages, "t.number")},
       {_all("recurrences", improvement_recurrences, "t.found_at, t.complaint_id")},
       (SELECT coalesce(jsonb_agg(m.id), '[]') FROM (
            SELECT c.id FROM cases c
            WHERE i.state = 'closed' AND c.category = i.category AND c.product = i.product
                  AND c.registered_at > i.ended_at AND c.state NOT IN ('merged', 'withdrawn')
                  AND NOT EXISTS (SELECT FROM improvement_complaints j
                                  WHERE j.improvement_id = i.id AND j.complaint_id = c.id)
                  AND NOT EXISTS (SELECT FROM improvement_recurrences r
                                  WHERE r.improvement_id = i.id AND r.complaint_id = c.id)
            ORDER BY c.registered_at, c.id LIMIT {MOST_MATCHES}) m) AS matches
FROM improvements i WHERE i.id = ANY(CAST(:ids AS uuid[]))
"""  # noqa: S608  # our own tables
)
_PARTS: dict[str, TypeAdapter[Any]] = {
    "complaints": TypeAdapter(list[Carried]),
    "members": TypeAdapter(tuple[Member, ...]),
    "actions": TypeAdapter(list[Action]),
    "checked": TypeAdapter(list[Checked]),
    "analyses": TypeAdapter(list[Analysis]),
    "effects": TypeAdapter(list[Effect]),
    "passages": TypeAdapter(list[Passage]),
    "recurrences": TypeAdapter(list[Recurrence]),
    "meetings": TypeAdapter(tuple[Meeting, ...]),
    "standards": TypeAdapter(tuple[Standard, ...]),
    "trainings": TypeAdapter(tuple[Training, ...]),
    "matches": TypeAdapter(tuple[UUID, ...]),
}
_WORDS = {"state": ImprovementState, "step": Step, "severity": Severity}
_PLAIN = [name for name in columns_of(improvements) if name not in {*_PARTS, *_WORDS, "wakes_at"}]
_CHANGING = [name for name in columns_of(improvements) if name not in {"id", "title", "problem"}]
"""The words of the opening are written once: whoever erases them meanwhile holds another lock."""
_CARRIED = [name for name in columns_of(improvement_complaints) if name != "improvement_id"]

_FORGET_LEFT = sql(
    "DELETE FROM improvement_complaints j USING jsonb_to_recordset(CAST(:left AS jsonb)) "
    "AS l(improvement_id uuid, complaint_id uuid) "
    "WHERE j.improvement_id = l.improvement_id AND j.complaint_id = l.complaint_id"
)
_CLEAR_TEAMS = sql("DELETE FROM improvement_members WHERE improvement_id = ANY(CAST(:ids AS uuid[]))")
_CLEAR_PLACES = sql("DELETE FROM improvement_places WHERE improvement_id = ANY(CAST(:ids AS uuid[]))")


class ImprovementStore:
    """Improvements by id; an id that is not known has none."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Improvement]:
        return await self.read(transaction.connection, ids)

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Improvement]:
        books = await load_books(connection, *BOOKS)
        rows = (await driver.run(connection, _LOAD, {"ids": list(ids)})).mappings()
        return {row["id"]: _improvement(row, books) for row in rows}

    async def save(self, transaction: Transaction, aggregates: Iterable[Improvement]) -> None:
        saved = list(aggregates)
        for each in saved:
            each.version += 1
        ids = [each.id for each in saved]
        await save_rows(transaction, improvements, [_row(each) for each in saved], changing=_CHANGING)
        await self._save_complaints(transaction, saved)
        await transaction.execute(_CLEAR_TEAMS, {"ids": ids})
        await insert_rows(transaction, improvement_members, _rows(saved, lambda i: i.members))
        await save_rows(transaction, improvement_actions, _rows(saved, lambda i: i.actions.values()))
        await transaction.execute(_CLEAR_PLACES, {"ids": ids})
        await insert_rows(transaction, improvement_places, _rows(saved, lambda i: i.checked))
        verified = ("verified_by", "verified_at", "confirmed", "verification")
        rows = _rows(saved, lambda i: i.analyses)
        await save_rows(transaction, improvement_analyses, rows, changing=verified)
        for table, rows in (
            (improvement_effects, _rows(saved, lambda i: i.effects)),
            (improvement_passages, _rows(saved, lambda i: i.passages)),
        ):
            await save_rows(transaction, table, rows, changing=("number",))  # what was said stays
        rows = _rows(saved, lambda i: i.recurrences.values())
        await save_rows(transaction, improvement_recurrences, rows)

    async def _save_complaints(self, transaction: Transaction, saved: Collection[Improvement]) -> None:
        rows = _rows(saved, lambda i: i.complaints.values())
        known = [{name: row[name] for name in ("improvement_id", *_CARRIED)} for row in rows]
        await save_rows(transaction, improvement_complaints, known, changing=("recurrence",))
        left = [{"improvement_id": str(i.id), "complaint_id": str(c)} for i in saved for c in i.left]
        if left:
            await transaction.execute(_FORGET_LEFT, {"left": to_json(left).decode()})
        for each in saved:
            each.left.clear()


def _improvement(row: Any, books: Books) -> Improvement:
    parts = {name: adapter.validate_python(row[name]) for name, adapter in _PARTS.items()}
    parts["complaints"] = {each.complaint_id: each for each in parts["complaints"]}
    parts["recurrences"] = {each.complaint_id: each for each in parts["recurrences"]}
    parts["actions"] = {each.number: each for each in parts["actions"]}
    words: dict[str, Any] = {name: kind(row[name]) for name, kind in _WORDS.items()}
    # A complaint may have become more severe since it was joined.
    known = [words["severity"], *(c.severity for c in parts["complaints"].values() if c.severity is not None)]
    words["severity"] = max(known, key=lambda severity: severity.rank)
    return Improvement(books=books, **{name: row[name] for name in _PLAIN}, **words, **parts)


def _row(improvement: Improvement) -> dict[str, Any]:
    kept = ("meetings", "standards", "trainings")
    return (
        {name: getattr(improvement, name) for name in _PLAIN}
        | {name: getattr(improvement, name).value for name in _WORDS}
        | {name: getattr(improvement, name) for name in kept}
        | {"wakes_at": improvement.wakes_at}
    )


def _rows(saved: Iterable[Improvement], parts: Any) -> list[dict[str, Any]]:
    return [
        {"improvement_id": each.id} | {field.name: getattr(part, field.name) for field in fields(part)}
        for each in saved
        for part in parts(each)
    ]


store = ImprovementStore()
