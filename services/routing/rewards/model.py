"""Periods, and who comes first. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_PERIOD = re.compile(r"(?P<year>20[0-9]{2})(-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4]))?")


def bounds(period: str, zone: str) -> tuple[datetime, datetime]:
    """Begin and end of `2026`, `2026-Q1` or `2026-03`, by the clock of the zone. Raises ValueError."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(period)
    year = int(found["year"])
    if found["month"]:
        first, months = int(found["month"]), 1
    elif found["quarter"]:
        first, months = int(found["quarter"]) * 3 - 2, 3
    else:
        first, months = 1, 12
    after = first + months
    here = ZoneInfo(zone)
    since = datetime(year, first, 1, tzinfo=here)
    until = datetime(year + (after - 1) // 12, (after - 1) % 12 + 1, 1, tzinfo=here)
    return since.astimezone(UTC), until.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """A person in a period."""

    person: str
    handled: int
    points: int

    @property
    def per_case(self) -> float | None:
        return round(self.points / self.handled, 4) if self.handled else None


def ranked(standings: Sequence[Standing], least_cases: int) -> list[tuple[int | None, Standing]]:
    """Best first by points per handled case; equal ones share a rank.

    The number of cases does not count by itself: who handled at least `least_cases` is compared, the others follow
    without a rank.
    """

    def per_case(standing: Standing) -> float:
        return standing.points / standing.handled

    compared = sorted(
        (each for each in standings if each.handled >= least_cases),
        key=lambda each: (-per_case(each), each.person),
    )
    ranks: list[tuple[int | None, Standing]] = []
    for number, each in enumerate(compared, 1):
        same = ranks and per_case(ranks[-1][1]) == per_case(each)
        ranks.append((ranks[-1][0] if same else number, each))
    rest = sorted((each for each in standings if each.handled < least_cases), key=lambda each: each.person)
    return ranks + [(None, each) for each in rest]
