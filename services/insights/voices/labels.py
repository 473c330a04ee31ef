"""Which values complaints touch (价值取向). Pure.

What a person coded wins over what is heard, and that over what the category says; so each complaint that has a category
touches one value at least.
"""

from collections.abc import Iterator, Sequence

from services.insights.cues.book import ValueOrientation
from services.insights.cues.model import Facet
from services.insights.model import JOIN
from services.insights.voices.sums import Group
from shared.taxonomy import Taxonomy, UnknownCode

LABELS = ("coded", "facets", "placed")
"""By whom or what complaints got their values."""


def values_of(orientation: ValueOrientation, taxonomy: Taxonomy, what: str, name: str) -> list[str]:
    """Codes of the values that one label stands for, as they are mapped today."""
    if what == "facets":
        return orientation.touched([Facet(each) for each in name.split(JOIN)])
    if what == "coded":
        return orientation.called(name.split(JOIN))
    try:
        return orientation.called(taxonomy.category(name).values)
    except UnknownCode:
        return []


def labelled(group: Group) -> list[int]:
    """Complaints that have a label, in each period."""
    return [
        sum(period)
        for period in zip(*(series for _, _, series in _all(group)), [0] * group.periods, strict=True)
    ]


def touching(group: Group, orientation: ValueOrientation, taxonomy: Taxonomy) -> dict[str, list[int]]:
    """Complaints that touch each value, in each period; each complaint once per value."""
    found = {value.code: [0] * group.periods for value in orientation.values}
    for what, name, series in _all(group):
        for code in values_of(orientation, taxonomy, what, name):
            found[code] = [a + b for a, b in zip(found[code], series, strict=True)]
    return found


def _all(group: Group) -> Iterator[tuple[str, str, Sequence[int]]]:
    for what in LABELS:
        for name in group.names(what):
            yield what, name, group.of(what, name)
