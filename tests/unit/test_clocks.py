"""Clocks: by when what must have happened. The bugs that others shipped are here by name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.resolution.clocks.book import CLOCKS, ClockTable
from services.resolution.clocks.calendars import CalendarCopy, Calendars
from services.resolution.clocks.due import Pause, due
from services.resolution.clocks.runs import Run
from services.resolution.judgement import Judgement
from services.resolution.lifecycle import Action as To
from services.resolution.lifecycle import NotNow, State, WaitingFor, why_not
from services.resolution.model import Case
from services.resolution.offers.offering import Solution
from services.resolution.timeline import CUSTOMER, Kind
from shared.events import (
    CaseEscalated,
    CaseEscalatedToLeadership,
    CaseGrew,
    ClockMissed,
    ClockWarned,
    ColleagueChased,
    Event,
    FollowUpRequested,
    PromiseBroken,
)
from shared.events.clocks import Accountable, Clock
from shared.events.routing import TimeLimits
from shared.events.vocabulary import Outcome, Remedy, Severity, Visibility
from shared.ids import new_id
from shared.rulebooks.model import Books
from shared.worktime import Spans, WorkCalendar, chinese_calendar, unit_calendar
from tests.resolution_story import HOUR, NINE

LI = "key:li"
GOOD = Judgement(True, True)
DAY = timedelta(days=1)
OFFICE = chinese_calendar()
FRIDAY = NINE + 4 * DAY
LIMITS = TimeLimits(acknowledge=1, first_response=4, resolution=24, version=3)


def facts(case: Case) -> list[Event]:
    """What was recorded since the last look."""
    told = [fact[0] for fact in case._facts]
    case._facts.clear()
    return told


def of(case: Case, kind: type[Event]) -> list[Event]:
    return [fact for fact in facts(case) if isinstance(fact, kind)]


def opened(
    severity: Severity = Severity.GENERAL,
    limits: TimeLimits | None = None,
    visibility: Visibility = Visibility.PRIVATE,
    calendars: Calendars | None = None,
    at: datetime = NINE,
) -> Case:
    case = Case(id=new_id(), calendars=calendars or Calendars())
    case.open("RD-7K2M9QXA3", at, visibility=visibility)
    case.triage("function", severity, ("alarm",), at, limits)
    case.assign("after-sales", "e-1007", "Li Wei", at)
    facts(case)
    return case


def accepted(limits: TimeLimits | None = None, at: datetime = NINE) -> Case:
    case = opened(limits=limits, at=at)
    case.accept(None, LI, at)
    facts(case)
    return case


def due_of(case: Case, clock: Clock) -> datetime | None:
    return case.runs[clock].due_at


# The pure function, against counting


def _spans(*hours: tuple[int, int]) -> Spans:
    return tuple((time(a), time(b % 24)) for a, b in hours)


WEEKS: Sequence[dict[int, Spans]] = [
    dict.fromkeys(range(5), _spans((9, 12), (13, 18))),
    dict.fromkeys(range(7), _spans((0, 24))),
    {0: _spans((22, 24)), 1: _spans((0, 6), (22, 24)), 2: _spans((0, 6)), 5: _spans((8, 10))},
    {5: _spans((1, 4)), 6: _spans((1, 4), (20, 24))},  # the hours that the clock skips and repeats
]
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
STARTS = (
    datetime(2026, 3, 27, 12, 7, tzinfo=UTC),  # before Berlin springs forward
    datetime(2026, 10, 23, 3, 30, tzinfo=UTC),  # before it falls back
    datetime(2026, 9, 24, 22, 15, tzinfo=UTC),  # before the holidays of October, and a make-up day
    datetime(2026, 4, 3, 11, 0, tzinfo=UTC),  # Lord Howe changes by half an hour
)


def _works(moment: datetime, week: dict[int, Spans], zone: ZoneInfo, days: dict[date, Spans]) -> bool:
    local = moment.astimezone(zone)
    spans = days.get(local.date(), week.get(local.weekday(), ()))
    wall = local.time().replace(tzinfo=None)
    return any(opens <= wall and (wall < closes or closes == time()) for opens, closes in spans)


@st.composite
def _pauses(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    closed = draw(st.lists(st.tuples(st.integers(-300, 6000), st.integers(0, 4000)), max_size=3))
    made: list[tuple[int, int | None]] = [(since, since + length) for since, length in closed]
    opens = draw(st.none() | st.integers(0, 9000))
    return made if opens is None else [*made, (opens, None)]


@pytest.mark.requirement("P-12", "P-13", "N-I")
@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from(STARTS),
    week=st.sampled_from(range(len(WEEKS))),
    zone=st.sampled_from(ZONES),
    target=st.integers(1, 1200),
    pauses=_pauses(),
    free=st.sets(st.integers(0, 10), max_size=3),
    made_up=st.sets(st.integers(0, 10), max_size=2),
)
@example(STARTS[0], 1, "Europe/Berlin", 1200, [(600, 700)], set(), set())
@example(STARTS[1], 3, "Europe/Berlin", 600, [], {2}, {4})
def test_due_is_what_counting_minute_by_minute_finds(
    start: datetime,
    week: int,
    zone: str,
    target: int,
    pauses: list[tuple[int, int | None]],
    free: set[int],
    made_up: set[int],
) -> None:
    first = start.date()
    days: dict[date, Spans] = {first + timedelta(n): () for n in free}
    days |= {first + timedelta(n): _spans((6, 11), (12, 15)) for n in made_up}
    calendar = unit_calendar(zone, WEEKS[week], special=days)
    minute = timedelta(minutes=1)
    stops = [
        Pause(start + since * minute, None if until is None else start + until * minute)
        for since, until in pauses
    ]
    counted, now, expected = 0, start, None
    where = ZoneInfo(zone)
    while True:
        if any(p.until is None and p.since <= now for p in stops):
            break
        resting = any(p.until is not None and p.since <= now < p.until for p in stops)
        if not resting and _works(now, WEEKS[week], where, days):
            counted += 1
        now += minute
        if counted == target:
            expected = now
            break
    assert due(start, target * minute, stops, calendar) == expected


# Bugs that others shipped


@pytest.mark.requirement("P-13", "N-I")
def test_creation_time_plus_hold_instead_of_worked_time() -> None:
    """Held from 17:00 to 10:00: one working hour before the night, one after it; not seventeen."""
    held = [Pause(NINE + 8 * HOUR, NINE + DAY + HOUR)]
    plain = due(NINE, 16 * HOUR, [], OFFICE)
    assert plain == NINE + DAY + 9 * HOUR
    assert due(NINE, 16 * HOUR, held, OFFICE) == NINE + 2 * DAY + 2 * HOUR


@pytest.mark.requirement("P-13", "N-I")
def test_hold_over_a_weekend_counted() -> None:
    case = accepted(LIMITS, FRIDAY)
    case.ask_customer("Which motor?", LI, FRIDAY + 9 * HOUR)  # Friday, 18:00
    assert due_of(case, Clock.RESOLUTION) is None
    case.note(Kind.CUSTOMER_WROTE, FRIDAY + 3 * DAY, CUSTOMER, "M7.")  # Monday, 9:00
    assert due_of(case, Clock.RESOLUTION) == due(FRIDAY, 24 * HOUR, [], OFFICE)


@pytest.mark.requirement("P-11", "N-I")
def test_clock_running_after_resolve() -> None:
    case = accepted(LIMITS)
    case.judge(Judgement(True, False), "Normal wear.", LI, NINE + HOUR)
    case.carry_out("Explained.", LI, NINE + 2 * HOUR)
    facts(case)
    case.time_passed(NINE + 30 * DAY)
    assert {type(fact) for fact in facts(case)} == {FollowUpRequested}, "only the customer is asked again"
    assert case.wakes_at is None


@pytest.mark.requirement("P-14", "N-I")
def test_merged_case_still_escalating() -> None:
    case = opened(limits=LIMITS)
    case.merge(new_id(), LI, None, NINE + HOUR)
    facts(case)
    case.time_passed(NINE + 30 * DAY)
    assert facts(case) == []
    case.separate(LI, None, NINE + 30 * DAY)
    assert due_of(case, Clock.FIRST_RESPONSE) == due(NINE + 30 * DAY, 3 * HOUR, [], OFFICE)


@pytest.mark.requirement("P-12", "N-I")
def test_calendar_change_not_recomputed() -> None:
    case = opened(limits=LIMITS)
    before = case.promise
    short = CalendarCopy(zone="Asia/Shanghai", spans={d: ((time(9), time(11)),) for d in range(7)})
    case.calendars = case.calendars.with_copies({"after-sales": short})
    assert case.outdated
    assert case.wakes_at is not None
    assert case.wakes_at < NINE + HOUR / 60
    case.time_passed(NINE + HOUR)
    assert not case.outdated
    assert due_of(case, Clock.FIRST_RESPONSE) == NINE + DAY + 2 * HOUR
    assert case.promise == before, "a word that was given stays"
    case.assign("quality", "e-2", "Zhao", NINE + 2 * HOUR)
    assert due_of(case, Clock.FIRST_RESPONSE) == NINE + 5 * HOUR, "reassigned: by the usual calendar"


@pytest.mark.requirement("P-11", "N-I")
def test_next_response_target_overruling_the_first() -> None:
    case = opened(limits=LIMITS)
    first = due_of(case, Clock.FIRST_RESPONSE)
    case.note(Kind.CUSTOMER_WROTE, NINE + 3 * HOUR, CUSTOMER, "And?")
    assert due_of(case, Clock.FIRST_RESPONSE) == first
    assert Clock.NEXT_RESPONSE not in case.runs
    case.reply("Soon.", LI, NINE + 3.5 * HOUR)
    case.note(Kind.CUSTOMER_WROTE, NINE + 5 * HOUR, CUSTOMER, "When?")
    case.note(Kind.CUSTOMER_WROTE, NINE + 6 * HOUR, CUSTOMER, "When??")
    assert due_of(case, Clock.NEXT_RESPONSE) == due(NINE + 5 * HOUR, 16 * HOUR, [], OFFICE)
    case.note(Kind.HANDLER_WROTE, NINE + 7 * HOUR, LI, "Tomorrow.")
    assert case.runs[Clock.NEXT_RESPONSE].stopped_at == NINE + 7 * HOUR


@pytest.mark.requirement("P-14", "N-I")
def test_escalation_one_hour_before_falling_on_midnight() -> None:
    """Due at 9:30 in the morning, an hour of work before is 17:30 of the day before, and not 8:30."""
    case = opened(limits=replace_limits(first_response=8.5))
    assert due_of(case, Clock.FIRST_RESPONSE) == NINE + DAY + HOUR / 2
    case.accept(None, LI, NINE)
    run = case.runs[Clock.FIRST_RESPONSE]
    assert run.next_at == NINE + 8.5 * HOUR
    case.time_passed(NINE + 8.5 * HOUR)
    assert run_warnings(case, Clock.FIRST_RESPONSE) == []
    case.time_passed(NINE + 8.6 * HOUR)
    assert run_warnings(case, Clock.FIRST_RESPONSE) == [NINE + 8.6 * HOUR]
    case.time_passed(NINE + 8.7 * HOUR)
    assert run_warnings(case, Clock.FIRST_RESPONSE) == []


@pytest.mark.requirement("P-11", "N-I")
def test_any_edit_resetting_the_clock() -> None:
    case = accepted(LIMITS)
    before = {clock: run.due_at for clock, run in case.runs.items() if clock is not Clock.PROMISE}
    for hours, kind in enumerate(
        (Kind.SUPPLEMENTED, Kind.DEPARTMENT_INVOLVED, Kind.RESTATED, Kind.UNASSIGNED), 1
    ):
        case.note(kind, NINE + hours * HOUR, LI, "More.")
    case.triage("function", Severity.GENERAL, ("alarm",), NINE + 3 * HOUR, LIMITS)
    case.assign("after-sales", "e-9", "Zhao", NINE + 3 * HOUR)
    assert {c: run.due_at for c, run in case.runs.items() if c is not Clock.PROMISE} == before


@pytest.mark.requirement("P-12", "N-I")
@pytest.mark.parametrize(
    "copy",
    [
        {"zone": "Asia/Nowhere", "spans": {0: [["09:00", "12:00"]]}},
        {"zone": "Asia/Shanghai", "spans": {}},
        {"zone": "Asia/Shanghai", "spans": {0: [["12:00", "09:00"]]}},
        None,
    ],
)
def test_missing_calendar_crashing(copy: dict[str, object] | None) -> None:
    told = {} if copy is None else {"after-sales": CalendarCopy.model_validate(copy)}
    case = opened(limits=LIMITS, calendars=Calendars().with_copies(told))
    assert due_of(case, Clock.FIRST_RESPONSE) == NINE + 5 * HOUR
    case.time_passed(NINE + 30 * DAY)


# What clocks do


def replace_limits(first_response: float) -> TimeLimits:
    return LIMITS.model_copy(update={"first_response": first_response})


def run_warnings(case: Case, clock: Clock) -> list[datetime]:
    return [w.warned_at for w in of(case, ClockWarned) if isinstance(w, ClockWarned) and w.clock is clock]


@pytest.mark.requirement("P-11", "P-14", "003-07", "002-21")
def test_a_clock_warns_is_missed_once_and_escalates_up_the_layers() -> None:
    case = accepted(LIMITS)
    case.time_passed(NINE + 3.1 * HOUR)
    assert NINE + 3.1 * HOUR in [w.warned_at for w in of(case, ClockWarned) if isinstance(w, ClockWarned)]
    case.time_passed(NINE + 5 * HOUR)
    assert of(case, ClockMissed) == [], "at its very moment it is not missed"
    case.time_passed(NINE + 5.1 * HOUR)
    [missed] = of(case, ClockMissed)
    assert isinstance(missed, ClockMissed)
    assert (missed.clock, missed.due_at, missed.missed_at) == (
        Clock.FIRST_RESPONSE,
        NINE + 5 * HOUR,
        NINE + 5 * HOUR,
    )
    assert (missed.accountable, missed.handler_id) == (Accountable.HANDLER, "e-1007")
    [lapse] = case.changed_lapses
    assert (lapse.id, lapse.policy_version) == (missed.lapse_id, 0)
    case.time_passed(NINE + DAY + HOUR)  # five working hours later
    told = facts(case)
    assert [type(fact) for fact in told if isinstance(fact, CaseEscalated | ClockMissed)] == [CaseEscalated]
    case.time_passed(NINE + 3 * DAY)
    assert len(of(case, CaseEscalatedToLeadership)) == 1
    case.reply("Sorry.", LI, NINE + 3 * DAY + HOUR)
    assert [at for _, at in case.met_lapses] == [NINE + 3 * DAY + HOUR]
    assert case.runs[Clock.FIRST_RESPONSE].next_at is None


@pytest.mark.requirement("P-15", "P-14")
@pytest.mark.parametrize(
    ("department", "who"), [(None, Accountable.MANAGEMENT), ("quality", Accountable.DEPARTMENT)]
)
def test_a_case_that_nobody_owns_escalates_too(department: str | None, who: Accountable) -> None:
    case = Case(id=new_id())
    case.open("RD-7K2M9QXA3", NINE)
    case.department = department
    case.time_passed(NINE + 10 * DAY)
    told = facts(case)
    missed = [fact for fact in told if isinstance(fact, ClockMissed) and fact.clock is Clock.FIRST_RESPONSE]
    assert [(fact.accountable, fact.handler_id, fact.department) for fact in missed] == [
        (who, None, department)
    ]
    assert any(isinstance(fact, CaseEscalatedToLeadership) for fact in told)


@pytest.mark.requirement("P-11")
def test_an_answer_that_comes_too_late_is_a_miss_even_if_nobody_woke_the_case() -> None:
    case = accepted(LIMITS)
    case.reply("Sorry.", LI, NINE + 6 * HOUR)
    assert case.wakes_at == NINE + 5 * HOUR
    case.time_passed(NINE + 6 * HOUR + HOUR / 60)
    assert [fact.clock for fact in of(case, ClockMissed) if isinstance(fact, ClockMissed)] == [
        Clock.FIRST_RESPONSE
    ]
    [lapse] = case.changed_lapses
    assert lapse.met_at == NINE + 6 * HOUR
    case.time_passed(NINE + 7 * HOUR)
    assert of(case, ClockMissed) == []


@pytest.mark.requirement("P-11")
def test_stages_follow_one_another() -> None:
    case = opened()
    assert running(case) == {Clock.ACCEPT}
    case.accept(None, LI, NINE + HOUR)
    assert running(case) == {Clock.JUDGE}
    case.judge(GOOD, "The batch.", LI, NINE + 2 * HOUR)
    assert running(case) == {Clock.OFFER}
    case.offer([Solution((Remedy.REPAIR,), "Repair.")], LI, NINE + 3 * HOUR)
    assert running(case) == set()
    case.choose(case.offers[0].offer_id, NINE + 5 * HOUR)
    assert running(case) == {Clock.CARRY_OUT}
    case.carry_out("Repaired.", LI, NINE + 6 * HOUR)
    assert running(case) == set()
    assert not case.runs[Clock.RESOLUTION].runs


def running(case: Case) -> set[Clock]:
    stages = (Clock.ACCEPT, Clock.JUDGE, Clock.OFFER, Clock.CARRY_OUT)
    return {clock for clock in stages if clock in case.runs and case.runs[clock].runs}


@pytest.mark.requirement("P-13", "001-12")
def test_offers_before_the_customer_pause_and_their_question_runs_the_clock_again() -> None:
    case = accepted(LIMITS)
    case.judge(GOOD, "The batch.", LI, NINE)
    case.offer([Solution((Remedy.REPAIR,), "Repair.")], LI, NINE + HOUR)
    assert due_of(case, Clock.RESOLUTION) is None
    case.note(Kind.CUSTOMER_WROTE, NINE + 2 * HOUR, CUSTOMER, "How long does that take?")
    assert due_of(case, Clock.RESOLUTION) is not None
    assert due_of(case, Clock.NEXT_RESPONSE) is not None
    case.reply("Two days.", LI, NINE + 3 * HOUR)
    assert due_of(case, Clock.RESOLUTION) is None


@pytest.mark.requirement("001-12", "001-13")
def test_waiting_for_a_colleague_chases_them_and_pauses_nothing() -> None:
    case = accepted(LIMITS)
    before = due_of(case, Clock.RESOLUTION)
    case.ask_colleague("wang.lei", "Which batch?", LI, NINE)
    assert (case.waiting_for, due_of(case, Clock.RESOLUTION)) == (WaitingFor.COLLEAGUE, before)
    case.note(Kind.CUSTOMER_WROTE, NINE + HOUR, CUSTOMER, "And?")
    assert case.waiting_for is WaitingFor.COLLEAGUE
    for times, at in enumerate((NINE + 5.5 * HOUR, NINE + DAY + 2 * HOUR), 1):
        case.time_passed(at)
        assert [c.times for c in of(case, ColleagueChased) if isinstance(c, ColleagueChased)] == [times]
    case.answered("Batch 41.", LI, NINE + DAY + 3 * HOUR)
    case.time_passed(NINE + 9 * DAY)
    assert of(case, ColleagueChased) == []
    assert why_not(case, To.ANSWERED) is not None


@pytest.mark.requirement("P-14")
def test_an_extension_is_bounded_has_a_reason_and_mends_no_miss() -> None:
    case = accepted(LIMITS)
    with pytest.raises(NotNow, match="so long"):
        case.extend(81, "The report.", LI, NINE + HOUR)
    case.extend(8, "The report of 13800138000 is late.", LI, NINE + HOUR)
    assert due_of(case, Clock.RESOLUTION) == due(NINE, 32 * HOUR, [], OFFICE)
    assert "13800138000" not in repr(case._facts) + repr(case.new_entries)
    with pytest.raises(NotNow, match="as often"):
        case.extend(8, "Again.", LI, NINE + HOUR)
    late = accepted(LIMITS)
    with pytest.raises(NotNow, match="over already"):
        late.extend(8, "Too late.", LI, NINE + 9 * DAY)


@pytest.mark.requirement("P-11", "P-13", "000-22")
def test_a_higher_severity_shortens_what_still_runs_and_is_reported() -> None:
    case = opened()
    case.reply("Soon.", LI, NINE + HOUR)
    case.ask_customer("Which motor?", LI, NINE + 2 * HOUR)
    case.note(Kind.CUSTOMER_WROTE, NINE + 4 * HOUR, CUSTOMER, "M7.")
    facts(case)
    case.triage("function", Severity.MAJOR, ("injury",), NINE + 5 * HOUR)
    paused = [Pause(NINE + 2 * HOUR, NINE + 4 * HOUR)]
    assert due_of(case, Clock.RESOLUTION) == due(NINE, 24 * HOUR, paused, OFFICE), "the pause survives"
    assert case.runs[Clock.FIRST_RESPONSE].hours == 16, "what was met by then is not judged anew"
    [grew] = of(case, CaseGrew)
    assert isinstance(grew, CaseGrew)
    assert (grew.severity_before, grew.severity, grew.reasons) == (
        Severity.GENERAL,
        Severity.MAJOR,
        ("injury",),
    )
    assert case.grew_at == NINE + 5 * HOUR
    case.triage("function", Severity.GENERAL, ("person",), NINE + 6 * HOUR)
    assert of(case, CaseGrew) == []


@pytest.mark.requirement("P-13")
def test_another_rulebook_counts_anew_what_runs_and_keeps_the_pauses() -> None:
    case = accepted()
    case.ask_customer("Which motor?", LI, NINE + HOUR)
    case.note(Kind.CUSTOMER_WROTE, NINE + 3 * HOUR, CUSTOMER, "M7.")
    shipped = CLOCKS.shipped.model_dump(mode="json")
    shipped["rows"][0]["hours"]["resolution"] = 16
    case.books = Books({"clocks": (4, ClockTable.model_validate(shipped))})
    assert case.outdated
    case.time_passed(NINE + 4 * HOUR)
    paused = [Pause(NINE + HOUR, NINE + 3 * HOUR)]
    assert due_of(case, Clock.RESOLUTION) == due(NINE, 16 * HOUR, paused, OFFICE)
    assert case.clock_policy == 4


@pytest.mark.requirement("001-32", "P-13")
def test_a_result_that_is_not_acceptable_lets_the_clock_run_on_without_the_time_in_between() -> None:
    case = accepted(LIMITS)
    case.judge(Judgement(True, False), "Normal wear.", LI, NINE)
    case.carry_out("Explained.", LI, NINE + HOUR)
    case.hear(case.follow_up_id, Outcome.NOT_ACCEPTABLE, None, NINE + DAY + HOUR)
    paused = [Pause(NINE + HOUR, NINE + DAY + HOUR)]
    assert due_of(case, Clock.RESOLUTION) == due(NINE, 24 * HOUR, paused, OFFICE)


@pytest.mark.requirement("P-11", "P-13")
def test_a_case_that_is_opened_again_has_fresh_clocks() -> None:
    case = accepted(LIMITS)
    case.time_passed(NINE + 9 * DAY)
    case.judge(Judgement(True, False), "Normal wear.", LI, NINE + 9 * DAY)
    case.carry_out("Explained.", LI, NINE + 9 * DAY)
    case.close(Outcome.ACCEPTABLE, "By phone.", LI, NINE + 9 * DAY)
    again = NINE + 14 * DAY
    facts(case)
    case.state, case.outcome = State.ACCEPTED, None
    case.start_anew(again)
    assert due_of(case, Clock.RESOLUTION) == due(again, 24 * HOUR, [], OFFICE)
    assert case.runs[Clock.RESOLUTION].missed_at is None
    assert case.runs[Clock.RESOLUTION].number > 5


@pytest.mark.requirement("000-13")
def test_a_public_complaint_does_not_close_without_a_public_response() -> None:
    case = opened(visibility=Visibility.PUBLIC)
    assert case.runs[Clock.FIRST_RESPONSE].hours == 4
    assert case.runs[Clock.PUBLIC_RESPONSE].hours == 8
    case.answer("Screw sent.", LI, NINE + HOUR)
    with pytest.raises(NotNow, match="in public"):
        case.close(Outcome.SATISFIED, "By phone.", LI, NINE + 2 * HOUR)
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 2 * HOUR)
    assert case.state is State.CARRIED_OUT
    case.become(Visibility.PRIVATE, LI, NINE + 2 * HOUR)
    assert case.owes_public_response, "making it private does not help"
    assert Kind.CONCEALMENT_REFUSED in [entry.kind for entry in case.new_entries]
    case.respond_publicly("Forum", "We sent the screw.", LI, NINE + 3 * HOUR)
    assert (case.state, case.outcome, case.closed_by) == (State.CLOSED, Outcome.SATISFIED, CUSTOMER)
    assert case.runs[Clock.PUBLIC_RESPONSE].stopped_at == NINE + 3 * HOUR


@pytest.mark.requirement("000-13")
def test_a_complaint_that_becomes_public_owes_a_public_response_in_time() -> None:
    case = opened()
    case.become(Visibility.PUBLIC, LI, NINE + HOUR)
    case.note(Kind.SUPPLEMENTED, NINE + HOUR, LI, "Posted on a forum.")
    assert due_of(case, Clock.PUBLIC_RESPONSE) == due(NINE + HOUR, 8 * HOUR, [], OFFICE)
    assert due_of(case, Clock.FIRST_RESPONSE) == NINE + 5 * HOUR - HOUR + HOUR
    case.withdraw(None, NINE + 2 * HOUR)
    case.become(Visibility.PUBLIC, LI, NINE + 3 * HOUR)
    case.time_passed(NINE + 30 * DAY)
    assert of(case, ClockMissed) == []


@pytest.mark.requirement("001-28", "N-B")
def test_the_owner_is_reminded_before_a_promise_falls_due_and_the_customer_while_they_are_waited_for() -> (
    None
):
    case = accepted(LIMITS)
    assert case.promise is not None
    case.ask_customer("Which motor?", LI, NINE + HOUR)
    due_at = case.promise.due_at
    assert due_at == NINE + DAY + HOUR
    case.time_passed(NINE + 9 * HOUR + HOUR / 60)  # an hour of work before
    warned = [w for w in of(case, ClockWarned) if isinstance(w, ClockWarned) and w.clock is Clock.PROMISE]
    assert [(w.due_at, w.handler_id) for w in warned] == [(due_at, "e-1007")]
    case.time_passed(due_at + HOUR)
    [broken] = of(case, PromiseBroken)
    assert isinstance(broken, PromiseBroken)
    assert broken.waiting_for_customer
    assert case.changed_lapses == []
    assert [promise.excused for promise in case.changed_promises if promise.due_at == due_at][-1]


@pytest.mark.requirement("001-28", "N-B", "002-21")
def test_a_broken_promise_is_a_row_of_the_accountability_record() -> None:
    case = opened(at=NINE)
    case.accept(None, LI, NINE)
    assert case.promise is not None
    due_at = case.promise.due_at
    case.time_passed(due_at + HOUR)
    rows = [(lapse.due_at, lapse.handler_id) for lapse in case.changed_lapses if lapse.clock is Clock.PROMISE]
    assert rows == [(due_at, "e-1007")]


@pytest.mark.requirement("P-11", "N-B")
def test_a_clock_that_jumps_loses_nothing_and_tells_nothing_twice() -> None:
    case = accepted(LIMITS)
    for at in (NINE + 9 * DAY, NINE - DAY, NINE + 9 * DAY, NINE + 8 * DAY):
        case.time_passed(at)
        assert case.wakes_at is not None
    told = facts(case)
    first = [fact for fact in told if isinstance(fact, ClockMissed)]
    assert len({fact.number for fact in first}) == len(first)
    case.reply("Back in time.", LI, NINE - DAY)
    assert case.promise is not None
    assert all(at >= NINE for _, at in case.met_lapses)


@pytest.mark.requirement("P-11")
def test_the_shortest_row_counts_and_limits_of_triage_go_first() -> None:
    book = CLOCKS.shipped
    hours = book.hours("major", None, None, "public")
    assert (hours[Clock.FIRST_RESPONSE], hours[Clock.PUBLIC_RESPONSE], hours[Clock.OFFER]) == (2, 8, 8)
    assert Clock.PUBLIC_RESPONSE not in book.hours("major", None, None, "private")
    assert opened(Severity.MAJOR, LIMITS).runs[Clock.FIRST_RESPONSE].hours == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told["rows"].append(told["rows"][0]), "two rows"),
        (lambda told: told["rows"][0]["hours"].pop("promise"), "promise"),
        (lambda told: told["rows"][0].update(severity="major"), "two rows"),
        (lambda told: told["escalations"]["major"].reverse(), "out of order"),
        (lambda told: told["rows"][0]["hours"].update(promise=0), "greater than or equal"),
    ],
)
def test_a_rulebook_of_clocks_that_contradicts_itself_is_refused(change: object, said: str) -> None:
    told = CLOCKS.shipped.model_dump(mode="json")
    assert callable(change)
    change(told)
    with pytest.raises(ValidationError, match=said):
        ClockTable.model_validate(told)


def test_a_run_that_stopped_in_time_never_wakes() -> None:
    run = Run(Clock.OFFER, 1, NINE, 8, NINE + 9 * HOUR, NINE + 9 * HOUR)
    assert run.stopped(NINE + 9 * HOUR).next_at is None
    assert run.stopped(NINE + 10 * HOUR).next_at == NINE + 9 * HOUR
    assert run.stopped(NINE - HOUR).stopped_at == NINE
    assert replace(run, due_at=None).stopped(NINE + DAY).next_at is None


def test_the_same_working_time_has_the_same_digest() -> None:
    one = CalendarCopy(
        zone="Asia/Shanghai", spans={0: _spans((9, 12)), 1: _spans((9, 12))}, closed=frozenset()
    )
    other = CalendarCopy.model_validate_json(one.model_dump_json())
    assert one.digest == other.digest
    assert isinstance(one.work_calendar(), WorkCalendar)
    assert one.model_copy(update={"closed": frozenset({date(2026, 5, 4)})}).digest != one.digest


def test_a_clock_that_stands_still_does_not_warn_even_when_the_moment_of_the_warning_came_before() -> None:
    case = accepted(LIMITS)
    case.merge(
        new_id(), LI, None, NINE + 3.5 * HOUR
    )  # three of the four hours are over, and nobody was warned yet
    case.time_passed(NINE + 30 * DAY)
    assert of(case, ClockWarned) == []


# Seams


@pytest.mark.requirement("P-12")
def test_a_calendar_that_is_not_usable_counts_as_known_so_that_nobody_counts_anew_for_ever() -> None:
    copy = CalendarCopy.model_validate({"zone": "Asia/Shanghai", "spans": {}})
    calendars = Calendars().with_copies({"after-sales": copy})
    assert calendars.digest("after-sales") == copy.digest
    assert calendars.of("after-sales") is calendars.usual


@pytest.mark.requirement("P-13")
def test_the_time_in_which_the_resolution_did_not_run_lengthens_no_other_clock() -> None:
    case = opened(limits=LIMITS, visibility=Visibility.PUBLIC)
    case.answer("Screw sent.", LI, NINE + HOUR)
    before = due_of(case, Clock.PUBLIC_RESPONSE)
    case.note(Kind.CUSTOMER_WROTE, NINE + 2 * HOUR, CUSTOMER, "It does not fit.")
    waits = due_of(case, Clock.NEXT_RESPONSE)
    case.hear(case.follow_up_id, Outcome.NOT_ACCEPTABLE, None, NINE + 6 * HOUR)
    assert due_of(case, Clock.PUBLIC_RESPONSE) == before
    assert due_of(case, Clock.NEXT_RESPONSE) == waits
    assert due_of(case, Clock.RESOLUTION) == due(
        NINE, 24 * HOUR, [Pause(NINE + HOUR, NINE + 6 * HOUR)], OFFICE
    )


@pytest.mark.requirement("P-13")
def test_a_colleague_is_not_chased_while_the_case_follows_another_one() -> None:
    case = accepted()
    case.ask_colleague("wang.lei", "Which bearing?", LI, NINE)
    case.merge(new_id(), LI, None, NINE + HOUR)
    facts(case)
    assert case.wakes_at is None
    case.time_passed(NINE + 2 * DAY)
    assert facts(case) == []
    case.separate(LI, None, NINE + 3 * DAY)
    case.time_passed(NINE + 3 * DAY + HOUR)
    assert len(of(case, ColleagueChased)) == 1


@pytest.mark.requirement("P-11")
def test_a_case_that_is_older_than_its_clocks_can_be_extended() -> None:
    case = accepted()
    case.runs, case.runs_started, case.clock_policy = {}, 0, None
    case.extend(8, "The expert is away.", LI, NINE + HOUR)
    assert due_of(case, Clock.RESOLUTION) == due(NINE + HOUR, 88 * HOUR, [], OFFICE)


@pytest.mark.requirement("P-11", "P-13")
def test_offers_that_lie_before_the_customer_pause_clocks_that_begin_meanwhile() -> None:
    case = accepted()
    case.judge(GOOD, "The batch is faulty.", LI, NINE)
    case.offer([Solution((Remedy.REPAIR,), "Repair.")], LI, NINE + HOUR)
    case.runs, case.runs_started, case.clock_policy, case.pauses = {}, 0, None, ()
    case.time_passed(NINE + 2 * HOUR)
    assert due_of(case, Clock.RESOLUTION) is None, "a case that is older than its clocks"


@pytest.mark.requirement("P-13")
@pytest.mark.parametrize(("days", "closes"), [(5, "18:00"), (1, "14:00")])
def test_the_longest_times_that_a_rulebook_allows_can_be_counted(days: int, closes: str) -> None:
    """Ten years ahead is as far as working time is counted; with five hours a week that is soon reached."""
    content = CLOCKS.shipped.model_dump(mode="json")
    content["extension"] = {"most_hours": 2000, "most_times": 10}
    content["rows"][0]["hours"]["resolution"] = 2000
    content["escalations"]["general"] = [{"after_minutes": 120_000, "to": "leadership"}]
    week = {day: [["09:00", closes]] for day in range(days)}
    copy = CalendarCopy.model_validate({"zone": "Asia/Shanghai", "spans": week})
    case = opened(calendars=Calendars().with_copies({"after-sales": copy}))
    case.books = Books({"clocks": (1, ClockTable.model_validate(content))})
    for _ in range(10):
        case.extend(2000, "The expert is away.", LI, NINE + HOUR)
    case.time_passed(NINE + 12 * 365 * DAY)
    assert Clock.RESOLUTION in {m.clock for m in of(case, ClockMissed) if isinstance(m, ClockMissed)}


@pytest.mark.parametrize("hours", [0.001, 1e-12])
def test_a_time_of_no_length_is_refused(hours: float) -> None:
    """A promise that is due when it is made is none: the database refuses it, and with it the registration."""
    content = CLOCKS.shipped.model_dump(mode="json")
    content["rows"][0]["hours"]["promise"] = hours
    with pytest.raises(ValidationError):
        ClockTable.model_validate(content)
