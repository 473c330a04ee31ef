"""What triage knows before the first correction: a model trained from the labelled complaints beside it.

`model.bin` is made by `python -m dev.triage`; its heads are category, severity, nature and urgency. `reviewed.json`
says how each complaint was scored by a model that had not seen it: the first cases to promise anything on, until
reviewed ones of the company's own take their place.
"""

import hashlib
import json
from functools import cache
from importlib import resources

from services.routing.triage.learning import Classifier, Example, Features, Reviewed, features

HEADS = ("category", "severity", "nature", "urgency")
_FOLDER = resources.files("services.routing.triage.seed")


def classifier() -> Classifier:
    """The seed model: a fresh one with each call, to be taught further."""
    return Classifier.load(_FOLDER.joinpath("model.bin").read_bytes())


@cache
def reviewed(head: str) -> tuple[Reviewed, ...]:
    """The first reviewed cases of a head."""
    kept = json.loads(_FOLDER.joinpath("reviewed.json").read_bytes())[head]
    return tuple(
        Reviewed(dict(zip(kept["classes"], scores, strict=True)), truth)
        for truth, scores in zip(kept["truths"], kept["scores"], strict=True)
    )


@cache
def examples(head: str) -> tuple[Example, ...]:
    """The seed complaints as examples of a head, to rehearse and to train challengers with; shuffled."""
    # The order of the digest of an id has nothing to do with the complaint's class.
    rows = sorted(_rows(), key=lambda row: hashlib.sha256(row["id"].encode()).digest())
    return tuple(Example(_told(row["text"]), row[head]) for row in rows)


@cache
def _rows() -> tuple[dict[str, str], ...]:
    lines = _FOLDER.joinpath("complaints.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines if line)


@cache
def _told(text: str) -> Features:
    return features(text)
