"""The seed model is what its complaints make of it, and is worth what it is said to be."""

import json
from pathlib import Path

import pytest

from dev.triage import FOLDER, trained
from services.routing.triage import seed
from services.routing.triage.learning import Example, features, promise_of
from services.routing.triage.learning.challenge import macro_f1
from services.routing.triage.learning.training import reviewed_by_folds, train

pytestmark = pytest.mark.slow

HELD_OUT = Path(__file__).parents[2] / "bench/triage/held_out.jsonl"


def held_out() -> list[dict[str, str]]:
    return [json.loads(line) for line in HELD_OUT.read_text("utf-8").splitlines()]


@pytest.mark.slow
@pytest.mark.requirement("002-08")
def test_a_fresh_training_decides_as_the_model_that_is_shipped() -> None:
    shipped, fresh = seed.classifier(), trained()
    for row in held_out():
        told = features(row["text"])
        for head in seed.HEADS:
            one, other = shipped.predict(head, told), fresh.predict(head, told)
            assert one.suggestions[0][0] == other.suggestions[0][0]
            assert one.scores == pytest.approx(other.scores, abs=0.02)


@pytest.mark.requirement("002-08")
def test_on_complaints_it_never_saw_the_seed_tells_most_categories() -> None:
    shipped, rows = seed.classifier(), held_out()
    told = [features(row["text"]) for row in rows]
    guesses = [shipped.predict("category", text).suggestions[0][0] for text in told]
    assert macro_f1([row["category"] for row in rows], guesses) > 0.62


@pytest.mark.requirement("002-08")
def test_the_seed_promises_no_more_than_it_can_keep() -> None:
    shipped, rows = seed.classifier(), held_out()
    for head in seed.HEADS:
        kept = promise_of(seed.reviewed(head), 0.05)
        found = [shipped.predict(head, features(row["text"]), kept) for row in rows]
        wrong = [
            row
            for got, row in zip(found, rows, strict=True)
            if got.label is not None and got.label != row[head]
        ]
        decided = sum(got.label is not None for got in found)
        assert len(wrong) <= 0.05 * max(decided, 1)


def test_the_seed_is_small_and_never_says_that_a_customer_means_ill() -> None:
    assert (FOLDER / "model.bin").stat().st_size <= 600_000
    assert "customer_strategy" not in seed.classifier().heads["category"].classes
    assert set(seed.classifier().heads) == set(seed.HEADS)


def test_the_first_review_has_every_complaint_once() -> None:
    for head in seed.HEADS:
        assert [case.truth for case in seed.reviewed(head)] == [case.label for case in seed.examples(head)]


def test_training_leaves_out_the_least_useful_and_gives_the_same_bytes() -> None:
    examples = [
        Example(features(text), label)
        for text, label in [("交货延误三周", "late"), ("漏电触电", "safety"), ("外壳划痕", "looks")] * 4
    ]
    head, small = train(examples, 1), train(examples, 1, places=20)
    assert train(examples, 1).dump() == head.dump()
    assert len(small.dump()) < len(head.dump())
    for example in examples:
        for trained_head in (head, small):
            classes = trained_head.classes
            scores = trained_head.scores(*trained_head.weigh(example.told), classes)
            assert classes[int(scores.argmax())] == example.label
    again = reviewed_by_folds(examples, 1)
    assert [case.truth for case in again] == [example.label for example in examples]


def test_one_class_and_no_examples_can_be_trained() -> None:
    assert train([], 1).classes == []
    assert train([Example(features("划痕"), "only")], 1).classes == ["only"]
