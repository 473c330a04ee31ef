"""How a suggestion is put into words, in both languages; `words.json` has the sentences. Pure."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import TypeAdapter

from services.insights.suggestions.model import SUBJECTS
from shared.events.learning import SuggestionSource
from shared.events.vocabulary import Language
from shared.taxonomy import UnknownCode, newest


def words(source: SuggestionSource, subject: tuple[str, ...], **figures: object) -> dict[Language, str]:
    """The sentence by language; codes of the taxonomy by their names, other codes as they are."""
    told = dict(zip(SUBJECTS[source], subject, strict=True))
    return {
        language: _sentences()[source.value][language.value].format(
            **{name: _named(name, code, language) for name, code in told.items()}, **figures
        )
        for language in (Language.EN, Language.ZH)
    }


def _named(what: str, code: str, language: Language) -> str:
    if what == "product" and not code:
        return _sentences()["unknown_product"][language.value]
    if what == "category":
        try:
            category = newest().category(code)
        except UnknownCode:
            return code
        return category.name_zh if language is Language.ZH else category.name_en
    known = _sentences().get(code) if what in {"permit", "danger", "lapse"} else None
    return known[language.value] if known else code


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    read = resources.files("services.insights.suggestions").joinpath("words.json").read_bytes()
    return TypeAdapter(dict[str, dict[str, str]]).validate_json(read)
