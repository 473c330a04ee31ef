"""Table of the addresses to which letters about field actions went: two customers with one address are one person."""

from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid


def add_table(metadata: MetaData) -> Table:
    return Table(
        "field_letters",
        metadata,
        Column("field_action_id", Uuid, primary_key=True),
        Column(
            "address", LargeBinary, primary_key=True, comment="keyed digest of an address: nobody can read it"
        ),
        Column("delivery_id", Uuid, nullable=False, comment="whose letter goes there"),
        comment="Two customers with one address are one person, who is written to once in a field action.",
    )
