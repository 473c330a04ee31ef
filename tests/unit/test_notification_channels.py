"""Channels of notification: marks, segments, telephone numbers, reports of mail servers, requests to providers."""

import json
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notification.channels import Letter, Reach, marks
from services.notification.channels.phones import textable
from services.notification.channels.segments import segments, shortened
from services.notification.channels.sms import words
from services.notification.providers.book import PROVIDERS, Proof, Provider, Providers
from services.notification.providers.filling import UnknownSecret, fill, fill_url
from services.notification.providers.receipts import Told, is_from_provider, payload, read
from services.notification.reports import mail
from services.notification.reports.model import Report, Standing, What, code_of
from services.notification.rules import Channel
from shared import clock

SECRET = b"a secret of an installation"
ID = UUID(int=77)
LINK = "https://redress.example/intake/v1/tracking/RD-7K3M9QXT-B?token=abc"


# Marks.


@given(st.uuids())
def test_a_mark_names_its_delivery_in_any_case_and_within_the_limits_of_an_address(delivery: UUID) -> None:
    mark = marks.mark_of(SECRET, delivery)
    assert marks.delivery_of(SECRET, mark.upper()) == delivery
    path = marks.return_path("bounce@redress.example", mark)
    assert len(path.partition("@")[0]) <= 64
    assert marks.mark_in(path) == mark


def test_signs_that_only_look_like_letters_make_no_mark() -> None:
    for sign, letter in (("\u212a", "k"), ("\u017f", "s")):
        for number in range(200):
            mark = marks.mark_of(SECRET, UUID(int=number << 64))
            if letter in mark:
                assert marks.delivery_of(SECRET, mark.replace(letter, sign)) is None
                assert marks.mark_in(marks.return_path("b@x.example", mark.replace(letter, sign))) is None


@given(st.uuids(), st.integers(0, 42), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567-\u212a\u017f\u0131"))
def test_no_changed_mark_names_a_delivery(delivery: UUID, at: int, other: str) -> None:
    mark = marks.mark_of(SECRET, delivery)
    changed = mark[:at] + other + mark[at + 1 :]
    # The last character of each part has bits that say nothing.
    assert changed == mark or marks.delivery_of(SECRET, changed) in {None, delivery}
    assert marks.delivery_of(b"another secret", mark) is None


@given(st.text(max_size=80))
def test_whatever_stands_in_its_place_is_no_mark(text: str) -> None:
    assert marks.delivery_of(SECRET, text) is None
    assert marks.mark_in(text) is None


# Segments.


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 135, 3),
        ("a" * 69 + "中", 1),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_networks_count_them(text: str, number: int) -> None:
    assert segments(text) == number


@given(st.text(max_size=600), st.sampled_from([LINK, ""]), st.integers(2, 5))
def test_a_text_is_cut_before_its_link_and_no_shorter_than_it_must(text: str, link: str, most: int) -> None:
    made = shortened(text, link, most)
    assert segments(made) <= most
    assert made.endswith(link)
    whole = f"{text} {link}".strip()
    assert (made == whole) == (segments(whole) <= most)


# Telephone numbers.


def test_the_short_words_of_a_letter_are_cut_before_their_link() -> None:
    usual: dict[str, Any] = {
        "delivery_id": ID,
        "template": "offers",
        "language": "zh",
        "reference": "RD-7K3M9QXT-B",
        "reach": Reach(phone="13800138000"),
        "subject": "",
        "body": "",
        "at": clock.now(),
        "link": LINK,
    }
    letter = Letter(**usual, short=f"【{'很长的名字' * 20}】请在这里选择：{LINK}")
    text = shortened(*words(letter), 2)
    assert segments(text) <= 2
    assert text.endswith(f"... {LINK}")
    assert words(Letter(**usual, short="Nothing to open.")) == ("Nothing to open.", "")


@pytest.mark.parametrize(
    ("given", "region", "wanted"),
    [
        ("13800138000", "CN", "+8613800138000"),
        ("138-0013-8000", "CN", "+8613800138000"),
        ("+86 138 0013 8000", "DE", "+8613800138000"),
        ("0171 2345678", "DE", "+491712345678"),
        ("+1 (202) 555-0143", "CN", "+12025550143"),
        ("010-62781234", "CN", None),
        ("400 810 8888", "CN", None),
        ("12345", "CN", None),
        ("0000000000", "CN", None),
    ],
)
def test_a_number_is_written_as_networks_write_it_if_a_message_can_reach_it(
    given: str, region: str, wanted: str | None
) -> None:
    assert textable(given, region) == wanted


# Reports of mail servers.


def dsn(action: str = "failed", status: str = "5.1.1", envid: str = "", original: str = "") -> bytes:
    lines = [
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.shop.example",
        "To: complaints@redress.example",
        "Subject: Undelivered Mail Returned to Sender",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "MIME-Version: 1.0",
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "<ann@shop.example>: it did not work.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.shop.example",
        *([f"Original-Envelope-Id: {envid}"] if envid else []),
        "",
        "Final-Recipient: rfc822; ann@shop.example",
        f"Action: {action}",
        f"Status: {status} (no such user)",
        "",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        f"{original}",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("action", "status", "what"),
    [
        ("failed", "5.1.1", What.LOST),
        ("failed", "4.4.7", What.LOST),
        ("Delayed", "4.4.1", What.DELAYED),
        ("delivered", "2.0.0", What.ARRIVED),
        ("expanded", "2.0.0", None),
    ],
)
def test_a_report_says_what_became_of_the_mail(action: str, status: str, what: What | None) -> None:
    report = mail.read(dsn(action, status))
    assert (report.what, report.status) == (what, status)


def test_the_mark_is_found_wherever_a_server_returns_it() -> None:
    mark = marks.mark_of(SECRET, ID)
    returned = f"Message-ID: <x@redress.example>\r\n{marks.HEADER}: {mark}"
    whole = dsn(original=returned).replace(b"text/rfc822-headers", b"message/rfc822")
    to = f"bounce+{mark}@redress.example"
    for found in (
        mail.read(dsn(envid=mark)).marks,
        mail.read(dsn(original=returned)).marks,
        mail.read(whole).marks,
        mail.read(dsn(), to).marks,
        mail.read(dsn().replace(b"To: complaints@redress.example", f"To: <{to}>".encode())).marks,
    ):
        assert [marks.delivery_of(SECRET, each) for each in found] == [ID]
    assert mail.read(dsn()).marks == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<ann@shop.example>: 550 5.1.1 No such user", What.LOST),
        ("said: 451-4.3.0 Try again", What.DELAYED),
        ("I am away. Since version 5.1.1 we ...", None),
    ],
)
def test_a_bounce_without_a_report_is_understood_by_the_servers_answer(text: str, what: What | None) -> None:
    raw = f"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n{text}\r\n".encode()
    assert mail.read(raw).what is what


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for raw in (content, b"From: x\r\n" + content, dsn(original=content.decode("latin-1"))):
        with suppress(mail.NoMail):
            mail.read(raw)


def test_a_mail_of_nested_parts_is_refused() -> None:
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000)
    )
    with pytest.raises(mail.NoMail):
        mail.read(nested)


# What follows from a report.


@given(
    st.lists(st.sampled_from(["email", "push", "sms"]), unique=True, min_size=1),
    st.sampled_from(["delivered", "failed", "bounced", "not_sent"]),
    st.sampled_from(list(What)),
    st.randoms(use_true_random=False),
)
def test_only_what_counted_as_delivered_by_this_way_is_undone_and_it_ends(
    channels: list[str], status: str, what: What, liked: Random
) -> None:
    closed: list[str] = []
    went = liked.choice(channels)
    for _ in range(10):
        rest = [each for each in channels if each not in closed]
        standing = Standing(ID, status, went, rest, 1, erased=False)
        report = Report(uuid4(), ID, Channel(went), what, None, clock.now())
        assert standing.is_undone_by(report) == (status == "delivered" and what is What.LOST)
        left = standing.left()
        if not left:
            break
        assert not {*closed, went} & {*left}
        closed, went = [*closed, went], liked.choice(left)
    assert sorted([*closed, went]) == sorted(channels)
    assert Standing(ID, status, channels[0], channels, 1, erased=True).left() == []


def test_a_code_is_a_code_and_nothing_else() -> None:
    assert [code_of(each) for each in ("5.1.1", 21211, "E-4")] == ["5.1.1", "21211", "E-4"]
    others: list[object] = [None, True, "to ann@shop.example", "x" * 41, {}]
    assert [code_of(each) for each in others] == [None] * 5


# Requests to providers.

HOSTILE = st.text(alphabet=st.sampled_from("{}\"&=?/#\r\n\\'a中 "), max_size=40)


@given(HOSTILE, HOSTILE)
def test_nothing_in_a_value_changes_the_request(to: str, text: str) -> None:
    body = {"to": "{{to}}", "nested": [{"text": "say: {{ text }}"}], "number": 3}
    filled = fill(body, {"to": to, "text": text}, {})
    assert json.loads(json.dumps(filled)) == {"to": to, "nested": [{"text": f"say: {text}"}], "number": 3}
    url = fill_url("https://sms.example.com/{{to}}/send?text={{text}}", {"to": to, "text": text}, {})
    assert not set("\r\n \"'\\#{}") & set(url)
    assert url.count("/") == 4
    assert url.count("&") == 0


def test_secrets_are_named_and_never_guessed() -> None:
    secrets = {"gateway": "user:pass"}
    headers = {"Authorization": "Basic {{basic.gateway}}", "X-Key": "{{secret.gateway}}"}
    assert fill(headers, {}, secrets) == {"Authorization": "Basic dXNlcjpwYXNz", "X-Key": "user:pass"}
    with pytest.raises(UnknownSecret, match="other"):
        fill("{{secret.other}}", {}, secrets)


def test_the_worked_examples_are_complete_and_switched_off() -> None:
    shipped = PROVIDERS.shipped
    assert {p.channel for p in shipped.providers} == {Channel.SMS, Channel.PUSH}
    assert not any(p.enabled for p in shipped.providers)
    assert "user:" not in shipped.model_dump_json()


GOOD = {
    "name": "gateway",
    "channel": "sms",
    "url": "https://sms.example.com/send",
    "body": {"to": "{{to}}", "text": "{{text}}"},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "ftp://sms.example.com/"}, "url"),
        ({"url": "https://{{to}}.example.com/"}, "host"),
        ({"url": "https://u:p@sms.example.com/"}, "user name"),
        ({"body": {"text": "{{text}}"}}, "nobody would get it"),
        ({"body": {"to": "{{to}}", "x": "{{telephone}}"}}, "nothing fills"),
        ({"body": {"to": "{{to}}", "x": "{{secret}}"}}, "nothing fills"),
        ({"format": "form", "body": {"to": "{{to}}", "n": 1}}, "text values"),
        ({"taken": {"statuses": []}}, "taken"),
        ({"closed": {"when": "a["}}, "JMESPath"),
        ({"per_second": 0.1}, "per_second"),
        (
            {"receipts": {"scheme": "token", "secret": "x", "message_id": "id", "outcome": "s"}},
            "cannot be matched",
        ),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(change: dict[str, object], said: str) -> None:
    Provider.model_validate(GOOD)
    with pytest.raises(ValidationError, match=said):
        Provider.model_validate(GOOD | change)


def test_one_provider_is_enabled_for_each_way() -> None:
    two = [GOOD | {"enabled": True}, GOOD | {"name": "other", "enabled": True}]
    with pytest.raises(ValidationError, match="two providers of sms"):
        Providers.model_validate({"providers": two})
    with pytest.raises(ValidationError, match="called gateway"):
        Providers.model_validate({"providers": [GOOD, GOOD]})


# Receipts of providers.


def test_receipts_are_read_as_they_are_described() -> None:
    shipped = PROVIDERS.shipped.named("sms-gateway")
    assert shipped is not None
    receipts = shipped.receipts
    assert receipts is not None
    body = b"MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003&To=%2B8613800138000"
    told = payload(body, "application/x-www-form-urlencoded")
    assert read(receipts, told) == [Told("SM1", What.LOST, "30003")]
    assert read(receipts, {"MessageSid": "SM1", "MessageStatus": "sent"}) == []
    assert read(receipts, {"MessageStatus": "delivered"}) == []
    assert read(receipts, [1, None, "x"]) == []


def test_only_who_knows_the_secret_reports() -> None:
    shipped = PROVIDERS.shipped.named("sms-gateway")
    assert shipped is not None
    signed = shipped.receipts
    assert signed is not None
    wanted = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"  # of an empty body and key
    assert is_from_provider(signed, "", {"X-Signature": f"sha256={wanted}"}, None, b"")
    assert not is_from_provider(signed, "", {"X-Signature": wanted}, None, b"x")
    assert not is_from_provider(signed, "", {}, wanted, b"")
    token = signed.model_copy(update={"scheme": Proof.TOKEN})
    assert is_from_provider(token, "s3cret", {"X-Signature": "Bearer s3cret"}, None, b"")
    assert is_from_provider(token, "s3cret", {}, "s3cret", b"")
    assert not is_from_provider(token, "s3cret", {}, None, b"")
