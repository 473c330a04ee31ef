"""Where field actions and their customers are kept."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.resolution.books import BOOKS
from services.resolution.field_action import affected
from services.resolution.field_action.customers import KNOWS, WAITING, Customer, Letter, Standing
from services.resolution.field_action.lifecycle import ActionState
from services.resolution.field_action.model import FieldAction
from services.resolution.field_action.products import Concerning
from services.resolution.field_action.progress import Progress
from services.resolution.field_action.schemas import SoldUnit
from services.resolution.tables import field
from shared import driver
from shared.bulk import columns_of, save_rows
from shared.database import Transaction, sql
from shared.events.field_action import Announcement, Measure
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books

_LOAD = sql("SELECT * FROM field_actions WHERE id = ANY(CAST(:ids AS uuid[]))")
# In the order in which they joined. Nobody else takes them: who loads, holds the action's lock.
_TURN = sql(
    "SELECT t.* FROM unnest(CAST(:ids AS uuid[])) AS f(id), LATERAL (SELECT * FROM field_action_customers c "
    "WHERE c.field_action_id = f.id AND c.state = 'pending' "
    "ORDER BY c.joined_at, c.customer_id LIMIT :at_once) t"
)
_OF = sql(
    "SELECT * FROM field_action_customers WHERE field_action_id = :id "
    "AND customer_id = ANY(CAST(:customers AS uuid[])) ORDER BY customer_id FOR UPDATE"
)
_OF_LETTERS = sql(
    "SELECT c.* FROM field_action_customers c "
    "JOIN unnest(CAST(:actions AS uuid[]), CAST(:customers AS uuid[])) AS g(action, customer) "
    "ON c.field_action_id = g.action AND c.customer_id = g.customer "
    "ORDER BY c.field_action_id, c.customer_id FOR UPDATE OF c"
)
_COUNT = sql(
    "SELECT state, count(*) AS number FROM field_action_customers WHERE field_action_id = :id GROUP BY state"
)
_FURTHER = sql(
    "UPDATE case_products p SET product = g.product, model = g.model, batch = g.batch "
    "FROM jsonb_populate_recordset(NULL::case_products, CAST(:rows AS jsonb)) g WHERE g.complaint_id = p.complaint_id"
)
_NAME = sql(
    "INSERT INTO field_action_units (field_action_id, serial, customer_id, batch, named_at) "
    "SELECT field_action_id, serial, customer_id, batch, named_at "
    "FROM jsonb_populate_recordset(NULL::field_action_units, CAST(:rows AS jsonb)) ORDER BY serial "
    "ON CONFLICT DO NOTHING RETURNING serial"
)
_APART = {"state", "measures", "products", "batches", "announcement", "wakes_at"}
_PLAIN = [name for name in columns_of(field.actions) if name not in _APART]
"""Columns that are the field of the same name."""
_CUSTOMER = [name for name in Customer.__dataclass_fields__ if name not in {"state", "done"}]
_CHANGING = ("state", "addressed_at", "told_at", "told_by", "failure", "done", "settled_at", "note")
_CHANGE = sql(
    f"UPDATE field_action_customers c SET {', '.join(f'{name} = g.{name}' for name in _CHANGING)} "  # noqa: S608  # our own columns
    "FROM jsonb_populate_recordset(NULL::field_action_customers, CAST(:rows AS jsonb)) g "
    "WHERE c.field_action_id = g.field_action_id AND c.customer_id = g.customer_id"
)


class FieldActionStore:
    """Field actions, with those customers of running ones whose turn it is."""

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, FieldAction]:
        found = await self.read(transaction.connection, ids)
        running = [action for action in found.values() if action.state is ActionState.RUNNING]
        if running:
            at_once = running[0].rules.at_once
            given = {"ids": [action.id for action in running], "at_once": at_once}
            for row in (await transaction.execute(_TURN, given)).mappings():
                action = found[row["field_action_id"]]
                action.turn = (*action.turn, _customer(row))
        return found

    async def read(self, connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, FieldAction]:
        """The actions by id, without customers; a blank one for an id that is not known."""
        books = await load_books(connection, *BOOKS)
        found = {id: FieldAction(id=id, books=books) for id in ids}
        for row in (await driver.run(connection, _LOAD, {"ids": list(ids)})).mappings():
            found[row["id"]] = _action(row, books)
        return found

    async def save(self, transaction: Transaction, aggregates: Iterable[FieldAction]) -> None:
        saved = list(aggregates)
        for action in saved:
            if action.looks:
                at = action.round_at or action.started_at
                assert at is not None
                action.joined(
                    await affected.gather(transaction, action, at, late=action.round_at is not None)
                )
            if action.round_at is None:
                action.version += 1  # a round changes nothing that a person decided on
        await save_rows(transaction, field.actions, [_row(action) for action in saved])
        await save_customers(transaction, [c for action in saved for c in action.addressed])
        for action in saved:
            action.addressed.clear()
            action.looks, action.round_at = False, None


async def progress_of(connection: AsyncConnection, action_id: UUID) -> Progress:
    """How many of an action's customers stand how."""
    rows = await driver.run(connection, _COUNT, {"id": action_id})
    number = dict.fromkeys(Standing, 0) | {Standing(row.state): row.number for row in rows}
    return Progress(
        affected=sum(number.values()),
        waiting=sum(number[state] for state in WAITING),
        told=sum(number[state] for state in KNOWS),
        answered=number[Standing.ANSWERED],
        carried_out=number[Standing.CARRIED_OUT],
        refused=number[Standing.REFUSED],
        unreachable=number[Standing.UNREACHABLE],
    )


async def customers_of(
    transaction: Transaction, action_id: UUID, customer_ids: Collection[UUID]
) -> dict[UUID, Customer]:
    """Those of them who are among the action's customers, held until the end of the transaction."""
    rows = await transaction.execute(_OF, {"id": action_id, "customers": list(customer_ids)})
    return {row["customer_id"]: _customer(row) for row in rows.mappings()}


async def save_customers(transaction: Transaction, changed: Sequence[Customer]) -> None:
    rows = [
        {name: getattr(customer, name) for name in _CUSTOMER}
        | {"state": customer.state.value, "done": [measure.value for measure in customer.done]}
        for customer in changed
    ]
    if rows:
        await transaction.execute(_CHANGE, {"rows": to_json(rows).decode()})


async def name_units(
    transaction: Transaction, action_id: UUID, units: Sequence[SoldUnit], at: datetime
) -> int:
    """Keep whose units are affected; returns how many were not named before."""
    rows = {
        unit.serial: {"field_action_id": action_id, **unit.model_dump(mode="json"), "named_at": at}
        for unit in units
    }
    named = await transaction.execute(_NAME, {"rows": to_json(list(rows.values())).decode()})
    return len(named.all())


async def save_passing(transaction: Transaction, cases: Sequence[Concerning]) -> None:
    """What cases heard for the sake of field actions: their goods, and what became of letters."""
    told = [(case.id, case.new_goods) for case in cases if case.new_goods is not None]
    fresh = [{"complaint_id": id, **vars(goods)} for id, goods in told if goods.customer_id is not None]
    await save_rows(transaction, field.products, fresh)
    if further := [{"complaint_id": id, **vars(goods)} for id, goods in told if goods.customer_id is None]:
        await transaction.execute(_FURTHER, {"rows": to_json(further).decode()})
    if letters := [letter for case in cases for letter in case.letters]:
        await _save_letters(transaction, letters)
    for case in cases:
        case.new_goods = None
        case.letters.clear()


async def _save_letters(transaction: Transaction, letters: Sequence[Letter]) -> None:
    given = {
        "actions": [letter.field_action_id for letter in letters],
        "customers": [letter.customer_id for letter in letters],
    }
    rows = (await transaction.execute(_OF_LETTERS, given)).mappings()
    found = {(row["field_action_id"], row["customer_id"]): _customer(row) for row in rows}
    for letter in letters:
        customer = found.get((letter.field_action_id, letter.customer_id))
        if customer is None:
            continue  # of an action that a restored backup does not have
        if letter.failure is None:
            customer.letter_delivered(letter.at)
        else:
            customer.letter_failed(letter.failure)
    await save_customers(transaction, list(found.values()))


def _action(row: RowMapping, books: Books) -> FieldAction:
    return FieldAction(
        books=books,
        state=ActionState(row["state"]),
        measures=tuple(map(Measure, row["measures"])),
        products=tuple(row["products"]),
        batches=tuple(row["batches"]),
        announcement=Announcement.model_validate(row["announcement"]),
        **{name: row[name] for name in _PLAIN},
    )


def _row(action: FieldAction) -> dict[str, Any]:
    assert action.announcement is not None
    return {name: getattr(action, name) for name in _PLAIN} | {
        "state": action.state.value,
        "measures": [measure.value for measure in action.measures],
        "products": action.products,
        "batches": action.batches,
        "announcement": action.announcement.model_dump(mode="json"),
        "wakes_at": action.wakes_at,
    }


def _customer(row: RowMapping) -> Customer:
    return Customer(
        state=Standing(row["state"]),
        done=tuple(map(Measure, row["done"])),
        **{name: row[name] for name in _CUSTOMER},
    )


store = FieldActionStore()
