"""How people say what they wish to hear: customers by token or link, agents and colleagues by key."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.intake.vault.erasure import Order, erase
from services.notification.channels import Letter
from services.notification.contacts import Contacts
from services.notification.customers import CustomerWriter
from services.notification.letters import Letters
from services.notification.preferences.unsubscribing import token_of
from services.notification.queue import Leased
from services.notification.rules import Nature, Urgency
from shared import clock
from shared.attempts import Attempts
from shared.events.vocabulary import Because
from tests.services.test_transfer import caller
from tests.world import TOLD, World, eventually

pytestmark = pytest.mark.slow

PATH = "/notification/v1/preferences"
QUIET = {"quiet_hours": {"begin": "22:00", "end": "07:00"}, "time_zone": "Europe/Berlin"}


async def registers(world: World, external_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A complaint, and the query that opens it."""
    made = await world.register(TOLD | {"customer": TOLD["customer"] | {"external_id": external_id}})
    return made, {"reference": made["reference"], "token": made["tracking_token"]}


async def customer_of(world: World, complaint: dict[str, Any]) -> str:
    answer = await world.http.get("/intake/v1/contacts", params={"complaint": complaint["id"]})
    found: str = answer.json()[0]["customer_id"]
    return found


@pytest.mark.requirement("002-19")
async def test_a_customer_reads_and_changes_their_preferences_by_token_for_all_their_cases(
    world: World,
) -> None:
    external_id = str(uuid4())
    one, opens = await registers(world, external_id)
    _, other = await registers(world, external_id)
    before = await world.customer.get(PATH, params=opens)
    assert before.status_code == 200, before.text
    assert before.json()["version"] == 0
    assert before.headers["ETag"] == '"0"'

    put = await world.customer.put(PATH, params=opens, json=QUIET, headers={"If-Match": '"0"'})
    assert put.status_code == 200, put.text
    assert put.headers["ETag"] == '"1"'
    token = other.pop("token")
    seen = await world.customer.get(PATH, params=other, headers={"X-Tracking-Token": token})
    assert seen.json() == put.json()
    assert seen.json()["wishes"]["quiet_hours"] == QUIET["quiet_hours"]

    late = await world.customer.put(PATH, params=opens, json={}, headers={"If-Match": '"0"'})
    assert late.status_code == 412
    assert late.headers["ETag"] == '"1"'

    # An agent sees and changes the same.
    url = f"/notification/v1/customers/{await customer_of(world, one)}/preferences"
    async with caller(world, "customers:write") as agent, caller(world, "cases:work") as stranger:
        assert (await agent.get(url)).json() == put.json()
        key = {"Idempotency-Key": str(uuid4())}
        first = await agent.put(url, json={"ways": {"opinion": []}}, headers=key)
        again = await agent.put(url, json={"ways": {"opinion": []}}, headers=key)
        assert first.json() == again.json()
        assert first.json()["version"] == 2
        assert (await stranger.get(url)).status_code == 403
    assert (await world.customer.get(PATH, params=opens)).json()["wishes"]["ways"] == {"opinion": []}


async def test_who_has_no_token_sees_and_changes_nothing(world: World) -> None:
    made, opens = await registers(world, str(uuid4()))
    _, other = await registers(world, str(uuid4()))
    for query in (
        {"reference": made["reference"]},
        opens | {"token": other["token"]},
        opens | {"token": "投诉"},
        {"reference": "../contacts", "token": opens["token"]},
        {"reference": "RD-00000000-0", "token": opens["token"]},
    ):
        for answer in (
            await world.customer.get(PATH, params=query),
            await world.customer.put(PATH, params=query, json=QUIET),
        ):
            assert answer.status_code == 404, answer.text
            assert answer.json()["errors"][0]["field"] == "query/reference"
    assert (await world.customer.get(PATH, params=opens)).json()["version"] == 0


@pytest.mark.empty_world
async def test_guessing_is_slowed_down(world: World) -> None:
    made, opens = await registers(world, str(uuid4()))
    context = world.context("notification")
    context.parts[Attempts] = Attempts("3/minute")
    wrong = {"reference": made["reference"], "token": "wrong"}
    answers = [(await world.customer.get(PATH, params=wrong)).status_code for _ in range(4)]
    assert answers == [404, 404, 404, 429]
    assert (await world.customer.get(PATH, params=opens)).status_code == 429


@pytest.mark.requirement("001-08")
async def test_nobody_can_opt_out_of_what_is_owed_and_the_refusal_names_the_field(world: World) -> None:
    _, opens = await registers(world, str(uuid4()))
    refused = await world.customer.put(PATH, params=opens, json={"ways": {"safety": []}})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["field"] == "body"
    assert "nobody can opt out of safety" in error["detail"]
    assert "不得退订" in error["detail"]
    unknown = await world.customer.put(PATH, params=opens, json={"time_zone": "Mars/Olympus"})
    assert unknown.json()["errors"][0]["field"] == "body/time_zone"
    async with world.context("notification").database.transaction() as transaction:
        with pytest.raises(Exception, match="ck_preferences_owed"):
            await transaction.execute(
                text(
                    "INSERT INTO preferences VALUES ('customer/x', 1, "
                    """'{"ways": {"safety": []}}', now(), 'somebody')"""
                )
            )


@pytest.mark.requirement("003-16", "003-18")
async def test_a_colleague_sets_digest_and_quiet_hours_and_cannot_decline(world: World) -> None:
    url = "/notification/v1/inbox/preferences"
    async with caller(world, "inbox:read", person="liu.yang") as me, caller(world, "inbox:read") as nobody:
        digest = {"digest": {"frequency": "daily", "hour": 8}}
        put = await me.put(url, json=digest)
        assert put.status_code == 200, put.text
        assert (await me.get(url)).json()["wishes"]["digest"]["hour"] == 8
        refused = await me.put(url, json={"ways": {"progress": []}})
        assert refused.status_code == 422
        assert "cannot be declined" in refused.json()["errors"][0]["detail"]
        assert (await nobody.get(url)).status_code == 403


@pytest.mark.requirement("002-19")
async def test_one_click_without_login_unsubscribes_from_one_nature(world: World) -> None:
    made, opens = await registers(world, str(uuid4()))
    customer = UUID(await customer_of(world, made))
    context = world.context("notification")
    written = Leased(
        uuid4(), UUID(made["id"]), 1, "survey", {"again": False}, made["reference"], "complaint", None, None,
        None, None, (), None, urgency=Urgency.USUAL, nature=Nature.OPINION,
    )  # fmt: skip
    writer = CustomerWriter(context.part(Contacts), context.part(Letters), context.settings)
    letter, owed = await asyncio.gather(
        writer.write(written), writer.write(replace(written, nature=Nature.SERVICE))
    )
    assert isinstance(letter, Letter)
    assert isinstance(owed, Letter)
    assert letter.person == f"customer/{customer}"
    assert owed.unsubscribe is None
    assert letter.unsubscribe is not None
    assert letter.unsubscribe.startswith(context.settings.base_url)
    link = httpx.URL(letter.unsubscribe).path

    # What reads mails ahead follows the link; that changes nothing.
    page = await world.customer.get(link)
    assert page.headers["content-type"].startswith("text/html")
    assert "退订" in page.text
    assert (await world.customer.get(PATH, params=opens)).json()["version"] == 0
    for _ in range(2):
        clicked = await world.customer.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (clicked.status_code, clicked.json()) == (200, {"nature": "opinion"})
    said = (await world.customer.get(PATH, params=opens)).json()
    assert (said["wishes"]["ways"], said["version"]) == ({"opinion": []}, 1)
    shown = await world.customer.post(link, headers={"Accept": "text/html"})
    assert "You will get no more" in shown.text

    secret = b"somebody else's secret, of 32 characters"
    forged = f"/notification/v1/unsubscribe/{token_of(secret, customer, Nature.PROGRESS)}"
    assert (await world.customer.post(forged)).status_code == 404
    assert (await world.customer.get(forged)).status_code == 404


async def test_preferences_are_erased_with_the_last_of_the_customers_complaints(world: World) -> None:
    external_id = str(uuid4())
    one, opens = await registers(world, external_id)
    await registers(world, external_id)
    assert (await world.customer.put(PATH, params=opens, json=QUIET)).status_code == 200
    customer = await customer_of(world, one)
    wish = {"reason": "They asked for it.", "even_open": True}

    async def kept() -> bool:
        async with world.context("notification").database.reading() as connection:
            query = text("SELECT EXISTS (SELECT FROM preferences WHERE person = :person)")
            return bool((await connection.execute(query, {"person": f"customer/{customer}"})).scalar_one())

    # Retention erases one complaint, while another one is left.
    intake = world.context("intake")
    async with intake.database.transaction() as transaction:
        order = Order([UUID(one["id"])], "retention", Because.RETENTION, clock.now())
        assert len(await erase(transaction, order, intake.settings.installation_secret)) == 1
    await world.settled()
    assert await kept()
    erased = await world.http.post(f"/intake/v1/customers/{customer}/erasure", json=wish)
    assert erased.status_code == 200, erased.text

    async def gone() -> bool:
        return not await kept()

    await eventually(gone, what="the preferences to be erased")
