"""The judge of schema changes: each kind of break is found, each harmless change is not."""

from copy import deepcopy
from typing import Any

import pytest

from dev.compatibility import breaks

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["id", "severity", "offers", "at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "severity": {"$ref": "#/$defs/Severity"},
        "note": {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 200}, {"type": "null"}]},
        "offers": {"type": "array", "items": {"$ref": "#/$defs/Offer"}, "maxItems": 4},
        "at": {"type": "string", "format": "date-time"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "place": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}]},
        "flow": {"const": "quality"},
    },
    "$defs": {
        "Severity": {"type": "string", "enum": ["general", "urgent"]},
        "Offer": {
            "type": "object",
            "title": "Offer",
            "required": ["rank"],
            "properties": {
                "rank": {"type": "integer", "minimum": 1},
                "value": {"anyOf": [{"$ref": "#/$defs/Money"}, {"type": "null"}]},
                "instead": {"anyOf": [{"$ref": "#/$defs/Offer"}, {"type": "null"}]},
            },
        },
        "Money": {
            "type": "object",
            "title": "Money",
            "additionalProperties": False,
            "required": ["amount"],
            "properties": {"amount": {"type": "string"}},
        },
    },
}
GONE = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """OLD with something else at `path`; `path/+` appends."""
    new = deepcopy(OLD)
    *steps, last = path.split("/")
    node: Any = new
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    if last == "+":
        node.append(value)
    elif value is GONE:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return new


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("properties/note", GONE, "note is gone"),
        ("$defs/Offer/properties/value", GONE, "offers/[]/value is gone"),
        ("required/+", "note", "note becomes required"),
        ("required", ["id", "severity", "offers"], "at is no longer always there"),
        ("properties/id", {"type": "integer"}, "id changes its type from string to integer"),
        ("properties/id", {"type": "string"}, "id changes its format from uuid to None"),
        ("properties/at/format", "date", "at changes its format from date-time to date"),
        ("$defs/Severity/enum", ["general"], "severity loses the word 'urgent'"),
        ("properties/id/enum", ["a"], "id is limited to 'a'"),
        ("properties/flow/const", "other", "flow loses the word 'quality'"),
        ("properties/note", {"type": "string", "minLength": 1}, "note can no longer be null"),
        ("properties/note/anyOf/+", {"type": "integer"}, "note can now be integer"),
        (
            "properties/id",
            {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
            "id can now be null",
        ),
        ("properties/note/anyOf/0/minLength", 2, "note gets a tighter minLength"),
        ("properties/note/anyOf/0/maxLength", 100, "note gets a tighter maxLength"),
        ("properties/note/anyOf/0/pattern", "^A", "note gets another pattern"),
        ("properties/offers/maxItems", 3, "offers gets a tighter maxItems"),
        ("properties/offers/minItems", 1, "offers gets a tighter minItems"),
        ("properties/offers/uniqueItems", True, "offers now refuses equal items"),
        ("properties/offers/items", {"type": "string"}, "offers/[] changes its type from object to string"),
        ("$defs/Offer/properties/rank/minimum", 2, "offers/[]/rank gets a tighter minimum"),
        ("$defs/Offer/properties/rank/maximum", 9, "offers/[]/rank gets a tighter maximum"),
        ("$defs/Offer/properties/rank/multipleOf", 2, "offers/[]/rank gets another multipleOf"),
        ("$defs/Offer/additionalProperties", False, "offers/[] no longer accepts other fields"),
        (
            "$defs/Money/properties/unit",
            {"type": "string"},
            "offers/[]/value/unit is new where old readers accept no other fields",
        ),
        ("properties/labels/additionalProperties", {"type": "integer"}, "labels/* changes its type"),
        ("properties/labels/additionalProperties", False, "labels no longer accepts other fields"),
        ("properties/place/prefixItems/+", {"type": "integer"}, "place has 3 fixed items instead of 2"),
        ("properties/place/prefixItems/0", {"type": "string"}, "place/0 changes its type"),
        ("type", "array", "the value changes its type from object to array"),
    ],
)
def test_a_break_is_found(path: str, value: Any, why: str) -> None:
    found = breaks(OLD, changed(path, value))
    assert len(found) == 1, found
    assert found[0].startswith(why)


def test_a_new_required_field_is_a_break() -> None:
    new = changed("properties/colour", {"type": "string"})
    new["required"].append("colour")
    assert breaks(OLD, new) == ["colour is new and required"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/colour", {"type": "string"}),
        ("$defs/Offer/properties/colour", {"type": "string"}),
        ("$defs/Severity/enum/+", "major"),
        ("properties/note/anyOf/0/maxLength", 500),
        ("properties/note/anyOf/0/minLength", GONE),
        ("properties/offers/maxItems", GONE),
        ("$defs/Offer/properties/rank/minimum", 0),
        ("properties/note/description", "Another text."),
        ("title", "Another"),
    ],
)
def test_an_addition_is_none(path: str, value: Any) -> None:
    assert breaks(OLD, changed(path, value)) == []


def test_nothing_changed() -> None:
    assert breaks(OLD, deepcopy(OLD)) == []


def test_a_definition_may_move() -> None:
    """Where a shape is written down is nobody's business."""
    new = deepcopy(OLD)
    new["properties"]["severity"] = new["$defs"].pop("Severity")
    assert breaks(OLD, new) == []
