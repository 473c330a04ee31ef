"""Signatures, addresses, waits and words: what notification does at its edges, without a network."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import standardwebhooks
from pydantic import ValidationError

from services.notification.contacts import Contact
from services.notification.human_time import human_time
from services.notification.letters import Letters
from services.notification.queue import Leased
from services.notification.rules import FIELD_ACTION, MESSAGES, Hearer
from services.notification.schedule import SCHEDULE, Schedule
from services.notification.surveys.model import INVITATION
from services.notification.webhooks import signing
from services.notification.webhooks.channel import retry_after
from services.notification.wording.letter_text import FOLDER
from shared.config import Settings
from shared.guard import ForbiddenTarget, Guard, parse
from shared.outward import pinned
from shared.seal import Seal, SecretUnreadable

NOW = datetime(2026, 5, 9, 3, 0, tzinfo=UTC)


# Signatures.


@pytest.mark.requirement("N-K", "P-27")
def test_every_secret_signs_and_the_standard_library_agrees() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    body = '{"statement":"电机不转"}'
    headers = signing.headers("d-1", datetime.now(UTC), body.encode(), [new, old])
    for secret in (old, new):
        assert standardwebhooks.Webhook(secret).verify(body, headers) == {"statement": "电机不转"}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(signing.new_secret()).verify(body, headers)


# The specification's own examples: of its libraries for several languages.
MESSAGE, AT, PAYLOAD = (
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    datetime.fromtimestamp(1614265330, UTC),
    b'{"test": 2432232314}',
)


@pytest.mark.requirement("N-K")
@pytest.mark.parametrize(
    ("secret", "signature"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (
            "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
            "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
        ),
    ],
)
def test_signatures_are_those_of_the_specification(secret: str, signature: str) -> None:
    made = signing.headers(MESSAGE, AT, PAYLOAD, [secret])
    assert made == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": signature,
    }
    both = signing.headers(MESSAGE, AT, PAYLOAD, [signing.new_secret(), secret])
    assert both["webhook-signature"].split()[1] == signature


def test_secrets_have_the_standard_form() -> None:
    secret = signing.new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    private = signing.new_secret(signing.Scheme.V1A)
    assert private.startswith("whsk_")
    assert signing.shown(private).startswith("whpk_")
    assert signing.shown(secret) == secret


def test_sealed_secrets_open_only_with_the_same_installation_secret() -> None:
    secret = signing.new_secret()
    sealed = Seal(b"one", "a").close(secret)
    assert secret not in sealed
    assert Seal(b"one", "a").open(sealed) == secret
    with pytest.raises(SecretUnreadable):
        Seal(b"two", "a").open(sealed)
    with pytest.raises(SecretUnreadable):
        Seal(b"one", "b").open(sealed)


# Where webhooks may go.

NAMES = {
    "good.example": ["93.184.215.14"],
    "six.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "nat64.example": ["64:ff9b::5db8:d70e"],
    "inside.example": ["10.0.0.7"],
    "both.example": ["93.184.215.14", "127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "localhost": ["127.0.0.1", "::1"],
}


async def lookup(host: str, port: int) -> Sequence[str]:
    import asyncio
    import socket

    if host in NAMES:
        return NAMES[host]
    # Everything else is a way to write a number: the real resolver must read it, and asks nobody.
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [str(entry[4][0]) for entry in found]


@pytest.mark.requirement("P-27")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://0.0.0.0:8000/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b:1::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[2001:db8::1]/",
        "http://[3fff::1]/",
        "http://[5f00::1]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://192.0.0.8/",
        "http://192.0.2.1/",
        "http://198.18.0.1/",
        "http://224.0.0.1/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "https://inside.example/",
        "https://both.example/",
        "http://①②⑦.⓪.⓪.①/",
        "ftp://good.example/",
        "file:///etc/passwd",
        "gopher://good.example/",
        "//good.example/",
        "good.example",
        "http://",
        "http:///path",
        # Zones, trailing dots, names that mean this machine.
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c%25eth0]/",
        "http://localhost./",
        "http://app.localhost/",
        "http://APP.LocalHost./",
        "http://127.0.0.1./",
        "http://169.254.169.254./",
        # More ways to write the same number.
        "http://017700000001/",
        "http://0177.0.0.01/",
        "http://0x7f.1/",
        "http://0x7f.0x0.0x0.0x1/",
        "http://0xa9fea9fe/",
        "http://2852039166/",
        "http://4294967295/",
        "http://127。0。0。1/",
        "http://127\uff0e0\uff0e0\uff0e1/",
        "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "http://127.127.127.127/",
        "http://100.100.100.200/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[::ffff:0.0.0.0]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[fe80::5efe:127.0.0.1]/",
        "http://[fd00:ec2::254]/",
        "http://[2001:10::1]/",
        "http://[100::1]/",
        # Ports.
        "http://good.example:0/",
        "http://good.example:22/",
        "http://good.example:25/",
        "http://good.example:6667/",
        "http://good.example:99999/",
        "http://good.example:80:80/",
        # What one reader takes for the host, and another does not.
        "http://127.0.0.1#@good.example/",
        "http://127.0.0.1?@good.example/",
        "http://good.example%2f@127.0.0.1/",
        "http://good.example%00.inside.example/",
        "http://inside%2eexample/",
        "http://good.example,inside.example/",
        "http://user:pw@good.example/",
        "http://good.example@127.0.0.1/",
        "http://good.example\\@127.0.0.1/",
        "http://good.example\r\nHost: evil/",
        "http://good.example /",
        f"http://{'a' * 70}.example/",
        "http://a..b/",
        "http://xn--a.example/",
        "",
    ],
)
async def test_refuses(url: str) -> None:
    with pytest.raises((ForbiddenTarget, OSError)):
        await Guard(allow_private=False, lookup=lookup).check(url)


@pytest.mark.requirement("P-27")
@pytest.mark.parametrize("host", ["localhost", "localhost.", "app.localhost"])
async def test_names_of_this_machine_are_refused_whatever_a_resolver_says(host: str) -> None:
    async def says_public(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    with pytest.raises(ForbiddenTarget):
        await Guard(allow_private=False, lookup=says_public).check(f"http://{host}/")


@pytest.mark.requirement("P-27")
async def test_a_name_that_leads_elsewhere_from_one_moment_to_the_next_is_looked_up_once() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    guard = Guard(allow_private=False, lookup=rebinding)
    target = await guard.check("https://evil.example/")
    assert pinned(target.url, target.addresses[0]).host == "93.184.215.14"
    assert len(answers) == 1
    with pytest.raises(ForbiddenTarget):
        await guard.check("https://evil.example/")


@pytest.mark.parametrize("host", ["good.example", "six.example", "nat64.example"])
async def test_allows_the_public_internet_and_pins_what_it_checked(host: str) -> None:
    target = await Guard(allow_private=False, lookup=lookup).check(f"https://{host}:8443/hook?x=1")
    to = pinned(target.url, target.addresses[0])
    assert to.host == NAMES[host][0]
    assert (to.port, to.raw_path) == (8443, b"/hook?x=1")


async def test_development_may_reach_itself_but_not_by_other_protocols() -> None:
    guard = Guard(allow_private=True, lookup=lookup)
    assert str((await guard.check("http://localhost:8000/")).addresses[0]) == "127.0.0.1"
    with pytest.raises(ForbiddenTarget):
        parse("file:///etc/passwd")


# Waits.


SHIPPED = SCHEDULE.shipped


def test_the_schedule_is_kept_with_jitter_and_ends() -> None:
    delivery = UUID(int=5)
    for attempts, seconds in enumerate(SHIPPED.waits, 1):
        wait = SHIPPED.next_attempt(delivery, attempts, NOW)
        assert wait is not None
        assert seconds <= (wait - NOW).total_seconds() <= seconds * (1 + SHIPPED.jitter)
    assert SHIPPED.next_attempt(delivery, len(SHIPPED.waits) + 1, NOW) is None
    others = {SHIPPED.next_attempt(UUID(int=n), 5, NOW) for n in range(50)}
    assert len(others) == 50


def test_a_receiver_may_ask_for_more_patience_but_not_for_ever() -> None:
    assert SHIPPED.next_attempt(UUID(int=5), 1, NOW, 600) == NOW + timedelta(seconds=600)
    assert SHIPPED.next_attempt(UUID(int=5), 1, NOW, 1e9) == NOW + timedelta(seconds=SHIPPED.longest_wait)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"waits": [30, 5]}, "at least as long as the one before"),
        ({"longest_wait": 60}, "longest_wait must be"),
        ({"disable_after": 60, "pause": 61}, "disable_after must be"),
        ({"patience": 0}, "patience"),
        ({"pause": "Infinity"}, "pause"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Schedule.model_validate(SHIPPED.model_dump() | change)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("Sat, 09 May 2026 03:02:00 GMT", 120.0),
        ("Sat, 09 May 2026 02:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


# Words.

FACTS: dict[str, list[dict[str, Any]]] = {
    "acknowledgement": [{"promised_at": "2026-05-11T07:00:00+00:00"}],
    "merged": [{"promised_at": "2026-05-11T07:00:00+00:00"}, {"promised_at": None}],
    "separated": [{}],
    "assigned": [{"person": "Li Wei", "again": False}, {"person": "Li Wei", "again": True}],
    "accepted": [{"person": "Li Wei"}, {"person": None}],
    "interim": [
        {"waiting": False, "offers": []},
        {"waiting": True, "offers": []},
        {"waiting": True, "offers": [{"rank": 1, "description": "A new motor"}]},
    ],
    "restatement": [{"restatement": "12 of 240 motors show alarm R4."}],
    "asked": [{"question": "Which motor is it?"}],
    "extended": [{"reason": "The laboratory needs until Friday."}],
    "told": [{"message": "The spare part has arrived."}],
    "judged-not-valid": [
        {"explanation": "The warranty ended.", "reason_sufficient": True},
        {"explanation": "The warranty ended.", "reason_sufficient": False},
    ],
    "offers": [
        {"round": 1, "offers": [{"rank": 1, "description": "A new motor"}]},
        {"round": 2, "offers": [{"rank": n, "description": f"Way {n}"} for n in (1, 2)]},
    ],
    "agreed": [{"solution": "A new motor"}, {"solution": None}],
    "result": [
        {"result": "It runs.", "solution": "A new motor"},
        {"result": "It runs.", "solution": None},
        {"result": "It runs.", "solution": None, "followed": True},
    ],
    "survey": [{"again": False}, {"again": True}],
    "survey-invitation": [
        {
            "again": again,
            "survey_title": {"en": "A word", "zh": "评议"},
            "survey_intro": {"en": "Of it.", "zh": "关于它。"},
        }
        for again in (False, True)
    ],
    "withdrawn": [{}],
    "message": [{}],
    "resumed": [{}, {"followed": True}],
    "reopened": [{}, {"followed": True}],
    "closed": [
        {"outcome": "satisfied"},
        {"outcome": "not_acceptable"},
        {"outcome": "not_acceptable", "followed": True},
    ],
}
CONTACT = Contact(
    complaint_id=UUID(int=7),
    name="Ann Example",
    email="ann@example.com",
    language="en",
    tracking_url="https://r.example/t",
)
LETTERS = Letters(Settings(secret="s" * 32, organisation="Northwind"))


def leased(template: str, facts: dict[str, Any], **changes: Any) -> Leased:
    values: dict[str, Any] = {
        "id": UUID(int=1),
        "complaint_id": UUID(int=2),
        "attempts": 1,
        "template": template,
        "facts": facts,
        "reference": "RD-7K3M9QXT-B",
        "kind": "complaint",
        "handler_name": None,
        "promised_at": None,
        "subscription_id": None,
        "url": None,
        "secrets": (),
        "body": None,
    }
    return Leased(**values | changes)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("template", "facts"), [(t, f) for t, cases in FACTS.items() for f in cases], ids=lambda v: str(v)[:30]
)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.requirement("004-12", "001-08", "002-22")
def test_every_message_thanks_first_and_says_what_happens_next(
    template: str, facts: dict[str, Any], language: str, known: bool
) -> None:
    changes = {"handler_name": "Li Wei", "promised_at": NOW + timedelta(days=2)} if known else {}
    contact = CONTACT.model_copy(update={"language": language, "name": CONTACT.name if known else None})
    words = LETTERS.write(leased(template, facts, **changes), contact, NOW)

    paragraphs = words.body.split("\n\n")
    thanks, next_steps = {"en": ("Thank you", "What happens now"), "zh": ("感谢", "接下来")}[language]
    assert thanks in paragraphs[1]
    assert next_steps in words.body
    assert "RD-7K3M9QXT-B" in words.body
    assert contact.tracking_url in words.body
    assert words.subject
    assert "\n" not in words.subject
    assert not any(mark in words.body for mark in ("{{", "{%", "None", "\n\n\n"))
    assert ("Ann Example" in words.body) is known
    assert "Northwind" in paragraphs[-2]


def test_every_rule_has_its_words_in_both_languages() -> None:
    for message in MESSAGES:
        for language in ("en", "zh"):
            assert (FOLDER / language / f"{message.template}.txt.jinja").is_file()
    to_customers = {
        m.template for m in MESSAGES if Hearer.CUSTOMER in m.hearers and m.template != FIELD_ACTION
    }
    assert to_customers | {INVITATION} == FACTS.keys(), "no fact leads to an invitation: surveys send it"
    assert {p.name for p in Path(FOLDER / "en").iterdir()} == {p.name for p in Path(FOLDER / "zh").iterdir()}


@pytest.mark.requirement("002-02", "001-08")
@pytest.mark.parametrize(
    ("language", "steps", "limit"),
    [
        ("en", ("1.", "2.", "3.", "4.", "You choose"), "15:00 on Monday 11 May 2026 (Shanghai time)"),
        ("zh", ("1.", "2.", "3.", "4.", "由您选择"), "2026年5月11日(星期一)15:00(北京时间)"),
    ],
)
def test_the_acknowledgement_states_the_process_and_the_time_limit(
    language: str, steps: tuple[str, ...], limit: str
) -> None:
    contact = CONTACT.model_copy(update={"language": language})
    words = LETTERS.write(leased("acknowledgement", FACTS["acknowledgement"][0]), contact, NOW)
    for step in steps:
        assert step in words.body
    assert limit in words.body


@pytest.mark.requirement("002-05", "001-14")
def test_the_result_states_result_and_measures_and_asks() -> None:
    words = LETTERS.write(leased("result", FACTS["result"][0]), CONTACT, NOW)
    assert "It runs." in words.body
    assert "A new motor" in words.body
    assert "Are you satisfied?" in words.body


def test_no_time_that_has_passed_is_promised() -> None:
    late = datetime(2026, 6, 1, tzinfo=UTC)
    words = LETTERS.write(leased("acknowledgement", FACTS["acknowledgement"][0]), CONTACT, late)
    assert "2026" not in words.body


def test_what_people_typed_is_never_read_as_a_template() -> None:
    words = LETTERS.write(leased("told", {"message": "{{ organisation }} {% raw %}"}), CONTACT, NOW)
    assert "{{ organisation }} {% raw %}" in words.body


def test_human_times_in_other_zones() -> None:
    at = datetime(2026, 1, 4, 23, 30, tzinfo=UTC)
    assert human_time(at, "America/New_York", "en") == "18:30 on Sunday 4 January 2026 (New York time)"
    assert human_time(at, "America/St_Johns", "zh") == "2026年1月4日(星期日)20:00(UTC-3:30)"
    assert human_time(at, "Asia/Tokyo", "zh") == "2026年1月5日(星期一)08:30(UTC+9)"
