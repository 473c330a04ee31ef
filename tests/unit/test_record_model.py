"""The record and the codings, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.coding.model import MOST_CODINGS, Codings
from services.intake.record.asking import completeness
from services.intake.record.model import MOST_ADDITIONS, Record, TooManyAdditions, turned
from services.intake.record.schemas import NewAddition
from shared.aggregate import NotPossible
from shared.events import ComplaintSupplemented
from shared.events.intake import TaxonomyCode
from shared.events.vocabulary import Channel, Emotion, Remedy
from shared.taxonomy import versions

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TOLD: dict[str, Any] = {"kind": "complaint", "statement": {"what_went_wrong": "Too loud."}, "customer": {}}


def record(**told: Any) -> Record:
    known = TOLD | told
    score, missing = completeness(known)
    row = {"registered_at": AT, "emotion": None, "completeness": score, "missing": missing}
    return Record(id=UUID(int=1), row=row, told=known)


def add(to: Record, **body: Any) -> None:
    new = NewAddition.model_validate({"channel": "phone"} | body)
    number = len(to.additions) + 1
    to.add(
        UUID(int=number),
        AT + timedelta(hours=number),
        Channel.PHONE,
        said=new.said,
        emotion=new.emotion,
        told=new.told(),
        contact=new.contact_given(),
        by="key:1",
        at=AT,
    )


bodies = st.sampled_from(
    [
        {"about": "goods"},
        {"order": {"id": "SO-1"}},
        {"order": {"contract_id": "HT-1"}},
        {"product": {"model": "M7"}},
        {"expectation": {"aspects": ["price"]}},
        {"expectation": {"expected": "Quiet."}},
        {"facts": {"defect_rate": "0.05"}},
        {"facts": {"quantity": {"affected": 1, "total": 2}, "who": "line 3"}},
        {"facts": {"where": "Hall 3", "phenomenon": "R4"}},
        {"accused": {"department": "sales"}},
        {"public_link": "https://forum.example/1"},
        {"desired_remedies": ["refund"]},
        {"statement": {"wanted": "Quiet."}},
        {"contact": {"phone": "13800138000"}},
        {"said": "And it smells.", "emotion": "angry"},
    ]
)


@pytest.mark.requirement("001-10")
@given(st.lists(bodies, max_size=12))
def test_no_addition_makes_a_complaint_less_complete_or_forgets_what_was_known(given_: list[Any]) -> None:
    kept = record()
    for body in given_:
        before, old = kept.completeness[0], kept.now
        add(kept, **body)
        assert kept.completeness[0] >= before
        for part, fields in old.items():
            if isinstance(fields, dict):
                assert fields.keys() <= kept.now[part].keys()
    assert kept.told == record().told, "what was told is as it was"
    events = [event for event, _, _ in kept._facts if isinstance(event, ComplaintSupplemented)]
    assert [event.number for event in events] == list(range(1, len(given_) + 1))


def test_what_an_addition_leaves_out_stays() -> None:
    kept = record(expectation={"aspects": ["quality"], "expected": "Quiet."})
    add(kept, expectation={"received": "Noise."})
    assert kept.now["expectation"] == {"aspects": ["quality"], "expected": "Quiet.", "received": "Noise."}


@pytest.mark.requirement("001-03")
def test_every_remedy_is_moral_or_material_but_for_haste() -> None:
    kinds = {remedy.value: remedy.compensation for remedy in Remedy}
    assert kinds.pop("speed_up") is None
    assert {name for name, kind in kinds.items() if kind == "moral"} == {
        "apology",
        "explanation",
        "staff_action",
        "prevention",
    }
    assert {kind for kind in kinds.values() if kind is not None} == {"moral", "material"}


@pytest.mark.requirement("004-02")
@pytest.mark.parametrize(
    ("emotions", "has_turned"),
    [
        ([], False),
        (["grateful"], False),
        (["angry"], False),
        (["angry", "calm"], False),
        (["angry", "calm", "relieved"], True),
        (["angry", "satisfied", "disappointed"], False),
    ],
)
def test_a_mood_has_turned_when_it_was_negative_and_is_positive(
    emotions: list[str], has_turned: bool
) -> None:
    assert turned([(AT, Emotion(emotion)) for emotion in emotions]) is has_turned


def test_additions_and_codings_have_a_limit() -> None:
    kept = record()
    for _ in range(MOST_ADDITIONS):
        add(kept, said="x")
    with pytest.raises(TooManyAdditions):
        add(kept, said="x")
    codings = Codings(id=UUID(int=1), exists=True)
    opposed = {place: values for place, values in versions()[1].places().items() if values}

    def code(number: int) -> None:
        category = TaxonomyCode(category=["appearance", "dimension"][number % 2])
        codings.code(versions(), opposed, 1, [category], (), "x", None, "key:1", AT)

    for number in range(MOST_CODINGS):
        code(number)
    with pytest.raises(NotPossible, match="too-many-codings"):
        code(MOST_CODINGS)
    assert len(codings.all) == MOST_CODINGS
