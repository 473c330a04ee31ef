"""Numbers as they are shown, each with its value as the API gives it. Pure."""

from datetime import date
from decimal import Decimal

from services.insights.economics.measured import Figure
from services.insights.measures import Measure, Unit, Value
from services.insights.measures.book import Status
from services.insights.pages.model import Asked, Cell, Tone

NOTHING = "–"
_TONES = {Status.MET: Tone.GOOD, Status.MISSED: Tone.BAD}
"""What is near its target, or must not be read alone, is neither."""


def count(number: int) -> Cell:
    return Cell(f"{number:,}", str(number))


def share(part: int, whole: int) -> Cell:
    return Cell(f"{part / whole:.1%}", str(part / whole)) if whole else Cell(NOTHING)


def day(of: date) -> Cell:
    return Cell(of.isoformat())


def money(amount: Decimal) -> Cell:
    """Rounded to the unit where it is shown."""
    return Cell(f"{amount:,.0f}", str(amount))


def interval(figure: Figure) -> Cell:
    return Cell(f"{figure.low:,.0f} … {figure.high:,.0f}")


def measured(measure: Measure, value: Value | None, asked: Asked, status: Status = Status.NO_TARGET) -> Cell:
    """In the tone of whether its target is met."""
    if value is None:
        return Cell(NOTHING)
    least = "≥ " if value.at_least else ""
    return Cell(
        least + in_unit(measure.unit, value.value, asked),
        str(value.value),
        _TONES.get(status, Tone.PLAIN),
    )


def in_unit(unit: Unit, value: float, asked: Asked) -> str:
    match unit:
        case Unit.SHARE:
            return f"{value:.1%}"
        case Unit.HOURS:
            return asked.say("hours", number=f"{value:,.1f}")
        case Unit.POINTS | Unit.PER_THOUSAND:
            return f"{value:,.1f}"
        case _:
            return f"{value:,.0f}"
