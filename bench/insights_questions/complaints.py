"""Rows of complaints and of their journeys, and the sums of the journeys, as many as the other sums tell of."""

import asyncpg
from sqlalchemy import ARRAY

from bench.insights_questions.made_up import DAYS, FIRST, SIZES
from services.insights.durations import BOUNDS
from services.insights.store import complaints

_STEPS = ("registered", "triaged", "assigned", "accepted", "carried_out", "closed_satisfied")
_NEEDED = [c.name for c in complaints.columns if not c.nullable and c.name != "id"]
_ZEROS = ["'{}'" if isinstance(complaints.c[name].type, ARRAY) else "0" for name in _NEEDED]

_MADE = f"""
CREATE UNLOGGED TABLE insights.made AS
SELECT gen_random_uuid() AS id, at, at + took AS ended, took, n, product, category, department,
       CASE WHEN at + took < timestamptz '{FIRST}' + interval '{DAYS} days' THEN 6 ELSE 4 END AS steps
FROM (
    SELECT n, timestamptz '{FIRST} 00:00Z' + random() * interval '{DAYS} days' AS at,
           exp(10.5 + 1.3 * random_normal()) * interval '1 s' AS took,
           'product-' || floor({SIZES["product"]} * random() ^ 1.5) AS product,
           'category-' || floor({SIZES["category"]} * random() ^ 1.5) AS category,
           'department-' || floor({SIZES["department"]} * random() ^ 1.5) AS department
    FROM generate_series(1, $1::int) n
) drawn ORDER BY at
"""
_COMPLAINTS = f"""
INSERT INTO insights.complaints (id, registered_at, kind, customer_id, product, category, department, closed_at,
    outcome, {", ".join(_NEEDED)})
SELECT id, at, 'complaint', lpad(to_hex(n / 3), 32, '0')::uuid, product, category, department,
       CASE WHEN steps = 6 THEN ended END, CASE WHEN steps = 6 THEN 'satisfied' END, {", ".join(_ZEROS)}
FROM insights.made
"""
_JOURNEYS = f"""
INSERT INTO insights.journeys (id, registered_at, kind, customer_id, product, category, department, bought_at, erased,
    steps, times)
SELECT id, at, 'complaint', lpad(to_hex(n / 3), 32, '0')::uuid, product, category, department,
       CASE WHEN n % 3 = 0 THEN ARRAY[ended + interval '40 days'] ELSE '{{}}' END, false,
       (ARRAY{list(_STEPS)})[1:steps],
       (ARRAY[at, at + 0.01 * took, at + 0.02 * took, at + 0.3 * took, at + 0.9 * took, ended])[1:steps]
FROM insights.made
"""
_MONTH = "date_trunc('month', registered_at AT TIME ZONE 'UTC')::date"
_ENDS = "('closed_satisfied', 'withdrawn')"
_BUCKET = f"width_bucket(extract(epoch FROM later - at)::bigint - 1, ARRAY{list(BOUNDS)}::bigint[])"
_SUMS = (
    "INSERT INTO insights.journey_edges (month, source, target, again, bucket, n) "
    f"SELECT {_MONTH}, source, target, false, {_BUCKET}, count(*) FROM insights.journeys j, "
    "unnest(steps[:cardinality(steps) - 1], steps[2:], times[:cardinality(times) - 1], times[2:]) "
    "AS e(source, target, at, later) GROUP BY 1, 2, 3, 5",
    "INSERT INTO insights.journey_funnel (month, stage, state, bucket, n) "
    f"SELECT {_MONTH}, target, 'reached', {_BUCKET}, count(*) FROM insights.journeys j, "
    "unnest(steps, times, times[1:1] || times[:cardinality(times) - 1]) AS e(target, later, at) GROUP BY 1, 2, 4",
    "INSERT INTO insights.journey_variants (month, variant, again, n) "
    f"SELECT {_MONTH}, array_to_string(steps, '>'), false, count(*) FROM insights.journeys "
    f"WHERE steps[cardinality(steps)] IN {_ENDS} GROUP BY 1, 2",
    "INSERT INTO insights.journey_tallies (month, dimension, value, severity, loss, ending, slow, n) "
    f"SELECT {_MONTH}, d.dimension, d.value, '', '', "
    "CASE WHEN cardinality(steps) = 6 THEN 'satisfied' ELSE 'open' END, false, count(*) FROM insights.journeys, "
    "LATERAL (VALUES ('category', category), ('product', product), "
    "('department', department)) AS d(dimension, value) GROUP BY 1, 2, 3, 6",
    "INSERT INTO insights.journey_ages (month, day, age, n) "
    f"SELECT {_MONTH}, (registered_at AT TIME ZONE 'UTC')::date, CASE WHEN cardinality(steps) = 6 THEN "
    "(times[6] AT TIME ZONE 'UTC')::date - (registered_at AT TIME ZONE 'UTC')::date ELSE -1 END, count(*) "
    "FROM insights.journeys GROUP BY 1, 2, 3",
)


async def fill_complaints(connection: asyncpg.Connection, n: int) -> None:
    """Their indexes are made afterwards, which is much quicker."""
    await connection.execute("SET timezone = 'UTC'; SET work_mem = '512MB'; SELECT setseed(0.5)")
    indexes = await connection.fetch(
        "SELECT schemaname || '.' || indexname AS name, indexdef FROM pg_indexes WHERE schemaname = 'insights' "
        "AND tablename IN ('complaints', 'journeys') AND indexname NOT LIKE 'pk\\_%'"
    )
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    await connection.execute(_MADE.replace("$1", str(n)))
    for statement in (_COMPLAINTS, _JOURNEYS, "DROP TABLE insights.made", *_SUMS):
        await connection.execute(statement)
    for index in indexes:
        await connection.execute(index["indexdef"])
