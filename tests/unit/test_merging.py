"""What each service makes of a merging, without a database: whatever it was doing, and whatever is heard first."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from services.insights.model import Facts, contributions
from services.intake.merging import model as merging
from services.intake.model import View
from services.notification.delivery import Delivery
from services.notification.handlers import reactions as notification
from services.notification.model import Conversation
from services.resolution.lifecycle import UNSOLVED, State
from services.resolution.model import Case
from services.resolution.promises import PromiseState
from services.resolution.timeline import Kind
from services.routing.model import Dispatch
from services.routing.status import Status
from shared.aggregate import NotPossible
from shared.envelope import open_envelope
from shared.events import (
    CaseClosed,
    ComplaintMerged,
    ComplaintSeparated,
    CustomerTold,
    Event,
    OffersWithdrawn,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    ReporterJoined,
    ReporterLeft,
)
from shared.events.vocabulary import Outcome
from shared.ids import new_id
from tests.resolution_story import HOUR, NINE, interleavings, records, registered
from tests.unit.test_resolution_model import carried_out, facts, judged, offered, opened
from tests.unit.test_routing_model import CLEAR, CLOSED, UNSURE, directory, heard, state, told
from tests.unit.test_routing_model import ID as ROUTED

LEADING, FOLLOWING = UUID(int=11), UUID(int=12)


def agreed() -> Case:
    case = offered()
    case.choose(case.offers[0].offer_id, NINE + 3 * HOUR)
    facts(case)
    return case


@pytest.mark.requirement("P-08")
@pytest.mark.parametrize("make", [opened, judged, offered, agreed, carried_out])
def test_a_merged_case_rests_and_goes_on_where_it_stood(make: Callable[[], Case]) -> None:
    case = make()
    before, promise = case.state, case.promise
    case.merge(LEADING, "key:desk", "The same batch.", NINE + 5 * HOUR)
    assert (case.state, case.leading_id, case.promise) == (State.MERGED, LEADING, None)
    made = [type(event) for event in facts(case)]
    assert (PromiseKept in made) is (promise is not None), "the customer was told something in time"
    assert PromiseBroken not in made
    assert (OffersWithdrawn in made) is (before is State.OFFERED)
    case.time_passed(NINE + timedelta(days=30))
    assert facts(case) == []

    case.separate("key:desk", "Another batch.", NINE + 50 * HOUR)
    assert case.state is (State.ACCEPTED if before is State.OFFERED else before)
    assert (case.promise is not None) is (case.state in UNSOLVED)
    if case.promise is not None:
        assert case.promise.made_at == NINE + 50 * HOUR
        assert [type(event) for event in facts(case)] == [PromiseMade]
    case.separate("key:desk", None, NINE + 51 * HOUR)
    assert facts(case) == []


def test_a_merging_that_comes_late_breaks_the_promise_but_sends_no_second_reply() -> None:
    case = opened()
    case.merge(LEADING, "key:desk", None, NINE + 100 * HOUR)
    [broken] = facts(case)
    assert isinstance(broken, PromiseBroken)
    assert broken.interim_reply is False
    assert case.changed_promises[-1].state is PromiseState.BROKEN


def test_a_closed_case_stays_closed() -> None:
    case = carried_out()
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 5 * HOUR)
    case.merge(LEADING, "key:desk", None, NINE + 6 * HOUR)
    assert case.state is State.CLOSED
    assert case.new_entries[-1].kind is Kind.MERGED_TOO_LATE


def merged(complaint_id: UUID, at: datetime) -> ComplaintMerged:
    return ComplaintMerged(complaint_id=complaint_id, leading_id=LEADING, merged_by="key:desk", merged_at=at)


def separated(complaint_id: UUID, at: datetime) -> ComplaintSeparated:
    return ComplaintSeparated(
        complaint_id=complaint_id, leading_id=LEADING, separated_by="key:desk", separated_at=at
    )


@pytest.mark.requirement("P-08")
@pytest.mark.parametrize("in_one_batch", [False, True])
@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.parametrize("what", [CLEAR, UNSURE])
def test_nobody_carries_a_merged_complaint_whatever_was_heard_first(
    what: str, capacity: int, in_one_batch: bool
) -> None:
    ends = []
    intake: list[Event] = [told(what), merged(ROUTED, NINE + HOUR)]
    resolution: list[Event] = [CLOSED]
    for order in interleavings(intake, resolution):
        dispatch, people = _dispatch(), directory(capacity)
        heard(dispatch, order, people, in_one_batch=in_one_batch)
        assert dispatch.status is Status.RELEASED
        assert people.loads["li.na"].open_cases == int(capacity == 0)
        ends.append(state(dispatch))
    assert all(end == ends[0] for end in ends)


@pytest.mark.requirement("P-08")
@pytest.mark.parametrize("what", [CLEAR, UNSURE])
def test_after_a_separation_somebody_is_chosen_or_decides(what: str) -> None:
    dispatch, people = _dispatch(), directory(1)
    heard(dispatch, [told(what), merged(ROUTED, NINE + HOUR)], people)
    assert dispatch.status is Status.RELEASED
    heard(dispatch, [separated(ROUTED, NINE + 2 * HOUR)], people)
    assert dispatch.status is (Status.ASSIGNED if what is CLEAR else Status.REFERRED)
    heard(dispatch, [CLOSED, merged(ROUTED, NINE + 11 * HOUR), separated(ROUTED, NINE + 12 * HOUR)], people)
    assert dispatch.status is Status.RELEASED, "its case has ended"
    assert people.loads["li.na"].open_cases == 0


def _dispatch() -> Dispatch:
    return Dispatch(id=ROUTED)


def _talk(order: list[Event]) -> set[tuple[UUID | None, str | None, str]]:
    """Deliveries that follow when the leading conversation hears this, in this order."""
    conversation = Conversation(id=LEADING)
    sent: list[Delivery] = []
    for record in records(order):
        notification.react(conversation, open_envelope(record))
        sent += conversation.outgoing
        conversation.outgoing = []
    assert len({delivery.id for delivery in sent}) == len(sent)
    return {(d.complaint_id, d.template, str(d.facts.get("message"))) for d in sent}


@pytest.mark.requirement("P-08", "N-L")
def test_followers_hear_what_happens_while_they_follow_whatever_topic_is_ahead() -> None:
    due = NINE + 9 * HOUR
    promised = PromiseMade(complaint_id=LEADING, promise_id=new_id(), due_at=due, made_at=NINE)
    intake: list[Event] = [
        registered(LEADING),
        ReporterJoined(complaint_id=LEADING, merged_id=FOLLOWING, joined_at=NINE + 2 * HOUR),
    ]
    resolution: list[Event] = [
        promised,
        CustomerTold(complaint_id=LEADING, message="before", told_at=NINE + HOUR),
        CustomerTold(complaint_id=LEADING, message="after", told_at=NINE + 3 * HOUR),
        CaseClosed(complaint_id=LEADING, outcome=Outcome.SATISFIED, closed_by="x", closed_at=NINE + 4 * HOUR),
    ]
    ends = [_talk(order) for order in interleavings(intake, resolution)]
    assert all(end == ends[0] for end in ends)
    theirs = {(template, message) for i, template, message in ends[0] if i == FOLLOWING}
    assert theirs == {("told", "after"), ("closed", "None")}
    conversation = Conversation(id=LEADING)
    for record in records([*intake, *resolution]):
        notification.react(conversation, open_envelope(record))
    copies = [d for d in conversation.outgoing if d.complaint_id == FOLLOWING]
    assert all(d.facts["followed"] and d.lane == f"customer/{FOLLOWING}" for d in copies), (
        "in words for a follower"
    )
    left = ReporterLeft(complaint_id=LEADING, merged_id=FOLLOWING, left_at=NINE + 3 * HOUR)
    gone = _talk([*intake, left, *resolution])
    assert not [each for each in gone if each[0] == FOLLOWING]


@pytest.mark.requirement("P-08")
def test_received_stays_true_and_the_end_is_counted_once() -> None:
    def sums(facts: Facts) -> dict[str, int]:
        return {what: n for (_, _, what), n in contributions(facts).items() if isinstance(what, str)}

    alone = Facts(id=FOLLOWING, registered_at=NINE, kind="complaint")
    assert sums(alone) == {"received": 1, "dissatisfied": 1, "matters": 1}
    following = Facts(
        id=FOLLOWING, registered_at=NINE, kind="complaint", leading_id=LEADING, promises_kept_at=[NINE]
    )
    assert sums(following) == {"received": 1, "merged": 1, "promises_kept": 1}
    ended = Facts(
        id=FOLLOWING,
        registered_at=NINE,
        kind="complaint",
        leading_id=LEADING,
        closed_at=NINE + HOUR,
        outcome="satisfied",
    )
    assert "merged" not in sums(ended), "it had closed by itself before the merging was heard of"


@pytest.mark.parametrize("status", ["agreed", "carried_out", "closed"])
def test_what_was_agreed_is_kept(status: str) -> None:
    complaint, leading = View(id=FOLLOWING, status=status), View(id=LEADING)
    with pytest.raises(NotPossible) as refused:
        merging.merge(complaint, leading, leads_others=False, by="x", reason=None, at=NINE)
    assert refused.value.code == "too-late-to-merge"
    assert not complaint.steps
    assert not leading._facts


def test_the_reasons_of_refusals_are_bilingual() -> None:
    reasons = [value for name, value in vars(merging).items() if name.isupper() and isinstance(value, tuple)]
    assert len(reasons) == 6
    for one, other in permutations(reasons, 2):
        assert one[0] != other[0]
    assert all(any("一" <= sign <= "鿿" for sign in chinese) for _, _, chinese in reasons)
