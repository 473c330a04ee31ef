"""The customer and a person of the company answer for the same case: what both then see."""

from typing import Any

import pytest

from tests.world import World


async def _act(world: World, complaint_id: str, action: str, **body: Any) -> dict[str, Any]:
    answer = await world.http.post(f"/resolution/v1/cases/{complaint_id}/{action}", json=body)
    assert answer.status_code == 200, answer.text
    case: dict[str, Any] = answer.json()
    return case


@pytest.mark.requirement("001-29")
async def test_after_an_objection_by_phone_the_customer_cannot_choose_what_was_withdrawn(
    world: World,
) -> None:
    registered = await world.register()
    complaint_id, url = registered["id"], f"/intake/v1/tracking/{registered['reference']}"
    token = {"X-Tracking-Token": registered["tracking_token"]}

    async def seen() -> dict[str, Any]:
        await world.settled()
        view: dict[str, Any] = (await world.customer.get(url, headers=token)).json()
        return view

    async def choose(**body: Any) -> int:
        return (await world.customer.post(f"{url}/choice", json=body, headers=token)).status_code

    await world.settled()
    await _act(world, complaint_id, "accept")
    await _act(
        world, complaint_id, "judgement", reason_sufficient=True, demand_reasonable=True, explanation="Yes."
    )
    offers = [{"remedies": ["repair"], "description": "Repair."}]
    first = (await _act(world, complaint_id, "offers", offers=offers))["offers"][0]["offer_id"]
    assert [offer["offer_id"] for offer in (await seen())["offers"]] == [first]
    await _act(world, complaint_id, "objection", reason="Too slow.", via="phone")
    view = await seen()
    assert (view["status"], view["offers"], view["steps"][-1]["step"]) == (
        "accepted",
        [],
        "offers_withdrawn",
    )
    assert await choose(offer_id=first) == 409
    second = (await _act(world, complaint_id, "offers", offers=offers))["offers"][0]["offer_id"]
    await seen()
    assert await choose(offer_id=second) == 200
    assert (await seen())["status"] == "agreed"
    await _act(world, complaint_id, "carry-out", result="Repaired.")
    assert (await seen())["opinion_asked"] is True
    await _act(world, complaint_id, "resume", reason="He called.")
    view = await seen()
    assert (view["status"], view["opinion_asked"], view.get("result")) == ("accepted", False, None)
    answer = await world.customer.post(f"{url}/opinion", json={"outcome": "satisfied"}, headers=token)
    assert answer.status_code == 409
