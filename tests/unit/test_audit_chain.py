"""The chain's pure rules: whatever is done to it shows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from services.resolution.approvals.needed import PermitNeeded
from services.resolution.audit import checkpoint
from services.resolution.audit.chain import (
    Covered,
    Head,
    Link,
    Part,
    digest_of,
    extend,
    plain,
    start,
    written,
)
from services.resolution.audit.checkpoint import NotACheckpoint
from services.resolution.audit.deriving import LEADS_TO, Derived
from services.resolution.audit.findings import WORDS, Finding, Wrong
from services.resolution.audit.verifying import Check, Claim, Stored
from services.resolution.audit.witnessed import NOTED, Noted
from services.resolution.dispute.book import BODIES
from services.resolution.handlers import reactions
from services.resolution.judgement import Judgement
from services.resolution.lifecycle import NotNow, State
from services.resolution.model import Case
from services.resolution.offers.offering import Solution
from services.resolution.timeline import Kind
from shared.events import registry
from shared.events.dispute import Favour
from shared.events.vocabulary import TOPICS, TRANSFER_TOPICS, Outcome, Remedy, Severity
from shared.ids import derived_id

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ID, OTHER = UUID(int=7), UUID(int=8)
KEY = b"k" * 32


def happened(number: int) -> list[Covered]:
    """Timeline entries that leave the case open, and a note after every third."""
    made: list[Covered] = []
    for count in range(1, number + 1):
        kind = Kind.OPENED if count == 1 else Kind.REPLIED
        row = {
            **{"number": count, "at": NOON + timedelta(hours=count), "source": "c-resolution"},
            **{"author": "key:li", "audience": "customer", "kind": kind.value, "text": f"Reply {count}."},
        }
        made.append(Covered(Part.TIMELINE, row["at"], "key:li", kind.value, row))  # type: ignore[arg-type]
        if count % 3 == 0:
            made.append(
                Covered(Part.NOTE, NOON, "key:li", Noted.READ.value, {"what": "contact", "purpose": "x"})
            )
    return made


def found(covered: Sequence[Covered], links: Sequence[Link]) -> list[Stored]:
    return [
        Stored(link, link.hash, None if each.part is Part.NOTE else each.row)
        for link, each in zip(links, covered, strict=True)
    ]


def chain(number: int) -> list[Stored]:
    covered = happened(number)
    return found(covered, extend(ID, start(ID), KEY, covered, NOON))


def verified(
    entries: Sequence[Stored], head: Head, *, key: bytes | None = KEY, erased: bool = False
) -> list[Wrong]:
    timeline = sum(each.link.part is Part.TIMELINE for each in entries)
    claim = Claim(
        ID, head, [] if key is None else [b"x" * 32, key], erased, State.OPEN, 0, {Part.TIMELINE: timeline}
    )
    check = Check(claim)
    findings = [finding for each in entries for finding in check.entry(each)] + list(check.end())
    return [finding.wrong for finding in findings]


def head_of(entries: Sequence[Stored]) -> Head:
    return Head(entries[-1].link.number, entries[-1].hash)


@pytest.mark.requirement("N-J")
@settings(deadline=None)
@given(number=st.integers(1, 30))
def test_a_chain_that_nobody_touched_is_whole_with_and_without_its_key(number: int) -> None:
    entries = chain(number)
    assert [each.link.number for each in entries] == list(range(1, len(entries) + 1))
    assert verified(entries, head_of(entries)) == []
    bare = [replace(each, row=each.row and {**each.row, "text": None}) for each in entries]
    assert verified(bare, head_of(entries), key=None, erased=True) == []
    assert Wrong.CONTENT in verified(bare, head_of(entries))
    assert verified(entries, head_of(entries), key=None) == [Wrong.KEY_GONE]


CHANGES: Sequence[Callable[[Link], Link]] = (
    lambda link: replace(link, actor="key:somebody-else"),
    lambda link: replace(link, action=Kind.CUSTOMER_WROTE.value),
    lambda link: replace(link, at=NOON - timedelta(days=1)),
    lambda link: replace(link, recorded_at=NOON - timedelta(days=1)),
    lambda link: replace(link, key="999"),
    lambda link: replace(link, note={"what": "contact", "purpose": "y"}),
    lambda link: replace(link, digest=b"d" * 32),
    lambda link: replace(link, previous=b"p" * 32),
)


@pytest.mark.requirement("N-J")
@settings(deadline=None)
@given(number=st.integers(3, 30), data=st.data())
def test_one_changed_field_of_one_entry_shows(number: int, data: st.DataObject) -> None:
    entries = chain(number)
    place = data.draw(st.integers(0, len(entries) - 1))
    change = data.draw(st.sampled_from(CHANGES))
    changed = replace(entries[place], link=change(entries[place].link))
    assert Wrong.HASH in verified([*entries[:place], changed, *entries[place + 1 :]], head_of(entries))


@pytest.mark.requirement("N-J")
@settings(deadline=None)
@given(number=st.integers(4, 30), data=st.data())
def test_what_is_left_out_put_in_twice_or_moved_shows(number: int, data: st.DataObject) -> None:
    entries = chain(number)
    one = data.draw(st.integers(0, len(entries) - 3))
    moves: list[Callable[[], list[Stored]]] = [
        lambda: entries[:one] + entries[one + 1 :],
        lambda: [*entries[: one + 1], *entries[one:]],
        lambda: [*entries[:one], entries[one + 1], entries[one], *entries[one + 2 :]],
    ]
    for move in moves:
        assert verified(move(), head_of(entries)) != []


@pytest.mark.requirement("N-J")
def test_a_chain_of_another_complaint_is_none_of_this_one() -> None:
    covered = happened(2)
    strange = found(covered, extend(OTHER, start(OTHER), KEY, covered, NOON))
    assert Wrong.BEGINNING in verified(strange, head_of(strange))


def test_a_value_is_written_the_same_whether_it_comes_from_python_or_from_the_database() -> None:
    in_china = NOON.astimezone(timezone(timedelta(hours=8)))
    assert plain(in_china) == plain(NOON) == "1772424000000000"
    assert written(["ab", None, 1]) == "2:ab,~1:1,"
    assert written(["a", "b"]) != written(["a,1:b"])
    assert plain(Decimal("12")) == plain(Decimal("12.00")) == "12.00"
    assert digest_of(KEY, Part.NOTE, {"a": ("b", ID)}) == digest_of(KEY, Part.NOTE, {"a": ["b", str(ID)]})
    first, second = {"what": "a", "purpose": "b"}, {"purpose": "b", "what": "a"}
    assert digest_of(KEY, Part.NOTE, first) == digest_of(KEY, Part.NOTE, second)
    assert digest_of(KEY, Part.NOTE, first) != digest_of(b"o" * 32, Part.NOTE, first)


def test_everything_that_can_stand_in_a_chain_has_its_words() -> None:
    assert set(NOTED) == set(Noted)
    assert set(WORDS) == set(Wrong)
    assert not set(Noted) & set(map(str, Kind))


@pytest.mark.requirement("P-32")
def test_every_fact_that_another_service_tells_of_a_complaint_reaches_the_case() -> None:
    others = {TOPICS.intake, TOPICS.routing, TOPICS.notification, *TRANSFER_TOPICS}
    told = {event.wire_type() for event in registry if event.topic in others}
    # Of another system, and of what a customer bought: neither happened to the case.
    assert {kind for kind in told if not reactions.answers(kind)} == {
        "redress.webhook.disabled.v1",
        "redress.purchase.recorded.v1",
    }


# checkpoints


def a_checkpoint(key: Ed25519PrivateKey) -> list[bytes]:
    heads = [(UUID(int=n), Head(n, bytes([n]) * 32)) for n in range(1, 4)]
    writer = checkpoint.Writer(key)
    return [writer.first(NOON), *(writer.heads([each]) for each in heads), writer.last()]


@pytest.mark.requirement("N-J")
def test_a_checkpoint_reads_back_and_a_changed_one_does_not() -> None:
    key = checkpoint.signing_key(b"secret")
    lines = a_checkpoint(key)
    public = key.public_key()
    assert [each.head.number for each in checkpoint.read(lines, [public])] == [1, 2, 3]
    changed = {
        "changed": [lines[0], lines[1].replace(b'"number":1', b'"number":2'), *lines[2:]],
        "a line left out": [*lines[:1], *lines[2:]],
        "lines swapped": [lines[0], lines[2], lines[1], *lines[3:]],
        "cut": lines[:-1],
        "something behind it": [*lines, lines[1]],
        "empty": [],
        "something else": [b"Dear Sir or Madam,\n"],
        "another format": [lines[0].replace(b"checkpoint/1", b"checkpoint/2"), *lines[1:]],
        "no object": [b"5\n", *lines[1:]],
    }
    for what, altered in changed.items():
        with pytest.raises(NotACheckpoint):
            assert list(checkpoint.read(altered, [public])), what
    with pytest.raises(NotACheckpoint, match="another installation"):
        list(checkpoint.read(a_checkpoint(checkpoint.signing_key(b"other")), [public]))


# the state is what the entries lead to

SOLUTION = Solution((Remedy.EXCHANGE,), "A new one.")


def merge(case: Case, at: datetime) -> None:
    """Intake merges only what is registered and not merged already."""
    if case.state not in {State.MERGED, State.UNOPENED}:
        case.merge(OTHER, "key:li", None, at)


def withdraw(case: Case, at: datetime) -> None:
    if case.state is not State.UNOPENED:
        case.withdraw(None, at)


STEPS: Mapping[str, Callable[[Case, datetime], None]] = {
    "register": lambda case, at: case.open("RD-7K2M9QXA3", at),
    "triage": lambda case, at: case.triage("function", Severity.GENERAL, (), at),
    "assign": lambda case, at: case.assign("after-sales", "e-1", "Li", at),
    "merge": merge,
    "separate": lambda case, at: case.separate("key:li", None, at),
    "withdraw": withdraw,
    "choose": lambda case, at: case.choose(derived_id("offer", ID, case.round, 1), at),
    "decline": lambda case, at: case.decline(case.round, None, at),
    "decline an old round": lambda case, at: case.decline(case.round - 1, None, at),
    "content": lambda case, at: case.hear(case.follow_up_id, Outcome.SATISFIED, None, at),
    "not content": lambda case, at: case.hear(case.follow_up_id, Outcome.NOT_ACCEPTABLE, None, at),
    "time passes": lambda case, at: case.time_passed(at),
    "accept": lambda case, at: case.accept(None, "key:li", at),
    "judge valid": lambda case, at: case.judge(Judgement(True, True), "x", "key:li", at),
    "judge not valid": lambda case, at: case.judge(Judgement(True, False), "x", "key:li", at),
    "offer": lambda case, at: case.offer([SOLUTION], "key:li", at),
    "consent": lambda case, at: case.consent(derived_id("offer", ID, case.round, 1), "phone", "key:li", at),
    "object": lambda case, at: case.object("No.", "phone", "key:li", at),
    "answer": lambda case, at: case.answer("Done.", "key:li", at),
    "carry out": lambda case, at: case.carry_out("Done.", "key:li", at),
    "reply": lambda case, at: case.reply("Soon.", "key:li", at),
    "close": lambda case, at: case.close(Outcome.SATISFIED, "x", "key:li", at),
    "resume": lambda case, at: case.resume("x", "key:li", at),
    "reopen": lambda case, at: case.reopen("x", "key:li", at),
    "ask again": lambda case, at: case.ask_again("x", at),
    "hand over": lambda case, at: case.hand_over(BODIES.shipped.bodies[0], "x", "key:li", at),
    "decide": lambda case, at: case.decide(Favour.BOTH, "x", Outcome.ACCEPTABLE, "key:li", at),
}


def kinds_of(case: Case) -> list[Kind]:
    return [entry.kind for entry in case.new_entries]


def state_of(kinds: Iterable[str]) -> State:
    """The state after entries of these kinds."""
    derived = Derived()
    for kind in kinds:
        derived.hear(kind)
    return derived.state


def walk(seed: int) -> set[Kind]:
    """Eighty steps at random, each tried whether it is possible or not; what was told on the way."""
    chance = Random(seed)
    case, at = Case(id=ID), NOON
    rare = {"withdraw", "close", "content"}
    weights = [1 if step in rare else 12 for step in STEPS]
    for step in chance.choices([*STEPS], weights, k=80):
        at += timedelta(hours=7)
        with suppress(NotNow, PermitNeeded):
            STEPS[step](case, at)
        assert state_of(kinds_of(case)) is case.state, f"after {step}"
    return set(kinds_of(case))


@pytest.mark.requirement("P-09", "001-32")
@settings(deadline=None, max_examples=50)
@given(seed=st.integers(1000))
def test_the_state_is_what_the_entries_of_the_timeline_lead_to_at_each_moment(seed: int) -> None:
    walk(seed)


@pytest.mark.requirement("P-09", "001-32")
def test_the_walks_lead_through_every_entry_that_changes_the_state() -> None:
    seen = set[Kind]().union(*(walk(seed) for seed in range(60)))
    assert seen >= {*LEADS_TO, Kind.MERGED, Kind.SEPARATED}


def test_a_finding_tells_where_it_is() -> None:
    entries = chain(3)
    changed = replace(entries[1], row={**(entries[1].row or {}), "text": "Something nicer."})
    check = Check(Claim(ID, head_of(entries), [KEY], False, State.OPEN, 0, {}))
    assert list(check.entry(entries[0])) == []
    assert list(check.entry(changed)) == [Finding(ID, 2, Wrong.CONTENT, "2")]
