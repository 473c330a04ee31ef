"""Personal data at rest, its reading, its export and its erasure."""

import io
import json
import logging
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from services import vaulting
from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.model import path_of
from services.intake.vault.cipher import Unreadable, Vault
from services.intake.vault.erasure import Order, erase
from services.intake.vault.retention import Retention
from services.intake.vault.rotation import rotate
from shared import clock
from shared.database import Database, make_engine
from shared.events.vocabulary import Because
from shared.keys import create_key
from shared.masking import mask
from shared.migrate import configuration
from tests.conftest import NewDatabase
from tests.world import SECRET, TOLD, World, open_world

pytestmark = pytest.mark.slow

PERSON = {
    "external_id": "KN-778812",
    "name": "Wilhelmina Oxenstierna",
    "email": "wilhelmina@oxenstierna.example",
    "phone": "13955550123",
    "address": "Kastanienallee 77, Hinterhaus",
}
ACCUSED = "Bartholomew Quill"
LINK = "https://forum.example/wilhelmina-is-angry"
TRACES = (*PERSON.values(), "Wilhelmina", "Oxenstierna", ACCUSED, "Quill", LINK, "tearfully-secret-name")
STORY = {
    **TOLD,
    "statement": {
        "what_went_wrong": "I am Wilhelmina Oxenstierna and Bartholomew Quill shouted at me. Call 13955550123.",
        "feeling": "Wilhelmina is sad.",
        "wanted": "Write to wilhelmina@oxenstierna.example",
    },
    "customer": PERSON,
    "accused": {"name": ACCUSED},
    "visibility": "public",
    "public_link": LINK,
}


async def everything(url: str) -> dict[str, str]:
    """Every row of every table of every schema, as text, by table."""
    engine = create_async_engine(url)
    found = {}
    async with engine.connect() as connection:
        tables = await connection.execute(
            text(
                "SELECT schemaname, tablename FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
        )
        for schema, table in tables.all():
            rows = await connection.execute(text(f'SELECT t.*, t::text AS whole FROM "{schema}"."{table}" t'))
            shown = []
            for row in rows.mappings():
                values = [
                    v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row.values()
                ]
                shown.append("\n".join(values))
            found[f"{schema}.{table}"] = "\n".join(shown)
    await engine.dispose()
    return found


def traces(where: dict[str, str], of: tuple[str, ...] = TRACES) -> dict[str, list[str]]:
    found = {name: [t for t in of if t.lower() in content.lower()] for name, content in where.items()}
    return {name: them for name, them in found.items() if them}


async def rows(world: World, query: str, service: str = "intake", **given: Any) -> list[Any]:
    async with world.context(service).database.reading() as connection:
        return list((await connection.execute(text(query), given)).all())


async def told(world: World) -> dict[str, Any]:
    """A complaint with everything that can hold personal data, worked to its end."""
    registered = await world.register(STORY)
    path, token = (
        f"/intake/v1/complaints/{registered['id']}",
        {"X-Tracking-Token": registered["tracking_token"]},
    )
    added = await world.http.post(
        f"{path}/additions",
        json={
            "channel": "phone",
            "said": "Wilhelmina called again.",
            "restatement": {"text": "Ms Oxenstierna wants an apology."},
            "contact": {"email": "second-wilhelmina@example.com"},
        },
    )
    assert added.status_code == 201, added.text
    coded = await world.http.put(
        f"{path}/coding",
        json={
            "taxonomy_version": 1,
            "codes": [{"category": "customer_strategy", "subcategory": "extra_benefit"}],
            "reason": "Wilhelmina Oxenstierna wants more than she paid for.",
            "evidence": "Her mail from wilhelmina@oxenstierna.example.",
        },
    )
    assert coded.status_code == 200, coded.text
    tracking = f"/intake/v1/tracking/{registered['reference']}"
    answered = await world.customer.post(
        f"{tracking}/additions/{added.json()['id']}/confirmation",
        json={"confirmed": False, "correction": "Wilhelmina Oxenstierna wants it in writing."},
        headers=token,
    )
    assert answered.status_code == 200, answered.text
    file = await world.http.post(
        f"{path}/attachments",
        files={"file": ("Wilhelmina.txt", b"tearfully-secret-name was here", "text/plain")},
        params={"from_customer": "true"},
        headers={"Idempotency-Key": "file-1"},
    )
    assert file.status_code == 201, file.text
    await world.settled()
    return {**registered, "token": token, "file": file.json()["id"], "path": path, "tracking": tracking}


async def closed(world: World, case: dict[str, Any]) -> None:
    """The case, answered at once and judged by the customer."""
    await world.settled()
    desk = f"/resolution/v1/cases/{case['id']}"
    public = {"where": "The forum.", "response": "We are sorry, and have written."}
    result = {"result": "An apology was sent to 13955550123."}
    for action, body in (("accept", {}), ("public-response", public), ("answer", result)):
        answer = await world.http.post(f"{desk}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        await world.settled()
    judged = await world.customer.post(
        f"{case['tracking']}/opinion",
        json={"outcome": "satisfied", "comment": "Yours, Wilhelmina Oxenstierna"},
        headers=case["token"],
    )
    assert judged.status_code == 200, judged.text
    await world.settled()


async def customer_of(world: World, complaint_id: str) -> str:
    query = "SELECT customer_id FROM complaints WHERE id = :id"
    return str((await rows(world, query, id=UUID(complaint_id)))[0].customer_id)


# --- at rest ------------------------------------------------------------------------------------------------


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_nothing_private_is_readable_in_the_database(world: World) -> None:
    case = await told(world)
    found = traces(await everything(world.url))
    assert found.pop("intake.attachments") == ["Wilhelmina"]  # names of files are not sealed
    assert found == {}
    contact = (await world.http.get(f"{case['path']}/contact")).json()
    assert (contact["name"], contact["phone"]) == (PERSON["name"], PERSON["phone"])
    assert (contact["email"], contact["accused_name"]) == ("second-wilhelmina@example.com", ACCUSED)
    seen = (await world.customer.get(case["tracking"], headers=case["token"])).json()
    assert seen["statement"] == STORY["statement"]


async def test_the_database_refuses_to_change_what_is_sealed(world: World) -> None:
    registered = await world.register(STORY)
    other = Vault([b"another key"]).seal(b"{}", f"complaints/{registered['id']}")
    refused = [
        ("", "UPDATE complaints SET sealed = ''"),
        ("erase", "UPDATE complaints SET sealed = '\\x01'"),
        ("erase", "UPDATE complaints SET sealed = '', channel = 'phone'"),
        ("rotate", "UPDATE complaints SET sealed = sealed || '\\x00'"),
        ("rotate", "UPDATE complaints SET sealed = ''"),
        ("rotate", f"UPDATE complaints SET holds = '{{}}', sealed = '\\x{other.hex()}'"),
    ]
    database = world.context("intake").database
    for doing, statement in refused:
        with pytest.raises(DBAPIError, match="never changed"):
            await _change(database, doing, statement)


async def _change(database: Database, doing: str, statement: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(text("SELECT set_config('redress.vault', :doing, true)"), {"doing": doing})
        await transaction.connection.exec_driver_sql(statement)


def test_a_sealed_value_opens_only_in_its_place_with_its_key_unchanged() -> None:
    vault = Vault([b"new", b"old"])
    sealed = Vault([b"old"]).seal(b"Ann", "complaints/1")
    assert vault.open(sealed, "complaints/1") == b"Ann"
    assert vault.seal(b"Ann", "x") != vault.seal(b"Ann", "x")
    assert b"Ann" not in sealed
    for wrong, place in (
        (sealed, "complaints/2"),
        (sealed[:-1] + b"\0", "complaints/1"),
        (b"\2" + sealed, "x"),
    ):
        with pytest.raises(Unreadable):
            vault.open(wrong, place)
    with pytest.raises(Unreadable, match="REDRESS_VAULT_KEYS"):
        Vault([b"new"]).open(sealed, "complaints/1")


async def test_rotation_seals_everything_anew_and_can_be_stopped(
    new_database: NewDatabase, scratch: Any
) -> None:
    url = await new_database()
    async with open_world(url, scratch) as world:
        case = await told(world)
        await world.register(STORY | {"customer": {"name": "Second Person"}})
    keys = (SecretStr("k" * 40),)
    async with open_world(url, scratch, vault_keys=keys) as world:
        database = world.context("intake").database
        steps = rotate(database, batch=1)
        await anext(steps)  # stopped after the first batch
        await steps.aclose()
        done = [number async for number in rotate(database, batch=2)]
        assert sum(done) == 5 - 1  # two complaints, a customer (the other holds nothing), addition, answer
        assert [number async for number in rotate(database, batch=2)] == []
        prefix = Vault([b"k" * 40]).prefix
        for table in ("complaints", "additions", "restatement_answers", "customers"):
            for (sealed,) in await rows(world, f"SELECT sealed FROM {table} WHERE sealed <> ''"):
                assert sealed.startswith(prefix), table
        assert (await world.http.get(f"{case['path']}/contact")).json()["name"] == PERSON["name"]


@pytest.mark.empty_world
async def test_the_commands_of_the_vault(world: World) -> None:
    """`redress vault rotate` and `redress vault retain`, beside the running services."""
    await world.register(STORY)
    settings = world.process.settings
    seen: list[tuple[int, int]] = []
    ring = settings.model_copy(update={"vault_keys": (SecretStr("n" * 40),)})
    assert await vaulting.rotate(ring, world.url, lambda done, total: seen.append((done, total))) == 2
    assert (seen[0], seen[-1]) == ((0, 2), (2, 2))
    with pytest.raises(Unreadable, match="REDRESS_VAULT_KEYS"):  # the key that sealed it is not in this ring
        await vaulting.rotate(settings, world.url, lambda done, total: None)
    assert await vaulting.retain(settings, world.url, 1, dry_run=True) == 0
    assert await vaulting.retain(settings, world.url, 1, dry_run=False) == 0


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.empty_world
@pytest.mark.requirement("P-32")
async def test_every_reading_is_in_the_audit_trail_with_its_purpose(world: World) -> None:
    case = await told(world)
    mine = {"X-Purpose": "call back %E5%9B%9E%E7%94%B5 13955550123"}
    customer = await customer_of(world, case["id"])
    for path in (
        f"{case['path']}/contact",
        f"/intake/v1/contacts?complaint={case['id']}",
        f"{case['path']}/attachments/{case['file']}/content",
        f"/intake/v1/customers/{customer}/export",
    ):
        assert (await world.http.get(path, headers=mine)).status_code == 200, path
        for nothing in ("", "  ", "a", "x" * 201, "a%0Ab%0Ac"):
            refused = await world.http.get(path, headers={"X-Purpose": nothing})
            assert refused.status_code == 422, (path, nothing)
            assert refused.json()["errors"][0]["field"] == "header/X-Purpose"
    reached = f"/intake/v1/contacts?complaint={case['id']}"  # as for a letter
    await world.context("notification").ask("intake", reached, "customers:read")
    trail = "/intake/v1/audit/personal-data"
    entries = (await world.http.get(trail, params={"complaint": case["id"]})).json()["items"]
    people = [e for e in entries if e["principal"].startswith("key:")]
    assert [e["what"] for e in people] == ["export", "attachment", "contact", "contact"]
    assert {e["purpose"] for e in people} == {"call back 回电 [phone]"}
    services = [e for e in entries if e["principal"] == "service:notification"]
    assert {e["what"] for e in services} == {"contact"}

    first = (await world.http.get(trail, params={"limit": 1, "principal": people[0]["principal"]})).json()
    second = await world.http.get(
        trail, params={"limit": 1, "principal": people[0]["principal"], "cursor": first["next"]}
    )
    assert (first["items"][0]["what"], second.json()["items"][0]["what"]) == ("export", "attachment")
    none = await world.http.get(
        trail, params={"until": people[-1]["at"], "principal": people[0]["principal"]}
    )
    assert none.json()["items"] == []
    assert (await world.customer.get(trail)).status_code == 401


@pytest.mark.requirement("P-32")
@pytest.mark.parametrize(
    "change", ["DELETE FROM {}", "UPDATE {} SET complaint_id = complaint_id", "TRUNCATE {}"]
)
@pytest.mark.parametrize("table", ["personal_data_reads", "erasures"])
async def test_the_audit_trail_is_only_added_to(world: World, table: str, change: str) -> None:
    with pytest.raises(DBAPIError, match="only added to"):
        async with world.context("intake").database.transaction() as transaction:
            await transaction.execute(text(change.format(table)))


# --- export -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("P-36")
async def test_the_export_holds_everything_for_staff_and_for_the_customer(world: World) -> None:
    case = await told(world)
    customer = await customer_of(world, case["id"])
    by_staff = await world.http.get(f"/intake/v1/customers/{customer}/export")
    by_customer = await world.customer.get(f"{case['tracking']}/export", headers=case["token"])
    assert (await world.customer.get(f"{case['tracking']}/export")).status_code == 404
    for answer in (by_staff, by_customer):
        assert answer.headers["content-type"] == "application/zip"
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        assert archive.testzip() is None
        assert "您" in archive.read("README.txt").decode()
        kept = json.loads(archive.read(f"complaints/{case['reference']}.json"))
        assert kept["told"]["statement"] == STORY["statement"]
        assert kept["told"]["customer"]["address"] == PERSON["address"]
        assert kept["customer_number"] == PERSON["external_id"]
        assert kept["additions"][0]["answer"] == "Wilhelmina Oxenstierna wants it in writing."
        assert kept["steps"][0]["step"]
        assert archive.read(kept["files"][0]["file"]) == b"tearfully-secret-name was here"
    unknown = await world.http.get(f"/intake/v1/customers/{UUID(int=1)}/export")
    assert unknown.status_code == 404


# --- erasure ------------------------------------------------------------------------------------------------


async def _measured(world: World) -> dict[str, Any]:
    """All measures, but for durations of what is still open: they grow while we look."""
    shown = (await world.http.get("/insights/v1/measures")).json()
    return {each["measure"]: each["value"] for each in shown["groups"][0]["measures"] if not each["at_least"]}


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_after_erasure_the_person_is_found_nowhere(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    case = await told(world)
    other = await world.register()
    hook = await world.http.post(
        "/notification/v1/webhooks", json={"url": "http://127.0.0.1:65001/x", "event_types": ["*"]}
    )
    assert hook.status_code in (200, 201), hook.text
    customer = await customer_of(world, case["id"])
    erasure = f"/intake/v1/customers/{customer}/erasure"
    early = await world.http.post(erasure, json={"reason": "Asked for."})
    assert (early.status_code, early.json()["code"]) == (409, "open-complaints")
    await closed(world, case)
    measured = await _measured(world)

    storage = world.context("intake").part(Cabinet).storage
    erased = await world.http.post(erasure, json={"reason": "Wilhelmina wrote, 13955550123."})
    assert erased.status_code == 200, erased.text
    assert erased.json() == {"customer_id": customer, "complaints": 1, "erased_now": 1}
    again = await world.http.post(erasure, json={"reason": "Once more."})
    assert again.json()["erased_now"] == 0
    await world.settled()

    with pytest.raises(FileNotFoundError):
        await storage.get(path_of(UUID(case["file"])))
    assert (await rows(world, "SELECT count(*) FROM uploads"))[0][0] == 0
    assert traces(await everything(world.url)) == {}
    log = {
        str(number): f"{record.headers} {record.value!r} {record.value.decode()}"
        for number, record in enumerate(await world.log_records())
    }
    assert log
    assert traces(log) == {}
    printed = capsys.readouterr()
    assert traces({"logs": caplog.text, "out": printed.out, "err": printed.err}) == {}

    # What is left: the case, its counts, and the other customer.
    assert await _measured(world) == measured
    shown = (await world.http.get(case["path"])).json()
    assert shown["statement"]["what_went_wrong"] == "[erased]"
    contact = (await world.http.get(f"{case['path']}/contact")).json()
    assert not {"name", "email", "phone"} & {name for name, value in contact.items() if value}
    refused = await world.http.post(
        f"{case['path']}/additions", json={"channel": "phone", "said": "I am back."}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "erased")
    upload = await world.http.post(f"{case['path']}/attachments", files={"file": ("a.txt", b"a")})
    assert upload.status_code == 404
    events = [
        r for r in await world.log_records("redress.intake") if "customer.erased" in r.headers["ce_type"]
    ]
    assert [(r.key, json.loads(r.value)["because"]) for r in events] == [(case["id"], "requested")]
    timeline = await rows(
        world,
        "SELECT count(*), count(text) FROM timeline WHERE complaint_id = :id",
        "resolution",
        id=UUID(case["id"]),
    )
    assert timeline[0][0] > 5
    assert timeline[0][1] == 0
    contact = (await world.http.get(f"/intake/v1/complaints/{other['id']}/contact")).json()
    assert contact["name"] == "Ann Example"


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_what_notification_keeps_sealed_or_apart_goes_as_well(world: World) -> None:
    """Of what is sealed or masked no trace is seen in the tables, so it is counted."""
    case = await told(world)
    customer = await customer_of(world, case["id"])
    devices = f"/notification/v1/tracking/{case['reference']}/devices"
    kept = await world.customer.post(devices, json={"token": "wilhelmina-phone"}, headers=case["token"])
    wishes: dict[str, Any] = {"ways": {"progress": []}}
    said = await world.http.put(f"/notification/v1/customers/{customer}/preferences", json=wishes)
    assert (kept.status_code, said.status_code) == (200, 200)
    await closed(world, case)
    found = await world.http.get("/notification/v1/surveys", params={"complaint_id": case["id"]})
    survey = next(each["id"] for each in found.json()["items"] if each["state"] == "open")
    answers = {"outcome": "satisfied", "trust": True, "delivered": "not_all", "missing": "A word to Quill."}
    path = f"/notification/v1/surveys/{survey}/answers"
    assert (await world.http.post(path, json={"answers": answers})).status_code == 200
    await world.settled()

    kept_there = (
        "SELECT (SELECT count(*) FROM devices) AS devices, (SELECT count(*) FROM preferences) AS wishes, "
        "(SELECT count(*) FROM survey_answers WHERE words <> '') AS words, "
        "(SELECT count(*) > 0 FROM feed WHERE complaint_id = :id AND data IS NOT NULL "
        "AND type <> 'redress.customer.erased') AS fed"
    )
    assert await rows(world, kept_there, "notification", id=UUID(case["id"])) == [(1, 1, 1, True)]
    erased = await world.http.post(f"/intake/v1/customers/{customer}/erasure", json={"reason": "Asked for."})
    assert erased.status_code == 200, erased.text
    await world.settled()
    assert await rows(world, kept_there, "notification", id=UUID(case["id"])) == [(0, 0, 0, False)]
    again = await world.customer.post(devices, json={"token": "wilhelmina-phone"}, headers=case["token"])
    assert again.status_code < 500
    assert await rows(world, "SELECT 1 FROM devices", "notification") == []


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_what_handlers_wrote_goes_from_every_service(world: World) -> None:
    """It names the customer, and nobody masked it; the log alone cannot be changed."""
    hook = await world.http.post(
        "/notification/v1/webhooks", json={"url": "http://127.0.0.1:65001/x", "event_types": ["*"]}
    )
    assert hook.status_code == 201, hook.text
    case = await told(world)
    await world.http.post(f"/resolution/v1/cases/{case['id']}/accept", json={})
    letter = {"message": "Dear Ms Oxenstierna, we look into it."}
    assert (await world.http.post(f"/resolution/v1/cases/{case['id']}/reply", json=letter)).status_code == 200
    await world.settled()
    before = {table for table in traces(await everything(world.url)) if not table.startswith("platform.")}
    assert before == {
        "intake.attachments",
        "intake.progress",
        "resolution.timeline",
        "notification.conversations",
        "notification.deliveries",
        "notification.feed",
        "notification.forwarded_events",
    }
    customer = await customer_of(world, case["id"])
    await world.http.post(
        f"/intake/v1/customers/{customer}/erasure", json={"reason": "Asked for.", "even_open": True}
    )
    await world.settled()
    assert set(traces(await everything(world.url))) == {"platform.records"}
    told_of = await rows(world, "SELECT body FROM forwarded_events WHERE body <> ''", "notification")
    assert len(told_of) == 1
    assert '"redress.customer.erased.v1"' in told_of[0].body


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_what_is_heard_after_an_erasure_is_let_go_of_too(world: World) -> None:
    case = await told(world)
    customer = await customer_of(world, case["id"])
    erased = await world.http.post(
        f"/intake/v1/customers/{customer}/erasure", json={"reason": "Asked for.", "even_open": True}
    )
    assert erased.json()["erased_now"] == 1
    await world.settled()
    await closed(world, case)
    assert traces(await everything(world.url)) == {}
    query = "SELECT explanation, result FROM {} WHERE {} = :id"
    for service, table, key in (("intake", "views", "complaint_id"), ("notification", "conversations", "id")):
        found = await rows(world, query.format(table, key), service, id=UUID(case["id"]))
        assert tuple(found[0]) == (None, None)


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_retention_anonymises_what_ended_long_ago(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await told(world)
    fresh = await world.register()
    await closed(world, case)
    retention = world.context("intake").part(Retention)
    assert (await retention.due(30), await retention.erase_old(30)) == (0, 0)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=31))
    assert await retention.due(30) == 1  # the other case is old, too, but not closed
    assert (await rows(world, "SELECT count(*) FROM complaints WHERE sealed = ''"))[0][0] == 0
    assert (await retention.erase_old(30), await retention.erase_old(30)) == (1, 0)
    monkeypatch.undo()
    await world.settled()
    assert (await world.http.get(case["path"])).json()["statement"]["what_went_wrong"] == "[erased]"
    assert (await world.http.get(f"/intake/v1/complaints/{fresh['id']}/contact")).json()[
        "name"
    ] == "Ann Example"


def test_the_purpose_that_is_kept_is_masked() -> None:
    assert mask("call back 13955550123") == "call back [phone]"


# --- Open311 ------------------------------------------------------------------------------------------------

PLACE = ("Kastanienallee", "13.404954", "device-of-wilhelmina")


async def reported(world: World) -> tuple[str, UUID]:
    """A request sent by a civic app; where the app reads it back, and the complaint's id."""
    key = await create_key(world.url, "civic app", ["complaints:write"])
    form = {
        "api_key": key,
        "service_code": "function_fault",
        "lat": "52.520008",
        "long": "13.404954",
        "address_string": "Kastanienallee 77",
        "device_id": "device-of-wilhelmina",
        "description": "The lift stands still.",
    }
    answer = await world.customer.post("/intake/open311/v2/requests.json", data=form)
    assert answer.status_code == 201, answer.text
    reference = answer.json()[0]["service_request_id"]
    query = "SELECT id FROM complaints WHERE reference = :reference"
    [(complaint_id,)] = await rows(world, query, reference=reference)
    return f"/intake/open311/v2/requests/{reference}.json?api_key={key}", complaint_id


@pytest.mark.requirement("P-36", "P-39")
async def test_where_an_open311_request_was_sent_from_is_sealed_exported_and_erased(world: World) -> None:
    url, complaint_id = await reported(world)
    assert traces(await everything(world.url), PLACE) == {}
    [own] = (await world.customer.get(url)).json()
    assert (own["address"], own["lat"], own["long"]) == ("Kastanienallee 77", 52.520008, 13.404954)

    customer = await customer_of(world, str(complaint_id))
    exported = await world.http.get(f"/intake/v1/customers/{customer}/export")
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        told = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".json"))
    assert all(trace in told for trace in PLACE)

    async with world.context("intake").database.transaction() as transaction:
        order = Order([complaint_id], "tests", Because.REQUESTED, clock.now(), "asked")
        await erase(transaction, order, world.process.settings.installation_secret)
    [erased] = (await world.customer.get(url)).json()
    assert [erased.get(name) for name in ("address", "lat", "long")] == [None] * 3


# --- what staff write about somebody ------------------------------------------------------------------------


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_a_purpose_that_names_the_customer_is_masked(world: World) -> None:
    registered = await world.register(STORY)
    path = f"/intake/v1/complaints/{registered['id']}/contact"
    for_her = {"X-Purpose": "call Wilhelmina Oxenstierna back"}
    assert (await world.http.get(path, headers=for_her)).status_code == 200
    [(said,)] = await rows(world, "SELECT purpose FROM personal_data_reads WHERE principal LIKE 'key:%'")
    assert said == "call [name] back"


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_nothing_is_written_about_whom_nobody_knows_any_more(world: World) -> None:
    registered = await world.register(STORY)
    await world.settled()
    customer = await customer_of(world, registered["id"])
    wish = {"reason": "Asked for.", "even_open": True}
    assert (await world.http.post(f"/intake/v1/customers/{customer}/erasure", json=wish)).status_code == 200
    path = f"/intake/v1/complaints/{registered['id']}"
    coding = {"taxonomy_version": 1, "codes": [{"category": "appearance"}], "reason": "Wilhelmina says so."}
    refused = await world.http.put(f"{path}/coding", json=coding)
    assert (refused.status_code, refused.json()["code"]) == (409, "erased")
    late = {"channel": "phone", "said": "x", "contact_at": "2999-01-01T00:00:00Z"}
    assert (await world.http.post(f"{path}/additions", json=late)).status_code == 409
    other = await world.register(STORY | {"customer": {"name": "Somebody Else"}})
    merged = await world.http.post(f"{path}/merge", json={"into": other["id"], "reason": "Wilhelmina again"})
    assert (merged.status_code, merged.json().get("reason")) == (200, None)
    assert (await world.http.post(f"{path}/separate", json={})).status_code == 200
    withdrawn = await world.customer.post(
        f"/intake/v1/tracking/{registered['reference']}/withdrawal",
        headers={"X-Tracking-Token": registered["tracking_token"]},
        json={"reason": "Wilhelmina withdraws."},
    )
    assert withdrawn.status_code == 200, withdrawn.text
    await world.settled()
    told = "".join(r.value.decode() for r in await world.log_records() if r.key == registered["id"])
    assert "Wilhelmina" not in told.replace("Wilhelmina is sad", "")


@pytest.mark.empty_world
@pytest.mark.requirement("P-36")
async def test_who_was_erased_and_comes_again_is_known_again(world: World) -> None:
    first = await world.register(STORY)
    customer = await customer_of(world, first["id"])
    wish = {"reason": "Asked for.", "even_open": True}
    assert (await world.http.post(f"/intake/v1/customers/{customer}/erasure", json=wish)).status_code == 200
    [(gone,)] = await rows(world, "SELECT length(sealed) FROM customers WHERE id = :id", id=UUID(customer))
    second = await world.register(STORY)
    assert await customer_of(world, second["id"]) == customer
    exported = await world.http.get(f"/intake/v1/customers/{customer}/export")
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        told = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".json"))
    assert gone == 0
    assert PERSON["external_id"] in told
    with pytest.raises(DBAPIError, match="never changed"):
        async with world.context("intake").database.transaction() as transaction:
            await transaction.execute(text("UPDATE customers SET sealed = 'x', holds = '{}'"))


# --- the way there ------------------------------------------------------------------------------------------


async def test_the_migration_seals_what_is_there_and_opens_it_again(
    new_database: NewDatabase, scratch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDRESS_SECRET", SECRET)
    url = await new_database()
    async with open_world(url, scratch) as world:
        case = await told(world)
        before = (await world.http.get(case["path"])).json()
        request, _ = await reported(world)
    await _to(url, command.downgrade, "0011")
    shown = await everything(url)
    assert traces(shown, PLACE)["intake.open311_requests"] == [*PLACE]
    assert PERSON["email"] in shown["intake.complaints"]
    assert PERSON["external_id"] in shown["intake.customers"]
    assert "wants it in writing" in shown["intake.restatement_answers"]
    await _to(url, command.upgrade, "head")
    assert set(traces(await everything(url), (*TRACES, *PLACE))) == {"intake.attachments"}
    async with open_world(url, scratch) as world:
        assert (await world.http.get(case["path"])).json() == before
        assert (await world.http.get(f"{case['path']}/contact")).json()["phone"] == PERSON["phone"]
        [own] = (await world.customer.get(request)).json()
        assert (own["address"], own["lat"]) == ("Kastanienallee 77", 52.520008)


async def _to(url: str, move: Callable[[Config, str], None], revision: str) -> None:
    def moved(connection: Connection) -> None:
        config = configuration("intake")
        config.attributes["connection"] = connection
        move(config, revision)

    engine = make_engine(url, "intake", pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(moved)
    await engine.dispose()
