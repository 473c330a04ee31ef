"""The rulebook of value orientation (价值取向): which values a disappointment touches, as its positive opposite.
`values.json` is version 0."""

from collections.abc import Collection, Iterable
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.insights.cues.model import Facet
from shared.rulebooks.model import Book, Content
from shared.text import ShortText

Code = Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]


class Value(BaseModel):
    """What people hold dear."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    code: Code
    name_en: ShortText
    name_zh: ShortText


class ValueOrientation(Content):
    """From what was disappointed to what the customer wanted instead; one disappointment can touch several values."""

    example: ClassVar[dict[str, Any]] = {
        "values": [{"code": "speed", "name_en": "Speed", "name_zh": "及时"}],
        "facets": {"late": ["speed"]},
        "coded": {"punctuality": ["speed"]},
    }

    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=50)]
    facets: dict[Facet, Annotated[tuple[Code, ...], Field(min_length=1, max_length=10)]]
    """Values of each disappointment. One that is not named here touches none."""
    coded: dict[Code, Annotated[tuple[Code, ...], Field(min_length=1, max_length=10)]] = Field(default={})
    """What the values by which people code complaints are called here. One that is not named keeps its code where
    there is such a value, and touches none otherwise."""

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        codes = [value.code for value in self.values]
        if len(set(codes)) < len(codes):
            raise ValueError("values: name each code once; 每个代码只能出现一次")
        for field, mapping in (("facets", self.facets), ("coded", self.coded)):
            for code, named in mapping.items():
                if unknown := sorted(set(named) - set(codes)):
                    raise ValueError(
                        f"{field}.{code}: {unknown} are not among the values; 请先在 values 中定义这些价值"
                    )
                if len(set(named)) < len(named):
                    raise ValueError(f"{field}.{code}: name each value once; 每个价值只能出现一次")
        return self

    def touched(self, facets: Collection[Facet]) -> list[str]:
        """Codes of the values, in the order of the rulebook."""
        return self._in_order({code for facet in facets for code in self.facets.get(facet, ())})

    def called(self, coded: Iterable[str]) -> list[str]:
        """The values that people coded, as they are called here, in the order of the rulebook."""
        return self._in_order({code for each in coded for code in self.coded.get(each, (each,))})

    def _in_order(self, named: Collection[str]) -> list[str]:
        return [value.code for value in self.values if value.code in named]


VALUES = Book(
    "value-orientation",
    ValueOrientation,
    "value orientation",
    "价值取向",
    ("services.insights.cues", "values.json"),
)
