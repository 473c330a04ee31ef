"""Every endpoint of every service against every kind of bad input: a table whose rows come from the services.

The endpoints are those of the OpenAPI documents, so that a new one is in the table by itself. Each cell must be
answered with a problem document that names the field and a remedy, and must leave every table as it was. (What
random requests find is in test_bad_input.py; files are in test_attachments.py and test_uploads.py.)
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import text

from dev.documents import openapi_documents
from services import catalogue
from shared.problems import MEDIA_TYPE
from tests.conftest import NewDatabase
from tests.world import World, open_world

pytestmark = pytest.mark.slow

JSON = "application/json"
NOBODY = str(UUID(int=7))
"""Nothing has this id."""
Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One endpoint, with what a good request to it would hold."""

    service: str
    method: str
    path: str
    parameters: tuple[Schema, ...]
    body: Schema | None
    """Schema of the JSON body, if it takes one."""
    schemas: Schema

    def __str__(self) -> str:
        return f"{self.method.upper()} /{self.service}{self.path}"

    def resolved(self, schema: Schema) -> Schema:
        """Without references; of an optional value the schema of what it is when it is there."""
        while "$ref" in schema or "anyOf" in schema:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"].rpartition("/")[2]]
            else:
                schema = next((one for one in schema["anyOf"] if one.get("type") != "null"), {})
        return schema


@dataclass(frozen=True)
class Cell:
    """One bad request, and the field that the answer must name."""

    what: str
    place: str
    content: bytes | None = None
    headers: dict[str, str | bytes] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    query: str = ""
    statuses: frozenset[int] = frozenset({422})


def operations(service: str) -> Iterator[Operation]:
    document = openapi_documents()[service]
    for path, item in document["paths"].items():
        if not path.startswith("/v1"):
            continue  # a face of another standard, with its errors: see test_open311.py
        for method, told in item.items():
            content = told.get("requestBody", {}).get("content", {})
            yield Operation(
                service,
                method,
                path,
                tuple(told.get("parameters", ())),
                content[JSON]["schema"] if JSON in content else None,
                document["components"]["schemas"],
            )


def bodies(operation: Operation) -> Iterator[Cell]:
    """Wrong as JSON, and wrong as what was asked for."""
    assert operation.body is not None
    schema = operation.resolved(operation.body)
    good = json.dumps(schema["examples"][0])
    first = next(iter(json.loads(good)))
    whole = good.encode()
    encoded = {
        "nothing": b"",
        "half": whole[:-1],
        "invalid UTF-8": whole[:-1] + b', "x": "\xff\xfe"}',
        "half a character": whole[:-1] + b', "x": "\xe5\x8a"}',
        "lone surrogate": whole[:-1] + rb', "x": "\ud800"}',
        "UTF-16": good.encode("utf-16"),
        "UTF-32": good.encode("utf-32"),
        "byte order mark": b"\xef\xbb\xbf" + whole,
        "key twice": whole[:-1] + f", {json.dumps(first)}: {json.dumps(json.loads(good)[first])}}}".encode(),
        "key twice, escaped": whole[:-1] + f', "\\u{ord(first[0]):04x}{first[1:]}": null}}'.encode(),
        "key twice, deep down": whole[:-1] + b', "x": {"a": 1, "a": 2}}',
        "NaN": whole[:-1] + b', "x": NaN}',
        "Infinity": whole[:-1] + b', "x": -Infinity}',
        "too deep": b"[" * 100_000,
        "too deep, closed": b'{"x":' * 5_000 + b"1" + b"}" * 5_000,
        "huge number": whole[:-1] + b', "x": ' + b"9" * 100_000 + b"}",
        "control character": whole[:-1] + b', "x": "\x00"}',
        "two values": whole + whole,
        "comment": b"/* x */" + whole,
    }
    for what, content in encoded.items():
        yield Cell(what, "body", content)
    for what in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json2"):
        yield Cell(f"declared as {what}", "body", whole, {"Content-Type": what})
    for value in (None, 1, "x", [], [json.loads(good)], True):
        yield Cell(f"{value!r} instead of an object", "body", json.dumps(value).encode())
    yield Cell("a field that it does not have", "body/no_such_field", _with(good, "no_such_field", 1))
    yield Cell("a name with line breaks", "body/a\r\nb: c", _with(good, "a\r\nb: c", 1))
    for name in schema.get("required", ()):
        rest = {key: value for key, value in json.loads(good).items() if key != name}
        yield Cell(f"without {name}", f"body/{name}", json.dumps(rest).encode())
    for name, declared in schema["properties"].items():
        kind = operation.resolved(declared)
        for value in _not(kind):
            yield Cell(f"{name} = {str(value)[:20]}", f"body/{name}", _with(good, name, value))


def _with(good: str, name: str, value: Any) -> bytes:
    rest = {key: old for key, old in json.loads(good).items() if key != name}
    raw = value if isinstance(value, Raw) else json.dumps(value)
    return (json.dumps(rest)[:-1] + (", " if rest else "") + f"{json.dumps(name)}: {raw}}}").encode()


class Raw(str):
    """JSON as it is."""

    __slots__ = ()


def _not(kind: Schema) -> Iterator[Any]:
    """Values that cannot be of this kind."""
    if "type" not in kind:
        return  # whatever another system sends
    if kind.get("type") != "object":
        yield {"x": 1}
    if kind.get("type") != "array":
        yield [[]]
    match kind.get("type"):
        case "string":
            yield from (True, 3.5, Raw("1e999"))
            if "maxLength" in kind:
                yield "x" * (kind["maxLength"] + 1)
            if kind.get("format") == "uuid" or "enum" in kind or "const" in kind:
                yield "not this"
            elif "pattern" not in kind and "format" not in kind:
                yield "a\u0000b"
        case "integer" | "number":
            yield from ("x", Raw("1e999"))
        case "boolean":
            yield from ("perhaps", 7)
        case "object" | "array":
            yield from ("x", 1)


def parameters(operation: Operation) -> Iterator[Cell]:
    for told in operation.parameters:
        name, where, kind = told["name"], told["in"], operation.resolved(told["schema"])
        place = f"{where}/{name}"
        if where == "path":
            # A reference that is none opens nothing; of other things there is none with this id.
            statuses = frozenset({422}) if kind.get("format") == "uuid" else frozenset({404, 422})
            for value in ("not-an-id", "x" * 3000, "💥", "\u0000", "1' OR '1'='1", "a\r\nX-Evil: 1", "-1"):
                if "pattern" in kind and re.search(kind["pattern"], value):
                    continue  # a good name, of which there may be a thing
                path = {name: quote(value, safe="")}
                yield Cell(f"{name} = {value[:12]!r}", place, path=path, statuses=statuses)
        elif where == "query":
            for value in _not_in_a_query(operation, kind):
                yield Cell(f"?{name}={value[:12]}", place, query=f"{name}={value}")
        elif where == "header":
            if "maxLength" in kind:
                yield Cell(f"{name} too long", place, headers={name: "x" * (kind["maxLength"] + 1)})
            if "pattern" in kind:
                for bad in (b"a b", b"\xff\xfe", b"a\r\nX-Evil: 1", b""):
                    yield Cell(f"{name} = {bad!r}", place, headers={name: bad})
            if kind.get("type") == "integer":
                for bad in (b"x", b"9" * 40, b"-1"):
                    yield Cell(f"{name} = {bad!r}", place, headers={name: bad})


def _not_in_a_query(operation: Operation, kind: Schema) -> Iterator[str]:
    match kind.get("type"):
        case "integer":
            yield from ("x", "1.5", "9" * 400, "")
            if "maximum" in kind:
                yield str(kind["maximum"] + 1)
            if "minimum" in kind:
                yield str(kind["minimum"] - 1)
        case "boolean":
            yield "perhaps"
        case "array":
            yield from _not_in_a_query(operation, operation.resolved(kind["items"]))
        case "string":
            yield "a%00"
            if "maxLength" in kind:
                yield "x" * (kind["maxLength"] + 1)
            if "enum" in kind or kind.get("format") in {"uuid", "date", "date-time"}:
                yield from ("nope", "%00", "%ff", "0000-00-00")


@dataclass
class Target:
    world: World
    known: dict[str, str]
    """Values of path parameters that open something."""
    token: str

    async def stored(self) -> dict[str, int]:
        """How many rows there are, by table."""
        counts: dict[str, int] = {}
        for name in catalogue.NAMES:
            context = self.world.context(name)
            async with context.database.reading() as connection:
                for table in await _tables(connection, name):
                    counts[table] = int(
                        (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                    )
        return counts

    async def send(self, operation: Operation, cell: Cell) -> str | None:
        """What is wrong with the answer; None when nothing is."""
        values = dict.fromkeys(_names(operation), NOBODY) | self.known | cell.path
        path = operation.path.format_map({name: values[name] for name in _names(operation)})
        headers: list[tuple[bytes, bytes]] = [(b"x-tracking-token", self.token.encode())]
        declared = {**({"Content-Type": JSON} if operation.body else {}), **cell.headers}
        for name, value in declared.items():
            headers.append((name.encode(), value if isinstance(value, bytes) else value.encode()))
        named = {name.lower() for name in cell.headers}
        if "x-tracking-token" in named:
            headers = headers[1:]
        content = cell.content
        if content is None and operation.body:
            content = json.dumps(operation.resolved(operation.body)["examples"][0]).encode()
        url = f"/{operation.service}{path}" + (f"?{cell.query}" if cell.query else "")
        answer = await self.world.http.request(operation.method, url, headers=headers, content=content)
        seen = f"{operation}: {cell.what} -> {answer.status_code} {answer.text[:200]}"
        if answer.status_code not in cell.statuses:
            return f"{seen}, not one of {sorted(cell.statuses)}"
        if answer.headers["content-type"] != MEDIA_TYPE:
            return f"{seen}, not a problem document"
        if any("evil" in f"{name}{value}".lower() for name, value in answer.headers.items()):
            return f"{seen}: a header came back"
        errors = answer.json().get("errors", [])
        if not any(error["field"].startswith(cell.place) and error["detail"] for error in errors):
            return f"{seen}: does not name {cell.place}"
        return None


async def _tables(connection: Any, schema: str) -> list[str]:
    found = await connection.execute(
        text(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = :schema ORDER BY 1"
        ),
        {"schema": schema},
    )
    return list(found.scalars())


def _names(operation: Operation) -> list[str]:
    return [told["name"] for told in operation.parameters if told["in"] == "path"]


@pytest.fixture(scope="module")
async def target(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Target]:
    async with open_world(await new_database(), scratch) as world:
        one = await world.register()
        await world.settled()
        known = {"complaint_id": one["id"], "reference": one["reference"], "version": "1"}
        yield Target(world, known, one["tracking_token"])


@pytest.mark.requirement("P-01", "P-39")
@pytest.mark.parametrize("service", catalogue.NAMES)
async def test_every_endpoint_refuses_every_kind_of_bad_input(target: Target, service: str) -> None:
    findings: list[str] = []
    cells = 0
    await target.world.settled()  # what made the target may still be on its way through the services
    before = await target.stored()
    for operation in operations(service):
        for cell in (*parameters(operation), *(bodies(operation) if operation.body else ())):
            cells += 1
            if found := await target.send(operation, cell):
                findings.append(found)
        after = await target.stored()
        if after != before:
            grown = {table: n - before[table] for table, n in after.items() if n != before[table]}
            findings.append(f"{operation}: something was stored: {grown}")
            before = after
    assert findings == [], f"{len(findings)} of {cells} cells"
    assert cells >= 8
