"""The person behind the account that calls."""

from sqlalchemy.ext.asyncio import AsyncConnection

from shared import driver
from shared.auth import Principal
from shared.database import sql
from shared.problems import Problem

_PERSON = sql("SELECT id FROM people WHERE account = :account AND active")


async def known_as(connection: AsyncConnection, who: Principal) -> str | None:
    """Their id in the directory; None when no active person signs in with this account."""
    found: str | None = (await driver.run(connection, _PERSON, {"account": who.id})).scalar_one_or_none()
    return found


async def person_of(connection: AsyncConnection, who: Principal) -> str:
    """Their id in the directory. Raises a 403 problem when no active person signs in with this account."""
    found = await known_as(connection, who)
    if found is None:
        raise Problem(
            403,
            "forbidden",
            "This account belongs to nobody in the directory",
            f"Let an administrator set `account` of your person to {who.id!r}. "
            f"请管理员将您的人员记录的 account 设为 {who.id!r}。",
            field="header/Authorization",
        )
    return found
