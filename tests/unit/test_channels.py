"""What is read in mails and in the JSON of webhooks. Pure."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels import automatic, mapping, quoting
from services.intake.channels.markup import as_text
from services.intake.channels.mime import Unreadable, parsed
from services.intake.channels.words import cleaned, language, one_line
from shared import expressions, threads
from tests.mail_corpus import CORPUS, OUR, mail, part, parts

SECRET = b"a-secret-for-tests-of-32-characters"
READ = [name for name, sample in CORPUS.items() if sample.outcome is None]
AUTOMATIC = [name for name, sample in CORPUS.items() if sample.outcome is not None]


@pytest.mark.requirement("P-02")
@pytest.mark.parametrize("name", READ)
def test_of_a_mail_is_read_what_its_sender_wrote_in_it(name: str) -> None:
    sample = CORPUS[name]
    read = parsed(sample.raw)
    own = quoting.parted(read.text)
    assert own.own == sample.own
    assert own.shortened == sample.shortened
    assert (read.sender, read.name, read.subject) == (sample.sender, sample.name, sample.subject)
    assert tuple(file.name for file in read.files) == sample.files
    assert language(own.own) == sample.language
    assert automatic.outcome(read, "ann@shop.example", {OUR}) is None


@pytest.mark.requirement("P-02")
@pytest.mark.parametrize("name", AUTOMATIC)
def test_what_no_person_wrote_is_told_apart(name: str) -> None:
    sample = CORPUS[name]
    read = parsed(sample.raw)
    assert automatic.outcome(read, None, {OUR}) == sample.outcome
    assert read.status == sample.status


def nested(depth: int) -> bytes:
    body = b"Content-Type: text/plain\n\nx"
    for number in range(depth):
        body = f'Content-Type: multipart/mixed; boundary="b{number}"\n\n'.encode() + parts(f"b{number}", body)
    return b"From: a@b.example\nSubject: x\n" + body


BOMBS = {
    "empty": b"",
    "no mail": b"hello",
    "JSON": b'{"from": "a@b.example"}',
    "nested deep": nested(30),
    "nested very deep": nested(3000),
    "many parts": mail(
        parts("b", *[b"Content-Type: text/plain\n\nx"] * 1000), kind='multipart/mixed; boundary="b"'
    ),
    "a million empty parts": mail(b"--b\n\n" * 1_000_000, kind='multipart/mixed; boundary="b"'),
    "a million parts that end in CR": mail(
        b"\0" + b"--b\r\r" * 1_000_000, kind='multipart/mixed; boundary="b"'
    ),
    "endless headers": b"From: a@b.example\n" + b"X: y\n" * 1_000_000,
    "mails in mails": b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 500 + b"x",
}


@pytest.mark.requirement("P-02")
@pytest.mark.parametrize("name", BOMBS)
def test_what_is_built_to_break_a_reader_is_refused_quickly(name: str) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable):
        parsed(BOMBS[name])
    assert time.process_time() - began < 5


HOSTILE_TEXTS = {
    "quotes": "> " * 200_000,
    "one long line of digits": "2026" * 100_000,
    "lines that begin like an attribution": "On 2026 " * 100_000,
    "many such lines": "On 2026 he said\n" * 50_000,
    "dashes": "-" * 500_000,
    "many senders": "From: a@b.example\n" * 50_000,
    "angle brackets": "<" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_hostile_text_costs_no_more_than_other_text(name: str) -> None:
    began = time.process_time()
    quoting.parted(HOSTILE_TEXTS[name])
    as_text(HOSTILE_TEXTS[name])
    assert time.process_time() - began < 5


def test_markup_nested_without_end_is_read() -> None:
    assert "deep" in as_text("<div>" * 20_000 + "deep")


def test_headers_of_every_kind_break_nothing() -> None:
    for value in (
        "=?utf-8?B?////?=",
        "=?gbk?Q?=?=",
        "<" * 5000,
        '"' * 5000,
        "(" * 5000,
        "=?x?y?z?=",
        "a@",
        ",,,;",
    ):
        read = parsed(mail("x", f"In-Reply-To: {value}", f"Reply-To: {value}", sender=value, subject=value))
        assert "\n" not in read.subject + read.name


@given(st.binary(max_size=2000))
def test_no_bytes_whatsoever_break_the_reader(content: bytes) -> None:
    for raw in (content, b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + content):
        try:
            read = parsed(raw)
        except Unreadable:
            continue
        quoting.parted(read.text)
        automatic.outcome(read, None, {OUR})


@given(st.text(max_size=300))
def test_cleaned_text_is_fit_for_the_record(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)
    assert "\n" not in one_line(text)
    assert len(one_line(text)) <= 200


def test_a_thread_proves_itself_and_cannot_be_made_up() -> None:
    ours = threads.thread_id(SECRET, "RD-7K3M9QXT-B", "redress.example")
    assert threads.reference_of(SECRET, ours) == "RD-7K3M9QXT-B"
    assert threads.reference_of(SECRET, ours.replace("7K3M9QXT", "7K3M9QXW")) is None
    assert threads.reference_of(b"another secret", ours) is None
    assert threads.reference_of(SECRET, "<RD-7K3M9QXT-B@redress.example>") is None


FACEBOOK = {
    "messages": "entry[].changes[].value",
    "when": "item == 'comment'",
    "text": "message",
    "message_id": "comment_id",
    "author": "from.name",
    "permalink": "permalink_url",
    "time": "created_time",
    "thread_id": "post_id",
}


def test_a_mapping_reads_what_it_describes() -> None:
    comment = {
        "item": "comment",
        "message": "It leaks.\0",
        "comment_id": 17,
        "from": {"name": "Ann\nExample"},
        "permalink_url": "https://social.example/17",
        "created_time": 1_763_604_011,
        "post_id": "p1",
    }
    payload = {"entry": [{"changes": [{"value": comment}, {"value": {"item": "like"}}]}]}
    taken, ignored = mapping.read(FACEBOOK, payload, None)
    assert isinstance(taken, mapping.Mapped)
    assert (taken.text, taken.message_id, taken.author) == ("It leaks.", "17", "Ann Example")
    assert taken.time is not None
    assert taken.time.isoformat() == "2025-11-20T02:00:11+00:00"
    assert ignored == mapping.Unmapped("`when` does not hold")


@pytest.mark.parametrize("payload", [None, [], {}, "x", 1, {"entry": "x"}, {"entry": [{"changes": {}}]}])
def test_a_payload_of_another_shape_is_ignored(payload: object) -> None:
    assert all(isinstance(each, mapping.Unmapped) for each in mapping.read(FACEBOOK, payload, None))


@pytest.mark.parametrize(
    "expression", ["", "a[", "a.b |", "[a,b][] | [@,@][] | [@,@][] | [@,@][]", "unknown(", "&"]
)
def test_an_expression_that_cannot_be_used_says_so(expression: str) -> None:
    with pytest.raises(expressions.NotAnExpression):
        expressions.compiled(expression)


def test_one_call_brings_a_bounded_number_of_messages() -> None:
    with pytest.raises(mapping.TooManyMessages):
        mapping.read({"text": "t", "messages": "@"}, [{"t": "x"}] * 101, None)


def test_base64_that_is_broken_loses_only_itself() -> None:
    broken = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n!!!!"
    read = parsed(
        mail(
            parts(
                "b", part("text/plain", b"It leaks."), broken, part("image/png", base64.b64encode(b"x" * 9))
            ),
            kind='multipart/mixed; boundary="b"',
        )
    )
    assert read.text == "It leaks."
