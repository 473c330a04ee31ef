"""A number that is assumed: rulebooks name it, say where it comes from, and how sure it is."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.text import ShortText

Number = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=4)]


class Parameter(BaseModel):
    """A number with where it comes from, and between what it may lie."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    value: Number
    low: Number
    high: Number
    source_en: ShortText
    source_zh: ShortText

    @model_validator(mode="after")
    def _within(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"{self.value} is not between {self.low} and {self.high}; 数值须在 low 与 high 之间"
            )
        return self
