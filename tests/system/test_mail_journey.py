"""Mails to customers and what comes back of them: answers land in the complaint, bounces undo what was delivered."""

from email import policy
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NewDatabase
from tests.kafka import with_kafka
from tests.mail_corpus import mail
from tests.services.receivers import Mailbox, mail_server
from tests.unit.test_notification_channels import dsn
from tests.world import World, eventually, open_world

pytestmark = pytest.mark.slow

INTAKE = "/intake/v1/channels/email"
RFC822 = {"content-type": "message/rfc822"}


@pytest.fixture(params=["table", pytest.param("kafka", marks=with_kafka)])
def event_log_url(request: pytest.FixtureRequest) -> str:
    """Both logs. Kafka gets a broker of the test's own: topics have fixed names."""
    if request.param == "table":
        return "table:"
    return f"kafka://{request.getfixturevalue('kafka_broker').bootstrap}"


async def arrives(world: World, raw: bytes, **query: str) -> dict[str, Any]:
    """A mail reaches intake."""
    answer = await world.http.post(INTAKE, content=raw, headers=RFC822, params=query)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def read(world: World, path: str) -> Any:
    answer = await world.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.requirement("001-08", "003-16", "000-12b")
async def test_an_answer_joins_the_complaint_and_a_bounce_is_told_to_whoever_handles_it(
    event_log_url: str, new_database: NewDatabase, scratch: Path
) -> None:
    async with (
        mail_server() as mailbox,
        open_world(
            await new_database(),
            scratch,
            smtp_url=f"smtp://127.0.0.1:{mailbox.port}",
            mail_reply_to="answers@redress.example",
            bounce_address="bounce@redress.example",
            event_log_url=event_log_url,
            kafka_partitions=3,
        ) as world,
    ):
        registered = await world.register()
        letter = await _first_letter(mailbox)

        answer = mail(
            "It is the motor of line three.",
            f"In-Reply-To: {letter['Message-ID']}",
            f"References: {letter['References']} {letter['Message-ID']}",
            sender="Bo <bo@home.example>",
            subject=f"Re: {letter['Subject']}",
            message_id="<answer@home.example>",
        )
        added = await arrives(world, answer)
        assert (added["outcome"], added["complaint_id"]) == ("added", registered["id"])

        returned = dsn(original=letter.as_bytes(policy=policy.SMTP).partition(b"\r\n\r\n")[0].decode())
        for number in range(2):  # a server may report twice
            raw = returned.replace(b"Return-Path: <>", b"Return-Path: <>\r\nMessage-ID: <b%d@mx>" % number)
            back = await arrives(world, raw, return_path="", recipient=mailbox.envelopes[0])
            assert (back["outcome"], back["complaint_id"]) == ("bounce", registered["id"])
        (bounced,) = (await read(world, "/notification/v1/deliveries?status=bounced"))["items"]
        assert bounced["complaint_id"] == registered["id"]
        assert bounced["last_error"] == "email came back (5.1.1)"

        async def noted() -> list[Any]:
            page = await read(world, f"/resolution/v1/cases/{registered['id']}/timeline")
            return [entry for entry in page["items"] if entry["kind"] == "message_failed"]

        (entry,) = await eventually(noted, what="the timeline to tell that a message failed")
        assert entry["text"] == "acknowledgement · email"

        async def counted() -> bool:
            row = await world.http.get(f"/insights/v1/complaints/{registered['id']}")
            return row.status_code == 200 and row.json()["messages_failed"] == 1

        await eventually(counted, what="insights to count it once")


async def _first_letter(mailbox: Mailbox) -> Any:
    async def there() -> Any:
        return next(iter(mailbox.mails), None)

    return await eventually(there, what="the acknowledgement")


async def test_a_bounce_stays_with_the_mail_server_while_notification_is_away(
    new_database: NewDatabase, scratch: Path
) -> None:
    async with open_world(await new_database(), scratch, ["intake"]) as world:
        answer = await world.http.post(INTAKE, content=dsn(), headers=RFC822)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        listed = await world.http.get("/intake/v1/channels/messages", params={"outcome": "bounce"})
        assert listed.json()["items"] == []
