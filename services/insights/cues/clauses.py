"""One sentence with its clauses: what is negated, refused or strengthened there. Pure."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from services.insights.cues.lexicon import Lexicon
from shared.reply_check.pattern import Pattern
from shared.reply_check.reading import COMMA, Sentence

Span = tuple[int, int]
"""First word and the one after the last."""


class Clauses:
    """A sentence, and for each word in which clause it stands. Everything is asked at most once."""

    def __init__(self, sentence: Sentence, lexicon: Lexicon) -> None:
        self.sentence, self._lexicon = sentence, lexicon

    def found(self, patterns: Iterable[Pattern]) -> Sequence[Span]:
        words, present = self.sentence.words, self.sentence.present
        return [span for pattern in patterns for span in pattern.matches(words, present)]

    @cached_property
    def number(self) -> Sequence[int]:
        """Of the clause, for each word. Commas and words like `but` begin a new one."""
        begins = {first for first, _ in self.found(self._lexicon.turns)}
        numbers, number = [], 0
        for at, word in enumerate(self.sentence.words):
            number += word == COMMA or at in begins
            numbers.append(number)
        return numbers

    def negated(self, span: Span) -> bool:
        return self._before(span, self._negators, self._lexicon.window)

    def refused(self, span: Span) -> bool:
        """It, or what stands before it, begins with `I don't want`; or `is not needed` follows; in one clause."""
        first, last = span
        clause = self.number[first]
        return any(self.number[start] == clause and start < last for start, _ in self._refusals) or any(
            self.number[start] == clause and start >= first for start, _ in self._refusals_after
        )

    def degree(self, span: Span, near: int) -> int:
        """1 with a word like `very` beside it, -1 with one like `slightly`, else 0."""
        return self._beside(span, self._stronger, near) - self._beside(span, self._weaker, near)

    def has(self, patterns: Sequence[Pattern], clause: int) -> bool:
        return any(self.number[start] == clause for start, _ in self.found(patterns))

    def _before(self, span: Span, spans: Sequence[Span], window: int) -> bool:
        first = span[0]
        clause = self.number[first]
        return any(end <= first <= end + window and self.number[end - 1] == clause for _, end in spans)

    def _beside(self, span: Span, spans: Sequence[Span], near: int) -> bool:
        first, last = span
        clause = self.number[first]
        return any(
            self.number[start] == clause and start <= last + near and first <= end + near
            for start, end in spans
        )

    @cached_property
    def _negators(self) -> Sequence[Span]:
        return self.found(self._lexicon.negators)

    @cached_property
    def _refusals(self) -> Sequence[Span]:
        return self.found(self._lexicon.refusals)

    @cached_property
    def _refusals_after(self) -> Sequence[Span]:
        return self.found(self._lexicon.refusals_after)

    @cached_property
    def _stronger(self) -> Sequence[Span]:
        return self.found(self._lexicon.stronger)

    @cached_property
    def _weaker(self) -> Sequence[Span]:
        return self.found(self._lexicon.weaker)
