"""Mail addresses, passports and plates."""

import re
import string
from collections.abc import Iterator
from typing import Final

from shared.masking.checks import DATE
from shared.masking.naming import is_named_otherwise, what_precedes
from shared.masking.signs import Span

# Blanks around the '@' are a slip of Chinese typing and believed for mail providers only: "2 @ amazon.com".
_MAIL_HOST: Final = re.compile(
    r"""@ (?:[A-Za-z0-9\u00c0-\u024f\-]{1,63}[.。]){1,8} [A-Za-z]{2,24}
    | [ ]?@[ ]? (?:qq|163|126|139|189|sina|sohu|foxmail|gmail|outlook|hotmail|icloud|yahoo)\.[A-Za-z]{2,3}""",
    re.VERBOSE | re.IGNORECASE,
)
_IN_MAILBOX: Final = string.ascii_letters + string.digits + "._%+'-" + "".join(map(chr, range(0xC0, 0x250)))


def find_mail(plain: str) -> Iterator[Span]:
    """From the host backwards: RFC 5321 allows a mailbox of 64 octets, but dots may lead up to it."""
    for host in _MAIL_HOST.finditer(plain):
        mailbox_and_before = plain[max(0, host.start() - 256) : host.start()]
        length = len(mailbox_and_before) - len(mailbox_and_before.rstrip(_IN_MAILBOX))
        if length:
            yield Span(host.start() - length, host.end(), "email")


_CHINESE_PASSPORT: Final = re.compile(r"[EGD][0-9]{8}(?![A-Za-z0-9])(?<![A-Za-z0-9].{9})")
_NAMED_PASSPORT: Final = re.compile(
    r"""(?:护照|通行证|passport|Passport|PASSPORT)(?:号码?|,?\s?(?:[Nn]umber|NUMBER|[Nn]o|NO|\#))?
    [\s.:：是为\#]{0,4}(?:is\s{1,2})?(?P<number>[A-Za-z0-9]{6,9})(?![A-Za-z0-9])""",
    re.VERBOSE,
)


def find_passports(plain: str) -> Iterator[Span]:
    for found in _CHINESE_PASSPORT.finditer(plain):
        if not is_named_otherwise(what_precedes(plain[max(0, found.start() - 32) : found.start()])):
            yield Span(*found.span(), "passport")
    for found in _NAMED_PASSPORT.finditer(plain):
        number = found["number"]
        if sum(sign in "0123456789" for sign in number) >= 4 and not DATE.fullmatch(number):
            yield Span(*found.span("number"), "passport")


# GA 36-2018: province, office, five signs without I and O; six with D or F (now A to K) for new energy.
_PLATE: Final = re.compile(
    r"""[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][ ·•.\-]?
    (?: [0-9]{5}[A-HJKa-hjk] | [A-HJKa-hjk][A-HJ-NP-Za-hj-np-z0-9][0-9]{4}
    | [A-HJ-NP-Za-hj-np-z0-9]{4}(?:[A-HJ-NP-Za-hj-np-z0-9]|[挂学警港澳]) ) (?![A-Za-z0-9])""",
    re.VERBOSE,
)


def find_plates(plain: str) -> Iterator[Span]:
    for found in _PLATE.finditer(plain):
        plate = found.group()
        # 新 is "new" and 云 is "cloud" more often than Xinjiang and Yunnan: 新A4纸, 云e12345.
        if plate[0] in "新云" and (plate != plate.upper() or plate[1] > "S"):
            continue
        if sum(sign in "0123456789" for sign in plate) >= 2:
            yield Span(*found.span(), "plate")
