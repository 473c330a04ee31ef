"""The check itself: sentence by sentence, rule by rule."""

from collections.abc import Iterable, Iterator, Sequence

from shared.reply_check.model import Finding, Kind, Language
from shared.reply_check.reading import Sentence, sentences
from shared.reply_check.rules import LANGUAGES, Guard, Rule, Rules, rules_of

LONGEST_TEXT = 100_000
"""Characters."""


GRAVEST_FIRST = (
    *(Kind.BLAME, Kind.JUDGING, Kind.CONTROL, Kind.CRITICISM),
    *(Kind.PROMISE, Kind.EXCUSE, Kind.COMMAND),
)
"""Which kind is told when the same words are of two."""


def check(text: str, language: Language | None = None) -> list[Finding]:
    """What of the text should not go out to a customer as it is, in the order of the text.

    Without a language the rules of both apply. Of findings of one kind that overlap, and of any that stand within
    another, there is the heaviest, and of those the longest. The work grows with the length of the text; raises
    ValueError above LONGEST_TEXT.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"The text has more than {LONGEST_TEXT} characters; check it in parts.")
    found: list[Finding] = []
    for each in LANGUAGES if language is None else (language,):
        found += _found(text, rules_of(each))
    return _once(sorted(found, key=lambda finding: (finding.start, finding.end, finding.kind)))


def _found(text: str, rules: Rules) -> Iterator[Finding]:
    read = list(sentences(text, rules.contractions))
    for number, sentence in enumerate(read):
        around = _Around(rules, read[max(0, number - 1) : number + 2], sentence)
        yield from _heaviest(
            _finding(rule, text, sentence.starts[first], sentence.ends[last - 1])
            for rule, pattern in rules.for_words(sentence.present)
            for first, last in pattern.matches(sentence.words, sentence.present)
            if not around.speaks_against(rule, first)
        )


class _Around:
    """What the guards say of a sentence; each is asked once."""

    def __init__(self, rules: Rules, near: Sequence[Sentence], sentence: Sentence) -> None:
        self._rules, self._near, self._sentence = rules, near, sentence
        self._ends: dict[str, int | None] = {}

    def speaks_against(self, rule: Rule, first: int) -> bool:
        return any((end := self._end(name)) is not None and end <= first for name in rule.unless)

    def _end(self, name: str) -> int | None:
        """From which word on it speaks against a match."""
        if name not in self._ends:
            guard = self._rules.guards[name]
            self._ends[name] = self._first(guard)
        return self._ends[name]

    def _first(self, guard: Guard) -> int | None:
        if guard.scope == "before":
            return min((end for _, end in guard.places(self._sentence)), default=None)
        looked_at = self._near if guard.scope == "near" else [self._sentence]
        return 0 if any(True for each in looked_at for _ in guard.places(each)) else None


def _finding(rule: Rule, text: str, start: int, end: int) -> Finding:
    family = rule.family
    return Finding(
        kind=family.kind,
        start=start,
        end=end,
        words=text[start:end],
        weight=family.weight,
        family=rule.name,
        why=family.why,
        kinder=family.kinder,
    )


def _heaviest(found: Iterable[Finding]) -> list[Finding]:
    """Of one sentence: those that no heavier, no longer one takes the place of."""
    kept: list[Finding] = []
    for finding in sorted(set(found), key=_rank):
        if not any(_takes_its_place(before, finding) for before in kept):
            kept.append(finding)
    return kept


def _rank(each: Finding) -> tuple[int, int, int, int, str]:
    """A total order: the same text has the same findings in every process."""
    return -each.weight, each.start - each.end, each.start, GRAVEST_FIRST.index(each.kind), each.family


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Where both languages find one kind in the same words: the heavier."""
    kept: list[Finding] = []
    last: dict[Kind, int] = {}
    for finding in found:
        at = last.get(finding.kind)
        if at is None or kept[at].end <= finding.start:
            last[finding.kind] = len(kept)
            kept.append(finding)
        elif kept[at].weight < finding.weight:
            kept[at] = finding
    return kept


def _takes_its_place(one: Finding, other: Finding) -> bool:
    overlap = one.start < other.end and other.start < one.end
    within = (one.start <= other.start and other.end <= one.end) or (
        other.start <= one.start and one.end <= other.end
    )
    return within or (overlap and one.kind == other.kind)
