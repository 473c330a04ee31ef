"""The pure rules of the feed: what a record becomes, who may see it, what waits for a slow reader."""

import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.streams import hub
from services.notification.streams.entries import Subject, entry_of, learn, stamped
from services.notification.streams.hub import Batch, Follower
from services.notification.streams.messages import Beat, Farewell, Steps, Why
from services.notification.streams.model import Shown, Sight, Wanted
from shared.eventlog import Record

CASE, OTHER = UUID(int=1), UUID(int=2)
HEADERS = {
    "ce_specversion": "1.0",
    "ce_id": str(UUID(int=9)),
    "ce_source": "/redress/routing",
    "ce_type": "redress.complaint.triaged.v1",
}
FACT = Shown(7, "redress.case.closed", CASE, "function", None, (), (), '{"id":"x"}', '"data":{"a":1}')
NOTICE = replace(FACT, type="redress.notice.leadership", audience="leadership", accused=("zhao",))
CONCERNED = replace(NOTICE, audience="person-concerned", recipients=("li",))


def record(value: bytes, topic: str = "redress.routing", **headers: str) -> Record:
    return Record(topic, str(CASE), HEADERS | headers, value)


@pytest.mark.requirement("P-28")
@given(
    value=st.binary(max_size=60)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_whatever_the_value_is_an_event_is_one_line_of_json(value: bytes) -> None:
    entry = entry_of(record(value))
    assert entry is not None
    shown = replace(FACT, attributes=entry.attributes, data=entry.data).json
    assert "\n" not in shown
    assert "\r" not in shown
    told = json.loads(shown)
    assert (told["position"], told["type"]) == ("7", HEADERS["ce_type"])


def test_line_breaks_between_the_values_of_json_would_end_the_line_of_a_frame() -> None:
    entry = entry_of(record(b'{"a":\r\n[1,\n2]}'))
    assert entry is not None
    assert entry.data == '"data":{"a":  [1, 2]}'


@pytest.mark.parametrize("missing", sorted(HEADERS))
def test_what_lacks_an_attribute_that_must_be_there_is_no_event(missing: str) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != missing}
    assert entry_of(Record("redress.routing", str(CASE), headers, b"{}")) is None


@pytest.mark.requirement("P-28")
def test_a_complaint_is_known_by_what_was_told_last() -> None:
    subject = Subject(CASE)

    def tell(name: str, **told: object) -> None:
        nonlocal subject
        value = json.dumps(told).encode()
        entry = entry_of(record(value, ce_type=f"redress.{name}.v1"))
        assert entry is not None
        subject = learn(subject, entry, value)

    tell("complaint.registered", accused_id="zhao", kind="complaint")
    tell("complaint.supplemented", accused_id="wang")
    tell("complaint.supplemented", accused_id="wang")
    tell("complaint.triaged", category="function")
    tell("complaint.triaged", category="safety")
    tell("case.closed", category="other", accused_id="li")
    assert subject == Subject(CASE, "safety", ("zhao", "wang"))
    tell("customer.erased")
    assert subject.erased
    fact = entry_of(record(b'{"a":1}'))
    erased = entry_of(record(b'{"a":1}', ce_type="redress.customer.erased.v1"))
    assert fact is not None
    assert erased is not None
    assert (stamped(fact, subject).data, stamped(fact, subject).category) == (None, "safety")
    assert stamped(erased, subject).data is not None
    praised = learn(
        Subject(OTHER),
        replace(fact, type="redress.complaint.registered"),
        b'{"accused_id":"li","kind":"praise"}',
    )
    assert praised.accused == ()


@pytest.mark.requirement("P-28", "P-35")
@pytest.mark.parametrize(
    ("sight", "seen"),
    [
        (Sight(True), {FACT}),
        (Sight(False, frozenset({"leadership"})), {NOTICE}),
        (Sight(True, frozenset({"leadership"}), person="zhao"), {FACT}),
        (Sight(True, frozenset({"leadership"}), person="li"), {FACT, NOTICE}),
        (Sight(False, frozenset({"person-concerned"})), set()),
        (Sight(False, frozenset({"person-concerned"}), person="zhao"), set()),
        (Sight(False, frozenset({"person-concerned"}), person="li"), {CONCERNED}),
        (Sight(False, frozenset({"leadership", "person-concerned"}), all_rows=True), {NOTICE, CONCERNED}),
        (Sight(False, frozenset({"leadership"}), all_rows=True, person="zhao"), {NOTICE}),
    ],
)
def test_what_a_caller_sees(sight: Sight, seen: set[Shown]) -> None:
    assert {entry for entry in (FACT, NOTICE, CONCERNED) if sight.sees(entry)} == seen


def test_who_is_accused_sees_what_names_them() -> None:
    naming = replace(NOTICE, recipients=("zhao",))
    assert Sight(False, frozenset({"leadership"}), person="zhao").sees(naming)


@pytest.mark.requirement("P-28")
def test_each_filter_holds_and_all_of_them_together() -> None:
    sight = Sight(True)
    assert Wanted(sight).takes(FACT)
    assert Wanted(sight, ("redress.case.*",), frozenset({"function"}), CASE).takes(FACT)
    assert not Wanted(sight, ("redress.case.opened",)).takes(FACT)
    assert not Wanted(sight, categories=frozenset({"safety"})).takes(FACT)
    assert not Wanted(sight, complaint_id=OTHER).takes(FACT)
    assert not Wanted(Sight(False)).takes(FACT)


def batch(*positions: int) -> Batch:
    return Batch(tuple(replace(FACT, position=position) for position in positions))


@pytest.mark.requirement("P-28")
@given(st.lists(st.integers(1, 40), min_size=1, unique=True).map(sorted), st.integers(0, 41))
def test_of_a_batch_what_was_read_already_is_left_out(positions: list[int], read: int) -> None:
    rest = batch(*positions).behind(read)
    left = [entry.position for entry in rest.entries] if rest else []
    assert left == [p for p in positions if p > read]
    assert (rest is None) == (read >= positions[-1])


@pytest.mark.requirement("P-28")
async def test_what_waits_for_a_slow_reader_is_bounded_and_comes_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = batch(1)
    monkeypatch.setattr(hub, "QUEUE_LIMIT", 3 * one.size)
    slow = Follower(0)
    for position in range(1, 10):
        slow.put(batch(position))
        assert slow._size <= 3 * one.size
    assert slow.overflowed
    got = [waiting.reached for _ in range(3) if (waiting := await slow.next(1))]
    assert got == [1, 2, 3]
    assert await slow.next(1) is None
    slow.put(batch(10))
    assert not slow.waits, "nothing comes behind the gap"
    large = Follower(0)
    large.put(batch(*range(1, 10)))
    assert large.waits, "one that is larger than all that may wait can still come"


def test_the_forms_of_a_message() -> None:
    assert batch(3, 4).sse.decode().split("\n\n")[:2] == [
        f"id: {n}\ndata: {replace(FACT, position=n).json}" for n in (3, 4)
    ]
    assert Beat(5, first=True).sse == b"retry: 2000\nid: 5\n: alive\n\n"
    assert json.loads(Beat(5).texts[0]) == {"stream": "alive", "after": "5"}
    assert Farewell(Why.BEHIND, 5).sse == b'event: end\ndata: {"why":"behind","after":"5"}\n\n'
    assert json.loads(Farewell(Why.BEHIND, 5).texts[0]) == {"stream": "end", "why": "behind", "after": "5"}
    steps = Steps([{"id": 2, "at": "now", "step": "opened", "data": {}}])
    assert steps.sse == b'id: 2\nevent: opened\ndata: {"id":2,"at":"now","step":"opened","data":{}}\n\n'
