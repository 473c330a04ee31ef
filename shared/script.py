"""Chinese in one script: traditional signs as simplified ones."""

from opencc import OpenCC


class _Simplified(dict[int, str]):
    """Each sign in its simplified form, asked for once. Word by word would be finer and a hundred times slower;
    whoever compares two texts loses the same on both."""

    def __init__(self) -> None:
        self._converter = OpenCC("t2s")

    def __missing__(self, sign: int) -> str:
        self[sign] = self._converter.convert(chr(sign)) if sign >= 0x3400 else chr(sign)
        return self[sign]


SIMPLIFIED = _Simplified()
"""For `str.translate`."""
