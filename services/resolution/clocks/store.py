"""Where clocks are kept: in a column of their case; what was missed, and the calendars, in tables of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.clocks.calendars import CalendarCopy, Calendars
from services.resolution.clocks.due import Pause
from services.resolution.clocks.runs import Run
from services.resolution.clocks.ticking import Ticking
from services.resolution.tables import calendars, lapses
from shared import driver
from shared.bulk import insert_rows, save_rows
from shared.database import Transaction, sql
from shared.events.routing import TimeLimits


class _Kept(BaseModel):
    """The column `clocks`."""

    model_config = ConfigDict(frozen=True)

    runs: tuple[Run, ...]
    pauses: tuple[Pause, ...]
    limits: TimeLimits | None
    extended_hours: float
    extensions: int
    runs_started: int


_FIELDS = tuple(field.name for field in fields(Run))
_values = attrgetter(*_FIELDS)


def clocks_row(case: Ticking) -> dict[str, Any] | None:
    """The value of the column; None for a case of which no clock is known."""
    if not case.runs and case.limits is None:
        return None
    return {
        "runs": [dict(zip(_FIELDS, _values(run), strict=True)) for run in case.runs.values()],
        "pauses": case.pauses,
        "limits": case.limits,
        "extended_hours": case.extended_hours,
        "extensions": case.extensions,
        "runs_started": case.runs_started,
    }


def read_clocks(column: Any) -> dict[str, Any]:
    """Fields of a case."""
    if column is None:
        return {}
    kept = _Kept.model_validate(column)
    return {
        "runs": {run.clock: run for run in kept.runs},
        "pauses": kept.pauses,
        "limits": kept.limits,
        "extended_hours": kept.extended_hours,
        "extensions": kept.extensions,
        "runs_started": kept.runs_started,
    }


_MET = sql(
    "UPDATE lapses l SET met_at = m.met_at "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS m(id uuid, met_at timestamptz) "
    "WHERE l.id = m.id AND l.met_at IS NULL"
)


async def save_lapses(transaction: Transaction, cases: Iterable[Ticking]) -> None:
    """What was missed since they were loaded, and what was met after all."""
    saved = list(cases)
    await insert_rows(transaction, lapses, [asdict(lapse) for case in saved for lapse in case.changed_lapses])
    met = [{"id": id, "met_at": at} for case in saved for id, at in case.met_lapses]
    if met:
        await transaction.execute(_MET, {"rows": to_json(met).decode()})


_ADAPTER = TypeAdapter(dict[str, CalendarCopy])
_CALENDARS = sql("SELECT coalesce(jsonb_object_agg(department, content), '{}') FROM calendars")


async def read_calendars(connection: AsyncConnection, usual: Calendars) -> Calendars:
    """As they were copied last."""
    found = (await driver.run(connection, _CALENDARS, {})).scalar_one()
    return usual.with_copies(_ADAPTER.validate_python(found))


_FORGET_CALENDARS = sql("DELETE FROM calendars WHERE department <> ALL(CAST(:departments AS text[]))")


async def write_calendars(
    transaction: Transaction, copies: Mapping[str, CalendarCopy], read_at: datetime
) -> None:
    """Exactly these departments have a calendar."""
    await transaction.execute(_FORGET_CALENDARS, {"departments": list(copies)})
    rows = [
        {
            "department": department,
            "digest": copy.digest,
            "content": copy.model_dump(mode="json"),
            "read_at": read_at,
        }
        for department, copy in sorted(copies.items())
    ]
    await save_rows(transaction, calendars, rows)
