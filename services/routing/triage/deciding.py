"""Rules and classifier decide together. Pure.

First the hard rules. Then the rules, where what they found is clear. Then the classifier, where it is sure enough
for the error that is promised. Then the rules, where what they found is little but not contradicted. Otherwise a
person, who is shown what both hold possible.
"""

from dataclasses import dataclass

from services.routing.triage.learner import LEARNER
from services.routing.triage.opinion import Opinion
from services.routing.triage.rules import RULES, Findings, find
from services.routing.triage.severity import MATRIX
from services.routing.triage.told import Told
from shared.events.routing import Decider
from shared.events.vocabulary import Nature, Severity, Urgency
from shared.rulebooks.model import Books


@dataclass(frozen=True)
class Decision:
    """`category` is None when a person has to decide."""

    category: str | None
    decided_by: Decider
    nature: Nature
    urgency: Urgency
    severity: Severity
    department: str | None
    reasons: tuple[str, ...]
    """Ids of the rules that spoke, and `model` where the classifier decided."""
    rules_version: int
    matrix_version: int


MODEL = "model"
"""Stands among the reasons when the classifier decided."""


DANGER = "model.danger"
"""Stands among the reasons when the classifier heard a danger that no rule did."""


def decide(told: Told, books: Books, opinion: Opinion | None) -> Decision:
    """Category, severity and department of what was told."""
    findings = find(books.read(RULES), told)
    category, decider = _category(findings, books, opinion)
    matrix = books.read(MATRIX)
    nature = findings.nature or matrix.nature_of(category)
    urgency = findings.urgency or Urgency.NORMAL
    severity = max(
        matrix.severity(nature, urgency),
        findings.least_severity,
        _hint(findings, books, opinion),
        key=lambda each: each.rank,
    )
    return Decision(
        category=category,
        decided_by=decider,
        nature=nature,
        urgency=urgency,
        severity=severity,
        department=findings.department or (opinion.department if opinion else None),
        reasons=(
            *findings.fired,
            *((MODEL,) if decider is Decider.MODEL else ()),
            *((DANGER,) if _hears_danger(findings, books, opinion) else ()),
        ),
        rules_version=books.version(RULES),
        matrix_version=books.version(MATRIX),
    )


def _category(findings: Findings, books: Books, opinion: Opinion | None) -> tuple[str | None, Decider]:
    if findings.refer or len(findings.hard) > 1:
        return None, Decider.RULES
    if findings.hard:
        return findings.hard[0], Decider.RULES
    learner = books.read(LEARNER)
    clear = findings.clear(learner.clear_evidence)
    if clear is not None:
        return clear, Decider.RULES
    if opinion is not None and opinion.category is not None and learner.decides:
        return opinion.category, Decider.MODEL
    return findings.clear(learner.least_evidence), Decider.RULES


def _hint(findings: Findings, books: Books, opinion: Opinion | None) -> Severity:
    """The classifier's severity, where no rule knew nature or urgency; at most as severe as the book allows.

    It raises and never lowers: a danger told in words that no rule knows is better looked at once too often.
    """
    if _hears_danger(findings, books, opinion):
        return books.read(LEARNER).severity_hint
    if opinion is None or opinion.severity is None or findings.nature or findings.urgency:
        return Severity.GENERAL
    return min(opinion.severity, books.read(LEARNER).severity_hint, key=lambda each: each.rank)


def _hears_danger(findings: Findings, books: Books, opinion: Opinion | None) -> bool:
    return opinion is not None and findings.nature is None and opinion.danger >= books.read(LEARNER).danger
