"""What the figures were measured on, and who else used it meanwhile."""

import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def describe(folder: Path) -> dict[str, str]:
    """The machine, and how long its disk takes to make 8 KiB durable in `folder`."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": f"{_cpu_model()}, {os.cpu_count()} cores",
        "memory": f"{pages / 2**30:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "8 KiB to disk": f"{fsync_ms(folder):.2f} ms median",
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")


def fsync_ms(folder: Path, tries: int = 100) -> float:
    """Median time to write 8 KiB and make them durable."""
    file = folder / "fsync-probe"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    times = []
    try:
        for _ in range(tries):
            started = time.perf_counter()
            os.pwrite(descriptor, b"x" * 8192, 0)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        file.unlink()
    return sorted(times)[tries // 2] * 1000


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of its children that have ended; 0.0 where there is no /proc or no process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def family(parent: int) -> list[int]:
    """A process and its living children."""
    found = [parent]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(stat.parent.name))
        except OSError:
            continue  # it has just ended
    return found


def busy_seconds() -> float:
    """CPU time that the whole machine has spent at work."""
    try:
        times = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return 0.0
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, times)
    return (user + nice + system + irq + softirq + steal) / TICKS


def peak_mib(pid: int) -> float:
    """The most memory that the process has had at once (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes) / 1024


@dataclass
class Meter:
    """CPU time by part between `start` and `stop`, and the share of the machine that others took."""

    parts: dict[str, list[int]]
    """Process ids by part."""
    _before: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        self._before = {name: _total(pids) for name, pids in self.parts.items()}
        self._began, self._busy = time.perf_counter(), busy_seconds()
        self._self = time.process_time()

    def stop(self, client_seconds: float = 0.0) -> dict[str, float]:
        """`client_seconds` is what load processes spent, which may have ended by now."""
        elapsed = time.perf_counter() - self._began
        spent = {name: _total(pids) - self._before[name] for name, pids in self.parts.items()}
        spent["client"] = client_seconds
        mine = sum(spent.values()) + time.process_time() - self._self
        spent["others"] = max(0.0, (busy_seconds() - self._busy - mine) / elapsed / (os.cpu_count() or 1))
        return spent


def _total(pids: Iterable[int]) -> float:
    return sum(map(cpu_seconds, pids))
