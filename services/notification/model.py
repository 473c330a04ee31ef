"""What is known of one complaint for the sake of telling, and the deliveries that follow from it.

A message carries what its own fact says (`facts`); what other topics tell (who handles it, the live promise)
is joined when it is sent. So the set of deliveries is the same for every interleaving of the topics.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.briefings.heard import HeardClipping
from services.notification.cloud_events import cloud_event
from services.notification.rules import ACKNOWLEDGEMENT, FOLLOWED, Audience, Channel, rules_for
from services.notification.staff.model import Line, Settled, facts_of
from shared.aggregate import Aggregate
from shared.envelope import Received
from shared.events import ComplaintRegistered, Event, OffersMade, PromiseBroken, registry
from shared.events.vocabulary import TOPICS
from shared.ids import derived_id

FACTS: dict[str, type[Event]] = {event.type: event for event in registry if event.topic in TOPICS}
"""The facts that can be subscribed to, by name; notices of the transfer topics are not among them."""

SAID = 8
"""Messages that a conversation remembers for followers: many more than one topic is ahead of another."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which facts somebody's webhook wants."""

    id: UUID
    event_types: tuple[str, ...]

    def wants(self, event_type: str) -> bool:
        return any(matches(pattern, event_type) for pattern in self.event_types)


def matches(pattern: str, event_type: str) -> bool:
    """`redress.complaint.registered` names one fact, `redress.complaint.*` a family, `*` all of them."""
    return pattern == event_type or (pattern.endswith("*") and event_type.startswith(pattern[:-1]))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver. Its id follows from its cause, so that it is never made twice."""

    id: UUID
    complaint_id: UUID | None
    """None for a ping."""
    audience: Audience
    rule: str
    """What says that they are to be told."""
    at: datetime
    """When its fact happened."""
    lane: str
    """Deliveries of one lane go one after the other."""
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    """The first of them that leads to the receiver is taken."""
    template: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    subscription_id: UUID | None = None
    event_id: UUID | None = None
    """The forwarded event, for a webhook."""
    recipient: str | None = None
    """Somebody of the company, by their id in the directory."""
    customer_id: UUID | None = None
    """A customer by their own id, whoever complained: of a field action."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An event as webhooks send it: the CloudEvents JSON is stored once, however many want it."""

    event_id: UUID
    complaint_id: UUID
    body: str


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
    outgoing: list[Delivery] = field(default_factory=list, compare=False, repr=False)
    forwarded: list[Forwarded] = field(default_factory=list, compare=False, repr=False)
    lines: list[Line] = field(default_factory=list, compare=False, repr=False)
    """For the inboxes of people of the company."""
    settled: list[Settled] = field(default_factory=list, compare=False, repr=False)
    clippings: list[HeardClipping] = field(default_factory=list, compare=False, repr=False)
    """For the briefings."""

    def forget(self) -> None:
        """Let go of all words about the customer."""
        self.offers, self.held, self.said = [], [], []
        self.agreed = self.explanation = self.result = None

    def forward(self, fact: Received) -> None:
        """Queue the fact for every webhook that wants it."""
        wanting = [s for s in self.subscriptions if s.wants(fact.event.type)]
        if wanting:
            self.forwarded.append(Forwarded(fact.id, self.id, cloud_event(fact)))
        for subscription in wanting:
            self.outgoing.append(
                Delivery(
                    derived_id("webhook", fact.id, subscription.id),
                    self.id,
                    Audience.SUBSCRIBER,
                    f"webhook/{subscription.id}",
                    fact.time,
                    f"{subscription.id}/{self.id}",
                    (Channel.WEBHOOK,),
                    subscription_id=subscription.id,
                    event_id=fact.id,
                )
            )

    def tell_staff(self, lines: list[Line], template: str, *, by_letter: bool = True) -> None:
        """Put these into people's inboxes, and write to them."""
        self.lines += lines
        if by_letter:
            self.outgoing += [
                Delivery(
                    derived_id("staff", line.id),
                    self.id,
                    Audience.STAFF,
                    f"{Audience.STAFF}/{template}",
                    line.told_at,
                    f"staff/{line.person}/{self.id}",
                    template=template,
                    facts=facts_of(line),
                    recipient=line.person,
                )
                for line in lines
            ]

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
        for rule in rules_for(moment):
            delivery = Delivery(
                derived_id("message", cause, rule.audience, rule.template),
                self.id,
                rule.audience,
                rule.id,
                at,
                f"{rule.audience}/{self.id}",
                rule.channels,
                template=rule.template,
                facts=facts,
            )
            if self.acknowledged or rule.template == ACKNOWLEDGEMENT:
                self.outgoing.append(delivery)
            else:
                self.held = sorted([*self.held, delivery], key=lambda d: (d.at, d.id))
            if rule.template in FOLLOWED:
                self.said = sorted([*self.said, delivery], key=lambda d: (d.at, d.id))[-SAID:]
                self.outgoing += [_for_follower(delivery, f) for f in self.followers if f.hears(delivery.at)]

    def join(self, complaint_id: UUID, at: datetime) -> None:
        """Another complaint follows this one; its reporter hears what has happened since."""
        follower = Follower(complaint_id, at)
        self.followers.append(follower)
        self.outgoing += [_for_follower(said, follower) for said in self.said if follower.hears(said.at)]

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


def _for_follower(said: Delivery, follower: Follower) -> Delivery:
    """The same message for the reporter of a merged complaint, but for what is the leading customer's own."""
    facts = said.facts | {"followed": True}
    facts |= {name: blank for name, blank in _OWN.items() if name in facts}
    return Delivery(
        derived_id("message", said.id, follower.complaint_id),
        follower.complaint_id,
        said.audience,
        said.rule,
        said.at,
        f"{said.audience}/{follower.complaint_id}",
        said.channels,
        template=said.template,
        facts=facts,
    )


_OWN: dict[str, Any] = {"solution": None, "waiting": False, "offers": []}
"""What the leading customer chose or has to choose; a follower is told that work goes on."""
