"""What Redress needs of an event log. Two logs fulfil it: a PostgreSQL table and Apache Kafka.

Promises, checked by one contract suite over both: records of one key keep their order; every group sees
every record; within a group a record is handled by one consumer at a time; what was not committed comes
again after a restart, in order.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from zlib import crc32

from sqlalchemy.ext.asyncio import AsyncConnection

RECORD_LIMIT = 1024 * 1024
"""Largest value of a record, in bytes."""


class RecordTooLarge(ValueError):
    """The value is larger than the log takes (1 MiB); nothing of the batch was appended."""


class LogUnavailable(ConnectionError):
    """The log cannot be reached at present; try again."""


class GroupInUse(RuntimeError):
    """The group still has consumers: stop them first (a killed one counts until its session ends)."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the log. `offset` counts within (topic, partition) and is -1 before it is appended."""

    topic: str
    key: str
    headers: Mapping[str, str]
    value: bytes
    partition: int = 0
    offset: int = -1


Places = Mapping[tuple[str, int], int]
"""An offset in each (topic, partition)."""
Position = int | datetime | Places
"""A place in a topic: an offset, the first record appended at or after a time, or an offset for each partition."""


class Share(NamedTuple):
    """Some of the keys: the one of `of` equal parts that has this `number`, from 0."""

    number: int
    of: int

    def holds(self, key: str) -> bool:
        return self.of == 1 or crc32(key.encode()) % self.of == self.number


class Consumer(Protocol):
    """One member of a group. Not for concurrent use."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def poll(self, limit: int, timeout: float) -> list[Record]:  # noqa: ASYNC109 - the log itself waits
        """Up to `limit` records not yet handled by the group; empty after `timeout` seconds without any.

        Records of one key come in order. Raises LogUnavailable.
        """
        ...

    async def commit(self, records: Sequence[Record]) -> None:
        """Remember that the group has handled these (the whole of a poll). Raises LogUnavailable."""
        ...


class EventLog(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def append(self, records: Sequence[Record]) -> None:
        """Append durably, keeping the order per key. Raises RecordTooLarge, LogUnavailable."""
        ...

    async def move(self, connection: AsyncConnection, limit: int) -> int:
        """Append the oldest outbox rows that `connection` sees, delete them, return how many.

        On the connection that holds the relay's leadership. No transaction need be open; what the log cannot
        do in one step it does in such an order that nothing is lost, and rows may move twice.
        """
        ...

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer: ...

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records of the topics the group has not handled."""
        ...

    async def reset(self, group: str, topics: Sequence[str], position: Position) -> None:
        """Let the group read from `position` again. Raises GroupInUse while it has consumers."""
        ...

    async def ends(self, topics: Sequence[str]) -> Places:
        """Where the next record of each partition will be. Raises LogUnavailable."""
        ...

    def read(self, topics: Sequence[str], until: Places, share: Share) -> AsyncGenerator[list[Record], None]:
        """All records before `until` whose keys are in the share, some at a time, as a member of no group.

        Records of one key and topic come in order. Raises LogUnavailable.
        """
        ...
