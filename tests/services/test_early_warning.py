"""The early warning at work: over HTTP, on the log, and in the hands of people."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest

from services.insights.alerts import limits
from services.insights.alerts.counts import recount
from services.insights.alerts.book import EARLY_WARNING
from services.insights.alerts.judging import Portfolio, judge
from services.insights.alerts.past import calibrations
from services.insights.alerts.severe import bunched
from services.insights.alerts.watch import Watch
from services.insights.store import complaints
from services.insights.warning.counting import once
from shared import clock
from shared.bulk import insert_rows
from shared.database import Database
from shared.events import WarningRaised
from shared.events.insights import WarningEvidence, WarningStep, WarningTail
from shared.ids import derived_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.services.test_insights import Insights, open_insights

MONDAY = date(2026, 3, 2)
"""Of the week that is judged."""
WEEK = timedelta(weeks=1)
JUDGED_AT = datetime.combine(MONDAY + WEEK, time(7), UTC)
URL = "/insights/v1/alerts"

NUMBERS = {name: 0 for name in complaints.columns.keys() if not complaints.c[name].nullable and name != "id"}


def at(day: date, second: int = 0) -> datetime:
    return datetime.combine(day, time(9), UTC) + timedelta(seconds=second)


def row(number: int, moment: datetime, **fields: Any) -> dict[str, Any]:
    """A complaint as the events would have told it, each by a customer of its own."""
    known: dict[str, Any] = {
        **NUMBERS,
        **{"promises_kept_at": [], "promises_broken_at": []},
        **{"id": derived_id("warned", number), "registered_at": moment, "kind": "complaint"},
        **{"customer_id": derived_id("customer", number), "channel": "phone", "severity": "general"},
        **dict.fromkeys(("category", "subcategory", "product", "region", "batch", "supplier", "loss")),
    }
    return known | fields


def weeks_of(
    number: int, weeks: int, each: int, *, until: date = MONDAY, **fields: Any
) -> Iterator[dict[str, Any]]:
    """So many complaints in each of the weeks before `until`, spread over days, a few more or less."""
    noise = np.random.default_rng(number).poisson(each, weeks)
    for week in range(weeks):
        for one in range(int(noise[week])):
            day = until - (week + 1) * WEEK + timedelta(days=one % 7)
            yield row(number + week * 100 + one, at(day, one), **fields)


async def put(database: Database, *rows: dict[str, Any]) -> None:
    async with database.transaction() as transaction:
        await insert_rows(transaction, complaints, rows)


async def look(insights: Insights, moment: datetime = JUDGED_AT) -> int:
    with clock.moved_to(lambda: moment):
        return await Watch(insights.context).turn()


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    url = await new_database()
    async with open_insights(url, scratch) as opened:
        key = await create_key(url, "admin", ["admin"])
        opened.http.headers["Authorization"] = f"Bearer {key}"
        yield opened


async def listed(insights: Insights, **asked: Any) -> list[dict[str, Any]]:
    answer = await insights.http.get(URL, params={"limit": 200} | asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def told(insights: Insights, type_: str) -> list[dict[str, Any]]:
    rows = await insights.rows(f"SELECT body FROM outbox WHERE headers->>'ce_type' = '{type_}' ORDER BY 1")
    return [body for (body,) in rows]


def surge(of: list[dict[str, Any]], **parts: str) -> dict[str, Any]:
    [one] = [each for each in of if each["parts"] == parts and each["tail"] == "surge"]
    return one


QUIET = [
    *weeks_of(1_000_000, 60, 3, product="kettle", category="function_fault", subcategory="use", region="CN-44"),
    *weeks_of(2_000_000, 60, 4, product="fridge", category="function_fault", subcategory="use", region="CN-31"),
    *weeks_of(3_000_000, 60, 5, product="oven", category="after_sales", subcategory="late", region="CN-31"),
]
SURGE = [
    row(
        9_000_000 + number,
        at(MONDAY + timedelta(days=number % 5), number),
        **{"product": "kettle", "category": "function_fault", "subcategory": "use"},
        **{"region": "CN-44", "batch": "2026-07" if number % 4 else "2026-06", "loss": "major"},
    )
    for number in range(24)
]


@pytest.mark.requirement("003-06", "N-G", "003-12")
async def test_a_surge_is_raised_once_with_what_it_is_about(insights: Insights) -> None:
    await put(insights.context.database, *QUIET, *SURGE, row(1, at(MONDAY), product="oven", category="after_sales"))
    assert await look(insights) >= 1
    found = surge(await listed(insights, level="alert"), product="kettle")
    assert (found["step"], found["since"], found["starts"]) == ("week", "2026-03-02", "2026-03-02")
    assert found["announced"] and found["ended_at"] is None
    assert "product kettle" in found["words_en"] and "kettle" in found["words_zh"]
    shown = (await insights.http.get(f"{URL}/{found['id']}")).json()
    assert [factor["attribute"] for factor in shown["factors"]][0] == "batch"
    assert shown["factors"][0]["value"] == "2026-07"
    assert shown["factors"][0]["ic025"] > 0
    assert shown["proposal"]["products"] == ["kettle"]
    assert shown["proposal"]["batches"][0] == "2026-07"
    loss = {name: float(shown["loss"][name]) for name in ("value", "low", "high")}
    assert 0 < loss["low"] < loss["value"] < loss["high"]
    page = (await insights.http.get(f"{URL}/{found['id']}/complaints", params={"limit": 20})).json()
    rest = (
        await insights.http.get(f"{URL}/{found['id']}/complaints", params={"limit": 200, "cursor": page["next"]})
    ).json()
    affected = [*page["items"], *rest["items"]]
    assert len(affected) == shown["complaints"] >= 24
    assert {each["product"] for each in affected} == {"kettle"}
    assert not any(each["parts"] == {"product": "oven"} for each in await listed(insights))
    events = await insights.rows(
        "SELECT count(*) FROM outbox WHERE headers->>'ce_type' = 'redress.warning.raised.v1'"
    )
    announced = [each for each in await listed(insights) if each["announced"]]
    assert events == [(len(announced),)]
    assert await look(insights) == 0, "a week is judged once"
