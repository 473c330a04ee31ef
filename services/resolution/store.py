"""Where cases are kept: loaded and saved in bulk, a handful of statements for any number of them."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.audit.chain import Link, chain_secret
from services.resolution.audit.writing import Rows, chained, only_witnessed, row_of
from services.resolution.books import BOOKS
from services.resolution.clocks.calendars import Calendars
from services.resolution.clocks.store import clocks_row, read_calendars, read_clocks, save_lapses
from services.resolution.dispute.model import Dispute
from services.resolution.fairness import store as fairness_store
from services.resolution.field_action import affected
from services.resolution.field_action import store as field_actions
from services.resolution.forgetting import FORGET
from services.resolution.improvement.ordered import keep_orders
from services.resolution.improvement.returned import keep_returns
from services.resolution.judgement import Judgement, Need, Origin
from services.resolution.lifecycle import State, WaitingFor
from services.resolution.listening.store import contact_rows, keep
from services.resolution.model import Case
from services.resolution.offers.told import Told
from services.resolution.promises import Promise, PromiseState
from services.resolution.tables import (
    audit_entries,
    cases,
    disputes,
    metadata,
    offers,
    promises,
    timeline,
)
from shared import clock, driver
from shared.bulk import as_bytes, columns_of, insert_rows, save_rows
from shared.database import Transaction
from shared.events.resolution import Offer
from shared.events.vocabulary import Channel, Emotion, Money, Outcome, Severity, Visibility
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books

__all__ = ["CaseStore", "metadata", "store"]

_LOAD = text(
    """
SELECT c.*, k.digest AS calendar_now, p.number AS promise_number,
       p.made_at AS promise_made_at, p.due_at AS promise_due_at,
       to_jsonb(d) AS dispute,
       (SELECT jsonb_agg(jsonb_build_object(
                   'offer_id', o.offer_id, 'rank', o.rank, 'remedies', o.remedies,
                   'description', o.description, 'solution', o.solution,
                   'value', CASE WHEN o.amount IS NOT NULL THEN
                       jsonb_build_object('amount', o.amount::text, 'currency', o.currency) END)
               ORDER BY o.rank)
        FROM offers o WHERE o.complaint_id = c.id AND o.round = c.round) AS offers
FROM cases c LEFT JOIN promises p ON p.promise_id = c.promise_id
LEFT JOIN calendars k ON k.department = c.department
LEFT JOIN disputes d ON d.id = c.dispute_id
WHERE c.id = ANY(CAST(:ids AS uuid[]))
"""
)
_OFFERS = TypeAdapter(tuple[Offer, ...])
_DISPUTE = TypeAdapter(Dispute)


class CaseStore:
    """One per interpreter. The service says when the departments usually work when it starts, because handlers know no
    settings."""

    def __init__(self) -> None:
        self._calendars: Calendars | None = None
        self._secret = b""

    @property
    def calendars(self) -> Calendars:
        if self._calendars is None:
            raise RuntimeError("the resolution service has not started: nobody gave the store its calendars")
        return self._calendars

    def follow(self, calendars: Calendars, installation_secret: bytes) -> Calendars:
        """Hand these calendars to every case from now on; the secret makes the keys of their audit chains."""
        self._calendars, self._secret = calendars, chain_secret(installation_secret)
        return calendars

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, Case]:
        return await self.read(transaction.connection, ids)

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Case]:
        """The cases by id; a blank one for an id that is not known yet."""
        books = await load_books(connection, *BOOKS)
        rows = (await driver.run(connection, _LOAD, {"ids": list(ids)})).mappings().all()
        if any(row["calendar_now"] != self.calendars.digest(row["department"]) for row in rows):
            self._calendars = await read_calendars(connection, self.calendars)
        found = {id: Case(id=id, calendars=self.calendars, books=books) for id in ids}
        for row in rows:
            found[row["id"]] = _case(row, self.calendars, books)
        if about := {row["id"]: found[row["id"]] for row in rows if row["accusations"]}:
            await fairness_store.load_accusations(connection, about)
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[Case]) -> None:
        saved = list(aggregates)
        now = clock.now()
        offered = {case.id: [_offer_row(case, offer) for offer in case.new_offers] for case in saved}
        told = {case.id: [_entry_row(entry) for entry in case.new_entries] for case in saved}
        promised = {case.id: [_promise_row(promise) for promise in case.changed_promises] for case in saved}
        rows: list[dict[str, Any]] = []
        links: list[Link] = []
        for case in saved:
            row = _case_row(case)
            if not only_witnessed(case, row):
                row["version"] = case.version = case.version + 1
            parts = Rows(told[case.id], offered[case.id], promised[case.id], contact_rows(case))
            links += chained(case, parts, erased=case.erased, secret=self._secret, recorded_at=now)
            rows.append(row | _head(case))
        await save_rows(transaction, cases, rows)
        # In order of change: a promise is settled before the next one takes the place of the live one.
        changed = {row["promise_id"]: row for case in saved for row in promised[case.id]}
        settling = ("state", "settled_at", "handler_id", "department", "excused")
        await save_rows(transaction, promises, [*changed.values()], changing=settling)
        await insert_rows(transaction, offers, [row for case in saved for row in offered[case.id]])
        await keep(transaction, saved)
        changed_disputes = {d.id: d for case in saved for d in case.changed_disputes}
        await save_rows(transaction, disputes, [asdict(d) for d in changed_disputes.values()])
        await insert_rows(transaction, timeline, [row for case in saved for row in told[case.id]])
        await save_lapses(transaction, saved)
        await fairness_store.save_accusations(transaction, saved)
        await field_actions.save_passing(transaction, saved)
        await keep_returns(transaction, saved)
        await keep_orders(transaction, saved)
        await insert_rows(transaction, audit_entries, [row_of(link) for link in links])
        if erased := [case.id for case in saved if case.erased]:
            for forget in FORGET:
                await transaction.execute(forget, {"ids": erased})
            await fairness_store.forget(transaction, erased)
            await affected.forget(transaction, erased)
        for case in saved:
            case.changed_promises.clear()
            case.changed_disputes.clear()
            case.new_feelings.clear()
            case.new_contacts.clear()
            case.new_offers.clear()
            case.new_entries.clear()
            case.changed_lapses.clear()
            case.met_lapses.clear()


def judgement_of(row: Any) -> Judgement:
    """The judgement in a row of the cases."""
    return Judgement(
        row["reason_sufficient"],
        row["demand_reasonable"],
        row["cause"],
        row["impact"],
        None if row["origin"] is None else Origin(row["origin"]),
        tuple(map(Need, row["needs"] or ())),
    )


def _case(row: Any, calendars: Calendars, books: Books) -> Case:
    values = {name: row[name] for name in _PLAIN}
    if row["reason_sufficient"] is not None:
        values["judgement"] = judgement_of(row)
    if row["promise_id"] is not None:
        values["promise"] = Promise(
            row["promise_id"], row["id"], row["promise_number"], row["promise_made_at"], row["promise_due_at"]
        )
    first_value = None
    if row["first_value"] is not None:
        first_value = Money(amount=row["first_value"], currency=row["first_value_currency"])
    return Case(
        calendars=calendars,
        books=books,
        stored=row,
        audit_number=row["audit_number"],
        audit_hash=row["audit_hash"],
        audit_salt=row["audit_salt"],
        state=State(row["state"]),
        channel=Channel(row["channel"]) if row["channel"] else None,
        visibility=Visibility(row["visibility"]) if row["visibility"] else None,
        waiting_for=WaitingFor(row["waiting_for"]) if row["waiting_for"] else None,
        heard=Outcome(row["heard"]) if row["heard"] else None,
        severity=Severity(row["severity"]) if row["severity"] else None,
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        state_before=State(row["state_before"]) if row["state_before"] else None,
        last_emotion=Emotion(row["last_emotion"]) if row["last_emotion"] else None,
        dispute=_DISPUTE.validate_python(row["dispute"]) if row["dispute"] else None,
        offers=_OFFERS.validate_python(row["offers"] or ()),
        told=Told.model_validate(row["told"]),
        first_value=first_value,
        **read_clocks(row["clocks"]),
        **values,
    )


_APART = {
    "state",
    "state_before",
    "severity",
    "outcome",
    "reason_sufficient",
    "demand_reasonable",
    "cause",
    "impact",
    "origin",
    "needs",
    "told",
    "first_value",
    "first_value_currency",
    "promise_id",
    *(_COMPUTED := ("wakes_at", "accusations", "unheard", "product")),
    "channel",
    "visibility",
    "waiting_for",
    "heard",
    "clocks",
    "last_emotion",
    "dispute_id",
    "audit_number",
    "audit_hash",
    "audit_salt",
}
_PLAIN = [name for name in columns_of(cases) if name not in _APART]
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
        "cause": judgement and judgement.cause,
        "impact": judgement and judgement.impact,
        "origin": judgement and judgement.origin,
        "needs": judgement and list(judgement.needs),
        "told": case.told.model_dump(mode="json", exclude_defaults=True),
        "first_value": case.first_value and case.first_value.amount,
        "first_value_currency": case.first_value and case.first_value.currency,
        "promise_id": case.promise and case.promise.id,
        **{name: getattr(case, name) for name in _COMPUTED},
        "channel": case.channel and case.channel.value,
        "visibility": case.visibility and case.visibility.value,
        "waiting_for": case.waiting_for and case.waiting_for.value,
        "heard": case.heard and case.heard.value,
        "clocks": clocks_row(case),
        "last_emotion": case.last_emotion and case.last_emotion.value,
        "dispute_id": case.dispute and case.dispute.id,
    }


def _head(case: Case) -> dict[str, Any]:
    """Where its chain ends."""
    return {
        "audit_number": case.audit_number,
        "audit_hash": case.audit_hash and as_bytes(case.audit_hash),
        "audit_salt": case.audit_salt and as_bytes(case.audit_salt),
    }


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
        "department": promise.department,
        "excused": promise.excused,
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
        "solution": offer.solution,
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
