"""What routing decides about one complaint, without a database."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

import pytest

from services.routing.assignment.roster import Load, Roster
from services.routing.assignment.rules import ASSIGNMENT
from services.routing.directory import Department, Directory, Person
from services.routing.handlers import reactions
from services.routing.model import Dispatch
from services.routing.status import Status
from services.routing.triage.lessons import Taught
from services.routing.triage.opinion import Opinion
from services.routing.triage.reviewed import judged
from services.routing.triage.triaging import NotReferred
from shared.envelope import open_envelope
from shared.events import (
    CaseClosed,
    ComplaintAssigned,
    ComplaintCoded,
    ComplaintRegistered,
    ComplaintSupplemented,
    ComplaintTriaged,
    Event,
    PromiseBroken,
)
from shared.events.intake import TaxonomyCode
from shared.events.routing import Decider
from shared.events.vocabulary import Channel, Medium, Outcome, Severity, Visibility
from shared.ids import derived_id
from tests.resolution_story import HOUR, NINE, interleavings, records, registered

ID = derived_id("complaint", "routing")
CLEAR, UNSURE, GRAVE = "The motor shows alarm R4.", "I am not happy.", "The housing gives an electric shock."


def told(what: str) -> ComplaintRegistered:
    event = registered(ID)
    return event.model_copy(
        update={"statement": event.statement.model_copy(update={"what_went_wrong": what})}
    )


BROKEN = PromiseBroken(complaint_id=ID, promise_id=derived_id("promise", ID), broken_at=NINE + 9 * HOUR)
CLOSED = CaseClosed(
    complaint_id=ID, outcome=Outcome.NOT_ACCEPTABLE, closed_by="ma.li", closed_at=NINE + 10 * HOUR
)


def directory(capacity: int) -> Roster:
    """One desk; without capacity, its only person carries another's case."""
    desk = Department("customer_service", "Customer service", "客户服务中心", 2)
    person = Person("li.na", "Li Na", desk.code, ("en", "zh"), max(capacity, 1))
    everybody = Directory({desk.code: desk}, [person])
    return Roster(everybody, ASSIGNMENT.shipped, NINE, {"li.na": Load(int(capacity == 0))})


def heard(
    dispatch: Dispatch, events: Iterable[Event], people: Roster, *, in_one_batch: bool = False
) -> list[Event]:
    """What is told when these events come, each by itself or all together."""
    recorded: list[Event] = []

    def save() -> None:
        dispatch.settle(people)
        dispatch.inform(people.directory)
        recorded.extend(fact[0] for fact in dispatch._facts)
        dispatch._facts.clear()

    for record in records(events):
        reactions.react(dispatch, open_envelope(record))
        if not in_one_batch:
            save()
    save()
    assert not dispatch.unsettled
    return recorded


def state(dispatch: Dispatch) -> dict[str, Any]:
    """As stored. Ids of notices, and of the facts they point to, are drawn by the run."""
    values = {
        name: value
        for name, value in asdict(dispatch).items()
        if name not in {"_facts", "notices", "version", "traceparent", "heard", "lapses", "tasks", "taught"}
    }
    notices = sorted((n.audience, n.reason, n.fact_type, n.issued_at) for n in dispatch.notices.values())
    return values | {"notices": notices}


@pytest.mark.parametrize("in_one_batch", [False, True])
@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.parametrize("what", [CLEAR, UNSURE, GRAVE])
def test_every_interleaving_of_intake_and_resolution_ends_alike(
    what: str, capacity: int, in_one_batch: bool
) -> None:
    ends: list[dict[str, Any]] = []
    intake: list[Event] = [told(what)]
    resolution: list[Event] = [BROKEN, CLOSED]
    for order in interleavings(intake, resolution):
        dispatch, people = Dispatch(id=ID), directory(capacity)
        facts = heard(dispatch, order, people, in_one_batch=in_one_batch)
        assert dispatch.status is Status.RELEASED
        assert people.loads["li.na"].open_cases == int(capacity == 0), "who carried it is free"
        assert sum(people.changes.values()) == 0
        shown = sorted((fact.wire_type(), str(getattr(fact, "department", ""))) for fact in facts)
        ends.append(state(dispatch) | {"told": shown})
    assert len(ends) == 3
    assert all(end == ends[0] for end in ends)
    was_assigned = "redress.complaint.assigned.v1" in dict(ends[0]["told"])
    assert was_assigned is (capacity == 1 and what is not UNSURE)
    assert ends[0]["category"] == (None if what is UNSURE else "function_fault")


def coded(category: str, subcategory: str | None = None) -> ComplaintCoded:
    return ComplaintCoded(
        complaint_id=ID,
        number=1,
        taxonomy_version=1,
        codes=(TaxonomyCode(category=category, subcategory=subcategory),),
        values=("reliability",),
        reason="I heard the machine.",
        coded_by="key:1",
        coded_at=NINE + HOUR,
    )


@pytest.mark.parametrize("in_one_batch", [False, True])
@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.parametrize("what", [CLEAR, UNSURE, GRAVE])
def test_a_coding_ends_alike_whatever_resolution_told_before(
    what: str, capacity: int, in_one_batch: bool
) -> None:
    ends: list[dict[str, Any]] = []
    for order in interleavings([told(what), coded("appearance")], [BROKEN, CLOSED]):
        dispatch, people = Dispatch(id=ID), directory(capacity)
        facts = heard(dispatch, order, people, in_one_batch=in_one_batch)
        assert people.loads["li.na"].open_cases == int(capacity == 0), "who carried it is free"
        ends.append(state(dispatch) | {"told": sorted(fact.wire_type() for fact in facts)})
    assert len(ends) == 6
    assert all(end == ends[0] for end in ends)
    assert (ends[0]["category"], ends[0]["reasons"]) == ("appearance", ("I heard the machine.",))
    assert ends[0]["told"].count("redress.complaint.triaged.v1") == (1 if what is UNSURE else 2)


def supplemented(number: int, **more: Any) -> ComplaintSupplemented:
    return ComplaintSupplemented(
        complaint_id=ID,
        addition_id=derived_id("addition", ID, number),
        number=number,
        contact_at=NINE + HOUR,
        added_by="key:1",
        added_at=NINE + HOUR,
        medium=Medium.ONLINE,
        channel=Channel.PHONE,
        completeness=0.5,
        **more,
    )


@pytest.mark.parametrize("in_one_batch", [False, True])
@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.parametrize("what", [CLEAR, UNSURE, GRAVE])
@pytest.mark.requirement("000-13", "000-22")
def test_later_contacts_end_alike_whatever_resolution_told_before(
    what: str, capacity: int, in_one_batch: bool
) -> None:
    ends: list[dict[str, Any]] = []
    resolution: list[Event] = [CLOSED]
    later: list[Event] = [
        supplemented(1, said="The housing gives an electric shock."),
        supplemented(2, visibility=Visibility.PUBLIC),
        coded("appearance"),
    ]
    for order in interleavings([told(what), *later], resolution):
        dispatch, people = Dispatch(id=ID), directory(capacity)
        facts = heard(dispatch, order, people, in_one_batch=in_one_batch)
        assert people.loads["li.na"].open_cases == int(capacity == 0), "who carried it is free"
        ends.append(state(dispatch) | {"told": sorted(fact.wire_type() for fact in facts)})
    assert len(ends) == 5
    assert all(end == ends[0] for end in ends)
    assert (ends[0]["severity"], ends[0]["visibility"]) == (Severity.MAJOR, Visibility.PUBLIC)
    assert ends[0]["lessons"] == {
        "category": asdict(Taught("appearance", "key:1", NINE + HOUR, settled=True))
    }


@pytest.mark.requirement("001-05a", "001-06")
def test_a_coding_decides_corrects_and_raises_but_takes_nobody_their_case() -> None:
    dispatch, people = Dispatch(id=ID), directory(1)
    heard(dispatch, [told(CLEAR)], people)
    assert dispatch.severity is Severity.GENERAL
    facts = heard(dispatch, [coded("function_fault", "safety")], people)
    [triaged] = [fact for fact in facts if isinstance(fact, ComplaintTriaged)]
    assert (triaged.category, triaged.severity, triaged.decided_by) == (
        "function_fault",
        Severity.MAJOR,
        Decider.PERSON,
    )
    assert (dispatch.status, dispatch.handler_id) == (Status.ASSIGNED, "li.na")
    assert heard(dispatch, [coded("function_fault", "in_use")], people) == [], "nothing that is not known"
    referred = Dispatch(id=ID)
    names = [fact.wire_type() for fact in heard(referred, [told(UNSURE), coded("after_sales")], directory(1))]
    assert names.index("redress.complaint.triaged.v1") < names.index("redress.complaint.assigned.v1")


class Knowing:
    """A classifier that holds everything for the same."""

    def judge(self, text: str, *, why: bool) -> Opinion:
        return Opinion("v", scores={"category": {"appearance": 1.0, "dimension": 0.0}})


@pytest.mark.parametrize("in_one_batch", [False, True])
@pytest.mark.parametrize(("what", "counted"), [(CLEAR, False), (UNSURE, True)])
def test_whether_an_opinion_counted_does_not_depend_on_what_came_in_the_same_batch(
    what: str, counted: bool, in_one_batch: bool
) -> None:
    dispatch, people = Dispatch(id=ID, classifier=Knowing()), directory(1)
    heard(dispatch, [told(what), coded("after_sales")], people, in_one_batch=in_one_batch)
    assert (dispatch.category, dispatch.decided_by) == ("after_sales", Decider.PERSON)
    assert [row["counted"] for row in judged(dispatch)] == [counted]


@pytest.mark.parametrize("what", [CLEAR, UNSURE])
def test_once_closed_nobody_gets_it_any_more(what: str) -> None:
    dispatch = Dispatch(id=ID)
    heard(dispatch, [told(what)], directory(0))
    assert dispatch.status is (Status.WAITING if what is CLEAR else Status.REFERRED)
    heard(dispatch, [CLOSED], directory(0))
    dispatch.try_again(NINE + 11 * HOUR)
    with pytest.raises(NotReferred):
        dispatch.decide("after_sales", None, None, "She waits for a refund.", "key:1", NINE + 11 * HOUR)
    assert heard(dispatch, [], directory(5)) == []
    assert (dispatch.status, dispatch.handler_id) == (Status.RELEASED, None)


def test_what_waits_goes_to_whoever_has_capacity_again() -> None:
    dispatch = Dispatch(id=ID)
    heard(dispatch, [told(CLEAR)], directory(0))
    dispatch.try_again(NINE + HOUR)
    [assigned] = heard(dispatch, [], directory(1))
    assert isinstance(assigned, ComplaintAssigned)
    assert (assigned.handler_id, assigned.assigned_at) == ("li.na", NINE + HOUR)
    assert dispatch.status is Status.ASSIGNED


def test_the_desks_reason_is_masked() -> None:
    dispatch = Dispatch(id=ID)
    heard(dispatch, [told(UNSURE)], directory(1))
    dispatch.decide(
        "after_sales", Severity.URGENT, None, "She called from 13800138000.", "key:1", NINE + HOUR
    )
    facts = heard(dispatch, [], directory(1))
    assert dispatch.reasons == ("She called from [phone].",)
    assert not any("13800138000" in fact.model_dump_json() for fact in facts)


def test_whoever_is_free_again_is_free_for_the_next() -> None:
    people = directory(1)
    one, two = Dispatch(id=ID), Dispatch(id=UUID(int=1))
    heard(one, [told(CLEAR)], people)
    heard(two, [told(CLEAR).model_copy(update={"complaint_id": two.id})], people)
    assert (one.status, two.status) == (Status.ASSIGNED, Status.WAITING)
    heard(one, [CLOSED], people)
    two.try_again(NINE + 11 * HOUR)
    heard(two, [], people)
    assert (one.status, two.status, two.handler_id) == (Status.RELEASED, Status.ASSIGNED, "li.na")
