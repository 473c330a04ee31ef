"""What complaints are worth: over HTTP, from the sums; and sums that are counted again when a release keeps others."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.insights.economics.book import ECONOMICS
from services.insights.economics.model import Counts, money, rates_of
from services.insights.losses import Band
from services.insights.recount import recount
from shared.events import CaseClosed, ComplaintAssigned, ComplaintTriaged, SolutionCarriedOut
from shared.events.intake import ProductRef
from shared.events.routing import Decider
from shared.events.vocabulary import Money, Outcome, Severity
from shared.ids import derived_id
from shared.keys import create_key
from shared.process import Process
from tests.conftest import NewDatabase
from tests.insights_story import START, Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.world import settings_for

URL = "/insights/v1/economics"
SPAN = {"from": "2026-03-01", "to": "2026-03-31"}


def told(number: int, category: str, loss: str | None, outcome: Outcome, hours: int) -> list[Told]:
    case, at = derived_id("economics", number), START + timedelta(hours=number)
    done = at + timedelta(hours=hours)
    lost = Money(amount=Decimal(loss), currency="USD") if loss else None
    return [
        (at, registered(case, at, estimated_loss=lost, product=ProductRef(name="kettle"))),
        (
            at,
            ComplaintTriaged(
                complaint_id=case,
                category=category,
                severity=Severity.GENERAL,
                decided_by=Decider.PERSON,
                reasons=(),
                triaged_at=at,
            ),
        ),
        (
            at,
            ComplaintAssigned(
                complaint_id=case,
                department="quality",
                handler_id="li.na",
                handler_name="Li Na",
                reasons=(),
                assigned_at=at,
            ),
        ),
        (
            done,
            SolutionCarriedOut(complaint_id=case, result="Done.", carried_out_by="h", carried_out_at=done),
        ),
        (done, CaseClosed(complaint_id=case, outcome=outcome, closed_by="h", closed_at=done)),
    ]


STORY = [
    *told(0, "delivery", "250", Outcome.SATISFIED, 10),
    *told(1, "delivery", "250", Outcome.NOT_ACCEPTABLE, 100),
    *told(2, "delivery", "3", Outcome.SATISFIED, 100),
    *told(3, "billing", None, Outcome.ACCEPTABLE, 10),
]


@pytest.mark.requirement("N-F", "000-16", "000-17", "000-04", "000-05", "000-06")
async def test_each_group_is_worth_what_its_bands_are_by_hand(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(STORY))
    shown = (await insights.http.get(URL, params=SPAN | {"by": "category"})).json()
    assert (shown["currency"], shown["assumptions_version"], shown["by"]) == ("CNY", 0, "category")
    delivery, billing = shown["groups"]
    assert [delivery[name] for name in ("key", "complaints", "satisfied", "slow")] == ["delivery", 3, 2, 2]
    assert [billing[name] for name in ("key", "complaints", "satisfied", "slow")] == ["billing", 1, 0, 0]
    major = money(Counts(2, 1, slow=1), rates_of(ECONOMICS.shipped, Band.MAJOR))
    minor = money(Counts(1, 1, slow=1), rates_of(ECONOMICS.shipped, Band.MINOR))
    for name in (
        "market_at_risk",
        "recovered",
        "recoverable",
        "speed",
        "word_of_mouth",
        "replacement",
        "handling",
    ):
        figure = delivery[name]
        assert Decimal(figure["value"]) == round(getattr(major, name) + getattr(minor, name), 2), name
        assert Decimal(figure["low"]) <= Decimal(figure["high"])
    middle = money(Counts(1, 0), rates_of(ECONOMICS.shipped, Band.MIDDLE))
    assert Decimal(billing["market_at_risk"]["value"]) == round(middle.market_at_risk, 2), "no loss was named"
    whole = (await insights.http.get(URL, params=SPAN)).json()["groups"]
    [one] = whole
    assert one["key"] is None
    assert Decimal(one["market_at_risk"]["value"]) == sum(
        Decimal(group["market_at_risk"]["value"]) for group in shown["groups"]
    )
    for by in ("department", "channel", "product"):
        assert (await insights.http.get(URL, params=SPAN | {"by": by})).json()["groups"][0]["complaints"] == 4
    assert (await insights.http.get(URL, params={"from": "2026-05-01", "to": "2026-05-31"})).json()[
        "groups"
    ] == []


@pytest.mark.requirement("N-F", "000-08", "003-11")
async def test_fixes_are_ranked_by_what_is_sure_to_come_back(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(STORY))
    sure, maybe = ({"value": "0.5", "low": low, "high": high} for low, high in (("0.49", "0.51"), ("0", "1")))
    fixes: list[dict[str, Any]] = [
        {"key": "billing", "name": "Clear bills", "works": sure, "years": "1", "cost": "1000"},
        {"key": "delivery", "name": "A wager", "works": maybe, "years": "1", "cost": "100000"},
        {
            "key": "delivery",
            "name": "Better crates",
            "works": sure,
            "years": "1",
            "cost": "1000",
            "share": "0.5",
        },
    ]
    asked = SPAN | {"by": "category", "fixes": fixes}
    ranked = (await insights.http.post(f"{URL}/prevention", json=asked)).json()["fixes"]
    assert [each["name"] for each in ranked] == ["Better crates", "Clear bills", "A wager"]
    group = (await insights.http.get(URL, params=SPAN | {"by": "category"})).json()["groups"][0]
    worth = Decimal(group["market_at_risk"]["value"]) + Decimal(group["handling"]["value"])
    by_hand = worth * Decimal("0.5") * Decimal("0.5") * Decimal(365) / 31 / 1000
    assert abs(Decimal(ranked[0]["returns"]["value"]) - by_hand) < Decimal("0.01")

    unknown = await insights.http.post(
        f"{URL}/prevention", json=asked | {"fixes": [fixes[0] | {"key": "weather"}]}
    )
    assert unknown.status_code == 422
    assert [error["field"] for error in unknown.json()["errors"]] == ["body/fixes/0/key"]
    late = await insights.http.post(f"{URL}/prevention", json=asked | {"from": "2026-04-01"})
    assert [error["field"] for error in late.json()["errors"]] == ["body/from"]


@pytest.mark.requirement("N-F")
async def test_other_assumptions_give_other_money_and_a_rebuild_leaves_them(
    new_database: NewDatabase, scratch: Path
) -> None:
    from services.insights.app import service

    url = await new_database()
    process = Process(settings_for(url, scratch), url, [service])
    headers = {"Authorization": f"Bearer {await create_key(url, 'tests', ['admin'])}"}
    transport = httpx.ASGITransport(process.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://redress", headers=headers) as http:
        here = Insights(process.contexts["insights"], http, http, http)
        await here.feed(records(STORY))
        content = ECONOMICS.shipped.model_dump(mode="json")
        content["silent_per_complaint"] |= {"value": "1", "low": "0.5", "high": "2"}
        made = await http.post(
            "/insights/v1/rulebooks/economics/versions", json={"content": content, "reason": "Our survey."}
        )
        assert made.status_code == 201, made.text
        before = (await http.get(URL, params=SPAN)).json()["groups"][0]["market_at_risk"]
        await http.put("/insights/v1/rulebooks/economics", json={"version": 1, "reason": "Our survey."})
        shown = (await http.get(URL, params=SPAN)).json()
        assert shown["assumptions_version"] == 1
        assert Decimal(shown["groups"][0]["market_at_risk"]["value"]) < Decimal(before["value"]) / 10
    await process.log.stop()
    await process._close()


@pytest.mark.requirement("002-10")
async def test_when_a_release_keeps_other_sums_all_is_counted_again(insights: Insights) -> None:  # noqa: F811
    """As after an upgrade: what was summed before lacks the new cuts, and a correction must not take from nothing."""
    await insights.feed(records(STORY[:-5]))
    kept = await insights.snapshot()
    async with insights.context.database.transaction() as transaction:
        await transaction.execute(text("DELETE FROM daily WHERE dimension NOT IN ('none', 'category')"))
        await transaction.execute(text("DELETE FROM monthly_durations WHERE dimension <> 'none'"))
        await transaction.execute(text("UPDATE layout SET digest = 'of the release before'"))
    async with insights.context.database.transaction() as transaction:
        await transaction.connection.run_sync(recount)
    assert await insights.snapshot() == kept
    await insights.feed(records(STORY[-5:]))
    [(parked,)] = await insights.rows("SELECT count(*) FROM dead_letters")
    assert parked == 0
    whole = (await insights.measures(**SPAN))[None]
    assert whole["closed"]["value"] == 4
