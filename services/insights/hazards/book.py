"""The rulebook of hazards: when complaints warn of one, and how grave it is. `hazards.json` is version 0."""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.rulebooks.model import Book, Content

Level = Annotated[int, Field(ge=1, le=5)]
Danger = Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]


class Hazards(Content):
    """From what on complaints are a hazard."""

    example: ClassVar[dict[str, Any]] = {
        "window_days": 90,
        "at_least": 2,
        "severities": {"fire": 5},
        "likelihoods": [2, 5, 10, 20],
        "review_days": 30,
    }

    window_days: Annotated[int, Field(ge=1, le=731)]
    """Complaints received in so many days up to now count."""
    at_least: Annotated[int, Field(ge=1, le=1000)]
    """Complaints in whose words the same danger of the same product is heard."""
    severities: Annotated[dict[Danger, Level], Field(min_length=1, max_length=50)]
    """How grave each danger is, from 1 to 5, by the names of the lexicons. One that is not named is none."""
    likelihoods: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=4, max_length=4)]
    """From how many complaints on it is as likely as 2, 3, 4 and 5."""
    review_days: Annotated[int, Field(ge=1, le=366)]
    """By so many days after it was found it is to be looked at."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(later <= sooner for sooner, later in pairwise(self.likelihoods)):
            raise ValueError("likelihoods: each number must be larger than the one before; 必须逐级递增")
        return self

    def likelihood(self, complaints: int) -> int:
        return 1 + sum(complaints >= bound for bound in self.likelihoods)


HAZARDS = Book(
    "hazards", Hazards, "rules of latent hazards", "隐患规则", ("services.insights.hazards", "hazards.json")
)
