"""The reply check: what it finds, what it leaves alone, and how often it is right on labelled sentences."""

import itertools
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dev import reply_check as measuring
from shared.reply_check import LONGEST_TEXT, Bilingual, Finding, Kind, Language, check
from shared.reply_check.checking import _heaviest
from shared.reply_check.pattern import Malformed, read
from shared.reply_check.rules import _File, families, rules_of
from shared.shares import wilson


def kinds(text: str, language: Language | None = None) -> set[str]:
    return {finding.kind.value for finding in check(text, language)}


@pytest.mark.requirement("004-03", "N-H")
@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (
            "command",
            ["You must send the original.", "Hand in the form today.", "您务必把原件寄来。", "把表填好。"],
        ),
        ("control", ["Just calm down.", "Our decision is final.", "您别激动。", "您只能接受这个方案。"]),
        (
            "criticism",
            ["You should have asked us.", "Why didn't you read it?", "您早就应该说。", "您没有看说明书。"],
        ),
        (
            "blame",
            ["It was your own fault.", "You broke the handle.", "责任在您。", "由于您操作不当，机器坏了。"],
        ),
        ("judging", ["You are overreacting.", "Your demand is absurd.", "您太敏感了。", "您的要求太过分。"]),
    ],
)
def test_what_the_texts_warn_of_is_found_in_both_languages(kind: str, texts: list[str]) -> None:
    for text in texts:
        assert kinds(text) == {kind}, text


@pytest.mark.requirement("000-12e", "N-H")
@pytest.mark.parametrize(
    "text",
    [
        "This is not our fault.",
        "That is company policy.",
        "Our hands are tied.",
        "It was the courier's mistake.",
        "因为系统问题，我们也没办法。",
        "这不归我们部门管。",
        "是快递弄丢的，跟我们没关系。",
    ],
)
def test_excuses_for_oneself_are_found(text: str) -> None:
    assert kinds(text) == {"excuse"}


@pytest.mark.parametrize(
    "text",
    [
        "We guarantee that you will get everything back.",
        "It will never happen again.",
        "We are 100 % sure that it arrives tomorrow.",
        "我们绝对保证赔偿。",
        "明天肯定能到。",
        "无论多少损失我们都赔。",
    ],
)
def test_promises_that_nobody_can_keep_are_found(text: str) -> None:
    assert kinds(text) == {"promise"}


@pytest.mark.requirement("004-03", "N-H")
@pytest.mark.parametrize(
    ("hurts", "does_not"),
    [
        ("Send us the receipt.", "Could you please send us the receipt?"),
        ("把发票发过来。", "请您方便时把发票发过来。"),
        ("It is your fault.", "It is not your fault."),
        ("这是您的错。", "这不是您的错。"),
        ("You must pay for it.", "You wrote: “You must pay for it.” We have paid it today."),
        ("你必须马上退钱。", "您写道“你必须马上退钱”，我们今天已退款。"),
        ("We guarantee delivery by Friday.", "We cannot guarantee delivery by Friday."),
        ("我们保证周五送到。", "我们不能保证周五送到。"),
        ("Take the plug out of the wall.", "There is a risk of fire: take the plug out of the wall."),
        ("立即停机，不许再用。", "有起火危险。立即停机，不许再用。"),
        ("You did not register the device.", "If you did not register the device, we gladly do it for you."),
        ("您没有登记。", "如果您没有登记，我们帮您登记。"),
        ("This is not our fault.", "This is our fault."),
        ("You must wait.", "You must be very disappointed."),
        ("Return the motor.", "Replace the motor at no cost."),
        ("Wait on site.", "Repair on site within two days."),
    ],
)
def test_requests_negations_quotations_conditions_and_warnings_are_told_apart(
    hurts: str, does_not: str
) -> None:
    assert kinds(hurts), hurts
    assert not kinds(does_not), does_not


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("抱歉，這是您的錯。", "是您的錯"),
        ("Sorry, ＩＴ　ＩＳ　ＹＯＵＲ　ＦＡＵＬＴ!", "ＩＳ　ＹＯＵＲ　ＦＡＵＬＴ"),
        ("Well, you didn’t read the manual 🙂", "you didn’t read"),
        ("**It is  YOUR fault**", "is  YOUR fault"),
    ],
)
def test_however_it_is_written_the_places_are_those_of_the_original(text: str, words: str) -> None:
    (finding,) = check(text)
    assert finding.words == words
    assert text[finding.start : finding.end] == words


def test_a_quotation_that_is_all_there_is_is_the_writers_own() -> None:
    assert kinds("“这是您的错。”") == {"blame"}


def test_one_place_has_one_finding_the_heaviest() -> None:
    (finding,) = check("You are to blame for the delay.")
    assert (finding.kind, finding.weight) == (Kind.BLAME, 3), "and not the command `you are to`"


def test_of_two_kinds_in_the_same_words_it_is_always_the_same_that_is_told() -> None:
    first, second = (
        Finding(kind, 0, 3, "abc", 2, kind.value, Bilingual("", ""), Bilingual("", ""))
        for kind in (Kind.COMMAND, Kind.CONTROL)
    )
    assert _heaviest([first, second]) == _heaviest([second, first]) == [second]


def test_only_the_rules_of_the_language_speak() -> None:
    text = "It is your fault. 这是您的错。"
    assert [len(check(text, language)) for language in (None, "zh", "en")] == [2, 1, 1]


def test_a_text_without_bounds_is_refused() -> None:
    assert check("a" * LONGEST_TEXT) == []
    with pytest.raises(ValueError, match="in parts"):
        check("a" * (LONGEST_TEXT + 1))


WORDS = (
    "you",
    "must",
    "not",
    "if",
    "your",
    "fault",
    "您",
    "必须",
    "不",
    "的错",
    "請",
    "要么",
    "否则",
    "我们",
)
SIGNS = ("“", "”", '"', "‘", "'", "，", "。", ".", "\n\n", " ", "…", "%", "100")
ODD = ("İ", "ß", "ﬁ", "＂", "😀", "\u200b", "e\u0301")
PIECES = st.sampled_from([*WORDS, *SIGNS, *ODD])
"""Words of rules, signs that part them, and signs whose forms differ in length."""


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=80).map("".join)))
def test_any_text_has_findings_with_places_that_fit(text: str) -> None:
    findings = check(text)
    assert findings == sorted(findings, key=lambda each: (each.start, each.end, each.kind))
    for finding in findings:
        assert 0 <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.words
    for kind in Kind:
        places = [(each.start, each.end) for each in findings if each.kind is kind]
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(places))


def _steps(work: Callable[[], object]) -> int:
    """Lines of Python that it executes."""
    steps = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize(
    "piece",
    [
        "您",
        "you ",
        "a",
        "“",
        "‘you",
        "您必须没有看，否则我们就不管了",
        "if you do not we will , ",
        "you should never have never have ",
        "要么，",
        "''''",
        "\n ",
        "不管所有损失都",
    ],
)
def test_the_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    check(piece)  # what is read once
    size = 2000 // len(piece)
    once, thrice = _steps(lambda: check(piece * size)), _steps(lambda: check(piece * size * 3))
    assert thrice < 3.5 * once + 2000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_family_has_rules_in_both_languages(language: Language) -> None:
    assert {rule.name for rule in rules_of(language).rules} == set(families().families)


@pytest.mark.parametrize("written", ["", "*3 you", "you?", "{nobody} must", "you (must|(have to))", "(|you)"])
def test_a_pattern_that_means_nothing_is_refused(written: str) -> None:
    with pytest.raises(Malformed):
        read(written, {"you": ["you"]}, lambda text: tuple(text.split()))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"family": "nonsense", "patterns": ["x"]}, "families"),
        ({"family": "duty", "patterns": ["x"], "unless": ["y"]}, "guards"),
    ],
)
def test_rules_name_only_what_there_is(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=f"there are no {says}"):
        _File.model_validate({"lists": {}, "guards": {}, "always": [], "rules": [rule]})


LEAST = {"dev": (0.95, 0.95), "blind": (0.90, 0.92)}
"""Precision and recall over all kinds; those of one kind may be 0.15 worse, for there are thirty sentences of it."""


@pytest.mark.requirement("N-H")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("part", ["dev", "blind"])
def test_it_is_right_as_often_as_it_was(part: measuring.Part, language: Language) -> None:
    figures = measuring.measured(measuring.labelled(part, language)).kinds
    precision, recall = LEAST[part]
    assert figures["all"].precision >= precision
    assert figures["all"].recall >= recall
    for kind in Kind:
        assert figures[kind].precision >= precision - 0.15, kind
        assert figures[kind].recall >= recall - 0.15, kind


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_are_enough_labelled_sentences_and_none_in_both_sets(language: Language) -> None:
    blind = {each.text for each in measuring.labelled("blind", language)}
    seen = {each.text for each in measuring.labelled("dev", language)}
    assert len(blind) >= 300
    assert len(seen) >= 150
    assert not blind & seen
    counted = measuring.measured(measuring.labelled("blind", language)).kinds
    assert all(counted[kind].labelled >= 25 for kind in Kind)


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_figures_are_printed_for_people_and_machines(capsys: pytest.CaptureFixture[str]) -> None:
    measuring.main(["--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["version"] == families().version
    assert printed["blind.zh"]["kinds"]["excuse"]["recall_interval"][1] <= 1
    measuring.main(["--wrong"])
    shown = capsys.readouterr().out
    assert "blind en" in shown
    secret = [each.text for each in measuring.labelled("blind", "en")]
    assert not any(text in shown for text in secret), "who has seen them can no longer measure with them"
