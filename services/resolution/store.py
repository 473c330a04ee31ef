"""Where cases are kept: loaded and saved in bulk, a handful of statements for any number of them."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.books import BOOKS
from services.resolution.field_action import affected
from services.resolution.field_action import store as field_actions
from services.resolution.lifecycle import State
from services.resolution.model import Case, Judgement
from services.resolution.promises import Policy, Promise, PromiseState
from services.resolution.tables import cases, metadata, offers, promises, timeline
from shared import driver
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction
from shared.events.resolution import Offer
from shared.events.vocabulary import Outcome, Severity
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books

__all__ = ["CaseStore", "metadata", "store"]

_LOAD = text(
    """
SELECT c.*, p.number AS promise_number, p.made_at AS promise_made_at, p.due_at AS promise_due_at,
       (SELECT jsonb_agg(jsonb_build_object(
                   'offer_id', o.offer_id, 'rank', o.rank, 'remedies', o.remedies,
                   'description', o.description,
                   'value', CASE WHEN o.amount IS NOT NULL THEN
                       jsonb_build_object('amount', o.amount::text, 'currency', o.currency) END)
               ORDER BY o.rank)
        FROM offers o WHERE o.complaint_id = c.id AND o.round = c.round) AS offers
FROM cases c LEFT JOIN promises p ON p.promise_id = c.promise_id
WHERE c.id = ANY(CAST(:ids AS uuid[]))
"""
)
_OFFERS = TypeAdapter(tuple[Offer, ...])

_FORGET = (
    text(
        "UPDATE timeline SET text = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND text IS NOT NULL"
    ),
    text("UPDATE offers SET description = '[erased]' WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
    text("UPDATE cases SET result = '[erased]' WHERE id = ANY(CAST(:ids AS uuid[])) AND result IS NOT NULL"),
    text(
        "UPDATE approvals SET reason = '[erased]', terms = terms - 'exact', "
        "answer = CASE WHEN answer IS NOT NULL THEN '[erased]' END "
        "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
    ),
)


class CaseStore:
    """One per interpreter. The service sets the policy when it starts, because handlers know no settings."""

    def __init__(self) -> None:
        self._policy: Policy | None = None

    @property
    def policy(self) -> Policy:
        if self._policy is None:
            raise RuntimeError("the resolution service has not started: nobody gave the store its policy")
        return self._policy

    def follow(self, policy: Policy) -> Policy:
        """Hand this policy to every case from now on."""
        self._policy = policy
        return policy

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Case]:
        return await self.read(transaction.connection, ids)

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Case]:
        """The cases by id; a blank one for an id that is not known yet."""
        books = await load_books(connection, *BOOKS)
        found = {id: Case(id=id, policy=self.policy, books=books) for id in ids}
        for row in (await driver.run(connection, _LOAD, {"ids": list(ids)})).mappings():
            case = found[row["id"]] = _case(row, self.policy, books)
            case.as_loaded = row
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[Case]) -> None:
        saved = list(aggregates)
        changed = [case for case in saved if not (case.letters and _as_it_was(case))]
        for case in changed:
            case.version += 1
        await save_rows(transaction, cases, [_case_row(case) for case in changed])
        # In order of change: a promise is settled before the next one takes the place of the live one.
        settled = {p.id: p for case in saved for p in case.changed_promises}
        settling = ("state", "settled_at", "handler_id")
        await save_rows(transaction, promises, [_promise_row(p) for p in settled.values()], changing=settling)
        await insert_rows(
            transaction, offers, [_offer_row(case, o) for case in saved for o in case.new_offers]
        )
        await insert_rows(transaction, timeline, [_entry_row(e) for case in saved for e in case.new_entries])
        await field_actions.save_passing(transaction, saved)
        if erased := [case.id for case in saved if case.erased]:
            for forget in _FORGET:
                await transaction.execute(forget, {"ids": erased})
            await affected.forget(transaction, erased)
        for case in saved:
            case.changed_promises.clear()
            case.new_offers.clear()
            case.new_entries.clear()


def _case(row: Any, policy: Policy, books: Books) -> Case:
    values = {name: row[name] for name in _PLAIN}
    if row["reason_sufficient"] is not None:
        values["judgement"] = Judgement(row["reason_sufficient"], row["demand_reasonable"])
    if row["promise_id"] is not None:
        values["promise"] = Promise(
            row["promise_id"], row["id"], row["promise_number"], row["promise_made_at"], row["promise_due_at"]
        )
    return Case(
        policy=policy,
        books=books,
        state=State(row["state"]),
        severity=Severity(row["severity"]) if row["severity"] else None,
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        state_before=State(row["state_before"]) if row["state_before"] else None,
        offers=_OFFERS.validate_python(row["offers"] or ()),
        **values,
    )


_APART = {
    "state",
    "state_before",
    "severity",
    "outcome",
    "reason_sufficient",
    "demand_reasonable",
    "promise_id",
    "wakes_at",
}
_PLAIN = [column.name for column in cases.c if column.name not in _APART]
"""Columns that are the field of the same name."""


def _case_row(case: Case) -> dict[str, Any]:
    judgement = case.judgement
    return {name: getattr(case, name) for name in _PLAIN} | {
        "state": case.state.value,
        "state_before": case.state_before and case.state_before.value,
        "severity": case.severity and case.severity.value,
        "outcome": case.outcome and case.outcome.value,
        "reason_sufficient": judgement and judgement.reason_sufficient,
        "demand_reasonable": judgement and judgement.demand_reasonable,
        "promise_id": case.promise and case.promise.id,
        "wakes_at": case.wakes_at,
    }


def _as_it_was(case: Case) -> bool:
    """Letters of a field action come by the thousand: they do not make the case a newer version."""
    before = case.as_loaded
    return before is not None and all(before[name] == value for name, value in _case_row(case).items())


def _promise_row(promise: Promise) -> dict[str, Any]:
    return {
        "promise_id": promise.id,
        "complaint_id": promise.complaint_id,
        "number": promise.number,
        "made_at": promise.made_at,
        "due_at": promise.due_at,
        "state": PromiseState(promise.state).value,
        "settled_at": promise.settled_at,
        "handler_id": promise.handler_id,
    }


def _offer_row(case: Case, offer: Offer) -> dict[str, Any]:
    return {
        "offer_id": offer.offer_id,
        "complaint_id": case.id,
        "round": case.round,
        "rank": offer.rank,
        "remedies": [remedy.value for remedy in offer.remedies],
        "description": offer.description,
        "amount": offer.value and offer.value.amount,
        "currency": offer.value and offer.value.currency,
    }


def _entry_row(entry: Any) -> dict[str, Any]:
    return {
        "complaint_id": entry.complaint_id,
        "number": entry.number,
        "at": entry.at,
        "source": entry.source.value,
        "author": entry.author,
        "audience": entry.reader.value,
        "kind": entry.kind.value,
        "text": entry.text,
    }


store = CaseStore()
