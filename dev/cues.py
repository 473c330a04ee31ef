"""`python -m dev.cues`: how often the cues are right, on labelled texts.

`--json` for machines, `--wrong` for the texts of the development set that are read wrongly. Those of the blind set
are never shown: who has seen them can no longer measure with them.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import Console
from rich.table import Table

from dev.reply_check import Count
from services.insights.cues.book import VALUES
from services.insights.cues.hearing import hear
from services.insights.cues.lexicon import common
from services.insights.cues.model import Cue, Heard
from services.insights.cues.polarity import valence
from shared.events.vocabulary import Language
from shared.shares import wilson

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "cues"
Part = Literal["dev", "blind"]
FLAGS = (Cue.THREAT, Cue.CHURN, Cue.SAFETY, Cue.WISH, Cue.OPPORTUNITY, Cue.SARCASM)
"""Cues that a text has or has not."""


@dataclass(frozen=True)
class Labelled:
    text: str
    polarity: str
    amount: str | None
    refused: frozenset[str]
    names: dict[str, frozenset[str]]
    """By group: `remedy`, `emotion`, `value`, `flag`."""


@dataclass
class Share:
    """How many of those that could be right are."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> None:
        self.right += right
        self.of += 1

    @property
    def value(self) -> float:
        return self.right / self.of if self.of else 1.0


@dataclass
class Figures:
    """Text by text. `remedy`, `emotion` and `value` count all names of that group together."""

    texts: int = 0
    counts: dict[str, Count] = field(default_factory=dict)
    shares: dict[str, Share] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def labelled(part: Part, language: Language) -> Iterator[Labelled]:
    for line in (FOLDER / f"{part}.{language}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield Labelled(
            row["text"],
            row["polarity"],
            row.get("amount"),
            frozenset(row.get("refused", ())),
            {
                "remedy": frozenset(row.get("remedies", ())),
                "emotion": frozenset(row.get("emotions", ())),
                "value": frozenset(row.get("values", ())),
                "flag": frozenset(row.get("cues", ())),
            },
        )


def names(heard: Heard) -> dict[str, frozenset[str]]:
    """What was found, as it is labelled."""
    return {
        "remedy": heard.names(Cue.REMEDY),
        "emotion": heard.names(Cue.EMOTION),
        "value": frozenset(VALUES.shipped.touched(heard.facets)),
        "flag": frozenset(cue.value for cue in FLAGS if heard.names(cue)),
    }


def measured(texts: Iterable[Labelled], language: Language) -> Figures:
    figures = Figures()
    for text in texts:
        heard = hear(text.text, language)
        found = names(heard)
        figures.texts += 1
        for group in found:
            for name in found[group] | text.names[group]:
                for key in (f"{group} {name}", group):
                    count = figures.counts.setdefault(key, Count())
                    count.add(name in found[group], name in text.names[group])
        right = _shares(figures, text, heard, found)
        if not right or found != text.names:
            differs = [
                f"+{group}:{name}" if name in found[group] else f"-{group}:{name}"
                for group in found
                for name in sorted(found[group] ^ text.names[group])
            ]
            figures.wrong.append(f"{text.text}  [{heard.polarity}]  {' '.join([*differs, *right.missed])}")
    return figures


@dataclass(frozen=True)
class _Right:
    missed: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.missed


def _shares(figures: Figures, text: Labelled, heard: Heard, found: dict[str, frozenset[str]]) -> _Right:
    """Where irony is heard nothing is said of the polarity, and that counts as wrong."""
    amounts = {f"{each.amount.value:f} {each.amount.currency}" for each in heard.findings if each.amount}
    asked: dict[str, bool] = {"polarity": valence(heard.polarity) == text.polarity}
    if text.refused:
        asked["refused remedy"] = heard.refused == text.refused and found["remedy"] == text.names["remedy"]
        asked["refused remedy is not asked for"] = not found["remedy"] & text.refused
    if text.amount:
        asked["amount"] = text.amount in amounts
    for name, right in asked.items():
        figures.shares.setdefault(name, Share()).add(right)
    return _Right(tuple(f"({name})" for name, right in asked.items() if not right))


def as_data(figures: Figures) -> dict[str, Any]:
    return {
        "texts": figures.texts,
        "counts": {
            key: {
                "labelled": count.labelled,
                "found": count.found,
                "precision": round(count.precision, 4),
                "precision_interval": [round(each, 4) for each in wilson(count.right, count.found)],
                "recall": round(count.recall, 4),
                "recall_interval": [round(each, 4) for each in wilson(count.right, count.labelled)],
                "f1": round(count.f1, 4),
            }
            for key, count in sorted(figures.counts.items())
        },
        "shares": {
            name: {
                "of": share.of,
                "right": round(share.value, 4),
                "interval": [round(each, 4) for each in wilson(share.right, share.of)],
            }
            for name, share in sorted(figures.shares.items())
        },
    }


def _table(title: str, figures: Figures) -> Table:
    table = Table("cue", "labelled", "precision", "95 %", "recall", "95 %", "F1", title=title)
    for key, count in sorted(figures.counts.items()):
        table.add_row(
            key,
            str(count.labelled),
            f"{count.precision:.3f}",
            "{:.2f} to {:.2f}".format(*wilson(count.right, count.found)),
            f"{count.recall:.3f}",
            "{:.2f} to {:.2f}".format(*wilson(count.right, count.labelled)),
            f"{count.f1:.3f}",
        )
    for name, share in sorted(figures.shares.items()):
        interval = "{:.2f} to {:.2f}".format(*wilson(share.right, share.of))
        table.add_row(name, str(share.of), "", "", f"{share.value:.3f}", interval, "")
    return table


def main(arguments: list[str]) -> None:
    parts = ("dev",) if "--wrong" in arguments else get_args(Part)
    all_figures = {
        (part, language): measured(labelled(part, language), language)
        for part in parts
        for language in Language
    }
    if "--json" in arguments:
        found = {f"{part}.{language}": as_data(figures) for (part, language), figures in all_figures.items()}
        print(json.dumps({"version": common().version} | found, indent=2))
        return
    console = Console(width=100)
    for (part, language), figures in all_figures.items():
        console.print(_table(f"{part} {language}: {figures.texts} texts", figures))
        if "--wrong" in arguments:
            console.print(*figures.wrong, sep="\n", markup=False, highlight=False)


if __name__ == "__main__":
    main(sys.argv[1:])
