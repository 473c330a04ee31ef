"""Letters as files, for whoever develops: they show personal data and reach nobody."""

import asyncio
from ipaddress import ip_address
from pathlib import Path

from services.notification.channels import Letter, Reach
from services.notification.rules import Channel
from shared.config import Settings, write_private


class LogChannel:
    """Writes `letters/<delivery>.txt` in the data folder, readable by its owner only."""

    channel = Channel.LOG

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError when others can reach this machine's Redress."""
        if not _is_loopback(settings.host):
            raise ValueError("REDRESS_LOG_LETTERS shows personal data: it works on loopback only")
        self._folder: Path = settings.data_dir / "letters"

    async def is_set_up(self) -> bool:
        return True

    def address(self, reach: Reach) -> str | None:
        return str(self._folder)

    async def send(self, letter: Letter, address: str) -> None:
        reach = letter.reach
        to = ", ".join(filter(None, (reach.email, reach.phone, reach.person))) or "nobody"
        text = f"To: {to}\nSubject: {letter.subject}\n\n{letter.body}"
        await asyncio.to_thread(self._write, f"{letter.delivery_id}.txt", text)

    def _write(self, name: str, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._folder / name, text)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
