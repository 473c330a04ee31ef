"""Topics and their complaints, loaded and saved in bulk."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.topics.model import Matter, Mined, Topic, TopicState
from services.insights.topics.tables import topic_complaints, topics
from shared import driver
from shared.aggregate import save_one
from shared.bulk import save_rows
from shared.database import Transaction, sql

_FIELDS = [each.name for each in fields(Topic) if not each.name.startswith("_")]
_LOAD = sql("SELECT * FROM topics WHERE id = ANY(CAST(:ids AS uuid[]))")
_FOLLOWED = sql("SELECT * FROM topics WHERE last_week >= :since ORDER BY id")
_MEMBERS = sql(
    "SELECT topic_id, array_agg(complaint_id) AS ids FROM topic_complaints "
    "WHERE topic_id = ANY(CAST(:ids AS uuid[])) AND week = :week GROUP BY topic_id"
)
_CODES = sql("SELECT id, category, subcategory, product FROM complaints WHERE id = ANY(CAST(:ids AS uuid[]))")
_PAST_MEDOIDS = sql(
    "UPDATE topic_complaints c SET medoid = NULL "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:languages AS text[])) AS m(topic_id, language) "
    "WHERE c.topic_id = m.topic_id AND c.language = m.language AND c.medoid IS NOT NULL"
)
_MOVE = sql(
    "INSERT INTO topic_complaints (topic_id, complaint_id, week, language, medoid) "
    "SELECT CAST(:into AS uuid), complaint_id, week, language, medoid FROM topic_complaints WHERE topic_id = :id "
    "ON CONFLICT DO NOTHING"
)
_WEEKS = sql(
    "SELECT id, CAST(date_trunc('week', registered_at AT TIME ZONE 'UTC') AS date) AS week "
    "FROM tellings WHERE id = ANY(CAST(:ids AS uuid[]))"
)


class TopicStore:
    """Topics by id; an id that is not known has none. Rows that people change are locked by the caller."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Topic]:
        rows = (await transaction.execute(_LOAD, {"ids": list(ids)})).mappings()
        return {row["id"]: _topic(row) for row in rows}

    async def save(self, transaction: Transaction, aggregates: Iterable[Topic]) -> None:
        saved = list(aggregates)
        for each in saved:
            each.version += 1
        await save_rows(transaction, topics, [_row(each) for each in saved])


store = TopicStore()


async def followed(connection: AsyncConnection, since: date) -> dict[UUID, Topic]:
    """Those found in or after this week, and what they were merged into."""
    rows = (await driver.run(connection, _FOLLOWED, {"since": since})).mappings()
    return {row["id"]: _topic(row) for row in rows}


async def members(
    connection: AsyncConnection, ids: Collection[UUID], week: date
) -> dict[UUID, frozenset[UUID]]:
    rows = await driver.run(connection, _MEMBERS, {"ids": list(ids), "week": week})
    return {row.topic_id: frozenset(row.ids) for row in rows}


async def codes(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Matter]:
    rows = await driver.run(connection, _CODES, {"ids": sorted(ids)})
    return {row.id: Matter(row.category, row.subcategory, row.product) for row in rows}


async def save(transaction: Transaction, mined: Mined) -> None:
    """Topics with their facts, complaints and medoids."""
    for topic_id in sorted(mined.topics):
        mined.topics[topic_id].publish_to(transaction)
    await store.save(transaction, [mined.topics[each] for each in sorted(mined.topics)])
    told = {complaint for each in mined.members.values() for complaint in each}
    weeks = {row.id: row.week for row in await transaction.execute(_WEEKS, {"ids": sorted(told)})}
    chosen = sorted({(i, mined.members[i][each]) for i, ranks in mined.medoids.items() for each in ranks})
    given = {"ids": [i for i, _ in chosen], "languages": [language for _, language in chosen]}
    await transaction.execute(_PAST_MEDOIDS, given)
    rows = [
        {
            "topic_id": topic_id,
            "complaint_id": complaint,
            "week": weeks[complaint],
            "language": language,
            "medoid": mined.medoids.get(topic_id, {}).get(complaint),
        }
        for topic_id, complaints in sorted(mined.members.items())
        for complaint, language in sorted(complaints.items())
        if complaint in weeks
    ]
    await save_rows(transaction, topic_complaints, rows)


async def merge(transaction: Transaction, topic: Topic, into: Topic) -> None:
    """Saves both; the complaints of the one are the other's from now on, too."""
    await save_one(store, transaction, topic)
    await save_one(store, transaction, into)
    await transaction.execute(_MOVE, {"id": topic.id, "into": into.id})


def _topic(row: Mapping[Any, Any]) -> Topic:
    given = {name: row[name] for name in _FIELDS}
    return Topic(**given | {"state": TopicState(row["state"])})


def _row(topic: Topic) -> dict[str, object]:
    return {name: getattr(topic, name) for name in _FIELDS}
