"""JSON as it comes in from outside, read by one strict, fast parser."""

import re
from typing import Any

import jiter

_TWICE = re.compile(r"Detected duplicate key (.*) at (line \d+ column \d+)", re.DOTALL)


def read_json(body: bytes) -> Any:
    """The value: UTF-8, no NaN, no lone surrogates, bounded depth and numbers, no key twice in one object.

    Of two members of one name some readers take the first and some the last: what two parts of a system read
    differently is refused. Raises ValueError, which says what is wrong and where.
    """
    try:
        return jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        if twice := _TWICE.fullmatch(str(error)):
            key, place = twice[1], twice[2]
            raise ValueError(
                f"{key[:100]} stands twice in one object ({place}): keep one of them 同一对象中键重复，请只保留一个"
            ) from None
        raise
