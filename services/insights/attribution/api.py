"""HTTP in: where in the sale complaints begin. Reads the complaints of the range, which is a year at most."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import Query

from services.insights.attribution.model import OPEN, WITHDRAWN, Endings, Origin, grouped
from services.insights.attribution.schemas import (
    Attribution,
    ByChannel,
    ByMode,
    ByOrigin,
    BySource,
    ByStep,
    Ended,
)
from services.insights.exact import CONFIDENCE
from services.insights.model import DISSATISFIED
from services.insights.ranges import First, Last, Reader, checked
from shared import clock, driver, problems
from shared.database import sql
from shared.events.vocabulary import Outcome
from shared.service import Ctx, api_router
from shared.shares import wilson
from shared.text import SoughtText

router = api_router(tags=["attribution"])

DAYS = 90
LONGEST = 366

_COUNTED = sql(
    f"""
SELECT sale_step, sale_mode, channel, gap_source,
       CASE WHEN withdrawn_at IS NOT NULL THEN '{WITHDRAWN}' ELSE coalesce(outcome, '{OPEN}') END AS ending,
       count(*) AS n
FROM complaints
WHERE registered_at BETWEEN :since AND :until AND kind = ANY(CAST(:kinds AS text[])) AND leading_id IS NULL
  AND (CAST(:product AS text) IS NULL OR product = :product)
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - own names only
)


@router.get("/attribution", summary="Where in the sale does it begin?", responses=problems.documented())
async def read_attribution(
    who: Reader,
    ctx: Ctx,
    first: First = None,
    last: Last = None,
    product: Annotated[SoughtText | None, Query(description="Of this product only.")] = None,
) -> Attribution:
    """The complaints received in the range (366 days at most) by the step of the sale in which the trouble began, by
    how it was sold, by channel, and by where a disappointed expectation comes from: what the customer understood, what
    the salesperson said, or what the product is. With how they ended."""
    first, last = checked(first, last, clock.today(), days=DAYS, longest=LONGEST)
    given = {
        "since": datetime.combine(first, time.min, UTC),
        "until": datetime.combine(last, time.max, UTC),
        "kinds": sorted(DISSATISFIED),
        "product": product,
    }
    async with ctx.database.reading() as connection:
        rows = await driver.run(connection, _COUNTED, given)
    counts = [(Origin(*row[:4]), row.ending, row.n) for row in rows]
    of = sum(n for _, _, n in counts)
    return Attribution(
        first=first,
        last=last,
        product=product,
        confidence=CONFIDENCE,
        complaints=of,
        steps=[ByStep(**each) for each in _shown(counts, of, "step")],
        modes=[ByMode(**each) for each in _shown(counts, of, "mode")],
        channels=[ByChannel(**each) for each in _shown(counts, of, "channel")],
        sources=[BySource(**each) for each in _shown(counts, of, "source")],
        together=[ByOrigin(**each) for each in _shown(counts, of, "step", "mode", "channel")],
    )


def _shown(counts: Sequence[tuple[Origin, str, int]], of: int, *names: str) -> list[dict[str, Any]]:
    return [
        dict(zip(names, key, strict=True)) | _attributed(endings, of)
        for key, endings in grouped(counts, *names).items()
    ]


def _attributed(endings: Endings, of: int) -> dict[str, Any]:
    complaints = endings.total()
    judged = sum(endings[outcome] for outcome in Outcome)
    satisfied = endings[Outcome.SATISFIED]
    share = wilson(complaints, of)
    low, high = wilson(satisfied, judged) if judged else (None, None)
    ended = Ended(
        open=endings[OPEN],
        withdrawn=endings[WITHDRAWN],
        satisfied=satisfied,
        acceptable=endings[Outcome.ACCEPTABLE],
        not_acceptable=endings[Outcome.NOT_ACCEPTABLE],
        satisfied_share=satisfied / judged if judged else None,
        satisfied_low=low,
        satisfied_high=high,
    )
    return {
        "complaints": complaints,
        "share": complaints / of,
        "low": share.low,
        "high": share.high,
        "ended": ended,
    }
