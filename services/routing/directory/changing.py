"""The one way in which the directory is changed: planned under its lock, then written or refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.routing.directory.planning import Place, Plan, Roll, Wanted, plan
from services.routing.directory.references import Refusal
from services.routing.directory.roll import load_roll, write
from services.routing.directory.schemas import ENTRIES, DirectoryChanged, PartDone, RefusedEntry
from services.routing.directory.store import lock_directory
from shared import problems
from shared.database import Transaction
from shared.problems import FieldError, Problem

MOST_ERRORS = 200
"""Refusals that an answer names."""


@dataclass
class Done:
    """A change that was done, or tried."""

    plan: Plan
    refused: list[Refusal]
    """All that was refused, also what was left out so that the rest could be done."""


async def change(
    transaction: Transaction,
    wanted: Wanted,
    by: str,
    *,
    dry_run: bool = False,
    skip_refused: bool = False,
    before: Callable[[Roll], None] = lambda roll: None,
) -> Done:
    """Change the directory. What is refused is in the answer, and then nothing is done unless `skip_refused`.

    A plan that still holds refusals is never written: what is left out may not be enough.
    `before` may look at the directory as it is, and raise.
    """
    await lock_directory(transaction)
    roll = await load_roll(transaction.connection)
    before(roll)
    made, without = plan(roll, wanted), set[Place]()
    refused = list(made.refused)
    # What is left out can be what others refer to: these are then refused, too, until nothing is.
    while skip_refused and (left_out := {(each.table, each.key) for each in made.refused} - without):
        without |= left_out
        made = plan(roll, wanted, without)
        refused += made.refused
    if not dry_run and not made.refused:
        await write(transaction, roll, made, wanted.source, by)
    return Done(made, refused)


def answer(done: Done, *, dry_run: bool) -> DirectoryChanged:
    return DirectoryChanged(
        dry_run=dry_run,
        refused=[
            RefusedEntry(table=r.table, key=r.key, field=r.field, detail=f"{r.english} {r.chinese}")
            for r in done.refused[:MOST_ERRORS]
        ],
        **{table: _part(done.plan, table) for table in ENTRIES},
    )


def _part(made: Plan, table: str) -> PartDone:
    def count(places: list[Place]) -> int:
        return sum(where == table for where, _ in places)

    return PartDone(
        added=count(made.added),
        changed=count(made.changed),
        unchanged=count(made.unchanged),
        deactivated=count(made.deactivated),
    )


def refuse(refused: Sequence[Refusal], place: Callable[[Refusal], str]) -> Problem:
    """The problem that names each field; a 409 when all that is wrong is the present state."""
    errors = [
        FieldError(field=place(each), detail=f"{each.english} {each.chinese}")
        for each in refused[:MOST_ERRORS]
    ]
    detail = f"Correct what is listed in errors ({len(refused)}). 请更正所列 {len(refused)} 处。"
    if all(each.conflict for each in refused):
        return Problem(
            409, "conflict", "People or work would be left without an owner", detail, errors=errors
        )
    return problems.invalid("The directory would not hold together", detail, errors=errors)
