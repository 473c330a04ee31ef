"""Promises: true probabilities, thresholds that hold, and a challenger that must be better."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.triage.learning import NOT_YET, Classifier, Reviewed, features, promise_of
from services.routing.triage.learning.challenge import ENOUGH, Compared, judge, macro_f1, mcnemar
from services.routing.triage.learning.chances import at_most
from services.routing.triage.learning.promise import COOL, NEVER, curve, probabilities

pytestmark = pytest.mark.slow


def cases(n: int, temperature: float, seed: int = 1, spread: float = 1.0, classes: int = 4) -> list[Reviewed]:
    """Cases whose truth follows the softmax of their scores over this temperature."""
    chance = np.random.default_rng(seed)
    scores = chance.normal(0, spread, (n, classes))
    truths = [chance.choice(classes, p=row) for row in probabilities(scores, temperature)]
    names = [f"class {at}" for at in range(classes)]
    return [
        Reviewed(dict(zip(names, row.tolist(), strict=True)), names[truth])
        for row, truth in zip(scores, truths, strict=True)
    ]


def realised(reviewed: list[Reviewed], later: list[Reviewed], promised: float) -> tuple[float, float]:
    """Coverage and error on later cases under the promise of the reviewed ones."""
    kept = promise_of(reviewed, promised)
    names = sorted(later[0].scores)
    table = np.array([[case.scores[name] for name in names] for case in later])
    sure = probabilities(table, kept.temperature)
    guesses = [names[at] for at in sure.argmax(axis=1)]
    decided = [
        guess == case.truth
        for guess, chance, case in zip(guesses, sure.max(axis=1), later, strict=True)
        if chance >= kept.needs(guess)
    ]
    return len(decided) / len(later), 1 - sum(decided) / len(decided) if decided else 0.0


@pytest.mark.requirement("002-08")
@pytest.mark.parametrize("seed", range(5))
def test_the_promised_error_holds_on_later_cases(seed: int) -> None:
    coverage, error = realised(cases(2_000, 0.3, seed), cases(4_000, 0.3, seed + 100), 0.05)
    assert error <= 0.05
    assert coverage > 0.25


@pytest.mark.parametrize("true", [0.1, 0.3, 1.0])
def test_the_temperature_is_found_and_makes_probabilities_true(true: float) -> None:
    kept = promise_of(cases(2_000, true))
    assert kept.temperature == pytest.approx(true, rel=0.15)
    assert kept.calibration_error is not None
    assert kept.calibration_error < 0.05


@pytest.mark.requirement("002-08")
@pytest.mark.parametrize("few", [0, 1, 19, 60])
def test_with_too_few_reviewed_cases_everything_goes_to_a_person(few: int) -> None:
    kept = promise_of(cases(few, 0.01), 0.05)
    assert kept.threshold == NEVER
    assert kept.reviewed == few
    classifier = Classifier()
    classifier.apply(classifier.lesson("category", features("划痕"), "class 0"))
    found = classifier.predict("category", features("划痕"), kept)
    assert found.label is None
    assert found.suggestions[0] == ("class 0", 1.0)
    assert (NOT_YET.temperature, NOT_YET.needs("class 0")) == (COOL, NEVER)


def test_a_class_that_is_clearly_worse_needs_more_and_others_do_not() -> None:
    """Class 0 is right in half of its cases however sure, the others nearly always."""
    chance = np.random.default_rng(3)
    reviewed = []
    for at in range(2_000):
        label = f"class {at % 20}"
        scores = {f"class {other}": 0.0 for other in range(20)} | {label: float(chance.uniform(2, 4))}
        wrong = chance.random() < (0.5 if label == "class 0" else 0.005)
        reviewed.append(Reviewed(scores, "class 7" if wrong and label != "class 7" else label))
    kept = promise_of(reviewed)
    assert kept.threshold < 1
    assert kept.needs("class 0") > kept.threshold
    assert kept.needs("class 1") == kept.threshold


def test_a_class_that_nobody_reviewed_is_left_to_people() -> None:
    kept = promise_of(cases(2_000, 0.1))
    assert kept.needs("class 0") < 1
    assert kept.needs("brand new") == NEVER


def test_a_case_of_a_class_that_did_not_exist_counts_as_wrong() -> None:
    good = cases(2_000, 0.05)
    new = [Reviewed(case.scores, "brand new") for case in good[::4]]
    assert promise_of(good).threshold < 1
    assert promise_of([*good[:1_500], *new]).threshold == NEVER


def test_only_the_newest_cases_count() -> None:
    old = [Reviewed(case.scores, "brand new") for case in cases(3_000, 0.05)]
    assert promise_of([*old, *cases(2_000, 0.05)]) == promise_of(cases(2_000, 0.05))


def test_it_decides_when_the_promise_allows_it() -> None:
    classifier = Classifier()
    for text, label in [
        ("划痕", "class 0"),
        ("延误", "class 1"),
        ("漏电", "class 2"),
        ("态度", "class 3"),
    ] * 4:
        classifier.apply(classifier.lesson("category", features(text), label))
    kept = promise_of(cases(2_000, 0.1))
    found = classifier.predict("category", features("划痕"), kept)
    assert found.label == "class 0"
    assert found.probability >= found.threshold == kept.needs("class 0")
    unsure = classifier.predict("category", features("划痕延误"), kept)
    assert unsure.label is None
    assert unsure.probability < unsure.threshold
    assert classifier.predict("category", features("!!!"), kept).label is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.integers(1, 20))
def test_the_curve_counts_errors_among_the_surest(drawn: list[tuple[float, bool]], levels: int) -> None:
    sure, right = np.array([s for s, _ in drawn]), np.array([r for _, r in drawn])
    points = curve(sure, right, levels)
    assert points[-1].coverage == 1
    assert points[-1].error == pytest.approx(1 - right.mean())
    for point in points:
        assert (sure >= point.threshold).sum() >= round(point.coverage * len(drawn))


@given(n=st.integers(1, 60), chance=st.floats(0.01, 0.99))
@settings(max_examples=50)
def test_binomial_chances_add_up(n: int, chance: float) -> None:
    assert at_most(n, n, chance) == 1
    assert at_most(0, n, chance) == pytest.approx((1 - chance) ** n)
    both = at_most(n - 1, n, chance) + chance**n
    assert both == pytest.approx(1)


def compared(n: int, champion: int, challenger: int) -> list[Compared]:
    """So many of n cases right on each side, where the other one is right last."""
    names = ["a", "b"]
    return [
        Compared(
            names[at % 2],
            names[at % 2] if at < champion else "wrong",
            names[at % 2] if at >= n - challenger else "wrong",
        )
        for at in range(n)
    ]


@pytest.mark.requirement("002-08")
def test_a_better_challenger_is_promoted_and_a_worse_one_is_not() -> None:
    better, worse = judge(compared(400, 300, 350)), judge(compared(400, 350, 300))
    assert (better.promote, better.reason) == (True, "better")
    assert better.challenger_macro_f1 > better.champion_macro_f1
    assert (better.only_champion_right, better.only_challenger_right) == (50, 100)
    assert better.chance < 0.05
    assert (worse.promote, worse.reason) == (False, "worse")
    assert judge(compared(400, 300, 300)).reason == "not better"
    assert judge(compared(ENOUGH - 1, 10, 150)).reason == "too few cases"
    assert judge([]).reason == "too few cases"


def test_a_higher_f1_does_not_excuse_significantly_more_errors() -> None:
    """The challenger finds the rare class, and pays with many cases of the frequent one."""
    cases = [Compared("rare", "common", "rare")] * 10
    cases += [Compared("common", "common", "rare")] * 25
    cases += [Compared("common", "common", "common")] * 400
    verdict = judge(cases)
    assert verdict.challenger_macro_f1 > verdict.champion_macro_f1
    assert verdict.chance < 0.05
    assert (verdict.promote, verdict.reason) == (False, "worse")


def test_macro_f1_and_mcnemar_by_hand() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert mcnemar(1, 8) == pytest.approx(2 * (1 + 9) / 512)
    assert mcnemar(0, 0) == 1
