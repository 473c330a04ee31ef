"""Questions to the sums: their cost follows from the days and the names, not from the number of complaints."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

GROUPS = 50
"""Of a cut, the values with the most complaints."""
PERIODS = 26
"""In so many parts at most a range of days is told."""


@dataclass(frozen=True)
class Group:
    """What was heard of one value of the cut, by what and name: complaints in each period."""

    periods: int
    series: dict[tuple[str, str], list[int]] = field(default_factory=dict[tuple[str, str], list[int]])

    def of(self, what: str, name: str = "") -> list[int]:
        return self.series.get((what, name)) or [0] * self.periods

    def n(self, what: str, name: str = "") -> int:
        return sum(self.of(what, name))

    def names(self, what: str) -> list[str]:
        """Without '', which is any of them."""
        return sorted(name for kind, name in self.series if kind == what and name)


@dataclass(frozen=True)
class Sums:
    step: int
    """Days of a period; the last may be shorter."""
    periods: int
    groups: dict[str, Group]
    """Those with the most complaints first."""
    more: bool
    """There are further ones."""


_SUMS = text(
    """
WITH largest AS (
    SELECT value, sum(n) AS complaints FROM voice_sums
    WHERE dimension = :dimension AND day BETWEEN :first AND :last AND what = 'heard'
      AND (CAST(:value AS text) IS NULL OR value = :value)
    GROUP BY value ORDER BY complaints DESC, value LIMIT :groups
)
SELECT s.value, s.what, s.name, (s.day - CAST(:first AS date)) / CAST(:step AS int) AS period, sum(s.n)::bigint AS n
FROM voice_sums s JOIN largest USING (value)
WHERE s.dimension = :dimension AND s.day BETWEEN :first AND :last AND s.what = ANY(CAST(:whats AS text[]))
GROUP BY s.value, s.what, s.name, period, largest.complaints
ORDER BY largest.complaints DESC, s.value
"""
)


async def read(
    connection: AsyncConnection,
    by: str,
    first: date,
    last: date,
    whats: Sequence[str],
    value: str | None = None,
) -> Sums:
    """Sums by a cut, of one of its values or of the largest, from `first` to `last`, both included."""
    days = (last - first).days + 1
    step = -(-days // PERIODS)
    periods = -(-days // step)
    found = await connection.execute(
        _SUMS,
        {
            "dimension": by,
            "first": first,
            "last": last,
            "value": value,
            "groups": GROUPS + 1,
            "step": step,
            "whats": ["heard", *whats],
        },
    )
    groups: defaultdict[str, Group] = defaultdict(lambda: Group(periods))
    for row in found:
        groups[row.value].series.setdefault((row.what, row.name), [0] * periods)[row.period] = row.n
    kept = dict(list(groups.items())[:GROUPS])
    return Sums(step, periods, kept, len(groups) > GROUPS)
