"""The letters: which there are, how wide they are, and where a line of Chinese and Latin text may break."""

import re
import unicodedata
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont

MILLIMETRES = 25.4 / 72
"""The length of a point."""

LEADING = 1.5
"""From one line to the next, in parts of the size."""

MISSING = "〓"
"""What printers set for a letter that they do not have. Only fonts with Chinese have it."""

_OPENING = "（《“‘「『【〈〔［｛￥＄(\\[{"
_CLOSING = "，。、；：？！）》”’」』】〉〕］｝…—·％℃～,.;:!?)\\]}%"
_SINGLE = "\u2e80-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffff\U00020000-\U0003ffff"
_WORD = f"(?:[^ {_SINGLE}“‘”’…—]|’(?=[A-Za-z]))+"
_CLUSTER = re.compile(
    f" +|[{_OPENING}]*(?:(?![{_OPENING}{_CLOSING}])[{_SINGLE}]|{_WORD})[{_CLOSING}]*|[{_OPENING}]+|[{_CLOSING}]+|."
)
"""What stays together: a Chinese character or a Latin word, with the marks that may not begin or end a line."""


Face = Literal["latin-regular", "han-regular", "latin-bold", "han-bold"]

FACES: dict[Face, str] = {
    "latin-regular": "latin-regular.ttf",
    "han-regular": "han-regular.otf",
    "latin-bold": "latin-bold.ttf",
    "han-bold": "han-bold.otf",
}

_CHAINS: dict[bool, tuple[Face, ...]] = {
    False: ("latin-regular", "han-regular"),
    True: ("latin-bold", "han-bold", "latin-regular", "han-regular"),
}
"""Where a character is looked for, plain and strong: bold has fewer Chinese characters than regular."""


def font_file(face: Face) -> Path:
    """Where the font lies."""
    return Path(str(resources.files(__package__) / "fonts" / FACES[face]))


@cache
def _own_widths(face: Face) -> dict[str, float]:
    with TTFont(font_file(face), lazy=True) as font:
        metrics, scale = font["hmtx"].metrics, 1 / font["head"].unitsPerEm
        return {chr(code): metrics[glyph][0] * scale for code, glyph in font.getBestCmap().items()}


@cache
def _faces(strong: bool) -> dict[str, Face]:
    """The font of each character."""
    return {character: face for face in reversed(_CHAINS[strong]) for character in _own_widths(face)}


@cache
def _widths(strong: bool) -> dict[str, float]:
    """The advance of each character, in parts of the size."""
    return {character: _own_widths(face)[character] for character, face in _faces(strong).items()}


class _Types(dict[int, str | None]):
    """What is printed for a character: itself, another one, or nothing."""

    def __missing__(self, code: int) -> str | None:
        self[code] = printed = self._printed(chr(code))
        return printed

    @staticmethod
    def _printed(character: str) -> str | None:
        if character in "\n\u2028\u2029\x85":
            return "\n"
        category = unicodedata.category(character)
        if character == "\t" or (category == "Zs" and character not in "\u00a0\u3000"):
            return " "
        selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
        if category in ("Cc", "Cf", "Cs") or selector:
            return None
        return character if character in _widths(False) else MISSING


_types = _Types()


def clean(text: str) -> str:
    """The text as it can be printed: no control or format characters, and 〓 for what the fonts do not have."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).translate(_types)


def width(text: str, size: float, strong: bool = False) -> float:
    """How wide a clean line is, in millimetres."""
    widths = _widths(strong)
    return sum(widths[character] for character in text) * size * MILLIMETRES


def runs(text: str, strong: bool) -> list[tuple[str, Face, float]]:
    """The clean text in pieces of one font each, and their widths in parts of the size."""
    faces, widths = _faces(strong), _widths(strong)
    pieces = [("".join(group), face) for face, group in groupby(text, faces.__getitem__)]
    return [(piece, face, sum(widths[character] for character in piece)) for piece, face in pieces]


def wrap(text: str, size: float, limit: float, strong: bool = False) -> list[str]:
    """The lines of a text of any origin, none wider than `limit` (millimetres) unless a single character is."""
    return [line for part in clean(text).split("\n") for line in _wrapped(part, size, limit, strong)]


def shortened(text: str, size: float, limit: float, strong: bool = False) -> str:
    """One line of at most that width; what is left out is marked with …"""
    line = clean(text).replace("\n", " ")
    if width(line, size, strong) <= limit:
        return line
    return _pieces(line, size, limit - width("…", size, strong), strong)[0] + "…"


def _wrapped(text: str, size: float, limit: float, strong: bool) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    used, gap = 0.0, ""
    for match in _CLUSTER.finditer(text):
        cluster = match[0]
        if cluster[0] == " ":
            gap = cluster if line else ""
            continue
        long, apart = width(cluster, size, strong), width(gap, size, strong)
        if line and used + apart + long > limit:
            lines.append("".join(line))
            line, used, gap, apart = [], 0.0, "", 0.0
        if long > limit:
            *whole, cluster = _pieces(cluster, size, limit, strong)
            lines += whole
            long = width(cluster, size, strong)
        line += (gap, cluster)
        used, gap = used + apart + long, ""
    return [*lines, "".join(line)]


def _pieces(line: str, size: float, limit: float, strong: bool) -> list[str]:
    """A line cut between any two characters, for what has no better place to break."""
    widths, scale = _widths(strong), size * MILLIMETRES
    pieces: list[str] = []
    begin, used = 0, 0.0
    for at, character in enumerate(line):
        used += widths[character] * scale
        if used > limit and at > begin:
            pieces.append(line[begin:at])
            begin, used = at, widths[character] * scale
    return [*pieces, line[begin:]]
