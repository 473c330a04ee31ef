"""A database in which many complaints are stored already: `asyncio.run(fill(url, 1_000_000))`.

All five schemas, by INSERT ... SELECT, as they are when complaints were told one after the other over the last
year and all but the newest hundredth are closed: what is kept of each of them, what was said to whom, and the
inboxes, sequences and positions that its events left behind. The records of the log are left out: nobody reads
them again, and they would be most of it all. So are the audit chains: the cases are as if they were older than those.

Every column is named with the expression that fills it. A column that the tables have and nobody here knows of
is an error unless it may be empty, so that this file cannot fall behind in silence.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from pydantic_core import to_json
from sqlalchemy import Table

from bench.rig import SECRET, dsn
from services import catalogue
from services.insights.durations import bucket_of
from services.insights.lived import LIVED
from services.insights.model import CUTS, JOIN, name_of
from services.insights.summing import TIMED
from services.insights.timed import DURATIONS
from services.intake.vault.cipher import Vault
from services.intake.vault.rows import place
from shared.postgres_cluster import SUPERUSER
from shared.reference import ALPHABET
from shared.service import Service

DAYS = 365
HANDLED_AFTER = 7200
"""Seconds."""
OPEN_SHARE = 100
"""One of so many is open: the newest."""

_DIGITS = [f"(n / {31**place} % 31)" for place in range(8)]
_BODY = " || ".join(f"substr('{ALPHABET}', 1 + {digit}::int, 1)" for digit in _DIGITS)
_CHECK = " + ".join(f"{weight} * {digit}" for weight, digit in enumerate(_DIGITS, 1))

# What everything else is made from. The multiplier scatters the references; it has no factor 31, so none
# comes twice.
_SOURCE = f"""
CREATE UNLOGGED TABLE platform.filling AS
SELECT i, at, at + interval '{HANDLED_AFTER} s' AS solved, i > total - total / {OPEN_SHARE} AS open,
       lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' AS moment,
       '8' || lpad(to_hex(i), 15, '0') AS tail,
       'RD-' || {_BODY} || '-' || substr('{ALPHABET}', 1 + (({_CHECK}) % 31)::int, 1) AS reference,
       (ARRAY['function_fault', 'late_delivery', 'service_attitude'])[1 + i % 3] AS category,
       (ARRAY['technical_support', 'logistics', 'customer_service'])[1 + i % 3] AS department,
       (ARRAY['wang.lei', 'liu.yang', 'li.na'])[1 + i % 3] AS handler,
       (ARRAY['web_form', 'phone', 'mobile_app', 'email'])[1 + i % 4] AS channel,
       (ARRAY['zh', 'en'])[1 + i % 2] AS language
FROM (
    SELECT i, total, i * 2654435761 % {31**8} AS n,
           date_trunc('day', now(), 'UTC')
           + make_interval(days => (i * {DAYS} / (total + 1))::int - {DAYS},
                           secs => (i * {DAYS} % (total + 1))::float8 / (total + 1) * 72000) AS at
    FROM (SELECT $1::bigint AS total) AS wanted, generate_series(1, total) AS i
) AS told
"""


def uid(kind: int | str) -> str:
    """SQL for a UUIDv7 of the complaint's time. `kind`, below 4096, tells a complaint's ids apart."""
    return f"(moment || lpad(to_hex({kind}), 3, '0') || tail)::uuid"


ID = uid(0)
CUSTOMER, PROMISE, FOLLOW_UP, NOTICE = uid(1), uid(2), uid(3), uid(4)
EVENT, DELIVERY = 256, 512
"""Kinds from which on the ids of a complaint's events and deliveries are."""
SOON = "at + interval '400 days'"
"""When the promise of an open case falls due: not while it is measured."""
NOBODY = "''::bytea"

_STEPS = """(VALUES (1, 'opened'), (2, 'promised'), (3, 'triaged'), (4, 'assigned'), (5, 'accepted'),
    (6, 'carried_out'), (7, 'opinion_asked'), (8, 'closed')) AS s(j, step)"""
_ENTRIES = """(VALUES (1, 'a-intake', 'customer', 'opened'), (2, 'a-intake', 'customer', 'promise_made'),
    (3, 'b-routing', 'internal', 'triaged'), (4, 'b-routing', 'customer', 'assigned'),
    (5, 'c-resolution', 'customer', 'accepted'), (6, 'c-resolution', 'customer', 'answered'),
    (7, 'c-resolution', 'internal', 'promise_kept'), (8, 'a-intake', 'customer', 'closed'))
    AS s(j, source, audience, kind)"""
_MESSAGES = """(VALUES (1, 'acknowledgement', 'service'), (2, 'assigned', 'progress'), (3, 'accepted', 'progress'),
    (4, 'result', 'service'), (5, 'survey', 'opinion'), (6, 'closed', 'service')) AS s(j, template, nature)"""
_MOMENT = "CASE WHEN j < 5 THEN at ELSE solved END"


@dataclass(frozen=True)
class Rows:
    """What a table is filled with; `source` is what stands after FROM."""

    columns: dict[str, str]
    source: str = "platform.filling"


SEALED = "platform.filling JOIN platform.sealing USING (i)"


def _inbox(consumer: str, events: int, open_events: int) -> Rows:
    return Rows(
        {"consumer": f"'{consumer}'", "event_id": uid(f"{EVENT} + j"), "claimed_at": "at"},
        f"platform.filling, generate_series(1, {events}) AS j WHERE NOT open OR j <= {open_events}",
    )


def _sequence(topic: str, last: int) -> Rows:
    return Rows({"topic": f"'{topic}'", "key": f"{ID}::text", "last": str(last)})


_INTAKE = {
    "customers": Rows(
        {"id": CUSTOMER, "type": "'external'", "holds": "ARRAY['external_id']", "sealed": "theirs"}, SEALED
    ),
    "complaints": Rows(
        {
            "id": ID, "reference": "reference", "registered_at": "at", "registered_by": "'key:bench'",
            "customer_id": CUSTOMER,
            "kind": "'complaint'", "channel": "channel", "language": "language", "about": "'goods'",
            "form": "'written'", "against": "'organisation'", "visibility": "'private'",
            "holds": "ARRAY['name', 'email', 'what_went_wrong', 'feeling', 'wanted', 'product']",
            "sealed": "told",
            "desired_remedies": "ARRAY['exchange']", "completeness": "0.5625", "missing": "ARRAY['order']",
        },
        SEALED,
    ),
    "views": Rows(
        {
            "complaint_id": ID, "version": "5", "status": "CASE WHEN open THEN 'open' ELSE 'closed' END",
            "department": "department", "category": "category", "severity": "'general'",
            "handler_name": "handler", "offers": "'[]'::jsonb", "opinion_asked": "false",
            "result": "CASE WHEN NOT open THEN 'Exchanged.' END", "outcome": "CASE WHEN NOT open THEN 'satisfied' END",
            "promise_id": f"CASE WHEN open THEN {PROMISE} END", "promised_at": f"CASE WHEN open THEN {SOON} END",
        }
    ),
    "progress": Rows(
        {
            "complaint_id": ID, "event_id": uid(f"{EVENT} + j"), "at": _MOMENT, "step": "step",
            "data": """jsonb_build_object('handler', handler)""",
        },
        f"platform.filling, {_STEPS} WHERE NOT open OR j <= 4",
    ),
    "idempotency_keys": Rows(
        {
            "principal": "'key:bench'", "key": "'fill-' || i", "fingerprint": "sha256(tail::bytea)",
            "status": "201", "body": f"convert_to('{{\"id\": \"' || {ID} || '\"}}', 'UTF8')", "created_at": "at",
        }
    ),
    "sequences": _sequence("redress.intake", 2),
    "inbox": _inbox("intake", 8, 4),
}  # fmt: skip
_ROUTING = {
    "dispatches": Rows(
        {
            "complaint_id": ID, "version": "2", "status": "CASE WHEN open THEN 'assigned' ELSE 'released' END",
            "reference": "reference", "registered_at": "at", "language": "language", "against": "'organisation'",
            "category": "category", "severity": "'general'", "reasons": "ARRAY['category.words']",
            "department": "department", "handler_id": "handler", "assigned_at": "at",
            "closed_at": "CASE WHEN NOT open THEN solved END", "held": "'[]'::jsonb",
        }
    ),
    "notices": Rows(
        {
            "id": NOTICE, "complaint_id": ID, "audience": "'responsible-department'", "reason": "'triaged'",
            "fact_type": "'redress.complaint.triaged.v1'", "fact_id": uid(EVENT + 3), "issued_at": "at",
            "acknowledge_by": "at + interval '1 day'",
            "acknowledged_by": "CASE WHEN NOT open THEN 'key:bench' END",
            "acknowledged_at": "CASE WHEN NOT open THEN at END", "due_at": f"CASE WHEN open THEN {SOON} END",
        }
    ),
    "sequences": _sequence("redress.routing", 2),
    "inbox": _inbox("routing", 2, 1),
}  # fmt: skip
_RESOLUTION = {
    "cases": Rows(
        {
            "id": ID, "version": "5", "state": "CASE WHEN open THEN 'open' ELSE 'closed' END",
            "reference": "reference", "registered_at": "at", "category": "category", "severity": "'general'",
            "department": "department", "handler_id": "handler", "handler_name": "handler", "assigned_at": "at",
            "round": "0", "solutions": "CASE WHEN open THEN 0 ELSE 1 END",
            "result": "CASE WHEN NOT open THEN 'Exchanged.' END",
            "carried_out_at": "CASE WHEN NOT open THEN solved END",
            "outcome": "CASE WHEN NOT open THEN 'satisfied' END",
            "closed_by": "CASE WHEN NOT open THEN 'customer' END", "closed_at": "CASE WHEN NOT open THEN solved END",
            "problem_found": "CASE WHEN NOT open THEN true END", "problem_solved": "CASE WHEN NOT open THEN true END",
            "promise_id": f"CASE WHEN open THEN {PROMISE} END", "promises": "1",
            "wakes_at": f"CASE WHEN open THEN {SOON} END",
            "entries": "CASE WHEN open THEN 4 ELSE 8 END", "audit_from": "CASE WHEN open THEN 4 ELSE 8 END",
        }
    ),
    "promises": Rows(
        {
            "promise_id": PROMISE, "complaint_id": ID, "number": "1", "made_at": "at", "due_at": SOON,
            "state": "CASE WHEN open THEN 'live' ELSE 'kept' END", "handler_id": "CASE WHEN NOT open THEN handler END",
            "settled_at": "CASE WHEN NOT open THEN solved END",
        }
    ),
    "timeline": Rows(
        {
            "complaint_id": ID, "number": "j", "at": _MOMENT, "source": "source", "author": "'system'",
            "audience": "audience", "kind": "kind", "text": "handler",
        },
        f"platform.filling, {_ENTRIES} WHERE NOT open OR j <= 4",
    ),
    "sequences": _sequence("redress.resolution", 7),
    "inbox": _inbox("resolution", 4, 3),
}  # fmt: skip
_NOTIFICATION = {
    "conversations": Rows(
        {
            "id": ID, "version": "6", "reference": "reference", "kind": "'complaint'", "language": "language",
            "registered_at": "at", "category": "category", "department": "department", "handler_name": "handler",
            "handler_since": "at", "assignments": "1", "first_promise_at": SOON,
            "promised_at": f"CASE WHEN open THEN {SOON} END", "interim_waits": "false", "offers": "'[]'::jsonb",
            "follow_ups": "0", "acknowledged": "true", "held": "'[]'::jsonb",
            "follow_up_id": f"CASE WHEN NOT open THEN {FOLLOW_UP} END",
        }
    ),
    "deliveries": Rows(
        {
            "id": uid(f"{DELIVERY} + j"), "complaint_id": ID, "audience": "'customer'",
            "rule": "'customer/' || template", "urgency": "'usual'", "nature": "nature", "channels": "ARRAY['email']",
            "lane": f"'customer/' || {ID}", "template": "template", "facts": "'{}'::jsonb", "status": "'delivered'",
            "attempts": "1", "next_attempt_at": _MOMENT, "channel": "'email'", "template_version": "'1'",
            "body_sha256": "sha256(tail::bytea)", "created_at": _MOMENT, "settled_at": _MOMENT,
        },
        f"platform.filling, {_MESSAGES} WHERE NOT open OR j <= 2",
    ),
    "sequences": _sequence("redress.notification", 6),
    "inbox": _inbox("notification", 12, 7),
}  # fmt: skip

_VALUES = {
    "category": "category",
    "severity": "'general'",
    "department": "department",
    "channel": "channel",
    "product": "'Servo motor'",
    "region": "''",
    "handler": "handler",
    "loss": "''",
}
_CUTS = {name_of(cut): f" || '{JOIN}' || ".join(_VALUES[name] for name in cut) or "''" for cut in CUTS}


_DAY = {
    "daily": "(at AT TIME ZONE 'UTC')::date",
    "monthly": "date_trunc('month', at AT TIME ZONE 'UTC')::date",
    "yearly": "date_trunc('year', at AT TIME ZONE 'UTC')::date",
}


def _rollup(grain: str, dimension: str, value: str) -> Rows:
    closed = "count(*) FILTER (WHERE NOT open)"
    return Rows(
        {
            "dimension": f"'{dimension}'", "day": _DAY[grain], "value": value,
            **dict.fromkeys(("received", "dissatisfied", "triaged", "triaged_automatically"), "count(*)"),
            **dict.fromkeys(("converted", "handled", "closed", "satisfied", "promises_kept"), closed),
            "handling_seconds": f"{closed} * {HANDLED_AFTER}",
            **dict.fromkeys(("merged", "withdrawn", "acceptable", "not_acceptable", "promises_broken"), "0"),
            **dict.fromkeys(("trust_told", "trust_restored", "closed_slowly", *LIVED), "0"),
            **dict.fromkeys(("solved_at_once", "second_chance"), closed),
            **dict.fromkeys(("matters", "notices", "notices_issued"), "count(*)"),
        },
        "platform.filling GROUP BY 2, 3",
    )  # fmt: skip


def _histogram(name: str, grain: str, dimension: str, value: str) -> Rows:
    """All were handled in the same time: one entry, which is little-endian. Of answers and acknowledgements nothing
    is filled in."""
    closed = "count(*) FILTER (WHERE NOT open)" if name == "handling" else "0"
    entry = f"reverse(int4send({bucket_of(HANDLED_AFTER)} << 21 | ({closed})::int))"
    return Rows(
        {
            "name": f"'{name}'", "dimension": f"'{dimension}'", "day": _DAY[grain], "value": value,
            "begun": "count(*)", "finished": closed,
            "buckets": f"CASE WHEN {closed} > 0 THEN {entry} ELSE ''::bytea END", "censored": "0",
            "censored_buckets": "''::bytea",
        },
        "platform.filling GROUP BY 3, 4",
    )  # fmt: skip


_INSIGHTS: dict[str, Rows | Sequence[Rows]] = {
    "complaints": Rows(
        {
            "id": ID, "registered_at": "at", "kind": "'complaint'", "medium": "'online'", "channel": "channel",
            "language": "language", "product": "'Servo motor'", "severity": "'general'", "category": "category",
            "triaged_at": "at", "triaged_automatically": "true", "department": "department",
            "handler_id": "handler", "assigned_at": "at", "assignments": "1", "notices_acknowledged": "0",
            "notices_issued": "1", "notice_ids": f"ARRAY[{ID}]", "notices_issued_at": "ARRAY[at]",
            "notices_known_at": "ARRAY[NULL::timestamptz]", "opened_at": "at",
            "accepted_at": "CASE WHEN NOT open THEN solved END",
            "accepted_by": "CASE WHEN NOT open THEN handler END", "offer_rounds": "0", "offers_declined": "0",
            "carried_out_at": "CASE WHEN NOT open THEN solved END", "updates": "0", "follow_ups": "1",
            "resumed": "0", "closed_at": "CASE WHEN NOT open THEN solved END",
            "outcome": "CASE WHEN NOT open THEN 'satisfied' END", "promises_made": "1",
            "promises_kept_at": "CASE WHEN open THEN '{}' ELSE ARRAY[solved] END",
            "promises_broken_at": "'{}'::timestamptz[]", "messages_delivered": "CASE WHEN open THEN 2 ELSE 6 END",
            "messages_failed": "0",
        }
    ),
    **{grain: [_rollup(grain, *cut) for cut in _CUTS.items()] for grain in _DAY},
    **{
        f"{grain}_durations": [
            _histogram(name, grain, name_of(cut), _CUTS[name_of(cut)]) for name in DURATIONS for cut in TIMED
        ]
        for grain in _DAY
    },
    "inbox": _inbox("insights", 18, 9),
}  # fmt: skip

SCHEMAS: dict[str, dict[str, Any]] = {
    "intake": _INTAKE,
    "routing": _ROUTING,
    "resolution": _RESOLUTION,
    "notification": _NOTIFICATION,
    "insights": _INSIGHTS,
}

TOPICS = {
    "redress.intake": 2,
    "redress.routing": 2,
    "redress.resolution": 7,
    "redress.notification": 6,
    "redress.transfer.responsible-department": 1,
}
"""Events of a complaint by topic."""


async def fill(url: str, complaints: int, secret: str = SECRET) -> dict[str, float]:
    """Fill a fresh, migrated database; returns how long it took and how large it is. Raises LookupError when
    the tables have changed and this file has not."""
    began = time.perf_counter()
    connection = await _connect(url)
    try:
        await connection.execute(_SOURCE.replace("$1", str(complaints)))
        roles = ", ".join(f"redress_{name}" for name in SCHEMAS)
        await connection.execute(f"GRANT SELECT ON platform.filling TO {roles}")
        await _seal(connection, Vault([secret.encode()]))
        side_by_side = asyncio.Semaphore(2)
        await asyncio.gather(*(_schema(url, service, side_by_side) for service in catalogue.load()))
        await _positions(connection, complaints)
        await connection.execute("DROP TABLE platform.filling, platform.sealing")
        await connection.execute("ANALYZE")
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    return {"complaints": complaints, "seconds": time.perf_counter() - began, "gib": size / 2**30}


async def _seal(connection: Any, vault: Vault) -> None:
    """What the vault keeps of each complaint and customer; SQL has no cipher."""
    await connection.execute(
        "CREATE UNLOGGED TABLE platform.sealing (i bigint PRIMARY KEY, theirs bytea NOT NULL, told bytea NOT NULL)"
    )
    last = 0
    query = f"SELECT i, {CUSTOMER} AS customer, {ID} AS id FROM platform.filling WHERE i > $1 ORDER BY i LIMIT 50000"
    while rows := await connection.fetch(query, last):
        sealed = [
            (
                row["i"],
                vault.seal(
                    to_json({"external_id": f"F-{row['i']}"}), place("customers", {"id": row["customer"]})
                ),
                vault.seal(to_json(_told(row["i"])), place("complaints", {"id": row["id"]})),
            )
            for row in rows
        ]
        await connection.copy_records_to_table("sealing", schema_name="platform", records=sealed)
        last = rows[-1]["i"]
    await connection.execute("ANALYZE platform.sealing")


def _told(number: int) -> dict[str, Any]:
    return {
        "name": "Ann Example",
        "email": f"ann{number}@example.com",
        "what_went_wrong": f"The motor shows alarm R4 after {number} minutes, and our line stands still.",
        "feeling": "We feel left alone: the third time this year.",
        "wanted": "A replacement this week.",
        "product": {"id": "M-7", "name": "Servo motor", "model": "M7-400"},
    }


async def _connect(url: str) -> Any:
    """As superuser where that is possible (the private PostgreSQL), to spare the checks of foreign keys."""
    try:
        connection = await asyncpg.connect(dsn(url), user=SUPERUSER)
    except (asyncpg.PostgresError, OSError):
        connection = await asyncpg.connect(dsn(url))
    else:
        await connection.execute("SET session_replication_role = replica")
    await connection.execute("SET synchronous_commit = off")
    return connection


async def _schema(url: str, service: Service, side_by_side: asyncio.Semaphore) -> None:
    async with side_by_side:
        connection = await _connect(url)
        try:
            for table in service.metadata.sorted_tables:
                given = SCHEMAS[service.name].get(table.name, [])
                for rows in [given] if isinstance(given, Rows) else given:
                    await connection.execute(_insert(service.name, table, rows))
            if service.name == "routing":
                await connection.execute(
                    "UPDATE routing.people p SET open_cases = o.n FROM (SELECT handler_id, count(*) AS n "
                    "FROM routing.dispatches WHERE status = 'assigned' GROUP BY 1) AS o WHERE o.handler_id = p.id"
                )
        finally:
            await connection.close()


def _insert(schema: str, table: Table, rows: Rows) -> str:
    there = {column.name: column for column in table.columns}
    gone = rows.columns.keys() - there.keys()
    new = {
        name
        for name, column in there.items()
        if not (column.nullable or column.server_default is not None or column.identity is not None)
    } - rows.columns.keys()
    if gone or new:
        raise LookupError(f"bench.fill: {schema}.{table.name} has no {sorted(gone)}, and wants {sorted(new)}")
    names = ", ".join(f'"{name}"' for name in rows.columns)
    return f"INSERT INTO {schema}.{table.name} ({names}) SELECT {', '.join(rows.columns.values())} FROM {rows.source}"


async def _positions(connection: Any, complaints: int) -> None:
    """As if every event had been appended and read by everybody."""
    await connection.executemany(
        "INSERT INTO platform.topics VALUES ($1, $2)",
        [(topic, number * complaints) for topic, number in TOPICS.items()],
    )
    cursors: Iterable[tuple[str, str, int]] = (
        (group, topic, TOPICS[topic] * complaints)
        for service in catalogue.load()
        for group, topics in service.groups.items()
        for topic in topics
        if topic in TOPICS
    )
    await connection.executemany("INSERT INTO platform.cursors VALUES ($1, $2, $3)", cursors)
