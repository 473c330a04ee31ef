"""The account: every service's word on every complaint, held against what was posted and played. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.ledger import Line, compare
from demo.receivers import Hook, Mailbox
from demo.sample import Complaint

SUBSCRIBED = ("redress.complaint.registered", "redress.case.closed")
"""Facts that the operations team's webhook wants."""

FORBIDDEN = ("/intake/v1/complaints", "/resolution/v1/cases", "/insights/v1/measures")
"""What the shop's key, which may register complaints, must not open."""

REACHED_OR_TOLD = ("delivered", "not_sent")
DIGEST = "digest"


def waits_for_its_hour(delivery: dict[str, Any]) -> bool:
    """Whether it is one of a day's many messages to one person, which are told together later, or tells them."""
    return delivery["status"] == "merged" or (
        delivery["template"] == DIGEST and delivery["status"] == "pending"
    )


"""What may become of a message: it arrived, or Redress said that there is no address or no mail server."""


@dataclass
class Found:
    """What the services, the mail server and the webhook's receiver know, by complaint."""

    intake: dict[str, str] = field(default_factory=dict)
    routing: dict[str, str] = field(default_factory=dict)
    cases: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    insights: dict[str, str | None] = field(default_factory=dict)
    measures: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    """Status that the shop was answered with, by path of FORBIDDEN."""
    stuck: dict[str, int] = field(default_factory=dict)
    """Events that wait in an outbox or were parked, by place."""

    def measured(self, name: str) -> dict[str, Any]:
        return next(m for m in self.measures if m["measure"] == name)


def account(complaints: Sequence[Complaint], found: Found, mail: Mailbox, hook: Hook) -> list[Line]:
    """Nothing is lost when every line agrees."""
    accepted = [c for c in complaints if c.status == 201]
    closed = [c for c in accepted if c.state == "closed"]
    retried = [c for c in accepted if c.plan.retry]
    states = {c.id: c.state for c in accepted}
    routed = {id_: "closed" if status == "released" else "at work" for id_, status in found.routing.items()}
    thanked = Counter(d["complaint_id"] for d in found.deliveries if d["template"] == "acknowledgement")
    thanks_sent = Counter(
        d["complaint_id"]
        for d in found.deliveries
        if d["template"] == "acknowledgement" and d["status"] in REACHED_OR_TOLD
    )
    mailed = {d["id"]: "arrived" for d in found.deliveries if d["channel"] == "email"}
    later = [d for d in found.deliveries if waits_for_its_hour(d)]
    undelivered = {
        d["id"]: d["status"]
        for d in found.deliveries
        if d["status"] not in REACHED_OR_TOLD and d not in later
    }
    not_sent = sum(d["status"] == "not_sent" for d in found.deliveries)
    heard = Counter(f"{e['subject']} {e['type'].rpartition('.')[0]}" for e in hook.events.values())
    wanted = dict.fromkeys(
        [f"{c.id} {SUBSCRIBED[0]}" for c in accepted] + [f"{c.id} {SUBSCRIBED[1]}" for c in closed], 1
    )
    outcomes = {c.id: c.outcome for c in accepted}
    totals = {
        "received": len(accepted),
        "closed": len(closed),
        "satisfaction_rate": sum(c.outcome == "satisfied" for c in closed),
        "open_now": len(accepted) - len(closed),
    }
    return [
        compare(
            "client",
            "posted: answered 201",
            {c.key: 201 for c in complaints},
            {c.key: c.status for c in complaints if c.status is not None},
        ),
        compare(
            "client",
            "sent twice with one Idempotency-Key: registered once",
            {c.id: c.id for c in retried},
            {c.id: c.replayed_as for c in retried if c.replayed_as},
        ),
        compare(
            "client", "its key registers, and opens nothing", dict.fromkeys(FORBIDDEN, 403), found.refused
        ),
        compare("intake", "registered, and the customer sees the state", states, found.intake),
        compare(
            "routing",
            "routed, and let go when closed",
            {id_: "closed" if state == "closed" else "at work" for id_, state in states.items()},
            routed,
            _counts(found.routing.values()),
        ),
        compare(
            "resolution",
            "has a case, in the state where it was left",
            states,
            {id_: state for id_, (state, _) in found.cases.items()},
            _counts(state for state, _ in found.cases.values())
            + f"; {sum(c.plan.left_open is not None for c in accepted)} left open on purpose",
        ),
        compare(
            "resolution",
            "closed as the customer said",
            outcomes,
            {id_: outcome for id_, (_, outcome) in found.cases.items()},
            _counts(outcome for _, outcome in found.cases.values() if outcome),
        ),
        compare("notification", "acknowledged, exactly once", dict.fromkeys(states, 1), thanked),
        compare(
            "notification",
            "the acknowledgement was delivered, or had no way",
            dict.fromkeys(states, 1),
            thanks_sent,
        ),
        compare(
            "notification",
            "messages that were not delivered",
            {},
            undelivered,
            f"{not_sent} more had no way: somebody is told to telephone; {len(later)} are told together in the evening",
        ),
        compare(
            "mail server",
            "the mails that were sent, and no other",
            mailed,
            dict.fromkeys(mail.received, "arrived"),
            f"{mail.received.total() - len(mail.received)} arrived again",
        ),
        compare(
            "webhook",
            "heard of the registration, and of the closing",
            wanted,
            heard,
            f"all signed, {hook.calls - hook.forged - len(hook.events)} came again, {hook.forged} forged",
        ),
        compare("insights", "known, with the same outcome", outcomes, found.insights),
        compare(
            "insights",
            "the measures count all of them",
            totals,
            {name: _numerator(found.measured(name)) for name in totals},
            ", ".join(totals),
        ),
        compare("all", "events left in an outbox or parked", {}, found.stuck),
        compare("demo", "plays that broke off", {}, {c.id or c.key: c.error for c in complaints if c.error}),
    ]


def _numerator(measure: dict[str, Any]) -> int | None:
    if measure["unit"] == "complaints":
        return int(measure["value"])
    numerator: int | None = measure["numerator"]
    return numerator if measure["denominator"] else 0


def _counts(values: Iterable[object]) -> str:
    return ", ".join(f"{count} {value}" for value, count in Counter(values).most_common())
