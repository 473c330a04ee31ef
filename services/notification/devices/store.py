"""Devices of customers: their tokens are sealed, and go with the customer."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from shared.database import Database, Transaction, sql
from shared.problems import Problem
from shared.seal import Seal, SecretUnreadable

MOST = 10
"""Devices of one complaint."""

_HOLD = sql("SELECT count(*) FILTER (WHERE digest <> :digest) FROM devices WHERE complaint_id = :complaint")
_KEEP = sql(
    "INSERT INTO devices (complaint_id, digest, sealed, registered_at) "
    "SELECT :complaint, :digest, :sealed, :now FROM conversations WHERE id = :complaint AND NOT erased "
    "ON CONFLICT (complaint_id, digest) DO UPDATE SET registered_at = excluded.registered_at, "
    "sealed = excluded.sealed"
)
_DROP = sql("DELETE FROM devices WHERE complaint_id = :complaint AND digest = :digest")
_SEALED = sql(
    "SELECT sealed FROM devices WHERE complaint_id = :complaint ORDER BY registered_at DESC, digest"
)
_GONE = sql("DELETE FROM devices WHERE digest = :digest")
_FORGET = sql("DELETE FROM devices WHERE complaint_id = ANY(CAST(:ids AS uuid[]))")


class DeviceSeal(Seal):
    """Seals and finds the tokens of devices."""

    def __init__(self, installation_secret: bytes) -> None:
        super().__init__(installation_secret, "notification/devices")
        self._secret = installation_secret

    def digest(self, token: str) -> bytes:
        return hmac.digest(self._secret, b"device/" + token.encode(), sha256)


class TooManyDevices(Problem):
    def __init__(self) -> None:
        super().__init__(
            409,
            "too-many-devices",
            "This case has enough devices",
            f"At most {MOST} get messages about a case; remove one first. 设备数量已达上限，请先移除一台。",
            field="body/token",
        )


class Devices:
    """Part of notification."""

    def __init__(self, database: Database, seal: DeviceSeal) -> None:
        self._database = database
        self._seal = seal

    async def keep(self, transaction: Transaction, complaint_id: UUID, token: str, now: datetime) -> None:
        """Messages about the complaint are pushed there; again is as once. Raises TooManyDevices."""
        digest = self._seal.digest(token)
        await transaction.lock([complaint_id])
        given = {"complaint": complaint_id, "digest": digest}
        others = (await transaction.execute(_HOLD, given)).scalar_one()
        if others >= MOST:
            raise TooManyDevices
        sealed = self._seal.close(token)
        await transaction.execute(_KEEP, given | {"sealed": sealed, "now": now})

    async def drop(self, transaction: Transaction, complaint_id: UUID, token: str) -> None:
        given = {"complaint": complaint_id, "digest": self._seal.digest(token)}
        await transaction.execute(_DROP, given)

    async def of(self, complaint_id: UUID) -> list[str]:
        """The tokens, the newest first."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_SEALED, {"complaint": complaint_id})).scalars().all()
        tokens = []
        for sealed in rows:
            try:
                tokens.append(self._seal.open(sealed))
            except SecretUnreadable:
                continue  # of another installation secret: the app registers again when it is opened
        return tokens

    async def gone(self, token: str) -> None:
        """The push service knows the device no more, whatever complaint it was for."""
        await self._database.at_once(_GONE, {"digest": self._seal.digest(token)})


async def forget(transaction: Transaction, complaint_ids: Sequence[UUID]) -> None:
    """The customer is erased."""
    await transaction.execute(_FORGET, {"ids": list(complaint_ids)})
