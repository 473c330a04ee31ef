"""A whole complaint through clients that openapi-python-client made from docs/openapi, exactly as it made them.

`python journey.py URL KEY`, with `intake_client` and `resolution_client` importable.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from intake_client import AuthenticatedClient as Intake
from intake_client import Client as Customer
from intake_client.api.complaints import register_complaint
from intake_client.api.dialogue import write_to_customer
from intake_client.api.tracking import choose, follow, give_opinion, read_own_messages
from intake_client.models import (
    Choice,
    NewComplaint,
    NewMessage,
    Opinion,
    Outcome,
    ProblemDocument,
    Registered,
    Tracking,
)
from resolution_client import AuthenticatedClient as Resolution
from resolution_client.api.cases import (
    accept_case,
    carry_out_solution,
    judge_case,
    offer_solutions,
    read_case,
)
from resolution_client.models import (
    Acceptance,
    CaseView,
    JudgementGiven,
    OfferProposed,
    OffersProposed,
    Remedy,
    Result,
)

T = TypeVar("T")


def until(look: Callable[[], T | None]) -> T:
    """What one service says reaches the next one over the event log, a moment later."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise SystemExit("waited in vain")


def main(url: str, key: str) -> None:
    intake = Intake(base_url=f"{url}/intake", token=key)
    cases = Resolution(base_url=f"{url}/resolution", token=key)
    customer = Customer(base_url=f"{url}/intake")

    told = NewComplaint.from_dict(
        {
            "channel": "web_form",
            "language": "en",
            "statement": {"what_went_wrong": "The motor shows alarm R4 after ten minutes."},
            "desired_amount": {"amount": "100.00", "currency": "CNY"},
        }
    )
    first = register_complaint.sync_detailed(client=intake, body=told, idempotency_key="generated-1")
    again = register_complaint.sync_detailed(client=intake, body=told, idempotency_key="generated-1")
    registered = first.parsed
    assert isinstance(registered, Registered), first
    assert again.parsed == registered
    assert again.headers["Idempotent-Replayed"] == "true"

    def tracked() -> Tracking:
        seen = follow.sync(registered.reference, client=customer, x_tracking_token=registered.tracking_token)
        assert isinstance(seen, Tracking), seen
        return seen

    wrong = follow.sync_detailed(registered.reference, client=customer, x_tracking_token="wrong")
    assert isinstance(wrong.parsed, ProblemDocument), wrong
    assert wrong.parsed.type_ == "urn:redress:problem:unknown-reference-or-token"

    def case() -> CaseView | None:
        found = read_case.sync(registered.id, client=cases)
        return found if isinstance(found, CaseView) else None

    until(lambda: (found := case()) and found.handler_id)
    accept_case.sync(registered.id, client=cases, body=Acceptance())
    judgement = JudgementGiven(
        reason_sufficient=True, demand_reasonable=True, explanation="The batch is faulty."
    )
    judge_case.sync(registered.id, client=cases, body=judgement)
    offers = OffersProposed(offers=[OfferProposed(remedies=[Remedy.EXCHANGE], description="A new motor.")])
    offered = offer_solutions.sync(registered.id, client=cases, body=offers)
    assert isinstance(offered, CaseView), offered

    write_to_customer.sync(registered.id, client=intake, body=NewMessage(text="When may we come?"))
    seen = read_own_messages.sync(
        registered.reference, client=customer, x_tracking_token=registered.tracking_token
    )
    assert isinstance(seen, list), seen
    assert [message.text for message in seen] == ["When may we come?"]

    [offer] = until(lambda: tracked().offers)
    choice = Choice(offer_id=offer.offer_id)
    opened = {"client": customer, "x_tracking_token": registered.tracking_token}
    choose.sync(registered.reference, body=choice, **opened)
    until(lambda: (found := case()) and found.state == "agreed")
    carry_out_solution.sync(registered.id, client=cases, body=Result(result="Exchanged."))
    until(lambda: tracked().opinion_asked)
    give_opinion.sync(registered.reference, body=Opinion(outcome=Outcome.SATISFIED), **opened)
    closed = until(lambda: (shown := tracked()).status == "closed" and shown)
    assert closed.outcome == Outcome.SATISFIED
    print(registered.id)


if __name__ == "__main__":
    main(*sys.argv[1:])
