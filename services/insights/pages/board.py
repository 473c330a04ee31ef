"""Are we doing well? Every measure beside its target and the time before, the course, and the parts of the company."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights import rollups
from services.insights.measures import MEASURES, Measure, Totals
from services.insights.pages import charts, numbers
from services.insights.pages.course import Step, course
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table
from services.insights.pages.names import name_of
from services.insights.pages.report import Report, before

SMALL: Final = 20
"""Complaints of a group below which its shares say little."""
SHOWN: Final = 20
"""Groups in the chart; the table has up to MOST."""
MOST: Final = 100
COMPARED: Final = (
    "received",
    "handling_rate",
    "handling_time_p90",
    "satisfaction_rate",
    "promise_kept_rate",
    "open_now",
)
"""Measures in the table of groups. The chart shows the second one."""
_BY_ID: Final = {measure.id: measure for measure in MEASURES}


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    spans = ((asked.first, asked.last), before(asked))
    whole, then = [(await rollups.totals(connection, rollups.OVERALL, *s, asked.now))[""] for s in spans]
    days = await rollups.totals(connection, rollups.BY_DAY, asked.first, asked.last, asked.now)
    groups = await rollups.totals(connection, asked.by, asked.first, asked.last, asked.now)
    steps = course(asked.first, asked.last, days)
    return (_figures(whole, asked), _course(steps, asked), *_groups(groups, asked), _all(whole, then, asked))


def _target(measure: Measure, asked: Asked) -> str:
    if measure.target is None:
        return ""
    sign = "≥" if measure.direction == "higher" else "≤"
    return f"{sign} {numbers.in_unit(measure.unit, measure.target, asked)}"


def _status(measure: Measure, of: Totals, asked: Asked) -> Cell:
    value = measure.of(of)
    status = measure.status(value)
    return Cell(asked.say(f"status_{status.value}"), tone=numbers.measured(measure, value, asked).tone)


def _figures(whole: Totals, asked: Asked) -> Figures:
    chosen = [m for m in MEASURES if m.target is not None or m.id in COMPARED]
    return Figures(
        asked.say("figures"),
        tuple(
            Figure(
                m.id,
                m.name[asked.language],
                numbers.measured(m, m.of(whole), asked),
                f"{_target(m, asked)} · {_status(m, whole, asked).text}" if m.target is not None else "",
            )
            for m in chosen
        ),
    )


def _course(steps: Sequence[Step], asked: Asked) -> Chart:
    names = [asked.say("received"), asked.say("closed"), asked.say("open")]
    told = [(step.received, step.closed, step.open) for step in steps]
    size = steps[0].size
    lines = dict(zip(names[:2], [[n[0] for n in told], [n[1] for n in told]], strict=True))
    return Chart(
        asked.say(f"course_{size}"),
        asked.say("course_told", first=asked.first, last=asked.last),
        charts.over_time([step.first for step in steps], lines, size == "month"),
        Table(
            "course",
            asked.say("in_numbers"),
            (asked.say(f"from_{size}"), *names),
            tuple(
                Row(str(step.first), (numbers.day(step.first), *map(numbers.count, n)))
                for step, n in zip(steps, told, strict=True)
            ),
        ),
    )


def _groups(groups: dict[str, Totals], asked: Asked) -> Sequence[Section]:
    order = sorted(groups, key=lambda key: (-groups[key].counts.get("received", 0), key))
    if not order:
        return (Note(asked.say("nothing")),)
    compared, drawn = [_BY_ID[id] for id in COMPARED], _BY_ID[COMPARED[1]]
    found = [(name_of(asked.by, key, asked), drawn.of(groups[key])) for key in order[:SHOWN]]
    small = sum(1 for key in order if groups[key].counts.get("received", 0) < SMALL)
    table = Table(
        "groups",
        asked.say("in_numbers"),
        (asked.say(f"by_{asked.by}"), *(m.name[asked.language] for m in compared)),
        tuple(
            Row(
                key,
                (
                    Cell(name_of(asked.by, key, asked)),
                    *(numbers.measured(m, m.of(groups[key]), asked) for m in compared),
                ),
            )
            for key in order[:MOST]
        ),
        asked.say("more", number=len(order) - MOST) if len(order) > MOST else "",
    )
    cut = asked.say(f"by_{asked.by}")
    chart = Chart(
        asked.say("groups", measure=drawn.name[asked.language], cut=cut),
        asked.say("groups_told", number=len(found), target=_target(drawn, asked)),
        charts.bars([charts.Bar(name, v.value) for name, v in found if v], drawn.target, shares=True),
        table,
    )
    notes = [asked.say("small", number=small, least=SMALL)] if small else []
    return (chart, *map(Note, notes))


def _all(whole: Totals, then: Totals, asked: Asked) -> Table:
    return Table(
        "measures",
        asked.say("all"),
        (
            asked.say("measure"),
            asked.say("value"),
            asked.say("status"),
            asked.say("target"),
            asked.say("before"),
        ),
        tuple(
            Row(
                m.id,
                (
                    Cell(m.name[asked.language]),
                    numbers.measured(m, m.of(whole), asked),
                    _status(m, whole, asked),
                    Cell(_target(m, asked)),
                    Cell(numbers.measured(m, m.of(then), asked).text),
                ),
            )
            for m in MEASURES
        ),
        asked.say("compared"),
    )


BOARD = Report("board", ("department", "category", "product", "channel", "region", "severity"), _make)
