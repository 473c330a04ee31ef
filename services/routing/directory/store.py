"""Tables of the directory."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from services.routing.directory.model import Department, Directory, Person
from shared.bulk import save_rows
from shared.database import Transaction, session_lock_key, sql


def add_tables(metadata: MetaData) -> tuple[Table, Table]:
    departments = Table(
        "departments",
        metadata,
        Column("code", Text, primary_key=True),
        Column("name_en", Text, nullable=False),
        Column("name_zh", Text, nullable=False),
        Column(
            "layer",
            SmallInteger,
            nullable=False,
            comment="1 contact, 2 acceptance, 3 technical, 4 management",
        ),
        Column("categories", ARRAY(Text), nullable=False, comment="level-1 categories it is responsible for"),
        CheckConstraint("layer BETWEEN 1 AND 4", name="layer"),
    )
    people = Table(
        "people",
        metadata,
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False, comment="work name, the one they sign with"),
        Column("department", Text, ForeignKey("departments.code"), nullable=False),
        Column("languages", ARRAY(Text), nullable=False),
        Column("capacity", Integer, nullable=False),
        Column("open_cases", Integer, nullable=False, server_default="0"),
        Column("active", Boolean, nullable=False, server_default="true"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("open_cases >= 0", name="open_cases"),
    )
    return departments, people


async def lock_directory(transaction: Transaction) -> None:
    """Nobody else assigns, frees or changes people until this transaction ends.

    So no capacity is exceeded, and people's rows are written by one at a time, whatever the order. Taken after
    the complaints' locks and as late as can be: all of routing waits for it.
    """
    await transaction.execute(
        sql("SELECT pg_advisory_xact_lock(:key)"), {"key": session_lock_key("routing", "directory")}
    )


async def load_directory(transaction: Transaction) -> Directory:
    """Everybody as they are now; to choose from them, hold the directory's lock."""
    rows = await transaction.execute(sql("SELECT * FROM departments"))
    staff = await transaction.execute(sql("SELECT * FROM people ORDER BY id"))
    return Directory(
        {row["code"]: Department(**{**row, "categories": tuple(row["categories"])}) for row in _dicts(rows)},
        [Person(**{**row, "languages": tuple(row["languages"])}) for row in _dicts(staff)],
    )


def _dicts(result: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in result.mappings()]


async def save_load(transaction: Transaction, directory: Directory) -> None:
    """Add what this batch changed to what people carry."""
    changes = {person: change for person, change in directory.changes.items() if change}
    directory.changes.clear()
    if changes:
        await transaction.execute(
            sql(
                "UPDATE people p SET open_cases = p.open_cases + c.change "
                "FROM unnest(CAST(:ids AS text[]), CAST(:changes AS int[])) AS c(id, change) WHERE p.id = c.id"
            ),
            {"ids": list(changes), "changes": list(changes.values())},
        )


async def replace(
    transaction: Transaction,
    departments: Table,
    people: Table,
    new_departments: list[dict[str, Any]],
    new_people: list[dict[str, Any]],
) -> None:
    """Add or change departments and people; whoever is not named stays as they are."""
    await lock_directory(transaction)
    for table, rows, key in ((departments, new_departments, "code"), (people, new_people, "id")):
        await save_rows(transaction, table, sorted(rows, key=lambda row: str(row[key])))
