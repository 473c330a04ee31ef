"""The words of the briefings, in both languages. They stand in `words.json`."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from shared.events.vocabulary import Language
from shared.taxonomy import UnknownCode, newest

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@cache
def words(language: Language) -> Mapping[str, str]:
    source = resources.files(__package__).joinpath("words.json").read_bytes()
    return TypeAdapter(dict[Language, dict[str, str]]).validate_json(source)[language]


def day_name(day: date, language: Language) -> str:
    """`11 May 2026`, `2026年5月11日`."""
    if language is Language.ZH:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_name(at: datetime, zone: str, language: Language) -> str:
    """`11 May 15:30`, `5月11日15:30`, in the zone."""
    local = at.astimezone(ZoneInfo(zone))
    if language is Language.ZH:
        return f"{local.month}月{local.day}日{local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1][:3]} {local:%H:%M}"


def category_name(code: str | None, language: Language) -> str:
    """As the newest taxonomy calls it; a code that it does not have any more stays a code."""
    if code is None:
        return words(language)["undecided"]
    try:
        category = newest().category(code)
    except UnknownCode:
        return code
    return category.name_zh if language is Language.ZH else category.name_en
