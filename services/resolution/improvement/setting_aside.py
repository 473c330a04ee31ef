"""What a worker cannot do is set aside with its reason, and tried again after a while: it holds up nobody.

What fails for the surroundings' sake (see `is_of_surroundings`) is no fault of the work, and is not set aside.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table, Text

from services.resolution.tables import MOMENT
from shared import clock, driver, telemetry
from shared.database import Database, is_of_surroundings, sql
from shared.reactions import describe

log = logging.getLogger(__name__)

ASIDE = timedelta(hours=1)
"""For so long what failed is left alone."""


def failures() -> tuple[Column[datetime], Column[str], CheckConstraint]:
    """What a table of such work has beside."""
    return (
        Column("failed_at", MOMENT, comment="when it was tried last in vain"),
        Column("error", Text, comment="why it failed; no personal data"),
        CheckConstraint("(failed_at IS NULL) = (error IS NULL)", "failed"),
    )


@dataclass(frozen=True)
class Waiting:
    """Rows that wait for a worker until their column `done` says when it was."""

    table: Table
    done: str

    async def tried(self, database: Database, work: Callable[[], Awaitable[None]], **row: Any) -> bool:
        """Whether the work succeeds; else its row, named by its key, is set aside. Raises only for trouble of the
        surroundings."""
        try:
            await work()
        except Exception as error:
            if is_of_surroundings(error):
                raise
            reason = describe(error)
            named = " AND ".join(f"{name} = :{name}" for name in row)
            statement = sql(
                f"UPDATE {self.table.name} SET failed_at = :at, error = :error "  # noqa: S608 - own names only
                f"WHERE {named} AND {self.done} IS NULL"
            )
            async with database.transaction() as transaction:
                await transaction.execute(statement, {**row, "at": clock.now(), "error": reason})
            told = {name: str(value) for name, value in row.items()}
            log.error("a row of %s is set aside: %s", self.table.name, reason, extra=told)
            return False
        return True

    async def tell(self, database: Database) -> None:
        """Tell operators how much is set aside."""
        question = sql(
            f"SELECT count(*) FROM {self.table.name} WHERE {self.done} IS NULL AND failed_at IS NOT NULL"  # noqa: S608 - own names only
        )
        async with database.reading() as connection:
            found = (await driver.run(connection, question)).scalar_one()
        telemetry.SET_ASIDE.labels(self.table.name).set(found)
