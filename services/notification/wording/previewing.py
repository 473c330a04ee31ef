"""Real values for a preview: what a delivery said, or what is known of a complaint. No more than the caller may see."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.channels import CannotDeliver
from services.notification.contacts import Contacts
from services.notification.human_time import human_time
from services.notification.rules import DIGEST, FIELD_ACTION
from services.notification.wording.declared import Language, declared, example, in_language, variables_of
from shared import problems
from shared.database import sql
from shared.problems import Problem, not_found

MASKED = {"en": "[name]", "zh": "〔姓名〕"}

_OF_COMPLAINT = sql(
    """
SELECT c.id AS complaint_id, c.reference, c.kind, coalesce(l.handler_name, c.handler_name) AS handler,
       CASE WHEN c.leading_id IS NULL THEN c.promised_at ELSE l.promised_at END AS promised_at,
       coalesce((SELECT d.facts FROM deliveries d
                 WHERE d.complaint_id = c.id AND d.template = :name AND d.facts <> '{}'
                   AND d.id = coalesce(CAST(:delivery AS uuid), d.id)
                 ORDER BY d.number DESC LIMIT 1), '{}') AS facts
FROM conversations c LEFT JOIN conversations l ON l.id = c.leading_id
WHERE c.id = CAST(:complaint AS uuid) AND NOT c.erased
"""
)
_DELIVERY = sql("SELECT complaint_id, template FROM deliveries WHERE id = :id AND audience = 'customer'")


async def complaint_of(connection: AsyncConnection, name: str, delivery_id: UUID) -> UUID:
    """Raises a 404 problem, and a 422 one when it is a delivery of another letter, or about no complaint."""
    found = (await connection.execute(_DELIVERY, {"id": delivery_id})).one_or_none()
    if found is None:
        raise not_found("delivery to a customer", "body/delivery_id")
    if found.template != name:
        raise problems.invalid(
            "It is a delivery of another letter",
            f"It is of `{found.template}`: preview that one. 该投递使用的是模板 {found.template}，请预览该模板。",
            field="body/delivery_id",
        )
    if found.complaint_id is None or name == FIELD_ACTION:
        raise problems.invalid(
            "It is a letter about no complaint of its receiver's",
            "Preview it with example values: name neither delivery nor complaint. 请使用示例数据预览该信件。",
            field="body/delivery_id",
        )
    complaint_id: UUID = found.complaint_id
    return complaint_id


async def values_of(
    connection: AsyncConnection,
    name: str,
    language: Language,
    complaint_id: UUID,
    delivery_id: UUID | None,
    zone: str,
) -> dict[str, Any]:
    """What is known, over the examples; the name is masked, and the customer's own link never shown. Raises a 404
    problem when nothing is known, or not any more."""
    given = {"name": name, "complaint": complaint_id, "delivery": delivery_id}
    row = (await connection.execute(_OF_COMPLAINT, given)).one_or_none()
    if row is None or declared(name).audience != "customer" or name in {DIGEST, FIELD_ACTION}:
        field = "body/complaint_id" if delivery_id is None else "body/delivery_id"
        raise not_found("complaint that this letter is about", field)
    promised = row.promised_at and human_time(row.promised_at, zone, language)
    known = {
        "reference": row.reference,
        "kind": row.kind,
        "handler": row.handler,
        "promised": promised,
        "name": MASKED[language],
    }
    facts = {key: in_language(value, language) for key, value in row.facts.items()}
    told = {key: value for key, value in {**facts, **known}.items() if key in variables_of(name)}
    return example(name, language) | told


async def real_name(contacts: Contacts, complaint_id: UUID) -> str | None:
    """Raises a 503 problem when intake cannot be asked now."""
    try:
        return (await contacts.of(complaint_id)).name
    except CannotDeliver:
        raise Problem(
            503,
            "unavailable",
            "The name cannot be had now",
            "Try again shortly. 暂时无法取得姓名，请稍后重试。",
            headers={"Retry-After": "1"},
        ) from None
