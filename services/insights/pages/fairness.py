"""Is everybody treated alike? The newest audit that was made by the end of the range, and what was answered."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.fairness import store
from services.insights.fairness.measures import Sort
from services.insights.fairness.model import FairnessVerdict
from services.insights.fairness.schemas import ComparisonShown, FairnessAuditShown, as_shown
from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table, Tone
from services.insights.pages.names import name_of
from services.insights.pages.report import Report
from services.insights.ranges import moments
from shared.events.insights import Treated as About
from shared.events.vocabulary import Language

SHOWN: Final = 14
"""Comparisons in a chart, the most telling; the table has up to MOST."""
MOST: Final = 300
_TONES: Final = {FairnessVerdict.DISPARITY: Tone.BAD, FairnessVerdict.ALIKE: Tone.GOOD}


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    _, before = moments(asked.first, asked.last)
    row = await store.newest_of(connection, About(asked.by), before)
    if row is None:
        return (Note(asked.say("no_audit")),)
    audit = FairnessAuditShown(**row)
    found = [ComparisonShown(**as_shown(each)) for each in await store.comparisons_of(connection, audit.id)]
    drawn = (
        (sort, [each for each in found if each.sort is sort and each.value is not None]) for sort in Sort
    )
    return (
        Note(
            asked.say(
                "audited", first=audit.first, last=audit.last, made=audit.made_at.astimezone(UTC).date()
            )
        ),
        _figures(audit, found, asked),
        *(_forest(sort, some[:SHOWN], asked) for sort, some in drawn if some),
        _all(found, asked),
        Note(asked.say("method", version=audit.rules_version)),
    )


def _figures(audit: FairnessAuditShown, found: Sequence[ComparisonShown], asked: Asked) -> Figures:
    verdicts = Counter(each.verdict for each in found)
    unanswered = sum(each.verdict is FairnessVerdict.DISPARITY and each.decision is None for each in found)
    counted = [
        Figure(
            each.value,
            asked.say(f"verdict_{each.value}"),
            Cell(
                f"{verdicts[each]:,}",
                str(verdicts[each]),
                _TONES.get(each, Tone.PLAIN) if verdicts[each] else Tone.PLAIN,
            ),
        )
        for each in FairnessVerdict
    ]
    return Figures(
        asked.say("figures"),
        (
            Figure("cases", asked.say(f"cases_{audit.about.value}"), numbers.count(audit.cases)),
            Figure("comparisons", asked.say("comparisons"), numbers.count(len(found))),
            *counted,
            Figure("unanswered", asked.say("unanswered"), numbers.count(unanswered)),
        ),
    )


def _who(of: ComparisonShown, asked: Asked) -> str:
    return name_of(of.characteristic, of.group, asked)


def _what(of: ComparisonShown, asked: Asked) -> str:
    return of.name_zh if asked.language is Language.ZH else of.name_en


def _in_unit(of: ComparisonShown, value: float | None) -> Cell:
    """Differences in points with their sign; ratios as a factor."""
    if value is None:
        return Cell(numbers.NOTHING)
    return Cell(f"× {value:.2f}" if of.sort is Sort.TIME else f"{100 * value:+.1f}", str(value))


def _tolerated(of: ComparisonShown) -> tuple[float, float]:
    """Between these a difference does not matter."""
    if of.sort is Sort.TIME:
        return 1 / (1 + of.tolerance), 1 + of.tolerance
    return -of.tolerance, of.tolerance


def _forest(sort: Sort, some: Sequence[ComparisonShown], asked: Asked) -> Chart:
    compared = [
        charts.Compared(
            f"{_who(each, asked)} · {asked.say(f'short_{each.measure.value}')}",
            *(each.value or 0.0, each.low or 0.0, each.high or 0.0, *_tolerated(each)),
            plain=each.verdict is FairnessVerdict.DISPARITY,
        )
        for each in some
    ]
    heads = ("value", "low", "high", "tolerance", "verdict")
    rows = tuple(
        Row(
            str(each.id),
            (
                Cell(f"{_who(each, asked)} · {asked.say(f'short_{each.measure.value}')}"),
                *(_in_unit(each, of) for of in (each.value, each.low, each.high)),
                Cell(f"± {100 * each.tolerance:.0f} %"),
                _verdict(each, asked),
            ),
        )
        for each in some
    )
    return Chart(
        asked.say(f"sort_{sort.value}"),
        f"{asked.say(f'sort_{sort.value}_told')} {asked.say('forest_told')}",
        charts.forest(compared, sort.equal, ratios=sort is Sort.TIME),
        Table(
            f"sort-{sort.value}", asked.say("in_numbers"), (asked.say("who"), *map(asked.say, heads)), rows
        ),
    )


def _verdict(of: ComparisonShown, asked: Asked) -> Cell:
    return Cell(asked.say(f"verdict_{of.verdict.value}"), tone=_TONES.get(of.verdict, Tone.PLAIN))


def _all(found: Sequence[ComparisonShown], asked: Asked) -> Table:
    heads = (
        *("who", "measure", "verdict", "value", "low", "high", "q"),
        *("worse", "cases", "others", "answered"),
    )
    rows = tuple(
        Row(
            str(each.id),
            (
                Cell(f"{asked.say(f'by_{each.characteristic}')} · {_who(each, asked)}"),
                Cell(_what(each, asked)),
                _verdict(each, asked),
                *(_in_unit(each, of) for of in (each.value, each.low, each.high)),
                numbers.decimal(each.q_value, 4),
                Cell(asked.say(f"worse_{each.worse.value}") if each.worse else numbers.NOTHING),
                numbers.count(each.n),
                numbers.count(each.n_others),
                Cell(asked.say(f"answered_{each.decision.value}") if each.decision else numbers.NOTHING),
            ),
        )
        for each in found[:MOST]
    )
    more = asked.say("more", number=len(found) - MOST) if len(found) > MOST else ""
    return Table("comparisons", asked.say("all"), tuple(map(asked.say, heads)), rows, more)


FAIRNESS = Report("fairness", tuple(about.value for about in About), _make)
