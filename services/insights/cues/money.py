"""Sums of money in a text: `1.5万元`, `三百块`, `¥2,000`, `$1.2k`, `120,000 dollars`. Pure."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import NamedTuple

from services.insights.cues.model import Amount
from shared.script import SIMPLIFIED

_DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_TENS = {"十": 10, "百": 100, "千": 1_000}
_SCALES = {"万": 10_000, "亿": 100_000_000, "千": 1_000, "百": 100, "k": 1_000, "m": 1_000_000}
LARGEST = Decimal(10) ** 12
"""More than this is no sum that anybody asks for."""


class Written(NamedTuple):
    start: int
    end: int
    amount: Amount


def amounts(text: str) -> Iterator[Written]:
    """Those with a currency, in order. The places are those of the text."""
    pattern, currencies = _pattern()
    for found in pattern.finditer(text.translate(SIMPLIFIED)):
        sign, digits, scale, unit = found["sign"], found["digits"], found["scale"], found["unit"]
        if not sign and not unit:
            continue
        value = _plain(_number(digits) * _SCALES.get((scale or "").lower(), 1))
        if 0 < value <= LARGEST:
            currency = currencies[(unit or sign).strip().lower()]
            yield Written(found.start(), found.end(), Amount(value, currency))


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    """Signs before and words after a number, from `money.json`."""
    data = json.loads(resources.files(__package__).joinpath("money.json").read_bytes())

    def either(names: dict[str, str]) -> str:
        return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))

    written = (
        rf"(?P<sign>{either(data['before'])})?\s{{0,2}}"
        r"(?P<digits>\d{1,3}(?:[,，]\d{3})+(?:\.\d{1,2})?|\d{1,12}(?:\.\d{1,4})?|[零〇一二两三四五六七八九十百千万]{1,12})"
        r"\s{0,2}(?P<scale>[万亿千百]|[kKmM](?![a-zA-Z]))?"
        rf"\s{{0,2}}(?P<unit>(?:{either(data['after'])})(?![a-z]))?"
    )
    return re.compile(written, re.IGNORECASE), data["before"] | data["after"]


def _plain(value: Decimal) -> Decimal:
    """Without zeros at its end, and without an exponent."""
    whole = value.to_integral_value()
    return whole.quantize(Decimal(1)) if whole == value else value.normalize()


def _number(written: str) -> Decimal:
    if written[0].isdecimal():
        return Decimal(re.sub("[,，]", "", written))
    total = section = digit = 0
    for sign in written:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _TENS[sign], 0
    return Decimal(total + section + digit)
