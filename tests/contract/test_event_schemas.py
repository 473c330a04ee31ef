"""The contract on the log: every event is documented, stays readable, and is a CloudEvent."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat

from dev.compatibility import breaks
from dev.documents import EVENTS, schema_file
from shared import envelope, ids, outbox
from shared.asyncapi import payload_schema, publisher
from shared.eventlog.protocol import Record
from shared.events import ComplaintRegistered, Event, MalformedEvent, Registry, registry
from shared.events.vocabulary import ALL_TOPICS

EACH = pytest.mark.parametrize("event", list(registry), ids=lambda event: event.wire_type())
SAMPLES = pytest.mark.parametrize(
    "sample", sorted(EVENTS.glob("*.sample.json")), ids=lambda file: file.name[:-12]
)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def schema_of(event: type[Event]) -> dict[str, Any]:
    file = schema_file(event.wire_type())
    assert file.exists(), f"{event.wire_type()} has no schema in docs/events: run `make docs`"
    schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return schema


def sample_of(event: type[Event]) -> bytes:
    file = EVENTS / f"{event.wire_type()}.sample.json"
    assert file.exists(), f"{event.wire_type()} has no sample: add one to dev/samples and run `make docs`"
    return file.read_bytes()


@EACH
@pytest.mark.requirement("P-28", "N-K")
def test_an_event_changes_only_by_additions(event: type[Event]) -> None:
    old, new = schema_of(event), payload_schema(event)
    found = breaks(old, new)
    assert found == [], (
        f"{event.wire_type()} would break its readers: make a new version of it, and an upcaster"
    )
    assert new == old, f"{event.wire_type()} was added to: run `make docs`"


@EACH
def test_an_event_fits_what_the_log_leaves_out(event: type[Event]) -> None:
    """Nothing that is null stands on the wire, so what is required must never be null."""
    schema = payload_schema(event)
    for part in (schema, *schema.get("$defs", {}).values()):
        for name in part.get("required", ()):
            options = part["properties"][name].get("anyOf", ())
            assert {"type": "null"} not in options, (
                f"{name} of {part['title']} may be None: give it a default"
            )


@EACH
def test_an_event_is_told_in_the_past_tense_on_a_known_topic(event: type[Event]) -> None:
    assert event.topic in ALL_TOPICS
    assert event.type.startswith("redress.")
    assert "complaint_id" in event.model_fields


@EACH
def test_a_sample_fits_the_schema_and_the_class(event: type[Event]) -> None:
    value = sample_of(event)
    jsonschema.Draft202012Validator(
        schema_of(event), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(json.loads(value))
    read = registry.decode(event.wire_type(), value)
    assert type(read) is event
    assert json.loads(outbox.outgoing(read, "x", datetime.now(UTC)).value) == json.loads(value)


@SAMPLES
def test_whatever_was_once_documented_can_still_be_read(sample: Any) -> None:
    """Retired versions, too: their samples stay, and their upcasters must read them."""
    registry.decode(sample.name.removesuffix(".sample.json"), sample.read_bytes())


@EACH
@pytest.mark.requirement("N-K", "P-28")
def test_a_record_is_a_cloud_event_for_others(event: type[Event]) -> None:
    """The CloudEvents SDK reads our Kafka record, and would write the same one."""
    fact, at, event_id = registry.decode(event.wire_type(), sample_of(event)), datetime.now(UTC), ids.new_id()
    record = _record(fact, event_id, at)

    read = from_binary(KafkaMessage(_bytes(record), record.key.encode(), record.value), JSONFormat())

    assert read.get_specversion() == "1.0"
    assert read.get_id() == str(event_id)
    assert read.get_source() == f"/redress/{publisher(event.topic)}"
    assert read.get_type() == event.wire_type()
    assert read.get_subject() == read.get_extension("partitionkey") == str(fact.complaint_id)
    assert read.get_time() == at
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("sequence") == "7"
    assert read.get_extension("traceparent") == TRACEPARENT
    assert read.get_data() == json.loads(record.value)

    written = to_binary(read, JSONFormat())
    assert written.headers == _bytes(record)
    assert written.key == record.key


@EACH
def test_what_others_write_can_be_read_here(event: type[Event]) -> None:
    fact, at, event_id = registry.decode(event.wire_type(), sample_of(event)), datetime.now(UTC), ids.new_id()
    ours = _record(fact, event_id, at)
    theirs = to_binary(
        from_binary(KafkaMessage(_bytes(ours), ours.key.encode(), ours.value), JSONFormat()), JSONFormat()
    )
    headers = {name: value.decode() for name, value in theirs.headers.items()}
    received = envelope.open_envelope(Record(event.topic, str(theirs.key), headers, theirs.value))
    assert received.event == fact
    assert (received.id, received.time, received.sequence) == (event_id, at, 7)
    assert received.traceparent == TRACEPARENT


def _record(fact: Event, event_id: Any, at: datetime) -> Record:
    written = outbox.outgoing(fact, publisher(fact.topic), at, event_id)
    headers = json.loads(written.headers) | {"ce_sequence": "7", "ce_traceparent": TRACEPARENT}
    return Record(written.topic, written.key, headers, written.value)


def _bytes(record: Record) -> dict[str, bytes]:
    return {name: value.encode() for name, value in record.headers.items()}


class TestUpcasting:
    """A breaking change: a new class, and an upcaster that turns the old data into the new."""

    @pytest.fixture
    def events(self) -> Registry:
        return Registry()

    def test_old_data_is_read_as_the_new_version(self, events: Registry) -> None:
        @events.event("redress.thing.done", topic="redress.intake", version=2)
        class ThingDone(Event):
            amount: int
            currency: str

        @events.upcaster("redress.thing.done.v1", ThingDone)
        def _with_currency(data: dict[str, Any]) -> dict[str, Any]:
            return data | {"currency": "CNY"}

        complaint = ids.new_id()
        read = events.decode("redress.thing.done.v1", f'{{"complaint_id": "{complaint}", "amount": 5}}')
        assert read == ThingDone(complaint_id=complaint, amount=5, currency="CNY")
        assert events.current("redress.thing.done.v1") == "redress.thing.done.v2"
        assert events.knows("redress.thing.done.v1")

    def test_upcasters_follow_each_other(self, events: Registry) -> None:
        @events.event("redress.thing.done", topic="redress.intake", version=2)
        class SecondThing(Event):
            amount: int

        @events.event("redress.thing.done", topic="redress.intake", version=3)
        class ThirdThing(Event):
            amounts: tuple[int, ...]

        @events.upcaster("redress.thing.done.v1", SecondThing)
        def _number(data: dict[str, Any]) -> dict[str, Any]:
            return data | {"amount": int(data["amount"])}

        @events.upcaster("redress.thing.done.v2", ThirdThing)
        def _several(data: dict[str, Any]) -> dict[str, Any]:
            return data | {"amounts": [data["amount"]]}

        complaint = ids.new_id()
        for old in ("redress.thing.done.v1", "redress.thing.done.v2"):
            read = events.decode(old, f'{{"complaint_id": "{complaint}", "amount": "5"}}')
            assert read == ThirdThing(complaint_id=complaint, amounts=(5,))
            assert events.current(old) == "redress.thing.done.v3"

    def test_an_upcaster_that_fails_makes_the_record_malformed(self, events: Registry) -> None:
        @events.event("redress.thing.done", topic="redress.intake", version=2)
        class ThingDone(Event):
            amount: int

        @events.upcaster("redress.thing.done.v1", ThingDone)
        def _number(data: dict[str, Any]) -> dict[str, Any]:
            return data | {"amount": int(data["amount"])}

        for value in ('{"amount": "13800138000x"}', '{"amount": "1"}', "[]", "{"):
            with pytest.raises(MalformedEvent) as refused:
                events.decode("redress.thing.done.v1", value)
            assert "13800138000" not in str(refused.value), "what a record says stays out of the error"

    def test_a_type_is_declared_once(self, events: Registry) -> None:
        events.event("redress.thing.done", topic="redress.intake")(type("A", (Event,), {}))
        with pytest.raises(ValueError, match="declared twice"):
            events.event("redress.thing.done", topic="redress.intake")(type("B", (Event,), {}))


def test_a_removed_field_is_noticed() -> None:
    """The tests above are worth something: this is the change that they are there for."""
    schema = payload_schema(ComplaintRegistered)
    del schema["properties"]["reference"]
    schema["required"].remove("reference")
    assert breaks(schema_of(ComplaintRegistered), schema) == ["reference is gone"]
