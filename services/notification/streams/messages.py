"""What goes over a stream beside events, in both forms: server-sent events and messages of a WebSocket."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from pydantic_core import to_json

RETRY_MS = 2000
"""How long a browser waits before it connects again by itself."""


class Message(Protocol):
    """Something to send. `sse` are whole frames; `texts` are messages, one for each."""

    @property
    def sse(self) -> bytes: ...

    @property
    def texts(self) -> Sequence[str]: ...


class Why(StrEnum):
    """Why a stream ends."""

    BEHIND = "behind"
    """You read too slowly. Connect again with `after`: nothing is lost."""
    UNAUTHORISED = "unauthorised"
    """The key or token does not hold any more."""
    EXPIRED = "expired"
    """What followed the cursor is not kept any more."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life that tells how far the stream has come, also where nothing was wanted of what came."""

    after: int
    first: bool = False

    @property
    def sse(self) -> bytes:
        # An id without data moves a browser's Last-Event-ID, and is no event.
        retry = f"retry: {RETRY_MS}\n" if self.first else ""
        return f"{retry}id: {self.after}\n: alive\n\n".encode()

    @property
    def texts(self) -> Sequence[str]:
        return (_control("alive", after=str(self.after)),)


@dataclass(frozen=True, slots=True)
class Farewell:
    """The last message: why the stream ends, and from where to go on."""

    why: Why
    after: int

    @property
    def sse(self) -> bytes:
        told = to_json({"why": self.why, "after": str(self.after)}).decode()
        return f"event: end\ndata: {told}\n\n".encode()

    @property
    def texts(self) -> Sequence[str]:
        return (_control("end", why=self.why, after=str(self.after)),)


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of one case, as the customer sees them: each with its `id`, `at`, `step` and `data`."""

    steps: Sequence[dict[str, Any]]

    @property
    def sse(self) -> bytes:
        return b"".join(
            f"id: {step['id']}\nevent: {step['step']}\ndata: {to_json(step).decode()}\n\n".encode()
            for step in self.steps
        )

    @property
    def texts(self) -> Sequence[str]:
        return [to_json(step).decode() for step in self.steps]


def _control(kind: str, **told: str) -> str:
    """No CloudEvent: it has no `specversion`."""
    return to_json({"stream": kind, **told}).decode()
