"""From what was told to what is compared of it. Pure."""

import re
from collections.abc import Iterable, Mapping

from services.intake.duplicates.model import Telling
from shared.gist import gist, plain

_BETWEEN = re.compile(r"[\W_]+")


def telling_of(
    what_went_wrong: str,
    *,
    people: Mapping[str, str | None],
    order: str | None,
    products: Iterable[str | None],
) -> Telling:
    """`people` are ways to know the customer again, by kind: their number, mail address, telephone."""
    known = {kind: _key(value, digits=kind == "phone") for kind, value in people.items() if value}
    return Telling(
        gist(what_went_wrong),
        frozenset(f"{kind}/{key}" for kind, key in known.items() if key),
        _key(order) or None if order else None,
        frozenset(key for name in products if name and (key := _key(name))),
    )


def _key(value: str, *, digits: bool = False) -> str:
    """One key for all ways to write it; of a telephone number the last eleven digits, without the country."""
    key = _BETWEEN.sub("", plain(value))
    return key[-11:] if digits else key
