"""From a text to what it says: sentence by sentence, word by word. Pure, and the same every time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from services.insights.cues.clauses import Clauses, Span
from services.insights.cues.lexicon import Lexicon, Rule, common, lexicon
from services.insights.cues.model import CLEAR, MILD, STRONG, Cue, Finding, Heard, Remedy
from services.insights.cues.money import Written, amounts
from services.insights.cues.polarity import polarity
from shared.events.vocabulary import Language
from shared.reply_check.reading import sentences

LONGEST_TEXT = 100_000
"""Characters."""
FARTHEST_AMOUNT = 60
"""Characters between a compensation and the sum that it names."""


def hear(text: str, language: Language | None = None) -> Heard:
    """Without a language the lexicons of both are used. The work grows with the length of the text.

    Raises ValueError above LONGEST_TEXT.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"The text has more than {LONGEST_TEXT} characters; read it in parts.")
    sums = list(amounts(text))
    found = _once(
        finding for one in Language if language in (None, one) for finding in _in(text, lexicon(one), sums)
    )
    if any(finding.cue is Cue.SARCASM for finding in found):
        return Heard(tuple(each for each in found if each.cue is not Cue.EMOTION), None)
    return Heard(found, polarity(found))


def _in(text: str, words: Lexicon, sums: Sequence[Written]) -> Iterator[Finding]:
    for sentence in sentences(text, words.contractions):
        clauses = Clauses(sentence, words)
        heard = [
            (clauses.number[span[0]], finding)
            for rule, span in _matches(clauses, words)
            if not (rule.unless and clauses.has(rule.unless, clauses.number[span[0]]))
            and (finding := _finding(text, clauses, rule, span))
        ]
        asked = {clause for clause, each in heard if each.cue is Cue.REMEDY and not each.refused}
        wished = {clause for clause, each in heard if each.cue is Cue.WISH}
        near = _within(sums, sentence.starts[0], sentence.ends[-1])
        for clause, finding in heard:
            if finding.cue is Cue.WISH and clause in asked:
                continue  # "I hope that you refund it" asks for a refund and tells no need
            if finding.cue is Cue.PRAISE and clause in wished:
                continue  # "it would be nice if": that is not how it is
            if finding.name == Remedy.COMPENSATION and not finding.refused:
                yield _with_amount(finding, near)
            else:
                yield finding


def _matches(clauses: Clauses, words: Lexicon) -> Iterator[tuple[Rule, Span]]:
    said, present = clauses.sentence.words, clauses.sentence.present
    for first, word in enumerate(said):
        for size, phrases in words.phrases.get(word, ()):
            for rule in phrases.get(tuple(said[first : first + size]), ()):
                yield rule, (first, first + size)
        for rule, pattern in words.patterns.get(word, ()):
            if pattern.may_match(present) and (last := pattern.end(said, first)):
                yield rule, (first, last)


def _finding(text: str, clauses: Clauses, rule: Rule, span: Span) -> Finding | None:
    sentence = clauses.sentence
    start, end = sentence.starts[span[0]], sentence.ends[span[1] - 1]
    cue, strength, refused = rule.cue, _strength(text, clauses, span), False
    if rule.handling.negated == "refuses":
        refused = clauses.refused(span)
    elif rule.handling.negated != "stays" and clauses.negated(span):
        if rule.handling.negated == "drops":
            return None
        cue, strength = (Cue.PRAISE if rule.handling.tone < 0 else Cue.CRITICISM), MILD
    return Finding(cue, rule.name, start, end, text[start:end], strength, refused)


def _strength(text: str, clauses: Clauses, span: Span) -> int:
    """By words of degree beside it, and by exclamation marks behind its sentence."""
    after = clauses.sentence.ends[-1]
    called_out = any(mark in text[after : after + 2] for mark in "!！")
    return min(STRONG, max(MILD, CLEAR + clauses.degree(span, common().near) + called_out))


def _within(sums: Sequence[Written], start: int, end: int) -> Sequence[Written]:
    return [each for each in sums if each.end > start and each.start < end]


def _with_amount(finding: Finding, sums: Sequence[Written]) -> Finding:
    """That nearest to it; of two as near, the later."""

    def distance(each: Written) -> tuple[int, int]:
        return max(each.start - finding.end, finding.start - each.end, 0), -each.start

    nearest = min(sums, key=distance, default=None)
    if nearest is None or distance(nearest)[0] > FARTHEST_AMOUNT:
        return finding
    return replace(finding, amount=nearest.amount)


def _once(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Of findings of one name that overlap, the longest; in the order of the text."""
    kept: list[Finding] = []
    last: dict[tuple[Cue, str], int] = {}
    for finding in sorted(found, key=lambda each: (each.start, -each.end, each.cue, each.name)):
        key = (finding.cue, finding.name)
        if last.get(key, -1) <= finding.start:
            kept.append(finding)
            last[key] = finding.end
    return tuple(kept)
