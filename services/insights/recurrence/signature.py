"""When are two texts nearly the same? Pure.

Of a text's runs of three signs 63 smallest digests are kept, each under another permutation (MinHash: Broder 1997); two
texts agree in as large a share of them as of their runs (Jaccard). They are looked up by bands of three: who agrees in
half of the runs has a band in common in 94 of 100 cases, who agrees in a tenth in 2 (1 - (1 - J^3)^21). What has a band
in common is then compared word by word. What is held against it comes from `python -m bench.mining.retelling`.
"""

from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from services.insights.topics.terms import MASKED, NUMBER
from shared.gist import FIGURE, SMALL, SMALL_SIGNS, WORDS, plain

PERMUTATIONS, BANDS = 63, 21
_PRIME = np.uint64(2**31 - 1)
ALIKE = 85.0
"""Of 100: common words and pairs of signs, by RapidFuzz's token_set_ratio."""
COMMON = 0.71
"""Share of all words and pairs of signs of both that both have (Jaccard): without it, a text that is a part of
another one would be the same."""
LEAST = 4
"""Words and pairs of signs that a text must have to be told from others at all."""


def said(words: str) -> str:
    """What is compared: words, and pairs of Chinese signs, in their order and with a space between; without script,
    width, case, small words, what was masked, and the numbers of orders and parcels."""
    found: list[str] = []
    for word in WORDS.findall(MASKED.sub("\n", plain(words))):
        if word[0] >= "㐀":
            for run in word.translate(SMALL_SIGNS).split():
                found += [run[at : at + 2] for at in range(max(1, len(run) - 1))]
        elif word not in SMALL and not (FIGURE.search(word) and NUMBER.fullmatch(word)):
            found.append(word)
    return " ".join(found)


@cache
def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Of x to a x + b modulo a prime; the same for ever, or old signatures would mean nothing."""
    drawn = [crc32(f"permutation/{number}".encode()) for number in range(2 * PERMUTATIONS)]
    numbers = np.array(drawn, dtype=np.uint64) % (_PRIME - np.uint64(1)) + np.uint64(1)
    return numbers[:PERMUTATIONS, None], numbers[PERMUTATIONS:, None]


def bands(text: str) -> list[int]:
    """Twenty-one numbers of eight bytes; none for a text that says too little."""
    if len(text.split()) < LEAST:
        return []
    signs = text.replace(" ", "")
    runs = {signs[at : at + 3] for at in range(len(signs) - 2)}
    digests = np.fromiter((crc32(run.encode()) for run in runs), dtype=np.uint64) % _PRIME
    factors, summands = _permutations()
    lowest = ((factors * digests + summands) % _PRIME).min(axis=1).reshape(BANDS, -1)
    found = []
    for number, band in enumerate(lowest):
        value = number
        for low in band:
            value = (value * 1_000_003 + int(low)) % 2**63
        found.append(value)
    return found


def likeness(one: str, other: str) -> float:
    """0 to 100, of two texts as `said` gives them."""
    return float(fuzz.token_set_ratio(one, other))


def same_words(one: str, other: str) -> bool:
    """Nearly the same is told, whatever stands before and behind it."""
    mine, theirs = set(one.split()), set(other.split())
    both = len(mine & theirs)
    if both < COMMON * (len(mine) + len(theirs) - both):
        return False
    return likeness(one, other) >= ALIKE
