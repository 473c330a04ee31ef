"""Masking of personal data in free text, before the text goes onto the event log.

The log is kept for ever and read by everybody who subscribes, so what identifies a person is replaced by a
token that says what stood there: `[phone]`, `[email]`, `[id-card]` and so on. What the handling of a
complaint needs stays: order, model, batch and serial numbers, amounts, dates, alarms, Redress references.

How it decides. Strong shapes (mail addresses, numbers with a check digit) are masked wherever they stand.
Weak shapes (eleven digits may be a mobile or an order) yield to a word right before them that says what they
are: "order no.", 型号. The weakest (local phone numbers, foreign passports, a street without its city) are
masked only after a word that announces them: 电话, "passport", "my address is". In doubt, privacy wins.

Each pass collects spans on a copy of the text in which full-width signs are ASCII (of the same length, so the
spans fit the original), unites spans that overlap, and replaces them. Masking one thing can lay bare another
("Tom13800138000" with Tom known), so passes repeat until nothing changes, which also makes masking
idempotent. A token is never touched again, so each pass leaves less to mask and the passes end.

It sits on the path of every complaint: a text without digits, '@' and words of place is searched twice and
returned, and all repetitions in the patterns are bounded, so that time grows linearly with the text.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from shared.masking.addresses import WORD_OF_PLACE, find_announced_addresses, find_chinese_addresses
from shared.masking.codes import find_mail, find_passports, find_plates
from shared.masking.known import find_known
from shared.masking.numbers import find_numbers
from shared.masking.signs import DIGIT_OR_AT, Span, ascii_of


def mask(text: str, known: Sequence[str] = ()) -> str:
    """The text with personal data replaced by typed tokens.

    `known` is what the customer gave as theirs: names, phone numbers, mail and postal addresses. Each value
    of at least two characters is masked wherever it occurs, in any case and width; where it begins or ends
    with a letter of an alphabet or a digit, as a whole word only ("Ann" is not masked in "Annual"). A phone
    number is also found in other spacing and without its country code, a latin full name also in its parts
    of at least three letters.

    Never raises. Masking a masked text changes nothing.
    """
    values = [value for value in (ascii_of(given).strip() for given in known) if len(value) >= 2]
    if not values and not DIGIT_OR_AT.search(text) and not WORD_OF_PLACE.search(text):
        return text
    while True:
        # Every second piece is a token.
        pieces = TOKEN.split(text) if "[" in text else [text]
        pieces[::2] = [_masked_once(piece, values) for piece in pieces[::2]]
        masked = "".join(pieces)
        if masked == text:
            return text
        text = masked


def mask_each(texts: Sequence[str], known: Sequence[str] = ()) -> list[str]:
    """`mask` for the texts of one complaint: several times cheaper than one after the other.

    They are masked as one, with a sign between them that no pattern takes in; should one do so, singly.
    """
    masked = mask(_BETWEEN.join(texts), known).split(_BETWEEN)
    return masked if len(masked) == len(texts) else [mask(text, known) for text in texts]


_BETWEEN: Final = "\0"
"""No letter, no digit, no blank; no text that came in has one."""


def _masked_once(text: str, values: Sequence[str]) -> str:
    plain = ascii_of(text)
    spans = [*find_known(plain, values)] if values else []
    if "@" in plain:
        spans += find_mail(plain)
    if DIGIT_OR_AT.search(plain):
        spans += find_numbers(plain)
        spans += find_passports(plain)
        spans += find_plates(plain)
        spans += find_announced_addresses(plain)
    spans += find_chinese_addresses(plain)
    if not spans:
        return text
    parts: list[str] = []
    end = 0
    for span in _united(spans):
        parts += text[end : span.start], f"[{span.kind}]"
        end = span.end
    return "".join([*parts, text[end:]])


def _united(spans: list[Span]) -> Iterator[Span]:
    """In order, with overlapping spans made one that bears the kind of the longest."""
    spans.sort()
    current, longest = spans[0], spans[0]
    for span in spans[1:]:
        if span.start < current.end:
            if span.end - span.start > longest.end - longest.start:
                longest = span
            current = Span(current.start, max(current.end, span.end), longest.kind)
        else:
            yield current
            current, longest = span, span
    yield current


TOKEN: Final = re.compile(r"(\[(?:phone|email|id-card|bank-card|passport|plate|address|name|ip|ssn)\])")
