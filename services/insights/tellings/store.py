"""The table of what was told. Like the other read tables it can be dropped and made again from the log."""

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, DateTime, Index, Table, Text, Uuid

from services.insights.rows import RowStore
from services.insights.store import metadata
from services.insights.tellings.model import Telling

tellings = Table(
    "tellings",
    metadata,
    Column("id", Uuid, primary_key=True, comment="of the complaint"),
    Column("registered_at", DateTime(timezone=True)),
    Column("customer_id", Uuid, comment="opaque"),
    Column("language", Text),
    Column("product", Text),
    Column("what_went_wrong", Text, comment="masked, like all words here"),
    Column("feeling", Text),
    Column("wanted", Text),
    Column("added", ARRAY(Text), nullable=False, comment="what later contacts said"),
    Column("erased", Boolean, nullable=False),
    CheckConstraint(
        "NOT erased OR (num_nonnulls(what_went_wrong, feeling, wanted) = 0 AND cardinality(added) = 0)",
        name="erased",
    ),
    comment="the words of complaints, as the log has them",
)
Index("ix_tellings_customer", tellings.c.customer_id)
Index("ix_tellings_registered", tellings.c.registered_at)

store = RowStore(tellings, Telling)
