"""What the customer sees of a case and may answer, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.intake.handlers import reactions
from services.intake.model import View
from shared.aggregate import NotPossible
from shared.envelope import open_envelope
from shared.events import (
    CaseClosed,
    CaseReopened,
    CaseResumed,
    Event,
    FollowUpRequested,
    OffersDeclined,
    OffersMade,
    OffersWithdrawn,
    OpinionGiven,
    ReopenAsked,
    SolutionCarriedOut,
)
from shared.events.resolution import Offer
from shared.events.vocabulary import Outcome, Remedy
from shared.ids import derived_id
from tests.resolution_story import records

ID = UUID(int=1)
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FOLLOW_UP = derived_id("follow-up", ID, 1)


def offers(round_: int) -> OffersMade:
    offer = Offer(
        offer_id=derived_id("offer", ID, round_), rank=1, remedies=(Remedy.REPAIR,), description="Repair."
    )
    return OffersMade(complaint_id=ID, round=round_, offers=(offer,), made_at=AT)


def withdrawn(round_: int) -> OffersWithdrawn:
    return OffersWithdrawn(complaint_id=ID, round=round_, withdrawn_at=AT)


def told(view: View, *events: Event) -> None:
    for record in records(events):
        reactions.react(view, open_envelope(record))


def recorded(view: View) -> list[Event]:
    return [fact[0] for fact in view._facts]


@pytest.mark.requirement("001-29")
def test_offers_that_were_objected_to_by_phone_can_no_longer_be_chosen() -> None:
    view = View(id=ID)
    told(view, offers(1), withdrawn(1))
    assert (view.status, view.offers, view.steps[-1].step) == ("accepted", [], "offers_withdrawn")
    with pytest.raises(NotPossible) as no:
        view.choose(derived_id("offer", ID, 1), AT)
    assert no.value.code == "no-offers"
    assert recorded(view) == []


@pytest.mark.requirement("001-29")
def test_a_choice_that_crossed_the_objection_is_taken_back_and_the_customer_told() -> None:
    view = View(id=ID)
    told(view, offers(1))
    view.choose(derived_id("offer", ID, 1), AT)
    told(view, withdrawn(1))
    assert (view.offers, view.offers_answer) == ([], None)
    assert (view.steps[-1].step, view.steps[-1].data) == ("offers_withdrawn", {"round": 1})
    told(view, offers(2))
    view.choose(derived_id("offer", ID, 2), AT)
    assert view.offers_answer == str(derived_id("offer", ID, 2))


def test_the_customers_answers_say_what_they_answer() -> None:
    view = View(id=ID)
    told(view, offers(1), withdrawn(1), offers(2))
    view.decline(None, AT)
    told(view, FollowUpRequested(complaint_id=ID, follow_up_id=FOLLOW_UP, requested_at=AT))
    view.give_opinion(Outcome.ACCEPTABLE, None, AT)
    assert recorded(view) == [
        OffersDeclined(complaint_id=ID, round=2, declined_at=AT),
        OpinionGiven(complaint_id=ID, follow_up_id=FOLLOW_UP, outcome=Outcome.ACCEPTABLE, given_at=AT),
    ]


def test_a_resumed_case_shows_nothing_of_the_result_that_was_refused() -> None:
    view = View(id=ID)
    follow_up = FollowUpRequested(complaint_id=ID, follow_up_id=FOLLOW_UP, requested_at=AT)
    resumed = CaseResumed(complaint_id=ID, resumed_at=AT)
    told(view, SolutionCarriedOut(complaint_id=ID, result="Repaired.", carried_out_at=AT), follow_up, resumed)
    assert (view.result, view.outcome, view.opinion_asked) == (None, None, False)
    with pytest.raises(NotPossible):
        view.give_opinion(Outcome.SATISFIED, None, AT)
    told(view, follow_up)
    view.give_opinion(Outcome.NOT_ACCEPTABLE, None, AT)
    told(view, resumed)
    assert view.outcome is None


@pytest.mark.requirement("P-24")
def test_a_customer_asks_once_that_the_closed_case_be_taken_up_again_and_in_time() -> None:
    view, until = View(id=ID), AT + timedelta(days=30)
    closed = CaseClosed(
        complaint_id=ID, outcome=Outcome.SATISFIED, closed_by="h1", reopen_until=until, closed_at=AT
    )
    with pytest.raises(NotPossible, match="not-closed"):
        view.ask_reopening("It is back.", AT)
    told(view, closed)
    with pytest.raises(NotPossible, match="too-late-to-reopen"):
        view.ask_reopening("It is back.", until + timedelta(seconds=1))
    assert recorded(view) == []
    assert view.ask_reopening("It is back.", until) == until
    assert view.ask_reopening("Please!", until + timedelta(days=1)) == until
    assert recorded(view) == [ReopenAsked(complaint_id=ID, reason="It is back.", asked_at=until)]
    told(view, CaseReopened(complaint_id=ID, reopened_by="customer", reopened_at=until))
    assert (view.status, view.outcome, view.reopen_until) == ("accepted", None, None)
    told(view, closed.model_copy(update={"reopen_until": None}))  # closed by a release that knew no window
    with pytest.raises(NotPossible, match="too-late-to-reopen"):
        view.ask_reopening("It is back.", AT)
