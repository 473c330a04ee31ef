"""HTTP in: who buys again."""

from datetime import UTC

from services.insights.cohorts import store
from services.insights.cohorts.learned import Learned, learn
from services.insights.cohorts.model import SMALL, WINDOWS, Watched, bought_again
from services.insights.cohorts.schemas import (
    CohortShown,
    CohortsShown,
    Ending,
    LearnedShown,
    ReferenceShown,
    WindowShown,
)
from services.insights.economics.book import ECONOMICS
from services.insights.losses import Band
from services.insights.ranges import COMMON_DAYS, First, Last, Reader, checked
from shared import clock, problems
from shared.rulebooks.parameter import Parameter
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["cohorts"])

YEAR = 365
LONGEST = 731
"""Days: two years."""
_TEXTS = ECONOMICS.shipped
"""Its first version says what the texts say."""


@router.get("/cohorts", summary="Who buys again", responses=problems.documented())
async def read_cohorts(who: Reader, ctx: Ctx, first: First = None, last: Last = None) -> CohortsShown:
    """Of the customers whose complaints of the range (two years at most) have ended, the share that bought again within
    30, 90 and 180 days, by how they judged the result and by how much was at stake. Whose window is still open counts
    as long as it was watched (Kaplan-Meier). It needs the purchases that the shop's system tells intake, up to now. A
    comparison of cohorts is no proof that the handling made the difference: loyal customers complain more kindly, too.
    """
    now = clock.now()
    first, last = checked(
        first, last, now.astimezone(UTC).date(), days=YEAR, longest=LONGEST, between=COMMON_DAYS
    )
    async with ctx.database.reading() as connection:
        books = await load_books(connection, ECONOMICS)
        found = await store.cohorts(connection, first, last, now)
    assumed = books.read(ECONOMICS)
    return CohortsShown(
        first=first,
        last=last,
        cohorts=[
            _cohort(Ending(ending.removeprefix("closed_")), Band(loss) if loss else None, watched)
            for (ending, loss), watched in sorted(found.items())
        ],
        learned=[_learned(each) for each in learn(assumed, found)],
        used=assumed.learn_repurchase,
        assumptions_version=books.version(ECONOMICS),
        references=_references(),
    )


def _cohort(ending: Ending, loss: Band | None, watched: Watched) -> CohortShown:
    windows = []
    for days in WINDOWS:
        again = bought_again(watched, days)
        windows.append(
            WindowShown(
                days=days,
                share=again.share if again else None,
                low=again.low if again else None,
                high=again.high if again else None,
                followed=again.followed if again else 0,
            )
        )
    return CohortShown(
        ending=ending,
        loss=loss,
        customers=watched.customers,
        small=watched.customers < SMALL,
        windows=windows,
    )


def _learned(learned: Learned) -> LearnedShown:
    low, high = learned.belief.interval
    return LearnedShown(
        loss=learned.band,
        group=learned.name,
        assumed=learned.assumed.value,
        assumed_low=learned.assumed.low,
        assumed_high=learned.assumed.high,
        seen=learned.seen.share if learned.seen else None,
        customers=learned.seen.effective if learned.seen else 0.0,
        posterior=learned.belief.mean,
        posterior_low=low,
        posterior_high=high,
    )


def _references() -> list[ReferenceShown]:
    """Satisfied against silent by band, quick against slow."""
    told: list[tuple[Band | None, str, Parameter]] = [
        (band, name, getattr(_TEXTS.repurchase[band], name))
        for band in (Band.MINOR, Band.MAJOR)
        for name in ("satisfied", "silent")
    ]
    told += [(None, name, getattr(_TEXTS, name)) for name in ("quick", "slow")]
    return [
        ReferenceShown(
            loss=band, group=name, share=each.value, source_en=each.source_en, source_zh=each.source_zh
        )
        for band, name, each in told
    ]
