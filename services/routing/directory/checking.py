"""What makes an entry of the directory wrong by itself, and circles of people. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from zoneinfo import available_timezones

from services.routing.directory.layers import currencies, layer_by_role
from services.routing.directory.schemas import Entry, NewCalendar, NewPerson

Wrong = tuple[str, str, str]
"""Field, and what is wrong and would be right in English and Chinese."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def wrong_with(entry: Entry) -> list[Wrong]:
    """What is wrong with it whatever else is in the directory."""
    if isinstance(entry, NewCalendar):
        return _wrong_calendar(entry)
    if isinstance(entry, NewPerson):
        return _wrong_person(entry)
    return []


def _wrong_calendar(calendar: NewCalendar) -> list[Wrong]:
    wrong: list[Wrong] = []
    if calendar.zone not in _zones():
        wrong.append(
            (
                "zone",
                "There is no such zone; use an IANA name such as Asia/Shanghai.",
                "没有该时区，请使用 IANA 名称。",
            )
        )
    days = [(f"spans/{day}", spans) for day, spans in calendar.spans.items()]
    days += [(f"special/{day.isoformat()}", spans) for day, spans in calendar.special.items()]
    for field, spans in days:
        wrong += [(field, *words) for words in wrong_spans(spans)]
    if not any(spans for _, spans in days):
        wrong.append(
            (
                "spans",
                "It has no working time; give at least one weekday a span.",
                "没有工作时间，请至少设一个时段。",
            )
        )
    return wrong


def wrong_spans(spans: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is wrong with the spans of a day, given as wall-clock times `HH:MM`."""
    free_from = "00:00"
    for opens, closes in spans:
        if closes != "00:00" and closes <= opens:
            return [
                (
                    f"{opens}-{closes} does not end after its start; split what runs over midnight in two.",
                    f"时段 {opens}-{closes} 的结束须晚于开始，跨午夜请拆成两段。",
                )
            ]
        if opens < free_from:
            return [
                (
                    f"{opens}-{closes} overlaps the span before; put them in order, one after the other.",
                    f"时段 {opens}-{closes} 与前一时段重叠，请按顺序排列。",
                )
            ]
        free_from = closes if closes != "00:00" else "24:00"
    return []


def _wrong_person(person: NewPerson) -> list[Wrong]:
    wrong: list[Wrong] = []
    if person.id == "me":
        wrong.append(("id", "It means whoever asks; choose another id.", "me 指当前用户，请换一个编号。"))
    if person.role is not None and person.role not in layer_by_role():
        wrong.append(
            (
                "role",
                "There is no such role; `/directory/layers` lists them.",
                "没有该角色，请见 /directory/layers。",
            )
        )
    if (person.amount is None) != (person.currency is None):
        wrong.append(
            (
                "amount" if person.amount is None else "currency",
                "An amount and its currency belong together.",
                "金额与币种须一并填写。",
            )
        )
    if person.currency is not None and person.currency not in currencies():
        wrong.append(
            (
                "currency",
                "No such currency; use ISO 4217, such as CNY or EUR.",
                "没有该币种，请使用 ISO 4217 代码。",
            )
        )
    return wrong


def circles(follows: Mapping[str, str | None], first: Iterable[str]) -> list[list[str]]:
    """The circles in which one leads to the next: each once, beginning with one of `first` that lies in it.

    `follows` says to whom each leads.
    """
    found: list[list[str]] = []
    done: set[str] = set()
    for start in first:
        path: list[str] = []
        place: dict[str, int] = {}
        here: str | None = start
        while here is not None and here not in done and here not in place:
            place[here] = len(path)
            path.append(here)
            here = follows.get(here)
        if here is not None and here in place:
            found.append(path[place[here] :])
        done.update(path)
    return found
