"""`python -m dev.revision SERVICE "message"`: draft a migration from the difference between the tables in
`store.py` and the last revision. Read it, tidy it, and try it before you commit."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from shared.database import make_engine
from shared.migrate import configuration, folder, migrate, prepare
from shared.platform import __file__ as platform_file
from shared.postgres import PrivatePostgres, default_data_dir


async def draft(url: str, service: str, message: str, number: str) -> None:
    (folder(service) / "versions").mkdir(parents=True, exist_ok=True)
    if any((folder(service) / "versions").glob("*.py")):
        await migrate(url, {} if service == "platform" else {service: url})
    else:
        await prepare(url, service)
    engine = make_engine(url, service, pool_size=1)
    async with engine.connect() as connection:
        await connection.run_sync(_revision, service, message, number)
    await engine.dispose()


def _revision(connection: Connection, service: str, message: str, number: str) -> None:
    config = configuration(service)
    config.attributes["connection"] = connection
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    template = folder(service) / "script.py.mako"
    if not template.exists():
        template.symlink_to(Path(platform_file).parent / "script.py.mako")
    try:
        command.revision(config, message, autogenerate=True, rev_id=number)
    finally:
        if template.is_symlink():
            template.unlink()


def main() -> None:
    service, message = sys.argv[1], sys.argv[2]
    taken = len(list((folder(service) / "versions").glob("0*.py"))) if folder(service).exists() else 0
    scratch = default_data_dir().parent / f"redress-revision-{os.getpid()}"
    postgres = PrivatePostgres(scratch, durable=False)
    postgres.start()
    try:
        asyncio.run(draft(postgres.url, service, message, f"{taken + 1:04d}"))
    finally:
        postgres.stop()
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
