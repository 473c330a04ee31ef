"""Are we doing well? Every measure beside its target and the time before, the course, and the parts of the company."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.measures import asking
from services.insights.measures.asking import Reading
from services.insights.measures.catalogue import BY_ID
from services.insights.measures.model import Direction
from services.insights.measures.schemas import By
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
    *("received", "handling_rate", "handling_time_p90"),
    *("satisfaction_rate", "promise_kept_rate", "open_now"),
)
"""Measures in the table of groups. The chart shows the second one."""
COUNTED: Final = ("received", "closed", "open_now")

Readings = Mapping[str, Reading]
"""By the ids of the measures."""


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    span = (asked.first, asked.last)
    whole = (await _read(connection, By.NONE, span))[""]
    then = (await _read(connection, By.NONE, before(asked)))[""]
    days = {
        day: [int(of[id].value or 0) for id in COUNTED]
        for day, of in (await _read(connection, By.DAY, span, COUNTED)).items()
    }
    groups = await _read(connection, By(asked.by), span, COMPARED)
    steps = course(*span, days)
    return (_figures(whole, asked), _course(steps, asked), *_groups(groups, asked), _all(whole, then, asked))


async def _read(
    connection: AsyncConnection, by: By, span: tuple[date, date], only: tuple[str, ...] = ()
) -> dict[str, Readings]:
    answered = await asking.answer(connection, asking.Asked(*span, by, {}, only))
    return {group.key or "": {each.measure: each for each in group.measures} for group in answered.groups}


def _called(reading: Reading, asked: Asked) -> str:
    return BY_ID[reading.measure].name[asked.language]


def _target(reading: Reading, asked: Asked) -> str:
    if reading.target is None:
        return ""
    sign = "≥" if BY_ID[reading.measure].direction is Direction.HIGHER else "≤"
    return f"{sign} {numbers.in_unit(reading.unit, reading.target, asked)}"


def _status(reading: Reading, asked: Asked) -> Cell:
    return Cell(asked.say(f"status_{reading.status.value}"), tone=numbers.measured(reading, asked).tone)


def _figures(whole: Readings, asked: Asked) -> Figures:
    chosen = [each for each in whole.values() if each.target is not None or each.measure in COMPARED]
    return Figures(
        asked.say("figures"),
        tuple(
            Figure(
                each.measure,
                _called(each, asked),
                numbers.measured(each, asked),
                f"{_target(each, asked)} · {_status(each, asked).text}" if each.target is not None else "",
            )
            for each in chosen
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


def _groups(groups: Mapping[str, Readings], asked: Asked) -> Sequence[Section]:
    received = {key: of["received"].value or 0 for key, of in groups.items()}
    order = sorted(groups, key=lambda key: (-received[key], key))
    if not order:
        return (Note(asked.say("nothing")),)
    compared, drawn = [groups[order[0]][id] for id in COMPARED], COMPARED[1]
    found = [(name_of(asked.by, key, asked), groups[key][drawn].value) for key in order[:SHOWN]]
    target = groups[order[0]][drawn]
    cut = asked.say(f"by_{asked.by}")
    table = Table(
        "groups",
        asked.say("in_numbers"),
        (cut, *(_called(each, asked) for each in compared)),
        tuple(
            Row(
                key,
                (
                    Cell(name_of(asked.by, key, asked)),
                    *(numbers.measured(groups[key][id], asked) for id in COMPARED),
                ),
            )
            for key in order[:MOST]
        ),
        asked.say("more", number=len(order) - MOST) if len(order) > MOST else "",
    )
    chart = Chart(
        asked.say("groups", measure=_called(target, asked), cut=cut),
        asked.say("groups_told", number=len(found), target=_target(target, asked)),
        charts.bars([charts.Bar(name, n) for name, n in found if n is not None], target.target, shares=True),
        table,
    )
    small = sum(1 for n in received.values() if n < SMALL)
    return (chart, Note(asked.say("small", number=small, least=SMALL))) if small else (chart,)


def _all(whole: Readings, then: Readings, asked: Asked) -> Table:
    heads = ("measure", "value", "status", "target", "before")
    return Table(
        "measures",
        asked.say("all"),
        tuple(map(asked.say, heads)),
        tuple(
            Row(
                id,
                (
                    Cell(_called(each, asked)),
                    numbers.measured(each, asked),
                    _status(each, asked),
                    Cell(_target(each, asked)),
                    Cell(numbers.measured(then[id], asked).text),
                ),
            )
            for id, each in whole.items()
        ),
        asked.say("compared"),
    )


BOARD = Report("board", ("department", "category", "product", "channel", "region", "severity"), _make)
