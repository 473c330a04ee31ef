"""Clients that are generated from docs/openapi, used as they are made: a whole journey in Python and TypeScript."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from dev.documents import DOCS, PROJECT
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.fleet import one_process, open_fleet
from tests.tools import need_npm, need_python

FOLDER = PROJECT / "dev" / "clients"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("npm")]


@pytest.fixture(scope="module")
async def site(new_database: NewDatabase, scratch: Path) -> AsyncIterator[tuple[str, str]]:
    """Where a real process answers, and an administrator's key."""
    url = await new_database()
    async with open_fleet(scratch / "clients") as fleet:
        where = one_process(fleet, url, scratch / "clients")
        await fleet.start()
        yield where["intake"], await create_key(url, "client", ["admin"])


def _run(*command: str | Path, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


async def _is_closed(site: tuple[str, str], complaint_id: str) -> bool:
    url, key = site
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http:
        case = (await http.get(f"{url}/resolution/v1/cases/{complaint_id}")).json()
    return (case["state"], case["outcome"]) == ("closed", "satisfied")


@pytest.mark.requirement("P-39")
async def test_a_generated_python_client_runs_the_journey(site: tuple[str, str], tmp_path: Path) -> None:
    programs = need_python(FOLDER)
    for service in ("intake", "resolution"):
        said = await asyncio.to_thread(
            _run,
            programs / "openapi-python-client",
            *("generate", "--meta", "none", "--path", DOCS / "openapi" / f"{service}.json"),
            *("--output-path", tmp_path / f"{service}_client"),
            folder=tmp_path,
            PATH=f"{programs}:{os.environ['PATH']}",
        )
        assert "schema" not in said.lower(), f"something of the document was left out: {said}"
    complaint_id = await asyncio.to_thread(
        _run, programs / "python", FOLDER / "journey.py", *site, folder=tmp_path, PYTHONPATH=str(tmp_path)
    )
    assert await _is_closed(site, complaint_id.strip())


@pytest.mark.requirement("P-39")
async def test_typescript_types_carry_the_journey(site: tuple[str, str]) -> None:
    """`tsc --strict` is half of the test: what the document says is what the journey needs."""
    need_npm(FOLDER)
    build, tools = FOLDER / "build", FOLDER / "node_modules" / ".bin"
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir()
    for service in ("intake", "resolution"):
        await asyncio.to_thread(
            _run,
            tools / "openapi-typescript",
            DOCS / "openapi" / f"{service}.json",
            "--default-non-nullable=false",  # what has a default may be left out
            *("--output", build / f"{service}.ts"),
            folder=FOLDER,
        )
    await asyncio.to_thread(_run, tools / "tsc", folder=FOLDER)
    [program] = build.rglob("journey.js")
    complaint_id = await asyncio.to_thread(_run, "node", program, *site, folder=FOLDER)
    assert await _is_closed(site, complaint_id.strip())
