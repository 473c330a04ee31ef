"""From what was told to the rows and the fact that keep it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic_core import to_json

from services.intake.channels.words import language as language_of
from services.intake.record import published
from services.intake.record.asking import against, completeness, next_question, visibility
from services.intake.record.parts import Product
from services.intake.schemas import NewComplaint
from shared import ids
from shared.events import ComplaintRegistered
from shared.events.intake import MaskedStatement, ProductRef
from shared.events.vocabulary import Against, Form, Standing, Visibility
from shared.idempotency import Answer
from shared.masking import mask_each
from shared.reference import new_reference


def tracking_url(base_url: str, reference: str, token: str) -> str:
    return f"{base_url}/intake/v1/tracking/{reference}?token={token}"


NEW_FOR = timedelta(days=365)

ANSWERED = ("id", "reference", "registered_at", "completeness", "missing")


@dataclass(frozen=True, slots=True)
class Registration:
    """One complaint, ready to be written."""

    complaint: dict[str, Any]
    customer: dict[str, Any]
    event: ComplaintRegistered

    def answer(self) -> Answer:
        """What the caller is told and what a retry gets, but for the token, which is kept nowhere."""
        told = {name: self.complaint[name] for name in ANSWERED}
        asked = next_question(told["missing"])
        return Answer(201, to_json(told | {"next_question": dict(asked) if asked else None}))

    def with_another_reference(self) -> "Registration":
        """The same, for the rare case that the reference it drew is taken."""
        reference = new_reference()
        return Registration(
            self.complaint | {"reference": reference},
            self.customer,
            self.event.model_copy(update={"reference": reference}),
        )


def _masked(told: NewComplaint, known: tuple[str, ...]) -> tuple[MaskedStatement, ProductRef | None]:
    statement, product = told.statement, told.product or Product()
    of_product = (product.name, product.model, product.supplier)
    texts = (statement.what_went_wrong, statement.feeling, statement.wanted, *of_product)
    shown = iter(mask_each([text for text in texts if text], known))
    problem, feeling, wanted, name, model, supplier = (next(shown) if text else None for text in texts)
    assert problem is not None
    masked = MaskedStatement(what_went_wrong=problem, feeling=feeling, wanted=wanted)
    # Ids and batches are the company's own and must stay readable; what is free text may hold anything.
    ref = (
        ProductRef(id=product.id, name=name, model=model, batch=product.batch, supplier=supplier)
        if told.product
        else None
    )
    return masked, ref


def standing(since: date | None, at: datetime) -> Standing | None:
    if since is None:
        return None
    return Standing.NEW if at.date() - since < NEW_FOR else Standing.ESTABLISHED


def register(told: NewComplaint, by: str, at: datetime) -> Registration:
    """Everything that follows from what was told. Pure but for the fresh id and reference."""
    complaint_id, reference = ids.new_id(), new_reference()
    customer = told.customer
    customer_id = ids.derived_id("customer", customer.external_id) if customer.external_id else ids.new_id()
    form = told.form or (Form.ORAL if told.channel.is_oral else Form.WRITTEN)
    language = told.language or language_of(told.statement.what_went_wrong)
    data = told.model_dump(mode="json", exclude_none=True)
    score, missing = completeness(data)
    known = published.known_in({**data.get("customer", {}), "accused": data.get("accused")})
    statement, order = told.statement, told.order
    masked, product = _masked(told, known)
    relates = customer.since is not None or customer.key_account is not None
    whom, seen = Against(against(data)), Visibility(visibility(data))
    compensation = published.compensation(told.desired_remedies, told.desired_compensation)
    event = ComplaintRegistered(
        complaint_id=complaint_id,
        reference=reference,
        registered_at=at,
        kind=told.kind,
        medium=told.channel.medium,
        channel=told.channel,
        language=language,
        about=told.about,
        form=form,
        against=whom,
        visibility=seen,
        complainant_type=customer.type,
        customer_id=customer_id,
        statement=masked,
        product=product,
        order_id=order.id if order else None,
        contract_id=order.contract_id if order else None,
        expectation=published.expectation(told.expectation, known) if told.expectation else None,
        sale=published.sale(told.sale) if told.sale else None,
        defect_rate=published.defect_rate(told.facts),
        desired_remedies=told.desired_remedies,
        desired_amount=told.desired_amount,
        desired_compensation=compensation,
        estimated_loss=told.estimated_loss,
        claimed_losses=published.claimed(told.claimed_losses),
        accused_id=told.accused.staff_id if told.accused else None,
        emotion=told.emotion,
        taken_by=told.taken_by.role if told.taken_by else None,
        region=told.facts.region if told.facts else None,
        standing=standing(customer.since, at),
        key_account=customer.key_account,
        completeness=score,
        missing=missing,
    )
    row = {  # plain values: to write a StrEnum as JSON takes ten times as long as a string
        "id": complaint_id,
        "reference": reference,
        "registered_at": at,
        "registered_by": by,
        "customer_id": customer_id,
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address,
        "relation": {"since": customer.since, "key_account": customer.key_account} if relates else None,
        "kind": told.kind.value,
        "channel": told.channel.value,
        "language": language.value,
        "about": told.about and told.about.value,
        "form": form.value,
        "against": whom.value,
        "visibility": seen.value,
        "complainant_type": customer.type.value,
        "what_went_wrong": statement.what_went_wrong,
        "feeling": statement.feeling,
        "wanted": statement.wanted,
        "product": data.get("product"),
        "order": data.get("order"),
        "facts": data.get("facts"),
        "expectation": data.get("expectation"),
        "sale": data.get("sale"),
        "desired_remedies": data["desired_remedies"],
        "desired_amount": data.get("desired_amount"),
        "desired_compensation": [kind.value for kind in compensation],
        "estimated_loss": data.get("estimated_loss"),
        "claimed_losses": data.get("claimed_losses"),
        "emotion": data.get("emotion"),
        "taken_by": data.get("taken_by"),
        "accused": data.get("accused"),
        "public_link": data.get("public_link"),
        "completeness": score,
        "missing": missing,
    }
    person = {
        "id": customer_id,
        "external_id": customer.external_id,
        "type": customer.type.value,
    }
    return Registration(row, person, event)
