"""What is kept beside the deliveries: customers' messages and devices, reports, addresses, rulebooks."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import MetaData, Table

from services.notification import addresses
from services.notification.devices import store as device_store
from services.notification.devices import tables as device_tables
from services.notification.messages import store as message_store
from services.notification.messages import tables as message_tables
from services.notification.providers import tables as provider_tables
from services.notification.reports import tables as report_tables
from shared.database import Transaction
from shared.rulebooks import store as rulebook_store


class Tables(NamedTuple):
    customer_messages: Table
    reports: Table


def add_tables(metadata: MetaData) -> Tables:
    addresses.add_tables(metadata)
    device_tables.add_table(metadata)
    provider_tables.add_table(metadata)
    rulebook_store.add_tables(metadata)
    return Tables(message_tables.add_table(metadata), report_tables.add_table(metadata))


async def forget(transaction: Transaction, complaint_ids: Sequence[UUID]) -> None:
    """The customers are erased: neither words nor devices stay."""
    await message_store.forget(transaction, complaint_ids)
    await device_store.forget(transaction, complaint_ids)
