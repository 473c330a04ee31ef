"""How a text message is cut into segments, which are what it costs (3GPP TS 23.038 and 23.040). Pure."""

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters of seven bits."""
EXTENDED = frozenset("^{}\\[~]|€\f")
"""Characters that take two of those."""

_GSM, _GSM_PART = 160, 153
_UCS, _UCS_PART = 70, 67
"""What one message holds alone, and as a part of several."""


def segments(text: str) -> int:
    """Messages that the text goes out as."""
    if _fits_gsm(text):
        size, alone, part = _size(text), _GSM, _GSM_PART
    else:
        size, alone, part = _size(text), _UCS, _UCS_PART
    return 1 if size <= alone else -(-size // part)


def shortened(text: str, ending: str, most: int) -> str:
    """The text and its ending (a link, which stays whole), cut so that it takes at most so many segments."""
    joined = f"{text} {ending}".strip()
    if segments(joined) <= most:
        return joined
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if segments(_cut(text, middle, ending)) <= most:
            low = middle
        else:
            high = middle - 1
    return _cut(text, low, ending)


def _cut(text: str, length: int, ending: str) -> str:
    return f"{text[:length].rstrip()}... {ending}".strip()


def _fits_gsm(text: str) -> bool:
    return all(character in GSM or character in EXTENDED for character in text)


def _size(text: str) -> int:
    """In septets, or in UTF-16 units when a character needs more than seven bits."""
    if _fits_gsm(text):
        return len(text) + sum(character in EXTENDED for character in text)
    return len(text.encode("utf-16-le")) // 2
