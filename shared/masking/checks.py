"""What makes a number what it looks like: check digits, dates, issuers, and what the text calls it."""

import re
from datetime import date
from typing import Final

from shared.masking.naming import (
    PHONES,
    Before,
    is_named_card,
    is_named_id,
    is_named_otherwise,
    is_named_phone,
    is_named_ssn,
)
from shared.masking.signs import words

# A longer code or number that goes on into the number: "RD-2026-...", "SF138...".
_IN_CODE: Final = re.compile(r"(?:[A-Za-z0-9_#]|[A-Z0-9][-_/.])\Z")
_IN_LETTER_CODE: Final = re.compile(r"(?:[A-Z_]|[A-Z]-)\Z")


def stands_alone(_: str, before: Before) -> bool:
    """For weak shapes."""
    if is_named_phone(before):
        return True
    return not _IN_CODE.search(before.text[-2:]) and not is_named_otherwise(before)


def is_mobile(_: str, before: Before) -> bool:
    """China's mobile numbers have a shape strong enough for "1-138..." and "tel138..."."""
    if is_named_phone(before):
        return True
    return not _IN_LETTER_CODE.search(before.text[-2:]) and not is_named_otherwise(before)


def is_international(number: str, before: Before) -> bool:
    """E.164 allows 15 digits; with its country's code hardly any number has fewer than 8."""
    last = before.text[-1:]
    return 8 <= len(digits_of(number)) <= 15 and not (last.isascii() and last.isalnum())


def is_local_phone(number: str, before: Before) -> bool:
    """Whatever is called a phone number, unless it is a date: "电话 2024-01-15 打过"."""
    if not 7 <= len(digits_of(number)) <= 13 or DATE.fullmatch(number):
        return False
    return is_named_phone(before) or (number[0] == "0" and before.says(("手机",), PHONES))


def is_identity_number(number: str, before: Before) -> bool:
    """Eighteen signs by region, date of birth and check digit; if called so, also mistyped.

    GB 11643-1999: ISO 7064 MOD 11-2 over the first 17 digits.
    """
    if is_named_id(before):
        return True
    signs = digits_of(number)
    weighed = sum(int(digit) * weight for digit, weight in zip(signs, _ID_WEIGHTS, strict=False))
    return (
        "10X98765432"[weighed % 11] == signs[17].upper()
        and signs[:2] in _ID_REGIONS
        and _is_date(signs[6:14])
    )


_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# The provinces of GB/T 2260, and 83 for residents from Taiwan.
_ID_REGIONS: Final = frozenset(
    words(
        """11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81
        82 83"""
    )
)


def is_old_identity_number(number: str, before: Before) -> bool:
    """Fifteen digits have no check digit: region and date of birth, and not called otherwise."""
    if is_named_id(before):
        return True
    return number[:2] in _ID_REGIONS and _is_date("19" + number[6:12]) and stands_alone(number, before)


def is_bank_card(number: str, before: Before) -> bool:
    """By issuer and check digit; if called so, also mistyped.

    One order number in ten has a right check digit, hence the issuers and what the text calls it.
    """
    digits = digits_of(number)
    if _CARD_ISSUERS.match(digits) and _has_luhn_check_digit(digits) and is_mobile(number, before):
        return True
    return is_named_card(before)


# Visa of 13 digits, Diners, Amex; from 16 digits on also JCB, UnionPay, Mastercard, Maestro, Mir and the
# cards of Chinese banks before UnionPay. Not barcodes: those of China have 13 digits and begin with 69.
_CARD_ISSUERS: Final = re.compile(
    r"""(?: 4[0-9]{12} | 3[0689][0-9]{12} | 3[47][0-9]{13} | (?=[0-9]{16,19}\Z)
      (?: 3(?:5[2-8]|[0689]) | [4569] | 220[0-4] | 22[2-9] | 2[3-6] | 27[012] ) [0-9]+ )\Z""",
    re.VERBOSE,
)


def _has_luhn_check_digit(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(each - 9 * (each > 9) for each in doubled)) % 10 == 0


def is_ssn(number: str, before: Before) -> bool:
    """In the form with hyphens, or called so."""
    return is_named_ssn(before) or ("-" in number and stands_alone(number, before))


def is_ip(number: str, before: Before) -> bool:
    """Not a version: firmware counts in fours too."""
    return before.text[-2:].lower() == "ip" or stands_alone(number, before)


def _is_date(yyyymmdd: str) -> bool:
    try:
        date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:]))
    except ValueError:
        return False
    return yyyymmdd[:2] in ("18", "19", "20")


def digits_of(number: str) -> str:
    """The number without what separates its groups; an identity number may end in X."""
    return number if number.isdecimal() else "".join(sign for sign in number if sign in "0123456789Xx")


DATE: Final = re.compile(r"(?:19|20)[0-9]{2}[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?(?:0?[1-9]|[12][0-9]|3[01])")
