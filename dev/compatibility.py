"""What between two JSON Schemas of one event type would break a reader or a writer of the log.

The log is kept for ever and read by programs that Redress does not know. So within a version
- what was written once must fit the new schema (nothing required is added, nothing is narrowed), and
- what a reader relies on must stay (nothing goes, nothing changes its type, what was always there still is).

Allowed are new optional fields, new words in an enumeration, and looser limits.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

LOWER_LIMITS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_LIMITS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks, one sentence each, with the place; empty when `new` may replace `old` within the version."""
    return list(_Comparison(old, new).nodes(old, new, "", sure=True))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._under_way: set[tuple[int, int]] = set()

    def nodes(self, old: Schema, new: Schema, at: str, *, sure: bool) -> Iterator[str]:
        """`sure`: a reader may rely on the value being there."""
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        before, after = _choices(old, self._old), _choices(new, self._new)
        if len(before) == len(after) == 1:
            yield from self._one(next(iter(before.values())), next(iter(after.values())), at)
        else:
            for kind in sorted(before.keys() - after.keys()):
                yield f"{_place(at)} can no longer be {kind}"
            for kind in sorted(after.keys() - before.keys()):
                if kind != "null" or sure:
                    yield f"{_place(at)} can now be {kind}"
            for kind in sorted(before.keys() & after.keys()):
                yield from self._one(before[kind], after[kind], at)

    def _one(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        if _type(old) != _type(new):
            yield f"{_place(at)} changes its type from {_type(old)} to {_type(new)}"
            return
        pair = (id(old), id(new))
        if pair in self._under_way:  # a recursive model, met again
            return
        self._under_way.add(pair)
        yield from _words(old, new, at)
        yield from _limits(old, new, at)
        yield from self._fields(old, new, at)
        yield from self._items(old, new, at)
        self._under_way.discard(pair)

    def _fields(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() - after.keys()):
            yield f"{_place(f'{at}/{name}')} is gone"
        for name in sorted(after.keys() - before.keys()):
            if name in must_after:
                yield f"{_place(f'{at}/{name}')} is new and required"
            elif old.get("additionalProperties") is False:
                yield f"{_place(f'{at}/{name}')} is new where old readers accept no other fields"
        for name in sorted(before.keys() & after.keys()):
            place = f"{at}/{name}"
            if name in must_after - must_before:
                yield f"{_place(place)} becomes required"
            if name in must_before - must_after:
                yield f"{_place(place)} is no longer always there"
            yield from self.nodes(before[name], after[name], place, sure=name in must_before)
        others_before, others_after = (
            schema.get("additionalProperties", True) if _type(schema) == "object" else True
            for schema in (old, new)
        )
        if isinstance(others_before, dict) and isinstance(others_after, dict):
            yield from self.nodes(others_before, others_after, f"{at}/*", sure=True)
        elif others_before is not others_after and others_after is not True:
            yield f"{_place(at)} no longer accepts other fields"

    def _items(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        first_before, first_after = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(first_before) != len(first_after):
            yield f"{_place(at)} has {len(first_after)} fixed items instead of {len(first_before)}"
            return
        for number, (before, after) in enumerate(zip(first_before, first_after, strict=True)):
            yield from self.nodes(before, after, f"{at}/{number}", sure=True)
        before, after = old.get("items", True), new.get("items", True)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self.nodes(before, after, f"{at}/[]", sure=True)
        elif before is not after and after is not True:
            yield f"{_place(at)} narrows its items"


def _words(old: Schema, new: Schema, at: str) -> Iterator[str]:
    before, after = _enumeration(old), _enumeration(new)
    if after is None:
        return
    if before is None:
        yield f"{_place(at)} is limited to {', '.join(map(repr, after))}"
        return
    for word in before:
        if word not in after:
            yield f"{_place(at)} loses the word {word!r}"


def _limits(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for name in ("format", "contentEncoding"):
        if old.get(name) != new.get(name):
            yield f"{_place(at)} changes its {name} from {old.get(name)} to {new.get(name)}"
    for name in ("pattern", "multipleOf"):
        if name in new and old.get(name) != new[name]:
            yield f"{_place(at)} gets another {name}"
    for name in LOWER_LIMITS:
        if name in new and (name not in old or new[name] > old[name]):
            yield f"{_place(at)} gets a tighter {name}"
    for name in UPPER_LIMITS:
        if name in new and (name not in old or new[name] < old[name]):
            yield f"{_place(at)} gets a tighter {name}"
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{_place(at)} now refuses equal items"


def _resolved(node: Schema, root: Schema) -> Schema:
    while "$ref" in node:
        target: Any = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    if len(node.get("allOf", ())) == 1:  # pydantic's way to put a description beside a reference
        return _resolved(node["allOf"][0], root)
    return node


def _choices(node: Schema, root: Schema) -> dict[str, Schema]:
    """The alternatives of a node by what tells them apart: the JSON type, for objects with their title."""
    options = node.get("anyOf") or node.get("oneOf")
    if not options:
        return {_kind(node): node}
    found: dict[str, Schema] = {}
    for option in options:
        found |= _choices(_resolved(option, root), root)
    return found


def _kind(node: Schema) -> str:
    kind = _type(node)
    return f"{kind} {node['title']}" if kind == "object" and "title" in node else kind


def _type(node: Schema) -> str:
    kind = node.get("type", "anything")
    return kind if isinstance(kind, str) else " or ".join(sorted(kind))


def _enumeration(node: Schema) -> list[Any] | None:
    return [node["const"]] if "const" in node else node.get("enum")


def _place(at: str) -> str:
    return at.removeprefix("/") or "the value"
