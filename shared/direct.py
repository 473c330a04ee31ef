"""The route of the busiest endpoints: FastAPI documents the signature, but does not solve it for every request.

FastAPI walks the tree of an endpoint's dependencies anew for each request, which at intake's door cost more
than everything else together (docs/performance.md). Here the signature is read once, when the application is
made.
"""

from collections.abc import Awaitable, Callable, Coroutine
from inspect import signature
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from shared.auth import authenticate, bearer
from shared.service import context_of

Give = Callable[[Request], Awaitable[Any]]
"""Makes an argument that needs no validation."""


class DirectRoute(APIRoute):
    """Answers, errors and the OpenAPI document are those of any other route.

    The endpoint may ask for: the Request, `Ctx`, a Principal by `may(...)`, headers with an alias, one model
    that is the JSON body; it answers with a Response. Raises TypeError for anything else, when it is declared.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        gives: dict[str, Give] = {}
        headers: list[tuple[str, str, TypeAdapter[Any]]] = []
        models: list[tuple[str, type[BaseModel]]] = []
        for name, parameter in signature(endpoint).parameters.items():
            annotation = parameter.annotation
            kind, *marks = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
            header = next((mark for mark in marks if isinstance(mark, params.Header)), None)
            if header is not None and header.alias is not None:
                headers.append((name, header.alias, TypeAdapter(annotation)))
            elif give := _giver(kind, marks):
                gives[name] = give
            elif isinstance(kind, type) and issubclass(kind, BaseModel) and not models:
                models.append((name, kind))
            else:
                raise TypeError(f"{endpoint.__name__}: a DirectRoute cannot read {name!r}")

        async def handle(request: Request) -> Response:
            body = await _body(request) if models else None
            values = {name: await give(request) for name, give in gives.items()}
            errors: list[Any] = []
            for name, alias, adapter in headers:
                try:
                    values[name] = adapter.validate_python(request.headers.get(alias))
                except ValidationError as error:
                    errors += _errors(error, "header", alias)
            for name, model in models:
                try:
                    values[name] = model.__pydantic_validator__.validate_python(body)
                except ValidationError as error:
                    errors += _errors(error, "body")
            if errors:
                raise RequestValidationError(errors, body=body)
            return await endpoint(**values)

        return handle


def _giver(kind: object, marks: list[Any]) -> Give | None:
    for mark in marks:
        if isinstance(mark, params.Security) and mark.dependency is authenticate:
            wanted = SecurityScopes(list(mark.scopes or ()))

            async def caller(request: Request) -> object:
                return await authenticate(request, wanted, await bearer(request))

            return caller
        if isinstance(mark, params.Depends) and mark.dependency is context_of:
            return context_of
    if kind is Request:

        async def itself(request: Request) -> Request:
            return request

        return itself
    return None


async def _body(request: Request) -> Any:
    """The JSON value; the plain bytes when they are not declared to be JSON, which no model takes."""
    body = await request.body()
    if not body:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json" and not (
        declared.startswith("application/") and declared.endswith("+json")
    ):
        return body
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        wrong = {"type": "json_invalid", "loc": ("body", 0), "msg": "", "ctx": {"error": str(error)}}
        raise RequestValidationError([wrong], body=body) from None


def _errors(error: ValidationError, *place: str) -> list[Any]:
    return [{**each, "loc": (*place, *each["loc"])} for each in error.errors(include_url=False)]
