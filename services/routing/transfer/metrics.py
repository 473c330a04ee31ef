"""What operators see of transfer at `/metrics`."""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from services.routing.transfer.noticing import Notice

ISSUED = Counter("redress_notices_issued_total", "Notices issued", ["audience"])
ACKNOWLEDGED = Counter(
    "redress_notices_acknowledged_total", "Notices acknowledged, and whether in time", ["audience", "in_time"]
)
OVERDUE = Counter(
    "redress_notices_overdue_total",
    "Notices found overdue, and what followed: they climbed, or the top layer was told again",
    ["audience", "then"],
)
ACKNOWLEDGE_SECONDS = Histogram(
    "redress_notice_acknowledge_seconds",
    "Time from a notice to its acknowledgement",
    ["audience"],
    buckets=(60, 300, 900, 1800, 3600, 4 * 3600, 8 * 3600, 86_400, 3 * 86_400, 7 * 86_400),
)


def count(changed: Iterable[Notice]) -> None:
    """Count what became of notices in one change. Each change of a notice is one step."""
    for notice in changed:
        audience = notice.audience.value
        if notice.acknowledged_at is not None:
            in_time = notice.acknowledged_at <= notice.acknowledge_by
            ACKNOWLEDGED.labels(audience, str(in_time).lower()).inc()
            took = (notice.acknowledged_at - notice.issued_at).total_seconds()
            ACKNOWLEDGE_SECONDS.labels(audience).observe(max(took, 0.0))
        elif notice.overdue_at is not None:
            OVERDUE.labels(audience, "reminded" if notice.climbed_to is None else "climbed").inc()
        else:
            ISSUED.labels(audience).inc()
