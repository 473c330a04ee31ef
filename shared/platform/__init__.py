"""Tables that every service may use: the table log, and the API keys."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

topics = Table(
    "topics",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("key", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("appended_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
Index("ix_records_time", records.c.topic, records.c.appended_at, postgresql_using="brin")

cursors = Table(
    "cursors",
    metadata,
    Column("group", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, comment="what the key is for"),
    Column("secret_hash", LargeBinary, nullable=False, comment="SHA-256 of the secret part"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("revoked_at", DateTime(timezone=True)),
)
