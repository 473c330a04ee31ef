"""What do customers tell that they did not tell before? Topics that emerged or went on in the range.

Quotes are left out: whoever has a link can read a page, and words of customers need a right of their own.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Figure, Figures, Note, Row, Section, Table
from services.insights.pages.names import name_of
from services.insights.pages.numbered import by_number
from services.insights.pages.report import Report
from services.insights.topics import reading
from services.insights.topics.model import TopicState
from services.insights.topics.schemas import TopicSummary, TopicWeek

MOST: Final = 100
"""Topics on the page, the newest."""
DRAWN: Final = 4
"""Topics whose course is drawn: the open ones with the most complaints."""
LEAST, MANY = 12, 26
"""Newest weeks in a chart: a topic that has just emerged is seen to have been told by nobody before."""
TERMS: Final = 3
"""Of a label, where nobody gave the topic a name."""
WEEK: Final = timedelta(days=7)


async def _make(connection: AsyncConnection, asked: Asked) -> Sequence[Section]:
    found = await reading.between(connection, asked.first, asked.last, MOST)
    if not found:
        return (Note(asked.say("none_found")),)
    ranked = sorted(found, key=lambda topic: (topic.state is not TopicState.OPEN, -topic.complaints))
    drawn = [topic for topic in ranked[:DRAWN] if topic.state is TopicState.OPEN and topic.complaints]
    courses = await reading.courses(connection, [topic.id for topic in drawn])
    return (
        _figures(found, asked),
        by_number([str(getattr(topic, asked.by) or "") for topic in found], asked),
        *(_course(topic, courses[topic.id], number, asked) for number, topic in enumerate(drawn, 1)),
        _all(found, asked),
        Note(asked.say("method")),
    )


def _figures(found: Sequence[TopicSummary], asked: Asked) -> Figures:
    states = [topic.state for topic in found]
    new = sum(asked.first <= topic.first_week <= asked.last for topic in found)
    counts = {
        "open": states.count(TopicState.OPEN),
        "new": new,
        "dismissed": states.count(TopicState.DISMISSED),
        "merged": states.count(TopicState.MERGED),
    }
    return Figures(
        asked.say("figures"),
        tuple(Figure(name, asked.say(name), numbers.count(n)) for name, n in counts.items()),
    )


def _called(topic: TopicSummary, asked: Asked) -> str:
    """As people call it; else its terms, in the reader's language if somebody told it so."""
    if topic.name:
        return topic.name
    by_language = {"en": topic.label.en, "zh": topic.label.zh}
    terms = by_language[asked.language.value] or topic.label.en or topic.label.zh
    return " · ".join(terms[:TERMS])


def _course(topic: TopicSummary, weeks: Sequence[TopicWeek], number: int, asked: Asked) -> Chart:
    known = {each.week: each.complaints for each in weeks}
    last = max(known)
    first = max(min(*known, last - WEEK * (LEAST - 1)), last - WEEK * (MANY - 1))
    days = [first + WEEK * n for n in range((last - first) // WEEK + 1)]
    return Chart(
        asked.say("course", topic=_called(topic, asked)),
        asked.say(
            "course_told", customers=topic.customers, expected=f"{topic.expected:.1f}", week=topic.first_week
        ),
        charts.over_time(days, {asked.say("complaints"): [known.get(day, 0) for day in days]}, monthly=False),
        Table(
            f"course-{number}",
            asked.say("in_numbers"),
            (asked.say("week"), asked.say("complaints")),
            tuple(Row(str(day), (numbers.day(day), numbers.count(known.get(day, 0)))) for day in days),
        ),
    )


def _all(found: Sequence[TopicSummary], asked: Asked) -> Table:
    heads = (
        *("topic", "by_state", "by_category", "by_product", "complaints"),
        *("customers", "expected", "q", "first_week", "last_week"),
    )
    rows = tuple(
        Row(
            str(topic.id),
            (
                Cell(_called(topic, asked)),
                Cell(asked.say(f"state_{topic.state.value}")),
                Cell(name_of("category", topic.category, asked) if topic.category else asked.say("several")),
                Cell(topic.product or asked.say("several")),
                numbers.count(topic.complaints),
                numbers.count(topic.customers),
                numbers.decimal(topic.expected),
                numbers.decimal(topic.q_value, 4),
                numbers.day(topic.first_week),
                numbers.day(topic.last_week),
            ),
        )
        for topic in found
    )
    more = asked.say("at_most", number=MOST) if len(found) == MOST else ""
    return Table("topics", asked.say("all"), tuple(map(asked.say, heads)), rows, more)


TOPICS = Report("topics", ("state", "category", "product"), _make)
