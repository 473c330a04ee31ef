"""What follows from which facts: one set of deliveries, whatever order the topics come in."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.handlers import reactions
from services.notification.model import Conversation
from services.notification.webhooks.filters import Subscription, matches
from shared import events
from shared.envelope import Received
from shared.events import Event
from shared.events.vocabulary import TOPICS
from shared.ids import derived_id

ID = UUID("0190a5d2-0000-7000-8000-000000000001")
START = datetime(2026, 5, 9, 3, 0, tzinfo=UTC)
OFFER = UUID(int=7)
EVERYTHING = Subscription(UUID(int=1), ("*",))
CASES_CLOSED = Subscription(UUID(int=2), ("redress.case.closed",))


def registered(**changes: object) -> Event:
    values = {
        "complaint_id": ID,
        "reference": "RD-7K3M9QXT-B",
        "registered_at": START,
        "kind": "complaint",
        "medium": "online",
        "channel": "web_form",
        "language": "en",
        "form": "written",
        "against": "organisation",
        "visibility": "private",
        "complainant_type": "external",
        "customer_id": uuid4(),
        "statement": {"what_went_wrong": "It does not run."},
        "completeness": 0.5,
    }
    return events.ComplaintRegistered.model_validate(values | changes)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def promise(number: int, minute: int) -> Event:
    return events.PromiseMade(
        complaint_id=ID, promise_id=UUID(int=100 + number), due_at=at(minute + 480), made_at=at(minute)
    )


def story() -> list[tuple[int, Event]]:
    """A whole case: (minute, fact), in the order of the facts."""
    offers = (
        events.resolution.Offer(offer_id=uuid4(), rank=2, remedies=("refund",), description="A refund"),
        events.resolution.Offer(offer_id=OFFER, rank=1, remedies=("exchange",), description="A new one"),
    )
    facts: list[tuple[int, Event]] = [
        (0, registered()),
        (1, events.CaseOpened(complaint_id=ID, opened_at=START)),
        (1, promise(1, 1)),
        (
            2,
            events.ComplaintTriaged(
                complaint_id=ID,
                category="drive",
                severity="general",
                decided_by="rules",
                reasons=(),
                triaged_at=at(2),
            ),
        ),
        (3, assigned("Li Wei", 3)),
        (4, events.CaseAccepted(complaint_id=ID, handler_id="h1", handler_name="Li Wei", accepted_at=at(4))),
        (5, supplemented(5, restatement="Motors stop.")),
        (6, supplemented(6, restatement="Motors stop.", confirmed=True)),
        (7, supplemented(7, said="They smell.")),
        (500, events.PromiseBroken(complaint_id=ID, promise_id=UUID(int=101), broken_at=at(500))),
        (500, promise(2, 500)),
        (510, assigned("Wang Fang", 510)),
        (520, events.CustomerTold(complaint_id=ID, message="Parts come on Tuesday.", told_at=at(520))),
        (530, judged(reason_sufficient=True, demand_reasonable=False)),
        (540, events.OffersMade(complaint_id=ID, round=1, offers=offers, made_at=at(540))),
        (550, events.OfferChosen(complaint_id=ID, offer_id=OFFER, chosen_at=at(550))),
        (551, events.OfferAgreed(complaint_id=ID, offer_id=OFFER, agreed_at=at(551))),
        (600, events.SolutionCarriedOut(complaint_id=ID, result="It runs.", carried_out_at=at(600))),
        (600, events.FollowUpRequested(complaint_id=ID, follow_up_id=UUID(int=9), requested_at=at(600))),
        (700, events.OpinionGiven(complaint_id=ID, outcome="satisfied", given_at=at(700))),
        (900, events.FollowUpRequested(complaint_id=ID, follow_up_id=UUID(int=10), requested_at=at(900))),
        (999, events.CaseClosed(complaint_id=ID, outcome="satisfied", closed_by="h1", closed_at=at(999))),
    ]
    return facts


def supplemented(minute: int, **told: object) -> Event:
    known = {"complaint_id": ID, "addition_id": UUID(int=minute), "number": minute, "added_by": "key:1"}
    times = {"contact_at": at(minute), "added_at": at(minute)}
    way = {"medium": "online", "channel": "phone", "completeness": 0.5}
    return events.ComplaintSupplemented.model_validate(known | times | way | told)


def assigned(name: str, minute: int) -> Event:
    return events.ComplaintAssigned(
        complaint_id=ID,
        department="drives",
        handler_id=name,
        handler_name=name,
        reasons=(),
        assigned_at=at(minute),
    )


def judged(*, reason_sufficient: bool, demand_reasonable: bool) -> Event:
    return events.ValidityJudged(
        complaint_id=ID,
        reason_sufficient=reason_sufficient,
        demand_reasonable=demand_reasonable,
        explanation="The warranty ended in March.",
        judged_at=at(530),
    )


def received(facts: list[tuple[int, Event]]) -> list[Received]:
    return [
        Received(derived_id("test", n), event.wire_type(), str(ID), n + 1, at(minute), None, event)
        for n, (minute, event) in enumerate(facts)
    ]


def told(facts: list[Received], *subscriptions: Subscription) -> Conversation:
    conversation = Conversation(id=ID, subscriptions=subscriptions)
    for fact in facts:
        reactions.react(conversation, fact)
    return conversation


def templates(conversation: Conversation) -> list[str | None]:
    return [delivery.template for delivery in conversation.outgoing]


@pytest.mark.requirement("001-08", "002-22", "002-05", "001-14", "001-30", "002-19", "001-26")
def test_the_customer_hears_of_every_step() -> None:
    assert templates(told(received(story()))) == [
        "acknowledgement",
        "assigned",
        "accepted",
        "restatement",
        "interim",
        "assigned",
        "told",
        "judged-not-valid",
        "offers",
        "agreed",
        "result",
        "survey",
        "survey",
        "closed",
    ]


@given(st.data())
def test_every_interleaving_of_the_topics_gives_the_same_deliveries(data: st.DataObject) -> None:
    facts = received(story())
    queues = {topic: [f for f in facts if f.event.topic == topic] for topic in TOPICS}
    queues = {topic: queue for topic, queue in queues.items() if queue}
    shuffled: list[Received] = []
    while queues:
        topic = data.draw(st.sampled_from(sorted(queues)))
        shuffled.append(queues[topic].pop(0))
        if not queues[topic]:
            del queues[topic]

    expected = told(facts, EVERYTHING, CASES_CLOSED)
    actual = told(shuffled, EVERYTHING, CASES_CLOSED)

    assert actual == expected
    assert {repr(d) for d in actual.outgoing} == {repr(d) for d in expected.outgoing}
    assert {f.event_id for f in actual.forwarded} == {f.event_id for f in expected.forwarded}
    assert next(d.template for d in actual.outgoing if d.template) == "acknowledgement"


@pytest.mark.requirement("002-02")
def test_thanks_wait_for_the_promised_time_and_everything_else_waits_for_the_thanks() -> None:
    facts = received([(3, assigned("Li Wei", 3)), (0, registered()), (1, promise(1, 1)), (2, promise(2, 2))])
    assert templates(told(facts[:1])) == []
    assert templates(told(facts[:2])) == []
    conversation = told(facts)
    assert templates(conversation) == ["acknowledgement", "assigned"]
    assert conversation.outgoing[0].facts == {"promised_at": at(481).isoformat()}


def test_an_interim_reply_names_the_next_time_and_waits_for_it() -> None:
    begun: list[tuple[int, Event]] = [(0, registered()), (1, promise(1, 1))]
    broken = events.PromiseBroken(complaint_id=ID, promise_id=UUID(int=101), broken_at=at(500))
    assert templates(told(received([*begun, (500, broken)]))) == ["acknowledgement"]
    conversation = told(received([*begun, (500, broken), (500, promise(2, 500))]))
    assert conversation.outgoing[-1].template == "interim"
    assert conversation.outgoing[-1].facts["promised_at"] == at(980).isoformat()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"interim_reply": False}, []),
        ({"waiting_for_customer": True}, [True]),
        ({}, [False]),
    ],
)
def test_a_late_reply_by_a_person_needs_no_apology_by_a_machine(
    changes: dict[str, bool], expected: list[bool]
) -> None:
    broken = events.PromiseBroken(complaint_id=ID, promise_id=UUID(int=101), broken_at=at(500), **changes)
    facts = received([(0, registered()), (1, promise(1, 1)), (500, broken), (500, promise(2, 500))])
    assert [d.facts["waiting"] for d in told(facts).outgoing if d.template == "interim"] == expected


def test_a_valid_complaint_needs_no_explanation() -> None:
    valid = judged(reason_sufficient=True, demand_reasonable=True)
    facts = received([(0, registered()), (1, promise(1, 1)), (530, valid)])
    assert templates(told(facts)) == ["acknowledgement"]


def test_webhooks_get_what_they_asked_for_in_cloudevents_json() -> None:
    conversation = told(received(story()), EVERYTHING, CASES_CLOSED)
    wanted = [d.subscription_id for d in conversation.outgoing if d.template is None]
    assert wanted.count(EVERYTHING.id) == len(story())
    assert wanted.count(CASES_CLOSED.id) == 1
    assert len(conversation.forwarded) == len(story())
    assert '"type":"redress.complaint.registered.v1"' in conversation.forwarded[0].body


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "redress.case.closed", True),
        ("redress.case.*", "redress.case.closed", True),
        ("redress.case.closed", "redress.case.closed", True),
        ("redress.case.*", "redress.complaint.assigned", False),
        ("redress.case.close", "redress.case.closed", False),
    ],
)
def test_patterns(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected
