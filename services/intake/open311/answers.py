"""Answers and errors in the shapes of GeoReport v2: XML and JSON of the same content."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from shared import problems
from shared.aggregate import NotPossible
from shared.database import is_transient
from shared.problems import Problem

XML, JSON = "text/xml; charset=utf-8", "application/json; charset=utf-8"
ENTRIES = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What an entry of a list is called in XML."""

Entry = dict[str, Any]


def answer(
    kind: str, root: str, content: Sequence[Entry] | Entry, status: int = 200, namespace: str | None = None
) -> Response:
    """`kind` is `xml` or `json`. The root's name stands in XML only."""
    if kind == "json":
        return Response(to_json(_plain(content)), status, media_type=JSON)
    element = Element(root, {"xmlns": namespace} if namespace else {})
    _fill(element, root, content)
    return Response(tostring(element, encoding="utf-8", xml_declaration=True), status, media_type=XML)


def _plain(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return _time(content) if isinstance(content, datetime) else content


def _fill(element: Element, name: str, content: Any) -> None:
    if isinstance(content, dict):
        for key, value in content.items():
            _fill(SubElement(element, key), key, value)
    elif isinstance(content, list | tuple):
        for value in content:
            _fill(SubElement(element, ENTRIES[name]), ENTRIES[name], value)
    elif isinstance(content, bool):
        element.text = str(content).lower()
    elif isinstance(content, datetime):
        element.text = _time(content)
    elif content is not None:
        element.text = str(content)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Refused(Exception):
    """A request that cannot be answered: status, and what is wrong by parameter."""

    def __init__(self, status: int, *wrong: str) -> None:
        super().__init__(status)
        self.status, self.wrong = status, wrong


class Open311Route(APIRoute):
    """A route whose errors are told as GeoReport tells them: a list of codes and descriptions."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        usual = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await usual(request)
            except Exception as error:
                refused = _refused(error)
                if refused is None:
                    raise
                kind = "json" if request.path_params.get("kind") == "json" else "xml"
                told = [{"code": refused.status, "description": each} for each in refused.wrong]
                return answer(kind, "errors", told, refused.status)

        return handle


def _refused(error: Exception) -> Refused | None:
    match error:
        case Refused():
            return error
        case NotPossible():
            return Refused(400, f"{error.english} {error.chinese}")
        case Problem(status=401):
            return Refused(403, "api_key is missing or not valid. 缺少 api_key 或 api_key 无效。")
        case Problem():
            told = [f"{each.field}: {each.detail}" for each in error.errors]
            return Refused(400 if error.status == 422 else error.status, *(told or [str(error.detail)]))
        case RequestValidationError():
            if any(each["loc"][0] == "path" for each in error.errors()):
                return Refused(404, "There is no such resource. 没有该资源。")
            return Refused(
                400,
                *(
                    f"{each.field.removeprefix('query/')}: {each.detail}"
                    for each in problems.field_errors(error.errors())
                ),
            )
        case HTTPException():
            return Refused(error.status_code, str(error.detail))
        case _ if is_transient(error):
            return Refused(503, "Try again shortly. 请稍后重试。")
    return None
