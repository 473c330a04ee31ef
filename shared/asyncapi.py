"""AsyncAPI 3 of the event streams, made from the event registry, so that it cannot tell another story.

A message's title is its class's name, its description the class's docstring. Examples are the committed samples
in `docs/events`.
"""

import inspect
import json
import re
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from shared.envelope import CONTENT_TYPE, headers_of
from shared.eventlog.kafka import TOPIC_SETTINGS
from shared.events import NOTICES, Event, registry
from shared.events.vocabulary import TOPICS, TRANSFER_TOPICS, Audience, transfer_topic
from shared.ids import derived_id

SAMPLES = Path(__file__).resolve().parent.parent / "docs" / "events"

Json = dict[str, Any]


class Words(NamedTuple):
    """A title in both languages, and what a reader finds behind it."""

    en: str
    zh: str
    description: str


STREAMS = {
    TOPICS.intake: Words(
        "Facts of intake",
        "投诉受理",
        "What customers told: complaints, attachments, the choice of an offer, opinions. Personal data is "
        "masked.",
    ),
    TOPICS.routing: Words(
        "Facts of routing",
        "分类与分派",
        "Who works a complaint, how grave it is, who was told of it, and who owes something.",
    ),
    TOPICS.resolution: Words(
        "Facts of resolution",
        "投诉处理",
        "How a case is worked: promises, judgement, offers, solution, closing.",
    ),
    TOPICS.notification: Words("Facts of notification", "通知", "Which messages arrived, and which did not."),
    TOPICS.insights: Words(
        "Facts of insights",
        "投诉信息分析",
        "What the measures tell: warnings, recurring and emerging problems.",
    ),
}

AUDIENCES = {
    Audience.PERSON_CONCERNED: ("the person concerned", "投诉当事人"),
    Audience.RESPONSIBLE_DEPARTMENT: ("the responsible department", "责任部门"),
    Audience.TECHNICAL_SUPPORT: ("technical support", "技术支持部门"),
    Audience.COMPLAINT_MANAGEMENT: ("complaint management", "投诉管理部门"),
    Audience.LEADERSHIP: ("leadership", "主管领导"),
}

INTRODUCTION = """\
Everything that happens to a complaint, as facts in the past tense. 投诉处理全过程的事件流。

**Records.** CloudEvents 1.0 in the Kafka binary binding: the attributes are `ce_` headers, the value is plain
JSON. The key is the complaint's id, so the facts about one complaint in one topic keep their order;
`ce_sequence` numbers them from 1 without gaps. Two topics have no order between them.

**Delivery.** At least once: recognise a repetition by `ce_id`. Records are kept for ever unless the operator
prunes them, so a new reader may begin at the beginning.

**Changes.** Within a version there are only additions: new optional fields, and new words in an enumeration;
read on when you meet one that you do not know. Anything else is a new version with a wire type of its own.

**Privacy.** No personal data: ids, and the customer's words with names, numbers and addresses masked. Who needs
an address asks intake over REST, at the moment of use.

**Facts and notices.** The five `redress.<service>` topics carry facts. The `redress.transfer.*` topics carry
notices, one topic per audience that must know (内部投诉信息传递系统): an operations team subscribes to its own.

**Without Kafka.** With `REDRESS_EVENT_LOG_URL=table:` (the default, for one machine) the same records lie in a
table of PostgreSQL that only Redress reads. Webhooks carry the same events everywhere, as structured CloudEvents.
"""


class _PayloadSchema(GenerateJsonSchema):
    """JSON Schema of what stands on the wire. Fields need no titles beside their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def payload_schema(event: type[Event]) -> Json:
    """The JSON Schema (2020-12) of one event's value, as it is committed in `docs/events`."""
    schema = event.model_json_schema(mode="serialization", schema_generator=_PayloadSchema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:redress:event:{event.wire_type()}",
        **schema,
    }


def committed_samples() -> dict[str, Json]:
    """The samples in `docs/events` by wire type; none in an installation that came without `docs`."""
    files = sorted(SAMPLES.glob("*.sample.json"))
    return {file.name.removesuffix(".sample.json"): json.loads(file.read_text("utf-8")) for file in files}


def document(samples: Mapping[str, Json] | None = None) -> str:
    """The AsyncAPI document in YAML: the same text for the same registry and samples (default: committed)."""
    samples = committed_samples() if samples is None else samples
    events = sorted(registry, key=lambda event: event.wire_type())
    refs, schemas = models_json_schema(
        [(event, "serialization") for event in events],
        ref_template="#/components/schemas/{model}",
        schema_generator=_PayloadSchema,
    )
    channels = {channel_id(topic): _channel(topic, events) for topic in (*STREAMS, *TRANSFER_TOPICS)}
    tree: Json = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Redress event streams",
            "version": version("redress"),
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": "facts"}, {"name": "notices"}],
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "title": "Apache Kafka",
                "description": "The broker that REDRESS_EVENT_LOG_URL names.",
                "variables": {
                    "bootstrap": {
                        "default": "localhost:9092",
                        "description": "A bootstrap server, host:port, as your operator gave it.",
                    }
                },
            }
        },
        "channels": channels,
        "operations": _operations(events),
        "components": {
            "messages": {
                event.wire_type(): _message(event, refs[event, "serialization"], samples) for event in events
            },
            "schemas": {"CloudEvent": _cloud_event(), **schemas["$defs"]},
            "correlationIds": {
                "complaint": {
                    "description": "The complaint: one story over all topics.",
                    "location": "$message.header#/ce_subject",
                }
            },
        },
    }
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def channel_id(topic: str) -> str:
    """`redress.intake` is `intake`; `redress.transfer.person-concerned` is `transferPersonConcerned`."""
    first, *rest = re.split(r"[.-]", topic.removeprefix("redress."))
    return first + "".join(word.title() for word in rest)


def publisher(topic: str) -> str:
    """The service that writes the topic."""
    return "routing" if topic in TRANSFER_TOPICS else topic.removeprefix("redress.")


def example_headers(event: Event) -> dict[str, str]:
    """The headers that go with a sample, by the code that makes the real ones."""
    happened = [
        value
        for name, value in event
        if isinstance(value, datetime) and name.endswith("_at") and name != "due_at"
    ]
    assert happened, f"{event.wire_type()} does not say when it happened"
    event_id = derived_id("sample", event.wire_type())
    traceparent = f"00-{event_id.hex}-{event_id.hex[:16]}-01"
    headers: dict[str, str] = json.loads(
        headers_of(event, event_id, publisher(event.topic), happened[-1], traceparent)
    )
    return headers | {"ce_sequence": "1"}


def _words(topic: str) -> Words:
    if topic in STREAMS:
        return STREAMS[topic]
    audience = next(audience for audience in Audience if transfer_topic(audience) == topic)
    en, zh = AUDIENCES[audience]
    return Words(
        f"Notices for {en}",
        f"{zh}须知",
        f"What {en} must know ({zh}), why, and by when it must be acknowledged. "
        "Acknowledge it over REST: POST /routing/v1/notices/{notice_id}/acknowledge.",
    )


def _channel(topic: str, events: list[type[Event]]) -> Json:
    words = _words(topic)
    carried = [event.wire_type() for event in events if event.topic == topic]
    return {
        "address": topic,
        "title": f"{words.en} {words.zh}",
        "description": words.description
        if carried
        else f"{words.description} Nothing is published here yet.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in carried},
        "tags": [{"name": "notices" if topic in TRANSFER_TOPICS else "facts"}],
        "bindings": {
            "kafka": {
                "topic": topic,
                "topicConfiguration": {
                    "cleanup.policy": [TOPIC_SETTINGS["cleanup.policy"]],
                    "retention.ms": int(TOPIC_SETTINGS["retention.ms"]),
                    "retention.bytes": int(TOPIC_SETTINGS["retention.bytes"]),
                    "max.message.bytes": int(TOPIC_SETTINGS["max.message.bytes"]),
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(events: list[type[Event]]) -> Json:
    operations: Json = {}
    for topic in (*STREAMS, *TRANSFER_TOPICS):
        carried = [event.wire_type() for event in events if event.topic == topic]
        if not carried:
            continue
        channel, words, service = channel_id(topic), _words(topic), publisher(topic)
        ends = {
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in carried],
        }
        upper = channel[0].upper() + channel[1:]
        operations[f"publish{upper}"] = {
            "action": "send",
            **ends,
            "title": f"{service} publishes",
            "summary": f"The {service} service appends {words.en[0].lower()}{words.en[1:]}.",
            "tags": [{"name": service}],
        }
        if topic in TRANSFER_TOPICS:
            operations[f"receive{upper}"] = {
                "action": "receive",
                **ends,
                "title": "An operations team subscribes",
                "summary": f"{words.en}: read them in a consumer group of your own.",
                "tags": [{"name": "operations"}],
            }
    return operations


def _message(event: type[Event], payload: Json, samples: Mapping[str, Json]) -> Json:
    wire_type = event.wire_type()
    title = re.sub(r"(?<=.)([A-Z])", lambda found: f" {found[1].lower()}", event.__name__)
    doc = inspect.cleandoc(event.__dict__.get("__doc__") or title + ".")
    if event in NOTICES.values():
        doc = f"{doc} {_words(event.topic).description}"
    message: Json = {
        "name": wire_type,
        "title": title,
        "summary": doc.partition("\n")[0],
        "description": doc,
        "contentType": CONTENT_TYPE,
        "correlationId": {"$ref": "#/components/correlationIds/complaint"},
        "headers": {
            "type": "object",
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "type": "object",
                    "properties": {
                        "ce_type": {"const": wire_type},
                        "ce_source": {"const": f"/redress/{publisher(event.topic)}"},
                    },
                },
            ],
        },
        "payload": payload,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "format": "uuid", "description": "The complaint's id."},
                "bindingVersion": "0.5.0",
            }
        },
    }
    if wire_type in samples:
        headers = example_headers(event.model_validate(samples[wire_type]))
        message["examples"] = [{"name": "sample", "headers": headers, "payload": samples[wire_type]}]
    return message


def _cloud_event() -> Json:
    def text(description: str, **more: str) -> Json:
        return {"type": "string", "description": description, **more}

    return {
        "type": "object",
        "description": "The headers of every record: CloudEvents 1.0, Kafka binary binding, UTF-8.",
        "required": [
            "ce_specversion",
            "ce_id",
            "ce_source",
            "ce_type",
            "ce_subject",
            "ce_partitionkey",
            "ce_sequence",
            "ce_time",
            "content-type",
        ],
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": text("Id of the fact. A repeated record has the same.", format="uuid"),
            "ce_source": text("The publishing service, `/redress/<service>`.", format="uri-reference"),
            "ce_type": text("Wire type with its version."),
            "ce_subject": text("The complaint's id.", format="uuid"),
            "ce_partitionkey": text("The record's key: the complaint's id.", format="uuid"),
            "ce_sequence": text(
                "Number of the fact among those about its complaint in this topic: from 1, without gaps.",
                pattern="^[1-9][0-9]*$",
            ),
            "ce_time": text("When it happened, UTC.", format="date-time"),
            "ce_traceparent": text(
                "W3C trace context of the request that caused it; absent when there was none.",
                pattern="^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
            ),
            "content-type": {"type": "string", "const": CONTENT_TYPE},
        },
    }


class _Dumper(yaml.SafeDumper):
    """Plain YAML: no anchors, indented lists, block text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
