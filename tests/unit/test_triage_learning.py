"""What a lesson changes, and that nothing but the lessons counts."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.triage.learning import CORRECTED, Classifier, Example, Features, Lesson, features, share
from services.routing.triage.learning.features import MOST, PLACES, READ
from services.routing.triage.learning.teaching import REHEARSAL, REHEARSED
from services.routing.triage.lessons import Head
from services.routing.triage.mind import Mind, State, Wanted

pytestmark = pytest.mark.slow

LATE, SAFETY, LOOKS = "late_delivery", "safety", "appearance"
TOLD = [
    ("交货又延误了两个星期，一直没发货", LATE),
    ("The drives arrived three weeks late", LATE),
    ("电机外壳漏电，有人触电麻手", SAFETY),
    ("The housing gave me an electric shock", SAFETY),
    ("外壳有很深的划痕，掉漆", LOOKS),
    ("deep scratches and flaking paint on the cover", LOOKS),
]
lessons = st.lists(
    st.tuples(
        st.text("交货延误漏电划痕 late shock scratch", min_size=1, max_size=40),
        st.sampled_from([LATE, SAFETY, LOOKS]),
        st.sampled_from([1.0, CORRECTED]),
    ),
    min_size=1,
    max_size=6,
)


def taught(rounds: int = 3) -> Classifier:
    classifier = Classifier()
    for text, label in TOLD * rounds:
        classifier.apply(classifier.lesson("category", features(text), label))
    return classifier


def first(classifier: Classifier, text: str) -> str:
    return classifier.predict("category", features(text)).suggestions[0][0]


@pytest.mark.requirement("002-08", "003-13")
def test_it_learns_chinese_of_either_script_english_and_both_mixed() -> None:
    classifier = taught()
    assert features("電機外殼漏電 ＦＡＮ").grams == features("电机外壳漏电 fan").grams
    assert first(classifier, "交貨延誤了一個月") == LATE
    assert first(classifier, "外殼有劃痕") == LOOKS
    assert first(classifier, "we got an ELECTRIC shock") == SAFETY
    assert first(classifier, "这个 drive 是 late 的, 还没发货") == LATE
    assert first(classifier, "electrical shoks from the cover") == SAFETY


@pytest.mark.requirement("003-13")
@given(told=lessons)
@settings(max_examples=20, deadline=None)
def test_the_order_of_lessons_does_not_matter_to_the_last_bit(
    told: list[tuple[str, str, float]],
) -> None:
    first_one, kept = Classifier(), []
    for text, label, weight in told:
        kept.append(first_one.lesson("category", features(text), label, weight))
        first_one.apply(kept[-1])
    other = Classifier()
    for lesson in reversed(kept):
        other.apply(Lesson.from_bytes(lesson.to_bytes()))
    assert other.dump() == first_one.dump()
    assert other.version == first_one.version


@given(told=lessons, at=st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_a_withdrawn_lesson_leaves_no_trace(told: list[tuple[str, str, float]], at: int) -> None:
    """Ping-pong: only the correction that resolved the case in the end is in force."""
    passed, kept = Classifier(), []
    for text, label, weight in told:
        kept.append(passed.lesson("category", features(text), label, weight))
        passed.apply(kept[-1])
    gone = kept.pop(at % len(kept))
    passed.withdraw(gone)
    straight = Classifier()
    for lesson in kept:
        straight.apply(lesson)
    assert passed.dump() == straight.dump()
    assert passed.version == straight.version
    assert passed.heads["category"].classes == (straight.heads["category"].classes if kept else [])


@pytest.mark.requirement("002-07")
def test_making_a_lesson_leaves_the_mind_as_it_was_also_where_a_folded_one_is_replaced() -> None:
    told, key = features("风扇停转，换了三次"), (UUID(int=1), Head.CATEGORY)
    classifier = taught()
    afresh = classifier.lesson("category", told, LATE, CORRECTED)
    folded = classifier.lesson("category", told, LOOKS, CORRECTED)
    classifier.apply(folded)
    mind = Mind(State(classifier, number=3, lessons_to=7))
    before = classifier.dump()
    [lesson] = mind.lessons([Wanted(key, told, LATE, CORRECTED, folded)], {})
    assert lesson.digest() == afresh.digest(), "as if the one before had never been taught"
    assert (classifier.dump(), mind.champion.undone, mind.champion.applied) == (before, {}, {})
    for _ in range(2):
        mind.put(key, lesson, 8, settled=True, folded=folded)
        straight = taught()
        straight.apply(lesson)
        assert classifier.dump() == straight.dump()


def test_only_what_was_added_can_be_withdrawn_from_a_snapshot() -> None:
    state = State(taught(), number=9, lessons_to=8, trained_to=5)
    assert [changed for changed in (4, 5, 6, 8, 9) if state.folds(changed)] == [6, 8]
    told, key = features("风扇停转，换了三次"), (UUID(int=1), Head.CATEGORY)
    lesson = state.classifier.lesson("category", told, LOOKS)
    mind = Mind(State(taught(), number=9, lessons_to=8), State(taught(), number=10, lessons_to=8))
    assert mind.challenger is not None
    mind.champion.classifier.apply(lesson)
    mind.put(key, None, 9, settled=True, folded=lesson)
    assert mind.champion.classifier.dump() == mind.challenger.classifier.dump() == taught().dump()


@pytest.mark.requirement("002-08")
def test_a_complaint_that_is_passed_to_and_fro_counts_once() -> None:
    told = features("风扇停转，换了三次")
    classifier = taught()
    before = classifier.dump()
    in_force: Lesson | None = None
    for label in ["after_sales", LATE] * 5:
        if in_force is not None:
            classifier.withdraw(in_force)
        in_force = classifier.lesson("category", told, label)
        classifier.apply(in_force)
    assert in_force is not None
    classifier.withdraw(in_force)
    assert classifier.dump() == before
    final = classifier.lesson("category", told, "after_sales", CORRECTED)
    classifier.apply(final)
    assert first(classifier, "风扇停转，换了三次") == "after_sales"
    assert [step.size for step in final.steps] > [
        step.size for step in taught().lesson("category", told, "after_sales").steps
    ]


def test_computing_a_lesson_changes_nothing() -> None:
    classifier = taught()
    before = classifier.dump(), classifier.version
    rehearsal = [Example(features(text), label) for text, label in TOLD]
    classifier.lesson("category", features("完全新的问题"), "brand_new", CORRECTED, rehearsal)
    assert (classifier.dump(), classifier.version) == before
    assert "brand_new" not in classifier.heads["category"].classes


@pytest.mark.requirement("003-13")
def test_one_correction_is_heard_by_the_next_complaint() -> None:
    classifier = taught()
    asked = "the invoice shows the wrong amount"
    assert first(classifier, asked) != "billing"
    classifier.apply(classifier.lesson("category", features(asked), "billing", CORRECTED))
    assert first(classifier, "the invoice has a wrong amount again") == "billing"
    assert first(classifier, "deep scratches on the cover") == LOOKS


def test_rehearsal_keeps_what_was_known() -> None:
    """Fifty corrections to a class that uses the words of another one."""
    told = [("交货延误了", LATE)] * 3 + [(f"交货延误投诉客服{n}", "service_attitude") for n in range(50)]
    alone, rehearsing = taught(), taught()
    rehearsal = [Example(features(text), label) for text, label in TOLD]
    for text, label in told:
        alone.apply(alone.lesson("category", features(text), label))
        lesson = rehearsing.lesson("category", features(text), label, 1.0, rehearsal)
        assert len(lesson.steps) <= 1 + REHEARSED
        rehearsing.apply(lesson)
    asked = features(TOLD[0][0])
    before = alone.predict("category", asked).scores
    after = rehearsing.predict("category", asked).scores
    assert after[LATE] - after["service_attitude"] > before[LATE] - before["service_attitude"]


def test_heads_know_nothing_of_each_other() -> None:
    classifier = taught()
    classifier.apply(classifier.lesson("severity", features("漏电"), "major"))
    assert classifier.predict("severity", features("late")).suggestions == (("major", 1.0),)
    assert classifier.predict("department", features("late")).suggestions == ()
    assert classifier.heads["category"].classes == [LOOKS, LATE, SAFETY]


def test_a_snapshot_gives_the_same_classifier() -> None:
    classifier = taught()
    loaded = Classifier.load(classifier.dump())
    told = features("交货延误")
    assert loaded.predict("category", told) == classifier.predict("category", told)
    assert (loaded.version, loaded.dump()) == (classifier.version, classifier.dump())
    lesson = classifier.lesson("category", told, LOOKS)
    loaded.apply(lesson)
    classifier.apply(lesson)
    assert loaded.version == classifier.version != taught().version


def test_the_version_follows_the_lessons() -> None:
    classifier = taught()
    before = classifier.version
    lesson = classifier.lesson("category", features("划痕"), LOOKS)
    classifier.apply(lesson)
    assert classifier.version != before
    classifier.withdraw(lesson)
    assert classifier.version == before


@pytest.mark.parametrize("broken", [b"", b"nothing", b'{"category": 5}\nabcde', b"[]\n", b'{"a": "b"}\n'])
def test_what_is_no_snapshot_and_no_lesson_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError):
        Classifier.load(broken)
    with pytest.raises(ValueError):
        Lesson.from_bytes(broken)
    with pytest.raises(ValueError):
        Features.from_bytes(broken)


def test_a_lesson_is_small() -> None:
    classifier = taught()
    rehearsal = [Example(features(text), label) for text, label in TOLD]
    told = features(
        "贵司上周到的那批直流电机，上线不到两小时就陆续报R4，复位也没用。现在三号产线已经停了，麻烦马上派人。"
    )
    assert len(classifier.lesson("category", told, SAFETY, CORRECTED, rehearsal).to_bytes()) < 3_000


@given(st.text(max_size=100))
@settings(max_examples=60, deadline=None)
def test_any_text_has_features_that_can_be_kept(text: str) -> None:
    told = features(text)
    assert len(told) <= MOST
    assert (told.counts > 0).all()
    assert (np.diff(told.places.astype(np.int64)) > 0).all()
    assert not len(told) or told.places[-1] < PLACES
    kept = Features.from_bytes(told.to_bytes())
    assert (kept.places == told.places).all()
    assert (kept.counts == told.counts).all()
    assert kept.grams == {}


@pytest.mark.requirement("003-13")
@pytest.mark.parametrize("text", ["电" * 100_000, "x" * 100_000, "坏了 broken " * 20_000, "ﷺ" * 50_000])
def test_a_long_text_is_read_as_far_as_it_says_something(text: str) -> None:
    told = features(text)
    assert len(told) <= MOST
    assert told.places.tolist() == features(text[:READ] + "完全不同").places.tolist()


def test_marks_of_masking_say_nothing() -> None:
    assert features("打 [phone] 没人接 [id-card]").grams == features("打  没人接 ").grams
    assert "phone" in features("the phone is broken").grams


def test_the_rehearsal_is_shared_among_the_classes() -> None:
    assert share(0) == share(1) == 20
    assert share(10) * 10 == REHEARSAL
    assert share(1_000) == 1


@pytest.mark.requirement("003-13")
def test_it_explains_itself_by_the_words_that_spoke_for_and_against() -> None:
    classifier = taught()
    found = classifier.predict("category", features("外殼劃痕, but not late"))
    assert found.suggestions[0][0] == LOOKS
    assert "划痕" in [word for word, _ in found.spoke_for]
    assert "late" in [word for word, _ in found.spoke_against]
    assert all(share > 0 for _, share in found.spoke_for)
    assert all(share < 0 for _, share in found.spoke_against)
    assert len(found.spoke_for) <= 5
    kept = Features.from_bytes(features("外殼劃痕").to_bytes())
    assert classifier.predict("category", kept).spoke_for == ()
