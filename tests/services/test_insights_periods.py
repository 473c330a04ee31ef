"""Periods: sums of whole days and the complaints of the hours at their ends, together what a count of all would be."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.facts import FactsStore
from services.insights.model import DISSATISFIED, Facts
from services.insights.periods.store import split
from shared import clock
from shared.events import CaseWithdrawn, ComplaintMerged
from shared.ids import derived_id
from tests.insights_story import START, Told, records, registered, stories
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture

URL = "/insights/v1/periods"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@given(
    st.timedeltas(timedelta(0), timedelta(days=2_000_000)).map(lambda since: EARLIEST + since),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
)
def test_whole_days_and_hours_are_the_period_and_the_hours_are_few(
    since: datetime, length: timedelta
) -> None:
    until = since + length
    of = split(since, until)
    days = max(0, (of.last - of.first).days + 1) if of.first <= of.last else 0
    assert sum((end - begin for begin, end in of.hours), timedelta()) + days * DAY == length
    assert all(begin < end for begin, end in of.hours)
    assert sum((end - begin for begin, end in of.hours), timedelta()) < 2 * DAY
    if days:
        first, last = (datetime.combine(day, datetime.min.time(), UTC) for day in (of.first, of.last))
        assert {begin for begin, _ in of.hours} <= {since, last + DAY}
        assert {end for _, end in of.hours} <= {first, until}


def counted(facts: Iterable[Facts], since: datetime, until: datetime) -> dict[str, int]:
    """One after the other, as the words of the schema say."""
    found: Counter[str] = Counter()
    for each in facts:
        within = [at is not None and since <= at < until for at in (each.registered_at, each.closed_at)]
        found["received"] += within[0]
        found["closed"] += within[1]
        found["satisfied"] += within[1] and each.outcome == "satisfied"
        found["dissatisfied"] += within[1] and each.kind in DISSATISFIED
        found["converted"] += within[1] and each.kind in DISSATISFIED and each.outcome == "satisfied"
        found["promises_kept"] += sum(since <= at < until for at in each.promises_kept_at)
        found["promises_broken"] += sum(since <= at < until for at in each.promises_broken_at)
        merged = each.leading_id is not None and not (each.withdrawn_at or each.handled_at)
        gone = any(at is not None and at < until for at in (each.withdrawn_at, each.closed_at))
        assert each.registered_at is not None
        found["open"] += each.registered_at < until and not merged and not gone
    return dict(found)


def ended_otherwise() -> list[Told]:
    """Withdrawn on the day of the receipt, withdrawn days later, and merged."""
    told: list[Told] = []
    for n in range(12):
        i, at = derived_id("otherwise", n), START + n * 3 * DAY
        told.append((at, registered(i, at)))
        later = at + (timedelta(hours=1), 2.5 * DAY, timedelta(hours=2))[n % 3]
        if n % 3 < 2:
            told.append((later, CaseWithdrawn(complaint_id=i, withdrawn_at=later)))
        else:
            into = {"leading_id": derived_id("otherwise", 0), "merged_by": "li", "merged_at": later}
            told.append((later, ComplaintMerged(complaint_id=i, **into)))
    return told


def periods(facts: list[Facts], begun: datetime, random: Random) -> list[tuple[datetime, datetime]]:
    """Any, and such as end just after a complaint came that was withdrawn then or later."""
    drawn = [begun + timedelta(seconds=random.randrange(45 * 86_400)) for _ in range(25)]
    edges = [
        at + SECOND
        for each in facts
        for at in (each.registered_at, each.withdrawn_at)
        if each.withdrawn_at and at
    ]
    return [
        *((since, since + timedelta(seconds=random.randrange(1, 20 * 86_400))) for since in drawn),
        *((begun, until) for until in edges),
    ]


@pytest.mark.requirement("002-10", "002-16")
async def test_a_period_is_exact_to_the_moment(insights: Insights) -> None:  # noqa: F811
    told = sorted([*stories(120, seed=12, days=40), *ended_otherwise()], key=lambda each: each[0])
    await insights.feed(records(told))
    async with insights.context.database.transaction() as transaction:
        ids = [row[0] for row in await insights.rows("SELECT id FROM complaints")]
        facts = [each for each in (await FactsStore().load(transaction, ids)).values() if each.registered_at]
    begun = min(each.registered_at for each in facts if each.registered_at)
    random, seen = Random(12), Counter[str]()
    for since, until in periods(facts, begun, random):
        theirs = random.choice([None, None, *{each.department for each in facts if each.department}])
        asked = {"since": since.isoformat(), "until": until.isoformat(), "zone": "Asia/Shanghai"}
        with clock.moved_to(lambda: begun + 90 * DAY):
            answer = await insights.http.get(URL, params=asked | ({"department": theirs} if theirs else {}))
        shown = answer.json()
        mine = [each for each in facts if theirs in (None, each.department)]
        assert shown["now"] == counted(mine, since, until)
        assert shown["before"] == counted(mine, since - (until - since), since)
        by_category = Counter(
            each.category for each in mine if each.registered_at and since <= each.registered_at < until
        )
        assert {each["key"]: each["now"] for each in shown["categories"] if each["now"]} == by_category
        for day in shown["days"]:
            here = [
                sum(
                    at is not None and str(at.astimezone(ZoneInfo("Asia/Shanghai")).date()) == day["day"]
                    for at in times
                )
                for times in ([each.registered_at for each in mine], [each.closed_at for each in mine])
            ]
            assert [day["received"], day["closed"]] == here
        newest = [each["complaint_id"] for each in shown["newest"]]
        assert len(newest) <= 12
        assert set(newest) <= {str(each.id) for each in mine}
        seen.update(shown["now"])
    assert all(seen[name] for name in ("received", "closed", "converted", "promises_kept", "open"))
