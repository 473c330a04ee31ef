"""Was anything lost, repeated or bent? What must be true of all databases and the log once everything is quiet.

`collect` reads everything that is stored. `findings` is pure and names each thing that is wrong. It does not
trust the services' own tables: what intake shows, what notification sends and what insights counts is computed
again here, from the log, by the services' pure handlers, and compared.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services import catalogue
from services.insights.model import Facts, contributions
from services.insights.store import SUMS
from services.insights.summing import Sums, rows_of
from services.intake.model import View
from services.notification.model import Conversation
from services.notification.webhooks.forwarding import subscription
from services.resolution.audit.chain import Head, Link, Part
from services.resolution.audit.findings import Finding
from services.resolution.audit.verifying import Check, Claim, Stored
from services.resolution.lifecycle import UNSOLVED, State
from shared.envelope import Received, open_envelope, record_id
from shared.eventlog import EventLog, Record
from shared.events.vocabulary import ALL_TOPICS, TRANSFER_TOPICS

Row = dict[str, Any]


@dataclass
class Evidence:
    """Everything that is stored, as plain rows."""

    tables: dict[str, dict[str, list[Row]]]
    """By service, then by table."""
    records: list[Record]
    """The log: each topic's records in order."""
    repeats_allowed: bool = False
    """Kafka may hold a record twice, when a relay died between appending and noting it."""

    def rows(self, table: str) -> list[Row]:
        """`service.table`."""
        service, name = table.split(".")
        return self.tables[service][name]

    @property
    def events(self) -> list[Received]:
        """What is on the log, each event once."""
        first = {record_id(record): record for record in reversed(self.records)}
        return [open_envelope(first[i]) for i in dict.fromkeys(map(record_id, self.records))]


async def collect(
    connections: Mapping[str, AsyncConnection], records: Sequence[Record], *, repeats_allowed: bool = False
) -> Evidence:
    """Read every table of every service. A connection must be allowed to read the service's whole schema."""
    tables: dict[str, dict[str, list[Row]]] = {}
    for service in catalogue.load():
        tables[service.name] = {}
        for table in service.metadata.tables.values():
            found = await connections[service.name].execute(
                text(f'SELECT * FROM "{service.name}".{table.name}')
            )
            tables[service.name][table.name] = [dict(row) for row in found.mappings()]
    return Evidence(tables, list(records), repeats_allowed)


async def table_log(connection: AsyncConnection) -> list[Record]:
    """All records of the table log."""
    rows = await connection.execute(text('SELECT * FROM platform.records ORDER BY topic, "offset"'))
    return [Record(row.topic, row.key, row.headers, row.value, offset=row.offset) for row in rows]


async def read_log(log: EventLog, group: str) -> list[Record]:
    """All records of a log, through a consumer of its own group: at most those there are when it catches up."""
    consumer = log.consumer(group, ALL_TOPICS)
    await consumer.start()
    found: list[Record] = []
    try:
        while True:
            polled = await consumer.poll(5000, 2.0)
            await consumer.commit(polled)
            found += polled
            if not polled and await log.lag(group, ALL_TOPICS) == 0:
                return found
    finally:
        await consumer.stop()


async def audit(
    url: str,
    accepted: Collection[UUID],
    *,
    urls: Mapping[str, str] | None = None,
    log: EventLog | None = None,
) -> list[str]:
    """Collect and judge. `urls`: a service's own database; `log`: the Kafka log, else the table log is read."""
    engines = {u: create_async_engine(u) for u in {url, *(urls or {}).values()}}
    try:
        open_now = {u: await engine.connect() for u, engine in engines.items()}
        records = (
            await table_log(open_now[url]) if log is None else await read_log(log, f"audit-{id(accepted)}")
        )
        connections = {name: open_now[(urls or {}).get(name, url)] for name in catalogue.NAMES}
        evidence = await collect(connections, records, repeats_allowed=log is not None)
        for connection in open_now.values():
            await connection.close()
    finally:
        for engine in engines.values():
            await engine.dispose()
    return findings(evidence, accepted)


def findings(evidence: Evidence, accepted: Collection[UUID]) -> list[str]:
    """Everything that is wrong, in words; nothing if all is well.

    `accepted` are the complaints that a caller got an answer for. Every caller repeated its request until it
    had one, so there may be no others either.
    """
    events = evidence.events
    return [
        *_at_rest(evidence),
        *_log(evidence),
        *_feed(evidence),
        *_everywhere_once(evidence, set(accepted)),
        *_inboxes(evidence, events),
        *_intake(evidence, events),
        *_routing(evidence, events),
        *_resolution(evidence, events),
        *_chains(evidence),
        *_notification(evidence, events),
        *_insights(evidence, events),
    ]


def _at_rest(evidence: Evidence) -> Iterator[str]:
    for service, tables in evidence.tables.items():
        if tables["outbox"]:
            yield f"{service}: {len(tables['outbox'])} events still in the outbox"
        for letter in tables["dead_letters"]:
            yield f"{service}: event {letter['event_id']} is parked: {letter['error']}"
    for delivery in evidence.rows("notification.deliveries"):
        if delivery["status"] == "merged" and delivery["settled_at"] is not None:
            continue  # what became of its digest is what became of it
        # Not sent: no mail server, and said so.
        if delivery["status"] not in {"delivered", "not_sent", "declined"}:
            yield f"notification: delivery {delivery['id']} is {delivery['status']}: {delivery['last_error']}"


def _feed(evidence: Evidence) -> Iterator[str]:
    """All of the log, each event once, numbered without gaps; the events of one topic and complaint in their order."""
    [head] = evidence.rows("notification.feed_head")
    feed = sorted(evidence.rows("notification.feed"), key=lambda row: row["position"])
    if [row["position"] for row in feed] != list(range(head["pruned"] + 1, head["position"] + 1)):
        yield "feed: the positions have gaps, or are not those that were given out"
    places = {row["event_id"]: row["position"] for row in feed}
    last: dict[tuple[str, str], int] = {}
    for event_id, record in {record_id(r): r for r in evidence.records}.items():
        if event_id not in places:
            if not head["pruned"]:
                yield f"feed: event {event_id} of {record.topic} is missing"
            continue
        lane, place = (record.topic, record.key), places[event_id]
        if place < last.get(lane, 0):
            yield f"feed: event {event_id} of {record.topic} comes before one that it followed"
        last[lane] = place
    for event_id in places.keys() - {record_id(record) for record in evidence.records}:
        yield f"feed: event {event_id} is not on the log"


def _log(evidence: Evidence) -> Iterator[str]:
    """Per (topic, key): 1..n without gaps, in order, nothing twice but the identical event, nothing left out."""
    seen: dict[UUID, Record] = {}
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record in evidence.records:
        event_id = record_id(record)
        if event_id in seen:
            if not evidence.repeats_allowed:
                yield f"log: event {event_id} is in {record.topic} twice"
            if (record.topic, record.key, record.value) != (
                seen[event_id].topic,
                seen[event_id].key,
                seen[event_id].value,
            ):
                yield f"log: two different events have the id {event_id}"
            continue
        seen[event_id] = record
        numbers[record.topic, record.key].append(int(record.headers["ce_sequence"]))
    for (topic, key), found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"log: events of {key} in {topic} are numbered {found}, not 1 to {len(found)}"
    for service, tables in evidence.tables.items():
        for row in tables["sequences"]:
            on_log = len(numbers.pop((row["topic"], row["key"]), []))
            if on_log != row["last"]:
                told = f"{row['last']} events of {row['key']} in {row['topic']}"
                yield f"log: {service} told {told}, the log has {on_log}"
    for topic, key in numbers:
        yield f"log: nobody told the events of {key} in {topic}"


def _everywhere_once(evidence: Evidence, accepted: set[UUID]) -> Iterator[str]:
    """Every accepted complaint is in every service, and no other is."""
    homes = {
        "intake.complaints": ("id", "registered_at"),
        "intake.views": ("complaint_id", "version"),
        "routing.dispatches": ("complaint_id", "registered_at"),
        "resolution.cases": ("id", "registered_at"),
        "notification.conversations": ("id", "registered_at"),
        "insights.complaints": ("id", "registered_at"),
    }
    told = {row["id"]: row for row in evidence.rows("intake.complaints")}
    for table, (key, known) in homes.items():
        rows = Counter(row[key] for row in evidence.rows(table) if row[known] is not None)
        for missing in accepted - rows.keys():
            yield f"{table}: complaint {missing} is missing"
        for stranger in rows.keys() - accepted:
            yield f"{table}: complaint {stranger} was never accepted"
        for twice in (i for i, n in rows.items() if n > 1):
            yield f"{table}: complaint {twice} is there {rows[twice]} times"
        for row in evidence.rows(table):
            original = told.get(row[key])
            for column in ("reference", "registered_at"):
                if original and column in row and row[column] != original[column]:
                    yield f"{table}: complaint {row[key]} has another {column} than intake"


def _inboxes(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    """Every event was claimed by every service that answers to it, and nothing else was."""
    for service in catalogue.load():
        wanted = {e.id: e for e in events if any(each.answers(e.wire_type) for each in service.reactions)}
        claimed = {row["event_id"] for row in evidence.rows(f"{service.name}.inbox")}
        for missing in wanted.keys() - claimed:
            yield f"{service.name}: {wanted[missing].wire_type} {missing} was never handled"
        for stranger in claimed - wanted.keys():
            yield f"{service.name}: claimed event {stranger}, which the log does not have"


def _of(events: Sequence[Received], name: str) -> list[Received]:
    return [e for e in events if e.event.type == f"redress.{name}"]


def _per_complaint(events: Sequence[Received], name: str) -> Counter[UUID]:
    return Counter(e.event.complaint_id for e in _of(events, name))


def _intake(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    """What the customer sees is what the log says."""
    from services.intake.handlers import reactions

    told = _per_complaint(events, "complaint.registered")
    for row in evidence.rows("intake.complaints"):
        if told[row["id"]] != 1:
            yield f"intake: complaint {row['id']} was told {told[row['id']]} times"
    views: dict[UUID, View] = {}
    for event in events:
        if reactions.answers(event.wire_type):
            view = views.setdefault(event.event.complaint_id, View(id=event.event.complaint_id))
            reactions.react(view, event)
    steps = Counter(
        (row["complaint_id"], row["event_id"], row["step"]) for row in evidence.rows("intake.progress")
    )
    wanted = Counter((view.id, step.event_id, step.step) for view in views.values() for step in view.steps)
    for name in ("merged", "separated"):  # written with the merging itself
        wanted.update((e.event.complaint_id, e.id, name) for e in _of(events, f"complaint.{name}"))
    for name in ("customer.wrote", "handler.wrote"):  # written with the message itself
        wanted.update((e.event.complaint_id, e.id, "message") for e in _of(events, name))
    yield from _merges(evidence, events)
    for complaint_id, event_id, step in (steps - wanted) + (wanted - steps):
        yield f"intake: step {step} of {complaint_id} (event {event_id}) is not shown once"
    for row in evidence.rows("intake.views"):
        view = views.get(row["complaint_id"], View(id=row["complaint_id"]))
        fields = ["status", "department", "category", "severity", "handler_name", "promise_id", "promised_at"]
        fields += [
            "offers",
            "explanation",
            "result",
        ]  # the others are also set by the customer's own requests
        fields += ["outcome", "opinion_asked"] if view.status == "closed" else []
        for name in fields:
            says = getattr(view, name)
            if says != row[name]:
                yield f"intake: {name} of {row['complaint_id']} shows {row[name]!r}, the log says {says!r}"


def _merges(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    """Who follows whom is what was told, and nobody follows a follower."""
    told = Counter(
        (str(e.event.complaint_id), str(e.event.model_dump()["leading_id"]))
        for e in _of(events, "complaint.merged")
    )
    ended = _per_complaint(events, "complaint.separated")
    rows = evidence.rows("intake.merges")
    kept = Counter((str(row["complaint_id"]), str(row["leading_id"])) for row in rows)
    for pair in (told - kept) + (kept - told):
        yield f"intake: {pair[0]} was merged into {pair[1]} {kept[pair]} times, and told {told[pair]} times"
    live = {row["complaint_id"]: row["leading_id"] for row in rows if row["separated_at"] is None}
    for complaint_id, number in Counter(
        r["complaint_id"] for r in rows if r["separated_at"] is not None
    ).items():
        if ended[complaint_id] != number:
            yield f"intake: {complaint_id} was separated {number} times, and told {ended[complaint_id]} times"
    for complaint_id, leading_id in live.items():
        if leading_id in live:
            yield f"intake: {complaint_id} follows {leading_id}, which follows another one"
    for table in (
        "routing.dispatches",
        "insights.complaints",
        "resolution.cases",
        "notification.conversations",
    ):
        for row in evidence.rows(table):
            complaint_id = row["complaint_id" if table.startswith("routing") else "id"]
            if row["leading_id"] != live.get(complaint_id) and row.get("state") != "closed":
                yield f"{table}: {complaint_id} follows {row['leading_id']}, not {live.get(complaint_id)}"


def _routing(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    assigned, triaged = (_per_complaint(events, f"complaint.{name}") for name in ("assigned", "triaged"))
    carried: Counter[str] = Counter()
    again = _per_complaint(events, "complaint.separated")
    for event in events:  # it passed on: that is told, with who had it before
        if event.event.type == "redress.complaint.assigned":
            again[event.event.complaint_id] += event.event.model_dump()["previous_handler_id"] is not None
    active = {person["id"] for person in evidence.rows("routing.people") if person["active"]}
    for row in evidence.rows("routing.dispatches"):
        complaint_id = row["complaint_id"]
        at_least = int(row["handler_id"] is not None)
        if row["status"] == "assigned" and row["handler_id"] not in active:
            yield f"routing: {complaint_id} is with {row['handler_id']}, who is not there any more"
        if not at_least <= assigned[complaint_id] <= at_least + again[complaint_id]:
            yield f"routing: {complaint_id} was assigned {assigned[complaint_id]} times"
        if triaged[complaint_id] != (row["category"] is not None):
            yield f"routing: {complaint_id} was triaged {triaged[complaint_id]} times"
        if row["status"] == "assigned":
            carried[row["handler_id"]] += 1
    for person in evidence.rows("routing.people"):
        if person["open_cases"] != carried[person["id"]]:
            yield f"routing: {person['id']} carries {person['open_cases']} cases, {carried[person['id']]} are assigned"
    issued = Counter(
        str(e.event.model_dump()["notice_id"]) for e in events if e.event.topic in TRANSFER_TOPICS
    )
    kept = Counter(str(row["id"]) for row in evidence.rows("routing.notices"))
    for notice_id in (issued - kept) + (kept - issued):
        yield f"routing: notice {notice_id} is issued {issued[notice_id]} times and kept {kept[notice_id]} times"


def _resolution(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    promises: dict[UUID, list[Row]] = defaultdict(list)
    for row in evidence.rows("resolution.promises"):
        promises[row["complaint_id"]].append(row)
    entries: dict[UUID, list[int]] = defaultdict(list)
    for row in evidence.rows("resolution.timeline"):
        entries[row["complaint_id"]].append(row["number"])
    rounds: dict[UUID, set[int]] = defaultdict(set)
    for row in evidence.rows("resolution.offers"):
        rounds[row["complaint_id"]].add(row["round"])
    names: tuple[str, ...] = (
        "case.opened",
        "case.accepted",
        "case.closed",
        "case.reopened",
        "case.withdrawn",
        "case.resumed",
        "offers.made",
        "solution.carried-out",
    )
    names += ("follow-up.requested", "promise.made", "promise.kept", "promise.broken")
    told = {name: _per_complaint(events, name) for name in names}
    answered = _per_complaint(events, "opinion.given")
    asked_again = Counter(
        row["complaint_id"] for row in evidence.rows("resolution.timeline") if row["kind"] == "followed_up"
    )
    for case in evidence.rows("resolution.cases"):
        i = case["id"]
        made = sorted(promises[i], key=lambda promise: promise["number"])
        states = Counter(promise["state"] for promise in made)
        must = {
            "case.opened": 1,
            "case.closed": int(case["state"] == "closed") + case["reopened"],
            "case.reopened": case["reopened"],
            "case.withdrawn": int(case["state"] == "withdrawn"),
            "offers.made": case["round"],
            "solution.carried-out": case["solutions"],
            "follow-up.requested": case["solutions"] + asked_again[i],
            "promise.made": case["promises"],
            "promise.kept": states["kept"],
            "promise.broken": states["broken"],
        }
        for name, number in must.items():
            if told[name][i] != number:
                yield f"resolution: {name} of {i} was told {told[name][i]} times, not {number}"
        if told["case.accepted"][i] > 1:
            yield f"resolution: {i} was accepted {told['case.accepted'][i]} times"
        if [promise["number"] for promise in made] != list(range(1, case["promises"] + 1)):
            yield f"resolution: the promises of {i} are not numbered 1 to {case['promises']}"
        if states["live"] != (case["state"] in UNSOLVED):
            yield f"resolution: {i} is {case['state']} with {states['live']} live promises"
        if sorted(entries[i]) != list(range(1, case["entries"] + 1)):
            yield f"resolution: the timeline of {i} is not numbered 1 to {case['entries']}"
        if rounds[i] != set(range(1, case["round"] + 1)):
            yield f"resolution: {i} is in round {case['round']}, offers are of {sorted(rounds[i])}"
        if answered[i] != told["case.resumed"][i] + told["case.closed"][i]:
            yield f"resolution: {i} was judged by its customer {answered[i]} times, and ended or resumed otherwise"
    told_promises = Counter(str(e.event.model_dump()["promise_id"]) for e in _of(events, "promise.made"))
    for promise_id, number in told_promises.items():
        if number > 1:
            yield f"resolution: promise {promise_id} was told {number} times"


def _chains(evidence: Evidence) -> Iterator[str]:
    """Every case's audit chain is whole, covers all its rows, and leads to the state that the case is in."""
    links: dict[UUID, list[Row]] = defaultdict(list)
    for row in evidence.rows("resolution.audit_entries"):
        links[row["complaint_id"]].append(row)
    rows: dict[UUID, Counter[Part]] = defaultdict(Counter)
    kept = {
        **{Part.TIMELINE: "timeline", Part.OFFER: "offers", Part.PROMISE: "promises"},
        Part.CONTACT: "contacts",
    }
    for part, table in kept.items():
        for row in evidence.rows(f"resolution.{table}"):
            rows[row["complaint_id"]][part] += 1
            rows[row["complaint_id"]][Part.SETTLEMENT] += row.get("settled_at") is not None
    for case in evidence.rows("resolution.cases"):
        i = case["id"]
        head = Head(case["audit_number"], case["audit_hash"] or b"")
        # Without the key, as after an erasure: the hashes are looked at, and that nothing is uncovered.
        check = Check(Claim(i, head, [], True, State(case["state"]), case["audit_from"], rows[i]))
        found: list[Finding] = []
        for row in sorted(links[i], key=lambda row: row["number"]):
            made = {name: row[name] for name in Link.__dataclass_fields__} | {"part": Part(row["part"])}
            found += check.entry(Stored(Link(**made), row["hash"], row))
        for finding in [*found, *check.end()]:
            yield f"resolution: the audit chain of {i}: {finding.wrong} at {finding.number} {finding.key}"


def _notification(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    """Exactly the messages that follow from the log were sent, each once."""
    from services.notification.handlers import reactions

    hooks = tuple(subscription(row) for row in evidence.rows("notification.subscriptions") if row["enabled"])
    talks: dict[UUID, Conversation] = {}
    for event in events:
        if reactions.answers(event.wire_type):
            i = event.event.complaint_id
            reactions.react(talks.setdefault(i, Conversation(id=i, subscriptions=hooks)), event)
    wanted = {
        way.id: f"{way.template or 'webhook'} of {way.complaint_id}"
        for talk in talks.values()
        for delivery in (*talk.outgoing, *talk.catch_up(talk.forwarded))
        for way in delivery.all_ways()
    }
    rows = {row["id"]: row for row in evidence.rows("notification.deliveries")}
    for missing in wanted.keys() - rows.keys():
        yield f"notification: {wanted[missing]} was never sent ({missing})"
    digests = {row["merged_into"] for row in rows.values()} - {None}
    timed = {
        i
        for i, row in rows.items()
        if row["template"] in {"briefing", "survey-invitation", "webhook-disabled"}
    }
    for stranger in rows.keys() - wanted.keys() - digests - timed:  # the last follow from no event
        yield f"notification: {rows[stranger]['template']} of {rows[stranger]['complaint_id']} was sent for nothing"
    thanks = Counter(row["complaint_id"] for row in rows.values() if row["template"] == "acknowledgement")
    for row in evidence.rows("notification.conversations"):
        if thanks[row["id"]] != 1:
            yield f"notification: {row['id']} was acknowledged {thanks[row['id']]} times"
    delivered = Counter(e.event.model_dump()["delivery_id"] for e in _of(events, "message.delivered"))
    # Of a digest its messages are told, of a message that goes by several ways only the first.
    to_customers = {
        i
        for i, row in rows.items()
        if row["audience"] == "customer" and i not in digests and not row["is_copy"]
        if rows.get(row["merged_into"], row)["status"] == "delivered"
    }
    for delivery_id in delivered.keys() | to_customers:
        if delivered[delivery_id] != (delivery_id in to_customers):
            yield f"notification: delivery {delivery_id} was told {delivered[delivery_id]} times"


def _insights(evidence: Evidence, events: Sequence[Received]) -> Iterator[str]:
    """Rows and sums are those that the log gives when it is counted again."""
    from services.insights.handlers import reactions

    every: dict[UUID, Facts] = {}
    for event in events:
        if reactions.answers(event.wire_type):
            i = event.event.complaint_id
            reactions.react(every.setdefault(i, Facts(id=i)), event)
    rows = {row["id"]: row for row in evidence.rows("insights.complaints")}
    for i in every.keys() | rows.keys():
        if i not in rows or i not in every:
            yield f"insights: complaint {i} is {'missing' if i in every else 'made up'}"
            continue
        for name, value in rows[i].items():
            if getattr(every[i], name) != value:
                yield f"insights: {name} of {i} is {value!r}, the log says {getattr(every[i], name)!r}"
    total = Sums()
    for facts in every.values():
        total.add(contributions(facts))
    for table in SUMS:
        keys = [column.name for column in table.primary_key]
        stored, counted = (
            {tuple(row[key] for key in keys): dict(row) for row in rows}
            for rows in (evidence.rows(f"insights.{table.name}"), rows_of(total, table.name))
        )
        yield from _compared(table.name, stored, counted)


def _compared(table: str, stored: Mapping[Any, Any], counted: Mapping[Any, Any]) -> Iterator[str]:
    for cell in stored.keys() | counted.keys():
        if stored.get(cell) != counted.get(cell):
            yield f"insights: {table} {cell} is {stored.get(cell)}, counted again {counted.get(cell)}"


@dataclass
class Quiet:
    """Asks whether anything still waits anywhere: in an outbox, on the log, in the queue of deliveries."""

    connections: Mapping[str, AsyncConnection]
    log: EventLog
    waiting: dict[str, int] = field(default_factory=dict)
    """What waited at the last look, for the message of a test that waited in vain."""

    async def __call__(self) -> bool:
        self.waiting = {}
        for service in catalogue.load():
            connection = self.connections[service.name]
            outbox = await connection.execute(text(f'SELECT count(*) FROM "{service.name}".outbox'))
            self.waiting[f"{service.name}.outbox"] = outbox.scalar_one()
            for group, topics in service.groups.items():
                self.waiting[f"{group}.lag"] = await self.log.lag(group, topics)
        queued = await self.connections["notification"].execute(
            text("SELECT count(*) FROM notification.deliveries WHERE status IN ('pending', 'leased')")
        )
        self.waiting["deliveries"] = queued.scalar_one()
        return not any(self.waiting.values())

    async def minutes_pass(self) -> None:
        """What a dead courier had leased, and what waits for another attempt, is due now and not in minutes.

        Call it only when nothing has moved for a while: a courier at work must not lose its lease.
        """
        await self.connections["notification"].execute(
            text(
                "UPDATE notification.deliveries SET next_attempt_at = now() WHERE status IN ('pending', 'leased')"
            )
        )
