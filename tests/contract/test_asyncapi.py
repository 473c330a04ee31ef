"""docs/asyncapi.yaml: it says what the code does, and the official AsyncAPI parser accepts it."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dev.documents import DOCS, PROJECT
from dev.samples import events
from services import catalogue
from shared import asyncapi, envelope, ids
from shared.events import Event, registry
from shared.events.vocabulary import ALL_TOPICS, TRANSFER_TOPICS
from tests.tools import need_npm

FOLDER = PROJECT / "dev" / "asyncapi"
FILE = DOCS / "asyncapi.yaml"
SAMPLES = pytest.mark.parametrize("event", list(events()), ids=lambda event: event.wire_type())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return tree


@pytest.mark.requirement("P-28", "N-K", "003-16", "003-17")
def test_every_topic_is_a_channel_with_its_events(document: dict[str, Any]) -> None:
    channels = document["channels"].values()
    assert {channel["address"] for channel in channels} == set(ALL_TOPICS)
    for channel in channels:
        carried = {event.wire_type() for event in registry if event.topic == channel["address"]}
        assert channel["messages"].keys() == carried
        assert any("\u4e00" <= sign <= "\u9fff" for sign in channel["title"]), "the term in Chinese, too"


def test_services_send_and_operations_teams_receive(document: dict[str, Any]) -> None:
    sends, receives = set(), set()
    for operation in document["operations"].values():
        channel = document["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        if operation["action"] == "send":
            sends.add(channel["address"])
            assert operation["tags"][0]["name"] in catalogue.NAMES
        else:
            receives.add(channel["address"])
    assert sends == {event.topic for event in registry}
    assert receives == set(TRANSFER_TOPICS)


@SAMPLES
def test_real_headers_and_values_fit(event: Event, document: dict[str, Any]) -> None:
    """What the outbox writes, by the schemas of the document."""
    message = document["components"]["messages"][event.wire_type()]
    headers = json.loads(
        envelope.headers_of(event, ids.new_id(), asyncapi.publisher(event.topic), datetime.now(UTC), None)
    )
    _fits(headers | {"ce_sequence": "1"}, message["headers"], document)
    _fits(json.loads(event.model_dump_json(exclude_none=True)), message["payload"], document)
    with pytest.raises(jsonschema.ValidationError):
        _fits(headers, message["headers"], document)  # a record without its number
    for example in message["examples"]:
        _fits(example["headers"], message["headers"], document)
        _fits(example["payload"], message["payload"], document)


def test_the_text_is_always_the_same() -> None:
    assert asyncapi.document() == asyncapi.document() == FILE.read_text("utf-8"), "run `make docs`"


def test_without_docs_there_are_no_examples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(asyncapi, "SAMPLES", tmp_path)
    assert "examples" not in str(yaml.safe_load(asyncapi.document())["components"]["messages"])


@pytest.mark.slow
@pytest.mark.xdist_group("npm")
@pytest.mark.requirement("N-K", "P-28")
def test_the_official_parser_accepts_it() -> None:
    need_npm(FOLDER)
    answer = subprocess.run(
        ["node", "validate.mjs", str(FILE)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    assert found["channels"] == len(ALL_TOPICS)
    assert found["messages"] == len(list(registry))
    assert "warning" not in answer.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("npm")
def test_the_official_parser_refuses_what_is_wrong(tmp_path: Path) -> None:
    """The test above is worth something."""
    need_npm(FOLDER)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(FILE.read_text("utf-8").replace("action: send", "action: publish", 1), "utf-8")
    answer = subprocess.run(
        ["node", "validate.mjs", str(wrong)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 1
    assert "error" in answer.stdout


def _fits(value: Any, schema: Any, document: dict[str, Any]) -> None:
    root = {"components": document["components"], "allOf": [schema]}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(root, format_checker=checker).validate(value)
