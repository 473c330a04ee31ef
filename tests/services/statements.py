"""Counts what a service asks of its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event as listening

from shared import driver
from shared.database import Database


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements of the block: those of SQLAlchemy, and those that go straight to the driver."""
    statements: list[str] = []
    engine, run = database.engine.sync_engine, driver.run

    def note(*args: Any) -> None:
        statements.append(args[2])

    def noted(connection: Any, statement: Any, parameters: Any = None) -> Any:
        statements.append(str(statement))
        return run(connection, statement, parameters)

    listening.listen(engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(driver, "run", noted)
            yield statements
    finally:
        listening.remove(engine, "before_cursor_execute", note)
