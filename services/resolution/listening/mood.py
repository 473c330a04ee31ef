"""The emotions of a customer over a case, and what came last (近因效应). Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.resolution.fairness.accusing import Accusing
from services.resolution.lifecycle import Action, NotNow, State, Words
from services.resolution.timeline import SYSTEM, Kind
from shared.events import CaseEndedNegative
from shared.events.vocabulary import Emotion, Outcome, Valence

NEGATIVE = frozenset(emotion for emotion in Emotion if emotion.valence is Valence.NEGATIVE)

LAST_IS_NEGATIVE = Words(
    "The customer's last emotion is negative, and what comes last is kept. Speak with them once more and record the "
    "contact, or give `negative_reason`: why the case closes all the same.",
    "顾客最后的情绪为负面，而最后的印象最深。请再次联系顾客并登记，或填写 negative_reason 说明为何仍然结案。",
)

SAYS = {
    Outcome.SATISFIED: Emotion.SATISFIED,
    Outcome.ACCEPTABLE: Emotion.CALM,
    Outcome.NOT_ACCEPTABLE: Emotion.DISAPPOINTED,
}
"""An opinion is a contact, too: with it the customer says how they feel about the end."""


class FeltIn(StrEnum):
    """Where an emotion was noted."""

    INTAKE = "intake"
    CONTACT = "contact"
    OPINION = "opinion"


@dataclass(frozen=True)
class Feeling:
    """The customer's emotion in one contact."""

    contact_id: UUID
    """Of the contact, the addition, the registration (the complaint's own id) or the opinion."""
    complaint_id: UUID
    at: datetime
    emotion: Emotion
    told: FeltIn


@dataclass(kw_only=True)
class Moody(Accusing):
    """A case knows how its customer feels, as far as somebody took it in."""

    last_emotion: Emotion | None = None
    last_emotion_at: datetime | None = None
    ended_negative: bool = False
    """It is closed, and the last emotion was negative at the closing or later."""
    new_feelings: list[Feeling] = field(default_factory=list, repr=False, compare=False)
    """They wait to be saved."""

    def feel(self, contact_id: UUID, emotion: Emotion, at: datetime, told: FeltIn) -> None:
        """The customer showed an emotion. The latest by time counts, in whatever order they become known."""
        self.new_feelings.append(Feeling(contact_id, self.id, at, emotion, told))
        if self.last_emotion_at is not None and at < self.last_emotion_at:
            return
        self.last_emotion, self.last_emotion_at = emotion, at
        if self.state is State.CLOSED and not self.ended_negative:
            self._look_back(None, None, at)

    def _may_end(self, negative_reason: str | None) -> None:
        """Raises NotNow when a person would close it on a negative emotion without a word about it."""
        if self.last_emotion in NEGATIVE and negative_reason is None:
            raise NotNow(Action.CLOSE, LAST_IS_NEGATIVE)

    def _look_back(self, by: str | None, reason: str | None, at: datetime) -> None:
        """It is closed: flag it when the last emotion is negative."""
        if self.last_emotion is None or self.last_emotion not in NEGATIVE:
            return
        self.ended_negative = True
        self._tell(Kind.ENDED_NEGATIVE, at, by or SYSTEM, reason or self.last_emotion.value)
        ended = CaseEndedNegative(
            complaint_id=self.id,
            emotion=self.last_emotion,
            acknowledged_by=by,
            reason=reason,
            ended_at=at,
        )
        self.record(ended, at)
