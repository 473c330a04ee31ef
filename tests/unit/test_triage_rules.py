"""Triage rules, the severity matrix and the time limits, as an administrator may write them."""

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.routing.triage.conditions import DEEPEST, AnyCondition, Condition, depth
from services.routing.triage.deciding import decide
from services.routing.triage.fields import FIELDS
from services.routing.triage.learner import LEARNER, LearnerSettings
from services.routing.triage.limits import LIMITS, LimitTable
from services.routing.triage.opinion import Opinion
from services.routing.triage.rules import RULES, TriageRules, find
from services.routing.triage.severity import MATRIX, SeverityMatrix
from services.routing.triage.told import Told
from shared.events.intake import ClaimedLoss, MaskedStatement, ProductRef
from shared.events.routing import Decider
from shared.events.vocabulary import Channel, Loss, Money, Nature, Remedy, Severity, Urgency, Visibility
from shared.rulebooks.model import Books

WORDS = {"words": ["leak"]}
PHONE, EMAIL = ({"field": "channel", "one_of": [channel]} for channel in ("phone", "email"))
MUCH = {"field": "estimated_loss", "at_least": 10, "currency": "CNY"}
LITTLE = {"field": "estimated_loss", "at_most": 5, "currency": "CNY"}


def rules(*rows: dict[str, Any]) -> TriageRules:
    return TriageRules.model_validate({"rules": rows})


def rule(name: str = "a", when: Any = WORDS, **said: Any) -> dict[str, Any]:
    return {"id": name, "when": when} | (said or {"category": "late_delivery"})


def told(what: str = "It leaks.", **more: Any) -> Told:
    return Told(statement=MaskedStatement(what_went_wrong=what, wanted="a refund"), **more)


RICH = told(
    channel=Channel.PHONE,
    product=ProductRef(id="M-7", batch="2026-41"),
    defect_rate="0.2",
    estimated_loss=Money(amount="5000", currency="CNY"),
    claimed_losses=(
        ClaimedLoss(kind=Loss.IDLE, amount=Money(amount="10", currency="CNY")),
        ClaimedLoss(kind=Loss.SCRAP, amount=Money(amount="900", currency="EUR")),
    ),
    desired_remedies=(Remedy.REPAIR, Remedy.APOLOGY),
)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"words": ["LEAK", "drip"]}, True),
        ({"words": ["eak"]}, False),
        ({"words": ["refund"], "within": ["wanted"]}, True),
        ({"words": ["refund"], "within": ["what_went_wrong", "feeling"]}, False),
        ({"field": "channel", "one_of": ["phone", "email"]}, True),
        ({"field": "channel", "one_of": ["email"]}, False),
        ({"field": "visibility", "one_of": ["public"]}, False),
        ({"field": "product.id", "one_of": ["m-7"]}, True),
        ({"field": "product.model", "one_of": ["m-7"]}, False),
        ({"field": "desired_remedies", "one_of": ["apology"]}, True),
        ({"field": "defect_rate", "at_least": "0.2"}, True),
        ({"field": "defect_rate", "at_least": "0.2001"}, False),
        ({"field": "estimated_loss", "at_least": 5000, "currency": "CNY"}, True),
        ({"field": "estimated_loss", "at_least": 1, "currency": "USD"}, False),
        ({"field": "estimated_loss", "at_most": 4999.99, "currency": "CNY"}, False),
        ({"field": "claimed_losses", "at_least": 900, "currency": "EUR"}, True),
        ({"field": "claimed_losses", "at_least": 11, "currency": "CNY"}, False),
        ({"all": [WORDS, {"field": "channel", "one_of": ["phone"]}]}, True),
        ({"all": [WORDS, {"field": "channel", "one_of": ["email"]}]}, False),
        ({"any": [{"words": ["smoke"]}, {"field": "channel", "one_of": ["phone"]}]}, True),
        ({"any": [{"words": ["smoke"]}, {"words": ["fire"]}]}, False),
        ({"not": {"words": ["smoke"]}}, True),
        ({"not": WORDS}, False),
    ],
)
@pytest.mark.requirement("002-07")
def test_a_condition_asks_for_any_told_field(when: dict[str, Any], *, holds: bool) -> None:
    written = rules(rule(when=when))
    assert bool(find(written, RICH).fired) is holds
    again = TriageRules.model_validate_json(written.model_dump_json())
    assert again == written


def test_every_field_can_be_asked_for() -> None:
    assert {
        "kind",
        "form",
        "against",
        "complainant_type",
        "emotion",
        "taken_by",
        "about",
        "medium",
    } < FIELDS.keys()
    for field in FIELDS.values():
        read: Any = field.read
        assert not list(read(Told()) or ()), "nothing was told"


conditions = st.recursive(
    st.sampled_from([WORDS, {"words": ["smoke"]}, PHONE, EMAIL]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"any": each}),
        inner.map(lambda each: {"not": each}),
    ),
    max_leaves=4,
)


@given(when=conditions)
def test_not_turns_whatever_it_holds(when: dict[str, Any]) -> None:
    assume(depth(TypeAdapter[AnyCondition](Condition).validate_python(when)) < DEEPEST)
    plain, turned = rules(rule(when=when)), rules(rule(when={"not": when}))
    assert bool(find(plain, RICH).fired) is not bool(find(turned, RICH).fired)


def deep(levels: int) -> dict[str, Any]:
    return WORDS if levels == 0 else {"not": deep(levels - 1)}


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([rule("a"), rule("a", {"words": ["x"]})], "two rules are called a: rename one"),
        (
            [rule("a"), rule("b", category="appearance")],
            "a and b have the same condition and contradict each other in category",
        ),
        (
            [rule("a"), rule("b", {"words": ["LEAK"]}, category="appearance")],
            "a and b have the same condition",
        ),
        (
            [rule("a", nature="safety"), rule("b", urgency="high")],
            "a and b have the same condition: make them one rule",
        ),
        ([rule(category="customer_strategy")], "a names customer_strategy, which needs evidence"),
        ([rule(category="nonsense")], "has no category 'nonsense'"),
        ([{"id": "a", "when": WORDS}], "a says nothing"),
        ([rule(when={"words": ["leak", "Leak"]})], "a has the word 'leak' twice"),
        ([rule(when={"words": ["13800138000"]})], "a looks for a word that is masked"),
        (
            [rule("h", {"all": [WORDS, {"not": WORDS}]}, hard=True, nature="safety")],
            "h can never hold",
        ),
        ([rule("h", {"all": [PHONE, EMAIL]}, hard=True, nature="safety")], "h can never hold"),
        ([rule("h", {"all": [MUCH, LITTLE]})], "h can never hold"),
        ([rule(when=deep(6))], "a nests conditions more than 6 deep"),
        ([rule(when={"field": "channel", "one_of": ["pigeon"]})], "channel is never 'pigeon'"),
        ([rule(when={"field": "shoe_size", "one_of": ["9"]})], "does not fit the field 'shoe_size'"),
        (
            [rule(when={"field": "estimated_loss", "at_least": 10})],
            "estimated_loss is money: name the currency",
        ),
        ([rule(when={"field": "defect_rate"})], "give at_least, at_most or both"),
        ([rule(when={"field": "defect_rate", "at_least": 2, "at_most": 1})], "nothing lies between"),
        ([rule(when={"words": ["x"], "within": ["channel"]})], "words are looked for in"),
        ([rule(when={"words": ["x"], "regex": "a+"})], "Extra inputs are not permitted"),
    ],
)
@pytest.mark.requirement("002-07")
def test_rules_that_contradict_themselves_are_refused(rows: list[dict[str, Any]], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rules(*rows)
    assert named in str(refused.value)


SURE = Opinion("v1", category="appearance", probability=0.97, severity=Severity.MAJOR)


def books(*rows: dict[str, Any], **settings: Any) -> Books:
    learner = LearnerSettings.model_validate(LEARNER.shipped.model_dump() | settings)
    return Books({RULES.kind: (3, rules(*rows)), LEARNER.kind: (1, learner)})


@pytest.mark.requirement("001-06", "002-07")
def test_hard_rules_come_first_then_clear_ones_then_the_classifier_then_a_person() -> None:
    hard = rule("h", {"words": ["leak"]}, hard=True, category="function_fault", nature="safety")
    soft = rule("s", {"words": ["late"]}, category="late_delivery")
    table = books(hard, soft)
    many = decide(told("It leaks. Late, late, LATE."), table, SURE)
    assert (many.category, many.severity, many.decided_by) == (
        "function_fault",
        Severity.MAJOR,
        Decider.RULES,
    )
    assert (many.rules_version, many.matrix_version) == (3, 0)
    assert decide(told("late: latest"), table, Opinion("v1")).category == "late_delivery"
    weak = decide(told("late"), table, SURE)
    assert (weak.category, weak.decided_by) == ("appearance", Decider.MODEL), "one word is not clear"
    assert decide(told("late"), table, Opinion("v1")).category == "late_delivery", (
        "but it is better than nothing"
    )
    assert decide(told("late"), books(hard, soft, clear_evidence=1), SURE).category == "late_delivery"
    asked = decide(told("hm"), table, SURE)
    assert (asked.category, asked.decided_by, asked.reasons) == ("appearance", Decider.MODEL, ("model",))
    assert asked.severity is Severity.URGENT, "a hint makes nothing major"
    assert decide(told("hm"), table, Opinion("v1")).category is None
    assert decide(told("hm"), books(hard, soft, decides=False), SURE).category is None
    stricter = books(hard, soft, clear_evidence=2, least_evidence=2)
    assert decide(told("late"), stricter, Opinion("v1")).category is None
    with pytest.raises(ValidationError, match="least_evidence is more than clear_evidence"):
        books(hard, least_evidence=3)


@pytest.mark.requirement("001-06")
def test_a_danger_that_no_rule_knows_raises_the_severity_and_never_lowers_it() -> None:
    line_stop = rule("u", {"words": ["line"]}, urgency="high", least_severity="major")
    threat = rule("t", {"words": ["lawyer"]}, nature="legal_public")
    table = books(line_stop, threat, danger=0.3)
    for danger, severity, reasons in (
        (0.29, Severity.GENERAL, ()),
        (0.3, Severity.URGENT, ("model.danger",)),
    ):
        found = decide(told("It bit me."), table, Opinion("v1", danger=danger))
        assert (found.severity, found.reasons) == (severity, reasons)
    assert decide(told("The line bit me."), table, Opinion("v1", danger=0.9)).severity is Severity.MAJOR
    known = decide(told("My lawyer bit me."), table, Opinion("v1", danger=0.9))
    assert known.reasons == ("t",), "a rule tells the nature"


def test_two_hard_categories_or_a_rule_that_refers_leave_it_to_a_person() -> None:
    one = rule("h", {"words": ["leak"]}, hard=True, category="function_fault")
    other = rule("i", {"words": ["late"]}, hard=True, category="late_delivery")
    refer = rule("r", {"words": ["minister"]}, refer=True, department="customer_service")
    table = books(one, other, refer)
    assert decide(told("It leaks, and it was late."), table, SURE).category is None
    asked = decide(told("It leaks; I know the minister."), table, SURE)
    assert (asked.category, asked.department) == (None, "customer_service")


@pytest.mark.requirement("P-10", "002-07")
def test_severity_is_a_matter_of_nature_and_urgency() -> None:
    matrix = MATRIX.shipped
    for nature, urgency in product(Nature, Urgency):
        said = rules(rule(nature=nature, urgency=urgency))
        decision = decide(told(), Books({RULES.kind: (1, said)}), None)
        assert decision.severity is matrix.cells[nature][urgency]
    raised = decide(told(), Books({RULES.kind: (1, rules(rule(least_severity="major")))}), None)
    assert raised.severity is Severity.MAJOR
    by_category = decide(told(), Books({RULES.kind: (1, rules(rule(category="appearance")))}), None)
    assert by_category.nature is Nature.QUALITY, "where no rule tells the nature, the category does"


CELLS = MATRIX.shipped.model_dump(mode="json")["cells"]
UNEVEN = CELLS | {"service": {"low": "urgent", "normal": "general", "high": "major"}}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"cells": {"safety": {"low": "major"}}}, "the cell"),
        (
            {"cells": UNEVEN},
            "service, low is urgent, but service, normal is only general",
        ),
        ({"risks": {"dispute": "urgent"}}, "the severity of the risk incident is missing"),
        ({"natures": {"nonsense": "quality"}}, "has no category 'nonsense'"),
    ],
)
@pytest.mark.requirement("P-10")
def test_a_matrix_with_gaps_or_out_of_order_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SeverityMatrix.model_validate(MATRIX.shipped.model_dump(mode="json") | change)
    assert named in str(refused.value)


DAY = {"acknowledge": 8, "first_response": 16, "resolution": 80}


@pytest.mark.requirement("002-21", "003-10", "000-13")
def test_of_the_limits_that_fit_the_shortest_counts() -> None:
    limits = LIMITS.shipped.limits(4, Severity.GENERAL, "appearance", None)
    assert (limits.acknowledge, limits.first_response, limits.resolution, limits.version) == (8, 16, 80, 4)
    public = LIMITS.shipped.limits(0, Severity.URGENT, None, Visibility.PUBLIC)
    assert (public.acknowledge, public.first_response, public.resolution) == (1, 4, 40)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([{"severity": "major", **DAY}], "a row for all complaints is missing"),
        ([DAY, DAY], "two rows are for all complaints"),
        ([DAY, {"severity": "major", **DAY}], "the row for major never counts"),
        ([{**DAY, "first_response": 1}], "the limits of all complaints are out of order"),
        ([DAY, {"category": "nonsense", **DAY}], "has no category 'nonsense'"),
    ],
)
@pytest.mark.requirement("002-21")
def test_limits_that_contradict_themselves_are_refused(rows: list[dict[str, Any]], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LimitTable.model_validate({"rows": rows})
    assert named in str(refused.value)
