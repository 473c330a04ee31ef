"""A lesson: what one corrected complaint changes in a head, as whole numbers.

Numbers are stored in fixed point, so that adding is exact: the order of lessons does not matter, every process that
holds the same lessons holds the same weights to the last bit, and a lesson that is withdrawn leaves no trace.
"""

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNIT = 1 << 20
"""A weight of 1.0."""
VALUE_UNIT = 1 << 14
"""A feature's value of 1.0."""
SIZE_UNIT = 1 << 16
"""A step's size of 1.0."""
_DOWN = (VALUE_UNIT * SIZE_UNIT // UNIT).bit_length() - 1
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """Towards one class and away from another, along one text: W[towards] += size * x, W[away] -= size * x."""

    towards: str
    away: str
    size: int
    """In units of 1/65,536."""
    places: NDArray[np.uint32]
    """Ascending; the last is the head's bias."""
    values: NDArray[np.uint16]
    """The text's weighted features, in units of 1/16,384."""

    def change(self) -> NDArray[np.int32]:
        """What is added to the weights of `towards` and taken from those of `away`, in units of 1/1,048,576."""
        product = np.int64(self.size) * self.values.astype(np.int64)
        return ((product + (1 << (_DOWN - 1))) >> _DOWN).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One correction. Additive: apply it once, withdraw it once."""

    head: str
    label: str
    """What the complaint is, as a person said."""
    places: NDArray[np.uint32]
    """Where the complaint has features: they are counted, for a rare word says more than a frequent one."""
    steps: tuple[Step, ...]
    """None when the head knew it with a margin. The first is along the complaint, the others along rehearsed ones."""

    def to_bytes(self) -> bytes:
        """Compressed: about 3 bytes for each feature of each step, so 1 to 5 KB for a usual complaint."""
        about = {
            "head": self.head,
            "label": self.label,
            "known": len(self.places),
            "steps": [[step.towards, step.away, step.size, len(step.places)] for step in self.steps],
        }
        header = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
        parts = [header, b"\n", _gaps(self.places)]
        for step in self.steps:
            parts += _gaps(step.places), step.values.astype("<u2").tobytes()
        return zlib.compress(b"".join(parts), 6)

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Lesson":
        """Raises ValueError when these bytes are no lesson."""
        try:
            opened = zlib.decompressobj().decompress(kept, MOST_BYTES)
            header, _, body = opened.partition(b"\n")
            about = json.loads(header)
            places, at = _places(body, 0, about["known"])
            steps = []
            for towards, away, size, known in about["steps"]:
                where, at = _places(body, at, known)
                values = np.frombuffer(body, "<u2", known, offset=at).astype(np.uint16)
                at += 2 * known
                steps.append(Step(towards, away, size, where, values))
            return cls(about["head"], about["label"], places, tuple(steps))
        except (zlib.error, KeyError, TypeError, ValueError) as error:
            raise ValueError("These bytes are no lesson.") from error

    def digest(self) -> int:
        """64 bits by which this lesson is told from others; the version of a head adds them up."""
        parts: Sequence[bytes] = (
            f"{self.head}\n{self.label}\n".encode(),
            self.places.astype("<u4").tobytes(),
            *(
                f"{step.towards}\n{step.away}\n{step.size}\n".encode()
                + step.places.astype("<u4").tobytes()
                + step.values.astype("<u2").tobytes()
                for step in self.steps
            ),
        )
        return int.from_bytes(hashlib.sha256(b"".join(parts)).digest()[:8], "big")


def _gaps(places: NDArray[np.uint32]) -> bytes:
    return np.diff(places, prepend=np.uint32(0)).astype("<u4").tobytes()


def _places(body: bytes, at: int, known: int) -> tuple[NDArray[np.uint32], int]:
    gaps = np.frombuffer(body, "<u4", known, offset=at)
    return np.cumsum(gaps, dtype=np.uint32), at + 4 * known
