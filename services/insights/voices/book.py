"""The rulebook of latent needs: when a share is small, rising, or praised. `latent-needs.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.rulebooks.model import Book, Content

Share = Annotated[Decimal, Field(gt=0, lt=1, max_digits=5, decimal_places=4)]


class LatentNeeds(Content):
    """From what on a finding is one."""

    example: ClassVar[dict[str, Any]] = {"smallest": 30, "false_discoveries": "0.1", "praised": "0.05"}

    smallest: Annotated[int, Field(ge=5, le=100_000)]
    """Told of fewer complaints, a share is called small, and nothing is concluded from it."""
    false_discoveries: Share
    """Largest share of false ones among the trends that are said to rise."""
    praised: Share
    """From this share of praise on (surely: the lower bound of its interval) customers notice when something is good;
    below it they take it for granted."""


NEEDS = Book(
    "latent-needs",
    LatentNeeds,
    "thresholds of latent needs",
    "潜在需求阈值",
    ("services.insights.voices", "latent-needs.json"),
)
