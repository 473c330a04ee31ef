"""`redress import`, as it really runs, against a Redress that really dies."""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.fleet import Fleet, one_process, open_fleet, run_redress
from tests.world import eventually

pytestmark = pytest.mark.slow


class Ground:
    def __init__(self, fleet: Fleet, url: str, key: str, database: str, folder: Path) -> None:
        self.fleet, self.url, self.key, self.database, self.folder = fleet, url, key, database, folder

    async def redress_import(self, file: Path, *options: str) -> tuple[int, str, str]:
        environment = {"REDRESS_URL": self.url, "REDRESS_KEY": self.key, "PATH": "/usr/bin"}
        return await run_redress("import", str(file), *options, environment=environment)

    async def leases_run_out(self) -> None:
        """Whenever a process has died, the time passes until another one may go on with its import."""
        engine = create_async_engine(self.database)
        try:
            for number in range(1, 100):
                await eventually(partial(self._deaths, number), 120, "a death")
                async with engine.begin() as connection:
                    await connection.execute(
                        sa.text("UPDATE intake.imports SET leased_until = now() WHERE lease IS NOT NULL")
                    )
        finally:
            await engine.dispose()

    async def _deaths(self, number: int) -> bool:
        return len(self.fleet.deaths) >= number

    async def complaints(self) -> tuple[int, int]:
        """How many there are, and how many different ones."""
        engine = create_async_engine(self.database)
        async with engine.connect() as connection:
            found = await connection.execute(
                sa.text(
                    "SELECT (SELECT count(*) FROM intake.complaints), "
                    "(SELECT count(DISTINCT complaint_id) FROM intake.import_rows)"
                )
            )
            row = found.one()
        await engine.dispose()
        return row[0], row[1]


@pytest.fixture
async def ground(new_database: NewDatabase, scratch: Path, tmp_path: Path) -> AsyncIterator[Ground]:
    database = await new_database()
    async with open_fleet(scratch / "import") as fleet:
        url = one_process(fleet, database, scratch / "import")["intake"]
        yield Ground(
            fleet, url, await create_key(database, "import", ["complaints:write"]), database, tmp_path
        )


def sheet(folder: Path, rows: int) -> Path:
    file = folder / "complaints.csv"
    lines = [f"{'pigeon' if n % 100 == 50 else 'letter'},zh,第{n}台电机有异响\n" for n in range(rows)]
    file.write_text("channel,language,statement.what_went_wrong\n" + "".join(lines), "gb18030")
    return file


@pytest.mark.requirement("P-02")
async def test_a_file_is_imported_and_every_row_accounted_for(ground: Ground) -> None:
    await ground.fleet.start()
    file, report = sheet(ground.folder, 300), ground.folder / "report.csv"
    status, out, err = await ground.redress_import(file, "--report", str(report))
    assert status == 1, "some rows were refused"
    assert "297 registered, 0 known, 3 refused" in out
    assert "registering" in err
    told = report.read_text("utf-8-sig").splitlines()
    assert len(told) == 301
    assert sum(",refused," in line for line in told) == 3

    status, out, _ = await ground.redress_import(file, "--json")
    again = json.loads(out)
    assert (status, again["registered"], again["state"]) == (1, 297, "finished"), "the same import"
    assert (await ground.complaints())[0] == 297

    bad = ground.folder / "bad.csv"
    bad.write_text("channel,colour\n")
    status, _, err = await ground.redress_import(bad)
    assert status == 2
    assert "colour: There is no such column" in err


@pytest.mark.requirement("P-02", "N-A")
async def test_killed_while_it_imports_nothing_is_lost_or_done_twice(ground: Ground) -> None:
    child = ground.fleet.children["all"]
    child.failpoints.extend(["door.after-commit:3", "door.before-commit:2"])
    await ground.fleet.start()
    async with asyncio.TaskGroup() as together:
        time = together.create_task(ground.leases_run_out())
        status, out, _ = await ground.redress_import(sheet(ground.folder, 1000), "--json")
        time.cancel()
    done = json.loads(out)
    assert len(ground.fleet.deaths) == 2
    assert (status, done["state"], done["registered"], done["refused"]) == (1, "finished", 990, 10)
    assert await ground.complaints() == (990, 990)
