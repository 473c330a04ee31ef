"""Times as a person would say them, in the customer's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def human_time(at: datetime, zone: str, language: str) -> str:
    """`15:30 on Monday 11 May 2026 (Shanghai time)`, `2026年5月11日(星期一)15:30(北京时间)`."""
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    if language == "zh":
        day = f"{local.year}年{local.month}月{local.day}日(星期{'一二三四五六日'[local.weekday()]})"
        return f"{day}{clock}({_zone_zh(local, zone)})"
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{clock} on {day} ({_zone_en(zone)})"


def _zone_en(zone: str) -> str:
    return "UTC" if "/" not in zone else zone.rpartition("/")[2].replace("_", " ") + " time"


def _zone_zh(local: datetime, zone: str) -> str:
    if zone == "Asia/Shanghai":
        return "北京时间"
    minutes = int((local.utcoffset() or local - local).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
