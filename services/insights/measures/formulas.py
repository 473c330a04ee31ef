"""Formulas over sums, of all groups at once. Pure."""

from services.insights.measures.model import Groups, Making, Terms, Value

ENDED_ELSEWHERE: Terms = {"merged": -1, "withdrawn": -1}
TO_HANDLE: Terms = {"received": 1, **ENDED_ELSEWHERE}
SECONDS = 3600


def count(name: str) -> Making:
    counted: Terms = {name: 1}
    return Making(lambda groups: [Value(n) for n in groups.summed(counted)], counted)


def share(whole: str | Terms, *parts: str, scale: float = 1, minus: str | None = None) -> Making:
    """The parts less `minus` by the whole, times `scale`; nothing while the whole is 0."""
    below: Terms = {whole: 1} if isinstance(whole, str) else whole
    above: Terms = dict.fromkeys(parts, 1) | ({minus: -1} if minus else {})

    def values(groups: Groups) -> list[Value | None]:
        both = zip(groups.summed(above), groups.summed(below), strict=True)
        return [Value(scale * part / n, part, n) if n else None for part, n in both]

    return Making(values, above, below)


def hours_until(reached: float, duration: str, of: Terms) -> Making:
    """The time until it had ended for this share of `of` (Kaplan-Meier; see `durations` and `timed`)."""

    def hours(groups: Groups) -> list[Value | None]:
        return [
            Value(round(found.seconds / SECONDS, 4), at_least=found.at_least) if found else None
            for found in groups.quantile(duration, reached)
        ]

    return Making(hours, of, duration=duration)


def mean_hours(seconds: str, of: str) -> Making:
    summed: Terms = {seconds: 1}
    below: Terms = {of: 1}

    def hours(groups: Groups) -> list[Value | None]:
        both = zip(groups.summed(summed), groups.summed(below), strict=True)
        return [Value(round(took / n / SECONDS, 4)) if n else None for took, n in both]

    return Making(hours, below, beside=seconds)


def per_thousand(name: str) -> Making:
    """By what was sold or served; nothing while nobody has said how much that is."""
    counted: Terms = {name: 1}

    def rates(groups: Groups) -> list[Value | None]:
        exposure = groups.exposure
        return [Value(n / exposure, n) if exposure else None for n in groups.summed(counted)]

    return Making(rates, counted)


def still_open() -> Making:
    terms: Terms = {**TO_HANDLE, "closed": -1}
    return Making(lambda groups: [Value(n) for n in groups.open.tolist()], terms, ever=True)
