"""How good or bad a text sounds as a whole. Pure."""

from collections.abc import Iterable

from services.insights.cues.lexicon import common
from services.insights.cues.model import CLEAR, Cue, Finding
from shared.events.vocabulary import Emotion, Valence

_SIGN = {Valence.POSITIVE: 1, Valence.NEUTRAL: 0, Valence.NEGATIVE: -1}


def polarity(findings: Iterable[Finding]) -> float:
    """(good - bad) / (good + bad + inertia), from what each finding adds; between -1 and 1."""
    good = bad = 0.0
    for finding in findings:
        tone = _tone(finding)
        good += max(tone, 0)
        bad += max(-tone, 0)
    return round((good - bad) / (good + bad + common().inertia), 4)


def _tone(finding: Finding) -> float:
    """A demand that is given up takes off what a demand adds."""
    if finding.refused:
        return -common().cues[finding.cue].tone
    sign = _SIGN[Emotion(finding.name).valence] if finding.cue is Cue.EMOTION else 1
    return sign * common().cues[finding.cue].tone * finding.strength / CLEAR


def valence(polarity: float | None) -> Valence | None:
    """None where irony is heard: nothing is said of it."""
    if polarity is None:
        return None
    if abs(polarity) <= common().neutral:
        return Valence.NEUTRAL
    return Valence.POSITIVE if polarity > 0 else Valence.NEGATIVE
