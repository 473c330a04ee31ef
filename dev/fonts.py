"""Make the fonts of shared/paper again, from Noto Sans and Noto Sans CJK (Debian's fonts-noto-core and fonts-noto-cjk).

`python -m dev.fonts DIRECTORY`, where NotoSans-Regular.ttf, NotoSans-Bold.ttf, NotoSansCJK-Regular.ttc and
NotoSansCJK-Bold.ttc lie in DIRECTORY. It takes about a minute. The licence is shared/paper/fonts/OFL.txt: a changed
font may be passed on under the same licence, and has a name of its own.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

OUTPUT = Path(__file__).resolve().parent.parent / "shared" / "paper" / "fonts"

LATIN = ((0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x45F), (0x1E00, 0x1EFF))
"""Latin, combining marks, Greek and Cyrillic."""

QUOTES = "‘’“”‚„‹›†‡•‰€№™"
"""Signs that the Chinese font has too, but as wide as a Chinese character, or not at all."""

SIGNS = ((0x2000, 0x23FF), (0x2460, 0x26FF), (0x3000, 0x30FF), (0xFF00, 0xFFEF))
"""Punctuation, arrows, mathematics, frames, shapes, kana, full-width forms."""

HANZI = {"Regular": "gbk", "Bold": "gb2312"}
"""Names of people have rare characters, so what is read has all of GBK. Bold is for titles, and falls back."""


def _encoded(encoding: str) -> Iterator[int]:
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            yield from map(ord, bytes([lead, trail]).decode(encoding, errors="ignore"))


def _every(ranges: tuple[tuple[int, int], ...]) -> set[int]:
    return {code for first, last in ranges for code in range(first, last + 1)}


def _named(font: TTFont, name: str, weight: str) -> None:
    """Give the font a name of its own, and leave its copyright and licence as they are."""
    postscript = f"{name.replace(' ', '')}-{weight}"
    names = {1: name, 2: weight, 3: postscript, 4: f"{name} {weight}", 6: postscript}
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in (0, 5, 13, 14)]
    for number, text in names.items():
        table.setName(text, number, 3, 1, 0x409)
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames = [postscript]
        cff.topDictIndex[0].FullName, cff.topDictIndex[0].FamilyName = f"{name} {weight}", name


def make(font: TTFont, wanted: set[int], name: str, weight: str, file: str) -> set[int]:
    """Write a font with only these characters, without hinting and layout features. Gives those that it has."""
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=["*"])
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "GPOS", "GSUB", "GDEF", "STAT", "MATH"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    _named(font, name, weight)
    font.save(OUTPUT / file)
    return set(font.getBestCmap())


def main(source: Path) -> None:
    for weight, encoding in HANZI.items():
        latin = TTFont(next(source.rglob(f"NotoSans-{weight}.ttf")), recalcTimestamp=False)
        file = f"latin-{weight.lower()}.ttf"
        known = make(latin, _every(LATIN) | set(map(ord, QUOTES)), "Redress Sans", weight, file)
        collection = TTCollection(next(source.rglob(f"NotoSansCJK-{weight}.ttc"))).fonts
        han = next(font for font in collection if font["name"].getDebugName(1).startswith("Noto Sans CJK SC"))
        wanted = (_every(SIGNS) | set(_encoded(encoding))) - known
        make(han, wanted, "Redress Sans SC", weight, f"han-{weight.lower()}.otf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
