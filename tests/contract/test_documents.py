"""The generated documents are up to date, and OpenAPI is one that a generated client can use as it is."""

import keyword
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dev import documents
from services import catalogue
from shared.auth import SCOPES
from shared.problems import MEDIA_TYPE

EACH = pytest.mark.parametrize("service", catalogue.NAMES)
METHODS = {"get", "put", "post", "delete", "patch"}

Operation = dict[str, Any]

FOR_ONESELF = {
    "GET /v1/accused/cases",
    "GET /v1/accused/cases/{complaint_id}",
    "POST /v1/accused/cases/{complaint_id}/answer",
    "POST /v1/accused/cases/{complaint_id}/appeals",
    "GET /v1/appeals",
    "GET /v1/appeals/{appeal_id}",
    "POST /v1/appeals/{appeal_id}/answers",
    "POST /v1/appeals/{appeal_id}/decision",
    "POST /v1/appeals/{appeal_id}/questions",
    "POST /v1/appeals/{appeal_id}/withdraw",
    "GET /v1/directory/people/me",
    "GET /v1/measures/people/me",
    "GET /v1/policies/me",
    "GET /v1/proposals/me",
    "GET /v1/rewards/me",
    "GET /v1/training/results/me",
    "POST /v1/policies/{code}/versions/{version}/acknowledge",
    "POST /v1/proposals",
}
"""What takes no scope, only an account that belongs to a person in the directory."""


@pytest.fixture(scope="module")
def openapi() -> dict[str, dict[str, Any]]:
    return documents.openapi_documents()


def _operations(document: dict[str, Any]) -> list[tuple[str, Operation]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_documents_are_up_to_date() -> None:
    findings, _ = documents.compare()
    assert findings.broken == []
    assert findings.changed == [], "run `make docs`"


def test_the_check_says_what_would_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = documents.DOCS / "configuration.md"
    monkeypatch.setattr(documents, "documents", lambda: iter([(changed, "other")]))
    monkeypatch.setattr(documents, "EVENTS", Path("nowhere"))
    monkeypatch.setattr(documents, "DOCS", Path("nowhere"))
    before = changed.read_text("utf-8")
    assert documents.main(["--check"]) == 1
    assert "docs/configuration.md is not up to date" in capsys.readouterr().err
    assert changed.read_text("utf-8") == before, "a check writes nothing"


def test_a_schema_that_breaks_readers_is_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents, "PROJECT", tmp_path)
    monkeypatch.setattr(documents, "DOCS", tmp_path)
    monkeypatch.setattr(documents, "EVENTS", tmp_path)
    file = tmp_path / "redress.case.opened.v1.schema.json"
    old = '{"type": "object", "properties": {"place": {"type": "string"}}}'
    file.write_text(old)
    monkeypatch.setattr(documents, "documents", lambda: iter([(file, '{"type": "object"}')]))
    assert documents.main([]) == 1
    assert "redress.case.opened.v1: place is gone" in capsys.readouterr().err
    assert file.read_text() == old


def test_an_event_that_nobody_can_read_any_more_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(documents, "PROJECT", tmp_path)
    monkeypatch.setattr(documents, "DOCS", tmp_path)
    monkeypatch.setattr(documents, "EVENTS", tmp_path)
    monkeypatch.setattr(documents, "documents", lambda: iter(()))
    (tmp_path / "redress.thing.forgotten.v1.sample.json").write_text("{}")
    findings, _ = documents.compare()
    assert findings.broken == [
        "redress.thing.forgotten.v1.sample.json: the event can no longer be read; it needs an upcaster"
    ]


@EACH
@pytest.mark.requirement("P-39")
def test_every_operation_has_a_name_for_a_client(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    operations = _operations(openapi[service])
    names = [operation["operationId"] for _, operation in operations]
    assert len(names) == len(set(names))
    for where, operation in operations:
        name = operation["operationId"]
        assert name.isidentifier(), where
        assert not keyword.iskeyword(name), where
        assert operation["summary"], where
        assert operation["tags"], where


@EACH
@pytest.mark.requirement("P-39", "P-01")
def test_every_refusal_is_a_problem_document(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    document = openapi[service]
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    assert "ProblemDocument" in document["components"]["schemas"]
    for where, operation in _operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert answer["content"] == {MEDIA_TYPE: {"schema": schema}}, f"{where}: {status}"
        if "security" in operation:
            assert {"401", "403", "429"} <= operation["responses"].keys(), where
        else:
            assert not {"401", "403"} & operation["responses"].keys(), where


@EACH
@pytest.mark.requirement("P-35", "P-39")
def test_every_scope_is_one_that_keys_can_have(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    document = openapi[service]
    for where, operation in _operations(document):
        for requirement in operation.get("security", ()):
            for scheme, scopes in requirement.items():
                assert scheme in document["components"]["securitySchemes"], where
                assert scopes or where in FOR_ONESELF, f"{where} asks for a key, but for no scope"
                assert set(scopes) <= SCOPES.keys(), where


@EACH
def test_the_server_is_where_the_service_is_mounted(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    assert [server["url"] for server in openapi[service]["servers"]] == [f"/{service}"]
    assert openapi[service]["openapi"].startswith("3.1.")


@EACH
@pytest.mark.requirement("P-39")
def test_every_shape_is_known(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    """A client is given types, and not a heap of anything."""
    for name, schema in openapi[service]["components"]["schemas"].items():
        if name == "JsonValue":
            continue  # whatever another system sends
        for where, part in _parts(schema, name):
            assert part.get("additionalProperties") is not True, where
            assert part.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"}, where


def _parts(schema: dict[str, Any], where: str) -> list[tuple[str, dict[str, Any]]]:
    found = [(where, schema)]
    for name, part in schema.get("properties", {}).items():
        found += _parts(part, f"{where}.{name}")
    for part in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]:
        found += _parts(part, where)
    return found


@EACH
@pytest.mark.requirement("P-39")
def test_every_json_body_has_examples_that_fit(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    document = openapi[service]
    for where, operation in _operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or not body["schema"]:
            continue  # the latter: whatever another system sends
        schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        assert schema["examples"], where
        root = {"components": document["components"], "allOf": [schema]}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        for example in schema["examples"]:
            jsonschema.Draft202012Validator(root, format_checker=checker).validate(example)


@EACH
@pytest.mark.requirement("P-39", "P-40")
def test_the_headers_of_every_answer_are_told(service: str, openapi: dict[str, dict[str, Any]]) -> None:
    document = openapi[service]
    for where, operation in _operations(document):
        sent = {told["name"] for told in operation.get("parameters", ())}
        for status, answer in operation["responses"].items():
            told = answer["headers"]
            assert {"RateLimit", "RateLimit-Policy", "X-Request-ID"} <= told.keys(), f"{where}: {status}"
            assert ("Retry-After" in told) == (status in {"429", "503"}), f"{where}: {status}"
            if status.startswith("2"):
                assert ("Idempotent-Replayed" in told) == ("Idempotency-Key" in sent), where
                assert "If-Match" not in sent or status == "204" or "ETag" in told, where
            for header in told.values():
                assert header["$ref"].rpartition("/")[2] in document["components"]["headers"]
