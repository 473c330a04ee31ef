"""Points and ranks: pure rules."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.routing.rewards.book import FAILURES, REWARDS, Result, RewardTable
from services.routing.rewards.model import Standing, bounds, ranked
from services.routing.training.book import COURSES, DRILLS, CourseBook, DrillBook
from services.routing.training.model import grade
from shared.events import TrainingNeeded

standings = st.lists(
    st.builds(
        Standing, st.sampled_from([f"p{n}" for n in range(9)]), st.integers(0, 40), st.integers(-50, 400)
    ),
    unique_by=lambda each: each.person,
)


@pytest.mark.requirement("004-11", "002-24")
@given(standings, st.integers(1, 10))
def test_nobody_is_ranked_by_how_many_or_how_few_cases_they_had(given_: list[Standing], least: int) -> None:
    shown = ranked(given_, least)
    assert sorted(each.person for _, each in shown) == sorted(each.person for each in given_)
    compared = [(rank, each) for rank, each in shown if rank is not None]
    assert all(each.handled >= least for _, each in compared)
    assert all(each.handled < least for rank, each in shown if rank is None)
    for rank, each in compared:
        better = [other for _, other in compared if other.points * each.handled > each.points * other.handled]
        assert rank == len(better) + 1
    doubled = [Standing(each.person, 2 * each.handled, 2 * each.points) for each in given_]
    assert [rank for rank, each in ranked(doubled, 1) if each.handled] == [
        rank for rank, each in ranked(given_, 1) if each.handled
    ], "twice as much of the same changes nobody's rank"


@pytest.mark.requirement("004-11")
@given(st.dictionaries(st.sampled_from(list(Result)), st.integers(-10, 10)))
def test_no_book_gives_more_for_having_handled_less(points: dict[Result, int]) -> None:
    try:
        table = RewardTable(points_by_result=points)
    except ValidationError:
        assert (
            any(given_ > 0 for result, given_ in points.items() if result in FAILURES)
            or any(given_ < 0 for result, given_ in points.items() if result not in FAILURES)
            or not any(given_ > 0 for given_ in points.values())
        )
        return
    well_handled = [result for result in Result if result not in FAILURES]
    assert all(table.points(result) >= 0 for result in well_handled), "no case that went well costs points"


def test_a_period_begins_and_ends_by_the_clock_of_the_zone() -> None:
    here = ZoneInfo("Asia/Shanghai")
    assert bounds("2026-12", "Asia/Shanghai") == (
        datetime(2026, 12, 1, tzinfo=here),
        datetime(2027, 1, 1, tzinfo=here),
    )
    assert bounds("2026-Q2", "UTC") == (
        datetime(2026, 4, 1, tzinfo=UTC),
        datetime(2026, 7, 1, tzinfo=UTC),
    )
    since, until = bounds("2028", "Europe/Berlin")
    assert until - since == timedelta(days=366)
    for wrong in ("2026-13", "26", "2026-Q5", "2026-1", "tomorrow"):
        with pytest.raises(ValueError, match=wrong):
            bounds(wrong, "UTC")


def test_what_is_shipped_fits_together() -> None:
    assert REWARDS.shipped.points(Result.PROMISE_KEPT) > 0 > REWARDS.shipped.points(Result.PROMISE_BROKEN)
    courses, drills = COURSES.shipped, DRILLS.shipped
    assert {course.kind for course in courses.courses} == {
        "service_idea",
        "types_and_causes",
        "emotion_and_communication",
        "problem_solving",
        "simulated_cases",
    }
    for course in courses.courses:
        assert course.drill is None or drills.drill(course.drill) is not None
    first = courses.courses[0].model_dump()
    drill = drills.drills[0].model_dump()
    for change in ({"valid_days": None}, {"drill": "three_answers"}):
        with pytest.raises(ValidationError):
            CourseBook.model_validate({"courses": [first | change]})
    with pytest.raises(ValidationError, match="twice"):
        CourseBook.model_validate({"courses": [first, first]})
    with pytest.raises(ValidationError, match="answer Z"):
        DrillBook.model_validate({"drills": [drill | {"best": "Z"}]})


@given(st.data())
def test_a_drill_is_passed_by_its_share_of_the_points(data: st.DataObject) -> None:
    drill = DRILLS.shipped.drills[0]
    grades = {item.code: data.draw(st.integers(0, item.points)) for item in drill.checklist}
    graded = grade(drill, grades)
    assert (graded.points, graded.most) == (sum(grades.values()), 100)
    assert graded.passed == (graded.points >= drill.pass_mark)
    assert graded.score == graded.points


def test_a_need_for_training_is_that_of_a_person_or_of_a_department() -> None:
    need = {
        "complaint_id": UUID(int=1),
        "need_id": UUID(int=2),
        "about": "service_attitude",
        "kind": "problem_solving",
        "complaints": 3,
        "found_at": datetime(2026, 3, 2, tzinfo=UTC),
    }
    assert TrainingNeeded.model_validate(need | {"person_id": "li.na"}).evidence == ()
    assert TrainingNeeded.model_validate(need | {"department": "quality"}).person_id is None
    for wrong in (
        {},
        {"person_id": "li.na", "department": "quality"},
        {"department": "quality", "complaints": 0},
    ):
        with pytest.raises(ValidationError):
            TrainingNeeded.model_validate(need | wrong)
    with pytest.raises(ValidationError, match="at most 50"):
        TrainingNeeded.model_validate(need | {"department": "quality", "evidence": [UUID(int=3)] * 51})
