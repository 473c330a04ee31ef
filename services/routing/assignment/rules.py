"""The assignment rules: what is asked of whoever takes which complaint, and who is asked after whom.

They are a rulebook; `rules.json` is version 0.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.assignment.needs import Needs
from shared.events.vocabulary import Against, Kind, Nature, Severity, Visibility
from shared.rulebooks.model import Book, Content
from shared.taxonomy import newest

Code = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
RuleId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9.-]{0,63}$")]
Layer = Annotated[int, Field(ge=1, le=4)]
Hours = Annotated[float, Field(gt=0, le=8760)]


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class AssignmentRule(Row):
    """For such complaints, this is asked of whoever takes them."""

    id: RuleId
    categories: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    """Level-1 categories; empty: all. So are the other conditions."""
    subcategories: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    """Level-2 places of those categories."""
    severity: Severity = Severity.GENERAL
    """The least severity to which the rule applies."""
    kinds: Annotated[tuple[Kind, ...], Field(max_length=5)] = ()
    natures: Annotated[tuple[Nature, ...], Field(max_length=5)] = ()
    visibility: Visibility | None = None
    against: Against | None = None
    skills: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    """Skills that the person must have, all of them."""
    certificates: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    """Training certificates that the person must hold, valid at that moment."""
    layers: Annotated[tuple[Layer, ...], Field(max_length=4)] = ()
    """The person's department must be in one of these layers."""
    prefer: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    """Departments that are asked before the responsible ones."""
    otherwise: Literal["refuse", "warn"] = "refuse"
    """Of somebody who does not meet it: never take them; or take them after those who do, with a warning."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not (self.skills or self.certificates or self.layers or self.prefer):
            raise ValueError(
                f"rule {self.id} asks for nothing; name skills, certificates, layers or departments to prefer, "
                f"or leave it out. 规则{self.id}没有任何要求，请填写或删除。"
            )
        for category in self.categories:
            if not any(category == known.code for known in newest().categories):
                raise ValueError(
                    f"rule {self.id}: there is no category {category} in the taxonomy. "
                    f"规则{self.id}：分类表中没有类别{category}。"
                )
        places = {
            place.code
            for known in newest().categories
            if not self.categories or known.code in self.categories
            for place in known.subcategories
        }
        for subcategory in self.subcategories:
            if subcategory not in places:
                raise ValueError(
                    f"rule {self.id}: its categories have no subcategory {subcategory}. "
                    f"规则{self.id}：所列类别下没有小类{subcategory}。"
                )
        return self

    def applies(self, needs: Needs) -> bool:
        return (
            (not self.categories or needs.category in self.categories)
            and (not self.subcategories or needs.subcategory in self.subcategories)
            and needs.severity.rank >= self.severity.rank
            and (not self.kinds or needs.kind in self.kinds)
            and (not self.natures or needs.nature in self.natures)
            and self.visibility in (None, needs.visibility)
            and self.against in (None, needs.against)
        )

    def meets(self, other: "AssignmentRule") -> bool:
        """Is there a complaint to which both apply?"""
        lists = (
            (self.categories, other.categories),
            (self.subcategories, other.subcategories),
            (self.kinds, other.kinds),
            (self.natures, other.natures),
        )
        words = ((self.visibility, other.visibility), (self.against, other.against))
        return all(not a or not b or set(a) & set(b) for a, b in lists) and all(
            a is None or b is None or a == b for a, b in words
        )


class Asked(StrEnum):
    RESPONSIBLE = "responsible"
    """The departments that are responsible for the category."""
    LAYER = "layer"
    """All departments of a layer."""
    DEPARTMENT = "department"


class Step(Row):
    """Who is asked next when those before cannot take it."""

    id: RuleId
    """Named in the reasons of an assignment: `acceptance-desk`."""
    to: Asked
    layer: Layer | None = None
    """With `to: layer`."""
    department: Code | None = None
    """With `to: department`."""
    climbs: Annotated[int, Field(ge=0, le=10)] = 0
    """Only asked once the complaint has climbed so often."""

    @model_validator(mode="after")
    def _names_whom(self) -> Self:
        if (self.layer is not None, self.department is not None) != (
            self.to is Asked.LAYER,
            self.to is Asked.DEPARTMENT,
        ):
            raise ValueError(
                f"step {self.id}: name `layer` with `to: layer`, `department` with `to: department`, and "
                f"neither with `to: responsible`. 步骤{self.id}：请按 to 的取值填写 layer 或 department。"
            )
        return self


class ClimbAfter(Row):
    """Hours, day and night, after which a complaint that nobody owns climbs; by severity."""

    general: Hours
    urgent: Hours
    major: Hours


class CoOwnership(Row):
    """A department that never owns such a complaint alone, and who takes part."""

    id: RuleId
    owner: Code
    categories: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    """Level-1 categories; empty: all."""
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    """Those of them that exist are involved."""


class AssignmentRules(Content):
    """Who may take which complaint, and who is asked after whom."""

    rules: Annotated[tuple[AssignmentRule, ...], Field(max_length=500)] = ()
    chain: Annotated[tuple[Step, ...], Field(min_length=1, max_length=20)]
    """Whom to ask, in this order."""
    outside_hours: Literal["who_opens_first", "wait"]
    """When nobody who may take it works now: give it to who works first again, or let it wait until then."""
    climb_after: ClimbAfter
    climbs_at_most: Annotated[int, Field(ge=0, le=10)]
    """So often a complaint climbs; then everybody has been told."""
    long_absence_days: Annotated[int, Field(ge=1, le=366)]
    """The open complaints of somebody who is away for so many days or longer go to others."""
    together: Annotated[tuple[CoOwnership, ...], Field(max_length=200)] = ()
    """No department that stands here as an owner has a complaint alone. The first row that applies counts."""

    @model_validator(mode="after")
    def _contradicts_nothing(self) -> Self:
        for what in (self.rules, self.chain, self.together):
            ids = [row.id for row in what]
            for twice in {i for i in ids if ids.count(i) > 1}:
                raise ValueError(
                    f"{twice} is there twice; give each an id of its own. {twice}重复，请改用不同的编号。"
                )
        if all(step.climbs for step in self.chain):
            raise ValueError(
                "every step of the chain waits for a climb; let at least one have climbs 0. "
                "链中每一步都要等升级，请至少保留一步 climbs 为 0。"
            )
        for one, other in _contradictions(self.rules):
            raise ValueError(
                f"rules {one.id} and {other.id} ask for different layers of the same complaints, so nobody could "
                "take them; give them a layer in common, or conditions that exclude each other. "
                f"规则{one.id}与{other.id}对同一投诉要求不同层次，无人可接，请统一层次或区分条件。"
            )
        for row in self.together:
            if set(row.departments) <= {row.owner}:
                raise ValueError(
                    f"{row.id}: {row.owner} would still be alone; name another department. "
                    f"{row.id}：仍只有{row.owner}一个部门，请填写其他部门。"
                )
        return self

    def asked_of(self, needs: Needs) -> list[AssignmentRule]:
        return [rule for rule in self.rules if rule.applies(needs)]


def _contradictions(rules: tuple[AssignmentRule, ...]) -> Iterator[tuple[AssignmentRule, AssignmentRule]]:
    strict = [rule for rule in rules if rule.otherwise == "refuse" and rule.layers]
    for one, other in combinations(strict, 2):
        if not set(one.layers) & set(other.layers) and one.meets(other):
            yield one, other


ASSIGNMENT = Book(
    "assignment-rules",
    AssignmentRules,
    "assignment rules",
    "分派规则",
    ("services.routing.assignment", "rules.json"),
)
