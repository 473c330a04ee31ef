"""`python -m dev.reply_check`: precision and recall of the reply check on labelled sentences.

`--json` for machines, `--wrong` for the sentences of the development set that it gets wrong. Those of the blind
set are never shown: who has seen them can no longer measure with them.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import Console
from rich.table import Table

from shared import reply_check
from shared.reply_check import Kind, Language
from shared.shares import wilson

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "reply_check"
Part = Literal["dev", "blind"]


@dataclass(frozen=True)
class Labelled:
    text: str
    kinds: frozenset[Kind]


@dataclass
class Count:
    right: int = 0
    found: int = 0
    labelled: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def add(self, found: bool, labelled: bool) -> None:
        self.found += found
        self.labelled += labelled
        self.right += found and labelled


@dataclass
class Figures:
    """Sentence by sentence. `any` counts whether a sentence is found at all, whatever the kind."""

    sentences: int = 0
    kinds: dict[str, Count] = field(default_factory=lambda: {kind: Count() for kind in (*Kind, "all", "any")})
    wrong: list[str] = field(default_factory=list)


def labelled(part: Part, language: Language) -> Iterator[Labelled]:
    for line in (FOLDER / f"{part}.{language}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield Labelled(row["text"], frozenset(Kind(kind) for kind in row["kinds"]))


def measured(sentences: Iterable[Labelled]) -> Figures:
    figures = Figures()
    for sentence in sentences:
        findings = reply_check.check(sentence.text)
        found = {finding.kind for finding in findings}
        figures.sentences += 1
        for kind in Kind:
            figures.kinds[kind].add(kind in found, kind in sentence.kinds)
            figures.kinds["all"].add(kind in found, kind in sentence.kinds)
        figures.kinds["any"].add(bool(found), bool(sentence.kinds))
        if found != sentence.kinds:
            spoken = ", ".join(f"{each.kind}/{each.family} {each.words!r}" for each in findings)
            figures.wrong.append(f"{sentence.text}  [{', '.join(sorted(sentence.kinds))}]  ->  {spoken}")
    return figures


def as_data(figures: Figures) -> dict[str, Any]:
    return {
        "sentences": figures.sentences,
        "kinds": {
            kind: {
                "labelled": count.labelled,
                "found": count.found,
                "precision": round(count.precision, 4),
                "precision_interval": [round(each, 4) for each in wilson(count.right, count.found)],
                "recall": round(count.recall, 4),
                "recall_interval": [round(each, 4) for each in wilson(count.right, count.labelled)],
                "f1": round(count.f1, 4),
            }
            for kind, count in figures.kinds.items()
        },
    }


def _table(title: str, figures: Figures) -> Table:
    table = Table("kind", "labelled", "precision", "95 %", "recall", "95 %", "F1", title=title)
    for kind, count in figures.kinds.items():
        table.add_row(
            kind,
            str(count.labelled),
            f"{count.precision:.3f}",
            "{:.2f} to {:.2f}".format(*wilson(count.right, count.found)),
            f"{count.recall:.3f}",
            "{:.2f} to {:.2f}".format(*wilson(count.right, count.labelled)),
            f"{count.f1:.3f}",
        )
    return table


def main(arguments: list[str]) -> None:
    all_figures = {
        (part, language): measured(labelled(part, language))
        for part in get_args(Part)
        for language in get_args(Language)
    }
    if "--json" in arguments:
        found = {f"{part}.{language}": as_data(figures) for (part, language), figures in all_figures.items()}
        print(json.dumps({"version": reply_check.version()} | found, indent=2))
        return
    console = Console(width=100)
    for (part, language), figures in all_figures.items():
        console.print(_table(f"{part} {language}: {figures.sentences} sentences", figures))
        if "--wrong" in arguments and part == "dev":
            console.print(*figures.wrong, sep="\n", markup=False, highlight=False)


if __name__ == "__main__":
    main(sys.argv[1:])
