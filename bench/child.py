"""Runs a module that takes no part in the bench itself, and ends with the process that started it.

`python -m bench.child services serve intake` is `redress serve intake`, but it stops when its standard input
closes, which happens however the bench ends. With BENCH_PROFILE=FILE it counts the main thread's CPU time by
function (cProfile: several times slower) from SIGUSR1 on, and leaves the statistics there when it ends.
"""

import cProfile
import os
import runpy
import signal
import sys
import threading
import time

PATIENCE = 15.0
"""Seconds for a clean stop."""


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(3)


def main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    file = os.environ.get("BENCH_PROFILE")
    profile = cProfile.Profile(time.thread_time)
    if file:
        signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        profile.disable()
        if file:
            profile.dump_stats(file)


if __name__ == "__main__":
    main()
