"""What is read of a text: its n-grams, hashed to places. Width, case and Chinese script do not count.

Chinese: one to three signs in a row. Alphabets: words, pairs of words, and the runs of three and four letters in
each word, so that a typing error or another ending costs only part of a word. A gram's place is a hash of it, so
there is no list of words to keep, and a word nobody has ever used has its place already.
"""

import re
import unicodedata
import zlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from shared.masking import TOKEN
from shared.script import SIMPLIFIED

READ = 4_000
"""Characters that are read; what a complaint is about is told before."""
MOST = 2_048
"""Different grams that are kept, the first in the text: the bound of what a lesson can weigh."""
PLACES = 1 << 20
"""Two grams of ten thousand share a place with some other one now and then; it costs nothing measurable."""

_WORD = re.compile(r"[㐀-䶿一-鿿]+|[^\W_㐀-䶿一-鿿]+(?:'[a-z]+)?")
_MIX = np.uint64(0x9E3779B97F4A7C15)  # spreads a checksum over all bits (Knuth's multiplicative hashing)
_SHIFT = np.uint64(64 - 20)
_MOST_OF_ONE = 255


@dataclass(frozen=True, slots=True)
class Features:
    """A text as a sparse vector: how often which place occurs."""

    places: NDArray[np.uint32]
    """Ascending, each once."""
    counts: NDArray[np.uint8]
    """How often; never 0."""
    grams: dict[str, int] = field(default_factory=dict, compare=False)
    """Which gram stands at which place, as far as the text is at hand: not kept by `to_bytes`."""

    def __len__(self) -> int:
        return len(self.places)

    def strengths(self) -> NDArray[np.float64]:
        """1 + ln(count): the tenth occurrence of a word says little more than the ninth."""
        return 1.0 + np.log(self.counts)

    def to_bytes(self) -> bytes:
        """What is kept beside a complaint: 2 to 4 bytes for each gram.

        It is not the text, but who has a list of words can tell which occur: make it of masked text.
        """
        gaps = np.diff(self.places, prepend=np.uint32(0)).astype("<u4")
        return zlib.compress(gaps.tobytes() + self.counts.tobytes(), 6)

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Features":
        """Raises ValueError when these are no features."""
        opening = zlib.decompressobj()
        try:
            opened = opening.decompress(kept, MOST * 5 + 1)
        except zlib.error as error:
            raise ValueError(
                "These bytes are no features of a text: read them from the text again."
            ) from error
        known, rest = divmod(len(opened), 5)
        if rest or known > MOST or not opening.eof:
            raise ValueError("These bytes are no features of a text: read them from the text again.")
        gaps = np.frombuffer(opened, "<u4", known)
        places = np.cumsum(gaps, dtype=np.uint32)
        if known and int(gaps.astype(np.uint64).sum()) >= PLACES:
            raise ValueError("These features lie outside of the places: read them from the text again.")
        return cls(places, np.frombuffer(opened, np.uint8, known, offset=4 * known))


def features(text: str) -> Features:
    """The features of a text; of an empty one, none."""
    # That somebody gave a telephone number says nothing of the matter.
    told = TOKEN.sub(" ", text[:READ])
    often = Counter(_grams(unicodedata.normalize("NFKC", told).casefold().translate(SIMPLIFIED)))
    kept = list(islice(often, MOST))
    checksums = np.array([crc32(gram.encode()) for gram in kept], np.uint64)
    where = ((checksums * _MIX) >> _SHIFT).astype(np.uint32)
    places, at = np.unique(where, return_inverse=True)
    counts = np.bincount(at, weights=[often[gram] for gram in kept], minlength=len(places))
    return Features(
        places,
        np.minimum(counts, _MOST_OF_ONE).astype(np.uint8),
        dict(zip(kept, where.tolist(), strict=True)),
    )


def parts(word: str) -> list[str]:
    """The runs of three and four letters in a word of an alphabet, its borders counted as letters.

    A run is told from a word of the same letters by what stands before it.
    """
    bordered = f"_{word}_"
    last = len(bordered)
    if last <= 3:
        return []
    found = [f"~{bordered[at : at + 3]}" for at in range(last - 2)]
    if last > 4:
        found += [f"~{bordered[at : at + 4]}" for at in range(last - 3)]
    return found


def _grams(plain: str) -> list[str]:
    grams: list[str] = []
    before = ""
    for word in _WORD.findall(plain):
        if "㐀" <= word[0] <= "鿿":
            grams += word
            grams += [word[at : at + 2] for at in range(len(word) - 1)]
            grams += [word[at : at + 3] for at in range(len(word) - 2)]
            before = ""
        else:
            grams.append(word)
            if before:
                grams.append(f"{before} {word}")
            before = word
            grams += parts(word)
    return grams
