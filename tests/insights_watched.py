"""Something for every page to show: alerts, topics and an audit, each made by its own room and answered by people."""

from datetime import UTC, datetime
from typing import Any

import httpx

from shared import clock
from shared.keys import create_key
from tests.insights_story import Told, records
from tests.services import test_early_warning as warnings
from tests.services import test_fairness_audit as fairness
from tests.services import test_insights_topics as topics
from tests.services.test_insights import Insights

API = "/insights/v1"
NEW = -13
"""The week of 2 March 2026, counted from the one that the tests of topics begin with."""
AUDITED = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAYS = {"from": "2026-03-01", "to": "2026-03-31"}


async def feed(insights: Insights, told: list[Told]) -> None:
    await insights.feed(records(sorted(told, key=lambda each: each[0])), size=1000)


async def administrator(insights: Insights) -> httpx.AsyncClient:
    """Who may read and answer everything."""
    key = await create_key(insights.context.settings.database_url or "", "admin", ["admin"])
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=insights.http._transport, base_url="http://redress", headers=headers)


async def watched(insights: Insights) -> None:
    """All of it in March 2026."""
    told = topics.stream(range(NEW - 6, NEW + 1)) + topics.planted(NEW, "zh") + topics.planted(NEW, "en")
    await feed(insights, [*told, *fairness.quarter(300)])
    await topics.mine(insights, NEW - 1, NEW)
    await warnings.put(insights.context.database, *warnings.QUIET, *warnings.SURGE)
    await warnings.look(insights)
    async with await administrator(insights) as http:
        with clock.moved_to(lambda: AUDITED):
            audit = await post(http, "/fairness/audits", {"about": "customers"} | DAYS)
            first = audit["comparisons"][0]["id"]
            said = {"decision": "explained", "reason": "By contract."}
            await post(http, f"/fairness/comparisons/{first}/answers", said)
            alerts = (await http.get(f"{API}/alerts")).json()["items"]
            await post(http, f"/alerts/{alerts[0]['id']}/confirm", {"reason": "The valve of batch 2026-07."})


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(f"{API}{path}", json=body)
    assert answer.status_code < 300, answer.text
    made: dict[str, Any] = answer.json()
    return made
