"""HTTP in: what a case is worth to the customer, and by what the front line decides."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from fastapi import Response

from services.resolution import queries
from services.resolution.desk import AtDesk, CaseReader, Worker, no_such_case
from services.resolution.lifecycle import State
from services.resolution.model import Case
from services.resolution.offers.authority import AUTHORITY, Allowance
from services.resolution.offers.parameters import VALUES
from services.resolution.offers.permitting import permitted
from services.resolution.offers.reading import case_of
from services.resolution.offers.schemas import FirstValue
from services.resolution.offers.value import money
from services.resolution.offers.value_schemas import Indicators, LimitsShown, ValueShown
from services.resolution.staff import Standing, standing_of_account
from services.resolution.views import CaseView, PromiseView
from shared import clock, problems
from shared.aggregate import NotPossible
from shared.auth import ADMIN
from shared.openapi import TAGGED
from shared.service import Ctx, api_router

router = api_router(tags=["cases"])
ENDED = frozenset({State.CLOSED, State.WITHDRAWN, State.MERGED})


@router.get(
    "/cases/{complaint_id}/value", summary="V1, C and V2 of a case", responses=problems.documented(404)
)
async def read_value(complaint_id: UUID, who: CaseReader, ctx: Ctx) -> ValueShown:
    """What the customer expected (V1), what complaining cost them (C), what they get back (V2): by hand to the cent."""
    async with ctx.database.reading() as connection:
        case = await case_of(connection, complaint_id)
    values = case.books.read(VALUES)
    return ValueShown.of(case.account(), values.currency, case.first_value_reason, case.books.version(VALUES))


@router.put(
    "/cases/{complaint_id}/first-value",
    summary="Set what the customer expected to have",
    response_model=CaseView,
    responses=problems.documented(404, 409, 412) | TAGGED,
)
async def set_first_value(body: FirstValue, who: Worker, desk: AtDesk) -> Response:
    """V1 by somebody who knows better than what was told, with the reason. For less than the customer told it takes
    somebody entitled, or a permit."""

    def change(case: Case, at: datetime, may: bool) -> None:
        if case.state in ENDED:
            raise NotPossible(
                "case-ended",
                "The case has ended, or follows another one: its value stays as it is.",
                "投诉已结束或已并入其他投诉，不能再更改其价值。",
                state=case.state.value,
            )
        case.set_first_value(body.value, body.reason, who.id, at, permitted=may)

    return await permitted(desk, who, body.approval_id, change)


@router.get(
    "/cases/{complaint_id}/indicators",
    summary="By what the front line decides",
    responses=problems.documented(404),
)
async def read_indicators(complaint_id: UUID, who: CaseReader, ctx: Ctx) -> Indicators:
    """What you may grant, how long the promised reply has, and what is at stake for customer and company."""
    standing = await standing_of_account(ctx, who.id)
    async with ctx.database.reading() as connection:
        case = await case_of(connection, complaint_id)
        view = await queries.case(connection, complaint_id)
    if view is None:
        raise no_such_case()
    values, account = case.books.read(VALUES), case.account()
    authority = case.books.read(AUTHORITY)
    life = None
    if account.first is not None:
        life = values.orders_in_a_life.value * account.first * values.margin.value
    promise = view.promise
    return Indicators(
        limits=_limits(standing, authority.everybody, authority.unlisted, unlimited=who.may(ADMIN)),
        promise=promise,
        seconds_left=_left(promise),
        first_value=None if account.first is None else money(account.first, values.currency),
        cost=money(account.cost, values.currency),
        value_of_customer=None if life is None else money(life, values.currency),
    )


def _left(promise: PromiseView | None) -> int | None:
    return None if promise is None else int((promise.due_at - clock.now()).total_seconds())


def _limits(
    standing: Standing | None, everybody: Allowance, unlisted: Allowance, *, unlimited: bool
) -> LimitsShown:
    """The widest of what holds for the caller."""
    remedies, amounts = set(everybody.remedies), dict(everybody.amounts)
    if standing is None:
        more = unlisted.amounts
        remedies |= set(unlisted.remedies)
    else:
        more = {standing.currency: standing.amount or Decimal(0)} if standing.currency else {}
        remedies |= set(standing.remedies)
    for currency, amount in more.items():
        amounts[currency] = max(amount, amounts.get(currency, amount))
    return LimitsShown(
        person=None if standing is None else standing.person,
        unlimited=unlimited,
        remedies=sorted(remedies),
        amounts=amounts,
        approvers=[each.id for each in standing.approvers] if standing else [],
    )
