"""What is asked for, what is missing, what to ask next."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.record.asking import asked_for, completeness, next_question, questions

ONE_LINE: dict[str, Any] = {"kind": "complaint", "statement": {"what_went_wrong": "Too loud."}}
EVERY_KIND = [
    {"kind": kind, "accused": accused, "public_link": link, "customer": {"type": type_}}
    for kind in ("complaint", "suggestion", "opinion", "praise", "criticism")
    for accused in (None, {"name": "x"})
    for link in (None, "https://example.com/1")
    for type_ in ("external", "anonymous")
]


@pytest.mark.requirement("001-10")
def test_there_is_a_question_for_everything_that_can_be_missing() -> None:
    asked = {name for told in EVERY_KIND for name in asked_for(told)}
    always_known = {"statement.what_went_wrong", "against"}
    assert questions().keys() == asked - always_known
    for question in questions().values():
        assert question.en.isascii()
        assert "？" in question.zh


@pytest.mark.requirement("001-10")
def test_open_questions_come_before_closed_ones() -> None:
    forms = [question.form for question in questions().values()]
    assert forms == sorted(forms, reverse=True), "open before closed"
    for one, other in combinations(questions(), 2):
        first = next_question([other, one])
        assert first is not None
        assert first.field == one
    assert next_question([]) is None


def test_what_is_asked_follows_from_what_was_told() -> None:
    _, missing = completeness(ONE_LINE)
    assert {"product", "customer.contact", "facts.why", "desired_remedies"} <= set(missing)
    _, missing = completeness(ONE_LINE | {"accused": {"department": "counter 3"}})
    assert not {"product", "accused"} & set(missing)
    _, missing = completeness(ONE_LINE | {"against": "person"})
    assert "accused" in missing
    _, missing = completeness(ONE_LINE | {"visibility": "public"})
    assert "public_link" in missing
    _, missing = completeness(ONE_LINE | {"customer": {"type": "anonymous"}})
    assert "customer.contact" not in missing
    assert completeness(ONE_LINE | {"kind": "praise"})[1] == ("about", "product", "customer.contact")


@pytest.mark.requirement("001-10", "001-38")
@pytest.mark.parametrize(
    ("facts", "answered"),
    [
        ({"defect_rate": "0.05"}, "facts.how_many"),
        ({"quantity": {"affected": "12", "total": "240"}}, "facts.how_many"),
        ({"phenomenon": "alarm R4"}, "facts.what"),
    ],
)
def test_a_number_answers_as_well_as_a_text(facts: dict[str, Any], answered: str) -> None:
    before, _ = completeness(ONE_LINE)
    after, missing = completeness(ONE_LINE | {"facts": facts})
    assert after > before
    assert answered not in missing


def test_empty_parts_are_no_answers() -> None:
    assert completeness(
        ONE_LINE | {"order": {}, "facts": {}, "expectation": {"aspects": []}}
    ) == completeness(ONE_LINE)


@given(st.sets(st.sampled_from(["about", "desired_remedies", "order", "product", "expectation"])))
def test_every_answer_counts_the_same(known: set[str]) -> None:
    told = ONE_LINE | {name: {"id": "1"} for name in known}
    score, missing = completeness(told)
    assert len(missing) == 15 - len(known)
    assert score == round(1 - len(missing) / 17, 4)
