"""The rulebook of suggestions: from what evidence on one is made. `suggestions.json` is version 0."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.events.approvals import Permit
from shared.events.learning import SuggestionKind, SuggestionSource
from shared.rulebooks.model import Book, Content

Number = Annotated[int, Field(ge=2, le=10_000)]


class Suggestions(Content):
    """When something is suggested."""

    example: ClassVar[dict[str, Any]] = {
        "window_days": 180,
        "least_hazards": 2,
        "least_permits": 5,
        "permit_share_above": "0.1",
        "least_needs": 2,
        "kinds": {source.value: "policy" for source in SuggestionSource},
        "process_permits": ["skip_gate"],
        "effect_days": 30,
    }

    window_days: Annotated[int, Field(ge=7, le=731)]
    """What happened in so many days up to now counts."""
    least_hazards: Number
    """So often the same hazard of the same product was registered."""
    least_permits: Number
    """Cases of a category for which the same had to be permitted."""
    permit_share_above: Annotated[Decimal, Field(ge=0, lt=1, max_digits=4, decimal_places=3)]
    """The lower bound of the interval of their share of all accepted cases of the category lies above it."""
    least_needs: Number
    """So often the same training need of a department was found."""
    kinds: dict[SuggestionSource, SuggestionKind]
    """What would have to change. A source that is not named suggests nothing."""
    process_permits: Annotated[tuple[Permit, ...], Field(max_length=10)]
    """Exceptions that ask for another process, whatever `kinds` says."""
    effect_days: Annotated[int, Field(ge=1, le=731)]
    """So long after the change its effect can be judged."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.process_permits)) < len(self.process_permits):
            raise ValueError("process_permits: name each once; 每项只能列出一次")
        return self

    def kind(self, source: SuggestionSource, subject: tuple[str, ...]) -> SuggestionKind | None:
        """None: such evidence suggests nothing."""
        if source is SuggestionSource.EXCEPTION_USUAL and subject[0] in self.process_permits:
            return SuggestionKind.PROCESS
        return self.kinds.get(source)


SUGGESTIONS = Book(
    "suggestions",
    Suggestions,
    "rules of suggestions",
    "改进建议规则",
    ("services.insights.suggestions", "suggestions.json"),
)
