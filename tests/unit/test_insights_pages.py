"""The rules behind the pages: days put together, words, drawings."""

from dataclasses import replace
from datetime import date, timedelta
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.insights.alerts.model import AlertVerdict
from services.insights.alerts.series import Dimension
from services.insights.fairness.measures import MeasureId, Sort
from services.insights.fairness.model import FairnessVerdict
from services.insights.fairness.reading import _CHARACTERISTICS
from services.insights.fairness.schemas import AnswerKind, Worse
from services.insights.fairness.staff import CHARACTERISTICS as STAFF
from services.insights.measures.catalogue import BY_ID
from services.insights.measures.comparing import CaseMixVerdict
from services.insights.measures.people import COMPARED
from services.insights.pages import charts
from services.insights.pages.api import _preferred
from services.insights.pages.catalogue import REPORTS
from services.insights.pages.course import DAYS, WEEKS, course
from services.insights.pages.drawing import svg
from services.insights.pages.model import Asked, Chart, Table
from services.insights.pages.report import before
from services.insights.pages.words import words_of
from services.insights.topics.model import TopicState
from shared import clock
from shared.events.insights import Treated as About
from shared.events.insights import WarningDetector, WarningLevel, WarningStep, WarningTail
from shared.events.vocabulary import Language

_WARNED = {
    "level": WarningLevel,
    "tail": WarningTail,
    "dimension": Dimension,
    "detector": WarningDetector,
    "step": WarningStep,
    "from": WarningStep,
    "verdict": AlertVerdict,
}
DAY = st.dates(date(1990, 1, 1), date(2100, 1, 1))
WICKED = "<script>alert(1)</script> & \"Söhne\" '送货'"


@pytest.mark.requirement("002-10")
@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw reads the modules that are imported
@given(DAY, st.integers(1, 1500))
def test_steps_lose_no_day_and_count_none_twice(first: date, span: int) -> None:
    last = first + timedelta(days=span - 1)
    days = {str(first + timedelta(days=n)): (n + 1, 2 * n, n) for n in range(span)}
    steps = course(first, last, days)
    assert sum(step.received for step in steps) == span * (span + 1) // 2
    assert sum(step.closed for step in steps) == span * (span - 1)
    assert steps[0].first == first
    assert steps[-1].open == span - 1
    assert {step.size for step in steps} == {"day" if span <= DAYS else "week" if span <= WEEKS else "month"}
    for step in steps[1:]:
        assert step.size == "day" or (
            step.first.weekday() == 0 if step.size == "week" else step.first.day == 1
        )
    assert len(steps) <= DAYS


@pytest.mark.requirement("002-10")
@given(DAY, st.integers(1, 1000))
def test_the_time_before_is_as_long_and_touches(first: date, span: int) -> None:
    last = first + timedelta(days=span - 1)
    asked = Asked(first, last, "", clock.now(), Language.EN, words_of())
    begin, end = before(asked)
    assert (first - end).days == 1
    assert end - begin == last - first


@pytest.mark.requirement("P-41")
def test_every_page_has_its_words_in_both_languages() -> None:
    for report in REPORTS:
        words = words_of(report.id)
        for key in ("title", "question", *(f"by_{cut}" for cut in report.cuts)):
            assert words.say(key, Language.EN) != words.say(key, Language.ZH)
        assert all(set(told) == set(Language) for told in words.by_key.values())


@pytest.mark.requirement("P-41", "002-16")
def test_measures_are_called_the_same_on_the_page_of_people_as_everywhere() -> None:
    words = words_of("people")
    for id in COMPARED:
        assert {each: words.say(f"by_{id}", each) for each in Language} == BY_ID[id].name


@pytest.mark.requirement("P-41")
def test_whatever_a_room_can_say_a_page_has_words_for() -> None:
    said = {
        "warnings": [
            *(f"{name}_{each}" for name, words in _WARNED.items() for each in words),
            *(f"by_{name}" for each in Dimension for name in each.columns),
        ],
        "topics": [f"state_{each}" for each in TopicState],
        "fairness": [
            *(f"short_{each}" for each in MeasureId),
            *(f"verdict_{each}" for each in FairnessVerdict),
            *(f"worse_{each}" for each in Worse),
            *(f"answered_{each}" for each in AnswerKind),
            *(f"cases_{each}" for each in About),
            *(f"sort_{each}{end}" for each in Sort for end in ("", "_told")),
            *(f"by_{each}" for each in (*_CHARACTERISTICS, *STAFF)),
        ],
        "people": [f"verdict_{each}" for each in CaseMixVerdict],
    }
    for page, keys in said.items():
        assert [key for key in keys if not words_of(page).knows(key)] == []


@pytest.mark.requirement("P-41")
@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("en-GB,en;q=0.9,zh;q=0.8", Language.EN),
        ("zh-Hans-CN", Language.ZH),
        ("fr-FR, en;q=0.5", Language.EN),
        ("fr", Language.ZH),
        ("", Language.ZH),
    ],
)
def test_the_reader_is_spoken_to_as_their_browser_asks(accepted: str, language: Language) -> None:
    assert _preferred(accepted) is language


def _drawn(drawing: charts.Drawing) -> Element:
    return fromstring(svg(Chart(WICKED, WICKED, drawing, Table("t", "", (), ())), "one"))


def _texts(drawn: Element) -> list[str]:
    return [
        text for each in drawn.iter("{http://www.w3.org/2000/svg}text") if (text := "".join(each.itertext()))
    ]


@pytest.mark.requirement("P-41")
def test_a_drawing_says_what_it_shows_and_holds_nothing_that_runs_or_loads() -> None:
    days = [date(2026, 3, n) for n in range(1, 29)]
    bar = charts.Bar(WICKED, 3, 1, 9)
    compared = charts.Compared(WICKED, 0.7, -0.2, 0.9, -0.05, 1.05, plain=True)
    for drawing in (
        charts.over_time(days, {WICKED: list(range(28)), "b": [None] * 28}, False),
        charts.bars([bar], 2),
        charts.pareto([bar, charts.Bar("b", 1)], 4),
        charts.bars([]),
        charts.forest([compared], 0.0, ratios=False),
        charts.forest([replace(compared, low=0.5, least=0.9)], 1.0, ratios=True),
    ):
        drawn = _drawn(drawing)
        assert drawn[0].text == drawn[1].text == WICKED
        assert (drawn.get("role"), drawn.get("aria-labelledby")) == ("img", "one-title one-desc")
        for each in drawn.iter():
            assert each.tag.rpartition("}")[2] in {
                "svg",
                "g",
                "path",
                "line",
                "rect",
                "text",
                "title",
                "desc",
            }
            assert not {"style", "href", "onclick", "onload"} & set(each.attrib)


@pytest.mark.requirement("P-41")
def test_bars_are_as_long_as_their_values_and_stand_in_order() -> None:
    drawn = _drawn(charts.bars([charts.Bar("first", 8), charts.Bar("second", 2), charts.Bar("third", 4)]))
    told = [each.get("aria-label", "") for each in drawn.iter() if each.get("aria-roledescription") == "bar"]
    assert told == ["n: 8; label: first", "n: 2; label: second", "n: 4; label: third"]
    assert [text for text in _texts(drawn) if text.isalpha()] == ["first", "second", "third"]


@pytest.mark.requirement("P-41", "003-01")
def test_a_forest_has_its_points_between_their_ends_and_a_disparity_has_another_shape() -> None:
    compared = [
        charts.Compared("first", 0.3, 0.2, 0.4, -0.05, 0.05, plain=True),
        charts.Compared("second", 0.0, -0.1, 0.1, -0.05, 0.05, plain=False),
    ]
    drawn = _drawn(charts.forest(compared, 0.0, ratios=False))
    points = [each for each in drawn.iter() if each.get("aria-roledescription") == "point"]
    assert len(points) == 2
    assert {each.get("fill") for each in points} == {charts.ORANGE, charts.BLUE}
    shapes = ["A" in each.get("d", "") for each in points]
    assert shapes == [False, True], "a diamond has no arcs, a circle has"
