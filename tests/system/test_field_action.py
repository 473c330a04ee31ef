"""A recall from the first complaint to the last customer, through all services."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.ids import derived_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.services.receivers import mail_server, text_of
from tests.world import TOLD, World, eventually, open_world

pytestmark = pytest.mark.slow

URL = "/resolution/v1/field-actions"
RULES = {
    "per_minute": 60,
    "round_seconds": 1,
    "look_seconds": 1,
    "least_coverage": "0.5",
    "warning_cache_seconds": 0,
}
DRAFT: dict[str, Any] = {
    "measures": ["public_warning", "notify_all", "take_back"],
    "affected": {"batches": ["RECALL-1"]},
    "announcement": {
        "title": {"en": "Recall of M7", "zh": "M7召回"},
        "hazard": {"en": "The axis may not stop.", "zh": "轴可能无法停止。"},
        "instruction": {"en": "Switch it off now.", "zh": "请立即断电。"},
        "hotline": "400-000-0000",
    },
}


async def complain(world: World, batch: str = "RECALL-1", **customer: str) -> str:
    told = TOLD | {"customer": customer, "product": {"id": "M-7", "batch": batch}}
    answer = await world.http.post("/intake/v1/complaints", json=told)
    assert answer.status_code == 201, answer.text
    complaint_id: str = answer.json()["id"]
    return complaint_id


async def post(world: World, path: str, body: Any = None) -> Any:
    answer = await world.http.post(path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.mark.requirement("003-08", "N-G", "003-12", "002-19")
async def test_a_recall_reaches_whoever_complained_and_whoever_never_did_once(
    new_database: NewDatabase, scratch: Path
) -> None:
    async with mail_server() as mailbox:
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        async with open_world(await new_database(), scratch, smtp_url=smtp) as world:
            versions = await post(
                world,
                "/resolution/v1/rulebooks/field-actions/versions",
                {"content": RULES, "reason": "Test."},
            )
            switch = {"version": versions["version"], "reason": "Test."}
            assert (
                await world.http.put("/resolution/v1/rulebooks/field-actions", json=switch)
            ).status_code == 200
            origin = await complain(world, external_id="C-1", email="ann@example.com")
            await complain(world, external_id="C-1", email="ann@example.com")
            await complain(world, email="bo@example.com")
            await complain(world, email="bo@example.com")  # the same person; nobody knows but the address
            await complain(world, email="else@example.com", batch="OTHER")
            contacts = [
                {"external_id": "C-9", "email": "silent@example.com", "language": "zh"},
                {"external_id": "C-10", "name": "陈静", "phone": "13900139000", "language": "zh"},
            ]
            silent, phone_only = (await post(world, "/intake/v1/customers/contacts", {"contacts": contacts}))[
                "customer_ids"
            ]
            await world.settled()

            action = await post(world, URL, DRAFT | {"complaint_id": origin})
            path = f"{URL}/{action['id']}"
            await post(
                world,
                f"{path}/units",
                {
                    "units": [
                        {"serial": "S-1", "customer_id": silent},
                        {"serial": "S-2", "customer_id": phone_only},
                    ]
                },
            )
            await post(world, f"{path}/propose")
            needed = (await world.http.post(f"{path}/start", json={})).json()
            asked = await post(
                world, "/resolution/v1/approvals", needed["approval"] | {"reason": "People may be hurt."}
            )
            other = await create_key(world.url, "management", ["admin"])
            granted = await world.http.post(
                f"/resolution/v1/approvals/{asked['id']}/grant",
                json={},
                headers={"Authorization": f"Bearer {other}"},
            )
            assert granted.status_code == 200, granted.text
            running = await post(world, f"{path}/start", {"approval_id": asked["id"]})
            assert running["progress"]["affected"] == 5

            async def told(number: int) -> bool:
                progress = (await world.http.get(f"{path}/progress")).json()
                return bool(progress["told"] == number and progress["waiting"] == 0)

            await eventually(lambda: told(4), 60, "everybody to be told")
            await complain(world, email="late@example.com")
            await eventually(lambda: told(5), 60, "whoever complained later to be told")
            letters = [mail for mail in mailbox.mails if action["reference"] in str(mail["Subject"])]
            assert Counter(str(mail["To"]) for mail in letters) == dict.fromkeys(
                ("ann@example.com", "bo@example.com", "silent@example.com", "late@example.com"), 1
            )
            [chinese] = [mail for mail in letters if mail["To"] == "silent@example.com"]
            assert "请立即断电" in text_of(chinese)

            warnings = await world.customer.get("/resolution/v1/public-warnings")
            assert [each["reference"] for each in warnings.json()["warnings"]] == [action["reference"]]
            await _is_called(world, path, phone_only)
            results = [{"customer_id": str(derived_id("customer", "C-1")), "result": "carried_out"}]
            await post(world, f"{path}/results", {"results": results})
            ended = await post(world, f"{path}/complete", {"reason": "All were told."})
            assert (ended["progress"]["coverage"], ended["progress"]["completion"]) == (1.0, 0.1667)
            await world.settled()
            await _is_clean(world)
            for audience in ("leadership", "complaint-management", "responsible-department"):
                notices = await world.http.get(
                    "/routing/v1/notices", params={"audience": audience, "limit": 200}
                )
                reasons = {each["reason"] for each in notices.json()["items"]}
                assert "field-action-started" in reasons, audience


async def _is_called(world: World, path: str, customer_id: str) -> None:
    """Whoever no letter reached is listed with a number for whoever may see it, and leaves the list when told."""
    listed = await world.http.get(f"{path}/call-list")
    [entry] = listed.json()["items"]
    assert (entry["customer_id"], entry["name"], entry["phone"], entry["language"]) == (
        customer_id,
        "陈静",
        "13900139000",
        "zh",
    )
    assert entry["failure"] == "no address"
    reads = (await world.http.get("/intake/v1/audit/personal-data")).json()["items"]
    [read] = [
        each for each in reads if each["purpose"].startswith("to call the customer about field action FA-")
    ]
    assert read["principal"].startswith("key:"), "whoever asked, and not a service"
    blind = await create_key(world.url, "statistics", ["cases:read"])
    refused = await world.http.get(f"{path}/call-list", headers={"Authorization": f"Bearer {blind}"})
    assert refused.status_code == 403
    await post(world, f"{path}/results", {"results": [{"customer_id": customer_id, "result": "told"}]})
    assert (await world.http.get(f"{path}/call-list")).json()["items"] == []


async def _is_clean(world: World) -> None:
    for service in ("intake", "routing", "resolution", "notification", "insights"):
        async with world.context(service).database.reading() as connection:
            parked = (await connection.execute(text("SELECT error FROM dead_letters"))).all()
        assert parked == [], service
