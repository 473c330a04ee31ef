"""A clipping made of rows: counted, the important first. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.routing.transfer.clippings.schemas import Clipping, Count, Item, OverdueTask, Period
from services.routing.transfer.clippings.words import AUDIENCES, SEVERITIES, TITLE, UNDECIDED
from shared.events.vocabulary import Audience, Language, NoticeUrgency, Severity, TransferForm
from shared.taxonomy import UnknownCode, newest

MOST_IMPORTANT, MOST_OTHERS = 20, 50


def days_of(period: Period, on: date) -> tuple[date, date]:
    """The first and the last day of the period in which `on` is."""
    if period is Period.DAY:
        return on, on
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


def bounds(period: Period, on: date, zone: str) -> tuple[datetime, datetime]:
    """The moment at which the period begins, and that at which the next one does."""
    first, last = days_of(period, on)
    here = ZoneInfo(zone)
    return (
        datetime.combine(first, time(), here),
        datetime.combine(last + timedelta(days=1), time(), here),
    )


def clipping(
    audience: Audience,
    language: Language,
    period: Period,
    on: date,
    notices: Sequence[Mapping[Any, Any]],
    tasks: Sequence[Mapping[Any, Any]],
) -> Clipping:
    """`notices` are the newest first, with reference and category of their complaints."""
    first, last = days_of(period, on)
    items = [_item(row, language) for row in notices]
    important = [item for item in items if _is_important(item)][:MOST_IMPORTANT]
    asked = [item for item in reversed(items) if item.form is not TransferForm.CLIPPING]
    waiting = [item for item in asked if not item.acknowledged][:MOST_OTHERS]
    shown = {item.notice_id for item in (*important, *waiting)}
    severities = Counter(row["severity"] for row in notices)
    categories = Counter(row["category"] for row in notices)
    return Clipping(
        audience=audience,
        title=TITLE[language].format(audience=AUDIENCES[language][audience]),
        language=language,
        period=period,
        first_day=first,
        last_day=last,
        notices=len(items),
        complaints=len({item.complaint_id for item in items}),
        by_severity=[
            Count(code=s, name=SEVERITIES[language][s], number=severities[s])
            for s in reversed(Severity)
            if severities[s]
        ],
        by_category=[
            Count(code=code or "undecided", name=category_name(code, language), number=number)
            for code, number in sorted(categories.items(), key=lambda each: (-each[1], each[0] or ""))
        ],
        important=important,
        unacknowledged=waiting,
        others=[item for item in items if item.notice_id not in shown][:MOST_OTHERS],
        overdue_tasks=[OverdueTask(**row) for row in tasks],
    )


def _is_important(item: Item) -> bool:
    return item.severity is Severity.MAJOR or item.urgency is NoticeUrgency.IMMEDIATE


def _item(row: Mapping[Any, Any], language: Language) -> Item:
    what = row["words"][language.value] if row["words"] else row["reason"]
    return Item(
        **{name: row[name] for name in Item.model_fields if name in row and name != "category"},
        notice_id=row["id"],
        what=what,
        category=category_name(row["category"], language),
        acknowledged=row["acknowledged_at"] is not None,
    )


def category_name(code: str | None, language: Language) -> str:
    """As the newest taxonomy calls it; a code that it does not have any more stays a code."""
    if code is None:
        return UNDECIDED[language]
    try:
        category = newest().category(code)
    except UnknownCode:
        return code
    return category.name_zh if language is Language.ZH else category.name_en
