"""What the learned classifier holds of a complaint. Pure."""

from dataclasses import dataclass, field
from typing import Protocol

from shared.events.routing import SpokenWord, Suggestion
from shared.events.vocabulary import Severity


@dataclass(frozen=True)
class Opinion:
    """One answer of the classifier, with what made it so."""

    model_version: str
    category: str | None = None
    """None: it is not sure enough for the promised error."""
    probability: float = 0.0
    """Of the likeliest category, calibrated."""
    suggestions: tuple[Suggestion, ...] = ()
    """The likeliest first."""
    spoke_for: tuple[SpokenWord, ...] = ()
    spoke_against: tuple[SpokenWord, ...] = ()
    danger: float = 0.0
    """How probable it is that somebody is in danger, calibrated."""
    severity: Severity | None = None
    """None: not sure. A hint, which counts for less than what the rules found."""
    department: str | None = None
    """None: not sure, or nothing has been learned of departments yet."""
    scores: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    """By head and label, before they are calibrated: they are what calibration is learned from."""
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """By head: what it was sure enough of."""
    shadow_snapshot: int | None = None
    """The challenger's."""
    shadow: str | None = None
    """The category that the challenger holds likeliest."""


class Classifier(Protocol):
    """Whoever can be asked."""

    def judge(self, text: str, *, why: bool) -> Opinion:
        """`why`: with the words that spoke; they take longer than the answer."""
        ...
