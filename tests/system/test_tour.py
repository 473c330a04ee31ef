"""The tour of the README, pasted into a shell block after block, against a running `redress up`."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from dev.chaos import until_quiet
from shared.eventlog.table import TableLog
from shared.postgres import PrivatePostgres
from tests.fleet import ROOT, environment_for, free_port, open_fleet
from tests.recording import rows

pytestmark = pytest.mark.slow

WAITS = """
sleep() { touch "$ASKED"; while [ -e "$ASKED" ]; do command sleep 0.05; done; }
"""
"""A second passes when everything has settled: this machine may be slower than the reader's."""


def blocks() -> list[str]:
    """What stands between the fences of the tour, in order: commands, and not what they show."""
    tour = (ROOT / "README.md").read_text("utf-8").split("## A tour in five minutes")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", tour, re.DOTALL | re.MULTILINE)


class Shell:
    """One bash for the whole tour, as a terminal is."""

    def __init__(self, process: asyncio.subprocess.Process, asked: Path, url: str) -> None:
        self._process, self._asked, self._url = process, asked, url

    async def settled(self) -> None:
        log = TableLog(self._url)
        try:
            await until_quiet(self._url, log, 30)
        finally:
            await log.stop()

    async def paste(self, block: str) -> str:
        """Run a block to its end; what it printed."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{block}\necho '<<end>>'\n".encode())
        await self._process.stdin.drain()
        reading = asyncio.create_task(self._until_the_end())
        while not reading.done():
            await asyncio.wait([reading], timeout=0.1)
            if self._asked.exists():
                await self.settled()
                self._asked.unlink()
        return await reading

    async def _until_the_end(self) -> str:
        assert self._process.stdout is not None
        said = ""
        async with asyncio.timeout(60):
            while line := (await self._process.stdout.readline()).decode():
                if line == "<<end>>\n":
                    return said
                said += line
        raise AssertionError(f"the shell ended: {said}")


@pytest.mark.requirement("P-39")
async def test_the_tour_works_when_it_is_pasted(scratch: Path, tmp_path: Path) -> None:
    folder, port = scratch / "tour", free_port()
    environment = environment_for(None, folder, port)
    async with open_fleet(folder, forked=False) as fleet:
        fleet.add("up", ["up"], environment)
        await fleet.start()
        asked = tmp_path / "asked"
        process = await asyncio.create_subprocess_exec(
            *("bash", "--norc"),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ASKED": str(asked)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        shell = Shell(process, asked, PrivatePostgres(folder).url)
        try:
            await shell.paste(WAITS)
            said = []
            for block in blocks():
                here = block.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
                said.append(await shell.paste(here.replace("/var/lib/redress", str(folder))))
                await shell.settled()
        finally:
            process.kill()
            await process.wait()
        whole = "\n".join(said)
        for trouble in (
            "Traceback",
            "command not found",
            "syntax error",
            "unauthorized",
            "not-found",
            "conflict",
        ):
            assert trouble not in whole, whole
        for shown in (
            '"reference": "RD-',
            "idempotent-replayed: true",
            '"status": "open"',
            "event: promised",
            "Call me: [phone].",
            '"category": "function_fault"',
            "204",
            "first_response     8 h  due ",
            "Offers are made after the case was accepted",
            "2 Explain and prevent",
            "accepted\n",
            "On Tuesday. Call [phone] first.",
            "offered\n",
            "agreed\n",
            "carried_out\n",
            '"clarifying": "met"',
            "satisfied\n",
            "Name the team and its lead.\n200 application/pdf",
            '"batch": "2026-41"',
            "1  The complaint was received  ",
            "redress-audit-checkpoint/1",
            "satisfaction_rate             1",
            "closed           not_sent   no mail server",
            "There is no such field.",
        ):
            assert shown in whole, f"{shown!r} is missing from\n{whole}"
        found = await rows(shell._url, "SELECT status FROM intake.views")
        assert found == [("closed",)]


def test_the_tour_is_there() -> None:
    assert len(blocks()) >= 15
