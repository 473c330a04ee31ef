"""Formulas over sums. Pure."""

from services.insights.measures.model import Making, Terms, Totals, Value, summed

ENDED_ELSEWHERE: Terms = {"merged": -1, "withdrawn": -1}
TO_HANDLE: Terms = {"received": 1, **ENDED_ELSEWHERE}
SECONDS = 3600


def count(name: str) -> Making:
    return Making(lambda totals: Value(totals.counts.get(name, 0)), {name: 1})


def share(whole: str | Terms, *parts: str, scale: float = 1, minus: str | None = None) -> Making:
    """The parts less `minus` by the whole, times `scale`; nothing while the whole is 0."""
    below: Terms = {whole: 1} if isinstance(whole, str) else whole
    above: Terms = dict.fromkeys(parts, 1) | ({minus: -1} if minus else {})

    def value(totals: Totals) -> Value | None:
        part, n = summed(above, totals.counts), summed(below, totals.counts)
        return Value(scale * part / n, part, n) if n else None

    return Making(value, above, below)


def hours_until(reached: float, duration: str, of: Terms) -> Making:
    """The time until it had ended for this share of `of` (Kaplan-Meier; see `durations` and `timed`)."""

    def hours(totals: Totals) -> Value | None:
        spans = totals.spans.get(duration)
        found = spans.quantile(reached) if spans else None
        return Value(round(found.seconds / SECONDS, 4), at_least=found.at_least) if found else None

    return Making(hours, of)


def mean_hours(seconds: str, of: str) -> Making:
    def hours(totals: Totals) -> Value | None:
        n = totals.counts.get(of, 0)
        return Value(round(totals.counts.get(seconds, 0) / n / SECONDS, 4)) if n else None

    return Making(hours, {of: 1})


def per_thousand(name: str) -> Making:
    """By what was sold or served; nothing while nobody has said how much that is."""

    def rate(totals: Totals) -> Value | None:
        n = totals.counts.get(name, 0)
        return Value(n / totals.exposure, n) if totals.exposure else None

    return Making(rate, {name: 1})


def still_open() -> Making:
    return Making(lambda totals: Value(totals.open), {**TO_HANDLE, "closed": -1}, ever=True)
