"""Briefings: when they are due, what they cover, what they say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notification.briefings.book import BRIEFINGS, BriefingRow, BriefingTable, Section
from services.notification.briefings.model import (
    Briefing,
    BriefingAttention,
    BriefingCase,
    BriefingCases,
    BriefingCategory,
    BriefingContent,
    BriefingCounts,
    BriefingDay,
    BriefingReport,
    Clipping,
    NewestComplaint,
    worth_quoting,
)
from services.notification.briefings.page import page_of
from services.notification.briefings.timing import LONGEST, days_of, latest_turn, since
from services.notification.briefings.words import words
from shared.events.vocabulary import Kind, Language, NoticeUrgency, Severity, Visibility
from shared.ids import derived_id

ROW: dict[str, Any] = {
    "id": "daily",
    "title": {"en": "Daily", "zh": "每日简报"},
    "audience": "leadership",
    "period": "daily",
    "hour": 8,
    "zone": "Asia/Shanghai",
    "sections": [section.value for section in Section],
}
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ROWS = st.builds(
    lambda **changes: BriefingRow.model_validate(ROW | changes),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York", "Australia/Lord_Howe"]),
    period=st.sampled_from(["daily", "weekly"]),
    weekday=st.integers(0, 6),
    working_days_only=st.booleans(),
)


def row(**changes: Any) -> BriefingRow:
    return BriefingRow.model_validate(ROW | changes)


@settings(deadline=None)  # the calendar of a year takes long, once
@given(ROWS, MOMENTS)
def test_a_turn_is_due_by_now_and_ends_with_a_midnight_of_the_zone(row: BriefingRow, now: datetime) -> None:
    turn = latest_turn(row, now)
    assert turn is not None
    local = turn.until.astimezone(ZoneInfo(row.zone))
    assert (local.hour, local.minute) == (0, 0)
    assert turn.until <= turn.due_at <= now
    assert now - turn.due_at < timedelta(days=16), "no holiday is longer"


@settings(deadline=None)
@given(ROWS, st.lists(MOMENTS, min_size=2, max_size=8))
def test_no_moment_falls_between_two_briefings_or_into_both(
    row: BriefingRow, moments: list[datetime]
) -> None:
    before: datetime | None = None
    for now in sorted(moments):
        turn = latest_turn(row, now)
        assert turn is not None
        if before is not None and turn.until <= before:
            continue
        begin = since(row, turn.until, before)
        assert begin < turn.until
        assert turn.until - begin <= LONGEST + timedelta(hours=1), "an hour of summer time"
        if before is not None:
            assert begin >= before
            assert begin == before or turn.until - begin >= LONGEST - timedelta(hours=1)
        before = turn.until


@pytest.mark.requirement("002-16")
def test_on_working_days_only_the_next_one_covers_the_days_that_were_left_out() -> None:
    working = row(working_days_only=True)
    friday = latest_turn(working, datetime(2026, 5, 15, 1, tzinfo=UTC))
    monday = latest_turn(working, datetime(2026, 5, 18, 1, tzinfo=UTC))
    sunday = latest_turn(working, datetime(2026, 5, 17, 1, tzinfo=UTC))
    assert friday is not None
    assert monday is not None
    assert sunday == friday
    begin = since(working, monday.until, friday.until)
    assert days_of(begin, monday.until, working.zone) == (date(2026, 5, 15), date(2026, 5, 17))


def test_a_weekly_one_whose_day_is_a_holiday_comes_on_the_next_working_day() -> None:
    weekly = row(period="weekly", weekday=0, working_days_only=True, hour=0)
    # The first week of October 2026 is free in China; 5 October is its Monday.
    turn = latest_turn(weekly, datetime(2026, 10, 9, 12, tzinfo=UTC))
    assert turn is not None
    assert turn.until.astimezone(ZoneInfo("Asia/Shanghai")).date() == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"sections": ["numbers", "numbers"]}, "twice"),
        ({"departments": ["quality"]}, "each_department"),
        ({"each_department": True}, "no departments"),
        ({"audience": "person-concerned"}, "only the clippings"),
        ({"zone": "Mars/Olympus"}, "Asia/Shanghai"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_with_the_remedy(change: dict[str, Any], remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        row(**change)


@pytest.mark.requirement("003-12", "003-16")
def test_a_table_shows_each_clipping_once_and_leadership_what_is_important() -> None:
    twice = [ROW, ROW | {"id": "again"}]
    with pytest.raises(ValidationError, match="each is to be read once"):
        BriefingTable.model_validate({"rows": twice})
    with pytest.raises(ValidationError, match="straight to them"):
        BriefingTable.model_validate({"rows": [ROW | {"sections": ["numbers"]}]})
    with pytest.raises(ValidationError, match="rename"):
        BriefingTable.model_validate({"rows": [ROW, ROW]})
    assert len(BRIEFINGS.shipped.rows) == 6


def counts(**changes: int) -> BriefingCounts:
    return BriefingCounts(**dict.fromkeys(BriefingCounts.model_fields, 0) | changes)


def case(name: str, *accused: str) -> BriefingCase:
    return BriefingCase(
        complaint_id=derived_id(name),
        reference=name,
        category="late_delivery",
        severity=Severity.MAJOR,
        visibility=Visibility.PUBLIC,
        accused=accused,
        at=datetime(2026, 5, 11, tzinfo=UTC),
    )


BRIEFING = Briefing(
    derived_id("briefing"),
    row(),
    None,
    None,
    datetime(2026, 5, 10, 16, tzinfo=UTC),
    datetime(2026, 5, 11, 16, tzinfo=UTC),
    datetime(2026, 5, 12, tzinfo=UTC),
    BriefingContent(
        report=BriefingReport(
            now=counts(received=4, promises_broken=2, dissatisfied=3, converted=2),
            before=counts(received=5),
            categories=(
                BriefingCategory(key="late_delivery", now=4, before=2),
                BriefingCategory(key="appearance", now=2, before=1),
                BriefingCategory(key=None, now=3, before=0),
            ),
            days=(BriefingDay(day=date(2026, 5, 11), received=4, closed=0),),
        ),
        attention=BriefingAttention(
            severe=BriefingCases(total=2, items=(case("RD-1"), case("RD-2", "li.na"))),
            overdue=BriefingCases(total=30, items=tuple(case(f"RD-{n}") for n in range(10, 30))),
        ),
    ),
    readers=["li.na"],
)


@pytest.mark.parametrize("language", Language)
def test_a_page_says_all_of_it_in_its_language(language: Language) -> None:
    page, say = page_of(BRIEFING, language), words(language)
    blocks = {block.section: block for block in page.blocks}
    assert Section.CLIPPINGS not in blocks, "there are none"
    assert [number.value for number in blocks[Section.NUMBERS].numbers][:2] == ["4", "0"]
    assert blocks[Section.OVERDUE].note == say["more"].format(number=20)
    steps = [item.text for item in blocks[Section.NEXT].items]
    assert len(steps) == 4, "severe, overdue, broken, and the one category that doubled from enough"
    assert blocks[Section.CATEGORIES].rows[0][1:] == ("4", "2", "+2")
    assert "67%" in blocks[Section.CONVERSION].note


def test_both_languages_have_the_same_words() -> None:
    assert words(Language.EN).keys() == words(Language.ZH).keys()


def clipping(name: str, *recipients: str) -> Clipping:
    said = {"en": name, "zh": name}
    at = datetime(2026, 5, 11, tzinfo=UTC)
    ids = derived_id(name), derived_id(name)
    return Clipping(*ids, name, said, Severity.GENERAL, NoticeUrgency.NORMAL, at, recipients)


def test_a_reader_sees_no_case_about_them_and_no_clipping_for_others() -> None:
    given_to = [clipping("all"), clipping("hers", "li.na"), clipping("his", "liu.yang")]
    shown = replace(BRIEFING, clippings=given_to).as_read_by("li.na")
    assert shown.content.attention is not None
    assert [c.reference for c in shown.content.attention.severe.items] == ["RD-1"]
    assert shown.content.attention.severe.total == 1
    assert [c.reference for c in shown.clippings] == ["all", "hers"]


@given(st.lists(st.sampled_from(["late_delivery", "appearance", None]), max_size=12), st.integers(1, 5))
def test_quotes_are_of_as_many_categories_as_there_are(categories: list[str | None], most: int) -> None:
    newest = [
        NewestComplaint(complaint_id=UUID(int=n), category=category, kind=Kind.COMPLAINT)
        for n, category in enumerate(categories)
    ]
    chosen = worth_quoting(newest, most)
    assert len(chosen) == min(most, len(newest))
    assert len({each.category for each in chosen}) == min(most, len(set(categories)))
