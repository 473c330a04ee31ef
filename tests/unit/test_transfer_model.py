"""The rules of transfer, without a database: who is meant, what climbs, and that nothing is told twice or lost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.samples import events
from services.routing.directory.model import Absence, Department, Directory, Person
from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.transfer.clippings.api import preferred
from services.routing.transfer.clippings.model import bounds, days_of
from services.routing.transfer.clippings.schemas import Period
from services.routing.transfer.distribution import DISTRIBUTION, Circumstances, Duty
from services.routing.transfer.misfits import covers, nameable
from services.routing.transfer.noticing import Notice
from services.routing.transfer.recipients import MOST, Concerned, recipients, supervisors
from shared.events import (
    NOTICES,
    ApprovalAsked,
    CaseClosed,
    ColleagueAsked,
    ColleagueChased,
    Event,
    NoticeIssued,
    NoticeOverdue,
    PromiseBroken,
    registry,
)
from shared.events.vocabulary import (
    TOPICS,
    Against,
    Audience,
    Channel,
    Kind,
    Language,
    Money,
    Outcome,
    Severity,
    TransferForm,
    Visibility,
)
from shared.ids import derived_id

pytestmark = pytest.mark.slow

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = derived_id("complaint", "transfer")
TABLE = DISTRIBUTION.shipped


def person(code: str, department: str, **more: object) -> Person:
    return Person(code, code.title(), department, ("zh", "en"), 10, **more)  # type: ignore[arg-type]


def people() -> Directory:
    units = [
        Department("desk", "Desk", "受理", 2, ("after_sales",)),
        Department("drives", "Drives", "驱动", 3, ("function_fault",)),
        Department("stores", "Stores", "仓储", 3, ("late_delivery",)),
        Department("quality", "Quality", "品质", 4),
    ]
    staff = [
        person("ann", "drives", supervisor="bo"),
        person("bo", "drives", supervisor="gm"),
        person("cy", "stores"),
        person("di", "quality", deputy="ed", absences=(Absence(NINE, NINE + HOUR),)),
        person("ed", "desk"),
        person("gm", "quality", role="general_manager", active=True),
        person("gone", "drives", active=False),
    ]
    return Directory({unit.code: unit for unit in units}, staff)


FAULT = Concerned(category="function_fault")


@pytest.mark.requirement("003-17")
@pytest.mark.parametrize(
    ("audience", "of", "at", "meant"),
    [
        (Audience.PERSON_CONCERNED, Concerned(accused=("cy",)), NINE, ("cy",)),
        (Audience.PERSON_CONCERNED, Concerned(accused=("gone",)), NINE, ()),
        (Audience.RESPONSIBLE_DEPARTMENT, Concerned(department="drives", handler_id="ann"), NINE, ("ann",)),
        (Audience.RESPONSIBLE_DEPARTMENT, Concerned(department="drives"), NINE, ("bo",)),
        (Audience.RESPONSIBLE_DEPARTMENT, FAULT, NINE, ("bo",)),
        (Audience.RESPONSIBLE_DEPARTMENT, Concerned(), NINE, ()),
        (Audience.TECHNICAL_SUPPORT, FAULT, NINE, ("bo",)),
        (Audience.TECHNICAL_SUPPORT, Concerned(category="dimension"), NINE, ("bo",)),
        (Audience.TECHNICAL_SUPPORT, Concerned(category="late_delivery"), NINE, ("cy",)),
        (Audience.COMPLAINT_MANAGEMENT, FAULT, NINE, ("ed", "gm")),
        (Audience.COMPLAINT_MANAGEMENT, FAULT, NINE + HOUR, ("di", "gm")),
        (Audience.LEADERSHIP, FAULT, NINE, ("gm",)),
        (Audience.LEADERSHIP, Concerned(accused=("gm",)), NINE, ()),
    ],
)
def test_who_is_meant(audience: Audience, of: Concerned, at: datetime, meant: tuple[str, ...]) -> None:
    assert recipients(audience, of, people(), TABLE.leader_roles, at) == meant


def test_a_large_department_is_not_told_person_by_person() -> None:
    unit = Department("drives", "Drives", "驱动", 3, ("function_fault",))
    crowd = Directory({"drives": unit}, [person(f"p{n}", "drives") for n in range(MOST * 2)])
    assert len(recipients(Audience.TECHNICAL_SUPPORT, FAULT, crowd, (), NINE)) == MOST


def test_supervisors_are_named_once() -> None:
    assert supervisors(("ann", "ann", "bo", "stranger"), people()) == ("bo", "gm")


@pytest.mark.requirement("003-17", "003-12")
def test_every_fact_of_the_registry_may_be_named_but_those_about_notices() -> None:
    facts = {event.type for event in registry if event.topic in TOPICS}
    assert facts - nameable() == {"redress.notice.acknowledged", "redress.notice.overdue"}
    for event in registry:
        if event.type in nameable():
            table = TABLE.model_copy(
                update={"rows": (Duty(fact=event.type, audience=Audience.LEADERSHIP, reason="told"),)}
            )
            assert len(table.duties(event, Circumstances())) == 1


CATEGORIES = ("function_fault", "appearance", "late_delivery")
duties = st.builds(
    Duty,
    fact=st.just("redress.case.closed"),
    audience=st.just(Audience.LEADERSHIP),
    reason=st.just("closed"),
    severity=st.sampled_from(Severity),
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True).map(tuple),
    kinds=st.lists(st.sampled_from([Kind.COMPLAINT, Kind.PRAISE]), max_size=2, unique=True).map(tuple),
    channels=st.lists(st.sampled_from([Channel.PHONE, Channel.EMAIL]), max_size=2, unique=True).map(tuple),
    against=st.none() | st.sampled_from(Against),
    visibility=st.none() | st.sampled_from(Visibility),
    amount=st.none()
    | st.builds(
        Money, amount=st.sampled_from([Decimal(1), Decimal(5)]), currency=st.sampled_from(["CNY", "EUR"])
    ),
)
circumstances = st.builds(
    Circumstances,
    severity=st.sampled_from(Severity),
    category=st.none() | st.sampled_from(CATEGORIES),
    against=st.none() | st.sampled_from(Against),
    kind=st.sampled_from([Kind.COMPLAINT, Kind.PRAISE]),
    channel=st.sampled_from([Channel.PHONE, Channel.EMAIL]),
    visibility=st.sampled_from(Visibility),
    at_stake=st.dictionaries(st.sampled_from(["CNY", "EUR"]), st.sampled_from([Decimal(2), Decimal(9)])),
)


@given(duties, duties, circumstances)
def test_a_row_that_another_one_hides_never_counts(first: Duty, later: Duty, case: Circumstances) -> None:
    if covers(first, later) and later.applies(case):
        assert first.applies(case)


@given(st.lists(duties, min_size=1, max_size=6), circumstances)
@pytest.mark.requirement("003-17")
def test_an_audience_is_told_of_a_fact_once_by_the_first_row_that_applies(
    rows: list[Duty], case: Circumstances
) -> None:
    table = TABLE.model_copy(update={"rows": tuple(rows)})
    applying = [row for row in rows if row.applies(case)]
    assert table.duties(CaseClosed, case) == applying[:1]


def test_an_amount_counts_in_its_own_currency() -> None:
    row = Duty(
        fact="redress.case.closed",
        audience=Audience.LEADERSHIP,
        reason="dear",
        amount=Money(amount=Decimal(100), currency="CNY"),
    )
    assert row.applies(Circumstances(at_stake={"CNY": Decimal(100)}))
    assert not row.applies(Circumstances(at_stake={"EUR": Decimal(1000)}))
    assert not row.applies(Circumstances())


# Every notice ends acknowledged, climbed, or with a live deadline.


class Story:
    """A complaint, with what was told and kept of it."""

    def __init__(self, severity: Severity) -> None:
        self.dispatch = Dispatch(
            id=ID, status=Status.ASSIGNED, registered_at=NINE, category="function_fault", severity=severity
        )
        self.kept: dict[UUID, Notice] = {}
        self.told: list[Event] = []

    def save(self) -> None:
        self.dispatch.inform(people())
        self.told += [fact[0] for fact in self.dispatch._facts]
        self.dispatch._facts.clear()
        self.kept |= self.dispatch.notices
        self.dispatch.notices = {}

    def broken(self, number: int, at: datetime) -> None:
        fact_id = derived_id("fact", number)
        event = PromiseBroken(complaint_id=ID, promise_id=fact_id, broken_at=at)
        self.dispatch.remind_of(event, fact_id, at)
        self.save()

    def acknowledge(self, which: int, at: datetime) -> None:
        if self.kept:
            notice = sorted(self.kept.values(), key=lambda n: n.id)[which % len(self.kept)]
            self.dispatch.acknowledge(notice, "key:1", None, at)
            self.save()

    def climb(self, at: datetime) -> None:
        for notice in list(self.kept.values()):
            self.dispatch.climb(notice, self.kept, people(), at)
        self.save()


steps = st.lists(
    st.tuples(st.sampled_from(["broken", "acknowledge", "climb"]), st.integers(0, 5), st.integers(0, 90)),
    max_size=25,
)


@given(steps, st.sampled_from(Severity))
@pytest.mark.requirement("P-14", "003-18")
def test_nothing_is_told_twice_and_no_notice_is_dropped(
    steps: list[tuple[str, int, int]], severity: Severity
) -> None:
    story, now = Story(severity), NINE
    facts = 0
    for what, number, hours in steps:
        now += timedelta(hours=hours)
        if what == "broken":
            story.broken(facts, now)
            facts += 1
        elif what == "acknowledge":
            story.acknowledge(number, now)
        else:
            story.climb(now)
            story.climb(now)
    issued = [event for event in story.told if isinstance(event, NoticeIssued)]
    assert len({(event.fact_id, event.audience) for event in issued}) == len(issued)
    assert {event.notice_id for event in issued} == story.kept.keys()
    climbs = [e.notice_id for e in story.told if isinstance(e, NoticeOverdue) and e.climbed_to]
    assert len(set(climbs)) == len(climbs), "a notice climbs once"
    for notice in story.kept.values():
        top = notice.audience not in TABLE.climbs
        given_up = top and notice.reminders == TABLE.remind_most
        pursued = notice.due_at is not None
        assert (
            pursued
            + (notice.climbed_to is not None)
            + given_up
            + bool(notice.acknowledged_at and not notice.climbed_to and not given_up)
            == 1
        )
        if pursued:
            assert notice.due_at is not None
            assert notice.acknowledged_at is None
        if notice.climbed_to is not None:
            above = [n for n in story.kept.values() if n.audience is notice.climbed_to]
            assert any(n.fact_id == notice.fact_id for n in above), "somebody above knows instead"


@given(st.permutations(range(4)))
def test_a_fact_that_comes_before_the_complaint_is_told_when_it_is_known(order: list[int]) -> None:
    dispatch = Dispatch(id=ID)
    for number in order:
        fact_id = derived_id("fact", number)
        dispatch.remind_of(
            CaseClosed(complaint_id=ID, outcome=Outcome.ACCEPTABLE, closed_by="x", closed_at=NINE),
            fact_id,
            NINE,
        )
    assert not dispatch.heard
    assert len(dispatch.held) == 4


@pytest.mark.parametrize(("accused", "meant"), [((), ("bo",)), (("bo",), ("ed", "gm"))])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.requirement("003-09")
def test_who_is_asked_for_a_permit_is_told_unless_they_are_complained_about(
    early: bool, accused: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    asked = next(event for event in events() if isinstance(event, ApprovalAsked))
    asked = asked.model_copy(update={"approver": "bo", "complaint_id": ID})
    assigned = Dispatch(id=ID, status=Status.ASSIGNED, category="function_fault", accused=accused)
    dispatch = Dispatch(id=ID) if early else assigned
    dispatch.remind_of(asked, derived_id("fact", 1), NINE)
    if early:
        assigned.held = dispatch.held
        assigned.close(NINE)
        dispatch = assigned
    (notice,) = dispatch.address(people(), FAULT)
    assert (notice.audience, notice.recipients) == (Audience.COMPLAINT_MANAGEMENT, meant)


@pytest.mark.requirement("001-11", "001-12", "003-16")
@pytest.mark.parametrize("kind", [ColleagueAsked, ColleagueChased])
def test_a_colleague_who_is_asked_for_help_is_told_so_in_person(kind: type[Event]) -> None:
    asked = next(event for event in events() if isinstance(event, kind))
    asked = asked.model_copy(update={"whom": "bo", "complaint_id": ID})
    dispatch = Dispatch(id=ID, status=Status.ASSIGNED, category="function_fault")
    dispatch.remind_of(asked, derived_id("fact", 1), NINE)
    told = {notice.audience: notice.recipients for notice in dispatch.address(people(), FAULT)}
    assert told[Audience.TECHNICAL_SUPPORT] == ("bo",)


def test_the_chain_leads_to_the_top() -> None:
    assert TABLE.chain(Audience.PERSON_CONCERNED) == [
        Audience.PERSON_CONCERNED,
        Audience.RESPONSIBLE_DEPARTMENT,
        Audience.COMPLAINT_MANAGEMENT,
        Audience.LEADERSHIP,
    ]


@pytest.mark.requirement("003-16")
def test_every_form_has_its_row() -> None:
    assert {row.form for row in TABLE.rows} == set(TransferForm)
    assert {row.audience for row in TABLE.rows} == set(NOTICES)
    assert all(row.words for row in TABLE.rows)


# Clippings.


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_a_week_is_monday_to_sunday_with_the_day_in_it(on: date) -> None:
    first, last = days_of(Period.WEEK, on)
    assert (first.weekday(), last.weekday()) == (0, 6)
    assert first <= on <= last
    begin, end = bounds(Period.DAY, on, "Asia/Shanghai")
    assert end - begin == timedelta(days=1)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [(None, "zh"), ("en-GB,zh;q=0.8", "en"), ("zh-CN, en", "zh"), ("de, en;q=0.5", "en"), ("de", "zh")],
)
def test_the_language_of_a_clipping(accepted: str | None, language: str) -> None:
    assert preferred(accepted) is Language(language)
