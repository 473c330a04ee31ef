"""The processes of `docker-compose.yml`, for those who start them without containers.

    processes = as_local(processes(), database_url, "localhost:9092", {"intake": 8101, ...}, data_dir)
    for process in processes:
        subprocess.Popen(process.command, env=os.environ | process.environment)

`migrate` comes first and has ended before the others start; they run until they are told to stop.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent.parent / "docker-compose.yml"
PROGRAM = "redress"
MIGRATE = "migrate"
GATEWAY = "gateway"

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<mode>:?[-?])(?P<rest>[^}]*))?\})")


class MissingVariable(KeyError):
    """docker-compose.yml requires this variable of its environment."""


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One process of our image."""

    name: str
    """As docker-compose.yml calls it: a service's name, or `migrate`."""
    command: tuple[str, ...]
    """The whole command line, beginning with the program."""
    environment: dict[str, str]
    """What docker-compose.yml sets beyond the environment of its image."""

    @property
    def ends_by_itself(self) -> bool:
        return self.name == MIGRATE


def load(variables: Mapping[str, str]) -> dict[str, Any]:
    """docker-compose.yml with its `${VARIABLES}` filled in. Raises MissingVariable for a required one."""
    tree: dict[str, Any] = _filled(yaml.safe_load(FILE.read_text("utf-8")), variables)
    return tree


def processes(variables: Mapping[str, str] | None = None) -> list[ServiceProcess]:
    """The processes of our image, `migrate` first, as they run in containers.

    `variables` is the environment of `docker compose`; without it REDRESS_SECRET is a fixed one for tests.
    """
    given = {"REDRESS_SECRET": "a-secret-for-tests-of-32-characters"} if variables is None else variables
    found = [
        ServiceProcess(
            name,
            (PROGRAM, *map(str, service["command"])),
            {key: str(value) for key, value in service["environment"].items()},
        )
        for name, service in load(given)["services"].items()
        if service.get("image") == PROGRAM
    ]
    return sorted(found, key=lambda process: not process.ends_by_itself)


def as_local(
    processes: Sequence[ServiceProcess],
    database_url: str,
    kafka_bootstrap: str,
    ports: Mapping[str, int],
    data_dir: Path,
) -> list[ServiceProcess]:
    """The same processes on this machine's loopback: the same command lines and settings, other addresses.

    `ports` names a free port for every service, and for `gateway` if there is one; without it the public URL
    leads to intake. Start each with `os.environ | process.environment`.
    """
    door = f"http://127.0.0.1:{ports.get(GATEWAY, ports['intake'])}"
    return [replace(p, **_moved(p, database_url, kafka_bootstrap, ports, data_dir, door)) for p in processes]


def _moved(
    process: ServiceProcess,
    database_url: str,
    kafka_bootstrap: str,
    ports: Mapping[str, int],
    data_dir: Path,
    door: str,
) -> dict[str, Any]:
    urls: dict[str, str] = json.loads(process.environment["REDRESS_SERVICE_URLS"])
    environment = process.environment | {
        "REDRESS_HOST": "127.0.0.1",
        "REDRESS_PORT": str(ports.get(process.name, 0)),
        "REDRESS_DATABASE_URL": database_url,
        "REDRESS_EVENT_LOG_URL": f"kafka://{kafka_bootstrap}",
        "REDRESS_PUBLIC_URL": door,
        "REDRESS_SERVICE_URLS": json.dumps({name: f"http://127.0.0.1:{ports[name]}" for name in urls}),
        "REDRESS_DATA_DIR": str(data_dir),
    }
    return {"command": (sys.executable, "-m", "services", *process.command[1:]), "environment": environment}


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    match node:
        case str():
            return _VARIABLE.sub(lambda found: _value(found, variables), node)
        case list():
            return [_filled(item, variables) for item in node]
        case dict():
            return {key: _filled(value, variables) for key, value in node.items()}
        case _:
            return node


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    name, mode, rest = found["name"], found["mode"] or "", found["rest"] or ""
    value = variables.get(name)
    if value is None or (mode.startswith(":") and not value):
        if mode.endswith("?"):
            raise MissingVariable(f"{name}: {rest}")
        value = rest
    return value
