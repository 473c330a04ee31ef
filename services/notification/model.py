"""What is known of one complaint for the sake of telling, and the deliveries that follow from it.

A message carries what its own fact says (`facts`); what other topics tell (who handles it, the live promise)
is joined when it is sent. So the set of deliveries is the same for every interleaving of the topics.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.affected import letter_facts
from services.notification.briefings.heard import HeardClipping
from services.notification.delivery import Delivery, Forwarded
from services.notification.hearing.book import WHO_HEARS_WHAT, Told
from services.notification.rules import ACKNOWLEDGEMENT, Audience, Channel, Hearer, Urgency
from services.notification.staff.model import Line, Settled, facts_of
from services.notification.surveys.occasions import Occasion
from services.notification.webhooks.cloud_events import cloud_event
from services.notification.webhooks.filters import Subscription
from shared.aggregate import Aggregate
from shared.envelope import Received
from shared.events import (
    ComplaintRegistered,
    Event,
    FieldActionCustomerAddressed,
    OffersMade,
    PromiseBroken,
    registry,
)
from shared.events.vocabulary import TOPICS, NoticeUrgency, Severity
from shared.ids import derived_id
from shared.rulebooks.model import AS_SHIPPED, Books

FACTS: dict[str, type[Event]] = {event.type: event for event in registry if event.topic in TOPICS}
"""The facts that can be subscribed to, by name; notices of the transfer topics are not among them."""

SAID = 8
"""Messages that a conversation remembers for followers: many more than one topic is ahead of another."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A complaint that was merged into this one: its reporter hears what happens here."""

    complaint_id: UUID
    since: datetime
    until: datetime | None = None

    def hears(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(kw_only=True)
class Conversation(Aggregate):
    reference: str | None = None
    kind: str | None = None
    language: str | None = None
    registered_at: datetime | None = None
    category: str | None = None
    places: list[str] = field(default_factory=list)
    """Every place of the taxonomy that it was ever given: `function_fault`, `function_fault/safety`; sorted."""
    severity: Severity | None = None
    """The highest that it ever had."""
    department: str | None = None
    handler_name: str | None = None
    handler_since: datetime | None = None
    """When the handler's name was told; routing and resolution both tell it, the later word counts."""
    assignments: int = 0
    first_promise_at: datetime | None = None
    promised_at: datetime | None = None
    """The live promise: by when the customer hears from us."""
    interim_owed: UUID | None = None
    """Id of a PromiseBroken whose interim reply waits for the new time."""
    interim_at: datetime | None = None
    interim_waits: bool = False
    """The interim reply is a reminder: offers lie before the customer, and nobody is late."""
    offers: list[dict[str, Any]] = field(default_factory=list)
    agreed: str | None = None
    """The solution that the customer agreed to."""
    explanation: str | None = None
    result: str | None = None
    follow_up_id: UUID | None = None
    """The first request for an opinion on the present result."""
    follow_ups: int = 0
    """How often an opinion was asked for since the last result."""
    acknowledged: bool = False
    held: list[Delivery] = field(default_factory=list)
    """Messages that wait until the acknowledgement has been made: thanks come first."""

    leading_id: UUID | None = None
    """The complaint that it was merged into."""
    followers: list[Follower] = field(default_factory=list)
    said: list[Delivery] = field(default_factory=list)
    """The newest messages that followers hear, too: news of a follower may come after them."""

    erased: bool = False
    """The customer is: nothing is kept of what was written to them, and nothing more is."""

    subscriptions: tuple[Subscription, ...] = field(default=(), compare=False, repr=False)
    """The live webhooks, as loaded with this batch."""
    books: Books = field(default=AS_SHIPPED, compare=False, repr=False)
    """The rulebooks in force, likewise."""
    joined: list[Subscription] = field(default_factory=list, compare=False, repr=False)
    """Those that are for this complaint since this batch: they catch up on it."""
    outgoing: list[Delivery] = field(default_factory=list, compare=False, repr=False)
    forwarded: list[Forwarded] = field(default_factory=list, compare=False, repr=False)
    lines: list[Line] = field(default_factory=list, compare=False, repr=False)
    """For the inboxes of people of the company."""
    gone_customer: UUID | None = field(default=None, compare=False, repr=False)
    """Nothing of this customer is left anywhere: what they wished is forgotten, too."""
    settled: list[Settled] = field(default_factory=list, compare=False, repr=False)
    occasions: list[Occasion] = field(default_factory=list, compare=False, repr=False)
    """For the surveys of this complaint."""
    clippings: list[HeardClipping] = field(default_factory=list, compare=False, repr=False)
    """For the briefings."""

    def forget(self) -> None:
        """Let go of all words about the customer."""
        self.offers, self.held, self.said = [], [], []
        self.agreed = self.explanation = self.result = None

    def forward(self, fact: Received) -> None:
        """Queue the fact for every webhook that wants it, and keep it for those that may want it later."""
        wanting = [s for s in self.subscriptions if s.wants(fact.event.type)]
        if wanting:
            body = cloud_event(fact)
            forwarded = Forwarded(fact.id, self.id, fact.event.type, fact.time, body)
            self.forwarded.append(forwarded)
            self.outgoing += [
                _for_subscriber(forwarded, subscription)
                for subscription in wanting
                if subscription.takes(self.places, self.severity) and _from_now_on(forwarded, subscription)
            ]

    def code(self, places: Iterable[str], severity: Severity | None = None) -> None:
        """What it is about was told, or how severe it is: webhooks may be for it from now on."""
        before = (self.places, self.severity)
        self.places = sorted({*self.places, *places})
        self.severity = max(filter(None, (self.severity, severity)), key=lambda s: s.rank, default=None)
        self.joined += [
            s for s in self.subscriptions if s.takes(self.places, self.severity) and not s.takes(*before)
        ]

    def catch_up(self, known: Iterable[Forwarded]) -> list[Delivery]:
        """What webhooks that are for this complaint since this batch have missed, of its forwarded events in order."""
        return [
            _for_subscriber(event, subscription)
            for event in known
            for subscription in self.joined
            if subscription.wants(event.event_type) and _from_now_on(event, subscription)
        ]

    def _message(self, told: Told, id: UUID, complaint_id: UUID, lane: str, at: datetime) -> Delivery:
        """A message that rules lead to, without what it says."""
        return Delivery(
            id,
            complaint_id,
            Audience.CUSTOMER,
            told.rule,
            at,
            lane,
            told.channels,
            told.besides,
            rule_version=self.books.version(WHO_HEARS_WHAT),
            urgency=told.urgency,
            nature=told.nature,
            template=told.template,
        )

    def _told(self, fact: type[Event], hearer: Hearer) -> Sequence[Told]:
        return self.books.read(WHO_HEARS_WHAT).told(fact.type, hearer)

    def tell_staff(self, fact: type[Event], lines: list[Line], *, by_letter: bool = True) -> None:
        """Put these into people's inboxes, and write to them."""
        self.lines += lines
        for told in self._told(fact, Hearer.STAFF) if by_letter else ():
            for line in lines:
                lane = f"staff/{line.person}/{self.id}"
                message = self._message(told, derived_id("staff", line.id), self.id, lane, line.told_at)
                at_once = line.urgency == NoticeUrgency.IMMEDIATE
                self.outgoing.append(
                    replace(
                        message,
                        audience=Audience.STAFF,
                        urgency=Urgency.IMMEDIATE if at_once else told.urgency,
                        facts=facts_of(line),
                        recipient=line.person,
                    )
                )

    def tell_affected(self, event: FieldActionCustomerAddressed) -> None:
        """Write to a customer who may never have complained. It is about safety: it waits for nothing, and there is no
        way to opt out. The id makes it one for each customer and action, however often the fact comes."""
        for told in self._told(FieldActionCustomerAddressed, Hearer.CUSTOMER):
            id = derived_id("field-action", event.field_action_id, event.customer_id)
            lane = f"field-action/{event.field_action_id}/{event.customer_id}"
            message = self._message(told, id, event.complaint_id, lane, event.addressed_at)
            facts = letter_facts(event)
            self.outgoing.append(replace(message, facts=facts, customer_id=event.customer_id))

    def register(self, event: ComplaintRegistered) -> None:
        self.reference, self.registered_at = event.reference, event.registered_at
        self.kind, self.language = event.kind.value, event.language.value
        self._acknowledge()

    def promise(self, due_at: datetime) -> None:
        """A reply was promised; what waited for a time can be told now."""
        self.promised_at = due_at
        if self.first_promise_at is None:
            self.first_promise_at = due_at
            self._acknowledge()
        if self.interim_owed is not None and self.interim_at is not None:
            self.tell(
                PromiseBroken,
                self.interim_owed,
                self.interim_at,
                promised_at=due_at.isoformat(),
                waiting=self.interim_waits,
                offers=self.offers if self.interim_waits else [],
            )
            self._owe_nothing()

    def keep_promise(self) -> None:
        self.promised_at = None

    def break_promise(self, event: PromiseBroken, cause: UUID) -> None:
        """An interim reply is owed, unless a person's own reply goes out; it waits for the next promise."""
        self.promised_at = None
        if event.interim_reply and self.interim_owed is None:
            self.interim_owed, self.interim_at = cause, event.broken_at
            self.interim_waits = event.waiting_for_customer

    def end_promises(self) -> None:
        """The customer is told the end of the matter: no reply is outstanding any more."""
        self.promised_at = None
        self._owe_nothing()

    def _owe_nothing(self) -> None:
        self.interim_owed = self.interim_at = None
        self.interim_waits = False

    def handled_by(self, name: str, since: datetime) -> None:
        if self.handler_since is None or (since, name) > (self.handler_since, self.handler_name or ""):
            self.handler_name, self.handler_since = name, since

    def offer(self, event: OffersMade) -> None:
        ranked = sorted(event.offers, key=lambda offer: offer.rank)
        self.offers = [
            {"id": str(offer.offer_id), "rank": offer.rank, "description": offer.description}
            for offer in ranked
        ]

    def agree(self, offer_id: UUID) -> None:
        self.agreed = next((o["description"] for o in self.offers if o["id"] == str(offer_id)), None)

    def tell(self, moment: type[Event], cause: object, at: datetime, **facts: Any) -> None:
        """Queue the messages that the rules have for this moment. `facts` must be JSON values without
        personal data, known from the topic of the moment alone."""
        for told in self._told(moment, Hearer.CUSTOMER):
            delivery = self._to_customer(told, cause, at, facts)
            if self.acknowledged or told.template == ACKNOWLEDGEMENT:
                self.outgoing.append(delivery)
            else:
                self.held = sorted([*self.held, delivery], key=lambda d: (d.at, d.id))
        for told in self._told(moment, Hearer.FOLLOWER):
            said = self._to_customer(told, cause, at, facts)
            self.said = sorted([*self.said, said], key=lambda d: (d.at, d.id))[-SAID:]
            self.outgoing += [said.for_follower(f.complaint_id) for f in self.followers if f.hears(said.at)]

    def _to_customer(self, told: Told, cause: object, at: datetime, facts: dict[str, Any]) -> Delivery:
        id = derived_id("message", cause, Audience.CUSTOMER, told.template)
        return replace(self._message(told, id, self.id, f"{Audience.CUSTOMER}/{self.id}", at), facts=facts)

    def join(self, complaint_id: UUID, at: datetime) -> None:
        """Another complaint follows this one; its reporter hears what has happened since."""
        follower = Follower(complaint_id, at)
        self.followers.append(follower)
        self.outgoing += [
            said.for_follower(follower.complaint_id) for said in self.said if follower.hears(said.at)
        ]

    def leave(self, complaint_id: UUID, at: datetime) -> None:
        self.followers = [
            replace(f, until=at) if f.complaint_id == complaint_id and f.until is None else f
            for f in self.followers
        ]

    def _acknowledge(self) -> None:
        """Thank, once, when both the registration and the first promise are known; then say what waited."""
        if self.acknowledged or self.registered_at is None or self.first_promise_at is None:
            return
        self.tell(
            ComplaintRegistered, self.id, self.registered_at, promised_at=self.first_promise_at.isoformat()
        )
        self.acknowledged = True
        self.outgoing += self.held
        self.held = []


def _from_now_on(event: Forwarded, subscription: Subscription) -> bool:
    return not subscription.is_choosy or event.at >= subscription.since


def _for_subscriber(event: Forwarded, subscription: Subscription) -> Delivery:
    return Delivery(
        derived_id("webhook", event.event_id, subscription.id),
        event.complaint_id,
        Audience.SUBSCRIBER,
        f"webhook/{subscription.id}",
        event.at,
        f"{subscription.id}/{event.complaint_id}",
        (Channel.WEBHOOK,),
        subscription_id=subscription.id,
        event_id=event.event_id,
    )
