"""Webhooks: who wants what, how it is signed, what bad receivers do, and what is written down of it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
import standardwebhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI, Query

from services.notification.attempts import store as attempts
from services.notification.pruning import Pruner
from services.notification.rules import Audience
from services.notification.schedule import SCHEDULE
from services.notification.webhooks import again, channel
from shared import clock
from shared.events import (
    NOTICES,
    CaseClosed,
    ComplaintCoded,
    ComplaintTriaged,
    CustomerErased,
    Event,
    RiskRaised,
)
from shared.events.intake import TaxonomyCode
from shared.events.routing import Decider
from shared.events.vocabulary import Audience as NoticeAudience
from shared.events.vocabulary import Because, Risk, Severity
from shared.rulebooks import store as rulebooks
from tests.conftest import NewDatabase
from tests.services.receivers import Hook, Mailbox, mail_server, text_of, web_server
from tests.services.test_notification import (
    Desk,
    a_complaint,
    an_assignment,
    another_key,
    later,
    open_desk,
)

pytestmark = pytest.mark.slow

SUBSCRIBER = Audience.SUBSCRIBER
HOOKS = "/notification/v1/webhooks"


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with web_server() as server:
        yield server


@pytest.fixture
async def desk(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Desk]:
    async with open_desk(await new_database(), scratch) as opened:
        yield opened


def triaged(complaint_id: UUID, category: str, severity: Severity = Severity.GENERAL) -> Event:
    return ComplaintTriaged(
        complaint_id=complaint_id,
        category=category,
        severity=severity,
        decided_by=Decider.PERSON,
        reasons=("Seen.",),
        triaged_at=clock.now(),
    )


def closed(complaint_id: UUID) -> Event:
    return CaseClosed(complaint_id=complaint_id, outcome="satisfied", closed_by="h1", closed_at=clock.now())


async def subscribes(desk: Desk, hook: Hook, **wanted: Any) -> dict[str, Any]:
    body = {"url": hook.url, "event_types": ["*"]} | wanted
    answer = await desk.http.post(HOOKS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def heard(hook: Hook) -> list[tuple[str, str]]:
    """Of which complaint, which fact, in the order in which they came."""
    told = [json.loads(call.body) for call in hook.calls]
    return [(event["subject"], event["type"].removeprefix("redress.").removesuffix(".v1")) for event in told]


# Who wants what.


@pytest.mark.requirement("P-27")
async def test_a_webhook_for_a_category_hears_all_of_its_complaints_also_what_came_before(
    desk: Desk, hook: Hook
) -> None:
    await subscribes(desk, hook, categories=["function_fault"])
    mine, other = uuid4(), uuid4()
    await desk.hears(*a_complaint(mine), *a_complaint(other))
    await desk.delivers(SUBSCRIBER)
    assert heard(hook) == [], "nobody knows yet what they are about"
    await desk.hears(
        triaged(mine, "function_fault"), triaged(other, "appearance"), closed(mine), closed(other)
    )
    await desk.delivers(SUBSCRIBER)
    assert heard(hook) == [
        (str(mine), "complaint.registered"),
        (str(mine), "promise.made"),
        (str(mine), "complaint.triaged"),
        (str(mine), "case.closed"),
    ]


@pytest.mark.requirement("P-27")
async def test_a_webhook_for_a_place_below_a_category_hears_when_somebody_codes_it(
    desk: Desk, hook: Hook
) -> None:
    await subscribes(desk, hook, categories=["function_fault/safety"], event_types=["redress.complaint.*"])
    complaint = uuid4()
    await desk.hears(a_complaint(complaint)[0], triaged(complaint, "function_fault"))
    await desk.delivers(SUBSCRIBER)
    assert heard(hook) == []
    coded = ComplaintCoded(
        complaint_id=complaint,
        number=1,
        taxonomy_version=1,
        codes=(TaxonomyCode(category="function_fault", subcategory="safety"),),
        values=(),
        reason="It may hurt.",
        coded_by="h1",
        coded_at=clock.now(),
    )
    await desk.hears(coded)
    await desk.delivers(SUBSCRIBER)
    assert [what for _, what in heard(hook)] == [
        "complaint.registered",
        "complaint.triaged",
        "complaint.coded",
    ]


@pytest.mark.requirement("P-27")
async def test_a_webhook_for_grave_complaints_hears_when_one_becomes_grave(desk: Desk, hook: Hook) -> None:
    await subscribes(desk, hook, least_severity="urgent", event_types=["redress.complaint.triaged"])
    first, second = uuid4(), uuid4()
    await desk.hears(triaged(first, "appearance"), triaged(second, "appearance", Severity.MAJOR))
    await desk.delivers(SUBSCRIBER)
    assert heard(hook) == [(str(second), "complaint.triaged")]
    risk = RiskRaised(
        complaint_id=first,
        kind=next(iter(Risk)),
        reason="A lawyer wrote.",
        raised_by="h1",
        severity_before=Severity.GENERAL,
        severity=Severity.URGENT,
        raised_at=clock.now(),
    )
    await desk.hears(risk)
    await desk.delivers(SUBSCRIBER)
    assert heard(hook)[1:] == [(str(first), "complaint.triaged")]


async def test_what_happened_before_a_webhook_was_there_is_not_caught_up_on(desk: Desk, hook: Hook) -> None:
    await subscribes(desk, hook)  # keeps everything
    complaint = uuid4()
    await desk.hears(*a_complaint(complaint))
    choosy = await subscribes(desk, hook, categories=["function_fault"])
    await desk.hears(triaged(complaint, "function_fault"))
    entries = await desk.log(webhook_id=choosy["id"])
    assert len(entries) == 1


def a_notice(complaint_id: UUID, audience: NoticeAudience) -> Event:
    now = clock.now()
    return NOTICES[audience](
        complaint_id=complaint_id,
        notice_id=uuid4(),
        reason="new",
        fact_type="redress.complaint.registered.v1",
        fact_id=uuid4(),
        severity=Severity.GENERAL,
        issued_at=now,
        acknowledge_by=now + timedelta(hours=4),
    )


@pytest.mark.requirement("P-27")
async def test_notices_of_an_audience_are_for_keys_that_may_read_them(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    wanted = {"url": hook.url, "audiences": ["technical-support"]}
    scopes = ("webhooks:write", "complaints:read")
    async with (
        open_desk(url, scratch) as desk,
        another_key(desk, url, *scopes, "notices:technical-support") as support,
        another_key(desk, url, *scopes, "notices:person-concerned") as person,
    ):
        refused = await desk.http.post(HOOKS, json=wanted)
        assert refused.status_code == 403
        assert "notices:technical-support" in refused.json()["detail"]
        # A notice for the person concerned is for that person, whom a webhook is not.
        concerned = {"url": hook.url, "audiences": ["person-concerned"]}
        assert (await person.post(HOOKS, json=concerned)).status_code == 403
        made = await support.post(HOOKS, json=wanted)
        assert made.status_code == 201, made.text
        path = f"{HOOKS}/{made.json()['id']}"
        more = {"audiences": ["technical-support", "leadership"]}
        assert (await support.patch(path, json=more)).status_code == 403
        assert (await support.patch(path, json={"audiences": []})).status_code == 422

        complaint = uuid4()
        notices = [a_notice(complaint, audience) for audience in NoticeAudience]
        await desk.hears(*a_complaint(complaint), *notices)
        await desk.delivers(SUBSCRIBER)
    assert heard(hook) == [(str(complaint), "notice.technical-support")]


async def test_all_facts_are_not_all_notices(desk: Desk, hook: Hook) -> None:
    await subscribes(desk, hook, event_types=["*"])
    await desk.hears(a_notice(uuid4(), NoticeAudience.LEADERSHIP))
    assert await desk.log() == []


@pytest.mark.parametrize("wanted", [{}, {"event_types": []}, {"audiences": []}])
async def test_a_webhook_must_want_something(desk: Desk, hook: Hook, wanted: dict[str, Any]) -> None:
    answer = await desk.http.post(HOOKS, json={"url": hook.url, **wanted})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body/event_types"


@pytest.mark.requirement("P-27", "N-K")
async def test_a_thin_payload_tells_what_happened_and_where_to_read_it(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    async with (
        open_desk(url, scratch) as desk,
        another_key(desk, url, "webhooks:write", "complaints:read") as stranger,
    ):
        webhook = await subscribes(desk, hook, payload="thin")
        complaint = uuid4()
        await desk.hears(a_complaint(complaint)[0])
        await desk.delivers(SUBSCRIBER)
        (call,) = hook.calls
        event = standardwebhooks.Webhook(webhook["secret"]).verify(call.body, call.headers)
        assert event["type"] == "redress.complaint.registered.v1"
        assert event["subject"] == str(complaint)
        assert event["time"]
        assert "data" not in event
        link = httpx.URL(event["dataref"]).path
        full = await desk.http.get(link)
        assert full.headers["content-type"] == "application/cloudevents+json"
        assert full.json()["id"] == event["id"]
        assert full.json()["data"]["reference"] == "RD-7K3M9QXT-B"
        assert (await stranger.get(link)).status_code == 404
        erased = CustomerErased(
            complaint_id=complaint, customer_id=uuid4(), because=Because.REQUESTED, erased_at=clock.now()
        )
        await desk.hears(erased)
        assert (await desk.http.get(link)).status_code == 404


# Secrets.


async def signatures(desk: Desk, hook: Hook, webhook: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    assert (await desk.http.post(f"{HOOKS}/{webhook['id']}/ping")).status_code == 202
    await desk.delivers(SUBSCRIBER)
    return hook.calls[-1].headers, hook.calls[-1].body


@pytest.mark.requirement("P-27", "N-K")
async def test_any_number_of_secrets_sign_until_each_ends(desk: Desk, hook: Hook) -> None:
    webhook = await subscribes(desk, hook)
    path = f"{HOOKS}/{webhook['id']}"
    known = [webhook["secret"]]
    for hours in (1, 2, 3):
        rotated = await desk.http.post(f"{path}/rotate-secret", params={"old_ends_after": hours * 3600})
        assert rotated.status_code == 200, rotated.text
        known.append(rotated.json()["secret"])
    headers, body = await signatures(desk, hook, webhook)
    for secret in known:
        standardwebhooks.Webhook(secret).verify(body, headers)
    listed = (await desk.http.get(f"{path}/secrets")).json()
    assert [each.get("ends_at") is None for each in listed] == [True, False, False, False]
    assert not any(secret in str(listed) for secret in known)

    # The second one leaked: it is ended before its time, and nobody else's signature is lost.
    ended = await desk.http.delete(f"{path}/secrets/{listed[2]['id']}")
    assert ended.status_code == 204
    assert (await desk.http.delete(f"{path}/secrets/{listed[0]['id']}")).status_code == 409
    assert (await desk.http.delete(f"{path}/secrets/{listed[2]['id']}")).status_code == 404
    headers, _ = await signatures(desk, hook, webhook)
    assert len(headers["webhook-signature"].split()) == 3
    async with later(hours=1.5):
        assert len((await desk.http.get(f"{path}/secrets")).json()) == 2
    async with later(hours=4):
        assert len((await desk.http.get(f"{path}/secrets")).json()) == 1


async def test_so_many_secrets_that_deliveries_would_grow_are_refused(desk: Desk, hook: Hook) -> None:
    path = f"{HOOKS}/{(await subscribes(desk, hook))['id']}/rotate-secret"
    answers = [(await desk.http.post(path)).status_code for _ in range(10)]
    assert answers == [200] * 9 + [409]
    async with later(days=2):
        assert (await desk.http.post(path)).status_code == 200


@pytest.mark.requirement("P-27", "N-K")
async def test_a_receiver_may_verify_with_a_public_key(desk: Desk, hook: Hook) -> None:
    webhook = await subscribes(desk, hook, signature="v1a")
    assert webhook["secret"].startswith("whpk_")
    headers, body = await signatures(desk, hook, webhook)
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(webhook["secret"].removeprefix("whpk_")))
    key.verify(base64.b64decode(signature), signed)
    (listed,) = (await desk.http.get(f"{HOOKS}/{webhook['id']}/secrets")).json()
    assert listed["public_key"] == webhook["secret"]
    # Over to a shared secret, without a gap: both sign.
    rotated = await desk.http.post(f"{HOOKS}/{webhook['id']}/rotate-secret", params={"signature": "v1"})
    headers, body = await signatures(desk, hook, webhook)
    standardwebhooks.Webhook(rotated.json()["secret"]).verify(body, headers)
    assert [each[:3] for each in headers["webhook-signature"].split()] == ["v1,", "v1a"]


# Bad receivers.


@pytest.mark.requirement("P-27")
@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ("drop", "cannot be reached", None),
        ("half", "cannot be reached", None),
        ("slow head", "no answer within", None),
        ("slow body", "no answer within", None),
        ("301 Location: http://127.0.0.1:1/", "the receiver answers 301", 301),
        ("500", "the receiver answers 500", 500),
        ("429 Retry-After: 3600", "the receiver answers 429", 429),
    ],
)
async def test_whatever_a_receiver_does_it_is_bounded_and_tried_again(
    desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch, answer: str, error: str, code: int | None
) -> None:
    monkeypatch.setattr(channel, "TIMEOUT", 0.5)
    await subscribes(desk, hook)
    hook.answers = [answer]
    await desk.hears(a_complaint(uuid4())[0])
    async with asyncio.timeout(10):
        assert await desk.delivers(SUBSCRIBER) == 1
    async with later(hours=2):
        assert await desk.delivers(SUBSCRIBER) == 1
    (entry,) = await desk.log(audience="subscriber")
    assert entry["status"] == "delivered"
    again, first = (await desk.http.get(f"/notification/v1/deliveries/{entry['id']}")).json()["tries"]
    assert error in first["error"]
    assert first.get("code") == code
    assert (again["number"], again["code"], again.get("error")) == (2, 200, None)
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 1


@pytest.mark.requirement("P-27")
async def test_a_receiver_that_asks_for_patience_is_left_in_peace_with_everything(
    desk: Desk, hook: Hook
) -> None:
    webhook = await subscribes(desk, hook)
    hook.answers = ["503 Retry-After: 900"]
    await desk.hears(a_complaint(uuid4())[0])
    await desk.delivers(SUBSCRIBER)
    await desk.hears(a_complaint(uuid4())[0])
    assert await desk.delivers(SUBSCRIBER) == 0, "the other complaint's fact, too"
    seen = (await desk.http.get(f"{HOOKS}/{webhook['id']}")).json()
    assert (seen["health"], seen["waiting"]) == ("resting", 2)
    async with later(minutes=16):
        assert await desk.delivers(SUBSCRIBER) == 2


@pytest.mark.requirement("P-27")
async def test_after_its_rest_a_webhook_is_tried_with_one_delivery_however_many_couriers_there_are(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    async with open_desk(url, scratch) as one, open_desk(url, scratch) as two:
        webhook = await subscribes(one, hook, event_types=["redress.complaint.registered"])
        hook.answers = ["500"] * 9
        await one.hears(*(a_complaint(uuid4())[0] for _ in range(8)))
        assert await one.delivers(SUBSCRIBER) == 8
        async with later(minutes=3):
            probes = await asyncio.gather(*(d.courier(SUBSCRIBER).round() for d in (one, two, one, two)))
            assert sum(probes) == 1
            assert await one.delivers(SUBSCRIBER) == 0, "the probe failed: it rests again"
        async with later(minutes=5):
            assert await one.courier(SUBSCRIBER).round() == 1
            assert await one.courier(SUBSCRIBER).round() == 7, "the probe succeeded"
        seen = (await one.http.get(f"{HOOKS}/{webhook['id']}")).json()
    assert (seen["health"], seen["failures"], seen.get("paused_until")) == ("well", 0, None)
    assert seen["last_success_at"]


@pytest.mark.requirement("P-27")
@pytest.mark.parametrize("known", [True, False])
async def test_the_owner_hears_that_their_webhook_was_switched_off(
    new_database: NewDatabase, scratch: Path, hook: Hook, known: bool
) -> None:
    async with mail_server() as mailbox:
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        async with open_desk(await new_database(), scratch, smtp_url=smtp) as desk:
            webhook = await subscribes(desk, hook)
            await _routing_knows(desk, webhook["owner"] if known else "somebody else")
            hook.answers = ["410"]
            complaint = uuid4()
            await desk.hears(a_complaint(complaint)[0])
            await desk.delivers(SUBSCRIBER)
            await desk.delivers(Audience.STAFF)
            (told,) = await desk.rows(
                "SELECT convert_from(value, 'UTF8')::jsonb AS said FROM outbox "
                "WHERE headers->>'ce_type' = 'redress.webhook.disabled.v1'"
            )
            (entry,) = await desk.log(audience="staff")
            _is_told(mailbox, webhook, known=known)
    assert told.said["webhook_id"] == webhook["id"]
    assert told.said["owner"] == webhook["owner"]
    assert told.said["complaint_id"] == str(complaint)
    assert entry["rule"] == "staff/webhook-disabled"
    assert entry["status"] == ("delivered" if known else "not_sent")


def _is_told(mailbox: Mailbox, webhook: dict[str, Any], *, known: bool) -> None:
    assert len(mailbox.mails) == known
    for mail in mailbox.mails:
        assert mail["To"] == "li.wei@example.com"
        assert mail["Subject"] == "Your webhook was switched off"
        assert f"/notification/v1/webhooks/{webhook['id']}" in text_of(mail)


async def _routing_knows(desk: Desk, account: str) -> None:
    """A routing in whose directory one person has this account."""
    routing = FastAPI()
    person = {"id": "li.wei", "name": "Li Wei", "email": "li.wei@example.com", "language": "en"}

    @routing.get("/routing/v1/contacts")
    async def read_contacts(
        person_id: Annotated[str, Query(alias="person")] = "",
        account_id: Annotated[str, Query(alias="account")] = "",
    ) -> list[dict[str, Any]]:
        return [person] if account_id == account or person_id == "li.wei" else []

    peer = httpx.AsyncClient(transport=httpx.ASGITransport(routing), base_url="http://routing")
    desk.context.peers = lambda name: peer


# What is written down.


@pytest.mark.requirement("P-27")
async def test_every_attempt_is_written_down_with_the_answer_cut_and_masked(
    new_database: NewDatabase, scratch: Path, hook: Hook
) -> None:
    url = await new_database()
    async with (
        open_desk(url, scratch) as desk,
        another_key(desk, url, "deliveries:read") as reader,
    ):
        await subscribes(desk, hook)
        hook.answers = ["500"]
        hook.body = "Call 13800138000.\x00\x07 " + "y" * 5000
        await desk.hears(a_complaint(uuid4())[0])
        await desk.delivers(SUBSCRIBER)
        (entry,) = await desk.log()
        path = f"/notification/v1/deliveries/{entry['id']}"
        (tried,) = (await desk.http.get(path)).json()["tries"]
        assert (tried["number"], tried["code"], tried["channel"]) == (1, 500, "webhook")
        assert tried["began_at"] <= tried["ended_at"]
        assert tried["answer"].startswith("Call [phone].")
        assert len(tried["answer"]) == 1024
        (hidden,) = (await reader.get(path)).json()["tries"]
        assert "answer" not in hidden or hidden["answer"] is None
        assert (await desk.http.get(f"/notification/v1/deliveries/{uuid4()}")).status_code == 404

        # What the receiver said goes with the customer, and everything when it is old.
        assert await Pruner(desk.context.database, attempts.prune, 90).round() == 0
        erased = CustomerErased(
            complaint_id=UUID(entry["complaint_id"]),
            customer_id=uuid4(),
            because=Because.REQUESTED,
            erased_at=clock.now(),
        )
        await desk.hears(erased)
        (tried,) = (await desk.http.get(path)).json()["tries"]
        assert tried.get("answer") is None
        async with later(days=91):
            assert await Pruner(desk.context.database, attempts.prune, 90).round() == 1
        assert (await desk.http.get(path)).json()["tries"] == []


async def test_letters_have_their_attempts_written_down_without_the_servers_words(
    new_database: NewDatabase, scratch: Path
) -> None:
    async with mail_server() as mailbox:
        smtp = f"smtp://127.0.0.1:{mailbox.port}"
        async with open_desk(await new_database(), scratch, smtp_url=smtp) as desk:
            mailbox.refuse = "451 <ann@example.com> try later"
            await desk.hears(*a_complaint(uuid4()))
            await desk.delivers()
            mailbox.refuse = None
            async with later(minutes=1):
                await desk.delivers()
            (entry,) = await desk.log()
            again, first = (await desk.http.get(f"/notification/v1/deliveries/{entry['id']}")).json()["tries"]
    assert (first["channel"], again["channel"]) == ("email", "email")
    assert "451" in first["error"]
    assert "ann@" not in str(first)
    assert again.get("error") is None


async def test_what_is_sent_again_goes_on_counting_and_begins_the_schedule_anew(
    desk: Desk, hook: Hook
) -> None:
    await subscribes(desk, hook)
    await desk.hears(a_complaint(uuid4())[0])
    await desk.delivers(SUBSCRIBER)
    (entry,) = await desk.log()
    hook.answers = ["500"]
    path = f"/notification/v1/deliveries/{entry['id']}"
    assert (await desk.http.post(f"{path}/resend")).status_code == 202
    await desk.delivers(SUBSCRIBER)
    async with later(seconds=7):
        await desk.delivers(SUBSCRIBER)
    seen = (await desk.http.get(path)).json()
    assert (seen["status"], seen["attempts"]) == ("delivered", 3)
    assert [each["number"] for each in seen["tries"]] == [3, 2, 1]


# Sent again since a time.


@pytest.mark.requirement("P-27")
async def test_everything_since_a_time_is_sent_again_under_its_ids_and_in_order(
    desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "MOST", 4)
    webhook = await subscribes(desk, hook)
    await desk.hears(*a_complaint(uuid4()))
    since = clock.now().isoformat()
    mine = uuid4()
    await desk.hears(*a_complaint(mine), an_assignment(mine), triaged(mine, "appearance"), closed(mine))
    await desk.delivers(SUBSCRIBER)
    first = [call.headers["webhook-id"] for call in hook.calls if str(mine) in call.body.decode()]
    hook.calls.clear()
    path, wanted = f"{HOOKS}/{webhook['id']}/resend", {"since": since, "only_failed": False}
    assert (await desk.http.post(path, json={"since": since})).json() == {"queued": 0}, "nothing failed"

    key = {"Idempotency-Key": "again"}
    one = await desk.http.post(path, json=wanted, headers=key)
    assert one.status_code == 202, one.text
    assert one.json()["queued"] == 4
    assert (await desk.http.post(path, json=wanted, headers=key)).json() == one.json()
    two = (await desk.http.post(path, json=wanted | {"after": one.json()["next"]})).json()
    assert two == {"queued": 1}
    await desk.delivers(SUBSCRIBER)
    assert [call.headers["webhook-id"] for call in hook.calls] == first


@pytest.mark.requirement("P-27")
async def test_only_what_failed_is_sent_again_and_only_to_a_webhook_that_is_on(
    desk: Desk, hook: Hook
) -> None:
    webhook = await subscribes(desk, hook)
    since = clock.now().isoformat()
    await desk.hears(a_complaint(uuid4())[0])
    await desk.delivers(SUBSCRIBER)
    hook.answers = ["410", "410"]
    erased, lost = uuid4(), uuid4()
    await desk.hears(a_complaint(erased)[0], a_complaint(lost)[0])
    await desk.courier(SUBSCRIBER).round()
    path = f"{HOOKS}/{webhook['id']}"
    assert (await desk.http.post(f"{path}/resend", json={"since": since})).status_code == 409
    await desk.http.patch(path, json={"enabled": True})
    await desk.hears(
        CustomerErased(
            complaint_id=erased, customer_id=uuid4(), because=Because.REQUESTED, erased_at=clock.now()
        )
    )
    await desk.delivers(SUBSCRIBER)
    hook.calls.clear()
    assert (await desk.http.post(f"{path}/resend", json={"since": since})).json() == {"queued": 1}
    await desk.delivers(SUBSCRIBER)
    assert heard(hook) == [(str(lost), "complaint.registered")]
    missing = await desk.http.post(f"{path}/resend", json={})
    assert missing.status_code == 422


# Order.


@pytest.mark.requirement("P-27")
@pytest.mark.parametrize(
    ("ordering", "rounds", "heard_by_then"),
    [
        ("strict", 5, 0),  # the first is still tried: all others wait
        ("patient", 4, 2),  # it has used up our patience
        ("none", 1, 2),  # nobody waits for anybody
    ],
)
async def test_the_order_per_complaint_is_kept_as_the_subscriber_asks(
    desk: Desk, hook: Hook, ordering: str, rounds: int, heard_by_then: int
) -> None:
    await subscribes(desk, hook, ordering=ordering)
    complaint = uuid4()
    await desk.hears(a_complaint(complaint)[0], an_assignment(complaint), closed(complaint))
    hook.answers = ["500"] * rounds if ordering != "none" else ["500"]
    courier = desk.courier(SUBSCRIBER)
    for number in range(rounds):
        async with later(minutes=20 * number * number):
            await courier.round()
    async with later(minutes=20 * (rounds - 1) * (rounds - 1)):
        while await courier.round():
            pass
    rows = await desk.rows("SELECT status FROM deliveries")
    assert [row.status for row in rows].count("delivered") == heard_by_then


# The schedule is data.


@pytest.mark.requirement("P-27")
async def test_another_schedule_holds_from_the_next_attempt_on(desk: Desk, hook: Hook) -> None:
    await subscribes(desk, hook)
    impatient = SCHEDULE.shipped.model_copy(update={"waits": (1.0,), "jitter": 0.0})
    async with desk.context.database.transaction() as transaction:
        made = await rulebooks.add_version(transaction, SCHEDULE, impatient, "A trial.", "test")
        await rulebooks.switch(transaction, SCHEDULE, made, "A trial.", "test")
    hook.answers = ["500", "500"]
    await desk.hears(a_complaint(uuid4())[0])
    await desk.delivers(SUBSCRIBER)
    async with later(seconds=2):
        await desk.delivers(SUBSCRIBER)
    (entry,) = await desk.log()
    assert (entry["status"], entry["attempts"]) == ("failed", 2)
