"""How do people compare with the same cases? Each beside what all together would have reached, with an interval.

It is no ranking: people stand in the order of their ids, and of few cases nothing is said.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.measures.catalogue import BY_ID
from services.insights.measures.comparing import CaseMixVerdict, Standing
from services.insights.measures.model import Direction
from services.insights.measures.people import COMPARED, standings_of
from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table, Tone
from services.insights.pages.report import Report

SHOWN: Final = 30
"""People in the chart, those with the most cases; the table has up to MOST."""
MOST: Final = 300


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    found, fewest = await standings_of(connection, BY_ID[asked.by], asked.first, asked.last)
    if not found:
        return (Note(asked.say("nobody")),)
    figures, known = _figures(found, asked), [each for each in found if each.ratio is not None]
    if not known:
        return (figures, _all(found, asked), Note(asked.say("how", fewest=fewest)))
    return (figures, _forest(known, asked), _all(found, asked), Note(asked.say("how", fewest=fewest)))


def _figures(found: Sequence[Standing], asked: Asked) -> Figures:
    verdicts = Counter(each.verdict for each in found)
    return Figures(
        asked.say("figures"),
        (
            Figure("people", asked.say("people"), numbers.count(len(found))),
            Figure("cases", asked.say("cases"), numbers.count(sum(each.of for each in found))),
            *(
                Figure(each.value, asked.say(f"verdict_{each.value}"), numbers.count(verdicts[each]))
                for each in CaseMixVerdict
            ),
        ),
    )


def _forest(known: Sequence[Standing], asked: Asked) -> Chart:
    most = sorted(known, key=lambda each: (-each.of, each.person))[:SHOWN]
    shown = sorted(most, key=lambda each: each.person)
    heads = ("ratio", "low", "high", "shrunk", "chance_low", "chance_high")
    return Chart(
        asked.say("forest", measure=BY_ID[asked.by].name[asked.language]),
        asked.say("forest_told", number=len(shown)),
        charts.forest([_drawn(each) for each in shown], 1.0, ratios=False),
        Table(
            "standings",
            asked.say("in_numbers"),
            (asked.say("person"), *map(asked.say, heads)),
            tuple(
                Row(each.person, (Cell(each.person), *map(numbers.ratio, _ratios(each)))) for each in shown
            ),
        ),
    )


def _drawn(of: Standing) -> charts.Compared:
    ratio, low, high, _, least, most = (value or 0.0 for value in _ratios(of))
    outside = of.verdict in {CaseMixVerdict.MORE, CaseMixVerdict.FEWER}
    return charts.Compared(of.person, ratio, low, high, least, most, plain=outside)


def _ratios(of: Standing) -> tuple[float | None, ...]:
    wide = of.funnel_wide
    return of.ratio, of.low, of.high, of.shrunk, wide.low if wide else None, wide.high if wide else None


def _all(found: Sequence[Standing], asked: Asked) -> Table:
    heads = ("person", "observed", "of", "expected", "ratio", "low", "high", "shrunk", "verdict")
    rows = tuple(
        Row(
            each.person,
            (
                Cell(each.person),
                numbers.count(each.observed),
                numbers.count(each.of),
                numbers.decimal(each.expected),
                *map(numbers.ratio, _ratios(each)[:4]),
                _verdict(each, asked),
            ),
        )
        for each in found[:MOST]
    )
    more = asked.say("more", number=len(found) - MOST) if len(found) > MOST else ""
    return Table("people", asked.say("all"), tuple(map(asked.say, heads)), rows, more)


def _verdict(of: Standing, asked: Asked) -> Cell:
    """More of what is better is good, and fewer of it bad; the words say which it is."""
    higher = BY_ID[asked.by].direction is Direction.HIGHER
    tones = {CaseMixVerdict.MORE: higher, CaseMixVerdict.FEWER: not higher}
    good = tones.get(of.verdict)
    tone = Tone.PLAIN if good is None else Tone.GOOD if good else Tone.BAD
    return Cell(asked.say(f"verdict_{of.verdict.value}"), tone=tone)


PEOPLE = Report("people", COMPARED, _make, of_people=True)
