"""Reads for the GET endpoints: plain SQL, one statement each, so that an answer is of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.clocks.views import clocks_shown
from services.resolution.lifecycle import State, WaitingFor
from services.resolution.store import judgement_of
from services.resolution.timeline import Source
from services.resolution.views import (
    AccusedView,
    CaseSummary,
    CaseView,
    ConsentView,
    HandledUnderView,
    JudgementView,
    OfferView,
    PromiseView,
    TimelineEntry,
    impossible_actions,
    possible_actions,
)
from shared import driver, pages
from shared.events.vocabulary import Severity
from shared.pages import Page

_DETAIL = text(
    """
SELECT c.*, p.made_at AS promise_made_at, p.due_at AS promise_due_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'offer_id', o.offer_id, 'round', o.round, 'rank', o.rank, 'remedies', o.remedies,
                   'description', o.description, 'agreed', o.offer_id IS NOT DISTINCT FROM c.agreed_offer_id,
                   'solution', o.solution, 'value', CASE WHEN o.amount IS NOT NULL THEN
                       jsonb_build_object('amount', o.amount::text, 'currency', o.currency) END)), '[]')
        FROM (SELECT * FROM offers WHERE complaint_id = c.id ORDER BY round DESC, rank LIMIT 40) o) AS offers,
       CASE WHEN c.accusations > 0 THEN
           (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.named_at, a.person_id) FROM accusations a
            WHERE a.complaint_id = c.id) ELSE '[]' END AS accused,
       (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.at, t.source, t.number), '[]')
        FROM (SELECT * FROM timeline WHERE complaint_id = c.id
              ORDER BY at DESC, source DESC, number DESC LIMIT 100) t) AS timeline
FROM cases c LEFT JOIN promises p ON p.promise_id = c.promise_id
WHERE c.id = :id AND c.state <> 'unopened'
"""
)

_LIST = """
SELECT c.*, p.made_at AS promise_made_at, p.due_at AS promise_due_at
FROM cases c LEFT JOIN promises p ON p.promise_id = c.promise_id
WHERE c.state <> 'unopened' {}
ORDER BY c.registered_at DESC, c.id DESC LIMIT :limit
"""

_TIMELINE = """
SELECT t.* FROM timeline t JOIN cases c ON c.id = t.complaint_id
WHERE t.complaint_id = :id AND c.state <> 'unopened' {}
ORDER BY t.at, t.source, t.number LIMIT :limit
"""

_ACCUSED = text("SELECT person_id FROM accusations WHERE complaint_id = :id")


@dataclass(frozen=True)
class _Position:
    """What the guards of the lifecycle look at, as read."""

    state: State
    severity: Severity | None
    valid: bool | None
    round: int
    owes_public_response: bool
    waiting_for: WaitingFor | None
    in_dispute: bool
    unheard: int


async def case(connection: AsyncConnection, complaint_id: UUID) -> CaseView | None:
    found = (await driver.run(connection, _DETAIL, {"id": complaint_id})).one_or_none()
    if found is None:
        return None
    row = dict(found._mapping)
    judgement = None
    if row["reason_sufficient"] is not None:
        judgement = judgement_of(row)
    position = _Position(
        State(row["state"]),
        Severity(row["severity"]) if row["severity"] else None,
        judgement.valid if judgement else None,
        row["round"],
        row["visibility"] == "public" and row["publicly_answered_at"] is None,
        WaitingFor(row["waiting_for"]) if row["waiting_for"] else None,
        row["dispute_id"] is not None,
        row["unheard"],
    )
    return CaseView(
        **_summary(row),
        judgement=judgement
        and JudgementView(
            reason_sufficient=judgement.reason_sufficient,
            demand_reasonable=judgement.demand_reasonable,
            valid=judgement.valid,
            cause=judgement.cause,
            impact=judgement.impact,
            origin=judgement.origin,
            needs=list(judgement.needs),
        ),
        consent=ConsentView.of(row),
        offers=[OfferView.model_validate(offer) for offer in row["offers"]],
        handled_under=HandledUnderView(
            policies=row["policies"], books_at_start=row["books_at_start"], books_at_end=row["books_at_end"]
        ),
        accused=[AccusedView.model_validate(each) for each in row["accused"]],
        timeline=[TimelineEntry.of(entry) for entry in row["timeline"]],
        clocks=clocks_shown(row["clocks"], row["clock_policy"]),
        possible=possible_actions(position),
        not_yet=impossible_actions(position),
        **{
            name: row[name]
            for name in (
                *("publicly_answered_at", "asked_whom", "chase_at"),
                *("round", "result", "carried_out_at", "closed_by", "closed_at", "withdrawn_at", "reopened"),
                *("last_emotion", "ended_negative", "trust_restored", "problem_found", "problem_solved"),
                "correction",
            )
        },
    )


async def listed(
    connection: AsyncConnection, filters: Mapping[str, str | bool | None], limit: int, cursor: str | None
) -> Page[CaseSummary]:
    """The newest first. `filters`: column name to the value it must have, None for any; `grew` asks whether it became
    more severe after it was opened."""
    given = {name: value for name, value in filters.items() if value is not None}
    columns = {name: "(c.grew_at IS NOT NULL)" if name == "grew" else f"c.{name}" for name in given}
    conditions = "".join(f" AND {column} = :{name}" for name, column in columns.items())
    parameters: dict[str, Any] = {**given, "limit": limit + 1}
    if cursor is not None:
        conditions += " AND (c.registered_at, c.id) < (:registered_at, :id)"
        registered_at, id = pages.decode(cursor, AwareDatetime, UUID)
        parameters |= {"registered_at": registered_at, "id": id}
    rows = (await connection.execute(text(_LIST.format(conditions)), parameters)).mappings().all()
    items = [CaseSummary(**_summary(dict(row))) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    return Page(items=items, next=last and pages.encode(last.registered_at, last.id))


async def timeline(
    connection: AsyncConnection, complaint_id: UUID, limit: int, cursor: str | None
) -> Page[TimelineEntry]:
    """The oldest first; no entries when there is no such case."""
    parameters: dict[str, Any] = {"id": complaint_id, "limit": limit + 1}
    condition = ""
    if cursor is not None:
        condition = " AND (t.at, t.source, t.number) > (:at, :source, :number)"
        at, source, number = pages.decode(cursor, AwareDatetime, Source, int)
        parameters |= {"at": at, "source": source.value, "number": min(number, 2**31 - 1)}
    rows = (await connection.execute(text(_TIMELINE.format(condition)), parameters)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[TimelineEntry.of(dict(row)) for row in rows[:limit]],
        next=last and pages.encode(last["at"], last["source"], last["number"]),
    )


async def accused(connection: AsyncConnection, complaint_id: UUID) -> set[str]:
    """Whom the complaint is about."""
    found = await driver.run(connection, _ACCUSED, {"id": complaint_id})
    return set(found.scalars())


def _summary(row: Mapping[str, Any]) -> dict[str, Any]:
    promise = None
    if row["promise_id"] is not None:
        promise = PromiseView(
            promise_id=row["promise_id"], made_at=row["promise_made_at"], due_at=row["promise_due_at"]
        )
    plain = (name for name in CaseSummary.model_fields if name != "promise")
    return {name: row[name] for name in plain} | {"promise": promise}
