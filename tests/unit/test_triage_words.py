"""The labelled complaints: well-formed, enough of each kind, without personal data, and no text on both sides."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Literal

import pytest
from pydantic import BaseModel, ConfigDict, StringConstraints
from rapidfuzz import fuzz, process

from shared.events.vocabulary import Severity
from shared.masking import mask
from shared.taxonomy import newest

ROOT: Final = Path(__file__).parents[2]
TRAIN: Final = ROOT / "services/routing/triage/seed/complaints.jsonl"
HELD_OUT: Final = ROOT / "bench/triage/held_out.jsonl"
ALIKE: Final = 80
"""Indel similarity in percent from which two texts count as the same one, written twice."""


class Labelled(BaseModel):
    """One line of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^(train|held)-\d{4}$")]
    text: Annotated[str, StringConstraints(min_length=10, max_length=400)]
    language: Literal["zh", "en", "mixed"]
    category: str
    severity: Severity
    nature: Literal["service", "quality", "delivery", "safety", "legal_public"]
    urgency: Literal["low", "normal", "high"]
    split: Literal["train", "held_out"]


def _read(path: Path) -> list[Labelled]:
    return [Labelled.model_validate(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def train() -> list[Labelled]:
    return _read(TRAIN)


@pytest.fixture(scope="module")
def held_out() -> list[Labelled]:
    return _read(HELD_OUT)


def test_each_line_says_where_it_belongs_and_ids_are_unique(
    train: list[Labelled], held_out: list[Labelled]
) -> None:
    assert {(each.split, each.id.split("-")[0]) for each in train} == {("train", "train")}
    assert {(each.split, each.id.split("-")[0]) for each in held_out} == {("held_out", "held")}
    ids = Counter(each.id for each in [*train, *held_out])
    assert not [key for key, times in ids.items() if times > 1]


@pytest.mark.requirement("001-05j")
def test_all_categories_are_taught_except_those_that_speak_ill_of_a_customer(
    train: list[Labelled], held_out: list[Labelled]
) -> None:
    taught = {category.code for category in newest().categories if not category.review}
    assert {each.category for each in train} == taught
    assert {each.category for each in held_out} == taught


@pytest.mark.requirement("001-06")
def test_danger_is_major_and_a_threat_with_the_public_at_least_urgent(
    train: list[Labelled], held_out: list[Labelled]
) -> None:
    for each in [*train, *held_out]:
        assert (each.severity is Severity.MAJOR) == (each.nature == "safety"), each
        if each.nature == "legal_public":
            assert each.severity is Severity.URGENT, each


def test_the_language_is_the_one_that_the_text_is_written_in(
    train: list[Labelled], held_out: list[Labelled]
) -> None:
    for each in [*train, *held_out]:
        chinese = any("\u4e00" <= sign <= "\u9fff" for sign in each.text)
        latin = any(sign.isascii() and sign.isalpha() for sign in each.text)
        assert chinese == (each.language != "en"), each
        assert latin or each.language == "zh", each


@pytest.mark.parametrize(
    ("split", "total", "of_each_category"),
    [
        ("train", {"zh": 270, "en": 220, "mixed": 40}, {"zh": 20, "en": 18}),
        ("held_out", {"zh": 135, "en": 110, "mixed": 25}, {"zh": 12, "en": 10}),
    ],
)
def test_there_are_enough_of_each_language_and_category(
    train: list[Labelled],
    held_out: list[Labelled],
    split: str,
    total: dict[str, int],
    of_each_category: dict[str, int],
) -> None:
    labelled = train if split == "train" else held_out
    languages = Counter[str](each.language for each in labelled)
    assert not {key: languages[key] for key, least in total.items() if languages[key] < least}
    cells = Counter[tuple[str, str]]((each.category, each.language) for each in labelled)
    few = {
        (category, language): cells[category, language]
        for category in {each.category for each in labelled}
        for language, least in of_each_category.items()
        if cells[category, language] < least
    }
    assert not few


def test_each_nature_urgency_and_severity_occurs_in_both_parts(
    train: list[Labelled], held_out: list[Labelled]
) -> None:
    for labelled in (train, held_out):
        for field, kinds in (("nature", 5), ("urgency", 3), ("severity", 3)):
            counts = Counter(getattr(each, field) for each in labelled)
            assert len(counts) == kinds
            assert min(counts.values()) >= 20, (field, counts)


def test_no_text_is_measured_with_that_was_learned_from(
    train: list[Labelled], held_out: list[Labelled]
) -> None:
    learned = [each.text for each in train]
    for each in held_out:
        twin = process.extractOne(each.text, learned, scorer=fuzz.ratio, score_cutoff=ALIKE)
        assert twin is None, (each.text, twin)


def test_no_text_stands_twice_in_one_part(train: list[Labelled], held_out: list[Labelled]) -> None:
    for labelled in (train, held_out):
        texts = [each.text for each in labelled]
        for at, text in enumerate(texts):
            twin = process.extractOne(text, texts[:at], scorer=fuzz.ratio, score_cutoff=ALIKE)
            assert twin is None, (text, twin)


def test_there_is_no_personal_data_to_mask(train: list[Labelled], held_out: list[Labelled]) -> None:
    assert not [each.id for each in [*train, *held_out] if mask(each.text) != each.text]
