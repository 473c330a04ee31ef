"""How the 8D report says things: words, times and names, in Chinese or English. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Literal
from zoneinfo import ZoneInfo

from services.resolution.improvement.steps import GATES, Step
from shared.events.vocabulary import Remedy
from shared.paper import Block, Column, Paragraph, Table

Tongue = Literal["zh", "en"]


@cache
def _words() -> Mapping[str, tuple[str, str]]:
    """English and Chinese by name."""
    found = resources.files("services.resolution.improvement").joinpath("report_words.json").read_bytes()
    return {name: (en, zh) for name, (en, zh) in json.loads(found).items()}


@dataclass(frozen=True)
class Printing:
    """What a report needs besides the improvement."""

    language: Tongue
    at: datetime
    zone: ZoneInfo
    names: Mapping[str, str]
    """Of people, by their ids in the directory; whoever is missing is shown by their id."""
    remedies: Mapping[str, Sequence[Remedy]]
    """Agreed with the customers, by reference of the complaint."""

    def say(self, name: str) -> str:
        return _words()[name][self.language == "zh"]

    def moment(self, at: datetime | None) -> str:
        return "" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def person(self, person: str | None) -> str:
        return "" if person is None else self.names.get(person, person)

    def step(self, step: Step) -> str:
        title = GATES[step].title
        return title.zh if self.language == "zh" else title.en

    def yes(self, value: bool | None) -> str:
        return self.say({True: "yes", False: "no", None: "unknown"}[value])

    def table(self, columns: Iterable[tuple[str, float]], rows: Sequence[tuple[str, ...]]) -> Block:
        if not rows:
            return Paragraph(self.say("nothing_yet"), ink="quiet")
        return Table(tuple(Column(self.say(name), share) for name, share in columns), tuple(rows))
