"""Every error that a caller sees: a problem document (RFC 9457) that names the field and the remedy."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import httpx
from asyncpg import PostgresError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket

from shared import telemetry
from shared.aggregate import NotPossible
from shared.database import is_transient

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """One thing that is wrong with one field."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    field: str
    """Where: `body/statement/what_went_wrong`, `query/limit`, `header/Idempotency-Key`."""
    detail: str
    """What is wrong, and what would be right."""


class ProblemDocument(BaseModel):
    """An error answer, `application/problem+json`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """Stable name of the kind of problem: `urn:redress:problem:...`."""
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldError] = []
    request_id: str | None = None
    """Quote it when you ask for help."""


class Problem(Exception):
    """Raised anywhere, answered as a problem document."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str | None = None,
        *,
        field: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = headers
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = list(errors) or ([FieldError(field=field, detail=detail or title)] if field else [])
        self.extra = extra

    def response(self) -> JSONResponse:
        document = ProblemDocument(
            type=f"urn:redress:problem:{self.kind}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            errors=self.errors,
            request_id=telemetry.request_in_hand.get(),
        )
        content = document.model_dump(mode="json", exclude_none=True) | self.extra
        return JSONResponse(content, self.status, self.headers, MEDIA_TYPE)


def not_found(what: str, field: str) -> Problem:
    return Problem(404, "not-found", f"No such {what}", f"There is no {what} with this id.", field=field)


def invalid(
    title: str,
    remedy: str | None = None,
    *,
    field: str | None = None,
    errors: Sequence[FieldError] = (),
    **extra: Any,
) -> Problem:
    """What the request says cannot be so: names the field, or each of several by its error, and the remedy."""
    return Problem(422, "invalid-request", title, remedy, field=field, errors=errors, **extra)


def not_valid(errors: Sequence[FieldError]) -> Problem:
    return invalid("The request is not valid", "Correct the fields listed in errors.", errors=errors)


def conflict(title: str, detail: str, **extra: Any) -> Problem:
    """The request does not fit the present state; `extra` tells that state."""
    return Problem(409, "conflict", title, detail, **extra)


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem document."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(NotPossible)
    async def refused(_: Request, error: NotPossible) -> JSONResponse:
        words = f"{error.english} {error.chinese}"
        return conflict(words, words, code=error.code, **error.state).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = field_errors(error.errors())
        if isinstance(error.body, bytes) and [each.field for each in errors] == ["body"]:
            errors = [FieldError(field="header/Content-Type", detail=_SAY_JSON), *errors]
        return not_valid(errors).response()

    @app.exception_handler(WebSocketRequestValidationError)
    async def invalid_socket(_: WebSocket, error: WebSocketRequestValidationError) -> JSONResponse:
        return not_valid(field_errors(error.errors())).response()

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        kind = phrase.lower().replace(" ", "-")
        detail = error.detail if error.detail != phrase else None
        headers = dict(error.headers) if error.headers else None
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = (
                detail
                or "Nothing is at this path. `/` lists the services and their documents. 该路径不存在。"
            )
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("Allow", "other methods")
            detail = detail or f"This path takes {allowed}. 该路径不支持此方法。"
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Problem(
                413, "body-too-large", phrase, "Send less in one request.", field="body"
            ).response()
        return Problem(error.status_code, kind, phrase, detail, headers=headers).response()

    async def surroundings(_: Request, error: Exception) -> JSONResponse:
        if not is_transient(error) and not isinstance(error, httpx.HTTPError):
            raise error  # the edge logs it and answers `unexpected`
        log.warning("a part cannot be reached: %s", type(error).__name__)
        return unavailable().response()

    @app.exception_handler(Exception)
    async def nobody_expected(_: Request, error: Exception) -> JSONResponse:
        return unexpected().response()  # Starlette raises it again, so that the edge logs it

    for kind in (DBAPIError, PostgresError, OSError, PoolTimeout, httpx.HTTPError):
        app.exception_handler(kind)(surroundings)


def unavailable() -> Problem:
    return Problem(
        503,
        "unavailable",
        "Try again shortly",
        "A part that Redress depends on cannot be reached. Send the request again, with the same "
        "Idempotency-Key: if it was recorded after all, you get its answer.",
        headers={"Retry-After": "1"},
    )


def unexpected() -> Problem:
    return Problem(
        500,
        "unexpected",
        "Redress failed to answer",
        "Quote the request id when you report this; its reason is in the log of Redress.",
    )


def field_errors(errors: Sequence[Any], separator: str = "/") -> list[FieldError]:
    """What pydantic found wrong, as callers are told: the place, and what would be right."""
    return [FieldError(field=_place(error, separator), detail=_remedy(error)) for error in errors]


def _place(error: dict[str, Any], separator: str) -> str:
    return "body" if error["type"] == "json_invalid" else separator.join(str(part) for part in error["loc"])


def _remedy(error: dict[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "There is no such field. Leave it out, or check its spelling."
        case "missing":
            return "This field is required."
        case "json_invalid":
            return f"The body is not valid JSON: {error.get('ctx', {}).get('error', 'it could not be read')}."
        case "model_type" | "model_attributes_type" | "dataclass_type" | "dict_type":
            return "It must be a JSON object, in braces."
        case "string_pattern_mismatch":
            return _FORMS.get(
                error["ctx"]["pattern"], "It has not the form that the field's description asks for."
            )
        case "uuid_parsing" | "uuid_type":
            return "It must be an id (a UUID), as Redress gave it; a reference such as RD-7K3M9QXT-B is none."
        case _:
            return str(error["msg"]).removeprefix("Value error, ").rstrip(".") + "."


_SAY_JSON = (
    "Say that the body is JSON: Content-Type: application/json. 请声明 Content-Type: application/json。"
)
_FORMS = {
    r"^\+?[0-9][0-9 ()./-]{4,30}$": "It must be a telephone number: digits, which blanks and ( ) . / - may part.",
    r"^[\x21-\x7e]+$": "It must be visible ASCII characters without blanks.",
    r"^[^\x00-\x1f]*$": "It must not hold control characters.",
    "^[A-Z]{3}$": "It must be the three letters of ISO 4217, such as CNY or EUR.",
    "^[a-z0-9][a-z0-9._-]{0,63}$": "It must be an id of small letters, digits and . _ -, such as li.na.",
}
"""What would be right, by pattern."""


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint: which problems it can answer with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in sorted({401, 403, 413, 422, 429, 503, *statuses})
    }
