"""Whether a rate of complaints fell: asked of insights over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.insights.rebuild import rebuild
from shared.events import (
    CaseWithdrawn,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintSupplemented,
    ComplaintTriaged,
    ImprovementJoined,
    ImprovementLeft,
)
from shared.events.intake import ProductRef, TaxonomyCode
from shared.events.routing import Decider
from shared.events.vocabulary import Channel, Severity
from shared.ids import derived_id
from tests.conftest import NewDatabase
from tests.insights_story import Told, records, registered
from tests.services.test_insights import Insights, open_insights

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PERIODS = {
    "before_from": "2026-01-01",
    "before_to": "2026-01-31",
    "after_from": "2026-02-01",
    "after_to": "2026-02-28",
}
IMPROVEMENT = derived_id("improvement", 1)


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    async with open_insights(await new_database(), scratch) as opened:
        yield opened


def complaint(number: int, day: int, category: str = "function_fault", **fields: Any) -> list[Told]:
    i, at = derived_id("effect", number), NOON + day * DAY
    product = ProductRef(name=fields.pop("product", "motor"), batch="1")
    triaged = ComplaintTriaged(
        complaint_id=i,
        category=category,
        severity=Severity.GENERAL,
        decided_by=Decider.RULES,
        reasons=(),
        triaged_at=at,
    )
    return [(at, registered(i, at, product=product, **fields)), (at, triaged)]


async def effect(insights: Insights, **asked: object) -> dict[str, Any]:
    answer = await insights.http.get("/insights/v1/effect", params=PERIODS | asked)  # type: ignore[arg-type]  # str
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def counts(found: dict[str, Any]) -> tuple[int, int]:
    return found["before"]["complaints"], found["after"]["complaints"]


@pytest.mark.requirement("P-21", "001-22", "000-08")
async def test_what_counts_and_by_how_much_it_fell(insights: Insights) -> None:
    told: list[Told] = []
    for number in range(12):
        told += complaint(number, number)
    told += complaint(20, 30)  # the last day before
    told += complaint(21, 31)  # the first day after
    told += complaint(22, 58)  # the last day after
    told += complaint(23, 59)  # too late
    told += complaint(24, 3, "late_delivery")
    told += complaint(25, 3, product="pump")
    told += complaint(26, 3, kind="praise")
    told += [*complaint(27, 3), *complaint(28, 3)]
    at = NOON + 70 * DAY
    by: dict[str, Any] = {"merged_by": "x", "merged_at": at}
    told.append((at, ComplaintMerged(complaint_id=derived_id("effect", 27), leading_id=UUID(int=1), **by)))
    told.append((at, CaseWithdrawn(complaint_id=derived_id("effect", 28), withdrawn_at=at)))
    for number in (0, 1, 21):
        i = derived_id("effect", number)
        told.append(
            (at, ImprovementJoined(complaint_id=i, improvement_id=IMPROVEMENT, joined_by="x", joined_at=at))
        )
    left = ImprovementLeft(
        complaint_id=derived_id("effect", 1), improvement_id=IMPROVEMENT, left_by="x", left_at=at
    )
    told.append((at, left))
    coded = ComplaintCoded(
        complaint_id=derived_id("effect", 2),
        number=1,
        taxonomy_version=1,
        codes=(TaxonomyCode(category="function_fault", subcategory="safety"),),
        values=("safety",),
        reason="x",
        coded_by="x",
        coded_at=at,
    )
    told.append((at, coded))
    renamed = ComplaintSupplemented(
        complaint_id=derived_id("effect", 3),
        addition_id=derived_id("addition", 3),
        number=1,
        contact_at=at,
        added_by="x",
        added_at=at,
        medium=Channel.PHONE.medium,
        channel=Channel.PHONE,
        product=ProductRef(name="pump"),
        completeness=0.5,
    )
    told.append((at, renamed))
    await insights.feed(records(told))

    motor = await effect(insights, category="function_fault", product="motor")
    assert counts(motor) == (12, 2)
    assert (motor["before"]["exposure"], motor["after"]["exposure"]) == ("31", "28")
    assert motor["rate_ratio"] == pytest.approx(2 / 12 * 31 / 28)
    assert motor["low"] < motor["rate_ratio"] < motor["high"] < 1
    assert motor["fell"] is True
    assert motor["p_value"] < 0.05
    assert "Clopper" in motor["method"]
    assert counts(await effect(insights)) == (15, 2)
    assert counts(await effect(insights, product="pump")) == (2, 0)
    assert counts(await effect(insights, subcategory="safety")) == (1, 0)
    assert counts(await effect(insights, improvement_id=IMPROVEMENT)) == (1, 1)
    per_unit = await effect(insights, product="motor", exposure_before="12000", exposure_after="1000")
    assert per_unit["rate_ratio"] == pytest.approx(2 / 13 * 12)
    assert per_unit["fell"] is False
    nothing = await effect(insights, product="none")
    assert (nothing["rate_ratio"], nothing["low"], nothing["high"], nothing["p_value"]) == (None, 0, None, 1)
    before = await insights.snapshot()
    await rebuild(insights.context)
    await insights.feed(records(told))
    assert await insights.snapshot() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"before_to": "2025-12-31"}, "query/before_to"),
        ({"after_from": "2026-01-31"}, "query/after_from"),
        ({"after_to": "2036-03-01"}, "query/after_from"),
        ({"after_to": "9999-12-31"}, "query/after_to"),
        ({"before_from": "0001-01-01"}, "query/before_to"),
        ({"exposure_before": "3"}, "query/exposure_after"),
        ({"exposure_before": "0", "exposure_after": "1"}, "query/exposure_before"),
        ({"category": "No!"}, "query/category"),
    ],
)
async def test_periods_that_make_no_sense_are_refused(
    insights: Insights, change: dict[str, str], field: str
) -> None:
    answer = await insights.http.get("/insights/v1/effect", params=PERIODS | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
