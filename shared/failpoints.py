"""Named points at which a crash test kills the process, as a power cut would.

A point costs one comparison when no test has armed it. `make chaos` and the crash tests arm one by
`REDRESS_FAILPOINT=NAME:N`.
"""

import os
import signal

POINTS = (
    "door.before-commit",
    "door.after-commit",
    "transaction.before-commit",
    "transaction.after-commit",
    "relay.after-append",
    "relay.after-delete",
    "consumer.after-claim",
    "consumer.mid-batch",
    "consumer.after-commit",
    "delivery.after-send",
)

_armed: str = ""
_left: int = 0


def arm(setting: str) -> None:
    """Arm the point named in `NAME:N`; raises ValueError for a name that does not exist."""
    global _armed, _left  # noqa: PLW0603 - one failpoint per process is the whole idea
    if not setting:
        _armed = ""
        return
    name, _, count = setting.partition(":")
    if name not in POINTS:
        raise ValueError(f"no failpoint {name!r}; there are {', '.join(POINTS)}")
    _armed, _left = name, int(count or 1)


def reached(name: str) -> None:
    """Die here, at once and without any clean-up, if a crash test asked for it."""
    global _left  # noqa: PLW0603 - it counts for the whole process
    if name != _armed:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
