"""What the words of a complaint say: remedies, emotions, threats, dangers, values, and how often that is right."""

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dev import cues as measuring
from services.insights.cues.book import VALUES, ValueOrientation
from services.insights.cues.hearing import LONGEST_TEXT, hear
from services.insights.cues.lexicon import _File, lexicon, phrase_words
from services.insights.cues.model import Amount, Cue, Facet
from services.insights.cues.money import amounts
from services.insights.cues.polarity import valence
from shared.events.vocabulary import Language, Valence
from shared.reply_check.pattern import Malformed


def remedies(text: str) -> set[str]:
    return set(hear(text).names(Cue.REMEDY))


@pytest.mark.requirement("002-25")
@pytest.mark.parametrize(
    ("text", "wanted", "refused"),
    [
        ("不要退款，只要换货", {"exchange"}, {"refund"}),
        ("I don't want a refund, just a replacement", {"exchange"}, {"refund"}),
        ("我不是要换货，我要退款。", {"refund"}, {"exchange"}),
        ("Just repair it, I don't need a new one.", {"repair"}, {"exchange"}),
        ("不求赔偿，但必须道歉。", {"apology"}, {"compensation"}),
        ("退款和道歉，缺一不可。", {"refund", "apology"}, set()),
        ("商家拒绝退货", {"refund"}, set()),
        ("The seller won't give my money back.", {"refund"}, set()),
        ("退款已经收到了。", set(), set()),
    ],
)
def test_what_is_wanted_is_told_from_what_is_refused_and_from_what_others_refuse(
    text: str, wanted: set[str], refused: set[str]
) -> None:
    heard = hear(text)
    assert (set(heard.names(Cue.REMEDY)), set(heard.refused)) == (wanted, refused)


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("要求赔偿1.5万元", "15000", "CNY"),
        ("要求賠償１２萬元", "120000", "CNY"),
        ("赔我三百五十块", "350", "CNY"),
        ("索赔一万二千元", "12000", "CNY"),
        ("我要求赔偿￥2,000.50", "2000.50", "CNY"),
        ("I demand $1.2k compensation", "1200", "USD"),
        ("we claim damages of 85,000 EUR", "85000", "EUR"),
        ("pay me £500 in compensation", "500", "GBP"),
    ],
)
def test_a_compensation_carries_the_sum_that_it_names(text: str, value: str, currency: str) -> None:
    found = {each.amount for each in hear(text).findings if each.amount}
    assert found == {Amount(Decimal(value), currency)}


def test_a_sum_belongs_to_what_stands_nearest_to_it() -> None:
    text = "Please refund the full $2,999 and compensate me $200 for my lost time."
    assert [each.amount for each in hear(text).findings if each.name == "compensation"] == [
        Amount(Decimal(200), "USD")
    ]
    assert [each.amount.value for each in amounts("3.5 metres, 12 pieces, 40 yuan")] == [Decimal(40)]


@pytest.mark.requirement("000-25")
@pytest.mark.parametrize(
    ("cue", "texts"),
    [
        (
            Cue.SAFETY,
            ["插座冒火星", "工人触电", "The battery exploded.", "A worker slipped and was injured."],
        ),
        (Cue.THREAT, ["我要打12315", "律师函已寄出", "I will go to the press.", "See my lawyer."]),
        (
            Cue.CHURN,
            ["再也不买了", "我要携号转网", "I will never buy here again.", "I'm switching provider."],
        ),
    ],
)
def test_hazards_threats_and_farewells_are_heard_in_both_languages(cue: Cue, texts: list[str]) -> None:
    for text in texts:
        assert hear(text).names(cue), text


@pytest.mark.requirement("001-39", "003-11", "002-25")
def test_wishes_are_latent_needs_and_asking_for_more_is_an_opportunity() -> None:
    for text in (
        "建议增加一个提手",
        "能不能推出儿童款？",
        "I wish you had a bigger size.",
        "Could you add an app?",
    ):
        assert hear(text).names(Cue.WISH), text
    for text in ("如果有大号的，我还想再订三件。", "If it works we would place a larger order."):
        assert hear(text).names(Cue.OPPORTUNITY), text
    for text in ("希望尽快退款", "I hope that you refund my money"):
        assert not hear(text).names(Cue.WISH), "a demand for oneself is no wish for the product"


@pytest.mark.requirement("004-07")
def test_who_is_not_valued_needs_belonging_and_respect() -> None:
    for text in ("老客户不被重视", "Ten years a customer and we feel unappreciated."):
        touched = VALUES.shipped.touched(hear(text).facets)
        assert {"belonging", "respect"} <= set(touched), text


@pytest.mark.requirement("000-23")
def test_a_grievance_has_its_positive_opposites_and_the_rulebook_says_which() -> None:
    facets = hear("客服骂人，机器又坏了，还漏电！").facets
    assert {Facet.RUDE, Facet.BROKEN, Facet.DANGER} <= facets
    assert VALUES.shipped.touched(facets) == ["reliability", "safety", "respect"]
    edited = ValueOrientation.model_validate(
        {
            "values": [{"code": "peace", "name_en": "Peace", "name_zh": "安心"}],
            "facets": {"danger": ["peace"]},
        }
    )
    assert edited.touched(facets) == ["peace"]
    assert set(VALUES.shipped.facets) == set(Facet), "no disappointment is without a value"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"facets": {"late": ["haste"]}}, "haste"),
        ({"facets": {"late": ["speed", "speed"]}}, "once"),
        ({"facets": {"late": []}}, "at least 1"),
        ({"facets": {"lateness": ["speed"]}}, "late"),
        ({"values": [ValueOrientation.example["values"][0]] * 2}, "once"),
    ],
)
def test_an_orientation_that_contradicts_itself_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ValueOrientation.model_validate(ValueOrientation.example | change)


def test_words_of_degree_and_exclamation_marks_make_it_stronger_or_milder() -> None:
    strengths = [
        next(each.strength for each in hear(text).findings if each.cue is Cue.EMOTION)
        for text in (
            "有点失望",
            "失望",
            "非常失望",
            "slightly annoyed",
            "annoyed",
            "very annoyed",
            "annoyed!",
        )
    ]
    assert strengths == [1, 2, 3, 1, 2, 3, 3]


def test_a_negation_takes_an_emotion_away_and_turns_praise_round() -> None:
    assert hear("我没有生气").names(Cue.EMOTION) == hear("I'm not angry").names(Cue.EMOTION) == frozenset()
    for text in ("The staff was not friendly.", "一点都不专业"):
        heard = hear(text)
        assert valence(heard.polarity) is Valence.NEGATIVE, text
    assert hear("I'm not only angry").names(Cue.EMOTION) == {"angry"}


def test_where_irony_is_heard_nothing_is_said_of_the_emotion() -> None:
    for text in ("呵呵，真满意。", "Thanks for nothing, I am so happy."):
        heard = hear(text)
        assert (heard.polarity, valence(heard.polarity), heard.names(Cue.EMOTION)) == (
            None,
            None,
            frozenset(),
        )


def test_traditional_signs_full_width_capitals_and_usual_misspellings_are_read_alike() -> None:
    assert remedies("請盡快退貨並道歉") == remedies("请尽快退货并道歉") == {"refund", "speed_up", "apology"}
    assert remedies("ＲＥＦＵＮＤ please") == remedies("refud please") == {"refund"}


def test_what_others_are_quoted_with_is_not_what_the_customer_says() -> None:
    assert remedies("客服说“给您退款”，我要的是道歉") == {"apology"}


@given(st.text(alphabet=st.sampled_from("不要退款换货，。！!?. 没12万元$non't refund\n“”"), max_size=80))
def test_every_finding_shows_its_words_and_the_polarity_stays_within_bounds(text: str) -> None:
    heard = hear(text)
    assert heard == hear(text)
    for finding in heard.findings:
        assert text[finding.start : finding.end] == finding.words != ""
        assert finding.strength in (1, 2, 3)
    assert heard.polarity is None or -1 < heard.polarity < 1
    for first, second in itertools.pairwise(heard.findings):
        assert first.start <= second.start


def test_a_text_that_is_too_long_is_refused_and_says_how_long_it_may_be() -> None:
    with pytest.raises(ValueError, match=str(LONGEST_TEXT)):
        hear("a" * (LONGEST_TEXT + 1))


@pytest.mark.parametrize("language", Language)
def test_the_lexicon_names_only_what_there_is_and_hides_no_signs_in_phrases(language: Language) -> None:
    assert lexicon(language).phrases
    with pytest.raises(ValidationError, match="lateness"):
        _File.model_validate(
            {key: {"words": ["x"]} for key in ("turns", "negators", "refusals", "refusals_after")}
            | {key: {"words": ["x"]} for key in ("stronger", "weaker")}
            | {"lists": {}, "cues": {"facet": {"lateness": {"words": ["late"]}}}}
        )


@pytest.mark.parametrize("language", Language)
def test_it_is_right_as_often_as_it_was(language: Language) -> None:
    figures = measuring.as_data(measuring.measured(measuring.labelled("dev", language), language))
    counts, shares = figures["counts"], figures["shares"]
    for key, least in {"remedy": 0.97, "emotion": 0.95, "flag": 0.97, "value": 0.85}.items():
        assert counts[key]["f1"] >= least, key
    for key in ("emotion angry", "flag threat", "flag safety"):
        assert counts[key]["recall"] >= 0.95, key
        assert counts[key]["precision"] >= 0.8, key
    assert shares["polarity"]["right"] >= 0.9
    assert shares["refused remedy is not asked for"]["right"] >= 0.95


def test_no_text_is_in_both_sets_and_there_are_500_of_each_language(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for language in Language:
        dev, blind = ({text.text for text in measuring.labelled(part, language)} for part in ("dev", "blind"))
        assert not dev & blind
        assert len(dev) + len(blind) >= 500
        assert min(len(dev), len(blind)) >= 250
    measuring.main(["--json"])
    assert set(json.loads(capsys.readouterr().out)) >= {"blind.zh", "blind.en", "dev.zh", "dev.en"}


def test_a_phrase_with_signs_of_the_pattern_language_is_refused() -> None:
    with pytest.raises(Malformed, match="of its own"):
        phrase_words("get *2 back", lexicon(Language.EN).contractions)
