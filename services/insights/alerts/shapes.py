"""Of how long a past a series is expected from: as long as it has, up to six years. Pure.

A season is learned only from two years of it, a trend only from one: of less, a passing rise looks like either.
"""

from services.insights.warning.harmonic import Shape

WINDOWS = (34, 52, 104, 208, 312)
"""Weeks. The shortest leaves 26 to learn from."""
DAY_WINDOWS = (91, 182, 364, 728)
"""Days."""
TREND, SEASON = 52, 104
"""Weeks from which a trend and the seasons of the year are learned."""
SPANS = (1, 2, 4, 8)
"""Newest weeks, or days, whose sums are judged."""
GUARD, DAY_GUARD = 8, 28


def weekly(window: int) -> Shape:
    return Shape(
        window=window,
        guard=GUARD,
        harmonics=(0, 1, 2) if window >= SEASON else (0,),
        trends=(False, True) if window >= TREND else (False,),
    )


def daily(window: int) -> Shape:
    """With days of the week."""
    return Shape(
        window=window,
        guard=DAY_GUARD,
        year=365.25,
        cycle=7,
        harmonics=(0, 1, 2) if window >= 7 * SEASON else (0,),
        trends=(False, True) if window >= 7 * TREND else (False,),
    )


def window_for(history: int, windows: tuple[int, ...]) -> int:
    """The longest that fits into so many steps before the judged one; 0 when none does."""
    return max((each for each in windows if each <= history), default=0)
