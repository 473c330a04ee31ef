"""Open311 GeoReport v2, as http://wiki.open311.org/GeoReport_v2 has it; the clients that are in use, as they are."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element

import httpx
import pytest
import uvicorn
from defusedxml import ElementTree
from sqlalchemy import text

from dev.documents import PROJECT
from services.intake.door import Door
from services.intake.open311.store import forget_orphans, place_of
from shared import clock, taxonomy
from shared.idempotency import KeyReused
from shared.keys import create_key
from shared.problems import unavailable
from shared.reference import normalised
from tests.conftest import NewDatabase
from tests.tools import need_python
from tests.unit.test_attachments import picture
from tests.world import TOLD, World, open_world

pytestmark = pytest.mark.slow

V2 = "/intake/open311/v2"
REQUEST_FIELDS = [
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")

CLIENTS = PROJECT / "dev" / "clients"


@pytest.fixture
async def key(world: World) -> str:
    return await create_key(world.url, "civic app", ["complaints:write"])


def sent(key: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "api_key": key,
        "service_code": "function_fault",
        "lat": "31.230391",
        "long": "121.473702",
        "description": "The lift stands still. Call 13800138000.",
        "email": "ann@example.com",
        "first_name": "Ann",
        "last_name": "Example",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


async def post(world: World, form: dict[str, Any], kind: str = "json") -> httpx.Response:
    return await world.customer.post(f"{V2}/requests.{kind}", data=form)


async def posted(world: World, form: dict[str, Any]) -> str:
    answer = await post(world, form)
    assert answer.status_code == 201, answer.text
    [entry] = answer.json()
    return str(entry["service_request_id"])


async def get(world: World, path: str, **query: Any) -> Any:
    answer = await world.customer.get(f"{V2}/{path}.json", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return answer.json()


async def get_xml(world: World, path: str, **query: Any) -> Element:
    answer = await world.customer.get(f"{V2}/{path}.xml", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    root: Element = ElementTree.fromstring(answer.content)
    return root


def names(element: Element) -> list[str]:
    return [child.tag for child in element]


@pytest.mark.requirement("P-39", "N-K")
async def test_services_come_from_the_taxonomy(world: World) -> None:
    told = await get(world, "services")
    assert [each["service_code"] for each in told] == [
        c.code for c in taxonomy.newest().categories if c.code != "customer_strategy"
    ]
    assert list(told[0]) == [
        "service_code",
        "service_name",
        "description",
        "metadata",
        "type",
        "keywords",
        "group",
    ]
    assert (told[0]["service_name"], told[0]["metadata"], told[0]["type"]) == (
        "Function fault",
        True,
        "realtime",
    )
    root = await get_xml(world, "services", locale="zh")
    assert root.tag == "services"
    assert {service.tag for service in root} == {"service"}
    assert names(root[0]) == list(told[0])
    assert (root[0].findtext("metadata"), root[0].findtext("service_name")) == ("true", "功能不良")


@pytest.mark.requirement("P-39", "N-K")
async def test_a_service_is_defined_by_its_attributes(world: World) -> None:
    told = await get(world, "services/function_fault")
    assert told["service_code"] == "function_fault"
    fields = ["variable", "code", "datatype", "required", "datatype_description", "order", "description"]
    kinds = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}
    for order, attribute in enumerate(told["attributes"], 1):
        assert [name for name in attribute if name != "values"] == fields
        assert attribute["datatype"] in kinds
        assert attribute["order"] == order
        assert ("values" in attribute) == attribute["datatype"].endswith("list")
    root = await get_xml(world, "services/function_fault")
    assert (root.tag, names(root)) == ("service_definition", ["service_code", "attributes"])
    remedies = root.find("attributes/attribute[code='remedies']")
    assert remedies is not None
    assert remedies.findtext("values/value[key='refund']/name") == "Refund"


@pytest.mark.requirement("P-39", "N-K")
async def test_discovery_leads_to_the_interface(world: World) -> None:
    told = await get(world, "discovery")
    [endpoint] = told["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith("/intake/open311/v2")
    root = await get_xml(world, "discovery")
    space = "{http://wiki.open311.org/Service_discovery}"
    assert root.tag == f"{space}discovery"
    formats = root.findall(f"{space}endpoints/{space}endpoint/{space}formats/{space}format")
    assert [each.text for each in formats] == ["text/xml", "application/json"]


@pytest.mark.requirement("P-39", "N-K", "P-02")
async def test_a_request_becomes_a_complaint_like_any_other(world: World, key: str) -> None:
    form = sent(
        key,
        jurisdiction_id="example.com",
        address_string="Nanjing Road 1",
        phone="+86 138 0013 8000",
        media_url="http://169.254.169.254/latest/meta-data",
        device_id="phone-7",
        **{
            "attribute[wanted]": "Repair it",
            "attribute[remedies]": ["repair", "apology"],
            "attribute[order]": "SO-1",
            "attribute[occurred_at]": "2026-11-20T09:30:00+08:00",
            "attribute[colour]": "red",
        },
    )
    answer = await post(world, form, "xml")
    assert answer.status_code == 201, answer.text
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, names(root)) == ("service_requests", ["request"])
    assert names(root[0]) == ["service_request_id", "service_notice", "account_id"]
    reference = root.findtext("request/service_request_id")
    assert reference is not None
    assert normalised(reference) == reference
    listed = (await world.http.get("/intake/v1/complaints")).json()["items"]
    [complaint] = [each for each in listed if each["reference"] == reference]
    told = (await world.http.get(f"/intake/v1/complaints/{complaint['id']}")).json()
    assert told["statement"]["what_went_wrong"] == "The lift stands still. Call [phone]."
    assert told["statement"]["wanted"] == "Repair it"
    assert (told["channel"], told["visibility"], told["order"]) == ("api", "private", {"id": "SO-1"})
    assert told["desired_remedies"] == ["repair", "apology"]
    assert told["facts"]["where"] == "Nanjing Road 1"
    async with world.context("intake").database.reading() as connection:
        found = await connection.execute(
            text("SELECT * FROM open311_requests WHERE complaint_id = :id"), {"id": complaint["id"]}
        )
        row = found.mappings().one()
        place = await place_of(connection, row["complaint_id"])
    assert place is not None
    assert place["media_urls"] == ["http://169.254.169.254/latest/meta-data"], "recorded, never fetched"
    assert (place["attributes"]["colour"], row["service_code"]) == (["red"], "function_fault")
    assert place["address"] == "Nanjing Road 1"
    assert b"Nanjing" not in bytes(row["sealed"]), "it may tell where somebody lives"
    await world.settled()
    records = await world.log_records("redress.intake")
    events = [json.loads(r.value) for r in records if r.key == complaint["id"]]
    assert [event["channel"] for event in events if event.get("reference")] == ["api"]
    assert "Nanjing" not in json.dumps(events)
    assert "ann@example.com" not in json.dumps(events)


@pytest.mark.empty_world
@pytest.mark.requirement("P-39", "000-13")
async def test_who_sent_it_reads_it_back_and_nobody_else_does(world: World, key: str) -> None:
    mine = await posted(world, sent(key, address_string="Nanjing Road 1"))
    [told] = await get(world, f"requests/{mine}", api_key=key)
    assert list(told) == REQUEST_FIELDS
    assert (told["lat"], told["long"], told["address"]) == (31.230391, 121.473702, "Nanjing Road 1")
    assert told["description"] == "The lift stands still. Call [phone]."
    assert (told["status"], told["service_name"]) == ("open", "Function fault")
    for name in ("requested_datetime", "updated_datetime"):
        assert TIME.fullmatch(told[name])
    root = await get_xml(world, f"requests/{mine}", api_key=key)
    assert (root.tag, names(root), names(root[0])) == ("service_requests", ["request"], REQUEST_FIELDS)
    other = await create_key(world.url, "other", ["complaints:write"])
    for query in ({}, {"api_key": other}):
        assert (await world.customer.get(f"{V2}/requests/{mine}.json", params=query)).status_code == 404
        assert await get(world, "requests", **query) == []
        assert await get(world, "servicerequestupdates", **query) == []
    assert [each["service_request_id"] for each in await get(world, "requests", api_key=key)] == [mine]


@pytest.mark.empty_world
@pytest.mark.requirement("P-39", "000-13")
async def test_what_is_public_shows_nobodys_personal_data(world: World, key: str) -> None:
    form = sent(
        key,
        description="Ann Example (ann@example.com, 13800138000) waits at the lift.",
        address_string="c/o Ann Example, Nanjing Road 1",
        media_url="https://pictures.example/ann.jpg",
        **{"attribute[visibility]": "public"},
    )
    mine = await posted(world, form)
    registered = await world.register(TOLD | {"visibility": "public"})
    await world.settled()
    found = await get(world, "requests")
    assert {each["service_request_id"] for each in found} == {mine, registered["reference"]}
    for path in ("requests.xml", "requests.json"):
        body = (await world.customer.get(f"{V2}/{path}")).text
        for secret in ("Ann", "ann@", "13800138000", "121.473702", "pictures.example"):
            assert secret not in body
    [told] = await get(world, f"requests/{mine}")
    assert (told["lat"], told["long"]) == (31.23, 121.474)
    updates = await get(world, "servicerequestupdates", service_request_id=mine)
    assert updates
    assert {each["service_request_id"] for each in updates} == {mine}


@pytest.mark.empty_world
@pytest.mark.requirement("P-39")
async def test_requests_are_found_by_id_service_time_and_status(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    found: dict[str, str] = {}
    for name, age, code in (
        ("old", 100, "dimension"),
        ("recent", 80, "dimension"),
        ("new", 0, "late_delivery"),
    ):
        monkeypatch.setattr(clock, "now", lambda age=age: now - timedelta(days=age))
        found[name] = await posted(world, sent(key, service_code=code))
    by_name = {reference: name for name, reference in found.items()}

    async def ask(**query: Any) -> list[str]:
        told = await get(world, "requests", api_key=key, **query)
        return [by_name[each["service_request_id"]] for each in told]

    def days_ago(days: int) -> str:
        return (now - timedelta(days=days)).isoformat()

    assert await ask() == ["new", "recent"], "90 days, the newest first"
    assert await ask(service_request_id=f"{found['old']},{found['new']}") == ["new", "old"]
    assert await ask(service_request_id="RD-00000000-0") == []
    assert await ask(service_code="dimension") == ["recent"]
    assert await ask(service_code="dimension,late_delivery") == ["new", "recent"]
    assert await ask(start_date=days_ago(101)) == ["recent", "old"], "90 days from the start"
    assert await ask(end_date=days_ago(90)) == ["old"]
    assert await ask(start_date=days_ago(85), end_date=days_ago(75)) == ["recent"]
    assert await ask(page_size="1", page="2") == ["recent"]
    await world.settled()  # or what routing tells would overwrite it
    async with world.context("intake").database.transaction() as transaction:
        await transaction.execute(
            text(
                "INSERT INTO views (complaint_id, version, status, offers, outcome, opinion_asked) "
                "SELECT id, 1, 'closed', '[]', 'satisfied', false FROM complaints WHERE reference = :r "
                "ON CONFLICT (complaint_id) DO UPDATE SET status = 'closed', outcome = 'satisfied'"
            ),
            {"r": found["recent"]},
        )
    assert await ask(status="closed") == ["recent"]
    assert await ask(status="open") == ["new"]
    assert await ask(status="open,closed") == ["new", "recent"]


@pytest.mark.requirement("P-39")
async def test_a_token_leads_to_the_id(world: World, key: str) -> None:
    mine = await posted(world, sent(key))
    complaint = (await world.http.get("/intake/v1/complaints")).json()["items"][0]["id"]
    assert await get(world, f"tokens/{complaint}", api_key=key) == [
        {"service_request_id": mine, "token": complaint}
    ]
    root = await get_xml(world, f"tokens/{complaint}", api_key=key)
    assert root.findtext("request/service_request_id") == mine
    assert (await world.customer.get(f"{V2}/tokens/{complaint}.json")).status_code == 404


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"service_code": None}, 400, "service_code"),
    ({"service_code": "potholes"}, 404, "service_code"),
    ({"service_code": "customer_strategy"}, 404, "service_code"),
    ({"api_key": None}, 403, "api_key"),
    ({"api_key": "rdk_0_0"}, 403, "api_key"),
    ({"api_key": "' OR 1=1"}, 403, "api_key"),
    ({"lat": None, "long": None}, 400, "address_string"),
    ({"long": None}, 400, "lat"),
    ({"lat": "91"}, 400, "lat"),
    ({"long": "NaN"}, 400, "long"),
    ({"lat": "north"}, 400, "lat"),
    ({"email": "nobody"}, 400, "email"),
    ({"phone": "call me"}, 400, "phone"),
    ({"description": "x" * 10_001}, 400, "description"),
    ({"description": "a\x00b"}, 400, "description"),
    ({"address_string": "x" * 201}, 400, "address_string"),
    ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
    ({"attribute[remedies]": "gold"}, 400, "attribute[remedies]"),
    ({"attribute[occurred_at]": "yesterday"}, 400, "attribute[occurred_at]"),
    ({"attribute[visibility]": "secret"}, 400, "attribute[visibility]"),
    ({"attribute[fixmystreet_id]": "7" * 201}, 400, "fixmystreet_id"),
    ({f"x{n}": "y" for n in range(301)}, 400, "300"),
]


@pytest.mark.requirement("P-39", "P-01")
@pytest.mark.parametrize(("changes", "status", "said"), BAD)
async def test_errors_are_told_as_the_standard_has_it(
    world: World, key: str, changes: dict[str, Any], status: int, said: str
) -> None:
    async def registered() -> list[str]:
        """By their ids: an earlier test's complaint may just be opened."""
        return [each["id"] for each in (await world.http.get("/intake/v1/complaints")).json()["items"]]

    before = await registered()
    form = sent(key, **changes)
    answer = await post(world, form, "json")
    assert answer.status_code == status, answer.text
    for error in answer.json():
        assert list(error) == ["code", "description"]
        assert error["code"] == status
    assert said in answer.json()[0]["description"]
    root = ElementTree.fromstring((await post(world, form, "xml")).content)
    assert (root.tag, root[0].tag, names(root[0])) == ("errors", "error", ["code", "description"])
    assert root.findtext("error/code") == str(status)
    assert await registered() == before


@pytest.mark.requirement("P-39", "P-01")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services/potholes.json", 404),
        ("requests/RD-00000000-0.json", 404),
        ("requests/x.json", 404),
        ("requests.csv", 404),
        ("tokens/x.json", 404),
        ("requests.json?status=gone", 400),
        ("requests.json?start_date=yesterday", 400),
        ("requests.json?start_date=2026-11-20", 400),
        ("requests.json?start_date=9999-12-31T23:59:59Z", 400),
        ("requests.json?start_date=2026-11-20T00:00:00Z&end_date=2026-11-19T00:00:00Z", 400),
        ("requests.json?page=0", 400),
        ("requests.json?page_size=1001", 400),
        ("requests.json?api_key=wrong", 403),
        ("servicerequestupdates.json?end_date=%FF", 400),
    ],
)
async def test_questions_that_cannot_be_answered(world: World, path: str, status: int) -> None:
    answer = await world.customer.get(f"{V2}/{path}")
    assert answer.status_code == status, answer.text
    if path.endswith("csv"):
        assert ElementTree.fromstring(answer.content).findtext("error/code") == "404"
    else:
        assert answer.json()[0]["code"] == status


@pytest.mark.requirement("P-39", "P-01")
async def test_what_is_no_form_or_no_utf8_is_refused(world: World, key: str) -> None:
    url = f"{V2}/requests.json"
    assert (await world.customer.post(url, json=sent(key))).status_code == 400
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    latin = f"api_key={key}&service_code=dimension&address_string=x&description=caf%E9"
    answer = await world.customer.post(url, content=latin, headers=head)
    assert (answer.status_code, "UTF-8" in answer.json()[0]["description"]) == (400, True)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await world.customer.post(url, content=b"--y", headers=broken)).status_code == 400


@pytest.mark.requirement("P-35", "P-39")
async def test_a_key_needs_the_scope(world: World) -> None:
    reader = await create_key(world.url, "reader", ["complaints:read"])
    answer = await post(world, sent(reader))
    assert answer.status_code == 403
    assert "complaints:write" in answer.json()[0]["description"]


@pytest.mark.requirement("P-39")
async def test_another_jurisdiction_is_not_found(new_database: NewDatabase, scratch: Path) -> None:
    url = await new_database()
    ours, other = {"jurisdiction_id": "redress.example"}, {"jurisdiction_id": "example.gov"}
    async with open_world(url, scratch, ("intake",), open311_jurisdiction="redress.example") as world:
        key = await create_key(url, "civic app", ["complaints:write"])
        assert await get(world, "services", **ours)
        assert (await post(world, sent(key, **ours))).status_code == 201
        assert (await world.customer.get(f"{V2}/services.json", params=other)).status_code == 404
        assert (await post(world, sent(key, **other))).status_code == 404


@pytest.mark.requirement("P-39", "P-05")
async def test_a_picture_sent_along_is_attached(world: World, key: str) -> None:
    files = [
        ("media", ("lift.png", picture("PNG"), "image/png")),
        ("media", ("lift.exe", b"MZ\x90", "image/png")),
    ]
    answer = await world.customer.post(f"{V2}/requests.json", data=sent(key), files=files)
    assert answer.status_code == 201, answer.text
    assert "File 2 was not taken" in answer.json()[0]["service_notice"]
    complaint = (await world.http.get("/intake/v1/complaints")).json()["items"][0]["id"]
    listed = (await world.http.get(f"/intake/v1/complaints/{complaint}/attachments")).json()["items"]
    assert [(each["name"], each["from_customer"]) for each in listed] == [("lift.png", True)]


class FixMyStreet:
    """Sends and reads as FixMyStreet does: forms in, XML out, the entries of a list always as a list."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http, self._key = http, key

    async def _asked(self, method: str, path: str, params: dict[str, Any]) -> Element:
        params = params | {"jurisdiction_id": "fixmystreet"}
        if method == "POST":
            answer = await self._http.post(f"{V2}/{path}", data=params | {"api_key": self._key})
        else:
            answer = await self._http.get(f"{V2}/{path}", params=params)
        assert answer.is_success, answer.text
        root: Element = ElementTree.fromstring(answer.content)
        return root

    async def send_service_request(self, number: int) -> str | None:
        root = await self._asked(
            "POST",
            "requests.xml",
            {
                "description": "Lift stuck\n\nIt has been stuck since Monday.\n\nhttp://fms.example/report/7\n",
                "service_code": "function_fault",
                "first_name": "Ann",
                "last_name": "",
                "email": "ann@example.com",
                "lat": "51.5014",
                "long": "-0.141890",
                "media_url": [
                    "http://fms.example/photo/7.0.full.jpeg",
                    "http://fms.example/photo/7.1.full.jpeg",
                ],
                "deviceid": "iOS",
                "attribute[fixmystreet_id]": str(number),
                "attribute[easting]": "529090",
                "attribute[title]": "Lift stuck",
            },
        )
        return root.findall("request")[0].findtext("service_request_id")

    async def post_update(self, reference: str, comment: int) -> str | None:
        root = await self._asked(
            "POST",
            "servicerequestupdates.xml",
            {
                "updated_datetime": "2026-11-20T09:30:00+00:00",
                "service_request_id": reference,
                "status": "OPEN",
                "description": "It is still stuck. 13800138000",
                "last_name": "-",
                "first_name": "Ann",
                "email": "ann@example.com",
                "update_id": str(comment),
            },
        )
        return root.findall("request_update")[0].findtext("update_id")

    async def updates(self, start: datetime, end: datetime) -> list[dict[str, str | None]]:
        times = {"start_date": start.isoformat(), "end_date": end.isoformat(), "api_key": self._key}
        root = await self._asked("GET", "servicerequestupdates.xml", times)
        return [{child.tag: child.text for child in each} for each in root.findall("request_update")]


@pytest.mark.empty_world
@pytest.mark.requirement("P-39", "P-04")
async def test_the_sender_of_fixmystreet_is_satisfied(world: World, key: str) -> None:
    fixmystreet = FixMyStreet(world.customer, key)
    reference = await fixmystreet.send_service_request(7)
    assert reference is not None
    assert await fixmystreet.send_service_request(7) == reference, "sent again, it is the same request"
    assert await fixmystreet.send_service_request(8) != reference
    first = await fixmystreet.post_update(reference, 70)
    assert first is not None
    assert await fixmystreet.post_update(reference, 70) == first
    await world.settled()
    now = clock.now()
    told = await fixmystreet.updates(now - timedelta(hours=1), now + timedelta(seconds=1))
    assert first in {each["update_id"] for each in told}, "its own update is known again"
    for each in told:
        assert each["service_request_id"]
        assert each["status"] in ("open", "closed")
        assert each["description"]
        assert TIME.fullmatch(each["updated_datetime"] or "")
    items = (await world.http.get("/intake/v1/complaints")).json()["items"]
    assert len(items) == 2
    [mine] = [each["id"] for each in items if each["reference"] == reference]
    added = (await world.http.get(f"/intake/v1/complaints/{mine}/additions")).json()["items"]
    assert [each["said"] for each in added] == ["It is still stuck. [phone]"]
    async with world.context("intake").database.reading() as connection:
        kept = [await place_of(connection, UUID(each["id"])) for each in items]
    assert [(len(place["media_urls"]), place["device_id"]) for place in kept if place] == [(2, "iOS")] * 2


@pytest.mark.requirement("P-39")
async def test_only_who_sent_a_request_updates_it(world: World, key: str) -> None:
    mine = await posted(world, sent(key, **{"attribute[visibility]": "public"}))
    other = await create_key(world.url, "other", ["complaints:write"])
    form = {"service_request_id": mine, "description": "More."}
    url = f"{V2}/servicerequestupdates.json"
    for form_, status in (
        (form | {"api_key": other}, 404),
        (form, 403),
        (form | {"api_key": key, "description": ""}, 400),
        (form | {"api_key": key, "service_request_id": ""}, 400),
        (form | {"api_key": key, "email": "nobody"}, 400),
        (form | {"api_key": key}, 200),
    ):
        assert (await world.customer.post(url, data=form_)).status_code == status


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The same services, at a port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(world.process.app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    )
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


@pytest.mark.requirement("P-39", "N-A")
async def test_a_request_whose_commit_was_not_heard_of_keeps_its_place_and_its_sender(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, commit = iter([True]), Door._commit

    async def deaf(self: Door, group: Any) -> Any:
        answer = await commit(self, group)
        if next(lost, False):
            raise ConnectionResetError
        return answer

    monkeypatch.setattr(Door, "_commit", deaf)
    reference = await posted(world, sent(key, **{"attribute[fixmystreet_id]": "4711"}))
    [told] = await get(world, f"requests/{reference}", api_key=key)
    assert (told["lat"], told["long"]) == (31.230391, 121.473702)


@pytest.mark.empty_world
@pytest.mark.requirement("P-39", "P-36")
async def test_no_place_stays_without_its_complaint(
    world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = "SELECT count(*) FROM open311_requests"
    intake = world.context("intake")

    async def refuse(self: Door, *arguments: Any) -> Any:
        raise refusal

    monkeypatch.setattr(Door, "register", refuse)
    refusal: Exception = KeyReused()
    assert (await post(world, sent(key))).status_code == 400
    async with intake.database.reading() as connection:
        assert (await connection.execute(text(count))).scalar_one() == 0
    refusal = unavailable()  # it may have been registered after all
    assert (await post(world, sent(key))).status_code == 503
    async with intake.database.transaction() as transaction:
        await forget_orphans(transaction, clock.now() - timedelta(minutes=1))
        assert (await transaction.execute(text(count))).scalar_one() == 1
        await forget_orphans(transaction, clock.now() + timedelta(minutes=1))
        assert (await transaction.execute(text(count))).scalar_one() == 0


@pytest.mark.requirement("P-39", "000-13")
async def test_what_becomes_public_later_is_seen_from_then_on(world: World) -> None:
    registered = await world.register()
    url = f"{V2}/requests/{registered['reference']}.json"
    assert (await world.customer.get(url)).status_code == 404
    for _ in range(2):
        added = await world.http.post(
            f"/intake/v1/complaints/{registered['id']}/additions",
            json={"channel": "phone", "said": "I told the forum.", "public_link": "https://forum.example/1"},
        )
        assert added.status_code == 201, added.text
        assert (await world.customer.get(url)).status_code == 200
    listed = [each["service_request_id"] for each in await get(world, "requests")]
    assert registered["reference"] in listed


@pytest.mark.requirement("P-39")
async def test_references_are_read_as_people_type_them_and_places_are_the_senders_own(
    world: World, key: str
) -> None:
    form = sent(key, address_string="Main St 5", address_id="UPRN-100", **{"attribute[visibility]": "public"})
    reference = await posted(world, form)
    update = {"api_key": key, "service_request_id": reference.lower(), "description": "Still stuck."}
    answer = await world.customer.post(f"{V2}/servicerequestupdates.json", data=update)
    assert answer.status_code == 200, answer.text
    [anybody] = await get(world, f"requests/{reference}")
    [sender] = await get(world, f"requests/{reference}", api_key=key)
    assert (anybody.get("address"), anybody.get("address_id")) == (None, None)
    assert (sender["address"], sender["address_id"]) == ("Main St 5", "UPRN-100")


@pytest.mark.requirement("P-39")
async def test_control_characters_are_refused(world: World, key: str) -> None:
    for changes in (
        {"attribute[fixmystreet_id]": "a\x00b"},
        {"description": "a\x00b"},
        {"api_key": "rdk_a\x00"},
    ):
        assert (await post(world, sent(key) | changes)).status_code in {400, 403}
    update = {"api_key": key, "service_request_id": "a\x00", "description": "x"}
    assert (await world.customer.post(f"{V2}/servicerequestupdates.json", data=update)).status_code == 400
    for query in ("service_code=a%00", "api_key=rdk_a%00", "service_request_id=%00"):
        assert (await world.customer.get(f"{V2}/requests.json?{query}")).status_code == 422


@pytest.mark.empty_world
@pytest.mark.requirement("P-39")
@pytest.mark.xdist_group("npm")  # where the other clients are installed
async def test_the_client_library_three_works_as_it_is(world: World, key: str) -> None:
    python = await asyncio.to_thread(need_python, CLIENTS) / "python"
    async with served(world) as url:
        process = await asyncio.create_subprocess_exec(
            *(python, "-W", "ignore", CLIENTS / "open311.py", f"{url}{V2}", key),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    reference = said.decode().strip()
    assert [c["reference"] for c in (await world.http.get("/intake/v1/complaints")).json()["items"]] == [
        reference
    ]
