"""Made-up stories of complaints, as the services would put them on the log: same seed, same story."""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from shared.envelope import headers_of
from shared.eventlog import Record
from shared.events import (
    NOTICES,
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseResumed,
    ComplaintAssigned,
    ComplaintReferred,
    ComplaintRegistered,
    ComplaintTriaged,
    CustomerTold,
    Event,
    FollowUpRequested,
    MessageDelivered,
    MessageFailed,
    NoticeAcknowledged,
    OfferAgreed,
    OfferChosen,
    OffersDeclined,
    OffersMade,
    OpinionGiven,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.events.intake import MaskedStatement, ProductRef
from shared.events.resolution import Offer
from shared.events.routing import Decider
from shared.events.vocabulary import (
    Against,
    Audience,
    Channel,
    ComplainantType,
    Form,
    Kind,
    Language,
    Money,
    Outcome,
    Remedy,
    Severity,
    Visibility,
)
from shared.ids import derived_id

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
CATEGORIES = ("delivery", "product-defect", "service-attitude", "billing")
DEPARTMENTS = ("logistics", "quality", "customer-service")

Told = tuple[datetime, Event]


def registered(complaint_id: UUID, at: datetime, **fields: object) -> ComplaintRegistered:
    """A registration with everything that a test does not care about filled in."""
    channel = Channel(str(fields.pop("channel", Channel.PHONE)))
    known: dict[str, object] = {
        "reference": "RD-AAAAAAAA-A",
        "kind": Kind.COMPLAINT,
        "language": Language.ZH,
        "form": Form.ORAL,
        "against": Against.ORGANISATION,
        "visibility": Visibility.PRIVATE,
        "complainant_type": ComplainantType.EXTERNAL,
        "customer_id": derived_id("customer", complaint_id),
        "statement": MaskedStatement(what_went_wrong="晚到两天,没有人通知我。"),
        "completeness": 0.5,
    }
    return ComplaintRegistered.model_validate(
        known
        | fields
        | {"complaint_id": complaint_id, "registered_at": at, "channel": channel, "medium": channel.medium}
    )


def story(complaint_id: UUID, begins: datetime, random: Random) -> list[Told]:
    """One complaint from its registration to wherever it has come, oldest first."""
    at = begins
    told: list[Told] = []
    i = complaint_id

    def later(hours: float) -> datetime:
        nonlocal at
        at += timedelta(seconds=int(random.expovariate(1 / (hours * 3600))) + 1)
        return at

    def tell(event: Event) -> None:
        told.append((at, event))

    product = ProductRef(name=random.choice(["kettle", "fridge"])) if random.random() < 0.7 else None
    kind = random.choices(list(Kind), [8, 1, 1, 1, 1])[0]
    tell(registered(i, at, kind=kind, channel=random.choice(list(Channel)), product=product))
    severity = random.choice(list(Severity))
    if random.random() < 0.3:
        tell(
            ComplaintReferred(complaint_id=i, severity=severity, reasons=("unsure",), referred_at=later(0.1))
        )
    for _ in range(random.choices([0, 1, 2], [1, 8, 2])[0]):
        tell(
            ComplaintTriaged(
                complaint_id=i,
                category=random.choice(CATEGORIES),
                severity=random.choice(list(Severity)),
                decided_by=random.choice(list(Decider)),
                reasons=("rule-7",),
                triaged_at=later(0.2),
            )
        )
    for _ in range(random.choices([0, 1, 2], [1, 8, 1])[0]):
        tell(
            ComplaintAssigned(
                complaint_id=i,
                department=random.choice(DEPARTMENTS),
                handler_id=f"h{random.randrange(9)}",
                handler_name="Li",
                reasons=(),
                assigned_at=later(0.2),
            )
        )
    for audience in random.sample(list(Audience), random.randrange(3)):
        notice_id = derived_id("notice", i, audience)
        tell(
            NOTICES[audience](
                complaint_id=i,
                notice_id=notice_id,
                reason="registered",
                fact_type="redress.complaint.registered.v1",
                fact_id=derived_id(i),
                severity=severity,
                issued_at=later(0.1),
                acknowledge_by=at + timedelta(hours=4),
            )
        )
        if random.random() < 0.7:
            tell(
                NoticeAcknowledged(
                    complaint_id=i,
                    notice_id=notice_id,
                    audience=audience,
                    acknowledged_by="h1",
                    acknowledged_at=later(0.5),
                )
            )
    tell(CaseOpened(complaint_id=i, opened_at=later(0.1)))
    for n in range(random.randrange(3)):
        promise = derived_id("promise", i, n)
        due = at + timedelta(hours=8)
        tell(PromiseMade(complaint_id=i, promise_id=promise, due_at=due, made_at=at))
        if random.random() < 0.8:
            tell(PromiseKept(complaint_id=i, promise_id=promise, kept_at=later(4)))
        elif random.random() < 0.8:
            tell(PromiseBroken(complaint_id=i, promise_id=promise, broken_at=later(8)))
    delivered = {"complaint_id": i, "template": "received", "channel": "email", "attempts": 1}
    delivery_id = derived_id("delivery", i)
    if random.random() < 0.8:
        tell(MessageDelivered(delivery_id=delivery_id, delivered_at=later(0.1), **delivered))
    else:
        tell(MessageFailed(delivery_id=delivery_id, reason="550", failed_at=later(0.1), **delivered))
    if random.random() < 0.1:
        return told
    tell(CaseAccepted(complaint_id=i, handler_id="h1", accepted_at=later(1)))
    tell(
        ValidityJudged(
            complaint_id=i,
            reason_sufficient=True,
            demand_reasonable=random.random() < 0.9,
            explanation="is true",
            judged_at=later(1),
        )
    )
    if random.random() < 0.1:  # closed with an explanation, without a solution
        outcome = random.choice(list(Outcome))
        tell(CaseClosed(complaint_id=i, outcome=outcome, closed_by="h1", closed_at=later(2)))
        return told
    if random.random() < 0.3:
        tell(CustomerTold(complaint_id=i, message="we wait for a part", told_at=later(4)))
    offer = Offer(
        offer_id=derived_id("offer", i),
        rank=1,
        remedies=(Remedy.REPAIR,),
        description="we repair it",
        value=Money(amount=Decimal("12.50"), currency="CNY"),
    )
    for round_ in range(1, random.choices([2, 3], [8, 2])[0]):
        if round_ > 1:
            tell(OffersDeclined(complaint_id=i, declined_at=later(3)))
        tell(OffersMade(complaint_id=i, round=round_, offers=(offer,), made_at=later(2)))
    tell(OfferChosen(complaint_id=i, offer_id=offer.offer_id, chosen_at=later(6)))
    tell(OfferAgreed(complaint_id=i, offer_id=offer.offer_id, agreed_at=later(0.1)))
    if random.random() < 0.1:
        return told
    tell(SolutionCarriedOut(complaint_id=i, result="repaired", carried_out_at=later(20)))
    tell(FollowUpRequested(complaint_id=i, follow_up_id=derived_id("ask", i), requested_at=later(1)))
    if random.random() < 0.2:
        outcome = Outcome.NOT_ACCEPTABLE
        tell(OpinionGiven(complaint_id=i, outcome=outcome, given_at=later(3)))
        if random.random() < 0.5:
            tell(CaseClosed(complaint_id=i, outcome=outcome, closed_by="h1", closed_at=later(1)))
        tell(CaseResumed(complaint_id=i, resumed_at=later(1)))
        if random.random() < 0.3:
            return told
        tell(SolutionCarriedOut(complaint_id=i, result="exchanged", carried_out_at=later(20)))
    if random.random() < 0.2:
        return told
    outcome = random.choices(list(Outcome), [6, 3, 1])[0]
    tell(OpinionGiven(complaint_id=i, outcome=outcome, given_at=later(5)))
    trust = random.choice([None, True, False])
    closed = {"complaint_id": i, "closed_by": "h1"}
    tell(CaseClosed(**closed, outcome=outcome, trust_restored=trust, closed_at=later(1)))
    if random.random() < 0.1:
        tell(CaseReopened(complaint_id=i, reopened_by="customer", reopened_at=later(30)))
        tell(SolutionCarriedOut(complaint_id=i, result="repaired again", carried_out_at=later(20)))
        tell(CaseClosed(**closed, outcome=Outcome.ACCEPTABLE, closed_at=later(1)))
    return told


def ordered_id(at: datetime, *parts: object) -> UUID:
    """The same id for the same parts, in order of time as the ids of real complaints are (UUIDv7)."""
    drawn = derived_id(*parts).int & ~(0xF << 76) & ((1 << 80) - 1)
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | drawn)


def stories(complaints: int, seed: int = 1, days: float = 20.0) -> list[Told]:
    """The stories of many complaints that begin over `days` days, in the order in which things happened."""
    random = Random(seed)
    told: list[Told] = []
    for n in range(complaints):
        begins = START + timedelta(seconds=int(random.random() * days * 86_400))
        told += story(ordered_id(begins, "story", seed, n), begins, random)
    return sorted(told, key=lambda pair: pair[0])


def records(told: Iterable[Told]) -> list[Record]:
    """The events as records of the log, numbered per topic and complaint."""
    numbers: defaultdict[tuple[str, UUID], int] = defaultdict(int)
    made = []
    for at, event in told:
        number = numbers[event.topic, event.complaint_id] = numbers[event.topic, event.complaint_id] + 1
        event_id = derived_id("event", event.topic, event.complaint_id, number)
        headers = json.loads(headers_of(event, event_id, event.topic.removeprefix("redress."), at, None))
        headers["ce_sequence"] = str(number)
        value = event.model_dump_json(exclude_none=True).encode()
        made.append(Record(event.topic, str(event.complaint_id), headers, value))
    return made


def interleaved(given: Sequence[Record], random: Random, longest: int = 40) -> list[Record]:
    """The same records, each topic in its own order, the topics mixed anew: runs of up to `longest`."""
    topics: defaultdict[str, deque[Record]] = defaultdict(deque)
    for record in given:
        topics[record.topic].append(record)
    mixed: list[Record] = []
    while topics:
        name = random.choice(sorted(topics))
        for _ in range(random.randint(1, longest)):
            mixed.append(topics[name].popleft())
            if not topics[name]:
                del topics[name]
                break
    return mixed


def batches(given: Sequence[Record], size: int) -> list[Sequence[Record]]:
    return [given[start : start + size] for start in range(0, len(given), size)]
