"""The early warning at work: over HTTP, on the log, and in the hands of people."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from services.insights.alerts import limits
from services.insights.alerts.book import EARLY_WARNING
from services.insights.alerts.counts import recount
from services.insights.alerts.delays import LONGEST
from services.insights.alerts.judging import Known, Portfolio, judge
from services.insights.alerts.past import calibrations
from services.insights.alerts.severe import bunched
from services.insights.alerts.watch import Watch
from services.insights.store import complaints
from services.insights.warning.counting import once
from shared import clock
from shared.bulk import insert_rows
from shared.database import Database, sql
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

NUMBERS = {column.name: 0 for column in complaints.columns if not column.nullable and column.name != "id"}


def at(day: date, second: int = 0) -> datetime:
    return datetime.combine(day, time(9), UTC) + timedelta(seconds=second)


def row(number: int, moment: datetime, **fields: Any) -> dict[str, Any]:
    """A complaint as the events would have told it, each by a customer of its own."""
    known: dict[str, Any] = {
        **NUMBERS,
        **{"promises_kept_at": [], "promises_broken_at": []},
        **{"notice_ids": [], "notices_issued_at": [], "notices_known_at": []},
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


def surge(of: list[dict[str, Any]], **parts: str) -> dict[str, Any]:
    [one] = [each for each in of if each["parts"] == parts and each["tail"] == "surge"]
    return one


QUIET = [
    *weeks_of(
        1_000_000, 60, 3, product="kettle", category="function_fault", subcategory="use", region="CN-44"
    ),
    *weeks_of(
        2_000_000, 60, 4, product="fridge", category="function_fault", subcategory="use", region="CN-31"
    ),
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
    batches = [each | {"batch": f"2026-0{1 + n % 6}"} for n, each in enumerate(QUIET)]
    await put(insights.context.database, *batches, *SURGE, row(1, at(MONDAY), product="oven"))
    assert await look(insights) >= 1
    found = surge(await listed(insights, level="alert"), product="kettle", subcategory="use")
    assert (found["step"], found["since"], found["starts"]) == ("week", "2026-03-02", "2026-03-02")
    assert found["announced"]
    assert found["ended_at"] is None
    assert "product kettle" in found["words_en"]
    assert "kettle" in found["words_zh"]
    shown = (await insights.http.get(f"{URL}/{found['id']}")).json()
    assert next(factor["attribute"] for factor in shown["factors"]) == "batch"
    assert shown["factors"][0]["value"] == "2026-07"
    assert shown["factors"][0]["ic025"] > 0
    assert shown["proposal"]["products"] == ["kettle"]
    assert shown["proposal"]["batches"][0] == "2026-07"
    loss = {name: float(shown["loss"][name]) for name in ("value", "low", "high")}
    assert 0 < loss["low"] < loss["value"] < loss["high"]
    page = (await insights.http.get(f"{URL}/{found['id']}/complaints", params={"limit": 20})).json()
    rest = (
        await insights.http.get(
            f"{URL}/{found['id']}/complaints", params={"limit": 200, "cursor": page["next"]}
        )
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


async def raised(insights: Insights) -> list[WarningRaised]:
    rows = await insights.rows(
        "SELECT value FROM outbox WHERE headers->>'ce_type' = 'redress.warning.raised.v1' ORDER BY id"
    )
    return [WarningRaised.model_validate_json(value) for (value,) in rows]


async def decide(insights: Insights, **changed: Any) -> None:
    """A version of the rulebook, which holds from now on."""
    url = "/insights/v1/rulebooks/early-warning"
    content = EARLY_WARNING.shipped.model_dump(mode="json") | changed
    added = await insights.http.post(f"{url}/versions", json={"content": content, "reason": "a test"})
    assert added.status_code == 201, added.text
    switched = await insights.http.put(url, json={"version": added.json()["version"], "reason": "a test"})
    assert switched.status_code == 200, switched.text


async def facts(insights: Insights) -> list[str]:
    rows = await insights.rows("SELECT headers->>'ce_type' FROM outbox ORDER BY id")
    return [name for (name,) in rows if not name.startswith("redress.warning.raised")]


LATE = ("function_fault", "after_sales")


async def weeks_of_late_classifying(insights: Insights, rounds: int, last: int) -> None:
    """Twenty-five complaints a week of each category for two years, of which one in five is classified before its week
    is judged. In the last week there are `last` of the second category."""
    known = [
        *weeks_of(1_000_000, 106, 25, category=LATE[0], product="kettle"),
        *weeks_of(2_000_000, 106, 25, category=LATE[1], product="kettle"),
    ]
    await put(insights.context.database, *known)
    for week in range(rounds):
        told = [
            row(
                5_000_000 + week * 1000 + kind * 500 + n,
                at(MONDAY + week * WEEK + timedelta(days=n % 7), n),
                **{"category": None if n % 5 else LATE[kind], "product": "kettle"},
            )
            for kind in range(2)
            for n in range(last if kind and week == rounds - 1 else 25)
        ]
        await put(insights.context.database, *told)
        await look(insights, JUDGED_AT + week * WEEK)
        for kind in range(2):
            late = [each["id"] for each in told if each["category"] is None]
            own = {derived_id("warned", 5_000_000 + week * 1000 + kind * 500 + n) for n in range(500)}
            async with insights.context.database.transaction() as transaction:
                await transaction.execute(
                    sql("UPDATE complaints SET category = :category WHERE id = ANY(:ids)"),
                    {"category": LATE[kind], "ids": [each for each in late if each in own]},
                )


@pytest.mark.requirement("003-06", "000-18")
@pytest.mark.parametrize(("weeks", "silent", "surging"), [(26, False, True), (0, True, False)])
async def test_what_is_classified_late_is_no_silence_and_hides_no_surge(
    insights: Insights, weeks: int, silent: bool, surging: bool
) -> None:
    """Allowed for, and not."""
    await decide(insights, delay_weeks=weeks, daily=False, dimensions=["category"])
    await weeks_of_late_classifying(insights, 8, 100)
    newest = (MONDAY + 7 * WEEK).isoformat()
    found = {
        (each["parts"]["category"], each["tail"]): each
        for each in await listed(insights)
        if each["starts"] == newest
    }
    assert ((LATE[0], "silence") in found) == silent
    assert ((LATE[1], "surge") in found) == surging
    if not surging:
        return
    alert = found[LATE[1], "surge"]
    seen = WarningEvidence.model_validate(
        (await insights.http.get(f"{URL}/{alert['id']}")).json()["evidence"]
    )
    assert seen.known is not None
    assert seen.known_error is not None
    assert seen.known[-1] == pytest.approx(0.2, abs=0.01), "of the newest week"
    assert set(seen.known[:-1]) == {1.0}, "a week later all is known"
    assert "of what is known by now" in alert["words_en"]
    assert "按目前已知部分" in alert["words_zh"]
    again = judge(
        Portfolio(
            WarningStep.WEEK,
            np.array([seen.counts], dtype=np.float64),
            np.array([seen.window]),
            known=Known(np.array([seen.known]), np.array([seen.known_error])),
        ),
        {},
        EARLY_WARNING.shipped,
    )
    np.testing.assert_allclose(again.mean[0], seen.expected, rtol=1e-9)
    np.testing.assert_allclose(again.phi[0], seen.dispersion, rtol=1e-9)
    assert again.p[0, 0] == pytest.approx(seen.p, rel=1e-6)


@pytest.mark.requirement("003-06")
async def test_how_late_it_becomes_known_is_noted_as_long_as_any_may_come(insights: Insights) -> None:
    await put(insights.context.database, *QUIET)
    await look(insights)
    noted = await insights.rows("SELECT step, max(age) FROM counts_known GROUP BY 1 ORDER BY 1")
    assert noted == [(step.value, LONGEST[step]) for step in (WarningStep.DAY, WarningStep.WEEK)]


@pytest.mark.requirement("003-06")
async def test_an_alert_is_worked_out_again_from_the_event_alone(insights: Insights) -> None:
    await put(insights.context.database, *QUIET, *SURGE)
    await look(insights)
    events = await raised(insights)
    assert {event.evidence.detector for event in events} == {"evidence"}
    for event in events:
        seen = event.evidence
        portfolio = Portfolio(
            event.step, np.array([seen.counts], dtype=np.float64), np.array([seen.window], dtype=np.int64)
        )
        judged = judge(portfolio, {}, EARLY_WARNING.shipped)
        assert judged.window[0] == seen.window
        np.testing.assert_allclose(judged.observed[0], seen.observed)
        np.testing.assert_allclose(judged.mean[0], seen.expected, rtol=1e-9)
        np.testing.assert_allclose(judged.phi[0], seen.dispersion, rtol=1e-9)
        assert judged.p[0, 0] == pytest.approx(seen.p, rel=1e-6)
        assert limits.calibrated(seen.p, seen.null) == pytest.approx(seen.calibrated, rel=1e-9)
        assert seen.q is not None
        assert seen.deciding_p is not None
        assert seen.deciding_rank is not None
        decided = seen.deciding_p * seen.portfolio / seen.deciding_rank
        assert min(1.0, decided) == pytest.approx(seen.q, rel=1e-9)
        assert seen.q <= seen.alert_limit


@pytest.mark.requirement("003-06", "N-G")
async def test_an_alert_goes_on_is_decided_and_ends(insights: Insights) -> None:
    again = [
        each | {"id": derived_id("again", n), "customer_id": derived_id("again", n)}
        for n, each in enumerate(SURGE)
    ]
    later = [each | {"registered_at": each["registered_at"] + WEEK} for each in again]
    await put(insights.context.database, *QUIET, *SURGE, *later)
    await look(insights)
    first = surge(await listed(insights), product="kettle")
    told = len(await raised(insights))
    await look(insights, JUDGED_AT + WEEK)
    second = surge(await listed(insights, dimension="product"), product="kettle")
    assert second["id"] == first["id"], "one alert, however long it lasts"
    assert (second["since"], second["starts"]) == ("2026-03-02", "2026-03-09")
    assert not any(event.alert_id == UUID(first["id"]) for event in (await raised(insights))[told:])

    url = f"{URL}/{first['id']}"
    tag = (await insights.http.get(url)).headers["ETag"]
    seen = await insights.http.post(f"{url}/acknowledge", headers={"If-Match": tag})
    assert seen.status_code == 200
    assert seen.json()["acknowledged_by"].startswith("key:")
    stale = await insights.http.post(
        f"{url}/confirm", json={"reason": "It was real."}, headers={"If-Match": tag}
    )
    assert stale.status_code == 412
    why = {"reason": "The handle breaks. Call Ann on 13800138000."}
    confirmed = await insights.http.post(
        f"{url}/confirm", json=why, headers={"If-Match": seen.headers["ETag"]}
    )
    assert confirmed.json()["verdict"] == "confirmed"
    assert "13800138000" not in confirmed.text
    assert (await insights.http.post(f"{url}/dismiss", json={"reason": "No."})).status_code == 409
    assert await facts(insights) == ["redress.warning.acknowledged.v1", "redress.warning.confirmed.v1"]

    other = surge(await listed(insights, dimension="region"), region="CN-44")
    dismissed = await insights.http.post(f"{URL}/{other['id']}/dismiss", json={"reason": "The same again."})
    assert dismissed.json()["verdict"] == "dismissed"
    whole, *parts = (await insights.http.get(f"{URL}/precision")).json()["items"]
    assert (whole["confirmed"], whole["dismissed"], whole["precision"]) == (1, 1, 0.5)
    assert whole["low"] == pytest.approx(0.0126, abs=1e-4)
    assert whole["high"] == pytest.approx(0.9874, abs=1e-4)
    assert whole["small"]
    assert sum(part["raised"] for part in parts) == whole["raised"]

    for week in range(2, 5):
        await put(insights.context.database, *_calm(week))
        await look(insights, JUDGED_AT + week * WEEK)
    ended = (await insights.http.get(url)).json()
    assert ended["starts"] in ("2026-03-09", "2026-03-16")
    assert ended["ended_at"] is not None
    assert ended["ended_because"] == "quiet"
    assert first["id"] not in [each["id"] for each in await listed(insights, open=True)]


def _calm(week: int) -> list[dict[str, Any]]:
    known = {"category": "function_fault", "subcategory": "use", "region": "CN-44"}
    return [
        row(7_000_000 + week * 100 + n, at(MONDAY + week * WEEK, n), product="kettle", **known)
        for n in range(3)
    ]


@pytest.mark.requirement("003-06", "N-G")
async def test_a_muted_series_is_recorded_and_nobody_is_told(insights: Insights) -> None:
    await put(insights.context.database, *QUIET, *SURGE)
    await look(insights)
    first = surge(await listed(insights), product="kettle")
    with clock.moved_to(lambda: JUDGED_AT):
        for until in (JUDGED_AT - WEEK, JUDGED_AT + 60 * WEEK):
            asked = {"until": until.isoformat(), "reason": "Too long."}
            refused = await insights.http.post(f"{URL}/{first['id']}/mute", json=asked)
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == "body/until"
        asked = {"until": (JUDGED_AT + 20 * WEEK).isoformat(), "reason": "The recall is under way."}
        muted = await insights.http.post(f"{URL}/{first['id']}/mute", json=asked)
    assert muted.json()["mute_reason"] == "The recall is under way."
    assert await facts(insights) == ["redress.warning.muted.v1"]
    for week in range(1, 4):
        await put(insights.context.database, *_calm(week))
        await look(insights, JUDGED_AT + week * WEEK)
    back = [
        each
        | {"id": derived_id("back", n), "customer_id": derived_id("back", n)}
        | {"registered_at": each["registered_at"] + 6 * WEEK}
        for n, each in enumerate([*SURGE, *SURGE])
    ]
    await put(insights.context.database, *back)
    await look(insights, JUDGED_AT + 6 * WEEK)
    new = surge(await listed(insights, open=True), product="kettle")
    assert new["id"] != first["id"]
    assert new["level"] == "alert"
    assert not new["announced"]
    assert UUID(new["id"]) not in {event.alert_id for event in await raised(insights)}


@pytest.mark.requirement("000-18", "004-11", "N-G")
async def test_a_segment_that_falls_silent_is_a_warning(insights: Insights) -> None:
    lost = weeks_of(4_000_000, 60, 12, product="pump", category="function_fault", until=MONDAY - 5 * WEEK)
    await put(insights.context.database, *QUIET, *lost, row(1, at(MONDAY), product="oven"))
    await look(insights)
    [found] = [
        each
        for each in await listed(insights, tail="silence")
        if each["parts"] == {"product": "pump", "category": "function_fault"}
    ]
    assert found["level"] == "alert"
    assert found["announced"]
    assert "no success by itself" in found["words_en"]
    assert "不代表改善" in found["words_zh"]
    assert float(found["loss"]["value"]) > 0, "as many customers no longer say what is wrong"
    shown = (await insights.http.get(f"{URL}/{found['id']}")).json()
    assert shown["proposal"] is None
    assert shown["evidence"]["observed"][-1] < shown["evidence"]["expected"][-1] / 2
    [event] = [each for each in await raised(insights) if each.alert_id == UUID(found["id"])]
    assert event.tail is WarningTail.SILENCE
    assert event.complaint_id == event.affected[0], "the last that was heard"


@pytest.mark.requirement("003-06", "N-G")
async def test_severe_complaints_in_quick_succession_are_an_alert_whatever_their_number(
    insights: Insights,
) -> None:
    severe = [
        row(5_000_000 + n, at(MONDAY - 4 * WEEK - timedelta(days=70 * n)), severity="major", **OVEN)
        for n in range(6)
    ]
    now = [row(5_000_100 + n, at(MONDAY + timedelta(days=n)), severity="major", **OVEN) for n in range(4)]
    await put(insights.context.database, *QUIET, *severe, *now)
    await look(insights)
    found = {tuple(each["parts"]): each for each in await listed(insights, tail="severe")}
    alert = found["product", "category"]
    for sums in (("product",), ("category",)):
        assert (found[sums]["part_of"], found[sums]["announced"]) == (alert["id"], False)
    assert (alert["detector"], alert["level"], alert["complaints"]) == ("g_chart", "alert", 4)
    [event] = [each for each in await raised(insights) if each.alert_id == UUID(alert["id"])]
    again = bunched(event.evidence.counts)
    assert again is not None
    assert again.p == event.evidence.p <= event.evidence.alert_limit
    assert event.evidence.q is None


OVEN = {"product": "oven", "category": "after_sales", "subcategory": "late"}


@pytest.mark.requirement("003-06")
async def test_a_young_series_is_judged_by_ears(insights: Insights) -> None:
    young = weeks_of(4_000_000, 15, 3, product="lamp", category="function_fault")
    burst = [row(4_900_000 + n, at(MONDAY, n), product="lamp", category="function_fault") for n in range(40)]
    await put(insights.context.database, *QUIET, *young, *burst)
    await look(insights)
    found = surge(await listed(insights), product="lamp")
    assert found["detector"] == "ears"
    seen = WarningEvidence.model_validate(
        (await insights.http.get(f"{URL}/{found['id']}")).json()["evidence"]
    )
    assert len(seen.counts) == 10
    assert seen.null is None
    portfolio = Portfolio(WarningStep.WEEK, np.array([seen.counts], dtype=np.float64), np.array([9]))
    assert judge(portfolio, {}, EARLY_WARNING.shipped).p[0, 0] == pytest.approx(seen.p, rel=1e-9)


@pytest.mark.requirement("003-06")
async def test_one_angry_customer_is_no_surge(insights: Insights) -> None:
    angry = [each | {"customer_id": derived_id("angry")} for each in SURGE]
    await put(insights.context.database, *QUIET, *angry)
    await look(insights)
    assert await listed(insights, tail="surge", level="alert") == []


@pytest.mark.requirement("003-06")
async def test_complaints_are_counted_as_the_rule_says(insights: Insights) -> None:
    random = np.random.default_rng(7)
    told = [
        row(
            number,
            at(MONDAY - timedelta(days=int(random.integers(0, 120))), number),
            customer_id=derived_id("c", int(random.integers(0, 12))),
            category=["a", "b"][int(random.integers(0, 2))],
            kind="praise" if number % 9 == 0 else "complaint",
        )
        for number in range(300)
    ]
    await put(insights.context.database, *told)
    book = EARLY_WARNING.shipped
    async with insights.context.database.transaction() as transaction:
        await recount(transaction, book, MONDAY, whole=True)
        await recount(transaction, book, MONDAY, whole=False)
    reports = [
        (str(each["customer_id"]), each["category"], each["registered_at"].date().toordinal())
        for each in told
        if each["kind"] == "complaint" and each["registered_at"].date() < MONDAY
    ]
    kept = once(reports, book.once_days)
    by_day = await insights.rows(
        "SELECT value, starts, n FROM series_counts WHERE step = 'day' AND dimension = 'category'"
    )
    assert {(value, starts.toordinal()): n for value, starts, n in by_day} == {
        (category, day): sum(1 for _, c, d in kept if (c, d) == (category, day)) for _, category, day in kept
    }
    [(weeks,)] = await insights.rows(
        "SELECT sum(n) FROM series_counts WHERE step = 'week' AND dimension = 'all'"
    )
    assert weeks == len(kept)


@pytest.mark.requirement("003-06")
async def test_growth_of_sales_is_no_surge(insights: Insights) -> None:
    await put(insights.context.database, *QUIET, *SURGE)
    for week in range(61):
        monday = MONDAY - week * WEEK
        amount = 1000 if week else 9000
        items = [{"value": "kettle", "amount": str(amount)}]
        answer = await insights.http.put(
            f"/insights/v1/exposures/product/{monday.isoformat()}", json={"items": items}
        )
        assert answer.status_code == 200, answer.text
    page = (await insights.http.get("/insights/v1/exposures", params={"limit": 1})).json()
    assert page["items"][0]["amount"] == "1000.000000"
    assert page["next"]
    await look(insights)
    assert {"product": "kettle"} not in [each["parts"] for each in await listed(insights, tail="surge")]
    assert {"region": "CN-44"} in [each["parts"] for each in await listed(insights, tail="surge")]


@pytest.mark.parametrize(
    ("dimension", "week", "value", "field"),
    [
        ("product", "2026-03-03", "kettle", "path/week"),
        ("product", "2026-03-02", "", "body/items/0/value"),
        ("product+category", "2026-03-02", "kettle", "body/items/0/value"),
    ],
)
async def test_an_exposure_that_fits_nothing_is_refused(
    insights: Insights, dimension: str, week: str, value: str, field: str
) -> None:
    answer = await insights.http.put(
        f"/insights/v1/exposures/{dimension}/{week}", json={"items": [{"value": value, "amount": "1"}]}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.requirement("003-06")
async def test_weeks_of_confirmed_alerts_do_not_calibrate(
    insights: Insights, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(insights.context.database, *QUIET, *SURGE)
    await look(insights)
    found = surge(await listed(insights), product="kettle")
    monkeypatch.setattr("services.insights.alerts.null.calibration.LEAST", 1)
    tight: list[float] = []
    for _ in range(2):
        async with insights.context.database.reading() as connection:
            known = await calibrations(connection, WarningStep.WEEK, MONDAY + WEEK)
        tight.append(float(known["surge", 52].quantiles[0, 0]))
        await insights.http.post(f"{URL}/{found['id']}/confirm", json={"reason": "Real."})
        for each in await listed(insights, tail="surge"):
            if each["verdict"] is None:
                await insights.http.post(f"{URL}/{each['id']}/confirm", json={"reason": "Real."})
    assert tight[0] < tight[1], "the smallest p value was that of the surge"


@pytest.mark.requirement("003-11", "003-06")
async def test_a_pair_that_is_new_this_quarter(insights: Insights) -> None:
    rows = [
        row(
            6_000_000 + number,
            at(MONDAY - timedelta(days=number % 160), number),
            product=f"p{number % 20}",
            subcategory=f"s{number % 11}",
        )
        for number in range(2200)
    ]
    burst = [
        row(6_100_000 + n, at(MONDAY - timedelta(days=n % 30), n), product="p1", subcategory="s2")
        for n in range(60)
    ]
    known = [
        row(6_200_000 + n, at(MONDAY - timedelta(days=n % 180), n), product="p2", subcategory="s3")
        for n in range(160)
    ]
    await put(insights.context.database, *rows, *burst, *known)
    asked = {"to": MONDAY.isoformat()}
    shown = (await insights.http.get("/insights/v1/disproportionality", params=asked)).json()
    assert [(each["product"], each["new"]) for each in shown["items"][:2] if each["product"] == "p2"] == [
        ("p2", False)
    ]
    first = next(each for each in shown["items"] if each["product"] == "p1")
    assert (first["product"], first["subcategory"], first["new"]) == ("p1", "s2", True)
    assert first["eb05"] > 2
    assert first["ic025"] > 0
    assert first["n"] > first["expected"]
    assert (shown["from"], shown["to"], shown["pairs"]) == ("2025-12-02", "2026-03-02", 220)
    only = (await insights.http.get("/insights/v1/disproportionality", params=asked | {"new": "true"})).json()
    assert [(each["product"], each["subcategory"]) for each in only["items"]] == [("p1", "s2")]
    earlier = {"to": (MONDAY - 30 * WEEK).isoformat()}
    assert (await insights.http.get("/insights/v1/disproportionality", params=earlier)).json()["items"] == []


@pytest.mark.requirement("003-06")
async def test_a_day_is_judged_too(insights: Insights) -> None:
    await put(
        insights.context.database,
        *QUIET,
        *[each | {"registered_at": at(MONDAY, n)} for n, each in enumerate(SURGE)],
    )
    await look(insights, datetime.combine(MONDAY + timedelta(days=1), time(7), UTC))
    found = surge(await listed(insights, dimension="product"), product="kettle")
    assert (found["step"], found["since"]) == ("day", "2026-03-02")
    await look(insights)
    week = surge(await listed(insights, dimension="product"), product="kettle")
    assert (week["id"], week["step"]) == (found["id"], "week"), "the week goes on with what the day began"


@pytest.mark.requirement("003-06")
async def test_alerts_of_days_are_over_when_days_are_no_longer_watched(insights: Insights) -> None:
    """No round would ever find them quiet."""
    on_monday = [each | {"registered_at": at(MONDAY, n)} for n, each in enumerate(SURGE)]
    await put(insights.context.database, *QUIET, *on_monday)
    tuesday = datetime.combine(MONDAY + timedelta(days=1), time(7), UTC)
    await look(insights, tuesday)
    begun = surge(await listed(insights, dimension="product", open=True), product="kettle")
    assert (begun["step"], begun["ended_because"]) == ("day", None)
    await decide(insights, daily=False)
    await look(insights, tuesday)
    over = (await insights.http.get(f"{URL}/{begun['id']}")).json()
    assert (over["ended_at"], over["ended_because"]) == ("2026-03-03T07:00:00Z", "not_watched")
    assert [each for each in await listed(insights, open=True) if each["step"] == "day"] == []
    await look(insights)
    week = surge(await listed(insights, dimension="product", open=True), product="kettle")
    assert (week["step"], week["ended_because"]) == ("week", None), "a week says the same by itself"


@pytest.mark.requirement("003-06")
async def test_of_two_that_look_at_once_one_judges(insights: Insights) -> None:
    await put(insights.context.database, *QUIET, *SURGE)
    with clock.moved_to(lambda: JUDGED_AT):
        await asyncio.gather(*(Watch(insights.context).turn() for _ in range(3)))
        await Watch(insights.context).turn()  # whatever all of them left to another
    events = [event.alert_id for event in await raised(insights)]
    assert len(set(events)) == len(events) > 0
    assert await insights.rows("SELECT step, starts FROM warning_rounds ORDER BY 1") == [
        ("day", MONDAY + timedelta(days=6)),
        ("week", MONDAY),
    ]


@pytest.mark.requirement("003-06")
async def test_one_surge_is_told_once_and_its_sums_are_part_of_it(insights: Insights) -> None:
    """One defect of one product makes its product, category, region and the sum of all unusual, too."""
    await put(insights.context.database, *QUIET, *SURGE)
    assert await look(insights) > 1
    found = await listed(insights, level="alert", tail="surge")
    (leader,) = [each for each in found if each["announced"]]
    assert leader["parts"] == {"product": "kettle", "subcategory": "use"}
    sums = [each for each in found if each is not leader]
    assert {"product": "kettle"} in [each["parts"] for each in sums]
    assert {"category": "function_fault"} in [each["parts"] for each in sums]
    assert {each["part_of"] for each in sums} == {leader["id"]}
    assert leader["part_of"] is None
    assert [str(event.alert_id) for event in await raised(insights)] == [leader["id"]]
    of_it = await listed(insights, part_of=leader["id"])
    assert {each["id"] for each in of_it} >= {each["id"] for each in sums}


@pytest.mark.requirement("003-06")
async def test_a_sum_that_is_unusual_beyond_its_part_is_told_of_itself(insights: Insights) -> None:
    """Two troubles at once: neither hides the other, and a sum of which more is wrong is no part."""
    others = [
        row(
            8_000_000 + number,
            at(MONDAY + timedelta(days=number % 5), number),
            product="kettle",
        )
        for number in range(20)
    ]
    late = [
        row(7_000_000 + number, at(MONDAY + timedelta(days=number % 5), number))
        | {"product": "oven", "category": "after_sales", "subcategory": "late", "region": "CN-31"}
        for number in range(30)
    ]
    await put(insights.context.database, *QUIET, *SURGE, *others, *late)
    await look(insights)
    found = await listed(insights, level="alert", tail="surge", step="week")
    told = [each["parts"] for each in found if each["announced"]]
    assert {"product": "kettle", "subcategory": "use"} in told
    assert {"product": "oven", "subcategory": "late"} in told
    assert {"product": "kettle"} in told, "twenty more than its defect explains"
    assert {} not in told
    assert {"category": "function_fault"} not in told


@pytest.mark.requirement("003-06")
async def test_a_sum_is_told_when_its_part_explains_it_no_longer(insights: Insights) -> None:
    more = [
        row(8_000_000 + number, at(MONDAY + WEEK + timedelta(days=number % 5), number), product="kettle")
        for number in range(40)
    ]
    again = [
        each
        | {"id": derived_id("again", n), "customer_id": derived_id("again", n)}
        | {"registered_at": each["registered_at"] + WEEK}
        for n, each in enumerate(SURGE)
    ]
    await put(insights.context.database, *QUIET, *SURGE, *again, *more)
    await look(insights)
    before = surge(await listed(insights, dimension="product"), product="kettle")
    assert (before["announced"], before["part_of"] is None) == (False, False)
    await look(insights, JUDGED_AT + WEEK)
    after = surge(await listed(insights, dimension="product"), product="kettle")
    assert (after["id"], after["announced"], after["part_of"]) == (before["id"], True, None)
    assert [str(event.alert_id) for event in await raised(insights)].count(after["id"]) == 1
