"""The short way to the busiest endpoints: FastAPI documents them, but stands aside when they are called.

FastAPI tries route after route, and walks the tree of an endpoint's dependencies anew for each request; at
intake's door that cost twice as much as everything else together (docs/performance.md). Here a signature is
read once, when the endpoint is declared, and a path is looked up.
"""

from collections.abc import Awaitable, Callable, Coroutine
from inspect import signature
from typing import Annotated, Any, cast, get_args, get_origin

from fastapi import APIRouter, FastAPI, Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.asgi import Receive, Scope, Send
from shared.auth import authenticate, bearer
from shared.strictjson import read_json

Give = Callable[[Request], Awaitable[Any]]
"""Makes an argument that needs no validation."""


class DirectRoute(APIRoute):
    """Answers, errors and the OpenAPI document are those of any other route.

    The endpoint may ask for: the Request, what depends on it alone (`Ctx`), a Principal by `may(...)`, headers
    with an alias, one model that is the JSON body. It answers with a Response. Raises TypeError for anything
    else, when it is declared.
    """

    answer: Callable[[Request], Awaitable[Response]]

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

        self.answer = handle
        return handle


class DirectApp(FastAPI):
    """Hands a request for a DirectRoute straight to it, past layers that have nothing to do for it."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._direct: dict[tuple[str, str], DirectRoute] = {}

    def include_router(self, router: APIRouter, *, prefix: str = "", **arguments: Any) -> None:
        super().include_router(router, prefix=prefix, **arguments)
        for route in router.routes:
            if isinstance(route, DirectRoute):
                self._direct |= {(method, prefix + route.path): route for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        route = self._direct.get((scope.get("method", ""), path))
        if route is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"], scope["route"] = self, route
        request = Request(scope, receive, send)
        try:
            response = await route.answer(request)
        except Exception as error:
            foreseen = (kind for kind in type(error).__mro__ if kind is not Exception)
            kind = next((kind for kind in foreseen if kind in self.exception_handlers), None)
            if kind is None:
                raise  # nobody expected it: the edge answers and logs it
            answer: Any = self.exception_handlers[kind]
            response = await answer(request, error)
        await response(scope, receive, send)


def _giver(kind: object, marks: list[Any]) -> Give | None:
    for mark in marks:
        if isinstance(mark, params.Security) and mark.dependency is authenticate:
            wanted = SecurityScopes(list(mark.scopes or ()))

            async def caller(request: Request, wanted: SecurityScopes = wanted) -> object:
                return await authenticate(request, wanted, await bearer(request))

            return caller
        if isinstance(mark, params.Depends) and mark.dependency is not None:
            asked = [each.annotation for each in signature(mark.dependency).parameters.values()]
            return cast(Give, mark.dependency) if asked == [Request] else None
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
        return read_json(body)
    except ValueError as error:
        wrong = {"type": "json_invalid", "loc": ("body", 0), "msg": "", "ctx": {"error": str(error)}}
        raise RequestValidationError([wrong], body=body) from None


def _errors(error: ValidationError, *place: str) -> list[Any]:
    return [{**each, "loc": (*place, *each["loc"])} for each in error.errors(include_url=False)]
