"""The event log: one protocol, two implementations, chosen by `REDRESS_EVENT_LOG_URL`."""

from shared.config import TABLE_LOG, Settings
from shared.eventlog.protocol import (
    Consumer,
    EventLog,
    GroupInUse,
    LogUnavailable,
    Places,
    Record,
    RecordTooLarge,
    Share,
)

__all__ = [
    "Consumer",
    "EventLog",
    "GroupInUse",
    "LogUnavailable",
    "Places",
    "Record",
    "RecordTooLarge",
    "Share",
    "open_log",
]


def open_log(settings: Settings, database_url: str) -> EventLog:
    """The log that the settings name. Raises ValueError for an URL that names none."""
    url = settings.event_log_url
    if url == TABLE_LOG:
        from shared.eventlog.table import TableLog

        return TableLog(database_url)
    if url.startswith("kafka://"):
        from shared.eventlog.kafka import KafkaLog

        return KafkaLog(url.removeprefix("kafka://"), settings.kafka_partitions, settings.kafka_replication)
    raise ValueError(f"REDRESS_EVENT_LOG_URL: {url!r} is neither 'table:' nor 'kafka://host:port,...'")
