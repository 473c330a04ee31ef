"""Tools of other worlds that some tests want: installed once per lock file, and kept beside it."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def need_npm(folder: Path) -> None:
    """What `package-lock.json` in the folder names. Skips the test where that cannot be, except in CI."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            _without(f"there is no {program} here")
    _once(
        folder / "package-lock.json",
        folder / "node_modules" / ".installed",
        lambda: [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]],
    )


def need_python(folder: Path) -> Path:
    """A virtual environment of its own with what `requirements.txt` in the folder names; returns its programs.

    Skips the test where that cannot be, except in CI.
    """
    environment = folder / ".venv"
    programs = environment / "bin"
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _once(
        folder / "requirements.txt",
        environment / ".installed",
        lambda: [
            [sys.executable, "-m", "venv", str(environment)],
            [*pip, "--require-hashes", "-r", "requirements.txt"],
        ],
    )
    return programs


def _once(lock_file: Path, stamp: Path, commands: Callable[[], list[list[str]]]) -> None:
    wanted = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    with lock_file.open() as lock:  # two test processes must not install at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        for command in commands():
            done = subprocess.run(
                command, cwd=lock_file.parent, capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode != 0:
                _without(f"{lock_file.parent.name} could not be installed: {done.stderr.strip()[-300:]}")
        stamp.write_text(wanted)


def _without(obstacle: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(obstacle)
    pytest.skip(obstacle)
