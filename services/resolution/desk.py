"""The desk at which somebody acts on one case: once per Idempotency-Key, on the version that they saw."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.resolution import queries
from services.resolution.fairness.acting import must_not_be_accused
from services.resolution.lifecycle import LIFECYCLE, Action, NotNow, State
from services.resolution.model import Case
from services.resolution.store import store
from services.resolution.views import Bilingual, CaseView, possible_actions
from services.resolution.wording.said import NOTHING_SAID, Said
from shared import clock, etag, problems
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.problems import Problem
from shared.service import Context, Ctx

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

Reader = Annotated[Principal, may("cases:read")]
Worker = Annotated[Principal, may("cases:work")]


async def must_not_be_about(ctx: Context, who: Principal, complaint_id: UUID) -> None:
    """Raises a 403 problem when the complaint is about whoever calls."""
    async with ctx.database.reading() as connection:
        people = await queries.accused(connection, complaint_id)
    await must_not_be_accused(ctx, who, people)


async def _case_reader(complaint_id: UUID, who: Reader, ctx: Ctx) -> Principal:
    await must_not_be_about(ctx, who, complaint_id)
    return who


async def _case_worker(complaint_id: UUID, who: Worker, ctx: Ctx) -> Principal:
    await must_not_be_about(ctx, who, complaint_id)
    return who


CaseReader = Annotated[Principal, Depends(_case_reader)]
"""Reads something of the case of the path, which is not about them."""
CaseWorker = Annotated[Principal, Depends(_case_worker)]
"""Works on it beside its desk, likewise."""

Check = Callable[[Transaction, Case, datetime], Awaitable[object]]
"""Looks at more than the case, or uses a permit up, before the case is changed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One action on one case: at most once per Idempotency-Key, on the version that the caller saw."""

    complaint_id: UUID
    editing: Edit

    async def act(
        self,
        who: Principal,
        change: Callable[[Case, datetime], None],
        check: Check | None = None,
        said: Said = NOTHING_SAID,
    ) -> Response:
        """Answers with the case as it then is. `check` is made before, where it needs more than the case. Raises
        problems: 403, 404, 409, 412, 422 for what is `said` to customers, and whatever `check` and `change` raise."""

        async def show(transaction: Transaction) -> Answer:
            view = await queries.case(transaction.connection, self.complaint_id)
            assert view is not None
            return Answer(200, view.model_dump_json().encode())

        return etag.tagged(await self.work(who, change, show, check, said))

    async def work(
        self,
        who: Principal,
        change: Callable[[Case, datetime], None],
        show: Callable[[Transaction], Awaitable[Answer]],
        check: Check | None = None,
        said: Said = NOTHING_SAID,
    ) -> Response:
        """Change the case and answer with what `show` finds afterwards in the same transaction."""
        told: dict[str, str] = {}
        """Headers that tell what the reply check found."""
        asked: set[str] = set()
        """People of whom it is known that they are not who calls."""

        async def work(transaction: Transaction) -> Answer:
            case = await load_one(store, transaction, self.complaint_id)
            if case.state is State.UNOPENED:
                raise no_such_case()
            if not asked.issuperset(case.accused):
                raise _AboutSomebody(frozenset(case.accused))
            self.editing.must_match(case.version, "case", "投诉", **_present(case))
            try:
                # Read while the case is held, so that what happens to it happens in the order of its times.
                at = clock.now()
                looked = await said.looked_over(case.books, who)
                case.despite = looked.despite
                told.update(looked.headers)
                if check is not None:
                    await check(transaction, case, at)
                change(case, at)
            except NotNow as refusal:
                raise _not_now(refusal, case) from None
            await save_one(store, transaction, case)
            return await show(transaction)

        while True:
            try:
                answer = await self.editing.once(who.id, work)
                answer.headers.update(told)
                return answer
            except _AboutSomebody as about:
                # Routing is asked who calls while nothing is held, and only for such a case.
                await must_not_be_accused(self.editing.ctx, who, about.people)
                asked |= about.people


class _AboutSomebody(Exception):
    """The case is about people: whoever acts must be none of them."""

    def __init__(self, people: frozenset[str]) -> None:
        super().__init__()
        self.people = people


async def _desk(complaint_id: UUID, editing: Editing) -> Desk:
    # A coroutine, because FastAPI calls what is none (a class, too) in a thread.
    return Desk(complaint_id, editing)


AtDesk = Annotated[Desk, Depends(_desk)]


def action(router: APIRouter, name: Action) -> Callable[[Endpoint], Endpoint]:
    """An endpoint that acts on one case and answers with it."""
    return router.post(
        f"/cases/{{complaint_id}}/{name}",
        summary=LIFECYCLE[name].title.en,
        response_model=CaseView,
        responses=problems.documented(404, 409, 412),
    )


def no_such_case(field: str = "path/complaint_id") -> Problem:
    return problems.not_found("case", field)


def _present(case: Case) -> dict[str, Any]:
    """The state of the case for a caller whose request did not fit it."""
    return {
        "state": case.state.value,
        "version": case.version,
        "possible": [action.model_dump(mode="json") for action in possible_actions(case)],
    }


def _not_now(refusal: NotNow, case: Case) -> Problem:
    reason = Bilingual.of(refusal.reason).model_dump()
    return problems.conflict(
        "The case is not in a state for this",
        refusal.reason.en,
        action=refusal.action.value,
        reason=reason,
        **_present(case),
    )
