"""Who buys again, by how the complaint ended: over HTTP, and in the money view when the rulebook says so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

from services.insights.app import service
from services.insights.economics.book import ECONOMICS
from shared import clock
from shared.events import CaseClosed, CaseWithdrawn, CustomerErased, PurchaseRecorded
from shared.events.vocabulary import Because, Money, Outcome
from shared.ids import derived_id
from shared.keys import create_key
from shared.process import Process
from tests.conftest import NewDatabase
from tests.insights_story import START, Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.services.test_insights_economics import STORY as MONEY
from tests.services.test_insights_journeys import feed
from tests.world import settings_for

URL = "/insights/v1/cohorts"
SPAN = {"from": "2026-03-01", "to": "2026-03-31"}
CLOSED = START + timedelta(days=1)


def told(number: int, outcome: Outcome | None, loss: str | None, *days: int) -> list[Told]:
    """A complaint that ended on 2 March, and on which days after that the customer bought."""
    case, customer = derived_id("cohort", number), derived_id("customer", number)
    lost = Money(amount=Decimal(loss), currency="USD") if loss else None
    end: Told = (
        (CLOSED, CaseClosed(complaint_id=case, outcome=outcome, closed_by="h", closed_at=CLOSED))
        if outcome
        else (CLOSED, CaseWithdrawn(complaint_id=case, withdrawn_at=CLOSED))
    )
    bought = [CLOSED + timedelta(days=day, hours=1) for day in days]
    return [
        (START, registered(case, START, customer_id=customer, estimated_loss=lost)),
        end,
        *(
            (
                at,
                PurchaseRecorded(
                    complaint_id=case,
                    purchase_id=derived_id("purchase", number, at),
                    customer_id=customer,
                    purchased_at=at,
                ),
            )
            for at in bought
        ),
    ]


STORY = [
    *told(0, Outcome.SATISFIED, "250", 10, 40),
    *told(1, Outcome.SATISFIED, "250", 60),
    *told(2, Outcome.SATISFIED, "250"),
    *told(3, Outcome.NOT_ACCEPTABLE, "250", -1),
    *told(4, None, None, 3),
    *told(5, Outcome.ACCEPTABLE, "3"),
]


@pytest.fixture
def in_summer(monkeypatch: pytest.MonkeyPatch) -> datetime:
    now = datetime(2026, 6, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


@pytest.mark.requirement("000-15", "000-16")
async def test_cohorts_by_ending_and_loss_beside_what_the_texts_say(
    insights: Insights,  # noqa: F811
    in_summer: datetime,
) -> None:
    await feed(insights, records(STORY))
    shown = (await insights.http.get(URL, params=SPAN)).json()
    cohorts = {(each["ending"], each["loss"]): each for each in shown["cohorts"]}
    satisfied = cohorts["satisfied", "major"]
    assert (satisfied["customers"], satisfied["small"]) == (3, True)
    assert [window["share"] for window in satisfied["windows"]] == [
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
        None,
    ], "nobody was watched for 180 days yet"
    assert satisfied["windows"][0]["low"] < 1 / 3 < satisfied["windows"][0]["high"]
    assert cohorts["not_acceptable", "major"]["windows"][0]["share"] == 0, "they bought before it ended"
    assert cohorts["withdrawn", None]["windows"][0]["share"] == 1
    texts = {(each["loss"], each["group"]): each["share"] for each in shown["references"]}
    assert texts == {
        ("minor", "satisfied"): "0.7",
        ("minor", "silent"): "0.368",
        ("major", "satisfied"): "0.543",
        ("major", "silent"): "0.095",
        (None, "quick"): "0.82",
        (None, "slow"): "0.54",
    }
    assert shown["used"] is False
    assert all(each["seen"] is None for each in shown["learned"])
    far = await insights.http.get(URL, params={"from": "2020-01-01", "to": "2026-01-01"})
    assert far.json()["errors"][0]["field"] == "query/from"
    assert (await insights.stranger.get(URL)).status_code == 403


@pytest.mark.requirement("000-15", "N-J")
async def test_a_purchase_after_a_later_complaint_counts_for_the_customer_and_erasure_ends_it(
    insights: Insights,  # noqa: F811
    in_summer: datetime,
) -> None:
    first, second = derived_id("cohort", 9), derived_id("cohort", "later")
    customer = derived_id("customer", 9)
    again = CLOSED + timedelta(days=5)
    bought = PurchaseRecorded(
        complaint_id=second,
        purchase_id=derived_id("p"),
        customer_id=customer,
        purchased_at=again + timedelta(days=1),
    )
    story = [
        *told(9, Outcome.SATISFIED, None),
        (again, registered(second, again, customer_id=customer)),
        (again, bought),
    ]
    await feed(insights, records(story))
    [cohort] = (await insights.http.get(URL, params=SPAN)).json()["cohorts"]
    assert (cohort["customers"], cohort["windows"][0]["share"]) == (1, 1.0)
    erased = [
        (
            in_summer,
            CustomerErased(
                complaint_id=case, customer_id=customer, because=Because.REQUESTED, erased_at=in_summer
            ),
        )
        for case in (first, second)
    ]
    await feed(insights, records([*story, *erased]))
    assert (await insights.http.get(URL, params=SPAN)).json()["cohorts"] == []
    [(kept,)] = await insights.rows(
        "SELECT count(*) FROM journeys WHERE customer_id IS NOT NULL OR bought_at <> '{}'"
    )
    assert kept == 0


@pytest.mark.requirement("N-F", "000-16")
async def test_the_money_view_uses_what_was_learned_when_the_rulebook_says_so(
    new_database: NewDatabase, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 10, 30, tzinfo=UTC))
    url = await new_database()
    process = Process(settings_for(url, scratch), url, [service])
    headers = {"Authorization": f"Bearer {await create_key(url, 'tests', ['admin'])}"}
    transport = httpx.ASGITransport(process.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://redress", headers=headers) as http:
        here = Insights(process.contexts["insights"], http, http, http)
        await here.feed(records(MONEY))
        buyers = [each for n in range(40) for each in told(100 + n, Outcome.SATISFIED, "250", 20)]
        await feed(here, records(buyers))

        async def recoverable() -> Decimal:
            answer = await http.get("/insights/v1/economics", params=SPAN)
            page = BeautifulSoup(
                (await http.get("/insights/pages/money", params=SPAN)).text, features="html.parser"
            )
            [shown] = page.select("#figure-recoverable data")
            assert shown["value"] == answer.json()["groups"][0]["recoverable"]["value"], (
                "the page says it, too"
            )
            return Decimal(answer.json()["groups"][0]["recoverable"]["value"])

        before = await recoverable()
        content: dict[str, Any] = ECONOMICS.shipped.model_dump(mode="json") | {"learn_repurchase": True}
        made = await http.post(
            "/insights/v1/rulebooks/economics/versions", json={"content": content, "reason": "Our own."}
        )
        assert made.status_code == 201, made.text
        await http.put("/insights/v1/rulebooks/economics", json={"version": 1, "reason": "Our own."})
        shown = (await http.get(URL, params=SPAN)).json()
        assert shown["used"] is True
        [learned] = [
            each for each in shown["learned"] if (each["loss"], each["group"]) == ("major", "satisfied")
        ]
        # All of the forty, and not the one that the story of money had before.
        assert (learned["assumed"], learned["seen"]) == ("0.543", pytest.approx(40 / 41))
        assert 0.543 < learned["posterior_low"] < learned["posterior"] < learned["posterior_high"] < 1
        # Satisfied customers of a major loss buy again more often than assumed: more is to be won by satisfying them.
        assert await recoverable() > before
        by_channel = SPAN | {"by": "channel"}
        chain = (await http.get("/insights/v1/measures/chain", params=by_channel)).json()
        worth = (await http.get("/insights/v1/economics", params=by_channel)).json()
        figures = {
            unit["key"]: {each["measure"]: each for each in unit["figures"]} for unit in chain["units"]
        }
        for each in worth["groups"]:
            found = figures[each["key"]]["recovered_per_complaint"]
            assert found["value"] * found["of"] == pytest.approx(float(each["recovered"]["value"]), abs=0.01)
    await process.log.stop()
    await process._close()
