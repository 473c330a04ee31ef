"""How many alerts were real, by what people said of them."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts.schemas import PrecisionShown
from services.insights.exact import share_interval
from shared import driver
from shared.database import sql
from shared.events.insights import WarningDetector, WarningLevel

SMALL = 20
"""Decisions, with fewer of which a precision says little."""

_COUNT = sql(
    "SELECT level, detector, count(*) AS raised, count(*) FILTER (WHERE verdict = 'confirmed') AS confirmed, "
    "count(*) FILTER (WHERE verdict = 'dismissed') AS dismissed FROM alerts GROUP BY 1, 2 ORDER BY 1, 2"
)


async def precisions(connection: AsyncConnection) -> list[PrecisionShown]:
    """All together, then by level and detector."""
    rows = (await driver.run(connection, _COUNT, {})).all()
    whole = Counter[str]()
    for row in rows:
        whole.update(raised=row.raised, confirmed=row.confirmed, dismissed=row.dismissed)
    return [
        shown(None, None, (whole["raised"], whole["confirmed"], whole["dismissed"])),
        *(
            shown(
                WarningLevel(row.level),
                WarningDetector(row.detector),
                (row.raised, row.confirmed, row.dismissed),
            )
            for row in rows
        ),
    ]


def shown(level: WarningLevel | None, detector: WarningDetector | None, n: Iterable[int]) -> PrecisionShown:
    """With the exact interval of a share; of none that was decided it is anything."""
    raised, confirmed, dismissed = n
    decided = confirmed + dismissed
    low, high = share_interval(confirmed, decided) if decided else (0.0, 1.0)
    return PrecisionShown(
        level=level,
        detector=detector,
        raised=raised,
        confirmed=confirmed,
        dismissed=dismissed,
        precision=confirmed / decided if decided else None,
        low=low,
        high=high,
        small=decided < SMALL,
    )
