"""docker-compose.yml, as far as that can be told without Docker: by its schema, and by what Redress accepts.

`compose-spec.json` is the Compose Specification's JSON Schema as github.com/compose-spec/compose-go v2.16.2
carries it (Copyright 2020 The Compose Specification Authors, Apache-2.0).
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from dev import compose
from services import catalogue
from services.__main__ import cli
from services.launch import check
from shared.config import Settings

SCHEMA = Path(__file__).with_name("compose-spec.json")
SECRET = {"REDRESS_SECRET": "s" * 32}


@pytest.fixture(scope="module")
def tree() -> dict[str, Any]:
    return compose.load(SECRET)


def test_the_file_fits_the_compose_specification(tree: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(
        json.loads(SCHEMA.read_text("utf-8")), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(tree)] == []


def test_it_runs_every_service_and_the_migration() -> None:
    names = [process.name for process in compose.processes()]
    assert names[0] == "migrate"
    assert sorted(names[1:]) == sorted(catalogue.NAMES)


@pytest.mark.parametrize("process", compose.processes(), ids=lambda process: process.name)
def test_every_command_line_is_one_that_redress_knows(process: compose.ServiceProcess) -> None:
    program, name, *arguments = process.command
    assert program == "redress"
    group = typer.main.get_command(cli)
    assert isinstance(group, typer.core.TyperGroup)
    known = group.commands[name]
    parsed = known.make_context(name, arguments, parent=typer.Context(group)).params
    if name == "serve":
        assert parsed["names"] == [process.name]


@pytest.mark.parametrize("process", compose.processes(), ids=lambda process: process.name)
def test_every_variable_is_a_setting(
    process: compose.ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {name for name in process.environment if name.startswith("REDRESS_")}
    assert ours <= {f"REDRESS_{name.upper()}" for name in Settings.model_fields}
    assert process.environment.keys() - ours == {"FORWARDED_ALLOW_IPS"}, (
        "uvicorn's; everything else is a setting"
    )
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.service_urls.keys() == set(catalogue.NAMES)
    if process.name in catalogue.NAMES:
        check(settings, [process.name], one_machine=False)  # what `redress serve` refuses, it refuses here


def test_without_a_secret_nothing_starts() -> None:
    with pytest.raises(compose.MissingVariable, match="REDRESS_SECRET"):
        compose.load({"REDRESS_SECRET": ""})


def test_only_the_gateway_has_a_port_and_it_leads_to_every_service(tree: dict[str, Any]) -> None:
    assert [name for name, service in tree["services"].items() if "ports" in service] == ["gateway"]
    routes = re.findall(
        r"handle /(\w+)/\* \{\s+reverse_proxy (\S+)\s+\}", tree["configs"]["gateway"]["content"]
    )
    assert routes == [(name, f"{name}:8000") for name in catalogue.NAMES]


def test_who_waits_for_whom_is_healthy_or_has_ended(tree: dict[str, Any]) -> None:
    services = tree["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            ended = how["condition"] == "service_completed_successfully"
            assert ended == (other == "migrate"), f"{name} waits for {other}"
            assert ended or "healthcheck" in services[other], (
                f"{name} waits for {other}, which cannot be told healthy"
            )


def test_the_kafka_is_the_one_that_the_tests_run(tree: dict[str, Any]) -> None:
    from dev.kafka.distribution import kafka_version

    assert tree["services"]["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_locally_only_the_addresses_differ(tmp_path: Path) -> None:
    ports = {name: 9000 + number for number, name in enumerate(("gateway", *catalogue.NAMES))}
    contained = compose.processes()
    local = compose.as_local(contained, "postgresql+asyncpg://u@h/d", "127.0.0.1:9092", ports, tmp_path)
    moved = {"HOST", "PORT", "DATABASE_URL", "EVENT_LOG_URL", "PUBLIC_URL", "SERVICE_URLS", "DATA_DIR"}
    for before, after in zip(contained, local, strict=True):
        assert before.command[1:] == after.command[3:]
        changed = {n for n, value in after.environment.items() if before.environment.get(n) != value}
        assert changed == {f"REDRESS_{name}" for name in moved}
    intake = next(process for process in local if process.name == "intake").environment
    assert intake["REDRESS_PORT"] == str(ports["intake"])
    assert json.loads(intake["REDRESS_SERVICE_URLS"])["insights"] == f"http://127.0.0.1:{ports['insights']}"
    assert intake["REDRESS_PUBLIC_URL"] == f"http://127.0.0.1:{ports['gateway']}"


def test_variables_are_filled_in_as_compose_does() -> None:
    given = {"SET": "1", "EMPTY": ""}
    for text, expected in {
        "${SET}": "1",
        "${UNSET}": "",
        "${EMPTY:-d}": "d",
        "${EMPTY-d}": "",
        "${SET:?m}": "1",
        "$$x": "$x",
        "a${SET}b${UNSET-c}": "a1bc",
    }.items():
        assert compose._filled(text, given) == expected
