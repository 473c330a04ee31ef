"""Triage rules: a rulebook. A rule says what holds of a complaint of which its condition holds. Pure.

Words of a category may name the same thing twice, so a category's evidence is the number of different words found,
each weighing as much as its rule says. Hard rules speak first, and no classifier overrules them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.triage.conditions import Condition
from services.routing.triage.contradictions import refuse_contradictions
from services.routing.triage.told import Told
from shared.events.vocabulary import Nature, Severity, Urgency
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode

RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]
DepartmentCode = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,49}$")]


class Rule(BaseModel):
    """One row."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: RuleId
    when: Condition
    hard: bool = False
    """It speaks before the classifier, which cannot overrule it."""
    category: CategoryCode | None = None
    """The category that it speaks for. Not one that needs a second person's review."""
    weight: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 1.0
    """How much each word found counts for the category."""
    nature: Nature | None = None
    urgency: Urgency | None = None
    least_severity: Severity | None = None
    """Such a complaint is at least as severe, whatever the matrix says."""
    department: DepartmentCode | None = None
    """The department that is to have it."""
    refer: bool = False
    """A person decides."""

    @property
    def outcome(self) -> dict[str, object]:
        """What it says, without what it says nothing about."""
        said = self.model_dump(exclude={"id", "when", "hard", "weight"})
        return {name: value for name, value in said.items() if value not in (None, False)}


class TriageRules(Content):
    """What is known of a complaint from what was told."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        refuse_contradictions(self.rules)
        return self


RULES = Book(
    "triage-rules", TriageRules, "triage rules", "分诊规则", ("services.routing.triage", "rules.json")
)


@dataclass(frozen=True)
class Findings:
    """What the rules found."""

    fired: tuple[str, ...] = ()
    """Ids of the rules that spoke, in their order."""
    hard: tuple[str, ...] = ()
    """The categories that hard rules name."""
    evidence: Mapping[str, float] = field(default_factory=dict[str, float])
    """What speaks for each category."""
    nature: Nature | None = None
    """The gravest."""
    urgency: Urgency | None = None
    least_severity: Severity = Severity.GENERAL
    department: str | None = None
    """Of hard rules before others, then the first."""
    refer: bool = False

    def clear(self, least: float) -> str | None:
        """The category with at least so much evidence, and more than any other."""
        ranked = sorted(self.evidence.items(), key=lambda item: -item[1])
        if not ranked or ranked[0][1] < least or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return None
        return ranked[0][0]


def find(rules: TriageRules, told: Told) -> Findings:
    """Let every rule speak."""
    spoke: list[tuple[Rule, int]] = []
    for rule in rules.rules:
        weight = rule.when.weigh(told)
        if weight:
            spoke.append((rule, weight))
    evidence: dict[str, float] = {}
    for rule, weight in spoke:
        if rule.category is not None:
            evidence[rule.category] = evidence.get(rule.category, 0.0) + weight * rule.weight
    fired = [rule for rule, _ in spoke]
    by_force = sorted(fired, key=lambda rule: not rule.hard)
    return Findings(
        fired=tuple(rule.id for rule in fired),
        hard=tuple(dict.fromkeys(rule.category for rule in fired if rule.hard and rule.category)),
        evidence=evidence,
        nature=max((r.nature for r in fired if r.nature), key=lambda each: each.rank, default=None),
        urgency=max((r.urgency for r in fired if r.urgency), key=lambda each: each.rank, default=None),
        least_severity=max(
            (r.least_severity for r in fired if r.least_severity),
            key=lambda each: each.rank,
            default=Severity.GENERAL,
        ),
        department=next((rule.department for rule in by_force if rule.department), None),
        refer=any(rule.refer for rule in fired),
    )
