"""What do customers complain about, and what should be removed first? By number and by what it costs (Pareto)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights import rollups
from services.insights.economics.book import ECONOMICS
from services.insights.economics.measured import closed, worth
from services.insights.economics.schemas import EconomicsBy
from services.insights.measures.model import Totals
from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table
from services.insights.pages.names import name_of
from services.insights.pages.report import Report, before
from shared.rulebooks.store import load_books

SHOWN: Final = 10
"""Causes in a chart; the rest is one bar. The table has up to MOST."""
MOST: Final = 100
VITAL: Final = 0.8
"""Juran's vital few: the causes that together make so large a share."""


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    now, then = [
        _matters(await rollups.totals(connection, asked.by, *span, asked.now))
        for span in ((asked.first, asked.last), before(asked))
    ]
    if not sum(now.values()):
        return (Note(asked.say("nothing")),)
    sections: list[Section] = [_vital(now, asked), _by_number(now, then, asked)]
    if asked.by in {each.value for each in EconomicsBy}:
        books = await load_books(connection, ECONOMICS)
        assumed = books.read(ECONOMICS)
        found = worth(await closed(connection, asked.by, asked.first, asked.last), assumed)
        costs = {key: each.assumed.market_at_risk + each.assumed.handling for key, each in found.items()}
        if sum(costs.values()):
            sections.append(_by_cost(costs, assumed.currency, asked))
            sections.append(Note(asked.say("cost_note", version=books.version(ECONOMICS))))
    return sections


def _matters(groups: Mapping[str, Totals]) -> dict[str, int]:
    """Complaints received, without those that tell the matter of another one."""
    counts = {key: of.counts.get("received", 0) - of.counts.get("merged", 0) for key, of in groups.items()}
    return {key: n for key, n in counts.items() if n}


def _order(by: Mapping[str, int] | Mapping[str, Decimal]) -> list[str]:
    return sorted(by, key=lambda key: (-by[key], key))


def _vital(now: Mapping[str, int], asked: Asked) -> Figures:
    whole, few, together = sum(now.values()), 0, 0
    for key in _order(now):
        few, together = few + 1, together + now[key]
        if together >= VITAL * whole:
            break
    return Figures(
        asked.say("figures"),
        (
            Figure("matters", asked.say("matters"), numbers.count(whole), asked.say("matters_note")),
            Figure("causes", asked.say(f"by_{asked.by}"), numbers.count(len(now))),
            Figure(
                "vital", asked.say("vital"), numbers.count(few), asked.say("vital_note", share=f"{VITAL:.0%}")
            ),
        ),
    )


def _bars(by: Mapping[str, int] | Mapping[str, Decimal], asked: Asked) -> list[charts.Bar]:
    order = _order(by)
    shown = [charts.Bar(name_of(asked.by, key, asked), float(by[key])) for key in order[:SHOWN]]
    rest = [float(by[key]) for key in order[SHOWN:]]
    return [*shown, charts.Bar(asked.say("rest", number=len(rest)), sum(rest))] if rest else shown


def _by_number(now: Mapping[str, int], then: Mapping[str, int], asked: Asked) -> Chart:
    whole, together, rows = sum(now.values()), 0, []
    for key in _order(now)[:MOST]:
        together += now[key]
        name, n, was = Cell(name_of(asked.by, key, asked)), now[key], then.get(key, 0)
        cells = (name, numbers.count(n), numbers.share(n, whole), numbers.share(together, whole))
        rows.append(Row(key, (*cells, numbers.count(was), Cell(f"{n - was:+,d}"))))
    heads = ("complaints", "share", "together", "before", "change")
    cut = asked.say(f"by_{asked.by}")
    more = asked.say("more", number=len(now) - MOST) if len(now) > MOST else ""
    return Chart(
        asked.say("by_number", cut=cut),
        asked.say("pareto_told"),
        charts.pareto(_bars(now, asked), whole),
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
