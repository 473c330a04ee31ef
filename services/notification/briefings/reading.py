"""Who reads the briefings, and how soon."""

from datetime import datetime

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notification.briefings.book import BriefingRow
from services.notification.briefings.model import Briefing
from services.notification.briefings.schemas import BriefingLine, BriefingReader, BriefingTimeliness
from shared import driver
from shared.database import sql

_READERS = sql(
    "SELECT r.person, r.read_at, d.settled_at AS told_at FROM briefing_readers r LEFT JOIN deliveries d "
    "ON d.id = r.delivery_id AND d.status = 'delivered' WHERE r.briefing_id = :id ORDER BY r.person"
)
_TIMELINESS = sql(
    "SELECT b.audience, count(DISTINCT b.id) AS made, count(*) AS letters, "
    "count(*) FILTER (WHERE d.status = 'delivered') AS told, count(r.read_at) AS read, "
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM r.read_at - b.made_at) / 3600) "
    "AS median_hours_to_read "
    "FROM briefings b JOIN briefing_readers r ON r.briefing_id = b.id LEFT JOIN deliveries d ON d.id = r.delivery_id "
    "WHERE b.state = 'made' AND b.made_at >= :since AND b.made_at < :until GROUP BY b.audience ORDER BY b.audience"
)


def line(row: RowMapping) -> BriefingLine:
    told = BriefingRow.model_validate(row["definition"])
    return BriefingLine(
        id=row["id"],
        row=told.id,
        title=told.title,
        audience=told.audience,
        department=row["department"],
        since=row["since"],
        until=row["until"],
        made_at=row["made_at"],
        read_at=row["read_at"],
    )


async def readers(connection: AsyncConnection, briefing: Briefing) -> list[BriefingReader]:
    found = await driver.run(connection, _READERS, {"id": briefing.id})
    return [BriefingReader(**row) for row in found.mappings()]


async def timeliness(
    connection: AsyncConnection, since: datetime, until: datetime
) -> list[BriefingTimeliness]:
    found = await driver.run(connection, _TIMELINESS, {"since": since, "until": until})
    return [BriefingTimeliness(**row) for row in found.mappings()]
