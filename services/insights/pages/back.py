"""On the page of causes: which were said to be removed, and are back."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.pages import numbers
from services.insights.pages.model import Asked, Cell, Row, Table, Tone
from services.insights.pages.names import name_of
from services.insights.ranges import moments
from services.insights.recurrence.returned import found_between

MOST: Final = 50
_HEADS: Final = (
    "back_product",
    "back_by",
    "before",
    "back_after",
    "back_ratio",
    "low",
    "high",
    "back_closed",
    "back_found",
)


async def back(connection: AsyncConnection, asked: Asked) -> list[Table]:
    """A table of what was found in the range, the newest first; none when nothing was."""
    found = await found_between(connection, *moments(asked.first, asked.last), MOST)
    rows = [
        Row(
            str(each.improvement_id),
            (
                Cell(name_of("category", each.category or "", asked)),
                Cell(each.product or asked.say("unknown")),
                Cell(asked.say(f"back_{each.recurred_by}")),
                Cell(f"{each.before:,} / {each.days_before:,.0f}", str(each.before)),
                Cell(f"{each.after:,} / {each.days_after:,.0f}", str(each.after), Tone.BAD),
                numbers.decimal(each.rate_ratio, 2),
                numbers.decimal(each.low, 2),
                numbers.decimal(each.high, 2),
                numbers.day(each.closed_at.date()),
                numbers.day(each.found_at.date()),
            ),
        )
        for each in found
    ]
    heads = (asked.say("by_category"), *map(asked.say, _HEADS))
    return [Table("back", asked.say("back"), heads, tuple(rows), asked.say("back_told"))] if rows else []
