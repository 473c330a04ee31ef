"""Control charts and Pareto over HTTP, from the sums."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.insights.economics.book import ECONOMICS
from services.insights.economics.model import Counts, money, rates_of
from services.insights.losses import Band
from shared.events import ComplaintTriaged
from shared.events.routing import Decider
from shared.events.vocabulary import Severity
from shared.ids import derived_id
from tests.insights_story import Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.services.test_insights_economics import STORY as MONEY
from tests.services.test_insights_journeys import WELL, feed, way

CHARTS = "/insights/v1/charts"
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def weekly(counts: list[int], category: str = "delivery") -> list[Told]:
    """So many complaints in each week, all triaged at once."""
    told: list[Told] = []
    for week, count in enumerate(counts):
        for n in range(count):
            at = MONDAY + timedelta(weeks=week, hours=n)
            case = derived_id("weekly", category, week, n)
            told.append((at, registered(case, at)))
            triaged = ComplaintTriaged(
                complaint_id=case,
                category=category,
                severity=Severity.MAJOR if n == 0 and week % 4 == 0 else Severity.GENERAL,
                decided_by=Decider.PERSON,
                reasons=(),
                triaged_at=at,
            )
            told.append((at, triaged))
    return told


@pytest.mark.requirement("002-10", "P-41")
async def test_a_surge_is_a_signal_of_its_category_with_its_week(insights: Insights) -> None:  # noqa: F811
    steady = [6, 7, 5, 6, 7, 6, 5, 6, 7, 6]
    await insights.feed(records([*weekly([*steady, 30, 6]), *weekly([3] * 12, "billing")]))
    asked = {"from": "2026-01-01", "to": "2026-03-31", "by": "category", "value": "delivery"}
    shown = (await insights.http.get(f"{CHARTS}/counts", params=asked)).json()
    assert (shown["method"], shown["step"], shown["run_length"]) == ("Laney u'", "week", 8)
    [phase] = shown["phases"]
    assert [point["count"] for point in phase["points"]] == [*steady, 30, 6]
    assert (phase["from"], phase["to"], phase["enough"]) == ("2026-01-05", "2026-03-29", False)
    [beyond] = [each for each in shown["signals"] if each["rule"] == "above_limit"]
    assert (beyond["from"], beyond["name"]["zh"]) == ("2026-03-16", "超出控制上限")
    quiet = (await insights.http.get(f"{CHARTS}/counts", params=asked | {"value": "billing"})).json()
    assert quiet["signals"] == []
    daily = (await insights.http.get(f"{CHARTS}/counts", params=asked | {"step": "day"})).json()
    assert len(daily["phases"][0]["points"]) == 90
    assert daily["phases"][0]["enough"]


@pytest.mark.requirement("003-11")
async def test_an_improvement_begins_a_phase_with_limits_of_its_own(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(weekly([9, 10, 11, 9, 10, 11, 3, 2, 3, 4, 3, 2])))
    asked = {"from": "2026-01-05", "to": "2026-03-29", "phase_from": "2026-02-12"}
    shown = (await insights.http.get(f"{CHARTS}/counts", params=asked)).json()
    before, after = shown["phases"]
    assert (before["to"], after["from"]) == ("2026-02-15", "2026-02-16"), "the first whole week after it"
    assert before["centre"] == pytest.approx(60 / 42)
    assert after["centre"] == pytest.approx(17 / 42)
    assert shown["signals"] == []
    outside = await insights.http.get(f"{CHARTS}/counts", params=asked | {"phase_from": "2027-01-01"})
    assert outside.json()["errors"][0]["field"] == "query/phase_from"


@pytest.mark.requirement("002-17", "P-41")
async def test_shares_have_limits_by_how_many_there_were(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(MONEY))
    asked = {"from": "2026-03-01", "to": "2026-03-15", "step": "day"}
    shown = (await insights.http.get(f"{CHARTS}/shares", params=asked)).json()
    points = {point["from"]: point for point in shown["phases"][0]["points"]}
    assert (points["2026-03-01"]["count"], points["2026-03-01"]["number"]) == (1, 2.0)
    assert points["2026-03-02"]["rate"] is None
    slow = (await insights.http.get(f"{CHARTS}/shares", params=asked | {"share": "closed_slowly"})).json()
    assert slow["phases"][0]["centre"] == pytest.approx(2 / 4)
    alone = await insights.http.get(f"{CHARTS}/shares", params=asked | {"by": "category"})
    assert alone.json()["errors"][0]["field"] == "query/value"


@pytest.mark.requirement("002-10")
async def test_rare_severe_ones_are_judged_by_the_days_between(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(weekly([1, 1, 1, 1] * 3)))
    asked = {"from": "2026-01-01", "to": "2026-04-30"}
    shown = (await insights.http.get(f"{CHARTS}/rare", params=asked)).json()
    assert (shown["events"], shown["centre"], shown["rare"], shown["enough"]) == (3, 28.0, True, False)
    assert [gap["days"] for gap in shown["gaps"]] == [28, 28]
    assert shown["since_last"] == (date(2026, 4, 30) - date(2026, 3, 2)).days
    none = (await insights.http.get(f"{CHARTS}/rare", params=asked | {"severity": "urgent"})).json()
    assert (none["events"], none["centre"], none["gaps"], none["since_last"]) == (0, None, [], None)


@pytest.mark.requirement("002-10", "P-41")
async def test_pareto_names_the_vital_few_by_count_and_by_severity(insights: Insights) -> None:  # noqa: F811
    told = [
        *(each for n in range(8) for each in way(n, "registered", "triaged", category="delivery")),
        *way(8, "registered", "triaged", category="billing", severity=Severity.MAJOR),
        *way(9, "registered", "triaged", "withdrawn", category="billing"),
        *way(10, "registered"),
    ]
    await feed(insights, records(told))
    asked = {"from": "2026-03-01", "to": "2026-03-01"}
    shown = (await insights.http.get(f"{CHARTS}/pareto", params=asked)).json()
    assert (shown["complaints"], shown["weight"], shown["currency"]) == (10, "10.00", None)
    found = [(item["key"], item["complaints"], item["vital"], item["cumulative"]) for item in shown["items"]]
    assert found == [("delivery", 8, True, 0.8), (None, 1, False, 0.9), ("billing", 1, False, 1.0)]
    assert shown["items"][0]["certain"]
    assert 0.1 < shown["items"][1]["chance"] < 0.9, "with ten complaints it is partly chance"
    severe = (await insights.http.get(f"{CHARTS}/pareto", params=asked | {"weight": "severity"})).json()
    assert [(item["key"], item["weight"]) for item in severe["items"]] == [
        ("billing", "9.00"),
        ("delivery", "8.00"),
        (None, "1.00"),
    ]
    for by in ("product", "department", "region", "subcategory", "cause"):
        other = (await insights.http.get(f"{CHARTS}/pareto", params=asked | {"by": by})).json()
        assert sum(item["complaints"] for item in other["items"]) == 10


@pytest.mark.requirement("N-F", "002-10")
async def test_pareto_by_cost_is_the_market_at_risk_by_hand(insights: Insights) -> None:  # noqa: F811
    await feed(insights, records([*MONEY, *way(1, *WELL[:3], category="delivery")]))
    asked = {"from": "2026-03-01", "to": "2026-03-31", "weight": "cost"}
    shown = (await insights.http.get(f"{CHARTS}/pareto", params=asked)).json()
    assumed = ECONOMICS.shipped
    worth = {
        "delivery": money(Counts(2, 1), rates_of(assumed, Band.MAJOR)).market_at_risk
        + money(Counts(1, 1), rates_of(assumed, Band.MINOR)).market_at_risk,
        "billing": money(Counts(1, 0), rates_of(assumed, Band.MIDDLE)).market_at_risk,
    }
    assert (shown["currency"], shown["assumptions_version"], shown["complaints"]) == ("CNY", 0, 4)
    for item in shown["items"]:
        assert Decimal(item["weight"]) == round(worth[item["key"]], 2)
    assert [item["key"] for item in shown["items"]] == sorted(worth, key=lambda key: -worth[key])


async def test_whoever_may_not_read_measures_sees_no_chart(insights: Insights) -> None:  # noqa: F811
    for path in ("counts", "shares", "rare", "pareto"):
        assert (await insights.stranger.get(f"{CHARTS}/{path}")).status_code == 403
