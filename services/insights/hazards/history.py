"""What an entry of the register was, version by version. Pure."""

from collections.abc import Mapping
from typing import Any

EDITED = (
    "what",
    "product",
    "batch",
    "region",
    "department",
    "owner",
    "likelihood",
    "severity",
    "measures",
    "state",
    "reason",
    "review_by",
    "evidence",
)
"""What people edit; the order in which changes are told."""


def entry_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a version keeps."""
    return {name: row.get(name) for name in EDITED}


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Field, value before, value after; of the first version whatever was said."""
    earlier = before or {}
    return [
        (name, earlier.get(name), after.get(name)) for name in EDITED if earlier.get(name) != after.get(name)
    ]
