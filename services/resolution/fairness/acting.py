"""Who acts on what concerns people of the company, and what they may see of it (row rules)."""

from collections.abc import Collection
from typing import Annotated

from services.resolution.staff import Standing, standing_of_account
from shared.auth import Principal, may
from shared.problems import Problem
from shared.service import Context

OVERSEE = "appeals:oversee"
Anybody = Annotated[Principal, may()]
"""It takes no scope: what they may see depends on whose it is."""
Overseer = Annotated[Principal, may(OVERSEE)]


async def person_acting(ctx: Context, who: Principal) -> Standing:
    """The person behind the account that calls. Raises a 403 problem when the directory knows none."""
    found = await standing_of_account(ctx, who.id)
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


async def person_or_overseer(ctx: Context, who: Principal) -> str | None:
    """The id of the person who calls; None for whoever oversees all appeals without being anybody's account.

    Raises a 403 problem.
    """
    if who.may(OVERSEE):
        found = await standing_of_account(ctx, who.id)
        return found.person if found else None
    return (await person_acting(ctx, who)).person


async def must_not_be_accused(ctx: Context, who: Principal, accused: Collection[str]) -> None:
    """Whoever is complained about neither works the case nor reads what others say of it. Raises a 403 problem."""
    found = await standing_of_account(ctx, who.id) if accused else None
    if found is not None and found.person in accused:
        raise Problem(
            403,
            "forbidden",
            "The complaint is about you",
            "Somebody else works it. What concerns you stands at /accused/cases. "
            "该投诉涉及您本人，由他人处理；与您有关的内容请见 /accused/cases。",
            field="path/complaint_id",
        )
