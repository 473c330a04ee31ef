"""One settled delivery is sent again, under the same id."""

from uuid import UUID

from services.notification.store import ring
from services.notification.webhooks.again import AGAIN
from shared import clock, problems
from shared.auth import ADMIN, Principal
from shared.database import Transaction, sql
from shared.problems import Problem

_FOUND = sql(
    "SELECT d.status, d.template, s.owner, s.enabled, coalesce(f.body = '', c.erased AND d.customer_id IS NULL "
    "AND (d.audience = 'customer' OR d.template = 'staff-task'), false) AS erased "
    "FROM deliveries d LEFT JOIN subscriptions s ON s.id = d.subscription_id "
    "LEFT JOIN forwarded_events f ON f.event_id = d.event_id LEFT JOIN conversations c ON c.id = d.complaint_id "
    "WHERE d.id = :id FOR UPDATE OF d"
)
_AGAIN = sql(f"UPDATE deliveries SET {AGAIN} WHERE id = :id")  # noqa: S608 - an assignment of our own


async def resend(transaction: Transaction, delivery_id: UUID, who: Principal) -> None:
    """Raises problems: 403, 404, 409."""
    row = (await transaction.execute(_FOUND, {"id": delivery_id})).one_or_none()
    if row is None:
        raise problems.not_found("delivery", "path/delivery_id")
    # A letter to a customer is part of the work on their case; an event is its subscriber's.
    needed = "webhooks:write" if row.template is None else "cases:work"
    if not who.may(needed):
        raise Problem(
            403,
            "forbidden",
            "This key may not do that",
            f"To send this delivery again, it lacks the scope {needed}.",
            field="header/Authorization",
        )
    if row.template is None and row.owner != who.id and not who.may(ADMIN):
        raise problems.not_found("delivery", "path/delivery_id")
    if row.status not in {"delivered", "failed", "not_sent", "bounced", "declined"}:
        raise problems.conflict(
            "It is on its way",
            "Only what was delivered or given up can be sent again.",
            status_now=row.status,
        )
    if row.erased:
        raise problems.conflict("Its customer is erased", "Nothing is left of it that could be sent.")
    if row.enabled is False:
        raise problems.conflict("Its webhook is switched off", "Switch the webhook on first.")
    await transaction.execute(_AGAIN, {"id": delivery_id, "now": clock.now()})
    await ring(transaction)
