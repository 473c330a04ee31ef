"""The forecast of the backlog over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import clock
from shared.events import CaseClosed
from shared.events.vocabulary import Outcome
from shared.ids import derived_id
from tests.insights_story import Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.services.test_insights_journeys import feed

URL = "/insights/v1/forecast/backlog"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def desk(days: int) -> list[Told]:
    """Two a day, each open for ten days."""
    told: list[Told] = []
    for n in range(2 * days):
        at, case = NOON + timedelta(days=n // 2), derived_id("desk", n)
        end = at + timedelta(days=10)
        told.append((at, registered(case, at)))
        if n // 2 + 10 < days:
            told.append(
                (end, CaseClosed(complaint_id=case, outcome=Outcome.SATISFIED, closed_by="h", closed_at=end))
            )
    return told


@pytest.mark.requirement("002-10", "P-41")
async def test_the_open_ones_of_the_coming_weeks(
    insights: Insights,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=120))
    empty = (await insights.http.get(URL)).json()
    assert (empty["enough"], empty["open_now"], empty["weeks"]) == (False, 0, [])
    await feed(insights, records(desk(120)), 500)
    shown = (await insights.http.get(URL, params={"weeks": 4})).json()
    assert (shown["as_of"], shown["open_now"], shown["history_weeks"]) == ("2026-05-04", 20, 17)
    assert [week["to"] for week in shown["weeks"]] == ["2026-05-11", "2026-05-18", "2026-05-25", "2026-06-01"]
    for week in shown["weeks"]:
        assert week["arrivals"] == pytest.approx(14, rel=0.05)
        assert week["low"] <= 20 <= week["high"]
        assert 14 <= week["middle"] <= 26
    assert shown["littles_law"]["ratio"] == pytest.approx(20 / 22, rel=0.05), "the day of the end counts, too"
    assert (await insights.http.get(URL, params={"weeks": 4})).json() == shown, "the same draws"
    assert (await insights.http.get(URL, params={"weeks": 99})).status_code == 422
    assert (await insights.stranger.get(URL)).status_code == 403
