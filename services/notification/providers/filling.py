"""Requests to a provider made of templates: values are put into finished JSON, headers and paths, so that nothing in
them can change the request. Pure."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

_HOLE = re.compile(r"\{\{\s*([a-z_]+)(?:\.([A-Za-z0-9_]{1,60}))?\s*\}\}")

VALUES = frozenset(
    {"to", "text", "title", "body", "link", "reference", "delivery_id", "language", "template"}
)
"""What a template can say."""
SECRETS = frozenset({"secret", "basic"})
"""`{{secret.NAME}}` is the secret itself; `{{basic.NAME}}` a secret `user:password` as HTTP Basic wants it."""


class UnknownSecret(Exception):
    """A template names a secret that REDRESS_PROVIDER_SECRETS does not have."""


def unknown_holes(template: Any) -> list[str]:
    """Holes that nothing fills."""
    return [hole for hole, name, key in _holes(template) if not _is_known(name, key)]


def holes(template: Any) -> set[str]:
    """The values that a template says, by name."""
    return {name for _, name, _ in _holes(template)}


def fill(template: Any, values: Mapping[str, str], secrets: Mapping[str, str]) -> Any:
    """The template with its holes filled, in all its strings. Raises UnknownSecret."""
    return _each(template, lambda text: _filled(text, values, secrets))


def fill_url(template: str, values: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    """The same for an address: a value is one segment of its path, or one value of its query."""
    return _filled(template, values, secrets, lambda value: quote(value, safe=""))


def _filled(
    text: str,
    values: Mapping[str, str],
    secrets: Mapping[str, str],
    written: Callable[[str], str] = lambda value: value,
) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in SECRETS:
            return written(values.get(found[1], ""))
        if found[2] not in secrets:
            raise UnknownSecret(found[2])
        secret = secrets[found[2]]
        return written(base64.b64encode(secret.encode()).decode() if found[1] == "basic" else secret)

    return _HOLE.sub(value, text)


def _each(template: Any, change: Callable[[str], str]) -> Any:
    if isinstance(template, str):
        return change(template)
    if isinstance(template, Mapping):
        return {name: _each(value, change) for name, value in template.items()}
    if isinstance(template, list):
        return [_each(value, change) for value in template]
    return template


def _holes(template: Any) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []

    def note(text: str) -> str:
        found.extend((m[0], m[1], m[2] or "") for m in _HOLE.finditer(text))
        return text

    _each(template, note)
    return found


def _is_known(name: str, key: str) -> bool:
    return bool(key) if name in SECRETS else name in VALUES and not key
