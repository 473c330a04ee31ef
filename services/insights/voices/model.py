"""What was heard of one complaint, and what it counts for. Pure.

Every field is told by one topic only, so it is the same whichever topic is read first. The words themselves stay with
`tellings`; here is only what they said.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from services.insights.cues.hearing import LONGEST_TEXT, hear
from services.insights.cues.lexicon import common
from services.insights.cues.model import Cue, Facet, Heard
from services.insights.cues.polarity import valence
from services.insights.model import DISSATISFIED, JOIN
from shared.aggregate import Aggregate
from shared.events.vocabulary import Emotion, Language, Valence

CUTS = ("none", "category", "product", "region", "channel")
"""By what sums are kept; the names are fields of a voice, but for the first."""
WHATS = (
    *("heard", "coded", "facets", "placed", "unlabelled"),
    *("facet", "facet_churn", "facet_wished", "praised"),
    *("emotion", "remedy", "refused", "threat", "churn", "danger", "wish", "opportunity"),
    *("course",),
)
"""What is counted:

- `heard`: every complaint. Of those with whom somebody says that they are not satisfied each has one of `coded` (name:
  the values that a person gave), `facets` (what was disappointed), `placed` (the category alone tells), `unlabelled`;
  names are sets, joined, because a complaint that touches a value twice counts once;
- `facet`, alone, and of these with `churn` or with a wish; `praised`: the same facets, where they were good;
- `emotion` to `opportunity`: complaints in which this name was heard; without a name: any of its kind;
- `course`: from the valence of the first contact to that of the last, where two contacts or more told one.
"""
BETWEEN = ">"


class Cell(NamedTuple):
    """What a sum is of. `value` is that of the cut; '' while it is not known."""

    dimension: str
    day: date
    value: str
    what: str
    name: str


Contributions = Counter[Cell]


@dataclass(frozen=True, slots=True)
class Contact:
    """One time that the customer told something."""

    words: str
    at: datetime
    emotion: Emotion | None
    """As whoever spoke with them took it in; it wins over what is heard in the words."""


@dataclass(kw_only=True)
class Voice(Aggregate):
    """What one complaint says. Lists of names are sorted."""

    # intake
    registered_at: datetime | None = None
    kind: str | None = None
    language: str | None = None
    channel: str | None = None
    product: str | None = None
    region: str | None = None
    customer_id: UUID | None = None
    coded: list[str] | None = None
    """Values that a person gave it, by the taxonomy; they win over what is heard."""
    told: list[str] = field(default_factory=list)
    """Emotion of each contact as a person took it in; '' where nobody said."""
    told_at: list[datetime] = field(default_factory=list)
    tones: list[str] = field(default_factory=list)
    """Valence heard in each contact; '' where irony is heard."""
    lexicon: int | None = None
    """Oldest version of the lexicons by which it was heard; None: nothing was."""
    remedies: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    emotions: list[str] = field(default_factory=list)
    facets: list[str] = field(default_factory=list)
    praised: list[str] = field(default_factory=list)
    threats: list[str] = field(default_factory=list)
    churn: list[str] = field(default_factory=list)
    dangers: list[str] = field(default_factory=list)
    wishes: list[str] = field(default_factory=list)
    opportunities: list[str] = field(default_factory=list)
    erased: bool = False
    """The words are gone, so it is never heard again. What they said counts on: it names nobody."""
    # resolution
    held: list[str] = field(default_factory=list)
    """Emotion in each contact that a handler held and noted."""
    held_at: list[datetime] = field(default_factory=list)
    # routing
    category: str | None = None

    unheard: list[Contact] = field(default_factory=list, repr=False, compare=False)
    """Contacts that the change adds; heard before it is saved."""
    counted: Contributions = field(default_factory=Counter, repr=False, compare=False)
    """What the sums hold of it; set when it is loaded."""

    def hear_new(self) -> None:
        for contact in self.unheard:
            self.told.append(contact.emotion or "")
            self.told_at.append(contact.at)
            self._hear(contact.words, contact.emotion)
        self.unheard = []

    def hear_again(self, words: Sequence[str]) -> None:
        """By the lexicons of today. `words` are those of each contact, in their order."""
        for name in (*_OF_CUES.values(), "refused", "emotions", "praised", "tones"):
            setattr(self, name, [])
        self.lexicon = None
        for said, emotion in zip(words, self.told, strict=True):
            self._hear(said, Emotion(emotion) if emotion else None)

    def _hear(self, words: str, emotion: Emotion | None) -> None:
        heard = hear(words[:LONGEST_TEXT], Language(self.language) if self.language else None)
        self.lexicon = min(self.lexicon or common().version, common().version)
        self.tones.append(valence(heard.polarity) or "")
        for cue, name in _OF_CUES.items():
            setattr(self, name, _with(getattr(self, name), _names(heard, cue)))
        self.refused = sorted({*self.refused, *heard.refused} - set(self.remedies))
        self.emotions = _with(self.emotions, [emotion] if emotion else heard.names(Cue.EMOTION))
        self.praised = _with(self.praised, heard.names(Cue.PRAISE) & frozenset(Facet))

    @property
    def course(self) -> tuple[Valence, Valence] | None:
        """Valence of the first and of the last contact that told one; None where fewer than two did."""
        known = [
            (at, Emotion(told).valence if told else Valence(tone))
            for at, told, tone in zip(self.told_at, self.told, self.tones, strict=True)
            if told or tone
        ]
        known += [(at, Emotion(held).valence) for at, held in zip(self.held_at, self.held, strict=True)]
        in_order = [valence for _, valence in sorted(known)]
        return (in_order[0], in_order[-1]) if len(known) > 1 else None

    @property
    def felt(self) -> list[str]:
        return sorted({*self.emotions, *self.held})


_OF_CUES = {
    Cue.REMEDY: "remedies",
    Cue.FACET: "facets",
    Cue.THREAT: "threats",
    Cue.CHURN: "churn",
    Cue.SAFETY: "dangers",
    Cue.WISH: "wishes",
    Cue.OPPORTUNITY: "opportunities",
}
_COUNTED = {
    "emotion": "felt",
    "remedy": "remedies",
    "refused": "refused",
    "threat": "threats",
    "churn": "churn",
    "danger": "dangers",
    "wish": "wishes",
    "opportunity": "opportunities",
}


def _names(heard: Heard, cue: Cue) -> Iterable[str]:
    return heard.facets if cue is Cue.FACET else heard.names(cue)


def _with(before: Iterable[str], new: Iterable[str]) -> list[str]:
    return sorted({*before, *(str(name) for name in new)})


def contributions(voice: Voice) -> Contributions:
    """What it adds to the sums, on the day of receipt (UTC); nothing before its registration is known."""
    if voice.registered_at is None:
        return Counter()
    day = voice.registered_at.astimezone(UTC).date()
    values = [(cut, "" if cut == "none" else getattr(voice, cut) or "") for cut in CUTS]
    return Counter(
        Cell(dimension, day, value, what, name) for what, name in _said(voice) for dimension, value in values
    )


def _said(voice: Voice) -> Iterable[tuple[str, str]]:
    yield "heard", ""
    if voice.kind in DISSATISFIED:
        yield _label(voice)
        for facet in voice.facets:
            yield "facet", facet
            if voice.churn:
                yield "facet_churn", facet
            if voice.wishes:
                yield "facet_wished", facet
    for facet in voice.praised:
        yield "praised", facet
    for what, attribute in _COUNTED.items():
        names: list[str] = getattr(voice, attribute)
        if names:
            yield what, ""
        for name in names:
            yield what, name
    if voice.course:
        yield "course", BETWEEN.join(voice.course)


def _label(voice: Voice) -> tuple[str, str]:
    if voice.coded:
        return "coded", JOIN.join(sorted(voice.coded))
    if voice.facets:
        return "facets", JOIN.join(voice.facets)
    return ("placed", voice.category) if voice.category else ("unlabelled", "")
