"""Problems that are back after their improvement was closed: found in the read tables, told once."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from services.insights.exact import rate_ratio
from services.insights.rebuild import rebuild
from services.insights.recurrence.finding import RecurredFinder
from shared import clock
from shared.events import (
    ComplaintTriaged,
    ImprovementClosed,
    ImprovementJoined,
    ImprovementOpened,
    ImprovementReopened,
    ProblemRecurred,
)
from shared.events.intake import ProductRef
from shared.events.learning import RecurredBy
from shared.events.routing import Decider
from shared.events.vocabulary import Kind, Severity
from shared.ids import derived_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.insights_story import Told, records
from tests.services.test_insights import Insights, open_insights
from tests.services.test_insights_pages import rows
from tests.services.test_insights_recurrence import (  # noqa: F401 - a fixture
    AGAIN,
    BEGAN,
    DAY,
    OTHER,
    PORT,
    feed,
    id_of,
    insights,
    said,
    similar,
)

IMPROVEMENT = derived_id("improvement", 1)
OPENED, CLOSED = BEGAN + 10 * DAY, BEGAN + 50 * DAY


def improved(
    *complaints: int, closed_at: datetime | None = CLOSED, product: str | None = "motor"
) -> list[Told]:
    """An improvement for these complaints; the first gave rise to it."""
    of: dict[str, Any] = {"complaint_id": id_of(complaints[0]), "improvement_id": IMPROVEMENT}
    told: list[Told] = [
        (
            OPENED,
            ImprovementOpened(**of, category="fault", product=product, opened_by="key:1", opened_at=OPENED),
        )
    ]
    for each in complaints:
        joined = of | {"complaint_id": id_of(each)}
        told.append((OPENED, ImprovementJoined(**joined, joined_by="key:1", joined_at=OPENED)))
    if closed_at is not None:
        told.append((closed_at, ImprovementClosed(**of, rounds=1, closed_by="key:1", closed_at=closed_at)))
    return told


async def look(of: Insights, day: float = 70) -> int:
    with clock.moved_to(lambda: BEGAN + timedelta(days=day)):
        return await RecurredFinder(of.context).turn()


def decided(*numbers: int) -> list[Told]:
    """They are about a fault, as triage says."""
    at = BEGAN + 49 * DAY
    return [
        (
            at,
            ComplaintTriaged(
                complaint_id=id_of(number),
                category="fault",
                severity=Severity.GENERAL,
                reasons=("r",),
                rules_version=0,
                triaged_at=at,
                triaged_by="key:1",
                decided_by=Decider.PERSON,
            ),
        )
        for number in numbers
    ]


async def found(of: Insights) -> list[dict[str, Any]]:
    answer = await of.http.get("/insights/v1/recurred-problems")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.requirement("000-08", "001-23")
async def test_two_customers_who_tell_the_same_after_the_closing(insights: Insights) -> None:  # noqa: F811
    await feed(insights, said(1, PORT), *improved(1), said(2, AGAIN, 55), said(3, OTHER, 56))
    assert await look(insights) == 0, "one is not enough"
    await feed(insights, said(4, PORT, 60))
    assert (await look(insights), await look(insights)) == (1, 0)
    (problem,) = await found(insights)
    assert problem["evidence"] == [str(id_of(4)), str(id_of(2))]
    counted = {name: problem[name] for name in ("before", "days_before", "after", "days_after", "customers")}
    assert counted == {"before": 1, "days_before": 90, "after": 2, "days_after": 20, "customers": 2}
    expected = rate_ratio(1, 2, 90, 20)
    assert (problem["rate_ratio"], problem["low"], problem["high"]) == (
        expected.ratio,
        expected.low,
        expected.high,
    )
    (told,) = await insights.rows("SELECT key, value, headers->>'ce_type' FROM outbox")
    assert (told[0], told[2]) == (str(id_of(4)), "redress.problem.recurred.v1")
    event = ProblemRecurred.model_validate_json(told[1])
    assert (event.improvement_id, event.improvement_closed_at, event.by) == (
        IMPROVEMENT,
        CLOSED,
        RecurredBy.SAME_WORDS,
    )
    (item,) = [
        each for each in (await similar(insights, 4))["items"] if each["complaint_id"] == str(id_of(1))
    ]
    assert item["improvement_closed_at"] == CLOSED.isoformat().replace("+00:00", "Z")
    assert item["recurred_at"] is not None


@pytest.mark.parametrize(
    "after",
    [
        [said(2, AGAIN, 55, customer_id=id_of(90)), said(4, PORT, 60, customer_id=id_of(90))],
        [said(2, AGAIN, 45), said(4, PORT, 46)],
        [said(2, AGAIN, 55, ProductRef(name="pump")), said(4, PORT, 60, ProductRef(name="pump"))],
    ],
    ids=["one customer", "before the closing", "another product"],
)
async def test_it_is_not_back(insights: Insights, after: list[Told]) -> None:  # noqa: F811
    await feed(insights, said(1, PORT), *improved(1), *after)
    assert await look(insights) == 0
    assert await found(insights) == []


@pytest.mark.requirement("000-08")
async def test_an_open_improvement_is_not_reopened_and_a_new_closing_is_watched_anew(
    insights: Insights,  # noqa: F811
) -> None:
    of: dict[str, Any] = {"complaint_id": id_of(1), "improvement_id": IMPROVEMENT}
    reopened = ImprovementReopened(
        **of, recurred_in=id_of(2), reason="r", reopened_by="key:1", reopened_at=BEGAN + 61 * DAY
    )
    back = [said(2, AGAIN, 55), said(4, PORT, 60)]
    await feed(insights, said(1, PORT), *improved(1), *back, (BEGAN + 61 * DAY, reopened))
    assert await look(insights) == 0, "somebody was faster"
    again = ImprovementClosed(**of, rounds=2, closed_by="key:1", closed_at=BEGAN + 80 * DAY)
    pump = [*improved(1), (BEGAN + 61 * DAY, reopened), (BEGAN + 80 * DAY, again)]
    await feed(insights, said(1, PORT), *pump)
    assert await look(insights, 90) == 0, "those came before this closing"
    await feed(insights, said(5, AGAIN, 81), said(6, PORT, 82))
    assert await look(insights, 90) == 1
    assert (await found(insights))[0]["evidence"] == [str(id_of(6)), str(id_of(5))]


@pytest.mark.requirement("000-08", "003-11")
async def test_a_rate_that_did_not_fall_is_told_and_one_that_fell_is_not(insights: Insights) -> None:  # noqa: F811
    """In other words, but of the same category and product."""
    words = [f"{sign}{OTHER}{sign * 9}" for sign in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"]
    before = [said(1, PORT)]
    after = [said(number, words[number], 55 + number, kind=Kind.CRITICISM) for number in range(2, 10)]
    triage = decided(*range(1, 10))
    await feed(insights, *before, *improved(1), *after, *triage)
    assert await look(insights, 70) == 0, "twenty days are too few"
    assert await look(insights, 81) == 1
    (problem,) = await found(insights)
    assert (problem["recurred_by"], problem["before"], problem["after"]) == ("rate", 1, 8)
    assert problem["low"] > 0.5
    assert problem["p_value"] > 0.5


async def test_stragglers_of_a_problem_that_fell_do_not_bring_it_back(insights: Insights) -> None:  # noqa: F811
    before = [said(number, PORT, number / 10) for number in range(1, 60)]
    await feed(insights, *before, *improved(1), said(80, PORT, 55), said(81, AGAIN, 60))
    assert await look(insights, 100) == 0, "two in fifty days are fewer than 59 in ninety"


@pytest.mark.requirement("000-08")
async def test_improvements_are_the_same_whatever_the_order_and_after_a_rebuild(
    insights: Insights,  # noqa: F811
    new_database: NewDatabase,
    scratch: Path,
) -> None:
    story = [said(1, PORT), said(2, AGAIN, 55), said(4, PORT, 60), *improved(1)]
    query = "SELECT * FROM improvements ORDER BY id"
    await insights.context.log.append(records(story))
    await feed(insights, *story, apart=True)
    once = await insights.rows(query)
    assert [(row[0], row[1], row[-1]) for row in once] == [(IMPROVEMENT, id_of(1), CLOSED)]
    async with open_insights(await new_database(), scratch) as other:
        await feed(other, *improved(1), *story[:3])
        assert await other.rows(query) == once
        assert await look(other) == 1
    assert await look(insights) == 1
    problems = await insights.rows("SELECT * FROM recurred_problems")
    await rebuild(insights.context, at_once=1)
    assert await insights.rows(query) == once
    assert await insights.rows("SELECT * FROM recurred_problems") == problems
    assert await look(insights, 71) == 0


@pytest.mark.requirement("000-08", "P-41")
@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Back although the improvement was closed"), ("zh", "改善结案后再次出现的问题")],
)
async def test_the_page_of_causes_shows_what_is_back(
    insights: Insights,  # noqa: F811
    language: str,
    title: str,
) -> None:
    await feed(insights, said(1, PORT), *improved(1), said(2, AGAIN, 55), said(4, PORT, 60))
    assert await look(insights) == 1
    asked = {"from": "2026-05-01", "to": "2026-05-31", "lang": language}
    with clock.moved_to(lambda: BEGAN + 100 * DAY):
        answer = await insights.reader.get("/insights/pages/causes", params=asked)
        asked |= {"from": "2026-04-01", "to": "2026-05-09"}
        earlier = await insights.reader.get("/insights/pages/causes", params=asked)
    assert answer.status_code == 200, answer.text
    assert title in answer.text
    (problem,) = await found(insights)
    (cells,) = rows(BeautifulSoup(answer.text, "html.parser"), "back").values()
    assert [float(cell) for cell in cells[2:7]] == [
        problem[name] for name in ("before", "after", "rate_ratio", "low", "high")
    ]
    assert title not in earlier.text, "it was found later"


async def test_who_may_not_read_cases_sees_no_problem(insights: Insights) -> None:  # noqa: F811
    key = await create_key(insights.context.settings.database_url or "", "measures", ["measures:read"])
    answer = await insights.http.get(
        "/insights/v1/recurred-problems", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 403
    other = await insights.http.get(
        "/insights/v1/recurred-problems", params={"improvement_id": str(IMPROVEMENT)}
    )
    assert other.json()["items"] == []
