"""Where in the sale complaints begin: told to intake, counted by insights."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.events import CaseClosed, CaseWithdrawn, ComplaintMerged, ComplaintSupplemented
from shared.events.intake import ExpectationGap, Sale
from shared.events.vocabulary import Channel, GapSource, Kind, Medium, Outcome, SaleMode, SaleStep
from shared.ids import derived_id
from tests.insights_story import START, Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.world import TOLD, World, eventually

ATTRIBUTION = "/insights/v1/attribution"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def attributed(http: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    answer = await http.get(ATTRIBUTION, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.requirement("000-20", "004-09", "004-10")
async def test_from_what_is_told_of_the_sale_to_where_complaints_begin(world: World) -> None:
    product = {"product": {"name": "Heat pump"}}
    sold = await world.register(
        TOLD
        | product
        | {
            "channel": "store",
            "sale": {"step": "consultation", "mode": "forced"},
            "expectation": {"expected": "Warm in an hour.", "source": "salesperson"},
        }
    )
    silent = await world.register(TOLD | product)
    added = {"channel": "phone", "sale": {"step": "installation"}, "expectation": {"source": "product"}}
    for body in (added, {"channel": "phone", "sale": {"mode": "interactive"}}):
        answer = await world.http.post(f"/intake/v1/complaints/{silent['id']}/additions", json=body)
        assert answer.status_code == 201, answer.text

    shown = (await world.http.get(f"/intake/v1/complaints/{sold['id']}")).json()
    assert shown["sale"] == {"step": "consultation", "mode": "forced"}
    assert shown["expectation"]["source"] == "salesperson"
    shown = (await world.http.get(f"/intake/v1/complaints/{silent['id']}")).json()
    assert shown["sale"] == {"step": "installation", "mode": "interactive"}, "the second word keeps the first"

    async def known() -> bool:
        found = await attributed(world.http, product="Heat pump")
        return {each["mode"] for each in found["modes"]} == {"forced", "interactive"}

    await eventually(known, what="insights to know both sales")
    found = await attributed(world.http, product="Heat pump")
    assert found["complaints"] == 2
    assert {each["step"] for each in found["steps"]} == {"consultation", "installation"}
    assert {each["source"] for each in found["sources"]} == {"salesperson", "product"}
    together = {(each["step"], each["mode"], each["channel"]) for each in found["together"]}
    assert together == {("consultation", "forced", "store"), ("installation", "interactive", "web_form")}
    wrong = await world.http.post(
        "/intake/v1/complaints", json=TOLD | {"sale": {"step": "the sale", "mode": "forced"}}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body/sale/step")


def sold(
    number: int, step: str | None, mode: str | None, source: str | None = None, **fields: object
) -> Told:
    told = {
        "sale": Sale.model_validate({"step": step, "mode": mode}),
        "expectation": ExpectationGap.model_validate({"source": source}),
    }
    return START, registered(derived_id("sold", number), START, **told | fields)


def closed(number: int, outcome: Outcome) -> Told:
    at = START + timedelta(days=1)
    case = derived_id("sold", number)
    return at, CaseClosed(complaint_id=case, outcome=outcome, closed_by="h1", closed_at=at)


@pytest.mark.requirement("000-20", "004-10")
async def test_steps_modes_and_channels_are_counted_with_how_they_ended(
    insights: Insights,  # noqa: F811
) -> None:
    at = START + timedelta(hours=1)
    merged, withdrawn = derived_id("sold", 8), derived_id("sold", 9)
    told = [
        *(sold(n, "consultation", "forced", channel=Channel.STORE) for n in range(4)),
        sold(4, "after_sales", "explanatory"),
        sold(5, "after_sales", "explanatory"),
        sold(6, None, None),
        sold(7, "contract", "forced", kind=Kind.PRAISE),
        sold(8, "contract", "forced"),
        sold(9, "delivery", "persuasive", channel=Channel.STORE),
        (at, ComplaintMerged(complaint_id=merged, leading_id=derived_id("x"), merged_by="h", merged_at=at)),
        (at, CaseWithdrawn(complaint_id=withdrawn, in_time=True, withdrawn_at=at)),
        *(closed(n, outcome) for n, outcome in enumerate(Outcome)),
        closed(3, Outcome.NOT_ACCEPTABLE),
        closed(4, Outcome.SATISFIED),
    ]
    await insights.feed(records(told))
    found = await attributed(insights.http, **MARCH)
    assert found["complaints"] == 8, "neither praise nor what goes on under another complaint"
    assert [(each["step"], each["complaints"]) for each in found["steps"]] == [
        ("consultation", 4),
        ("after_sales", 2),
        ("delivery", 1),
        (None, 1),
    ]
    forced = found["modes"][0]
    assert (forced["mode"], forced["share"]) == ("forced", 0.5)
    assert (forced["low"], forced["high"]) == (
        pytest.approx(0.2152, abs=1e-4),
        pytest.approx(0.7848, abs=1e-4),
    )
    ended = {"open": 0, "withdrawn": 0, "satisfied": 1, "acceptable": 1, "not_acceptable": 2}
    assert ended.items() <= forced["ended"].items()
    assert forced["ended"]["satisfied_share"] == 0.25
    by_step = {each["step"]: each["ended"] for each in found["steps"]}
    assert (by_step["delivery"]["withdrawn"], by_step["delivery"]["satisfied_share"]) == (1, None)
    assert (by_step["after_sales"]["open"], by_step["after_sales"]["satisfied"]) == (1, 1)
    assert {each["channel"]: each["complaints"] for each in found["channels"]} == {"store": 5, "phone": 3}
    first = found["together"][0]
    assert (first["step"], first["mode"], first["channel"], first["complaints"]) == (
        *("consultation", "forced", "store"),
        4,
    )
    for part in ("steps", "modes", "channels", "sources", "together"):
        assert sum(each["complaints"] for each in found[part]) == 8
        assert sum(each["share"] for each in found[part]) == pytest.approx(1)
    none = await attributed(insights.http, **MARCH, product="nothing of ours")
    assert (none["complaints"], none["steps"], none["together"]) == (0, [], [])


@pytest.mark.requirement("004-09")
async def test_a_gap_comes_from_the_customer_the_salesperson_or_the_product_and_the_last_word_counts(
    insights: Insights,  # noqa: F811
) -> None:
    later = START + timedelta(hours=1)
    corrected = ComplaintSupplemented(
        complaint_id=derived_id("sold", 0),
        addition_id=derived_id("more"),
        number=1,
        contact_at=later,
        added_by="h1",
        added_at=later,
        medium=Medium.ONLINE,
        channel=Channel.PHONE,
        expectation=ExpectationGap(source=GapSource.SALESPERSON),
        sale=Sale(mode=SaleMode.PERSUASIVE),
        completeness=0.5,
    )
    sources = ("customer", "customer", "salesperson", "product", None)
    told = [sold(n, "consultation", "forced", source) for n, source in enumerate(sources)]
    await insights.feed(records([*told, (later, corrected)]))
    found = await attributed(insights.http, **MARCH)
    assert {each["source"]: each["complaints"] for each in found["sources"]} == {
        "salesperson": 2,
        "customer": 1,
        "product": 1,
        None: 1,
    }
    row = (await insights.http.get(f"/insights/v1/complaints/{derived_id('sold', 0)}")).json()
    assert (row["gap_source"], row["sale_step"], row["sale_mode"]) == (
        GapSource.SALESPERSON,
        SaleStep.CONSULTATION,
        SaleMode.PERSUASIVE,
    )


async def test_a_range_is_a_year_at_most_and_for_those_who_may_read_measures(
    insights: Insights,  # noqa: F811
) -> None:
    long = await insights.http.get(ATTRIBUTION, params={"from": "2025-01-01", "to": "2026-01-02"})
    assert (long.status_code, long.json()["errors"][0]["field"]) == (422, "query/from")
    assert (await insights.stranger.get(ATTRIBUTION)).status_code == 403
