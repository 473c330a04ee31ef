"""Reads the file of a case by one statement, so that it is of one moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.casefile.contents import CaseFile, FromIntake, PromiseKeptOrNot, agreed_offers
from services.resolution.dispute.schemas import DisputeShown
from services.resolution.judgement import Judgement
from services.resolution.listening.queries import contact_of, feeling_of
from services.resolution.timeline import Kind
from services.resolution.views import JudgementView, OfferView, TimelineEntry
from shared import driver
from shared.database import sql

AMOUNT = " || jsonb_build_object('amount', t.amount::text)"
"""With the decimals that it has."""


def _all_of(table: str, order: str, more: str = "") -> str:
    order = ", ".join(f"t.{name}" for name in order.split())
    return (
        f"(SELECT coalesce(jsonb_agg(to_jsonb(t){more} ORDER BY {order}), '[]') "  # noqa: S608  # our own tables
        f"FROM {table} t WHERE t.complaint_id = c.id) AS all_{table}"
    )


_FILE = sql(
    f"SELECT c.*, {_all_of('promises', 'number')}, {_all_of('contacts', 'held_at id')}, "  # noqa: S608  # our own
    f"{_all_of('feelings', 'at contact_id')}, {_all_of('disputes', 'number')}, "
    f"{_all_of('timeline', 'at source number')}, {_all_of('offers', 'round rank', AMOUNT)} "
    "FROM cases c WHERE c.id = :id"
)

_PLAIN = (
    *("reference", "state", "registered_at", "category", "severity", "department", "handler_name", "result"),
    *("outcome", "closed_at", "closed_by", "problem_found", "problem_solved", "correction", "trust_restored"),
    "reopened",
)


async def case_file(
    connection: AsyncConnection, complaint_id: UUID, told: FromIntake, by: str, at: datetime
) -> CaseFile:
    """The file of a case that is known."""
    row = dict((await driver.run(connection, _FILE, {"id": complaint_id})).mappings().one())
    agreed = agreed_offers(row["all_timeline"])
    explanations = [e["text"] for e in row["all_timeline"] if e["kind"] == Kind.JUDGED and e["text"]]
    return CaseFile(
        complaint_id=complaint_id,
        made_at=at,
        made_by=by,
        statement=told.statement,
        attachments=list(told.attachments),
        judgement=_judgement(row["reason_sufficient"], row["demand_reasonable"]),
        explanation=explanations[-1] if explanations else None,
        offers=[_offer(offer, agreed) for offer in row["all_offers"]],
        promises=[PromiseKeptOrNot.model_validate(promise) for promise in row["all_promises"]],
        contacts=[contact_of(contact) for contact in row["all_contacts"]],
        emotions=[feeling_of(feeling) for feeling in row["all_feelings"]],
        disputes=[DisputeShown.of(dispute) for dispute in row["all_disputes"]],
        timeline=[TimelineEntry.of(entry) for entry in row["all_timeline"]],
        **{name: row[name] for name in _PLAIN},
    )


def _judgement(reason_sufficient: bool | None, demand_reasonable: bool | None) -> JudgementView | None:
    if reason_sufficient is None or demand_reasonable is None:
        return None
    return JudgementView(
        reason_sufficient=reason_sufficient,
        demand_reasonable=demand_reasonable,
        valid=Judgement(reason_sufficient, demand_reasonable).valid,
    )


def _offer(offer: dict[str, Any], agreed: set[tuple[int, int]]) -> OfferView:
    value = None
    if offer["amount"] is not None:
        value = {"amount": offer["amount"], "currency": offer["currency"]}
    return OfferView.model_validate(
        offer | {"value": value, "agreed": (offer["round"], offer["rank"]) in agreed}
    )
