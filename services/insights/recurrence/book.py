"""The rulebook of problems that come back after their improvement was closed. `recurred-problems.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.rulebooks.model import Book, Content

Days = Annotated[int, Field(ge=1, le=731)]


class RecurredProblems(Content):
    """From what on a problem is back."""

    example: ClassVar[dict[str, Any]] = {
        "window_days": 365,
        "compare_days": 90,
        "least_customers": 2,
        "spare_when_fallen": True,
        "least_complaints": 5,
        "least_days": 30,
        "ratio_above": "0.5",
    }

    window_days: Days
    """For so long after its closing an improvement is watched."""
    compare_days: Days
    """The rate before is that of so many days up to the opening of the improvement."""
    least_customers: Annotated[int, Field(ge=1, le=1000)]
    """Customers who tell since the closing, in nearly the same words, what led to the improvement."""
    spare_when_fallen: bool
    """Whether such complaints count for nothing while the rate has surely fallen: about what was sold before."""
    least_complaints: Annotated[int, Field(ge=1, le=10_000)]
    """Complaints of the category and product of the improvement since the closing. Fewer say nothing of the rate."""
    least_days: Days
    """Since the closing, before the rate is judged."""
    ratio_above: Annotated[Decimal, Field(gt=0, le=10, max_digits=5, decimal_places=3)]
    """The rate did not fall if its interval reaches 1 and lies above this: that it fell so far is ruled out."""


RECURRED = Book(
    "recurred-problems",
    RecurredProblems,
    "rules of problems that come back",
    "问题再发规则",
    ("services.insights.recurrence", "recurred-problems.json"),
)
