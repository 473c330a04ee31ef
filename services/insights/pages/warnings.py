"""What is unusual, and what did people make of it? Alerts that went on in the range, and how far to believe them."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.alerts import keeping
from services.insights.alerts.findings import span_of
from services.insights.alerts.model import Alert, AlertVerdict
from services.insights.alerts.precision import precisions
from services.insights.alerts.schemas import PrecisionShown
from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table, Tone
from services.insights.pages.names import name_of
from services.insights.pages.numbered import by_number
from services.insights.pages.report import Report
from services.insights.ranges import moments
from shared.events.insights import WarningEvidence, WarningLevel, WarningStep, WarningTail
from shared.events.vocabulary import Language

MOST: Final = 200
"""Alerts on the page."""
DRAWN: Final = 4
"""Series that are drawn: those of the gravest alerts."""
STEPS: Final = 27
"""Newest weeks or days in a chart of a series."""


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    found = await keeping.between(connection, *moments(asked.first, asked.last), MOST)
    if not found:
        return (Note(asked.say("none_raised")),)
    real = await precisions(connection)
    series = [alert for alert in found if alert.tail is not WarningTail.SEVERE][:DRAWN]
    return (
        _figures(found, real[0], asked),
        by_number([_group(alert, asked.by) for alert in found], asked),
        *(_series(alert, number, asked) for number, alert in enumerate(series, 1)),
        _all(found, asked),
        _precision(real, asked),
        Note(asked.say("method")),
    )


def _group(alert: Alert, by: str) -> str:
    return alert.key.dimension.value if by == "dimension" else str(getattr(alert, by))


def _figures(found: Sequence[Alert], real: PrecisionShown, asked: Asked) -> Figures:
    going_on = [alert for alert in found if alert.ended_at is None]
    alerts = [alert for alert in going_on if alert.level is WarningLevel.ALERT]
    unseen = sum(alert.acknowledged_at is None and alert.verdict is None for alert in alerts)
    interval = asked.say("interval", low=f"{real.low:.0%}", high=f"{real.high:.0%}")
    return Figures(
        asked.say("figures"),
        (
            Figure("alerts", asked.say("alerts"), numbers.count(len(alerts))),
            Figure("watched", asked.say("watched"), numbers.count(len(going_on) - len(alerts))),
            Figure(
                "unseen",
                asked.say("unseen"),
                Cell(str(unseen), str(unseen), Tone.BAD if unseen else Tone.PLAIN),
            ),
            Figure("over", asked.say("over"), numbers.count(len(found) - len(going_on))),
            Figure(
                *("precision", asked.say("precision"), numbers.ratio(real.precision)),
                interval if real.precision is not None else asked.say("undecided"),
            ),
        ),
    )


def _about(alert: Alert, asked: Asked) -> str:
    english, chinese = alert.key.words()
    return chinese if asked.language is Language.ZH else english


def _expected(evidence: WarningEvidence) -> list[float]:
    """By step, the newest last: what the sums of the newest steps let expect of each, on average."""
    known = [(0, 0.0), *zip(evidence.spans, evidence.expected, strict=True)]
    steps: list[float] = []
    for (less, below), (more, above) in pairwise(known):
        steps = [(above - below) / (more - less)] * (more - less) + steps
    return steps


def _series(alert: Alert, number: int, asked: Asked) -> Chart:
    evidence = alert.told.evidence
    counts = list(evidence.counts[-STEPS:])
    usual = _expected(evidence)[-len(counts) :]
    expected = [None] * (len(counts) - len(usual)) + usual
    step = alert.told.step
    length = timedelta(days=7 if step is WarningStep.WEEK else 1)
    days: list[date] = [alert.told.starts - length * back for back in reversed(range(len(counts)))]
    names = (asked.say("seen"), asked.say("expected"))
    return Chart(
        _about(alert, asked),
        f"{alert.told.words_zh if asked.language is Language.ZH else alert.told.words_en} {asked.say('series_told')}",
        charts.over_time(days, {names[0]: counts, names[1]: expected}, monthly=False),
        Table(
            f"series-{number}",
            asked.say("in_numbers"),
            (asked.say(f"from_{step.value}"), *names),
            tuple(
                Row(str(day), (numbers.day(day), numbers.count(n), numbers.decimal(usual)))
                for day, n, usual in zip(days, counts, expected, strict=True)
            ),
        ),
    )


def _factor(alert: Alert, asked: Asked) -> str:
    if not alert.told.factors:
        return numbers.NOTHING
    first = alert.told.factors[0]
    return f"{asked.say(f'by_{first.attribute}')} {name_of(first.attribute, first.value, asked)}"


def _said(alert: Alert, asked: Asked) -> Cell:
    """What people said of it last, without who and why: a page goes round."""
    if alert.verdict is not None:
        bad = alert.verdict is AlertVerdict.CONFIRMED
        return Cell(asked.say(f"verdict_{alert.verdict.value}"), tone=Tone.BAD if bad else Tone.GOOD)
    if alert.muted_until is not None and alert.muted_until > asked.now:
        return Cell(asked.say("muted", until=alert.muted_until.astimezone(UTC).date()))
    return Cell(asked.say("acknowledged" if alert.acknowledged_at else "unanswered"))


def _usual(alert: Alert) -> float | None:
    """As many complaints were expected in the time of the affected ones; of severe ones there is no such number."""
    if alert.tail is WarningTail.SEVERE:
        return None
    evidence = alert.told.evidence
    return evidence.expected[evidence.spans.index(span_of(alert.tail))]


def _row(alert: Alert, asked: Asked) -> Row:
    graver = alert.level is WarningLevel.ALERT
    loss = alert.told.loss
    cells = (
        Cell(_about(alert, asked)),
        Cell(name_of("tail", alert.tail, asked)),
        Cell(name_of("level", alert.level, asked), tone=Tone.BAD if graver else Tone.PLAIN),
        numbers.day(alert.since),
        Cell(asked.say("goes_on") if alert.ended_at is None else str(alert.ended_at.astimezone(UTC).date())),
        numbers.count(alert.told.complaints),
        numbers.decimal(_usual(alert)),
        Cell(_factor(alert, asked)),
        numbers.money(loss.value) if loss else Cell(numbers.NOTHING),
        Cell(f"{loss.low:,.0f} … {loss.high:,.0f} {loss.currency}" if loss else numbers.NOTHING),
        _said(alert, asked),
    )
    return Row(str(alert.id), cells)


def _all(found: Sequence[Alert], asked: Asked) -> Table:
    heads = (
        *("about", "by_tail", "by_level", "since", "until", "affected", "expected"),
        *("factor", "loss", "between", "said"),
    )
    more = asked.say("at_most", number=MOST) if len(found) == MOST else ""
    rows = tuple(_row(alert, asked) for alert in found)
    return Table("alerts", asked.say("all"), tuple(map(asked.say, heads)), rows, more)


def _precision(real: Sequence[PrecisionShown], asked: Asked) -> Table:
    rows = []
    for each in real:
        level = name_of("level", each.level, asked) if each.level else ""
        name = (
            f"{level} · {asked.say(f'detector_{each.detector.value}')}"
            if each.detector
            else asked.say("by_none")
        )
        counts = (numbers.count(n) for n in (each.raised, each.confirmed, each.dismissed))
        shares = (numbers.ratio(share) for share in (each.precision, each.low, each.high))
        key = f"{each.level}/{each.detector}" if each.level else ""
        rows.append(Row(key, (Cell(name), *counts, *shares)))
    heads = ("found_by", "raised", "confirmed", "dismissed", "precision", "low", "high")
    note = asked.say("small") if real[0].small else ""
    return Table("precision", asked.say("precision"), tuple(map(asked.say, heads)), tuple(rows), note)


WARNINGS = Report("warnings", ("dimension", "tail", "level", "detector", "step"), _make)
