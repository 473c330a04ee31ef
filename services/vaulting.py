"""The commands of the vault: sealing anew with the newest key, and retention by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.intake.vault import rotation
from services.intake.vault.retention import Retention
from services.intake.vault.rows import equip
from shared.config import Settings
from shared.database import Database


async def rotate(settings: Settings, url: str, progress: Callable[[int, int], None]) -> int:
    """Returns how many rows were sealed anew; `progress` hears how many of how many. Raises Unreadable."""
    async with _intake(settings, url) as database:
        total, done = await rotation.left(database), 0
        progress(0, total)
        async for number in rotation.rotate(database):
            done += number
            progress(done, max(done, total))
        return done


async def retain(settings: Settings, url: str, days: int, *, dry_run: bool) -> int:
    """Returns how many complaints were erased because of their age, or would be."""
    async with _intake(settings, url) as database:
        retention = Retention(database, settings.installation_secret, days)
        return await (retention.due(days) if dry_run else retention.erase_old(days))


@asynccontextmanager
async def _intake(settings: Settings, url: str) -> AsyncIterator[Database]:
    database = Database(settings.database_urls.get("intake", url), "intake", 4)
    equip(database, settings)
    try:
        yield database
    finally:
        await database.close()
