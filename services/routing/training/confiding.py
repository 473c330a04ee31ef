"""What of training is between the person and whoever trains. Pure."""

from collections.abc import Mapping
from typing import Any

from shared.auth import Principal

_BETWEEN_THEM = {"answer", "feedback"}


def confided(who: Principal, me: str | None, row: Mapping[Any, Any]) -> dict[str, Any]:
    """A result or a drill that was run, as `who` may see it, who is the person `me`."""
    if row["person"] == me or who.may("training:write"):
        return dict(row)
    return {name: value for name, value in row.items() if name not in _BETWEEN_THEM}
