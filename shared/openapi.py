"""What FastAPI does not tell of every answer by itself: its headers, the problem document, a tag."""

import json
import re
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from shared.auth import authenticate_any
from shared.problems import ProblemDocument

Operation = dict[str, Any]


def _header(description: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind, **more}}


HEADERS = {
    "X-Request-ID": _header("Names this request; quote it when you ask for help."),
    "RateLimit-Policy": _header('Requests `q` in `w` seconds: `"default";q=12000;w=60`.'),
    "RateLimit": _header('Requests `r` that are left, for `t` seconds: `"default";r=11998;t=57`.'),
    "Retry-After": _header("Seconds after which to try again.", "integer", minimum=1),
    "ETag": _header('Version of what was answered, `"3"`: send it as `If-Match` with a change.'),
    "Idempotent-Replayed": _header(
        "The answer is that of an earlier request with this Idempotency-Key; nothing was done twice.",
        enum=["true"],
    ),
}
EVERY = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": {"ETag": None}}}
"""For the `responses` of an endpoint that reads what can be changed: its answer has an ETag."""


def _alternatives(app: FastAPI) -> dict[str, list[str]]:
    """Of endpoints for which one scope of several is enough: these, by the endpoint's name."""
    return {
        str(context.name): list(each.own_oauth_scopes or ())
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for each in context.original_route.dependant.dependencies
        if each.call is authenticate_any
    }


def complete(app: FastAPI, name: str) -> None:
    """Complete the OpenAPI document: the ProblemDocument that `problems.documented` points to, a tag for what
    has none, one scope where one of several is enough, no refused credentials where none are asked for, and the
    headers of every answer."""
    generate = app.openapi

    @cache  # FastAPI keeps its own document, which is changed here
    def openapi() -> dict[str, Any]:
        document, alternatives = generate(), _alternatives(app)
        for operation in (o for path in document["paths"].values() for o in path.values()):
            operation.setdefault("tags", [name])
            if "security" not in operation:
                operation["responses"].pop("401", None)
                operation["responses"].pop("403", None)
            for scope_of in operation.get("security", ())[:1]:
                scheme = next(iter(scope_of))
                if one_of := alternatives.get(
                    operation["operationId"]
                ):  # FastAPI writes as if all were needed
                    operation["security"] = [{scheme: [scope]} for scope in one_of]
            _tell_headers(operation)
        components = document.setdefault("components", {})
        components["headers"] = HEADERS
        schemas = components.setdefault("schemas", {})
        if "ProblemDocument" not in schemas:
            schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas["ProblemDocument"] = schema
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
        return _named(document)

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of extending it


def _named(document: dict[str, Any]) -> dict[str, Any]:
    """With names that a client generator can carry: one class for each schema, called as its title.

    FastAPI writes `Money-Input` and `Money-Output` where what is taken is wider than what is given (a number as
    well as a string), both with the title `Money`, and `Page_ComplaintSummary_`.
    """
    schemas = document["components"]["schemas"]
    names = {name: _name(name, schema.get("title", name)) for name, schema in schemas.items()}
    assert len(set(names.values())) == len(names), "two schemas would have one name"
    document["components"]["schemas"] = {
        names[name]: schema | {"title": names[name]} for name, schema in schemas.items()
    }
    text = re.sub(
        r'"#/components/schemas/([^"]+)"',
        lambda found: f'"#/components/schemas/{names[found[1]]}"',
        json.dumps(document),
    )
    named: dict[str, Any] = json.loads(text)
    return named


def _name(name: str, title: str) -> str:
    if name.endswith("-Input"):
        return name.removesuffix("-Input") + "Given"
    return title if name.isidentifier() and "_" in name else name.removesuffix("-Output")


def _tell_headers(operation: Operation) -> None:
    sent = {told["name"] for told in operation.get("parameters", ())}
    for status, answer in operation["responses"].items():
        names = [*EVERY, *answer.get("headers", {})]
        if status in {"429", "503"}:
            names.append("Retry-After")
        if status.startswith("2") and "Idempotency-Key" in sent:
            names.append("Idempotent-Replayed")
        if status.startswith("2") and status != "204" and "If-Match" in sent:
            names.append("ETag")
        answer["headers"] = {each: {"$ref": f"#/components/headers/{each}"} for each in dict.fromkeys(names)}
