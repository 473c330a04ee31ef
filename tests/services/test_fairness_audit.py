"""Fairness audits over HTTP and the log: made on demand and by themselves, told, answered, and computed again."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.insights.app import service
from services.insights.fairness.measures import MEASURES, MeasureId
from services.insights.fairness.model import NUMBERS, estimate_of
from services.insights.fairness.staff import CHARACTERISTICS
from services.insights.fairness.watch import FairnessWatch
from shared import clock
from shared.events import (
    AccusedCleared,
    AccusedTold,
    AppealDecided,
    AppealFiled,
    CaseAccepted,
    CaseClosed,
    CaseWithdrawn,
    ComplaintAssigned,
    ComplaintTriaged,
    MarkMade,
    OffersMade,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.events.fairness import Clearing, Decision
from shared.events.resolution import Offer
from shared.events.routing import Decider
from shared.events.vocabulary import Channel, Money, Outcome, Remedy, Severity
from shared.ids import derived_id, new_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.insights_story import Told, ordered_id, records, registered
from tests.services.test_insights import Insights, open_insights
from tests.world import TOLD, World, eventually

V1 = "/insights/v1/fairness"
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def handled(number: int, at: datetime, random: Random, *, key: bool) -> list[Told]:
    """A complaint that is handled; of a key account faster, with more in the offer, to more satisfaction."""
    i = ordered_id(at, "fair", number)
    pace, chance = (10, 0.9) if key else (40, 0.5)
    done = at + timedelta(seconds=int(random.expovariate(1 / (pace * 3600))) + 60)
    loss = Money(amount=Decimal(random.randrange(100, 600)), currency="CNY")
    worth = Money(amount=loss.amount * (Decimal("0.9") if key else Decimal("0.4")), currency="CNY")
    remedies = (Remedy.COMPENSATION,) if key else (Remedy.APOLOGY,)
    offer = Offer(offer_id=derived_id("offer", i), rank=1, remedies=remedies, description="paid", value=worth)
    channel = random.choice([Channel.PHONE, Channel.STORE, Channel.EMAIL])
    category = random.choice(["delivery", "billing"])
    return [
        (at, registered(i, at, key_account=key, channel=channel, estimated_loss=loss, region="CN-31")),
        (
            at,
            ComplaintTriaged(
                complaint_id=i,
                category=category,
                severity=Severity.GENERAL,
                decided_by=Decider.RULES,
                reasons=(),
                triaged_at=at,
            ),
        ),
        (at, CaseAccepted(complaint_id=i, handler_id="h1", accepted_at=at + timedelta(hours=1))),
        (
            at,
            ValidityJudged(
                complaint_id=i, reason_sufficient=True, demand_reasonable=True, explanation="so", judged_at=at
            ),
        ),
        (at, OffersMade(complaint_id=i, round=1, offers=(offer,), made_at=at)),
        (done, SolutionCarriedOut(complaint_id=i, result="paid", carried_out_at=done)),
        (
            done,
            CaseClosed(
                complaint_id=i,
                outcome=Outcome.SATISFIED if random.random() < chance else Outcome.NOT_ACCEPTABLE,
                closed_by="h1",
                closed_at=done,
            ),
        ),
    ]


def quarter(complaints: int, begins: datetime = MORNING) -> list[Told]:
    random = Random(11)
    told: list[Told] = []
    for number in range(complaints):
        told += handled(number, begins + timedelta(minutes=number), random, key=number % 3 == 0)
    return told


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    async with open_insights(await new_database(), scratch) as opened:
        yield opened


def by(comparisons: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(c["characteristic"], c["group"], c["measure"]): c for c in comparisons}


async def feed(world: World, told: Sequence[Told]) -> None:
    await service.pump(world.context("insights")).handle(records(told))


@pytest.mark.slow
@pytest.mark.empty_world
@pytest.mark.requirement("003-01", "003-12", "N-E")
async def test_a_disparity_is_found_told_to_leadership_and_answered(world: World) -> None:
    real = await world.register(TOLD | {"customer": TOLD["customer"] | {"key_account": True}})
    await world.settled()
    begins = clock.now() - timedelta(days=9)
    await feed(world, quarter(420, begins))
    today = clock.now().date()
    span = {"from": str(today - timedelta(days=30)), "to": str(today)}
    made = await world.http.post(f"{V1}/audits", json=span, headers={"Idempotency-Key": "audit-1"})
    assert made.status_code == 201, made.text
    audit = made.json()
    assert (audit["about"], audit["cases"], audit["from"], audit["rules_version"]) == (
        "customers",
        421,
        span["from"],
        0,
    )
    said = by(audit["comparisons"])
    for measure in ("handling_time", "satisfied", "acceptable", "offer_per_loss", "material_offer"):
        comparison = said["account", "key", measure]
        assert (comparison["verdict"], comparison["worse"]) == ("disparity", "others"), measure
        assert comparison["name_en"]
        assert comparison["name_zh"]
        assert comparison["low"] < comparison["value"] <= comparison["high"]
    time = said["account", "key", "handling_time"]
    assert 2.5 < time["value"] < 6
    assert time["median_hours"] == pytest.approx(7, rel=0.4)
    assert time["median_hours_others"] == pytest.approx(28, rel=0.4)
    assert said["account", "key", "judged_valid"]["value"] is None, "nobody differs"
    assert said["contact", "phone", "satisfied"]["verdict"] != "disparity"
    assert ("region", "CN-31", "satisfied") not in said, "there is nothing to compare one region with"
    assert (
        await world.http.post(f"{V1}/audits", json=span, headers={"Idempotency-Key": "audit-1"})
    ).json() == audit

    # Each disparity is told once, of the newest complaint of the group, and leadership hears of it.
    await world.settled()
    disparities = [c for c in audit["comparisons"] if c["verdict"] == "disparity"]
    told = [
        json.loads(record.value)
        for record in await world.log_records("redress.insights")
        if record.headers["ce_type"] == "redress.disparity.found.v1"
    ]
    assert sorted(each["comparison_id"] for each in told) == sorted(c["id"] for c in disparities)
    of_key = [each for each in told if each["group"] == "key"]
    assert {each["complaint_id"] for each in of_key} == {real["id"]}
    assert not any(each["worse"] for each in of_key)
    params: dict[str, Any] = {"audience": "leadership", "limit": 200}

    async def heard() -> list[dict[str, Any]]:
        items = (await world.http.get("/routing/v1/notices", params=params)).json()["items"]
        return [n for n in items if n["reason"] == "disparity-found" and n["complaint_id"] == real["id"]]

    assert len(await eventually(heard, what="leadership to be told")) == len(of_key)

    # It is read with everything that it was made of, and computed again.
    detail = (await world.http.get(f"{V1}/comparisons/{time['id']}")).json()
    names = NUMBERS[MEASURES[MeasureId.HANDLING_TIME].sort]
    rows = np.array([[stratum["numbers"][name] for name in names] for stratum in detail["strata"]])
    again = estimate_of(MEASURES[MeasureId.HANDLING_TIME].sort, rows)
    assert again is not None
    assert (again.value, again.p_value) == (detail["value"], detail["p_value"])
    assert rows[:, names.index("n")].sum() == detail["n"]
    assert {stratum["stratum"][0] for stratum in detail["strata"]} <= {"delivery", "billing"}

    # People answer.
    url = f"{V1}/comparisons/{time['id']}/answers"
    comment = {"decision": "comment", "reason": "Ann asked, 13800138000: by contract?"}
    first = await world.http.post(url, json=comment)
    assert first.status_code == 201, first.text
    assert "13800138000" not in first.text
    improvement = str(new_id())
    fault = {"decision": "fault", "reason": "Nobody watched the others.", "improvement_id": improvement}
    assert (await world.http.post(url, json=fault)).json()["number"] == 2
    shown = (await world.http.get(f"{V1}/comparisons/{time['id']}")).json()
    assert (shown["decision"], [a["decision"] for a in shown["answers"]]) == ("fault", ["comment", "fault"])
    assert shown["answers"][1]["improvement_id"] == improvement
    listed = by((await world.http.get(f"{V1}/audits/{audit['id']}")).json()["comparisons"])
    assert listed["account", "key", "handling_time"]["decision"] == "fault"
    harmless = next(c for c in audit["comparisons"] if c["verdict"] != "disparity")
    refused = await world.http.post(
        f"{V1}/comparisons/{harmless['id']}/answers", json={"decision": "explained", "reason": "So."}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "no-disparity")


@pytest.mark.requirement("003-01", "N-E")
async def test_who_asks_for_too_much_or_for_nothing_is_told_what_would_be_right(world: World) -> None:
    async def refused(body: dict[str, Any]) -> str:
        answer = await world.http.post(f"{V1}/audits", json=body)
        assert answer.status_code == 422, answer.text
        return str(answer.json()["errors"][0]["field"])

    assert await refused({"from": "2019-01-01", "to": "2019-01-31"}) == "body/from"
    for about in ("customers", "staff"):
        assert await refused({"about": about, "from": "9999-12-01", "to": "9999-12-31"}) == "body/from"
    long = await world.http.post(f"{V1}/audits", json={"from": "2020-01-01", "to": "2022-01-01"})
    assert "731" in long.json()["errors"][0]["detail"]
    assert await refused({"from": "2026-02-01", "to": "2026-01-31"}) == "body/from"
    assert await refused({"from": "2026-02-01"}) == "body/to"
    assert await refused({"from": "2026-02-01", "to": "2026-02-02", "about": "robots"}) == "body/about"
    nothing = f"{V1}/comparisons/{new_id()}"
    answers = {"decision": "comment", "reason": "Why?"}
    assert (await world.http.get(nothing)).status_code == 404
    assert (await world.http.get(f"{V1}/audits/{new_id()}")).status_code == 404
    assert (await world.http.post(f"{nothing}/answers", json=answers)).status_code == 404
    half = {"decision": "fault", "reason": "It is one."}
    assert (await world.http.post(f"{nothing}/answers", json=half)).status_code == 422
    reader = {"Authorization": f"Bearer {await create_key(world.url, 'reader', ['measures:read'])}"}
    body = {"from": "2026-02-01", "to": "2026-02-02"}
    assert (await world.customer.post(f"{V1}/audits", json=body, headers=reader)).status_code == 403
    assert (await world.customer.get(f"{V1}/audits", headers=reader)).status_code == 200


@pytest.mark.requirement("003-01", "N-E", "002-16")
async def test_a_closed_quarter_is_audited_once_by_any_number_of_replicas(insights: Insights) -> None:
    watch = FairnessWatch(insights.context)
    with clock.moved_to(lambda: datetime(2026, 4, 20, tzinfo=UTC)):
        assert await watch.turn() == 0, "nothing was received"
        await insights.feed(records(quarter(240)))
        made = await asyncio.gather(*(FairnessWatch(insights.context).turn() for _ in range(4)))
        assert await watch.turn() == 0
    assert sum(made) == 1, "of staff nothing is known"
    listed = (await insights.http.get(f"{V1}/audits")).json()["items"]
    assert [(a["from"], a["to"], a["made_by"], a["about"]) for a in listed] == [
        ("2026-01-01", "2026-03-31", "redress", "customers")
    ]
    with clock.moved_to(lambda: datetime(2026, 7, 10, tzinfo=UTC)):
        assert await watch.turn() == 0, "the quarter has not been closed for long enough"
    told = await insights.rows("SELECT count(*) FROM outbox WHERE topic = 'redress.insights'")
    found = await insights.rows("SELECT count(*) FROM fairness_comparisons WHERE verdict = 'disparity'")
    assert told == found
    assert found[0][0] > 0


@pytest.mark.requirement("003-01")
async def test_open_cases_count_up_to_now_and_withdrawn_ones_until_they_were(insights: Insights) -> None:
    """Forty of each: those of key accounts were handled after 10 h; of the others half after 10 h, a quarter was
    withdrawn after 5 h, and a quarter is still open. The share of closed cases alone would see no difference."""
    told: list[Told] = []
    for number in range(80):
        key, at = number % 2 == 0, MORNING
        i = ordered_id(at, "open", number)
        told.append((at, registered(i, at, key_account=key)))
        if key or number % 8 in (1, 3):
            done = at + timedelta(hours=10)
            told.append((done, SolutionCarriedOut(complaint_id=i, result="done", carried_out_at=done)))
        elif number % 8 == 5:
            gone = at + timedelta(hours=5)
            told.append((gone, CaseWithdrawn(complaint_id=i, withdrawn_at=gone)))
    await insights.feed(records(told))
    with clock.moved_to(lambda: datetime(2026, 4, 20, tzinfo=UTC)):
        await FairnessWatch(insights.context).turn()
    [audit] = (await insights.http.get(f"{V1}/audits")).json()["items"]
    said = by((await insights.http.get(f"{V1}/audits/{audit['id']}")).json()["comparisons"])
    time = said["account", "key", "handling_time"]
    strata = (await insights.http.get(f"{V1}/comparisons/{time['id']}")).json()["strata"]
    assert [stratum["stratum"] for stratum in strata] == [["", "", "", "2026Q1"]]
    numbers = strata[0]["numbers"]
    # At 10 h 40 of the group and 30 of the others wait, and 60 are handled: 40/70 of them are expected in the group.
    assert (numbers["observed"], numbers["n"], numbers["n_others"]) == (40, 40, 40)
    assert numbers["expected"] == pytest.approx(60 * 40 / 70)
    assert numbers["variance"] == pytest.approx(60 * (40 / 70) * (30 / 70) * 10 / 69)
    assert (time["median_hours"], time["median_hours_others"]) == (10, 10)
    assert said["account", "key", "withdrawn"]["value"] == pytest.approx(-0.25)


PEOPLE = 64
"""In each of two departments."""


def people(department: str, layer: int) -> dict[str, Any]:
    """A department as the directory has it: two teams; of each two that follow each other, one speaks two languages."""
    named = {"name_en": department.title(), "name_zh": department}
    return {
        "departments": [{"code": department, "layer": layer, **named}],
        "teams": [{"code": f"{department}_{end}", "department": department, **named} for end in "ab"],
        "people": [
            {
                "id": f"{department}.{number}",
                "name": "Li",
                "department": department,
                "team": f"{department}_{'ab'[number % 4 // 2]}",
                "languages": ["zh", "en"][: 1 + number % 2],
            }
            for number in range(PEOPLE)
        ],
    }


def given(name: str, at: datetime, person: str) -> list[Told]:
    """A complaint that one person has."""
    i = ordered_id(at, name, person)
    assigned = ComplaintAssigned(
        complaint_id=i,
        department=person.partition(".")[0],
        handler_id=person,
        handler_name="Li",
        reasons=(),
        assigned_at=at,
    )
    return [(at, registered(i, at)), (at, assigned)]


def accused(number: int, person: str, *, held: bool, granted: bool) -> list[Told]:
    """A complaint about a person, judged; and an appeal, if it was held against them."""
    i, at = ordered_id(MORNING, "accused", number), MORNING + timedelta(hours=number / 4)
    of = {"complaint_id": i, "person_id": person}
    told: list[Told] = [(at, registered(i, at)), (at, AccusedTold(**of, answer_by=at, told_at=at))]
    if not held:
        return [*told, (at, AccusedCleared(**of, because=Clearing.NOT_AT_FAULT, cleared_at=at))]
    mark, appeal = derived_id("mark", i), {**of, "appeal_id": derived_id("appeal", i)}
    decision = Decision.PARTLY if granted else Decision.DISMISSED
    return [
        *told,
        (at, MarkMade(**of, mark_id=mark, step=1, made_at=at, appeal_until=at + timedelta(days=9))),
        (at, AppealFiled(**appeal, mark_id=mark, decide_by=at, filed_at=at)),
        (at, AppealDecided(**appeal, reviewer_id="r1", decision=decision, decided_at=at)),
    ]


def at_work() -> list[Told]:
    """Quality has twice the work of sales, and of both those with two languages twice that of the others. Who works in
    sales has been there for a year, who works in quality is new. One hundred and twenty complaints are about people of
    each: held against two thirds in quality, and one third in sales."""
    told: list[Told] = []
    for number in range(PEOPLE):
        told += given("long ago", MORNING - timedelta(days=400), f"sales.{number}")
        for department, cases in (("quality", 2), ("sales", 1)):
            for one in range(cases * (1 + number % 2)):
                told += given(f"load-{one}", MORNING + timedelta(minutes=number), f"{department}.{number}")
    for number in range(240):
        quality = number % 2 == 0
        person = f"{'quality' if quality else 'sales'}.{number // 2 % PEOPLE}"
        told += accused(number, person, held=(number // 2 % 3 < 2) is quality, granted=quality)
    return sorted(told, key=lambda each: each[0])


@pytest.mark.slow
@pytest.mark.empty_world
@pytest.mark.requirement("N-E", "002-16")
async def test_groups_of_staff_are_treated_alike_or_it_is_told(world: World) -> None:
    for department, layer in (("quality", 3), ("sales", 1)):
        kept = await world.http.put("/routing/v1/directory", json=people(department, layer))
        assert kept.status_code == 200, kept.text
    context, events = world.context("insights"), records(at_work())
    for _ in range(2):  # delivered again
        await service.pump(context).handle(events)
    with clock.moved_to(lambda: datetime(2026, 4, 20, tzinfo=UTC)):
        assert await FairnessWatch(context).turn() == 2
        assert await FairnessWatch(context).turn() == 0
    items = (await world.http.get(f"{V1}/audits")).json()["items"]
    [audit] = [each for each in items if each["about"] == "staff"]
    answer = await world.http.get(f"{V1}/audits/{audit['id']}")
    said = by(answer.json()["comparisons"])
    assert {characteristic for characteristic, _, _ in said} == set(CHARACTERISTICS)
    # They differ together: each says it, against all others of whom it is known.
    for characteristic, group, sign in (
        ("department", "quality", 1),
        ("layer", "1", -1),
        ("experience", "experienced", -1),
    ):
        held = said[characteristic, group, "held_against"]
        assert (held["n"], held["n_others"]) == (120, 120)
        assert held["value"] == pytest.approx(sign / 3)
        assert held["low"] < held["value"] < held["high"]
        assert held["q_value"] < 0.05
        assert (held["verdict"], held["worse"]) == ("disparity", "group" if sign > 0 else "others")
    granted = said["department", "quality", "appeal_granted"]
    assert (granted["n"], granted["n_others"], granted["verdict"]) == (80, 40, "disparity")
    assert said["languages", "en+zh", "held_against"]["verdict"] != "disparity"
    # Loads are compared among people of one department.
    load = said["department", "quality", "load"]
    assert (load["n"], load["n_others"], load["verdict"], load["worse"]) == (64, 64, "disparity", "group")
    spoken = said["languages", "en+zh", "load"]
    assert (spoken["value"], spoken["verdict"], spoken["worse"]) == (0.5, "disparity", "group")
    strata = (await world.http.get(f"{V1}/comparisons/{spoken['id']}")).json()["strata"]
    assert [each["stratum"] for each in strata] == [
        ["", "", "", "", "quality"],
        ["", "", "", "", "sales"],
    ]
    assert said["team", "quality_a", "load"]["value"] == 0, "the team has its share of either"
    lone = said["experience", "experienced", "load"]
    assert (lone["n"], lone["left_out"], lone["verdict"]) == (0, 128, "too_few"), "nobody there is their like"
    assert "quality.1" not in answer.text, "groups are shown, never a person"
    page = await world.http.get("/insights/pages/fairness", params={"by": "staff", "lang": "en"})
    assert page.status_code == 200, page.text
    for words in ("Team · quality_a", "Layer · contact staff", "Languages · both languages"):
        assert words in page.text
    assert "Experience · experienced" in page.text


@pytest.mark.requirement("N-E", "002-16")
async def test_without_the_directory_the_audit_of_staff_waits_and_that_of_customers_does_not(
    insights: Insights,
) -> None:
    told = [*quarter(120), *given("alone", MORNING, "sales.1")]
    await insights.feed(records(told))
    with clock.moved_to(lambda: datetime(2026, 4, 20, tzinfo=UTC)):
        assert await FairnessWatch(insights.context).turn() == 1
    listed = (await insights.http.get(f"{V1}/audits")).json()["items"]
    assert [each["about"] for each in listed] == ["customers"]


async def test_the_database_refuses_what_must_not_be(insights: Insights) -> None:
    row = {"id": new_id(), "first": date(2026, 1, 1), "last": date(2026, 3, 31), "at": MORNING}
    audit = (
        "INSERT INTO fairness_audits (id, about, first, last, cases, rules_version, made_by, made_at) "
        "VALUES (:id, {about}, :first, :last, {cases}, 0, 'redress', :at)"
    )
    for about, cases in (("'robots'", "1"), ("'staff'", "-1")):
        with pytest.raises(IntegrityError):
            await insights.context.database.at_once(text(audit.format(about=about, cases=cases)), row)
