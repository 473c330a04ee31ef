"""A product's name around a public case, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.events import CaseClosed, ComplaintSupplemented
from shared.events.intake import ProductRef
from shared.events.vocabulary import Channel, Kind, Medium, Outcome, Visibility
from shared.ids import derived_id
from tests.insights_story import Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture

REPUTATION = "/insights/v1/reputation"
CASE = datetime(2026, 3, 4, 10, tzinfo=UTC)
"""A Wednesday."""
ASKED = {"product": "kettle", "from": "2026-01-05", "to": "2026-05-31"}


def week(number: int, satisfied: int, closed: int, product: str = "kettle") -> list[Told]:
    """Cases closed in a week before (below 0) or after the case."""
    told: list[Told] = []
    for n in range(closed):
        at = CASE + timedelta(weeks=number, hours=n)
        case = derived_id("judged", product, number, n)
        outcome = Outcome.SATISFIED if n < satisfied else Outcome.NOT_ACCEPTABLE
        told.append((at, registered(case, at, product=ProductRef(name=product))))
        told.append((at, CaseClosed(complaint_id=case, outcome=outcome, closed_by="h1", closed_at=at)))
    return told


def public(number: int, at: datetime, **fields: object) -> Told:
    known: dict[str, object] = {"product": ProductRef(name="kettle"), "visibility": Visibility.PUBLIC}
    return at, registered(derived_id("public", number), at, **known | fields)


async def asked(insights: Insights, **query: str) -> dict[str, Any]:  # noqa: F811
    answer = await insights.http.get(REPUTATION, params=ASKED | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.requirement("000-14")
async def test_a_name_dips_after_a_public_case_and_recovers(insights: Insights) -> None:  # noqa: F811
    told = [
        *(each for n in range(-6, 0) for each in week(n, 17, 20)),
        *(each for n in range(4) for each in week(n, 8, 20)),
        *(each for n in range(4, 12) for each in week(n, 18, 20)),
        *(each for n in range(-6, 12) for each in week(n, 10, 10, "toaster")),
        public(1, CASE),
        public(2, CASE + timedelta(days=8)),
        public(3, CASE - timedelta(days=9), kind=Kind.PRAISE),
        public(4, CASE - timedelta(days=9), product=ProductRef(name="toaster")),
    ]
    await insights.feed(records(sorted(told, key=lambda pair: pair[0])))
    found = await asked(insights)
    assert (found["case_at"], found["verdict"]) == ("2026-03-04", "recovered")
    before = found["before"]
    assert (before["from"], before["to"], before["closed"], before["satisfied"]) == (
        *("2026-01-07", "2026-03-03"),
        *(120, 102),
    )
    first, second, third = found["after"]
    assert (first["closed"], first["satisfied"], first["worse"], first["public"]) == (80, 32, True, 2)
    assert first["difference"] == pytest.approx(0.4 - 0.85)
    assert first["difference_low"] < first["difference"] < first["difference_high"] < 0
    assert (second["worse"], third["worse"]) == (False, False)
    assert (found["dip_from"], found["recovered_from"]) == ("2026-03-04", "2026-04-01")
    weeks = {each["from"]: each for each in found["weeks"]}
    assert (weeks["2026-03-04"]["share"], weeks["2026-03-04"]["public"]) == (0.4, 1)
    assert weeks["2026-02-25"]["share"] == 0.85
    assert weeks["2026-02-18"]["public"] == 0, "praise in public is no case"
    row = (await insights.http.get(f"/insights/v1/complaints/{derived_id('public', 1)}")).json()
    assert row["public_at"] == "2026-03-04T10:00:00Z"
    other = await asked(insights, product="toaster")
    assert (other["case_at"], other["verdict"], other["dip_from"]) == ("2026-02-23", "no_dip", None)


@pytest.mark.requirement("000-14")
async def test_a_name_that_stays_down_has_not_recovered_and_few_judgements_prove_nothing(
    insights: Insights,  # noqa: F811
) -> None:
    told = [
        *(each for n in range(-6, 0) for each in week(n, 17, 20)),
        *(each for n in range(8) for each in week(n, 8, 20)),
        public(1, CASE),
        *(each for n in (-1, 1) for each in week(n, 1, 2, "toaster")),
        public(2, CASE, product=ProductRef(name="toaster")),
        public(3, CASE, product=ProductRef(name="fridge")),
    ]
    await insights.feed(records(sorted(told, key=lambda pair: pair[0])))
    down = await asked(insights)
    assert (down["verdict"], down["dip_from"], down["recovered_from"]) == ("dip", "2026-03-04", None)
    assert (await asked(insights, product="toaster"))["verdict"] == "no_dip"
    assert (await asked(insights, product="fridge"))["verdict"] == "too_few"
    none = await asked(insights, product="lamp")
    assert (none["verdict"], none["case_at"], none["before"], none["after"]) == ("no_case", None, None, [])
    assert len(none["weeks"]) == 21


@pytest.mark.requirement("000-14")
async def test_a_complaint_that_goes_public_later_is_a_case_from_then_on(
    insights: Insights,  # noqa: F811
) -> None:
    later = CASE + timedelta(days=2)
    went = ComplaintSupplemented(
        complaint_id=derived_id("public", 1),
        addition_id=derived_id("went"),
        number=1,
        contact_at=later,
        added_by="h1",
        added_at=later,
        medium=Medium.ONLINE,
        channel=Channel.SOCIAL_MEDIA,
        visibility=Visibility.PUBLIC,
        completeness=0.5,
    )
    await insights.feed(records([public(1, CASE, visibility=Visibility.PRIVATE)]))
    assert (await asked(insights))["case_at"] is None
    told = [public(1, CASE, visibility=Visibility.PRIVATE), (later, went)]
    await insights.feed(records(told))
    assert (await asked(insights))["case_at"] == "2026-03-06"


async def test_it_is_for_those_who_may_read_measures_and_about_a_product(
    insights: Insights,  # noqa: F811
) -> None:
    assert (await insights.stranger.get(REPUTATION, params=ASKED)).status_code == 403
    whose = await insights.http.get(REPUTATION)
    assert (whose.status_code, whose.json()["errors"][0]["field"]) == (422, "query/product")
    long = await insights.http.get(REPUTATION, params=ASKED | {"from": "2020-01-01"})
    assert long.json()["errors"][0]["field"] == "query/from"
