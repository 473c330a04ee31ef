"""Who reads whose notices (row rules).

A key reads and acknowledges the notices of the audiences that its scopes name. Notices for the person concerned
are read by that person alone. `notices:read` reads everything, and acknowledges nothing.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Path
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.transfer.noticing import Notice
from shared import driver
from shared.auth import ADMIN, Principal
from shared.database import sql
from shared.events.vocabulary import Audience
from shared.problems import Problem

EVERYTHING = "notices:read"
PersonId = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]


def scope_of(audience: Audience) -> str:
    return f"notices:{audience.value}"


def must_read(who: Principal, audience: Audience) -> None:
    """Raises a 403 problem."""
    if not (who.may(EVERYTHING) or who.may(scope_of(audience))):
        raise lacks(scope_of(audience), EVERYTHING)


def must_have_one(who: Principal, scopes: Iterable[str]) -> None:
    """Raises a 403 problem when the caller has none of the scopes."""
    wanted = list(scopes)
    if not any(who.may(scope) for scope in wanted):
        raise lacks(*wanted)


def lacks(*scopes: str) -> Problem:
    return Problem(
        403,
        "forbidden",
        "This key may not do that",
        f"It lacks the scope {' or '.join(scopes)}. An administrator can make a key that has it.",
        field="header/Authorization",
    )


def only_own(who: Principal, audience: Audience) -> bool:
    """Does the caller see of this audience only what is meant for them?"""
    return audience is Audience.PERSON_CONCERNED and not who.may(EVERYTHING)


def may_acknowledge(who: Principal, notice: Notice, person_id: str | None) -> bool:
    if not who.may(scope_of(notice.audience)):
        return False
    if notice.audience is Audience.PERSON_CONCERNED and ADMIN not in who.scopes:
        return person_id is not None and person_id in notice.recipients
    return True


async def person_of(connection: AsyncConnection, who: Principal) -> str | None:
    """The person of the directory to whom the caller's account belongs."""
    statement = sql("SELECT id FROM people WHERE account = :account AND active")
    found: Any = (await driver.run(connection, statement, {"account": who.id})).scalar_one_or_none()
    return None if found is None else str(found)
