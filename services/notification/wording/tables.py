"""Table of wordings: every one that was ever in force, so that a delivery's can be read again."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB


def add_table(metadata: MetaData) -> Table:
    return Table(
        "wordings",
        metadata,
        Column("digest", Text, primary_key=True, comment="of all that follows; deliveries name it"),
        Column("name", Text, nullable=False),
        Column("language", Text, nullable=False),
        Column("version", Integer, nullable=False, comment="0 is what that release was shipped with"),
        Column("source", Text, nullable=False),
        Column("parts", JSONB, nullable=False, comment="what all letters share, by name, and the layout"),
        Column("since", DateTime(timezone=True), nullable=False, comment="first in force"),
        comment="Exact wordings of letters. A trigger refuses every change.",
    )
