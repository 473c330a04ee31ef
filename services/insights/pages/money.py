"""What do complaints cost, and what is handling them worth? By the assumptions of the rulebook `economics`."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.economics.assumed import in_force
from services.insights.economics.book import ECONOMICS
from services.insights.economics.measured import Figure as Amount
from services.insights.economics.measured import closed, worth
from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table
from services.insights.pages.names import name_of
from services.insights.pages.report import Report
from shared.rulebooks.store import load_books

SHOWN: Final = 12
"""Groups in the chart; the table has up to MOST."""
MOST: Final = 100
AMOUNTS: Final = (
    *("market_at_risk", "recovered", "recoverable", "speed", "voice"),
    *("word_of_mouth", "replacement", "handling"),
)
"""In the order in which they are shown; `customers_at_risk` are people and stand before them."""
HANDLED: Final = ("handling", "recovered", "recoverable", "speed", "voice", "word_of_mouth")
"""What handling costs, and what it is or could be worth."""


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    books = await load_books(connection, ECONOMICS)
    assumed = await in_force(connection, books)
    currency = assumed.currency
    whole = worth(await closed(connection, None, asked.first, asked.last), assumed)
    if not whole:
        return (Note(asked.say("nothing")),)
    groups = worth(await closed(connection, asked.by, asked.first, asked.last), assumed)
    found = {key: each.figures() for key, each in groups.items()}
    return (
        _figures(whole[""].figures(), currency, asked),
        _at_risk(found, currency, asked),
        _handled(whole[""].figures(), currency, asked),
        _all(found, currency, asked),
        Note(asked.say("assumed", version=books.version(ECONOMICS))),
    )


def _figures(whole: Mapping[str, Amount], currency: str, asked: Asked) -> Figures:
    return Figures(
        asked.say("figures", currency=currency),
        tuple(
            Figure(
                name,
                asked.say(name),
                numbers.money(whole[name].value),
                asked.say("between", interval=numbers.interval(whole[name]).text),
            )
            for name in ("customers_at_risk", *AMOUNTS)
        ),
    )


def _order(found: Mapping[str, Mapping[str, Amount]]) -> list[str]:
    return sorted(found, key=lambda key: (-found[key]["market_at_risk"].value, key))


def _at_risk(found: Mapping[str, Mapping[str, Amount]], currency: str, asked: Asked) -> Chart:
    order = _order(found)
    risks = {key: found[key]["market_at_risk"] for key in order}
    bars = [
        charts.Bar(name_of(asked.by, key, asked), float(of.value), float(of.low), float(of.high))
        for key, of in list(risks.items())[:SHOWN]
    ]
    cut = asked.say(f"by_{asked.by}")
    rows = tuple(
        Row(
            key,
            (Cell(name_of(asked.by, key, asked)), *map(numbers.money, (of.value, of.low, of.high))),
        )
        for key, of in list(risks.items())[:MOST]
    )
    heads = (cut, asked.say("market_at_risk"), asked.say("low"), asked.say("high"))
    return Chart(
        asked.say("at_risk", cut=cut, currency=currency),
        asked.say("at_risk_told"),
        charts.bars(bars),
        Table("at_risk", asked.say("in_numbers"), heads, rows),
    )


def _handled(whole: Mapping[str, Amount], currency: str, asked: Asked) -> Chart:
    named = {name: whole[name] for name in HANDLED}
    bars = [
        charts.Bar(asked.say(name), float(of.value), float(of.low), float(of.high))
        for name, of in named.items()
    ]
    rows = tuple(
        Row(name, (Cell(asked.say(name)), *map(numbers.money, (of.value, of.low, of.high))))
        for name, of in named.items()
    )
    heads = (asked.say("worth_of"), asked.say("value"), asked.say("low"), asked.say("high"))
    return Chart(
        asked.say("handled", currency=currency),
        asked.say("handled_told"),
        charts.bars(bars),
        Table("handled", asked.say("in_numbers"), heads, rows),
    )


def _all(found: Mapping[str, Mapping[str, Amount]], currency: str, asked: Asked) -> Table:
    order = _order(found)
    return Table(
        "worth",
        asked.say("all", currency=currency),
        (asked.say(f"by_{asked.by}"), *map(asked.say, AMOUNTS)),
        tuple(
            Row(
                key,
                (
                    Cell(name_of(asked.by, key, asked)),
                    *(numbers.money(found[key][name].value) for name in AMOUNTS),
                ),
            )
            for key in order[:MOST]
        ),
        asked.say("more", number=len(order) - MOST) if len(order) > MOST else "",
    )


MONEY = Report("money", ("category", "product", "department", "channel"), _make)
