"""Rules as data: words that speak for a category, and words that raise the severity.

A category is decided when one of them has clearly more evidence than the rest; otherwise the rules abstain.
Words of a category may name the same thing twice, so a category's evidence is the number of different words
found, each weighing 1; two words are enough, one is enough when no other category has any.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.routing.rulebooks.model import Book, Content
from shared.events.vocabulary import Severity


class Rule(BaseModel):
    """One row."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: str
    category: str | None = None
    severity: Severity | None = None
    words: tuple[str, ...]
    """In any language; letters match at the beginning of a word, whatever their case."""


class TriageRules(Content):
    """What the words of a complaint say about it."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=1000)]


RULES = Book(
    "triage-rules", TriageRules, "triage rules", "分诊规则", ("services.routing.triage", "rules.json")
)


@dataclass(frozen=True)
class Decision:
    """`category` is None when the rules abstain."""

    category: str | None
    severity: Severity
    reasons: tuple[str, ...]


def decide(rules: TriageRules, texts: Iterable[str | None], *, public: bool) -> Decision:
    """Category and severity of what was told."""
    text = "\n".join(t for t in texts if t).casefold()
    severity, reasons = (Severity.URGENT, ["visibility.public"]) if public else (Severity.GENERAL, [])
    evidence: dict[str, int] = {}
    for rule, pattern in _compiled(rules.rules):
        found = {match.casefold() for match in pattern.findall(text)}
        if not found:
            continue
        reasons.append(rule.id)
        if rule.category is not None:
            evidence[rule.category] = evidence.get(rule.category, 0) + len(found)
        if rule.severity is not None:
            severity = max(severity, rule.severity, key=lambda s: s.rank)
    return Decision(_clear_winner(evidence), severity, tuple(reasons))


def _clear_winner(evidence: dict[str, int]) -> str | None:
    ranked = sorted(evidence.items(), key=lambda item: -item[1])
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


@lru_cache(maxsize=16)
def _compiled(rules: tuple[Rule, ...]) -> list[tuple[Rule, re.Pattern[str]]]:
    return [(rule, re.compile("|".join(map(_as_pattern, rule.words)))) for rule in rules]


def _as_pattern(word: str) -> str:
    # Not \b: between Chinese and Latin letters there is no word boundary.
    boundary = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    return boundary + re.escape(word.casefold())
