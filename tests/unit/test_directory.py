"""Rules of the directory: circles, spans, plans, files, who approves, what is found."""

import contextlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.directory.authority import approvers
from services.routing.directory.checking import circles, wrong_spans
from services.routing.directory.files import read_csv, read_zip, to_csv
from services.routing.directory.layers import currencies, layer_by_role, meets_customers
from services.routing.directory.model import (
    ACCEPTANCE_DESK,
    Absence,
    Calendar,
    Department,
    Directory,
    Person,
)
from services.routing.directory.planning import Kept, Plan, Roll, Wanted, plan
from services.routing.directory.schemas import ENTRIES, Entry, NewDepartment, NewPerson
from services.routing.findings.model import CONTACT_CERTIFICATE, findings
from shared.problems import Problem

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NAMES = [f"p{number}" for number in range(8)]
follows = st.fixed_dictionaries({name: st.sampled_from([*NAMES, None]) for name in NAMES})


def _reaches(leads: Mapping[str, str | None], start: str) -> bool:
    """Does one come back to where one began?"""
    here, steps = leads[start], 0
    while here is not None and here != start and steps < len(NAMES):
        here, steps = leads[here], steps + 1
    return here == start


@given(follows)
def test_every_circle_is_found_once(leads: dict[str, str | None]) -> None:
    found = circles(leads, NAMES)
    members = [name for circle in found for name in circle]
    assert sorted(members) == [name for name in NAMES if _reaches(leads, name)]
    for circle in found:
        assert [leads[name] for name in circle] == [*circle[1:], circle[0]]


clock_times = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))


@pytest.mark.requirement("P-12")
@given(st.lists(st.tuples(clock_times, clock_times), max_size=4))
def test_spans_are_refused_exactly_when_working_time_cannot_be_counted_in_them(
    spans: list[tuple[str, str]],
) -> None:
    given_ = tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in spans)
    try:
        Calendar("c", "Asia/Shanghai", {0: given_}).work_calendar()
        possible = True
    except ValueError:
        possible = False
    assert (not wrong_spans(spans)) == possible


def entry(key: str, **fields: object) -> NewPerson:
    return NewPerson.model_validate(
        {"id": key, "name": key, "department": "unit", "languages": ["zh"], **fields}
    )


def roll(*people: NewPerson, carried: Mapping[str, int] | None = None) -> Roll:
    unit = NewDepartment(code="unit", name_en="Unit", name_zh="部门", layer=3)
    entries: dict[str, dict[str, Kept]] = {table: {} for table in ENTRIES}
    entries["departments"]["unit"] = Kept(unit, 1, None)
    entries["people"] = {person.id: Kept(person, 1, "hr") for person in people}
    return Roll(entries, carried or {})


supervisors = st.fixed_dictionaries({}, optional={name: st.sampled_from([*NAMES, None]) for name in NAMES})


@settings(max_examples=200)
@given(supervisors, supervisors)
def test_what_is_planned_holds_together_and_repeating_it_changes_nothing(
    before: dict[str, str | None], wanted: dict[str, str | None]
) -> None:
    start = plan(roll(), Wanted({"people": [entry(k, supervisor=s) for k, s in before.items()]}))
    if start.refused:
        return
    known = roll(*(person for person in start.after["people"].values() if isinstance(person, NewPerson)))
    change = Wanted(
        {"people": [entry(k, supervisor=s) for k, s in wanted.items()]}, source="hr", complete=True
    )
    made = plan(known, change)
    if made.refused:
        named = {"people/0", *(f"people/{refusal.position}" for refusal in made.refused)}
        assert named
        assert all(refusal.english and refusal.chinese for refusal in made.refused)
        return
    assert not circles({k: getattr(p, "supervisor", None) for k, p in made.after["people"].items()}, NAMES)
    gone = {key for key in before if key not in wanted}
    assert {key for _, key in made.deactivated} == gone
    again = plan(_after(made), change)
    assert (again.refused, again.added, again.changed, again.deactivated) == ([], [], [], [])


def _after(made: Plan) -> Roll:
    return Roll(
        {table: {k: Kept(e, 2, "hr") for k, e in entries.items()} for table, entries in made.after.items()}
    )


def test_who_carries_complaints_is_not_let_go_by_the_way() -> None:
    known = roll(entry("a"), entry("b"), carried={"a": 3})
    change = Wanted({"people": [entry("b")]}, source="hr", complete=True)
    [refused] = plan(known, change).refused
    assert (refused.key, refused.position, refused.conflict) == ("a", None, True)
    assert "3" in refused.english
    [requeue] = plan(known, Wanted({"people": [entry("b")]}, "hr", complete=True, requeue=True)).requeues
    assert (requeue.person, requeue.to_person) == ("a", None)


unit_codes = ["d0", "d1", "d2", "d3"]
some_categories = st.lists(st.sampled_from(["dimension", "appearance"]), unique=True, max_size=2)


def _units(successors: Mapping[str, list[str]]) -> st.SearchStrategy[dict[str, NewDepartment]]:
    return st.fixed_dictionaries(
        {
            code: st.builds(
                NewDepartment,
                code=st.just(code),
                name_en=st.just("Unit"),
                name_zh=st.just("部门"),
                layer=st.just(3),
                categories=some_categories.map(tuple),
                active=st.booleans(),
                successor=st.sampled_from([*others, None]),
            )
            for code, others in successors.items()
        }
    )


without_circles = _units({code: unit_codes[:place] for place, code in enumerate(unit_codes)})
as_it_comes = _units(dict.fromkeys(unit_codes, unit_codes))


@settings(max_examples=300)
@given(without_circles, as_it_comes, st.sets(st.sampled_from(unit_codes), min_size=1))
def test_what_was_left_out_is_never_refused_again(
    before: dict[str, NewDepartment], wanted: dict[str, NewDepartment], named: set[str]
) -> None:
    known = roll(entry("a", department="d0"), entry("b", department="d1"))
    entries = {**known.entries, "departments": {code: Kept(unit, 1, None) for code, unit in before.items()}}
    change = Wanted({"departments": [wanted[code] for code in sorted(named)]}, whole=True)
    without: set[tuple[str, str]] = set()
    while refused := plan(Roll(entries), change, without).refused:
        places = {(each.table, each.key) for each in refused}
        assert not places & without
        without |= places


def test_nothing_ends_into_a_successor_that_is_refused_itself() -> None:
    kept = {
        "gone": NewDepartment(code="gone", name_en="G", name_zh="部门", layer=3, active=False),
        "heir": NewDepartment(code="heir", name_en="H", name_zh="部门", layer=3, successor="gone"),
        "unit": NewDepartment(
            code="unit",
            name_en="U",
            name_zh="部门",
            layer=3,
            categories=("dimension",),
            successor="heir",
        ),
    }
    entries = {**roll().entries, "departments": {code: Kept(each, 1, None) for code, each in kept.items()}}
    ending = Wanted({"departments": [kept["unit"].model_copy(update={"active": False})]}, whole=True)
    [heir] = plan(Roll(entries), ending).refused
    assert (heir.key, heir.field) == ("heir", "successor")
    then = plan(Roll(entries), ending, {("departments", "heir")})
    [unit] = then.refused
    assert (unit.key, unit.position, unit.field) == ("unit", 0, "successor")
    assert then.after["departments"]["heir"] == kept["heir"]
    at_last = plan(Roll(entries), ending, {("departments", "heir"), ("departments", "unit")})
    assert (at_last.refused, at_last.touched) == ([], {})


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


@given(st.lists(st.tuples(texts, st.booleans(), st.integers(1, 10_000)), max_size=5))
def test_a_file_is_read_as_it_was_written_and_holds_no_formula(rows: list[tuple[str, bool, int]]) -> None:
    entries: list[Entry] = []
    for number, (name, active, capacity) in enumerate(rows):
        if name.strip():
            entries.append(entry(f"p{number}", name=name, active=active, capacity=capacity))
    written = to_csv("people", entries)
    found = read_csv("people", written.encode())
    assert (found.errors, found.parts["people"]) == ([], entries)
    for line in written.split("\r\n")[1:]:
        assert not any(cell.lstrip('"').startswith(("=", "+", "@")) for cell in line.split(",")[1:2])


def _packed(compression: int) -> bytes:
    out = io.BytesIO()
    rows = to_csv("people", [entry(f"p{number}") for number in range(3)])
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("people.csv", rows)
        archive.writestr("skills.csv", to_csv("skills", []))
    return out.getvalue()


PACKED = [
    _packed(how) for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
]


@settings(max_examples=500)
@given(
    st.sampled_from(PACKED),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4),
    st.one_of(st.none(), st.integers(0, 2000)),
)
def test_a_damaged_zip_is_read_or_refused(
    packed: bytes, changes: list[tuple[int, int]], end: int | None
) -> None:
    damaged = bytearray(packed)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    with contextlib.suppress(Problem):
        read_zip(bytes(damaged[:end]), 1_000_000)


def test_the_lists_are_what_they_claim() -> None:
    assert {"CNY", "EUR", "USD", "JPY"} <= currencies()
    assert all(len(code) == 3 and code.isupper() for code in currencies())
    assert layer_by_role()["sales_clerk"] == 1
    assert meets_customers(1, None, False)
    assert meets_customers(3, "installer", False)
    assert meets_customers(3, None, True)
    assert not meets_customers(3, "rd", False)


def worker(key: str, **fields: object) -> Person:
    return Person(key, key, **({"department": "unit", "languages": ("zh",), "capacity": 5} | fields))  # type: ignore[arg-type]


AWAY = (Absence(NOW - timedelta(hours=1), NOW + timedelta(hours=1)),)


@pytest.mark.requirement("003-09")
def test_who_approves_is_the_next_one_who_is_there() -> None:
    people = {
        person.id: person
        for person in (
            worker("me", supervisor="boss"),
            worker("boss", supervisor="chief", deputy="second", absences=AWAY),
            worker("second", deputy="third", absences=AWAY),
            worker("third"),
            worker("chief", supervisor="head", active=False),
            worker("head", deputy="me", absences=AWAY),
        )
    }
    assert [(each.person.id, each.instead_of) for each in approvers(people, people["me"], NOW)] == [
        ("third", "boss")
    ], "nobody approves for themselves, not even as a deputy"
    later = NOW + timedelta(hours=1)
    assert [each.person.id for each in approvers(people, people["me"], later)] == ["boss", "head"]


def units(*departments: Department, people: tuple[Person, ...]) -> Directory:
    return Directory({each.code: each for each in departments}, list(people))


def kinds(
    directory: Directory, carried: Mapping[str, int] | None = None, *contact: str
) -> set[tuple[str, str]]:
    found = findings(directory, ["late_delivery"], carried or {}, contact, NOW)
    return {(each.kind.value, each.subject) for each in found}


DESK = Department(ACCEPTANCE_DESK, "Desk", "受理", 2)
UNIT = Department("unit", "Unit", "部门", 3, ("late_delivery",))


@pytest.mark.requirement("003-21", "P-17")
def test_each_thing_that_is_unowned_or_untrained_is_found() -> None:
    at_desk = worker("desk", department=ACCEPTANCE_DESK)
    whole = units(DESK, UNIT, people=(worker("a"), at_desk))
    assert kinds(whole) == set()
    assert kinds(units(DESK, UNIT, people=(at_desk,))) == {("department-empty", "unit")}
    stood_in_for = Department("unit", "Unit", "部门", 3, ("late_delivery",), successor="customer_service")
    assert kinds(units(DESK, stood_in_for, people=(at_desk,))) == set()
    assert kinds(units(UNIT, people=(worker("a", active=False),))) == {
        ("department-empty", "unit"),
        ("category-unowned", "late_delivery"),
    }
    assert kinds(whole, {"a": 1, "b": 2}) == {("handler-gone", "b")}
    assert kinds(whole, {}, "a") == {("training-missing", "a")}
    soon, valid = NOW + timedelta(days=30), NOW + timedelta(days=31)
    for expires, found in (
        (NOW, {("training-missing", "a")}),
        (soon, {("certificate-expires", "a/policy-process")}),
        (valid, set()),
    ):
        trained = worker("a", certificates={CONTACT_CERTIFICATE: expires})
        assert kinds(units(DESK, UNIT, people=(trained, at_desk)), {}, "a") == found
