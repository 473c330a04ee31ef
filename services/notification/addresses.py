"""Tables of the addresses to which letters about field actions went: two customers with one address are one person."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, MetaData, Table, Uuid


def add_tables(metadata: MetaData) -> None:
    Table(
        "field_letters",
        metadata,
        Column("field_action_id", Uuid, primary_key=True),
        Column(
            "address", LargeBinary, primary_key=True, comment="keyed digest of an address: nobody can read it"
        ),
        Column("delivery_id", Uuid, nullable=False, comment="whose letter goes there"),
        comment="Two customers with one address are one person, who is written to once in a field action.",
    )
    Table(
        "field_letter_twins",
        metadata,
        Column("delivery_id", Uuid, ForeignKey("deliveries.id"), primary_key=True),
        Column("letter_id", Uuid, ForeignKey("deliveries.id"), nullable=False, index=True),
        CheckConstraint("delivery_id <> letter_id", name="another"),
        comment="Deliveries that are made by the letter of somebody else at the same address, and lost with it.",
    )
