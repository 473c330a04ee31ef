"""Table of customers' devices."""

from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, Table, Text, Uuid


def add_table(metadata: MetaData) -> Table:
    devices = Table(
        "devices",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, nullable=False),
        Column(
            "digest", LargeBinary, nullable=False, comment="keyed digest of the token: nobody can read it"
        ),
        Column("sealed", Text, nullable=False, comment="the token that the push service gave the device"),
        Column("registered_at", DateTime(timezone=True), nullable=False),
        comment="Where messages about a complaint are pushed.",
    )
    Index("ix_devices_complaint", devices.c.complaint_id, devices.c.digest, unique=True)
    return devices
