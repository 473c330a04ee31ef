"""What do customers complain about, and what should be removed first? By number and by what it costs (Pareto)."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights import rollups
from services.insights.charts.book import CHARTS
from services.insights.charts.pareto import Pareto, pareto
from services.insights.charts.schemas import ParetoWeight
from services.insights.economics.assumed import in_force
from services.insights.economics.book import ECONOMICS
from services.insights.economics.measured import closed, worth
from services.insights.economics.schemas import EconomicsBy
from services.insights.measures.model import Groups
from services.insights.pages import charts, numbers
from services.insights.pages.back import back
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table
from services.insights.pages.names import name_of
from services.insights.pages.report import Report, before
from shared.rulebooks.store import load_books

SHOWN: Final = 10
"""Causes in a chart; the rest is one bar. The table has up to MOST."""
MOST: Final = 100
COUNTED: Final = {"matters": 1}
MATTERS: Final = rollups.Wanted.some(COUNTED)


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    now, then = [
        _matters(await rollups.totals(connection, asked.by, *span, asked.now, wanted=MATTERS))
        for span in ((asked.first, asked.last), before(asked))
    ]
    returned = await back(connection, asked)
    if not sum(now.values()):
        return (Note(asked.say("nothing")), *returned)
    books = await load_books(connection, CHARTS, ECONOMICS)
    vital = float(books.read(CHARTS).vital_share)
    # Drawn and seeded as the room of charts does it, from the complaints of these days.
    seed = f"{asked.by}/{ParetoWeight.COUNT}/{asked.first}/{asked.last}"
    few = await asyncio.to_thread(pareto, {key: [(1.0, n)] for key, n in now.items()}, vital, seed)
    sections: list[Section] = [_vital(now, few, vital, asked), _by_number(now, then, few, asked)]
    if asked.by in {each.value for each in EconomicsBy}:
        assumed = await in_force(connection, books)
        found = worth(await closed(connection, asked.by, asked.first, asked.last), assumed)
        costs = {key: each.assumed.market_at_risk + each.assumed.handling for key, each in found.items()}
        if sum(costs.values()):
            sections.append(_by_cost(costs, assumed.currency, asked))
            sections.append(Note(asked.say("cost_note", version=books.version(ECONOMICS))))
    return [*sections, *returned]


def _matters(groups: Groups) -> dict[str, int]:
    """Complaints and criticisms, neither merged into others nor withdrawn: what `/charts/pareto` counts."""
    return {key: n for key, n in zip(groups.keys, groups.summed(COUNTED), strict=True) if n}


def _order(by: Mapping[str, int] | Mapping[str, Decimal]) -> list[str]:
    return sorted(by, key=lambda key: (-by[key], key))


def _vital(now: Mapping[str, int], few: Pareto, vital: float, asked: Asked) -> Figures:
    whole, number, together = sum(now.values()), 0, 0
    for key in _order(now):
        number, together = number + 1, together + now[key]
        if together >= vital * whole:
            break
    certain = sum(item.certain for item in few.items)
    return Figures(
        asked.say("figures"),
        (
            Figure("matters", asked.say("matters"), numbers.count(whole), asked.say("matters_note")),
            Figure("causes", asked.say(f"by_{asked.by}"), numbers.count(len(now))),
            Figure(
                *("vital", asked.say("vital"), numbers.count(number)),
                asked.say("vital_note", share=f"{vital:.0%}"),
            ),
            Figure("certain", asked.say("certain"), numbers.count(certain), asked.say("certain_note")),
        ),
    )


def _bars(
    by: Mapping[str, int] | Mapping[str, Decimal], asked: Asked, few: Pareto | None = None
) -> list[charts.Bar]:
    order = _order(by)
    known = {item.key: (item.low, item.high) for item in few.items} if few else {}
    shown = [
        charts.Bar(name_of(asked.by, key, asked), float(by[key]), *known.get(key, ()))
        for key in order[:SHOWN]
    ]
    rest = [float(by[key]) for key in order[SHOWN:]]
    return [*shown, charts.Bar(asked.say("rest", number=len(rest)), sum(rest))] if rest else shown


def _by_number(now: Mapping[str, int], then: Mapping[str, int], few: Pareto, asked: Asked) -> Chart:
    whole, together, rows = sum(now.values()), 0, []
    known = {item.key: item for item in few.items}
    for key in _order(now)[:MOST]:
        together += now[key]
        name, n, was, item = Cell(name_of(asked.by, key, asked)), now[key], then.get(key, 0), known[key]
        cells = (name, numbers.count(n), numbers.share(n, whole), numbers.share(together, whole))
        ends = (numbers.ratio(item.low), numbers.ratio(item.high), numbers.ratio(item.chance))
        rows.append(Row(key, (*cells, *ends, numbers.count(was), Cell(f"{n - was:+,d}"))))
    heads = ("complaints", "share", "together", "low", "high", "chance", "before", "change")
    cut = asked.say(f"by_{asked.by}")
    more = asked.say("more", number=len(now) - MOST) if len(now) > MOST else ""
    return Chart(
        asked.say("by_number", cut=cut),
        f"{asked.say('pareto_told')} {asked.say('interval_told')}",
        charts.pareto(_bars(now, asked, few), whole),
        Table("causes", asked.say("in_numbers"), (cut, *map(asked.say, heads)), tuple(rows), more),
    )


def _by_cost(costs: Mapping[str, Decimal], currency: str, asked: Asked) -> Chart:
    whole, together, rows = sum(costs.values()), Decimal(0), []
    for key in _order(costs)[:MOST]:
        together += costs[key]
        shares = (Cell(f"{costs[key] / whole:.1%}"), Cell(f"{together / whole:.1%}"))
        rows.append(Row(key, (Cell(name_of(asked.by, key, asked)), numbers.money(costs[key]), *shares)))
    heads = (asked.say("cost", currency=currency), asked.say("share"), asked.say("together"))
    cut = asked.say(f"by_{asked.by}")
    return Chart(
        asked.say("by_cost", cut=cut, currency=currency),
        asked.say("pareto_told"),
        charts.pareto(_bars(costs, asked), float(whole)),
        Table("costs", asked.say("in_numbers"), (cut, *heads), tuple(rows)),
    )


CAUSES = Report("causes", ("category", "product", "region", "loss", "department", "channel"), _make)
