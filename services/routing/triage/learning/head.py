"""The weights of one question, such as "which category?": a linear score for each class that was ever taught.

A class begins to exist with its first lesson, and ends when its last one is withdrawn. Weights are whole numbers,
see `lesson`: heads that hold the same lessons are equal to the last bit.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.routing.triage.learning.features import PLACES, Features
from services.routing.triage.learning.lesson import UNIT, Lesson, Step

SETTLED = 200.0
"""After so many lessons with a place its weight changes half as fast."""
BIAS = 0.3
"""Value of the feature that every text has."""
_BIAS_PLACE = PLACES
_DIGEST = 1 << 64
_MOST_BYTES = 1 << 29


class Head:
    """One question and its classes. Not safe for threads: one process applies its lessons one after the other."""

    def __init__(self) -> None:
        self.taught: Counter[str] = Counter()
        """How many lessons there are of each class."""
        self.digest = 0
        """Sum of the digests of all that it was taught, in 64 bits."""
        self._columns: dict[str, int] = {}
        self._rows = np.zeros(PLACES + 1, np.int32)
        """The row of a place; row 0 is that of places which nothing was taught about, and stays zero."""
        self._used = 1
        self._weights = np.zeros((1024, 4), np.int32)
        self._known = np.zeros(1024, np.int32)
        """By row: in how many lessons' texts the place occurs."""

    @property
    def classes(self) -> list[str]:
        """Those with at least one lesson, in the order of their names."""
        return sorted(label for label, lessons in self.taught.items() if lessons > 0)

    def weigh(self, told: Features) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """Places and values of a text as this head sees it: TF-IDF of unit length, and the bias at the end.

        Inverse document frequency as ln(1 + (n + 1) / (n_place + 1)), counted over the lessons.
        """
        known = self._known[self._rows[told.places]]
        rarity = np.log1p((self.taught.total() + 1) / (known + 1))
        values = told.strengths() * rarity
        length = float(np.sqrt(values @ values)) or 1.0
        return (
            np.append(told.places, np.uint32(_BIAS_PLACE)).astype(np.uint32),
            np.append(values / length, BIAS),
        )

    def weights(self, places: NDArray[np.uint32], classes: list[str]) -> NDArray[np.float64]:
        """The weights of these places (rows) for these classes (columns)."""
        columns = [self._columns[label] for label in classes]
        return self._weights.take(self._rows[places], axis=0)[:, columns] / UNIT

    def scores_of(
        self, weighed: Sequence[tuple[NDArray[np.uint32], NDArray[np.float64]]], classes: list[str]
    ) -> NDArray[np.float32]:
        """Scores of several weighed texts at once (rows), to seven digits."""
        places, values = (np.concatenate(part) for part in zip(*weighed, strict=True))
        weights = self._weights.take(self._rows[places], axis=0)  # several times faster than [...]
        products = weights.astype(np.float32) * values.astype(np.float32)[:, np.newaxis]
        begins = np.cumsum([0, *(len(own) for _, own in weighed[:-1])])
        found: NDArray[np.float32] = np.add.reduceat(products, begins, axis=0)
        return found[:, [self._columns[label] for label in classes]] / np.float32(UNIT)

    def rates(self, places: NDArray[np.uint32]) -> NDArray[np.float64]:
        """How fast the weight of a place may change: what many lessons agreed on yields slowly."""
        known = self._known[self._rows[places]]
        known[-1] = self.taught.total()  # the bias is in every text
        return 1.0 / (1.0 + known / SETTLED)

    def scores(
        self, places: NDArray[np.uint32], values: NDArray[np.float64], classes: list[str]
    ) -> NDArray[np.float64]:
        """The score of each class for a weighed text."""
        columns = [self._columns[label] for label in classes]
        found: NDArray[np.float64] = values @ self._weights.take(self._rows[places], axis=0)
        return found[columns] / UNIT

    def apply(self, lesson: Lesson) -> None:
        """Add a lesson to what is known."""
        self._count(lesson, 1)
        for step in lesson.steps:
            self.move(step, 1)
        self.digest = (self.digest + lesson.digest()) % _DIGEST

    def withdraw(self, lesson: Lesson) -> None:
        """Take back a lesson that was applied: as if it had never been taught."""
        self._count(lesson, -1)
        for step in lesson.steps:
            self.move(step, -1)
        self.digest = (self.digest - lesson.digest()) % _DIGEST

    def move(self, step: Step, times: int) -> None:
        """Add `times` (1 or -1) of one step."""
        rows, change = self._rows_of(step.places), step.change() * np.int32(times)
        towards, away = self._column(step.towards), self._column(step.away)
        self._weights[rows, towards] += change
        self._weights[rows, away] -= change

    def _count(self, lesson: Lesson, times: int) -> None:
        self._column(lesson.label)
        self.taught[lesson.label] += times
        if not self.taught[lesson.label]:
            del self.taught[lesson.label]
        rows = self._rows_of(lesson.places)
        self._known[rows] += np.int32(times)

    def _column(self, label: str) -> int:
        if label not in self._columns:
            self._columns[label] = len(self._columns)
            if len(self._columns) > self._weights.shape[1]:
                self._weights = np.pad(self._weights, ((0, 0), (0, self._weights.shape[1])))
        return self._columns[label]

    def _rows_of(self, places: NDArray[np.uint32]) -> NDArray[np.int32]:
        rows = self._rows[places]
        new = places[rows == 0]
        if len(new):
            needed = self._used + len(new)
            if needed > len(self._known):
                more = max(needed, 2 * len(self._known)) - len(self._known)
                self._weights = np.pad(self._weights, ((0, more), (0, 0)))
                self._known = np.pad(self._known, (0, more))
            self._rows[new] = np.arange(self._used, needed, dtype=np.int32)
            self._used = needed
            rows = self._rows[places]
        return rows

    def fill(
        self,
        taught: Counter[str],
        places: NDArray[np.uint32],
        known: NDArray[np.int32],
        weights: NDArray[np.int32],
        classes: list[str],
    ) -> None:
        """Make an empty head that of a snapshot: `weights` by place and class, in units of 1/1,048,576."""
        rows, columns = self._rows_of(places), [self._column(label) for label in classes]
        self.taught = Counter(taught)
        self._known[rows] = known
        self._weights[np.ix_(rows, np.array(columns, np.intp))] = weights

    def sign(self) -> None:
        """Give a head that was trained at once the digest of its content, as lessons give it theirs."""
        self.digest = 0
        self.digest = int.from_bytes(hashlib.sha256(self.dump()).digest()[:8], "big")

    def dump(self) -> bytes:
        """Compressed, and the same bytes for the same knowledge, in whatever order it was taught."""
        places = np.flatnonzero(self._rows)
        rows = self._rows[places]
        used = self._weights[rows].any(axis=1) | (self._known[rows] != 0)
        places, rows = places[used], rows[used]
        weights, known = self._weights[rows], self._known[rows]
        labels = sorted(
            label for label, at in self._columns.items() if self.taught[label] or weights[:, at].any()
        )
        about = {
            "digest": f"{self.digest:016x}",
            "classes": labels,
            "taught": [self.taught[label] for label in labels],
            "places": len(places),
        }
        by_class = weights[:, [self._columns[label] for label in labels]].T.astype("<i4")
        # Byte by byte: the high bytes of neighbours are alike, and compress to almost nothing.
        planes = np.ascontiguousarray(by_class).view(np.uint8).reshape(-1, 4).T
        body = (
            np.diff(places, prepend=0).astype("<u4").tobytes(), known.astype("<u4").tobytes(), planes.tobytes()
        )  # fmt: skip
        return zlib.compress(json.dumps(about, ensure_ascii=False).encode() + b"\n" + b"".join(body), 6)

    @classmethod
    def load(cls, kept: bytes) -> "Head":
        """Raises ValueError when these bytes are no head."""
        try:
            header, _, body = zlib.decompressobj().decompress(kept, _MOST_BYTES).partition(b"\n")
            about = json.loads(header)
            rows, classes = about["places"], about["classes"]
            places = np.cumsum(np.frombuffer(body, "<u4", rows), dtype=np.uint32)
            known = np.frombuffer(body, "<u4", rows, offset=4 * rows).astype(np.int32)
            planes = np.frombuffer(body, np.uint8, 4 * rows * len(classes), offset=8 * rows).reshape(4, -1)
            weights = np.ascontiguousarray(planes.T).view("<i4").reshape(len(classes), rows).T
            head = cls()
            taught = {label: n for label, n in zip(classes, about["taught"], strict=True) if n}
            head.fill(Counter(taught), places, known, weights.astype(np.int32), classes)
            head.digest = int(about["digest"], 16)
        except (zlib.error, KeyError, TypeError, IndexError, ValueError) as error:
            raise ValueError("These bytes are no snapshot of a head.") from error
        return head
