"""HTTP in: purchases, told by the shop's system."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json

from services.intake.purchases import store
from services.intake.purchases.schemas import PurchasesKept, PurchasesTold, PurchaseTold
from shared import clock, idempotency, ids, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.events import PurchaseRecorded
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.problems import FieldError
from shared.service import Ctx, api_router

router = api_router(tags=["customers"])


@router.post(
    "/purchases",
    response_model=PurchasesKept,
    summary="Tell what customers bought",
    responses=problems.documented(422),
)
async def tell_purchases(
    body: PurchasesTold,
    request: Request,
    who: Annotated[Principal, may("customers:write")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """For your shop's system: all orders, as they come. Kept are those of customers who had complained before; insights
    makes of them how many buy again, by how the complaint ended. The log has neither the customer's nor the order's
    number. An order that is told again is not counted again."""

    async def work(transaction: Transaction) -> Answer:
        at = clock.now()
        _not_ahead(body.purchases, at)
        customers = [ids.derived_id("customer", each.external_id) for each in body.purchases]
        times = [each.purchased_at for each in body.purchases]
        found = await store.complained(transaction.connection, customers, times)
        if found:
            await transaction.lock(set(found.values()))
            # Whoever erases holds the complaints, too: what is still found now stays until this is committed.
            found = await store.complained(transaction.connection, customers, times)
        told: dict[UUID, PurchaseRecorded] = {}
        for place, complaint_id in found.items():
            purchase, customer_id = body.purchases[place], customers[place]
            purchase_id = ids.derived_id("purchase", customer_id, purchase.order_id)
            recorded = PurchaseRecorded(
                complaint_id=complaint_id,
                purchase_id=purchase_id,
                customer_id=customer_id,
                amount=purchase.amount,
                product=mask(purchase.product) if purchase.product else None,
                purchased_at=purchase.purchased_at,
            )
            told.setdefault(purchase_id, recorded)
        new = await store.keep(transaction, list(told.values()), at, who.id)
        for purchase_id, event in told.items():
            if purchase_id in new:
                transaction.publish(event, at=at)
        kept = PurchasesKept(
            recorded=len(new), repeated=len(found) - len(new), passed_over=len(customers) - len(found)
        )
        return Answer(200, to_json(kept))

    return await idempotency.once(request, ctx.database, who.id, key, work)


def _not_ahead(told: list[PurchaseTold], now: datetime) -> None:
    """Raises a 422 problem that names those which have not happened yet."""
    ahead = [n for n, purchase in enumerate(told) if purchase.purchased_at > now]
    if ahead:
        raise problems.invalid(
            "Some purchases have not happened yet",
            errors=[
                FieldError(
                    field=f"body/purchases/{n}/purchased_at",
                    detail="It lies in the future: tell it once it has happened. 购买时间在未来，请在发生后再提交。",
                )
                for n in ahead
            ],
        )
