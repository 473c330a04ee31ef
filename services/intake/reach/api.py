"""HTTP in: how customers are reached, told by the enterprise, and asked by whoever must tell them something."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic_core import to_json

from services.intake.reach import store
from services.intake.reach.schemas import ContactsTold, CustomerContact, CustomersKnown
from services.intake.vault import purpose
from services.intake.vault.model import What
from shared import clock, idempotency, ids, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.events.vocabulary import ComplainantType
from shared.idempotency import Answer, IdempotencyKey
from shared.service import Ctx, api_router

router = api_router(tags=["customers"])


@router.post(
    "/customers/contacts",
    response_model=CustomersKnown,
    summary="Tell how customers are reached",
    responses=problems.documented(422),
)
async def tell_contacts(
    body: ContactsTold,
    request: Request,
    who: Annotated[Principal, may("customers:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Also of customers who never complained: a field action must reach them. The answer has the ids under which other
    services know them, and no more. What is told again replaces what was told before."""

    async def work(transaction: Transaction) -> Answer:
        at = clock.now()
        told = {ids.derived_id("customer", each.external_id): each for each in body.contacts}
        people = [
            {"id": id, "external_id": each.external_id, "type": ComplainantType.EXTERNAL.value}
            for id, each in told.items()
        ]
        contacts = [
            {
                "customer_id": id,
                "language": each.language.value,
                "told_at": at,
                "told_by": who.id,
                **each.model_dump(mode="json", include=set(store.REACHED_BY)),
            }
            for id, each in told.items()
        ]
        await store.keep(transaction, people, contacts)
        known = [ids.derived_id("customer", each.external_id) for each in body.contacts]
        return Answer(200, to_json({"customer_ids": known}))

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/customers/contacts",
    summary="How to reach customers, by their ids",
    responses=problems.documented(),
)
async def read_customer_contacts(
    who: Annotated[Principal, may("customers:read")],
    ctx: Ctx,
    customer: Annotated[
        list[UUID], Query(min_length=1, max_length=100, description="Id of a customer; may come often.")
    ],
    why: purpose.Given = None,
) -> list[CustomerContact]:
    """Personal data. Ask at the moment of use, and keep nothing of it. What the enterprise told comes first, then what
    their newest complaints tell. Who is not known, or is erased, is left out."""
    async with ctx.database.reading() as connection:
        found, complaints = await store.contacts_of(connection, customer)
    looked_at = [id for ids in complaints.values() for id in ids]
    await purpose.note_customers(ctx, who, why, What.CONTACT, list(found), looked_at)
    return [CustomerContact(customer_id=id, **contact) for id, contact in found.items()]
