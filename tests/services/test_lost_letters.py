"""Letters that came back, among what their receivers wish: digests, other ways, copies, erased customers."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notification.channels import marks
from shared import clock
from shared.events import CustomerErased, SolutionCarriedOut
from tests.conftest import NewDatabase
from tests.services.receivers import Hook, mail_server, text_of, web_server
from tests.services.test_hearing import ANN, NOON, Office, accepted, at, open_office
from tests.services.test_notification import a_complaint, an_assignment
from tests.services.test_notification_channels import SECRETS, bounce, provides
from tests.unit.test_notification_channels import dsn
from tests.world import SECRET

pytestmark = pytest.mark.slow

FIVE = NOON.replace(hour=17)
DAILY = {"frequency": "daily", "hour": 17}


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with web_server() as server:
        yield server


@pytest.fixture
async def office(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Office]:
    """A mail that comes back is known by its mark; a provider may carry text messages."""
    async with (
        mail_server() as mailbox,
        open_office(await new_database(), scratch, mailbox, provider_secrets=SECRETS) as opened,
    ):
        opened.desk.http.headers.update(opened.admin.headers)
        with at(NOON):
            yield opened


async def comes_back(office: Office, entry: dict[str, Any]) -> dict[str, Any]:
    return await bounce(office.desk, dsn(envid=marks.mark_of(SECRET.encode(), UUID(entry["id"]))))


async def since(office: Office, before: int) -> list[tuple[str, str, str, str | None]]:
    """What was told since then: what became of which message by which way, and the next one."""
    return [
        (t["type"].split(".")[2], t["template"], t["channel"], t.get("next_channel"))
        for t in (await office.told())[before:]
    ]


async def two_in_a_digest(office: Office) -> dict[str, Any]:
    """A digest of two messages, which was delivered."""
    complaint = await office.thanked()
    await office.wishes(digest=DAILY)
    await office.desk.hears(an_assignment(complaint), accepted(complaint))
    await office.desk.delivers()
    with at(FIVE):
        await office.desk.delivers()
    digest = (await office.log())["digest"]
    assert digest["status"] == "delivered"
    return digest


@pytest.mark.requirement("001-08", "002-19")
async def test_a_digest_that_comes_back_is_lost_for_each_of_its_messages(office: Office) -> None:
    digest = await two_in_a_digest(office)
    before = len(await office.told())
    assert (await comes_back(office, digest))["what"] == "lost"
    assert await since(office, before) == [
        ("failed", "assigned", "email", None),
        ("failed", "accepted", "email", None),
    ]
    log = await office.log()
    assert log["digest"]["status"] == "bounced"
    assert (log["assigned"]["status"], log["assigned"]["last_error"]) == ("merged", "email came back (5.1.1)")


@pytest.mark.requirement("001-08", "002-19")
async def test_a_digest_that_comes_back_goes_by_the_next_way(office: Office, hook: Hook) -> None:
    await provides(office.desk, hook, "sms")
    office.desk.contact["phone"] = "138 0013 8000"
    digest = await two_in_a_digest(office)
    before = len(await office.told())
    with at(FIVE):
        await comes_back(office, digest)
        await office.desk.delivers()
    assert await since(office, before) == [
        ("failed", "assigned", "email", "sms"),
        ("failed", "accepted", "email", "sms"),
        ("delivered", "assigned", "sms", None),
        ("delivered", "accepted", "sms", None),
    ]
    assert len(hook.calls) == 1


@pytest.mark.requirement("001-08", "002-19")
async def test_what_is_lost_by_the_way_somebody_wishes_goes_by_the_others_of_the_rule(
    office: Office, hook: Hook
) -> None:
    """They wish text messages before mails; the rule names mails first."""
    await provides(office.desk, hook, "sms")
    office.desk.contact["phone"] = "138 0013 8000"
    await office.wishes(ways={"service": ["sms", "email"]})
    await office.desk.hears(*a_complaint(uuid4()))
    await office.desk.delivers()
    assert (await office.log())["acknowledgement"]["channel"] == "sms"
    receipt = {"events": [{"id": "M-1", "state": "UNDELIV", "err": 27}]}
    path = "/notification/v1/providers/sms-carrier/receipts"
    told = await office.admin.post(path, params={"token": SECRETS["receipts"]}, json=receipt)
    assert told.json() == {"taken": 1}
    await office.desk.delivers()
    assert (await office.log())["acknowledgement"]["channel"] == "email"
    assert await since(office, 0) == [
        ("delivered", "acknowledgement", "sms", None),
        ("failed", "acknowledgement", "sms", "email"),
        ("delivered", "acknowledgement", "email", None),
    ]
    assert len(hook.calls) == 1, "a way that lost it is not taken again"


async def test_a_report_of_a_way_that_lost_it_is_taken_while_the_next_one_waits(
    office: Office, hook: Hook
) -> None:
    await provides(office.desk, hook, "sms")
    office.desk.contact["phone"] = "138 0013 8000"
    complaint = await office.thanked()
    await office.desk.hears(an_assignment(complaint))
    await office.desk.delivers()
    await office.wishes(quiet_hours={"begin": "11:00", "end": "13:00"})
    entry = (await office.log())["assigned"]
    await comes_back(office, entry)
    await office.desk.delivers()
    assert (await office.log())["assigned"]["withheld"] == "quiet-hours"
    again = dsn("delayed", "4.4.1", envid=marks.mark_of(SECRET.encode(), UUID(entry["id"])))
    assert (await bounce(office.desk, again))["what"] == "delayed"
    with at(NOON + timedelta(hours=1)):
        await office.desk.delivers()
    assert (await office.log())["assigned"]["channel"] == "sms"


async def test_a_copy_that_comes_back_troubles_nobody(office: Office) -> None:
    complaint = await office.thanked()
    await office.rules(customer_accepted={"channels": ["sms", "push"], "besides": ["email"]})
    await office.desk.hears(accepted(complaint))
    await office.desk.delivers()
    (copy,) = [e for e in await office.desk.log() if e["is_copy"]]
    assert copy["status"] == "delivered"
    before = len(await office.told())
    await comes_back(office, copy)
    assert await since(office, before) == []
    assert [e["status"] for e in await office.desk.log() if e["is_copy"]] == ["bounced"]


@pytest.mark.requirement("002-19")
async def test_a_digest_says_nothing_twice_and_copies_make_one_of_their_own(office: Office) -> None:
    complaint = await office.thanked()
    await office.rules(
        customer_accepted={"channels": ["email"], "besides": ["inbox"]},
        customer_assigned={"channels": ["email"], "besides": ["inbox"]},
    )
    await office.wishes(digest=DAILY)
    await office.desk.hears(an_assignment(complaint), accepted(complaint))
    await office.desk.delivers()
    before = len(await office.told())
    with at(FIVE):
        await office.desk.delivers()
    digests = [e for e in await office.desk.log() if e["template"] == "digest"]
    assert Counter((e["channel"], e["status"]) for e in digests) == {
        ("email", "delivered"): 1,
        ("inbox", "delivered"): 1,
    }
    (mail,) = office.mailbox.mails
    assert mail["Subject"] == "2 messages about your cases"
    assert text_of(mail).count("We are working on your case") == 1
    assert await since(office, before) == [
        ("delivered", "assigned", "email", None),
        ("delivered", "accepted", "email", None),
    ]


@pytest.mark.requirement("002-19")
async def test_who_wants_none_of_the_ways_of_a_rule_is_not_told_and_nobody_is_troubled(
    office: Office,
) -> None:
    """They want progress in their inbox only, and the rules offer mails: nobody need call them about it."""
    complaint = await office.thanked()
    await office.rules(customer_assigned={"channels": ["email"], "besides": ["inbox"]})
    before = len(await office.told())
    for digest in ({"frequency": "off"}, DAILY):
        await office.wishes(ways={"progress": ["inbox"]}, digest=digest)
        await office.desk.hears(accepted(complaint))
        await office.desk.delivers()
    await office.wishes(ways={"progress": ["email"]}, digest=DAILY)
    await office.desk.hears(an_assignment(complaint))
    await office.desk.delivers()
    entries = [e for e in await office.desk.log() if e["template"] in {"accepted", "assigned"}]
    assert Counter((e["template"], e["is_copy"], e["status"]) for e in entries) == {
        ("accepted", False, "declined"): 2,
        ("assigned", False, "merged"): 1,
        ("assigned", True, "declined"): 1,
    }
    assert await office.desk.rows("SELECT 1 FROM day_counts") == [], "it takes no place of the day"
    assert await since(office, before) == []


@pytest.mark.requirement("002-19")
async def test_what_came_back_and_is_wanted_by_no_other_way_is_told_as_failed(
    office: Office, hook: Hook
) -> None:
    await provides(office.desk, hook, "sms")
    office.desk.contact["phone"] = "138 0013 8000"
    complaint = await office.thanked()
    await office.wishes(ways={"progress": ["email"]})
    await office.desk.hears(accepted(complaint))
    await office.desk.delivers()
    before = len(await office.told())
    await comes_back(office, (await office.log())["accepted"])
    await office.desk.delivers()
    assert (await office.log())["accepted"]["status"] == "not_sent"
    assert await since(office, before) == [
        ("failed", "accepted", "email", "sms"),
        ("failed", "accepted", "none", None),
    ]
    assert hook.calls == []


@pytest.mark.requirement("002-19")
async def test_the_inbox_keeps_no_digest_that_tells_of_an_erased_case(office: Office) -> None:
    """It was kept with the newest of the customer's cases."""
    erased, kept = await office.thanked(), await office.thanked()
    await office.wishes(digest=DAILY)
    await office.desk.hears(an_assignment(erased))
    await office.desk.hears(accepted(kept))
    await office.desk.delivers()
    with at(FIVE):
        await office.desk.delivers()
    words = "SELECT template, sealed IS NOT NULL AS there FROM customer_messages WHERE complaint_id = :id"
    assert {tuple(row) for row in await office.desk.rows(words, id=kept)} == {
        ("acknowledgement", True),
        ("digest", True),
    }
    said = {"customer_id": ANN, "because": "requested", "erased_at": clock.now(), "customer_gone": False}
    await office.desk.hears(CustomerErased.model_validate(said | {"complaint_id": erased}))
    assert {tuple(row) for row in await office.desk.rows(words, id=kept)} == {
        ("acknowledgement", True),
        ("digest", False),
    }


@pytest.mark.requirement("002-19")
async def test_what_is_erased_is_not_sent_again(office: Office) -> None:
    """Neither by itself, nor by a digest that told it, nor to a webhook."""
    digest = await two_in_a_digest(office)
    async with web_server() as receiver:
        await office.desk.subscribes(receiver)
        complaint = UUID((await office.log())["assigned"]["complaint_id"])
        result = SolutionCarriedOut(complaint_id=complaint, result="It runs.", carried_out_at=clock.now())
        await office.desk.hears(result)
        await office.desk.delivers()
        forwarded = {e["id"] for e in await office.desk.log(audience="subscriber")}
        said = {"customer_id": ANN, "because": "requested", "erased_at": clock.now(), "customer_gone": True}
        await office.desk.hears(CustomerErased.model_validate(said | {"complaint_id": complaint}))
        log = await office.log()
        letters = {log[each]["id"] for each in ("acknowledgement", "result")}
        office.mailbox.mails.clear()
        for each in letters | forwarded:
            refused = await office.admin.post(f"/notification/v1/deliveries/{each}/resend")
            assert refused.status_code == 409, refused.text
            assert "erased" in refused.json()["title"]
        before = len(await office.told())
        again = await office.admin.post(f"/notification/v1/deliveries/{digest['id']}/resend")
        assert again.status_code == 202
        await office.desk.delivers()
        assert office.mailbox.mails == []
        assert (await office.log())["digest"]["status"] == "not_sent"
        assert await since(office, before) == [], "nobody need reach a customer who is erased"
