"""Where accusations, marks, sanctions and appeals are kept: in bulk, and at no cost for a case about nobody."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.fairness.accusing import Accusing
from services.resolution.fairness.book import FAIRNESS
from services.resolution.fairness.model import Appeal, Stage
from services.resolution.fairness.record import (
    Accusation,
    Hearing,
    Mark,
    MarkState,
    Sanction,
    SanctionState,
)
from services.resolution.fairness.tables import accusations, appeal_words, appeals, marks, sanctions
from shared import driver
from shared.bulk import columns_of, insert_rows, save_rows
from shared.database import Transaction, sql
from shared.events.fairness import Clearing, Decision, MarkEnd
from shared.rulebooks.store import load_books
from shared.worktime import WorkCalendar

_ACCUSATIONS = sql(
    """
SELECT a.*, m.mark_id, m.number, m.state AS mark_state, m.step, m.made_by, m.made_at, m.appeal_until, m.appeals,
       m.decided_at, m.changed_at, m.removed_because
FROM accusations a
LEFT JOIN LATERAL (SELECT * FROM marks WHERE complaint_id = a.complaint_id AND person_id = a.person_id
                   ORDER BY number DESC LIMIT 1) m ON true
WHERE a.complaint_id = ANY(CAST(:ids AS uuid[])) ORDER BY a.named_at, a.person_id
"""
)
_SANCTIONS = sql(
    "SELECT * FROM sanctions WHERE mark_id = ANY(CAST(:ids AS uuid[])) ORDER BY proposed_at, sanction_id"
)
_END = sql(
    "UPDATE appeals SET stage = 'ended', ended_at = e.at, version = version + 1, seeks = false, wakes_at = NULL, "
    "warn_at = NULL, remind_at = NULL, check_at = NULL "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS e(id, at) "
    "WHERE appeals.id = e.id AND appeals.ended_at IS NULL"
)
_FORGET = tuple(
    map(
        sql,
        (
            "UPDATE accusations SET answer = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[])) "
            "AND answer IS NOT NULL",
            "UPDATE sanctions SET reason = '[erased]' FROM marks m WHERE m.mark_id = sanctions.mark_id "
            "AND m.complaint_id = ANY(CAST(:ids AS uuid[]))",
            "UPDATE appeal_words SET text = '[erased]' FROM appeals a WHERE a.id = appeal_words.appeal_id "
            "AND a.complaint_id = ANY(CAST(:ids AS uuid[]))",
            "UPDATE appeals SET grounds = '[erased]', new_evidence = CASE WHEN new_evidence IS NOT NULL "
            "THEN '[erased]' END, reasons = CASE WHEN reasons IS NOT NULL THEN '[erased]' END "
            "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))",
        ),
    )
)


async def load_accusations(connection: AsyncConnection, cases: Mapping[UUID, Accusing]) -> None:
    """Fill in whom these cases are about: the caller names only cases that are about somebody."""
    rows = (await driver.run(connection, _ACCUSATIONS, {"ids": list(cases)})).mappings().all()
    of_mark: dict[UUID, list[Sanction]] = {row["mark_id"]: [] for row in rows if row["mark_id"] is not None}
    if of_mark:
        for found in (await driver.run(connection, _SANCTIONS, {"ids": list(of_mark)})).mappings():
            of_mark[found["mark_id"]].append(_sanction(found))
    for row in rows:
        accused = cases[row["complaint_id"]].accused
        accused[row["person_id"]] = _accusation(row, of_mark.get(row["mark_id"], []))


def _accusation(row: RowMapping, following: list[Sanction]) -> Accusation:
    return Accusation(
        person_id=row["person_id"],
        named_at=row["named_at"],
        answer_by=row["answer_by"],
        hearing=Hearing(row["hearing"]),
        answer=row["answer"],
        answered_at=row["answered_at"],
        cleared_at=row["cleared_at"],
        cleared_because=Clearing(row["cleared_because"]) if row["cleared_because"] else None,
        appeal_id=row["appeal_id"],
        mark=None if row["mark_id"] is None else _mark(row),
        sanctions=following,
    )


def _mark(row: RowMapping) -> Mark:
    return Mark(
        id=row["mark_id"],
        number=row["number"],
        state=MarkState(row["mark_state"]),
        step=row["step"],
        made_by=row["made_by"],
        made_at=row["made_at"],
        appeal_until=row["appeal_until"],
        appeals=row["appeals"],
        decided_at=row["decided_at"],
        changed_at=row["changed_at"],
        removed_because=MarkEnd(row["removed_because"]) if row["removed_because"] else None,
    )


def _sanction(row: RowMapping) -> Sanction:
    values = {
        name: row[name] for name in (each.name for each in fields(Sanction)) if name not in {"id", "state"}
    }
    return Sanction(id=row["sanction_id"], state=SanctionState(row["state"]), **values)


async def save_accusations(transaction: Transaction, cases: Sequence[Accusing]) -> None:
    """What changed of them; nothing for cases of which nothing did."""
    touched = [(case, each) for case in cases for each in case.touched.values()]
    if touched:
        await save_rows(transaction, accusations, [_accusation_row(case.id, each) for case, each in touched])
        made = [_mark_row(case.id, each, each.mark) for case, each in touched if each.mark]
        await save_rows(transaction, marks, made)
        following = [_sanction_row(each) for _, of in touched for each in of.sanctions]
        await save_rows(transaction, sanctions, following)
    ended = {id: at for case in cases for id, at in case.ended_appeals.items()}
    if ended:
        await transaction.execute(_END, {"ids": list(ended), "times": list(ended.values())})
    for case in cases:
        case.touched.clear()
        case.ended_appeals.clear()


async def forget(transaction: Transaction, complaint_ids: Sequence[UUID]) -> None:
    """The customer is erased: nothing is kept of what anybody wrote about the complaint."""
    for statement in _FORGET:
        await transaction.execute(statement, {"ids": complaint_ids})


def _accusation_row(complaint_id: UUID, of: Accusation) -> dict[str, Any]:
    plain = asdict(of)
    return {"complaint_id": complaint_id} | {
        name: plain[name] for name in columns_of(accusations) if name != "complaint_id"
    }


def _mark_row(complaint_id: UUID, of: Accusation, mark: Mark) -> dict[str, Any]:
    plain = asdict(mark)
    return {
        "mark_id": plain.pop("id"),
        "complaint_id": complaint_id,
        "person_id": of.person_id,
        **plain,
    }


def _sanction_row(sanction: Sanction) -> dict[str, Any]:
    plain = asdict(sanction)
    return {"sanction_id": plain.pop("id"), **plain}


_PLAIN = [name for name in columns_of(appeals) if name not in {"stage", "decision", "wakes_at"}]


class AppealStore:
    """One per interpreter, as the store of cases; it is given the usual calendar by the service."""

    def __init__(self) -> None:
        self._calendar: WorkCalendar | None = None

    @property
    def calendar(self) -> WorkCalendar:
        if self._calendar is None:
            raise RuntimeError("the resolution service has not started: nobody gave the store its calendar")
        return self._calendar

    def follow(self, calendar: WorkCalendar) -> None:
        self._calendar = calendar

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Appeal]:
        """Those that there are."""
        books = await load_books(transaction.connection, FAIRNESS)
        query = sql("SELECT * FROM appeals WHERE id = ANY(CAST(:ids AS uuid[]))")
        return {
            row["id"]: Appeal(
                calendar=self.calendar,
                books=books,
                stage=Stage(row["stage"]),
                decision=Decision(row["decision"]) if row["decision"] else None,
                **{name: row[name] for name in _PLAIN},
            )
            for row in (await transaction.execute(query, {"ids": list(ids)})).mappings()
        }

    async def save(self, transaction: Transaction, aggregates: Iterable[Appeal]) -> None:
        saved = list(aggregates)
        for appeal in saved:
            appeal.version += 1
        await save_rows(transaction, appeals, [_appeal_row(appeal) for appeal in saved])
        said = [{"appeal_id": appeal.id} | asdict(each) for appeal in saved for each in appeal.new_words]
        await insert_rows(transaction, appeal_words, said)
        for appeal in saved:
            appeal.new_words.clear()


def _appeal_row(appeal: Appeal) -> dict[str, Any]:
    return {name: getattr(appeal, name) for name in _PLAIN} | {
        "stage": appeal.stage.value,
        "decision": appeal.decision and appeal.decision.value,
        "wakes_at": appeal.wakes_at,
    }


store = AppealStore()
