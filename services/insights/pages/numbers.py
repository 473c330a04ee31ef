"""Numbers as they are shown, each with its value as the API gives it. Pure."""

from datetime import date
from decimal import Decimal

from services.insights.economics.measured import Figure
from services.insights.measures.asking import Reading
from services.insights.measures.book import Status
from services.insights.measures.model import Unit
from services.insights.pages.model import Asked, Cell, Tone

NOTHING = "–"
_TONES = {Status.MET: Tone.GOOD, Status.MISSED: Tone.BAD}


def count(number: int) -> Cell:
    return Cell(f"{number:,}", str(number))


def share(part: int, whole: int) -> Cell:
    return Cell(f"{part / whole:.1%}", str(part / whole)) if whole else Cell(NOTHING)


def ratio(of: float | None) -> Cell:
    """A share that was worked out elsewhere."""
    return Cell(NOTHING) if of is None else Cell(f"{of:.1%}", str(of))


def decimal(of: float | None, digits: int = 1) -> Cell:
    return Cell(NOTHING) if of is None else Cell(f"{of:,.{digits}f}", str(of))


def day(of: date) -> Cell:
    return Cell(of.isoformat())


def money(amount: Decimal) -> Cell:
    """Rounded to the unit where it is shown."""
    return Cell(f"{amount:,.0f}", str(amount))


def interval(figure: Figure) -> Cell:
    return Cell(f"{figure.low:,.0f} … {figure.high:,.0f}")


def measured(reading: Reading, asked: Asked) -> Cell:
    """In the tone of whether the target is met."""
    if reading.value is None:
        return Cell(NOTHING)
    least = "≥ " if reading.at_least else ""
    told = least + in_unit(reading.unit, reading.value, asked)
    whole = reading.unit is Unit.COMPLAINTS
    return Cell(
        told, str(int(reading.value) if whole else reading.value), _TONES.get(reading.status, Tone.PLAIN)
    )


def in_unit(unit: Unit, value: float, asked: Asked) -> str:
    match unit:
        case Unit.SHARE:
            return f"{value:.1%}"
        case Unit.HOURS:
            return asked.say("hours", number=f"{value:,.1f}")
        case Unit.COMPLAINTS:
            return f"{value:,.0f}"
        case _:
            return f"{value:,.1f}"
