"""What operators see: metrics, trace context, JSON logs without personal data."""

import logging
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from pythonjsonlogger.json import JsonFormatter

REQUEST_SECONDS = Histogram(
    "redress_request_seconds",
    "Time to answer a request, by route template",
    ["service", "method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
EVENTS_HANDLED = Counter(
    "redress_events_handled_total", "Events by consumer, type and outcome", ["consumer", "type", "outcome"]
)
OUTBOX_OLDEST = Gauge(
    "redress_outbox_oldest_seconds", "Age of the oldest event not yet on the log", ["service"]
)
CONSUMER_LAG = Gauge("redress_consumer_lag_events", "Events on the log not yet handled", ["consumer"])
DEAD_LETTERS = Gauge("redress_dead_letters_open", "Parked events that wait for a replay", ["consumer"])
SET_ASIDE = Gauge("redress_set_aside", "Work that failed and is tried again hourly", ["table"])
WORKER_RESTARTS = Counter("redress_worker_restarts_total", "Workers that failed and began again", ["worker"])
STREAMS_OPEN = Gauge("redress_streams_open", "Live streams, of the feed and of customers' cases", ["kind"])
STREAMS_BEHIND = Counter(
    "redress_streams_behind_total", "Streams that read too slowly: told so, or given up as stuck", ["how"]
)

METRICS = REGISTRY

complaint_in_hand: ContextVar[str | None] = ContextVar("complaint_in_hand", default=None)
request_in_hand: ContextVar[str | None] = ContextVar("request_in_hand", default=None)

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def traceparent() -> str | None:
    """The present trace context in W3C form, or None outside any trace."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


@contextmanager
def traced(parent: str | None) -> Iterator[None]:
    """Continue the trace of `parent` (W3C traceparent), or begin one."""
    found = _TRACEPARENT.fullmatch(parent or "")
    span = NonRecordingSpan(
        SpanContext(
            trace_id=int(found[1], 16) if found else random.getrandbits(128),
            span_id=random.getrandbits(64),
            is_remote=False,
            trace_flags=TraceFlags(int(found[3], 16) if found else 1),
        )
    )
    token = context.attach(trace.set_span_in_context(span))  # not use_span: it would record nothing more here
    try:
        yield
    finally:
        context.detach(token)


class _Context(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        span = trace.get_current_span().get_span_context()
        record.trace_id = f"{span.trace_id:032x}" if span.is_valid else None
        record.complaint_id = complaint_in_hand.get()
        record.request_id = request_in_hand.get()
        return True


def configure_logging(level: str, style: str) -> None:
    """Log to standard error; `style` is `json`, `text` or `auto` (text on a terminal)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Context())
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(trace_id)s %(complaint_id)s %(request_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )
        if style == "json" or (style == "auto" and not sys.stderr.isatty())
        else logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # aiokafka says twenty times a second that a broker is away; our workers say it once, and readiness shows it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
