"""`python -m dev.documents` (`make docs`): write everything in `docs` that is made from the code.

With `--check` nothing is written: the files that would change are listed, and the exit status is 1 if there are
any. A JSON Schema that would break the readers of its event is never written; see `dev.compatibility`.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.compatibility import breaks
from dev.samples import samples
from services import catalogue
from shared import asyncapi, config
from shared.config import Settings
from shared.events import registry
from shared.process import Process

PROJECT = Path(__file__).resolve().parent.parent
DOCS = PROJECT / "docs"
EVENTS = DOCS / "events"


@dataclass
class Findings:
    changed: list[str] = field(default_factory=list)
    """Files that differ from what the code makes."""
    broken: list[str] = field(default_factory=list)
    """Changes of events that must not happen within a version, and documents of nothing."""


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated file, with the text that it ought to have."""
    told = samples()
    for event in registry:
        yield schema_file(event.wire_type()), _json(asyncapi.payload_schema(event))
    for wire_type, sample in told.items():
        yield EVENTS / f"{wire_type}.sample.json", _json(sample)
    yield DOCS / "asyncapi.yaml", asyncapi.document(told)
    for name, document in openapi_documents().items():
        yield DOCS / "openapi" / f"{name}.json", _json(document)
    yield DOCS / "configuration.md", config.reference()


def openapi_documents() -> dict[str, dict[str, Any]]:
    """Each service's OpenAPI document. Nothing is connected to: engines connect when they are first used."""
    nowhere = "postgresql+asyncpg://nobody@localhost/none"
    process = Process(Settings(database_url=nowhere, secret="x" * 32), nowhere, catalogue.load())
    return {
        service.name: service.app(process.contexts[service.name]).openapi() for service in process.services
    }


def schema_file(wire_type: str) -> Path:
    return EVENTS / f"{wire_type}.schema.json"


def compare() -> tuple[Findings, dict[Path, str]]:
    """What is wrong with `docs`, and the texts to write, without those that would break somebody."""
    findings, wanted = Findings(), dict(documents())
    for path in list(wanted):
        before = path.read_text("utf-8") if path.exists() else None
        if before == wanted[path]:
            continue
        if before is not None and path.name.endswith(".schema.json"):
            found = breaks(json.loads(before), json.loads(wanted[path]))
            if found:
                findings.broken += [f"{path.name.removesuffix('.schema.json')}: {what}" for what in found]
                del wanted[path]
                continue
        findings.changed.append(path.relative_to(PROJECT).as_posix())
    for path in sorted(EVENTS.glob("*.json")):
        wire_type = path.name.removesuffix(".json").removesuffix(".schema").removesuffix(".sample")
        if not registry.knows(wire_type):
            findings.broken.append(
                f"{path.relative_to(PROJECT).as_posix()}: the event can no longer be read; it needs an upcaster"
            )
    for path in sorted((DOCS / "openapi").glob("*.json")):
        if path not in wanted:
            findings.broken.append(f"{path.relative_to(PROJECT).as_posix()}: there is no such service")
    return findings, wanted


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python -m dev.documents [--check]", file=sys.stderr)
        return 2
    findings, wanted = compare()
    if arguments:
        for name in findings.changed:
            print(f"docs: {name} is not up to date: run `make docs`", file=sys.stderr)
    else:
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_text("utf-8") != text:
                path.write_text(text, "utf-8")
        for name in findings.changed:
            print(f"docs: wrote {name}")
    for what in findings.broken:
        print(f"docs: {what}", file=sys.stderr)
    if findings.broken:
        print(
            "docs: a change that breaks readers needs a new version of the event and an upcaster "
            "(@registry.event(..., version=2), @registry.upcaster). Only for an event that was never released: "
            "delete its schema in docs/events and run `make docs`.",
            file=sys.stderr,
        )
    return 1 if findings.broken or (arguments and findings.changed) else 0


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
