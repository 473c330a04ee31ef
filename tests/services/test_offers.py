"""Judgement, offers within limits, what they are worth, and what is there to promise: over HTTP, with a directory."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared import clock
from shared.events import ComplaintSupplemented, OfferChosen, OffersDeclined
from shared.events.intake import ProductRef
from shared.events.vocabulary import Channel, Emotion, Money, Outcome, Remedy
from shared.ids import new_id
from tests.company import Company, open_company
from tests.resolution_story import HOUR, NINE, assigned, opinion, registered, triaged
from tests.services.receivers import web_server
from tests.services.test_resolution import OFFERS, YES
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

PRODUCT = ProductRef(id="M-7", name="Servo motor", batch="2026-41")


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def offer(amount: str | None, *remedies: str, **more: Any) -> dict[str, Any]:
    value = {} if amount is None else {"value": cny(amount)}
    return {"remedies": remedies or ("exchange",), "description": "So be it.", **value, **more}


async def told(company: Company, category: str = "function_fault", **more: Any) -> UUID:
    """A complaint with what the customer told, in the hands of `na`, accepted and judged valid."""
    complaint_id = new_id()
    first = registered(complaint_id).model_copy(update={"product": PRODUCT, **more})
    decided = triaged(complaint_id).model_copy(update={"category": category})
    await company.hear(first, decided, assigned(complaint_id, "na"))
    await company.done(complaint_id, "accept")
    await company.done(complaint_id, "judgement", **YES)
    return complaint_id


WANTS: dict[str, Any] = {
    "desired_amount": Money(amount=Decimal(1000), currency="CNY"),
    "desired_remedies": (Remedy.EXCHANGE,),
}


@pytest.mark.requirement("001-16", "002-04", "001-36", "004-07")
async def test_cause_and_impact_are_kept_and_told_to_nobody(company: Company) -> None:
    complaint_id = await told(company)
    analysis: dict[str, Any] = {
        "cause": "The cabinet was closed by a plant curtain; 13800138000 saw it.",
        "impact": "The line stood still for a day.",
        "origin": "use",
        "needs": ["valued", "needed", "valued"],
    }
    judgement = "reason_sufficient=true&demand_reasonable=false&origin=use"
    draft = await company.read(complaint_id, f"/suggested-explanation?{judgement}")
    assert draft["occasion"] == "self_caused"
    explanation = draft["text"]["en"]
    case = await company.done(
        complaint_id,
        "judgement",
        reason_sufficient=True,
        demand_reasonable=False,
        explanation=explanation,
        **analysis,
    )
    kept = case["judgement"]
    assert kept["cause"] == "The cabinet was closed by a plant curtain; [phone] saw it."
    assert kept["impact"] == analysis["impact"]
    assert (kept["origin"], kept["needs"], kept["valid"]) == ("use", ["valued", "needed"], False)
    await company.done(complaint_id, "carry-out", result="Shown how to keep it cool.")
    await company.done(complaint_id, "close", outcome="satisfied", reason="Said so.")
    everything = json.dumps([await company.published(complaint_id), case["timeline"]])
    for secret in ("curtain", "stood still", '"use"', "valued"):
        assert secret not in everything
    assert "plant curtain" in (await company.read(complaint_id))["judgement"]["cause"]


@pytest.mark.requirement("001-16", "001-36")
async def test_an_explanation_that_blames_is_refused(company: Company) -> None:
    complaint_id = await told(company)
    for words in ("It is your own fault.", "是您使用不当造成的。"):
        blaming: dict[str, Any] = YES | {"explanation": words}
        refused = await company.act(complaint_id, "judgement", **blaming)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body/explanation")
    await company.done(complaint_id, "judgement", **YES | {"explanation": "这种情况谁都可能遇到。"})


@pytest.mark.requirement("001-29", "001-19", "001-35", "N-D")
async def test_the_best_is_suggested_first_and_after_an_objection_the_next(company: Company) -> None:
    complaint_id = await told(company, **WANTS)
    first = await company.read(complaint_id, "/suggested-offers")
    assert first["first_value"] == cny("1000.00")
    assert 3 <= len(first["offers"]) <= 4
    best = first["offers"][0]
    assert (best["solution"], best["asked_for"], best["enough"], best["fits"]) == (
        "exchange_at_once",
        True,
        True,
        True,
    )
    assert best["needs"] == {"exchange": "stock"}
    needed = Decimal(first["first_value"]["amount"]) + Decimal(first["cost"]["amount"])
    assert Decimal(best["second_value"]["amount"]) >= needed

    def proposed(suggested: dict[str, Any]) -> dict[str, Any]:
        names = ("remedies", "value", "solution")
        return {"description": suggested["description"]["en"]} | {name: suggested[name] for name in names}

    case = await company.done(complaint_id, "offers", offers=[proposed(each) for each in first["offers"]])
    assert case["offers"][0]["solution"] == "exchange_at_once"
    await company.hear(OffersDeclined(complaint_id=complaint_id, round=1, declined_at=company.now))
    second = await company.read(complaint_id, "/suggested-offers")
    offered = {tuple(sorted(each["remedies"])) for each in first["offers"]}
    assert second["offers"]
    assert offered.isdisjoint({tuple(sorted(each["remedies"])) for each in second["offers"]})
    case = await company.done(complaint_id, "offers", offers=[proposed(second["offers"][0])])
    chosen = OfferChosen(
        complaint_id=complaint_id, offer_id=UUID(case["offers"][0]["offer_id"]), chosen_at=company.now
    )
    await company.hear(chosen)
    value = await company.read(complaint_id, "/value")
    assert value["second_value"] == second["offers"][0]["second_value"]


@pytest.mark.requirement("003-09", "003-10", "001-25", "000-12d", "N-D")
async def test_within_ones_limits_at_once_and_beyond_with_a_permit(company: Company) -> None:
    complaint_id = await told(company)
    na = company.seen_by("na")
    beyond: dict[str, Any] = {"offers": [offer("3000", "exchange", "apology"), offer("200", "repair")]}
    refused = await na.act(complaint_id, "offers", **beyond)
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (409, "urn:redress:problem:approval-needed")
    assert [each["id"] for each in problem["approvers"]] == ["fang", "min"]
    assert (await company.read(complaint_id))["state"] == "accepted"
    asked = await na.ask(reason="The line stood still.", **problem["approval"])
    approval_id = asked.json()["id"]
    too_early = await na.act(complaint_id, "offers", **beyond, approval_id=approval_id)
    assert (too_early.status_code, too_early.json()["state"]) == (409, "asked")
    await company.seen_by("fang").decide(approval_id, "grant")
    more: dict[str, Any] = {"offers": [offer("3000.01", "exchange", "apology")]}
    assert (await na.act(complaint_id, "offers", **more, approval_id=approval_id)).status_code == 409
    key = {"Idempotency-Key": "once"}
    for _ in range(2):  # sent again, it is the same answer, and the permit is used once
        made = await na.act(complaint_id, "offers", key, **beyond, approval_id=approval_id)
        assert (made.status_code, made.json()["state"]) == (200, "offered")
    assert (await na.http.get(f"/resolution/v1/approvals/{approval_id}")).json()["state"] == "used"
    await na.done(complaint_id, "objection", reason="No.", via="phone")
    assert (await na.act(complaint_id, "offers", **beyond, approval_id=approval_id)).status_code == 409
    assert (await company.seen_by("fang").done(complaint_id, "offers", **beyond))[
        "round"
    ] == 2  # her own limit
    await na.done(complaint_id, "objection", reason="No.", via="phone")
    within = await na.done(complaint_id, "offers", offers=[offer("1500"), offer(None, "apology")])
    assert within["round"] == 3
    await na.done(complaint_id, "objection", reason="No.", via="phone")
    await company.done(complaint_id, "offers", offers=[offer("900000")])  # an administrator is not limited


@pytest.mark.requirement("003-09")
async def test_within_everybodys_limits_nobody_is_asked_and_beyond_routing_must_answer(
    company: Company,
) -> None:
    complaint_id = await told(company)
    na = company.seen_by("na")
    routing = company.process.contexts["routing"].database
    await routing.close()
    company.process._clients.clear()

    async def nobody(service: str, path: str, *scopes: str) -> Any:
        raise AssertionError(f"{service}{path} was asked")

    company.context.ask, ask = nobody, company.context.ask
    assert (await na.act(complaint_id, "offers", offers=[offer("1500")])).status_code == 200
    company.context.ask = ask
    mixed = [offer("1"), offer("1") | {"value": {"amount": "1", "currency": "EUR"}}]
    await na.done(complaint_id, "objection", reason="No.", via="phone")
    refused = await na.act(complaint_id, "offers", offers=mixed)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body/offers")


@pytest.mark.requirement("003-10")
async def test_the_front_line_sees_by_what_it_decides(company: Company) -> None:
    complaint_id = await told(company, **WANTS)
    company.now += HOUR
    seen = await company.seen_by("fang").read(complaint_id, "/indicators")
    assert (seen["limits"]["person"], seen["limits"]["amounts"]["CNY"]) == ("fang", "5000.00")
    assert seen["limits"]["approvers"] == ["min"]
    # What everybody may is more than her own limit.
    assert (await company.seen_by("na").read(complaint_id, "/indicators"))["limits"]["amounts"][
        "CNY"
    ] == "1500"
    assert seen["seconds_left"] == 8 * 3600  # nine hours with lunch since the judgement, one is gone
    assert (seen["first_value"], seen["value_of_customer"]) == (
        cny("1000.00"),
        cny("3000.00"),
    )  # 10 x 1000 x 0.3
    nobody = await company.read(complaint_id, "/indicators")
    assert (nobody["limits"]["person"], nobody["limits"]["unlimited"]) == (None, True)


@pytest.mark.requirement("003-14", "N-D")
async def test_below_v1_and_c_a_case_closes_only_by_somebody_entitled(company: Company) -> None:
    complaint_id = await told(company, **WANTS, emotion=Emotion.ANGRY)
    value = await company.read(complaint_id, "/value")
    assert (value["first_value"], value["cost"], value["needed"]) == (
        cny("1000.00"),
        cny("265.00"),
        cny("1265.00"),
    )
    assert [(line["name"], line["amount"]["amount"]) for line in value["lines"]] == [
        ("direct", "5.00"),
        ("time", "60.00"),
        ("travel", "0.00"),
        ("premium", "200.00"),
    ]
    assert value["lines"][3]["parameters"][0]["source"]["zh"]
    case = await company.done(complaint_id, "offers", offers=[offer("900", "repair", "apology")])
    await company.done(complaint_id, "consent", offer_id=case["offers"][0]["offer_id"], via="email")
    await company.done(complaint_id, "carry-out", result="Repaired.")
    value = await company.read(complaint_id, "/value")
    assert (value["material"], value["moral"], value["shortfall"]) == (
        cny("900.00"),
        cny("50.00"),
        cny("315.00"),
    )
    na = company.seen_by("na")
    closing: dict[str, Any] = {
        "outcome": "acceptable",
        "reason": "Call 13800138000: fine.",
        "negative_reason": "They were angry at the beginning only.",
    }
    refused = await na.act(complaint_id, "close", **closing)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:redress:problem:approval-needed")
    assert [each["id"] for each in refused.json()["approvers"]] == ["min"]
    asked = (await na.ask(reason="The customer wants no more.", **refused.json()["approval"])).json()
    other = await na.ask(reason="So.", permit="beyond_limits", complaint_id=str(complaint_id))
    await company.decide(other.json()["id"], "grant")
    wrong = await na.act(complaint_id, "close", **closing, approval_id=other.json()["id"])
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body/approval_id")
    await company.seen_by("min").decide(asked["id"], "grant")
    closed = await na.done(complaint_id, "close", **closing, approval_id=asked["id"])
    assert closed["state"] == "closed"
    told_of = dict(await company.published(complaint_id))
    below = told_of["case.closed-below-value"]
    assert (below["second_value"], below["shortfall"]) == (cny("950.00"), cny("315.00"))
    assert below["reason"] == "Call [phone]: fine."


@pytest.mark.requirement("003-14")
@pytest.mark.parametrize("who", ["min", "customer", "enough"])
async def test_who_closes_without_a_permit_and_what_is_told(company: Company, who: str) -> None:
    complaint_id = await told(company, **WANTS)
    amount = "1015" if who == "enough" else "10"
    case = await company.done(complaint_id, "offers", offers=[offer(amount, "exchange", "apology")])
    await company.done(complaint_id, "consent", offer_id=case["offers"][0]["offer_id"], via="phone")
    await company.done(complaint_id, "carry-out", result="Done.")
    closing = {"outcome": "satisfied", "reason": "Said so."}
    if who == "customer":  # whose own judgement it is
        await company.hear(opinion(complaint_id, Outcome.SATISFIED, company.now))
    elif who == "min":
        await company.seen_by("min").done(complaint_id, "close", **closing)
    else:
        await company.seen_by("na").done(complaint_id, "close", **closing)
    assert (await company.read(complaint_id))["state"] == "closed"
    assert ("case.closed-below-value" in await company.types(complaint_id)) == (who != "enough")


@pytest.mark.requirement("003-14")
async def test_v1_is_set_by_somebody_who_knows_better(company: Company) -> None:
    complaint_id = await told(company)
    url = f"/resolution/v1/cases/{complaint_id}/first-value"
    assert (await company.read(complaint_id, "/value"))["first_value"] is None
    body = {"value": {"amount": "100", "currency": "EUR"}, "reason": "The price by the contract."}
    answer = await company.http.put(url, json=body)
    assert answer.status_code == 200, answer.text
    value = await company.read(complaint_id, "/value")
    assert (value["first_value"], value["first_value_from"]) == (cny("780.00"), "set")
    assert value["reason"] == "The price by the contract."
    assert (await company.http.put(url, json=body, headers={"If-Match": '"1"'})).status_code == 412
    yen = body | {"value": {"amount": "100", "currency": "JPY"}}
    assert (await company.http.put(url, json=yen)).status_code == 200
    assert (await company.read(complaint_id, "/value"))["needed"] is None  # there is no rate
    await company.done(complaint_id, "answer", result="Done.")
    await company.done(complaint_id, "close", outcome="satisfied", reason="Said so.")
    late = await company.http.put(url, json=body)
    assert (late.status_code, late.json()["code"]) == (409, "case-ended")


@pytest.mark.requirement("003-14")
async def test_nobody_makes_v1_smaller_alone(company: Company) -> None:
    complaint_id = await told(company, **WANTS)
    url = f"/resolution/v1/cases/{complaint_id}/first-value"
    na = company.seen_by("na")
    for amount, currency in (("999.99", "CNY"), ("1000000", "JPY")):  # the latter can no more be compared
        less = {"value": {"amount": amount, "currency": currency}, "reason": "Used goods."}
        refused = await na.http.put(url, json=less)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:redress:problem:approval-needed")
    less = {"value": cny("500"), "reason": "Used goods."}
    asked = (
        await na.ask(reason="Used goods.", **(await na.http.put(url, json=less)).json()["approval"])
    ).json()
    await company.seen_by("min").decide(asked["id"], "grant")
    even_less = less | {"value": cny("400"), "approval_id": asked["id"]}
    assert (await na.http.put(url, json=even_less)).status_code == 409
    assert (await na.http.put(url, json=less | {"approval_id": asked["id"]})).status_code == 200
    assert (await na.http.put(url, json=less | {"value": cny("1000")})).status_code == 200
    assert (await company.seen_by("min").http.put(url, json=less)).status_code == 200


@pytest.mark.requirement("001-29", "N-D")
@pytest.mark.parametrize("via", ["phone", "email", "counter", "tracking"])
async def test_consent_is_recorded_by_whom_and_how(company: Company, via: str) -> None:
    complaint_id = await told(company)
    case = await company.done(complaint_id, "offers", offers=OFFERS)
    assert case["consent"] is None
    refused = await company.act(complaint_id, "carry-out", result="Done.")
    assert refused.status_code == 409
    chosen = case["offers"][1]["offer_id"]
    if via == "tracking":
        await company.hear(
            OfferChosen(complaint_id=complaint_id, offer_id=UUID(chosen), chosen_at=company.now)
        )
        recorded_by = "customer"
    else:
        await company.seen_by("na").done(complaint_id, "consent", offer_id=chosen, via=via)
        recorded_by = company.clients["na"].headers["Authorization"].split("_")[1]
    consent = (await company.read(complaint_id))["consent"]
    assert (consent["offer_id"], consent["via"]) == (chosen, via)
    assert consent["recorded_by"].removeprefix("key:") == recorded_by
    agreed = next(data for kind, data in await company.published(complaint_id) if kind == "offer.agreed")
    assert (agreed["via"], agreed["recorded_by"]) == (via, consent["recorded_by"])
    await company.done(complaint_id, "carry-out", result="Done.")


@pytest.mark.requirement("001-29", "P-09")
async def test_consent_to_what_is_no_longer_offered_is_refused(company: Company) -> None:
    complaint_id = await told(company)
    first = await company.done(complaint_id, "offers", offers=OFFERS)
    gone = {"offer_id": first["offers"][0]["offer_id"], "via": "phone"}
    await company.done(complaint_id, "objection", reason="No.", via="phone")
    assert (await company.act(complaint_id, "consent", **gone)).status_code == 409
    await company.done(complaint_id, "offers", offers=OFFERS[1:])
    refused = await company.act(complaint_id, "consent", **gone)
    assert (refused.status_code, refused.json()["state"]) == (409, "offered")
    present = (await company.read(complaint_id))["offers"][0]["offer_id"]
    answers = await asyncio.gather(
        company.act(complaint_id, "consent", offer_id=present, via="phone"),
        company.act(complaint_id, "objection", reason="No.", via="phone"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def with_supplies(url: str, folder: Path, hook_url: str, **changes: Any) -> AsyncIterator[Company]:
    async with open_company(url, folder, stock_url=hook_url, stock_token="t0p", **changes) as company:
        with clock.moved_to(lambda: company.now):
            yield company


@pytest.mark.requirement("001-35", "000-12d", "N-D")
async def test_what_is_not_there_is_not_promised(database_url: str, tmp_path: Path) -> None:
    async with web_server() as hook:
        async for company in with_supplies(database_url, tmp_path, hook.url):
            complaint_id = await told(company)
            hook.body = '{"available": {"exchange": false, "repair": true}, "note": "New ones in May."}'
            refused = await company.act(complaint_id, "offers", offers=OFFERS)
            problem = refused.json()
            assert (refused.status_code, problem["type"]) == (409, "urn:redress:problem:not-available")
            assert (problem["lacking"], problem["note"]) == (["exchange"], "New ones in May.")
            question = json.loads(hook.calls[0].body)
            assert question["product"] == {"id": "M-7", "name": "Servo motor", "batch": "2026-41"}
            assert question["remedies"] == [
                {"remedy": "exchange", "needs": "stock"},
                {"remedy": "repair", "needs": "capacity"},
            ]
            assert hook.calls[0].headers["authorization"] == "Bearer t0p"
            # What needs neither is promised without asking.
            await company.done(complaint_id, "offers", offers=[offer("10", "discount")])
            assert len(hook.calls) == 1
            await company.done(complaint_id, "objection", reason="No.", via="phone")
            hook.body = '{"available": {"exchange": true, "repair": true}}'
            key = {"Idempotency-Key": "once"}
            made = await company.act(complaint_id, "offers", key, offers=OFFERS)
            assert made.json()["round"] == 2
            hook.body = '{"available": {"exchange": false, "repair": false}}'
            again = await company.act(complaint_id, "offers", key, offers=OFFERS)
            assert (again.status_code, again.json()) == (200, made.json())
            assert len(hook.calls) == 2


@pytest.mark.requirement("001-35")
@pytest.mark.parametrize(
    "trouble", ["500", "nonsense", "silent on exchange", "away", "redirect", "forbidden"]
)
async def test_when_nobody_knows_what_is_there_the_rulebook_says_what_happens(
    database_url: str, tmp_path: Path, trouble: str
) -> None:
    async with web_server() as hook:
        url = "http://127.0.0.1:1/" if trouble == "away" else hook.url
        private = {"allow_private_targets": False} if trouble == "forbidden" else {}
        async for company in with_supplies(database_url, tmp_path, url, **private):
            hook.body = '{"available": {"repair": true}}' if trouble == "silent on exchange" else "so what"
            hook.answers = {"500": ["500"] * 9, "redirect": ["302 Location: http://127.0.0.1/"] * 9}.get(
                trouble, []
            )
            complaint_id = await told(company)
            refused = await company.act(complaint_id, "offers", offers=OFFERS)
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:redress:problem:stock-unknown")
            assert (await company.read(complaint_id))["state"] == "accepted"
            assert bool(hook.calls) == (trouble not in {"away", "forbidden"})
            await switched(company, "remedies", when_away="warn")
            await company.done(complaint_id, "offers", offers=OFFERS)
            assert "not_checked" in [
                entry["kind"] for entry in (await company.read(complaint_id))["timeline"]
            ]


async def switched(company: Company, kind: str, **changes: Any) -> None:
    """A new version of a rulebook, in force."""
    url = f"/resolution/v1/rulebooks/{kind}"
    content = (await company.http.get(url)).json()["content"] | changes
    made = await company.http.post(f"{url}/versions", json={"content": content, "reason": "A test."})
    assert made.status_code == 201, made.text
    answer = await company.http.put(url, json={"version": made.json()["version"], "reason": "A test."})
    assert answer.status_code == 200, answer.text


async def test_a_stock_system_in_ones_own_network_may_be_allowed_alone(
    database_url: str, tmp_path: Path
) -> None:
    async with web_server() as hook:
        hook.body = '{"available": {"exchange": true, "repair": true}}'
        own = {"allow_private_targets": False, "stock_private": True}
        async for company in with_supplies(database_url, tmp_path, hook.url, **own):
            await company.done(await told(company), "offers", offers=OFFERS)
            assert len(hook.calls) == 1


@pytest.mark.requirement("001-37")
async def test_what_helped_others_is_seen_before_somebody_drives_out(company: Company) -> None:
    async def solved(outcome: Outcome, category: str = "function_fault", **more: Any) -> str:
        complaint_id = await told(company, category, **more)
        case = await company.done(complaint_id, "offers", offers=OFFERS[1:])
        await company.done(complaint_id, "consent", offer_id=case["offers"][0]["offer_id"], via="phone")
        await company.done(
            complaint_id, "carry-out", result="The encoder's plug was pressed in; call 13800138000."
        )
        await company.hear(opinion(complaint_id, outcome, company.now))
        company.now += HOUR / 60
        return str(complaint_id)

    batch = await solved(Outcome.ACCEPTABLE)
    same_product = await solved(
        Outcome.SATISFIED, "appearance", product=ProductRef(id="M-7", batch="2025-01")
    )
    same_category = await solved(Outcome.SATISFIED, product=ProductRef(id="X-1", batch="2026-41"))
    await solved(Outcome.SATISFIED, "late_delivery", product=ProductRef(id="X-1"))
    await solved(Outcome.NOT_ACCEPTABLE)
    mine = await told(company)
    found: list[dict[str, Any]] = (await company.http.get(f"/resolution/v1/cases/{mine}/similar")).json()
    assert [each["id"] for each in found] == [batch, same_product, same_category]
    assert (found[0]["same_batch"], found[0]["remedies"]) == (True, ["repair"])
    assert found[0]["result"] == "The encoder's plug was pressed in; call [phone]."
    assert [each["same_batch"] for each in found] == [True, False, False]
    assert len(await company.read(mine, "/similar?limit=1")) == 1


@pytest.mark.requirement("001-37")
async def test_a_visit_is_recorded_with_who_when_and_by_which_vehicle(company: Company) -> None:
    complaint_id = await told(company)
    url = f"/resolution/v1/cases/{complaint_id}/visits"
    visit = {
        "people": ["na", "fang", "na"],
        "starts_at": (NINE + 24 * HOUR).isoformat(),
        "vehicle": "van with lift",
        "purpose": "Look at it while it is warm; ask 13800138000.",
    }
    for _ in range(2):
        made = await company.http.post(url, json=visit, headers={"Idempotency-Key": "v1"})
        assert made.status_code == 201, made.text
    earlier = visit | {"starts_at": (NINE + 2 * HOUR).isoformat()}
    assert (await company.http.post(url, json=earlier)).status_code == 201
    listed = (await company.http.get(url)).json()["items"]
    assert [each["people"] for each in listed] == [["na", "fang"]] * 2
    assert listed[0]["starts_at"] < listed[1]["starts_at"]
    assert (listed[0]["vehicle"], "[phone]" in listed[0]["purpose"]) == ("van with lift", True)
    planned = [e for e in (await company.read(complaint_id))["timeline"] if e["kind"] == "visit_planned"]
    assert [entry["audience"] for entry in planned] == ["customer"] * 2
    await company.done(complaint_id, "answer", result="Done.")
    await company.done(complaint_id, "close", outcome="satisfied", reason="Said so.")
    assert (await company.http.post(url, json=visit)).status_code == 409
    unknown = url.replace(str(complaint_id), str(new_id()))
    assert (await company.http.post(unknown, json=visit)).status_code == 404


async def test_a_further_contact_adds_to_the_cost_of_complaining(company: Company) -> None:
    complaint_id = await told(company)
    before = (await company.read(complaint_id, "/value"))["cost"]
    more = ComplaintSupplemented(
        complaint_id=complaint_id,
        addition_id=new_id(),
        number=1,
        contact_at=company.now,
        added_by="na",
        added_at=company.now,
        medium=Channel.STORE.medium,
        channel=Channel.STORE,
        emotion=Emotion.DISAPPOINTED,
        completeness=0.6,
    )
    await company.hear(more)
    after = (await company.read(complaint_id, "/value"))["cost"]
    # A contact (5), half an hour (20), a way (40), a disappointment (80).
    assert Decimal(after["amount"]) - Decimal(before["amount"]) == 145


@pytest.mark.requirement("001-36")
async def test_a_cause_that_lies_with_the_customer_leaves_no_mark_against_them(world: World) -> None:
    """Two complaints, one of them self-caused: what intake, insights and the log show of the customer is the same."""
    shown, ids = [], []
    for origin in ("use", "product"):
        made = await world.register(
            TOLD | {"customer": {"external_id": f"C-{origin}-36", "name": "Ann Example"}}
        )
        complaint_id = made["id"]
        ids.append(complaint_id)
        case = f"/resolution/v1/cases/{complaint_id}"

        async def opened(case: str = case) -> bool:
            return (await world.http.get(case)).status_code == 200

        await eventually(opened)
        judged = {
            "reason_sufficient": True,
            "demand_reasonable": True,
            "explanation": "It can happen to anybody.",
            "cause": "overgrown with zinnias",
            "origin": origin,
        }
        for action, body in (
            ("accept", {}),
            ("judgement", judged),
            ("answer", {"result": "It runs again."}),
            ("close", {"outcome": "satisfied", "reason": "Said so."}),
        ):
            answer = await world.http.post(f"{case}/{action}", json=body)
            assert answer.status_code == 200, answer.text
        await world.settled()
        complaint = (await world.http.get(f"/intake/v1/complaints/{complaint_id}")).json()
        customer = (await world.http.get(f"/intake/v1/customers/{complaint['customer_id']}")).json()
        shown.append((complaint.keys(), customer.keys()))
        assert "zinnias" not in json.dumps([complaint, customer])
    assert shown[0] == shown[1]
    records = [record for record in await world.log_records() if record.key in ids]
    assert records
    assert not any(b"zinnias" in record.value or b'"use"' in record.value for record in records)
