"""Make the fonts of shared/paper again from Noto Sans CJK (OpenType collections, for example Debian's fonts-noto-cjk).

`python -m dev.fonts DIRECTORY`, where DIRECTORY holds NotoSansCJK-Regular.ttc and NotoSansCJK-Bold.ttc. It takes about
a minute. The licence is shared/paper/fonts/OFL.txt: a changed font may be passed on under the same licence, and has a
name of its own.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

OUTPUT = Path(__file__).resolve().parent.parent / "shared" / "paper" / "fonts"
NAME = "Redress Sans SC"
SIGNS = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x45F), (0x1E00, 0x1EFF),  # Latin, Greek, Cyrillic
    (0x2000, 0x23FF), (0x2460, 0x26FF),  # punctuation, currencies, arrows, mathematics, frames, shapes
    (0x3000, 0x30FF), (0xFF00, 0xFFEF),  # Chinese punctuation, kana, full-width forms
)  # fmt: skip
HANZI = {"Regular": "gbk", "Bold": "gb2312"}
"""Names of people have rare characters, so what is read has all of GBK. Bold is for titles, and falls back."""


def _encoded(encoding: str) -> Iterator[int]:
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            yield from map(ord, bytes([lead, trail]).decode(encoding, errors="ignore"))


def _named(font: TTFont, weight: str) -> None:
    """Give the font a name of its own, and leave its copyright and licence as they are."""
    postscript = f"{NAME.replace(' ', '')}-{weight}"
    names = {1: NAME, 2: weight, 3: postscript, 4: f"{NAME} {weight}", 6: postscript}
    table = font["name"]
    table.names = [record for record in table.names if record.nameID in (0, 5, 13, 14)]
    for number, name in names.items():
        table.setName(name, number, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [postscript]
    top = cff.topDictIndex[0]
    top.FullName, top.FamilyName = f"{NAME} {weight}", NAME


def make(source: Path, weight: str) -> None:
    """Write one weight: only the characters above, no hinting, no features of layout."""
    fonts = TTCollection(source / f"NotoSansCJK-{weight}.ttc").fonts
    font = next(font for font in fonts if font["name"].getDebugName(1).startswith("Noto Sans CJK SC"))
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=["*"])
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "GPOS", "GSUB", "GDEF"]
    wanted = {code for first, last in SIGNS for code in range(first, last + 1)}
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted | set(_encoded(HANZI[weight])))
    subsetter.subset(font)
    _named(font, weight)
    font.save(OUTPUT / f"{weight}.otf")


if __name__ == "__main__":
    for each in HANZI:
        make(Path(sys.argv[1]), each)
