"""What can be heard in a text, and the shape of a finding. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.events.vocabulary import Emotion


class Cue(StrEnum):
    """What kind of thing a finding is; its name says which of the kind."""

    REMEDY = "remedy"
    """What the customer asks for, is refused, or still waits for. Names: Remedy."""
    EMOTION = "emotion"
    """Names: Emotion."""
    FACET = "facet"
    """What was disappointed. Names: Facet."""
    THREAT = "threat"
    """Regulator, media, law, publicity or bank, as a means of pressure."""
    CHURN = "churn"
    """They leave, or tell others to stay away."""
    SAFETY = "safety"
    """Somebody was or can be hurt."""
    WISH = "wish"
    """How product or service should be: a need that is not met yet."""
    OPPORTUNITY = "opportunity"
    """They would buy more, or ask for another product."""
    PRAISE = "praise"
    CRITICISM = "criticism"
    SARCASM = "sarcasm"


class Remedy(StrEnum):
    REFUND = "refund"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    COMPENSATION = "compensation"
    PRICE_CUT = "price_cut"
    APOLOGY = "apology"
    EXPLANATION = "explanation"
    SPEED_UP = "speed_up"
    STAFF_ACTION = "staff_action"
    PREVENT_RECURRENCE = "prevent_recurrence"


class Facet(StrEnum):
    """In what the customer was disappointed; the rulebook `value-orientation` says which values that touches."""

    LATE = "late"
    UNANSWERED = "unanswered"
    PASSED_ON = "passed_on"
    RUDE = "rude"
    IGNORED = "ignored"
    BROKEN = "broken"
    RECURS = "recurs"
    WRONG_GOODS = "wrong_goods"
    DANGER = "danger"
    DECEIVED = "deceived"
    BROKEN_PROMISE = "broken_promise"
    SURPRISE_CHARGE = "surprise_charge"
    OVERPRICED = "overpriced"
    PRICE_DROPPED = "price_dropped"
    TROUBLESOME = "troublesome"
    DISTURBED = "disturbed"
    UGLY = "ugly"
    DIRTY = "dirty"
    UNFAIR = "unfair"
    EXCLUDED = "excluded"
    UNDERVALUED = "undervalued"
    CONTRADICTORY = "contradictory"
    PRIVACY = "privacy"


NAMES: dict[Cue, frozenset[str]] = {
    Cue.REMEDY: frozenset(Remedy),
    Cue.EMOTION: frozenset(Emotion),
    Cue.FACET: frozenset(Facet),
}
"""Which names findings of these kinds can have; those of the other kinds are the lexicon's own."""

MILD, CLEAR, STRONG = 1, 2, 3
"""How strongly something is said."""


@dataclass(frozen=True, slots=True)
class Amount:
    value: Decimal
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True)
class Finding:
    cue: Cue
    name: str
    start: int
    """Place of the first character, from 0."""
    end: int
    """Place after the last character."""
    words: str
    """What stands there, as it was written."""
    strength: int
    """1 mild, 2 clear, 3 strong."""
    refused: bool = False
    """Of a remedy: the customer says that they do not want it."""
    amount: Amount | None = None
    """Of a compensation, where one is named."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one text says, in the order of the text."""

    findings: tuple[Finding, ...]
    polarity: float | None
    """From -1 (nothing but bad) to 1; 0 without any sign of either; None where irony is heard."""

    def names(self, cue: Cue) -> frozenset[str]:
        """Those found; of remedies those that are wanted. What is refused and wanted elsewhere is wanted."""
        return frozenset(each.name for each in self.findings if each.cue is cue and not each.refused)

    @property
    def refused(self) -> frozenset[str]:
        """Remedies that are not wanted."""
        return frozenset(each.name for each in self.findings if each.refused) - self.names(Cue.REMEDY)

    @property
    def facets(self) -> frozenset[Facet]:
        """Whatever is dangerous disappoints in its safety, too."""
        danger = {Facet.DANGER} if self.names(Cue.SAFETY) else set[Facet]()
        return frozenset(danger | {Facet(name) for name in self.names(Cue.FACET)})
