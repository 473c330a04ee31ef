"""The severity matrix: nature and urgency of a matter give its severity (投诉的性质和紧急程度). A rulebook. Pure."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Self

from pydantic import model_validator

from shared.events.vocabulary import Nature, Risk, Severity, Urgency
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode


class SeverityMatrix(Content):
    """Every nature and urgency has a cell; a more urgent matter is never less severe."""

    cells: Mapping[Nature, Mapping[Urgency, Severity]]
    natures: Mapping[CategoryCode, Nature]
    """By category: the nature of a matter of which no rule tells it."""
    risks: Mapping[Risk, Severity]
    """How severe a complaint is at least that may grow into this."""

    @model_validator(mode="after")
    def _whole_and_in_order(self) -> Self:
        for nature in Nature:
            row = self.cells.get(nature, {})
            for urgency in Urgency:
                if urgency not in row:
                    raise ValueError(f"the cell {nature}, {urgency} is missing: add it 矩阵缺少该格，请补充")
            for less, more in pairwise(Urgency):
                if row[less].rank > row[more].rank:
                    raise ValueError(
                        f"{nature}, {less} is {row[less]}, but {nature}, {more} is only {row[more]}: what is more "
                        "urgent is never less severe; raise the second or lower the first "
                        "更紧急的事项等级不得更低，请调整其一"
                    )
        for risk in Risk:
            if risk not in self.risks:
                raise ValueError(
                    f"the severity of the risk {risk} is missing: add it 缺少该风险的等级，请补充"
                )
        return self

    def severity(self, nature: Nature, urgency: Urgency) -> Severity:
        return self.cells[nature][urgency]

    def nature_of(self, category: str | None) -> Nature:
        """Where no rule tells the nature. Without a category the matter is one of service."""
        return self.natures.get(category or "", Nature.SERVICE)


MATRIX = Book(
    "severity-matrix",
    SeverityMatrix,
    "severity matrix",
    "等级矩阵",
    ("services.routing.triage", "severity.json"),
)
