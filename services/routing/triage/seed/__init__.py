"""What the classifier knows before it has seen a complaint of the company's own; see the README here."""

import json
from functools import cache
from importlib import resources

from services.routing.triage.learning import Classifier, Example, features
from services.routing.triage.lessons import Head

MODEL = "model.bin"
_TAUGHT = {Head.CATEGORY: "category", Head.SEVERITY: "severity"}
"""By head: the key of its label in the labelled complaints. Of departments nothing is known before."""


def classifier() -> Classifier:
    """The seed model; each call gives one of its own."""
    return Classifier.load(resources.files(__package__).joinpath(MODEL).read_bytes())


@cache
def examples(head: Head, label: str) -> tuple[Example, ...]:
    """At most 20 of the labelled complaints it was trained from."""
    if head not in _TAUGHT:
        return ()
    alike = [each["text"] for each in _complaints() if each[_TAUGHT[head]] == label]
    return tuple(Example(features(text), label) for text in alike[:: max(1, len(alike) // 20)][:20])


def everything(head: Head) -> list[Example]:
    """All labelled complaints, for a challenger to be trained from."""
    if head not in _TAUGHT:
        return []
    return [Example(features(each["text"]), each[_TAUGHT[head]]) for each in _complaints()]


@cache
def _complaints() -> list[dict[str, str]]:
    lines = resources.files(__package__).joinpath("complaints.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]
