"""The words of the pages, in both languages: a file in `words/` for each page, and `shell.json` for what all share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import Field, TypeAdapter

from shared.events.vocabulary import Language

Told = dict[Language, Annotated[str, Field(min_length=1)]]
SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Words:
    """Of one page, and those that all share."""

    by_key: Mapping[str, Told]

    def say(self, key: str, language: Language, /, **given: object) -> str:
        return self.by_key[key][language].format(**given)

    def knows(self, key: str) -> bool:
        return key in self.by_key


@cache
def words_of(page: str = SHELL) -> Words:
    """A page's own words come before the shared ones."""
    return Words(_read(SHELL) | _read(page))


def _read(name: str) -> dict[str, Told]:
    source = resources.files(__package__).joinpath("words", f"{name}.json").read_bytes()
    return TypeAdapter(dict[str, Told]).validate_json(source)
