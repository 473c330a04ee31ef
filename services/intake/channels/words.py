"""Words as other systems hand them over, made fit for the record. Pure."""

import re
import unicodedata

from shared.events.vocabulary import Language

LONGEST = 10_000
"""Characters of a statement; see `shared.text.LongText`."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufffe\uffff]")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[A-Za-z]+")


def cleaned(text: str) -> str:
    """Without what no keyboard sends: control characters, lone surrogates; lines end in one way."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)).strip()


def one_line(text: str, longest: int = 200) -> str:
    """On one line and bounded: a name, a subject. What comes after a line break cannot become a header."""
    return cleaned(" ".join(cleaned(text).split())[:longest])


def language(text: str) -> Language:
    """Chinese when there are at least half as many Chinese characters as words of letters."""
    chinese = len(_CHINESE.findall(text))
    return Language.ZH if chinese and 2 * chinese >= len(_WORD.findall(text)) else Language.EN
