"""The rulebook of fairness: how long people have, who may review, what may follow. `fairness.json` is version 0.

Ten working days to appeal, and ten to decide, are what disciplinary rules of public employers commonly give.
"""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.rulebooks.model import Book, Content
from shared.text import ShortText

Hours = Annotated[int, Field(ge=1, le=2000)]
SanctionCode = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$", examples=["warning"])]


class SanctionKind(BaseModel):
    """A consequence that a mark may have."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: SanctionCode
    name_en: ShortText
    name_zh: ShortText


class FairnessRules(Content):
    """All hours are working hours."""

    example: ClassVar[dict[str, Any]]

    answer_hours: Hours
    """For so long after they were told the person complained about may answer before anything is judged."""
    appeal_hours: Hours
    """For so long after a mark was made they may appeal, and no sanction takes effect."""
    again_hours: Hours
    """For so long after an appeal has ended they may appeal again, with new evidence."""
    warn_hours: Hours
    """So long after the appeal was filed its reviewer is warned that the time runs out."""
    decide_hours: Hours
    """Within so long an appeal is decided."""
    remind_hours: Hours
    """An appeal that is overdue is told again after each of these."""
    remind_most: Annotated[int, Field(ge=1, le=20)]
    """So often at most."""
    check_hours: Hours
    """So often it is asked whether the reviewer is still there, and still independent."""
    least_layer: Annotated[int, Field(ge=1, le=4)]
    """Reviewers are of departments of this layer or a higher one."""
    sanctions: Annotated[tuple[SanctionKind, ...], Field(min_length=1, max_length=50)]
    """What may follow from a mark."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        if self.warn_hours >= self.decide_hours:
            raise ValueError(
                "warn_hours must be less than decide_hours, or the warning comes too late; 预警时限应短于决定时限"
            )
        codes = [each.code for each in self.sanctions]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(
                f"sanctions: {twice[0]} stands there twice, leave one out; 处理方式重复，请删去其一"
            )
        return self

    def knows_sanction(self, code: str) -> bool:
        return any(each.code == code for each in self.sanctions)


FAIRNESS = Book(
    "fairness",
    FairnessRules,
    "rules of fairness to the person complained about",
    "当事人公平规则",
    ("services.resolution.fairness", "fairness.json"),
)
FairnessRules.example = FAIRNESS.shipped.model_dump(mode="json")
