"""Are we doing well? Every measure beside its target and the time before, the course, and the parts of the company."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights import rollups
from services.insights.measures import MEASURES, Measure, Totals, Value
from services.insights.measures.book import MEASURE_TARGETS, MeasureTarget, MeasureTargets, status
from services.insights.measures.cells import BY_DAY, OVERALL
from services.insights.pages import charts, numbers
from services.insights.pages.course import Step, course
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table
from services.insights.pages.names import name_of
from services.insights.pages.report import Report, before
from shared.rulebooks.store import load_books

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
    whole, then = [(await rollups.totals(connection, OVERALL, *s, asked.now))[""] for s in spans]
    days = await rollups.totals(connection, BY_DAY, asked.first, asked.last, asked.now)
    groups = await rollups.totals(connection, asked.by, asked.first, asked.last, asked.now)
    steps = course(asked.first, asked.last, days)
    judge = Judge((await load_books(connection, MEASURE_TARGETS)).read(MEASURE_TARGETS), asked)
    return (
        _figures(whole, judge),
        _course(steps, asked),
        *_groups(groups, judge),
        _all(whole, then, judge),
    )


@dataclass(frozen=True, slots=True)
class Judge:
    """Holds values against the targets of the rulebook."""

    targets: MeasureTargets
    asked: Asked

    def target(self, measure: Measure, group: str | None = None) -> MeasureTarget | None:
        return self.targets.target_of(measure.id, {} if group is None else {self.asked.by: group})

    def target_told(self, measure: Measure) -> str:
        target = self.target(measure)
        if target is None or measure.direction is None:
            return ""
        sign = "≥" if measure.direction == "higher" else "≤"
        return f"{sign} {numbers.in_unit(measure.unit, target.target, self.asked)}"

    def measured(self, measure: Measure, value: Value | None, group: str | None = None) -> Cell:
        return numbers.measured(
            measure, value, self.asked, status(measure, value, self.target(measure, group))
        )

    def status(self, measure: Measure, value: Value | None) -> Cell:
        said = status(measure, value, self.target(measure))
        return Cell(self.asked.say(f"status_{said.value}"), tone=self.measured(measure, value).tone)


def _figures(whole: Totals, judge: Judge) -> Figures:
    asked = judge.asked
    chosen = [m for m in MEASURES if judge.target(m) is not None or m.id in COMPARED]
    return Figures(
        asked.say("figures"),
        tuple(
            Figure(
                m.id,
                m.name[asked.language],
                judge.measured(m, m.of(whole)),
                f"{judge.target_told(m)} · {judge.status(m, m.of(whole)).text}" if judge.target(m) else "",
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


def _groups(groups: dict[str, Totals], judge: Judge) -> Sequence[Section]:
    asked = judge.asked
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
                    *(judge.measured(m, m.of(groups[key]), key) for m in compared),
                ),
            )
            for key in order[:MOST]
        ),
        asked.say("more", number=len(order) - MOST) if len(order) > MOST else "",
    )
    cut, aim = asked.say(f"by_{asked.by}"), judge.target(drawn)
    chart = Chart(
        asked.say("groups", measure=drawn.name[asked.language], cut=cut),
        asked.say("groups_told", number=len(found), target=judge.target_told(drawn)),
        charts.bars(
            [charts.Bar(name, v.value) for name, v in found if v], aim.target if aim else None, shares=True
        ),
        table,
    )
    notes = [asked.say("small", number=small, least=SMALL)] if small else []
    return (chart, *map(Note, notes))


def _all(whole: Totals, then: Totals, judge: Judge) -> Table:
    asked = judge.asked
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
                    judge.measured(m, m.of(whole)),
                    judge.status(m, m.of(whole)),
                    Cell(judge.target_told(m)),
                    Cell(numbers.measured(m, m.of(then), asked).text),
                ),
            )
            for m in MEASURES
        ),
        asked.say("compared"),
    )


BOARD = Report("board", ("department", "category", "product", "channel", "region", "severity"), _make)
