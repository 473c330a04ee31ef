"""Who hears what, when and how: rules from the book in force, and the wishes of whoever is told."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.notification import queue
from services.notification.desk import Desks
from services.notification.hearing.book import WHO_HEARS_WHAT
from services.notification.preferences import store as preferences
from services.notification.preferences.model import Wishes
from services.notification.pruning import Pruner
from services.notification.rules import Audience
from services.notification.staff.contacts import StaffContact, StaffContacts
from shared import clock
from shared.events import (
    NOTICES,
    CaseAccepted,
    CaseReopened,
    CaseResumed,
    ComplaintMerged,
    CustomerErased,
    CustomerTold,
    Event,
    FollowUpRequested,
    OfferAgreed,
    ReporterJoined,
    SolutionCarriedOut,
)
from shared.events.vocabulary import Audience as Listeners
from shared.events.vocabulary import Language
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.services.receivers import Mailbox, mail_server, text_of
from tests.services.test_notification import Desk, a_complaint, an_assignment, open_desk

pytestmark = pytest.mark.slow

NOON = datetime.fromisoformat("2026-05-09T12:00:00+08:00")
ANN = str(uuid4())
BOOK = "/notification/v1/rulebooks/who-hears-what"


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with clock.moved_to(lambda: moment):
        yield


@dataclass
class Office:
    """Notification whose workers stand still, with an administrator; it is noon in Shanghai until somebody moves it."""

    desk: Desk
    admin: httpx.AsyncClient
    mailbox: Mailbox

    async def wishes(self, customer: str = ANN, **wishes: Any) -> dict[str, Any]:
        answer = await self.admin.put(f"/notification/v1/customers/{customer}/preferences", json=wishes)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def rules(self, pace: dict[str, Any] | None = None, **changed: dict[str, Any]) -> int:
        """Put a version with these changes in force."""
        content = WHO_HEARS_WHAT.shipped.model_dump(mode="json")
        content["pace"] |= pace or {}
        for rule in content["rules"]:
            rule.update(changed.get(rule["id"].replace("/", "_").replace("-", "_"), {}))
        made = await self.admin.post(f"{BOOK}/versions", json={"content": content, "reason": "Agreed."})
        assert made.status_code == 201, made.text
        version = int(made.json()["version"])
        put = await self.admin.put(BOOK, json={"version": version, "reason": "Agreed."})
        assert put.status_code == 200, put.text
        return version

    async def log(self, **query: str) -> dict[str, dict[str, Any]]:
        """Deliveries by template."""
        return {entry["template"]: entry for entry in await self.desk.log(limit="200", **query)}

    async def thanked(self) -> UUID:
        """A complaint of Ann's, whose acknowledgement has gone out."""
        complaint = uuid4()
        await self.desk.hears(*a_complaint(complaint))
        await self.desk.delivers()
        self.mailbox.mails.clear()
        return complaint

    async def told(self) -> list[dict[str, Any]]:
        """What was told of messages: their templates and channels."""
        found = await self.desk.rows(
            "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8')::jsonb AS said FROM outbox ORDER BY id"
        )
        return [row.said | {"type": row.type} for row in found if ".message." in row.type]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]).split(" (")[0] for mail in self.mailbox.mails]


@asynccontextmanager
async def open_office(url: str, folder: Path, mailbox: Mailbox, **changes: Any) -> AsyncIterator[Office]:
    async with open_desk(url, folder, smtp_url=f"smtp://127.0.0.1:{mailbox.port}", **changes) as desk:
        desk.contact["customer_id"] = ANN
        key = await create_key(url, "tests", ["admin"])
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(
            transport=desk.http._transport, base_url="http://redress", headers=headers
        ) as admin:
            yield Office(desk, admin, mailbox)


@pytest.fixture
async def office(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Office]:
    async with mail_server() as mailbox, open_office(await new_database(), scratch, mailbox) as opened:
        with at(NOON):
            yield opened


def accepted(complaint: UUID) -> Event:
    return CaseAccepted(complaint_id=complaint, handler_id="h1", accepted_at=clock.now())


def six_steps(complaint: UUID) -> list[Event]:
    """Progress, six times."""
    now = clock.now()
    return [
        an_assignment(complaint),
        accepted(complaint),
        OfferAgreed(complaint_id=complaint, offer_id=uuid4(), agreed_at=now),
        CaseResumed(complaint_id=complaint, resumed_at=now),
        CaseReopened(complaint_id=complaint, reopened_by="h1", reopened_at=now),
        FollowUpRequested(complaint_id=complaint, follow_up_id=uuid4(), requested_at=now),
    ]


# The book.


@pytest.mark.requirement("002-19", "002-22")
async def test_who_is_told_and_by_which_ways_follows_from_the_book_in_force(office: Office) -> None:
    complaint = await office.thanked()
    version = await office.rules(
        customer_accepted={"on": False},
        follower_accepted={"on": False},
        customer_assigned={"channels": ["push", "email"]},
    )
    await office.desk.hears(an_assignment(complaint), accepted(complaint))
    assert await office.desk.delivers() == 1
    log = await office.log()
    assert log.keys() == {"acknowledgement", "assigned"}
    assert (log["acknowledgement"]["rule"], log["acknowledgement"]["rule_version"]) == (
        "customer/acknowledgement",
        0,
    )
    assert (log["acknowledgement"]["urgency"], log["acknowledgement"]["nature"]) == ("immediate", "service")
    assigned = log["assigned"]
    assert (assigned["rule"], assigned["rule_version"]) == ("customer/assigned", version)
    assert (assigned["urgency"], assigned["nature"], assigned["channel"]) == ("usual", "progress", "email")


@pytest.mark.requirement("001-08")
async def test_what_must_be_told_cannot_be_switched_off_and_the_refusal_says_why(office: Office) -> None:
    content = WHO_HEARS_WHAT.shipped.model_dump(mode="json")
    content["rules"] = [rule for rule in content["rules"] if rule["id"] != "customer/result"]
    refused = await office.admin.post(f"{BOOK}/versions", json={"content": content, "reason": "Fewer mails."})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["field"] == "body/content"
    assert "result cannot be switched off for the customer" in error["detail"]
    assert "依法" in error["detail"]


async def test_several_ways_at_once_are_told_once_and_a_copy_that_fails_troubles_nobody(
    office: Office,
) -> None:
    complaint = await office.thanked()
    await office.rules(customer_accepted={"channels": ["email"], "besides": ["push"]})
    await office.desk.hears(accepted(complaint))
    await office.desk.delivers()
    entries = [e for e in await office.desk.log() if e["template"] == "accepted"]
    assert {(e["is_copy"], e["status"]) for e in entries} == {(False, "delivered"), (True, "not_sent")}
    assert Counter((t["type"], t["template"]) for t in await office.told()) == {
        ("redress.message.delivered.v1", "acknowledgement"): 1,
        ("redress.message.delivered.v1", "accepted"): 1,
    }


# Wishes.


@pytest.mark.requirement("002-19")
async def test_what_somebody_declined_is_not_sent_and_nobody_is_troubled(office: Office) -> None:
    complaint = await office.thanked()
    await office.wishes(ways={"progress": []})
    result = SolutionCarriedOut(complaint_id=complaint, result="It runs.", carried_out_at=clock.now())
    await office.desk.hears(an_assignment(complaint), result)
    await office.desk.delivers()
    assert office.subjects == ["The result: are you satisfied?"]
    log = await office.log()
    declined = log["assigned"]
    assert (declined["status"], declined["withheld"], declined["attempts"]) == ("declined", "declined", 0)
    assert [t["template"] for t in await office.told()] == ["acknowledgement", "result"]

    # They think better of it, and somebody sends it by hand.
    await office.wishes(ways={})
    again = await office.admin.post(f"/notification/v1/deliveries/{declined['id']}/resend")
    assert again.status_code == 202
    await office.desk.delivers()
    assert office.subjects[-1] == "Li Wei now takes care of your case"


@pytest.mark.requirement("002-19", "003-18")
async def test_in_quiet_hours_only_what_is_immediate_comes_and_the_rest_in_order_afterwards(
    office: Office,
) -> None:
    complaint = await office.thanked()
    await office.wishes(quiet_hours={"begin": "22:00", "end": "07:00"}, time_zone="Europe/Berlin")
    await office.rules(customer_told={"urgency": "immediate"})
    night = datetime.fromisoformat("2026-05-09T23:30:00+02:00")
    morning = datetime.fromisoformat("2026-05-10T07:00:00+02:00")
    with at(night):
        await office.desk.hears(an_assignment(complaint), accepted(complaint))
        assert await office.desk.delivers() == 2
        assert office.subjects == []
        waiting = (await office.log())["assigned"]
        assert (waiting["status"], waiting["withheld"], waiting["attempts"]) == ("pending", "quiet-hours", 0)
        assert datetime.fromisoformat(waiting["next_attempt_at"]) == morning
        # What is behind it in the lane, and does not wait, is not held up.
        told = CustomerTold(complaint_id=complaint, message="Leave the house.", told_at=clock.now())
        await office.desk.hears(told)
        assert await office.desk.delivers() == 1
        assert len(office.mailbox.mails) == 1
        assert "Leave the house." in text_of(office.mailbox.mails[0])
    with at(morning - timedelta(seconds=1)):
        assert await office.desk.delivers() == 0
    with at(morning):
        assert await office.desk.courier(Audience.CUSTOMER).round() == 1, "the order of the lane holds again"
        await office.desk.delivers()
    assert office.subjects[1:] == ["Li Wei now takes care of your case", "We are working on your case"]
    assert {e["withheld"] for e in await office.desk.log()} == {None}


@pytest.mark.requirement("002-19")
async def test_a_daily_digest_holds_every_message_in_order_and_each_is_told_as_delivered(
    office: Office,
) -> None:
    complaint = await office.thanked()
    await office.wishes(digest={"frequency": "daily", "hour": 17})
    result = SolutionCarriedOut(complaint_id=complaint, result="It runs.", carried_out_at=clock.now())
    await office.desk.hears(an_assignment(complaint), result, accepted(complaint))
    await office.desk.delivers()
    assert office.subjects == ["The result: are you satisfied?"], "what is owed does not wait"
    log = await office.log()
    merged, digest = log["assigned"], log["digest"]
    assert (merged["status"], merged["withheld"], merged["merged_into"]) == ("merged", "digest", digest["id"])
    assert (digest["rule"], digest["complaint_id"], digest["status"]) == ("digest", None, "pending")
    five = NOON.replace(hour=17)
    assert datetime.fromisoformat(digest["next_attempt_at"]) == five
    before = len(await office.told())
    with at(five):
        assert await office.desk.delivers() == 1
    assert office.subjects[1:] == ["2 messages about your cases"]
    body = text_of(office.mailbox.mails[1])
    assert (
        0 < body.index("1. Li Wei now takes care of your case") < body.index("2. We are working on your case")
    )
    assert office.mailbox.mails[1]["Message-ID"].startswith(f"<{digest['id']}@")
    page = office.mailbox.mails[1].get_body(("html",))
    assert page is not None
    assert page.get_content().count(f'href="https://redress.example/track/{complaint}"') == 2
    told = (await office.told())[before:]
    assert [(t["template"], t["channel"], t["type"]) for t in told] == [
        ("assigned", "email", "redress.message.delivered.v1"),
        ("accepted", "email", "redress.message.delivered.v1"),
    ]
    log = await office.log()
    assert (log["assigned"]["status"], log["assigned"]["channel"]) == ("merged", "email")
    assert log["assigned"]["settled_at"] is not None


async def test_a_digest_that_fails_fails_for_each_of_its_messages(office: Office) -> None:
    complaint = await office.thanked()
    await office.wishes(digest={"frequency": "daily", "hour": 17})
    await office.desk.hears(an_assignment(complaint), accepted(complaint))
    await office.desk.delivers()
    office.mailbox.refuse = "550 no such user"
    with at(NOON.replace(hour=17)):
        await office.desk.delivers()
        failed = [t for t in await office.told() if t["type"] == "redress.message.failed.v1"]
        assert [t["template"] for t in failed] == ["assigned", "accepted"]
        assert {t["reason"] for t in failed} == {"the mail server refuses the recipient (550)"}
        # Sent again by hand, it arrives for all of them.
        office.mailbox.refuse = None
        digest = (await office.log())["digest"]
        again = await office.admin.post(f"/notification/v1/deliveries/{digest['id']}/resend")
        assert again.status_code == 202
        await office.desk.delivers()
    assert [t["template"] for t in await office.told()][-2:] == ["assigned", "accepted"]
    assert (await office.told())[-1]["type"] == "redress.message.delivered.v1"


@pytest.mark.requirement("002-19")
async def test_a_message_that_cannot_be_written_keeps_no_other_of_its_digest(office: Office) -> None:
    complaint = await office.thanked()
    await office.wishes(digest={"frequency": "daily", "hour": 17})
    await office.desk.hears(an_assignment(complaint), accepted(complaint))
    await office.desk.delivers()
    await office.desk.rows("UPDATE deliveries SET facts = '{}' WHERE template = 'assigned' RETURNING id")
    with at(NOON.replace(hour=17)):
        await office.desk.delivers()
        log = await office.log()
        assert (log["digest"]["status"], log["accepted"]["channel"]) == ("delivered", "email")
        assert len(office.subjects) == 1
        alone = log["assigned"]
        assert (alone["merged_into"], alone["status"]) == (None, "pending")
        assert alone["last_error"] is not None, "it was tried by itself, and says why not"


async def test_whoever_unsubscribes_before_the_digest_goes_does_not_get_it(office: Office) -> None:
    complaint = await office.thanked()
    await office.wishes(digest={"frequency": "daily", "hour": 17})
    survey = FollowUpRequested(complaint_id=complaint, follow_up_id=uuid4(), requested_at=clock.now())
    await office.desk.hears(an_assignment(complaint), survey)
    await office.desk.delivers()
    await office.wishes(digest={"frequency": "daily", "hour": 17}, ways={"opinion": []})
    with at(NOON.replace(hour=17)):
        await office.desk.delivers()
    log = await office.log()
    assert (log["survey"]["status"], log["assigned"]["status"]) == ("declined", "merged")
    assert office.subjects == ["Li Wei now takes care of your case"]
    assert "satisfied" not in text_of(office.mailbox.mails[0])


async def test_a_digest_that_was_begun_takes_no_more(office: Office) -> None:
    """Its receiver knows it by its id, and would not read it again."""
    complaint = await office.thanked()
    await office.wishes(digest={"frequency": "daily", "hour": 17})
    database = office.desk.context.database
    await office.desk.hears(an_assignment(complaint))
    await office.desk.delivers()
    await office.desk.hears(accepted(complaint))
    (late,) = await queue.claim(database, Audience.CUSTOMER, clock.now(), 10, timedelta(hours=9))
    digests = [e["id"] for e in await office.desk.log() if e["template"] == "digest"]
    five = NOON.replace(hour=17)
    with pytest.raises(Exception) as decided:
        await office.desk.context.part(Desks).of(Audience.CUSTOMER).send(late)
    with at(five):
        await office.desk.delivers()
        await queue.settle(database, [queue.Outcome(late, decided.value, five, five)], clock.now())  # type: ignore[arg-type]
        assert (await office.log())["accepted"]["status"] == "pending"
        await office.desk.delivers()
    accepted_now = (await office.log())["accepted"]
    assert accepted_now["status"] == "merged"
    assert accepted_now["merged_into"] not in digests, "it waits for tomorrow's"
    with at(five + timedelta(days=1)):
        await office.desk.delivers()
    assert len(office.mailbox.mails) == 2


# How much a day bears.


@pytest.mark.requirement("002-19")
async def test_what_is_too_much_for_a_day_is_merged_and_not_dropped(office: Office) -> None:
    complaint = await office.thanked()
    result = SolutionCarriedOut(complaint_id=complaint, result="It runs.", carried_out_at=clock.now())
    await office.desk.hears(*six_steps(complaint), result)
    await office.desk.delivers()
    assert len(office.subjects) == 6, "five of progress, and the result, which is not counted"
    assert "The result: are you satisfied?" in office.subjects
    surplus = (await office.log())["survey"]
    assert (surplus["status"], surplus["withheld"]) == ("merged", "daily-limit")
    with at(NOON.replace(hour=18)):
        assert await office.desk.delivers() == 1
    assert office.subjects[-1] == "How did we do?"
    assert surplus["id"] in {t["delivery_id"] for t in await office.told()}

    # The next day has places again.
    with at(NOON + timedelta(days=1)):
        await office.desk.hears(accepted(await office.thanked()))
        await office.desk.delivers()
    assert office.subjects == ["We are working on your case"]

    # Days that are over need not be known.
    counted = "SELECT day FROM day_counts ORDER BY day"
    with at(NOON + timedelta(days=1)):
        pruner = Pruner(office.desk.context.database, preferences.prune, 1)
        assert await pruner.round() == 0
        assert len(await office.desk.rows(counted)) == 2
    with at(NOON + timedelta(days=2)):
        assert await pruner.round() == 1
        assert await pruner.round() == 0
    assert len(await office.desk.rows(counted)) == 1


async def test_an_attempt_that_is_repeated_takes_no_second_place(office: Office) -> None:
    await office.rules({"messages_a_day": 2})
    complaint = await office.thanked()
    office.mailbox.refuse = "451 try later"
    await office.desk.hears(accepted(complaint))
    await office.desk.delivers()
    office.mailbox.refuse = None
    with at(NOON + timedelta(minutes=1)):
        await office.desk.delivers()
    assert (await office.log())["accepted"]["status"] == "delivered"
    (count,) = await office.desk.rows("SELECT person, messages FROM day_counts")
    assert (count.person, count.messages) == (f"customer/{ANN}", 1)


@pytest.mark.requirement("002-19", "P-27")
async def test_couriers_of_two_processes_never_send_more_than_a_day_bears(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with (
        mail_server() as mailbox,
        open_office(url, scratch, mailbox) as one,
        open_office(url, scratch, mailbox) as two,
    ):
        with at(NOON):
            complaints = [uuid4() for _ in range(30)]
            await one.desk.hears(*(e for c in complaints for e in a_complaint(c)))
            await one.desk.delivers()
            mailbox.mails.clear()
            await one.desk.hears(*(accepted(complaint) for complaint in complaints))
            await asyncio.gather(*(office.desk.delivers() for office in (one, two, one, two)))
            assert len(mailbox.mails) == 5
            entries = [e for e in await one.desk.log(limit="200") if e["template"] == "accepted"]
            assert Counter(e["status"] for e in entries) == {"delivered": 5, "merged": 25}
            assert len({e["merged_into"] for e in entries if e["merged_into"]}) == 1
        with at(NOON.replace(hour=18)):
            await asyncio.gather(*(office.desk.delivers() for office in (one, two)))
            assert len(mailbox.mails) == 6
            told = Counter(t["delivery_id"] for t in await one.told() if t["template"] == "accepted")
        assert told == Counter({e["id"]: 1 for e in entries})


@pytest.mark.requirement("P-27")
async def test_a_courier_that_dies_after_it_took_a_place_loses_and_repeats_nothing(office: Office) -> None:
    await office.rules({"messages_a_day": 1})
    complaint = await office.thanked()
    await office.desk.hears(accepted(complaint))
    (dead,) = await queue.claim(office.desk.context.database, Audience.CUSTOMER, clock.now(), 10)
    await office.desk.context.part(Desks).of(Audience.CUSTOMER).send(dead)
    with at(NOON + timedelta(minutes=6)):
        await office.desk.delivers()
        assert (await office.log())["accepted"]["status"] == "delivered"
    ids = {mail["Message-ID"] for mail in office.mailbox.mails}
    assert len(office.mailbox.mails) == 2
    assert len(ids) == 1, "at least once, with an id that the receiver knows"


# The same person, and people of the company.


@pytest.mark.requirement("002-22")
@pytest.mark.parametrize("same", [True, False])
async def test_whoever_reported_the_same_matter_twice_is_told_once(office: Office, same: bool) -> None:
    leading, merged = await office.thanked(), await office.thanked()
    now = clock.now()
    await office.desk.hears(
        ComplaintMerged(complaint_id=merged, leading_id=leading, merged_by="li.na", merged_at=now),
        ReporterJoined(complaint_id=leading, merged_id=merged, joined_at=now),
    )
    await office.desk.delivers()
    office.mailbox.mails.clear()
    if not same:
        del office.desk.contact["customer_id"]  # the customer of each complaint is another one
    await office.desk.hears(accepted(leading))
    await office.desk.delivers()
    assert len(office.mailbox.mails) == (1 if same else 2)
    entries = [e for e in await office.desk.log() if e["template"] == "accepted"]
    assert {(e["rule"], e["channel"]) for e in entries} == {
        ("customer/accepted", "email"),
        ("follower/accepted", "same-address" if same else "email"),
    }


@pytest.mark.requirement("003-16", "003-17", "003-18")
async def test_a_colleagues_notices_come_in_a_digest_where_the_book_and_they_allow_it(office: Office) -> None:
    await office.rules(staff_notice_responsible_department={"nature": "progress"})
    people = office.desk.context.part(StaffContacts)
    contact = StaffContact(id="liu.yang", name="Liu Yang", email="liu.yang@example.com", language=Language.EN)
    people._known["liu.yang"] = (time.monotonic() + 600, contact)
    wishes = Wishes.model_validate({"digest": {"frequency": "daily", "hour": 17}})
    async with office.desk.context.database.transaction() as transaction:
        nothing = preferences.Said(0, Wishes())
        await preferences.save(transaction, "staff/liu.yang", nothing, wishes, clock.now(), "key:1")

    def notice(**changes: Any) -> Event:
        said = {
            "complaint_id": uuid4(), "notice_id": uuid4(), "reason": "triaged", "fact_id": uuid4(),
            "fact_type": "redress.complaint.triaged.v1", "reference": "RD-7K3M9QXT-B", "severity": "major",
            "issued_at": clock.now(), "acknowledge_by": clock.now() + timedelta(hours=8),
            "recipients": ("liu.yang",), "words": {"en": "A major case", "zh": "重大投诉"},
        }  # fmt: skip
        return NOTICES[Listeners.RESPONSIBLE_DEPARTMENT].model_validate(said | changes)

    await office.desk.hears(notice(), notice(), notice(urgency="immediate"))
    await office.desk.delivers(Audience.STAFF)
    assert office.subjects == ["Immediate: A major case"], "what is immediate waits for no digest"
    with at(NOON.replace(hour=17)):
        await office.desk.delivers(Audience.STAFF)
    assert office.subjects[1:] == ["2 messages about your cases"]
    assert office.mailbox.mails[1]["To"] == "liu.yang@example.com"
    log = await office.desk.log(audience="staff")
    rules = {e["rule"] for e in log}
    assert rules == {"staff/notice-responsible-department", "digest"}
    assert await office.told() == [], "notices about letters of notices would never end"


# Forgetting.


async def test_an_erased_customers_wishes_and_what_a_digest_was_to_tell_are_gone(office: Office) -> None:
    complaint = await office.thanked()
    await office.wishes(digest={"frequency": "daily", "hour": 17})
    other = str(uuid4())
    await office.wishes(other, ways={"opinion": []})
    await office.desk.hears(an_assignment(complaint))
    await office.desk.delivers()

    def erased(*, gone: bool) -> CustomerErased:
        said = {"customer_id": ANN, "because": "requested", "erased_at": clock.now(), "customer_gone": gone}
        return CustomerErased.model_validate(said | {"complaint_id": complaint})

    await office.desk.hears(erased(gone=False))
    people = "SELECT person FROM preferences ORDER BY person"
    assert len(await office.desk.rows(people)) == 2, "other complaints of theirs may be left"
    await office.desk.hears(erased(gone=True))
    assert [row.person for row in await office.desk.rows(people)] == [f"customer/{other}"]
    assert await office.desk.rows("SELECT 1 FROM day_counts") == []
    with at(NOON.replace(hour=17)):
        await office.desk.delivers()
    assert office.mailbox.mails == []
    assert (await office.log())["assigned"]["status"] == "not_sent"
