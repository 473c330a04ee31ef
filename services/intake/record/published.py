"""How parts of the record appear in events: what is free text is masked, what identifies somebody stays behind."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from services.intake.record import parts
from services.intake.record.parts import Told
from services.intake.vault.private import CONTACT
from shared.events.intake import ClaimedLoss, ExpectationGap, ProductRef, Sale
from shared.events.vocabulary import Compensation, Remedy
from shared.masking import mask

Known = Sequence[str]
"""What the customer gave as theirs, and the name of whom they complain about."""


def known_in(told: dict[str, Any]) -> tuple[str, ...]:
    """The values that identify somebody in a row of `complaints` or `additions`."""
    values = (*(told.get(name) for name in CONTACT), (told.get("accused") or {}).get("name"))
    return tuple(value for value in values if value)


def masked(text: str | None, known: Known) -> str | None:
    return mask(text, known) if text else None


def product(told: parts.Product, known: Known) -> ProductRef:
    # Ids and batches are the company's own and must stay readable; what is free text may hold anything.
    return ProductRef(
        id=told.id,
        name=masked(told.name, known),
        model=masked(told.model, known),
        batch=told.batch,
        supplier=masked(told.supplier, known),
    )


def expectation(told: parts.Expectation, known: Known) -> ExpectationGap:
    return ExpectationGap(
        aspects=told.aspects,
        expected=masked(told.expected, known),
        received=masked(told.received, known),
        source=told.source,
    )


def sale(told: parts.Sale) -> Sale:
    return Sale(step=told.step, mode=told.mode)


def claimed(told: parts.ClaimedLosses) -> tuple[ClaimedLoss, ...]:
    return tuple(ClaimedLoss(kind=loss.kind, amount=loss.amount) for loss in told)


def defect_rate(told: parts.Facts | None) -> Decimal | None:
    """As told, or else the share that the quantity tells; to six places."""
    if told is None or told.defect_rate is not None or told.quantity is None or told.quantity.total is None:
        return told.defect_rate if told else None
    return round(told.quantity.affected / told.quantity.total, 6)


def added(told: dict[str, Any], known: Known) -> dict[str, Any]:
    """The fields of ComplaintSupplemented that tell these parts."""
    given = Told.model_validate(told)
    remedies = given.desired_remedies
    return {
        "about": given.about,
        "product": product(given.product, known) if given.product else None,
        "order_id": given.order.id if given.order else None,
        "contract_id": given.order.contract_id if given.order else None,
        "expectation": expectation(given.expectation, known) if given.expectation else None,
        "sale": sale(given.sale) if given.sale else None,
        "defect_rate": defect_rate(given.facts),
        "region": given.facts.region if given.facts else None,
        "desired_remedies": remedies,
        "desired_amount": given.desired_amount,
        "desired_compensation": compensation(remedies or (), given.desired_compensation or ()) or None,
        "estimated_loss": given.estimated_loss,
        "claimed_losses": claimed(given.claimed_losses) if given.claimed_losses else None,
        "accused_id": given.accused.staff_id if given.accused else None,
    }


def compensation(remedies: Sequence[Remedy], said: Sequence[Compensation]) -> tuple[Compensation, ...]:
    """What was said, or else what the remedies amount to."""
    kinds: Iterable[Compensation | None] = said or [remedy.compensation for remedy in remedies]
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))
