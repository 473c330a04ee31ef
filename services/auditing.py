"""The commands of the audit chains: verifying them, and writing checkpoints."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from services.resolution.audit import checkpoint, walking
from services.resolution.audit.chain import chain_secret
from services.resolution.audit.checkpoint import Chained, NotACheckpoint
from services.resolution.audit.findings import WORDS, Finding
from shared.config import Settings
from shared.database import Database

SHOWN = 1000
"""So many findings are listed; the others are counted."""


class CannotVerify(Exception):
    """There is nothing to verify, or the checkpoint is not genuine."""


async def verify(
    settings: Settings,
    url: str,
    only: UUID | None,
    file: Path | None,
    progress: Callable[[int, int], None],
) -> Mapping[str, Any]:
    """What was verified and what is wrong; `progress` hears how many entries of how many. Raises CannotVerify."""
    if file is not None:
        for _ in _marked(settings, file):
            pass  # once to the end, where it shows whether it is genuine
    secrets = [chain_secret(secret) for secret in _secrets(settings)]
    chains = entries = wrong = 0
    findings: list[Finding] = []
    async with _resolution(settings, url) as database:
        total = await walking.total(database, only)
        marked = _marked(settings, file) if file is not None else iter(())
        async for cases, number, found in walking.walk(database, secrets, only, marked):
            chains, entries, wrong = chains + cases, entries + number, wrong + len(found)
            findings += found[: SHOWN - len(findings)]
            progress(entries, max(entries, total))
    if only is not None and not chains and not wrong:
        raise CannotVerify(f"There is no case {only}.")
    return {
        "chains": chains,
        "entries": entries,
        "checkpoint": file is not None,
        "wrong": wrong,
        "findings": [_shown(finding) for finding in findings],
    }


async def write_checkpoint(settings: Settings, url: str, file: Path) -> Mapping[str, Any]:
    """Returns its last line: how many chains and entries, and the signature."""
    key = checkpoint.signing_key(settings.installation_secret)
    piece = b""
    async with _resolution(settings, url) as database:
        with file.open("wb") as opened:
            async for piece in checkpoint.lines(database, key):
                opened.write(piece)
    last: Mapping[str, Any] = json.loads(piece)
    return last


def well(report: Mapping[str, Any]) -> str:
    """What is said when nothing is wrong."""
    since = "and nothing is missing since the checkpoint" if report["checkpoint"] else "up to where each ends"
    return f"All is well: {report['chains']} chains with {report['entries']} entries are whole, {since}."


def _marked(settings: Settings, file: Path) -> Iterator[Chained]:
    keys = [checkpoint.signing_key(secret).public_key() for secret in _secrets(settings)]
    try:
        with file.open("rb") as lines:
            yield from checkpoint.read(lines, keys)
    except NotACheckpoint as error:
        raise CannotVerify(f"{file} is not a checkpoint of this installation: {error}.") from None


def _secrets(settings: Settings) -> list[bytes]:
    """The installation's, and those that it had before: they stay among the keys of the vault."""
    return [settings.installation_secret, *(key.get_secret_value().encode() for key in settings.vault_keys)]


def _shown(finding: Finding) -> Mapping[str, Any]:
    words = WORDS[finding.wrong]
    return {
        "complaint_id": finding.complaint_id,
        "number": finding.number,
        "code": finding.wrong.value,
        "key": finding.key,
        "en": words.en,
        "zh": words.zh,
    }


@asynccontextmanager
async def _resolution(settings: Settings, url: str) -> AsyncIterator[Database]:
    database = Database(settings.database_urls.get("resolution", url), "resolution", 2)
    try:
        yield database
    finally:
        await database.close()
