"""Table of customers' devices."""

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, Uuid


def add_table(metadata: MetaData) -> Table:
    return Table(
        "devices",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column(
            "digest",
            LargeBinary,
            primary_key=True,
            index=True,
            comment="keyed digest of the token: nobody can read it",
        ),
        Column("sealed", Text, nullable=False, comment="the token that the push service gave the device"),
        Column("registered_at", DateTime(timezone=True), nullable=False),
        comment="Where messages about a complaint are pushed.",
    )
