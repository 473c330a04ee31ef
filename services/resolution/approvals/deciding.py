"""The desk at which somebody decides an approval: once per Idempotency-Key, on the version that they saw."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.resolution.approvals.model import Approval
from services.resolution.approvals.schemas import ApprovalView
from services.resolution.approvals.store import store
from services.resolution.desk import must_not_be_about
from services.resolution.staff import standing_of, standing_of_account
from services.resolution.store import store as cases
from services.resolution.timeline import Kind, Source
from shared import clock, problems
from shared.aggregate import load_one, save_one
from shared.auth import ADMIN, Principal
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.idempotency import Answer
from shared.problems import Problem


@dataclass(frozen=True, slots=True)
class Decider:
    """Whoever decides, as the directory knows them at this moment."""

    account: str
    administrator: bool
    person: str | None
    stands_in_for: str | None
    """Whom of the line they stand in for now."""

    def entitled(self, approval: Approval) -> str | None:
        """Their id in the directory. Raises a 403 problem when they may not decide this one."""
        own = self.account == approval.asked_by
        if own or (self.person is not None and self.person == approval.asked_person):
            raise _forbidden(
                "Nobody approves for themselves",
                "Let somebody else decide. 不能审批自己的申请，请由他人决定。",
            )
        if not self.administrator and not approval.may_decide(self.person, self.stands_in_for):
            raise _forbidden(
                "This is for somebody else to decide",
                "The approver decides, whoever stands in for them, somebody above them in the line, or an "
                "administrator. 须由审批人、其代理人、上级审批人或管理员决定。",
            )
        return self.person


@dataclass(frozen=True, slots=True)
class ApprovalDesk:
    approval_id: UUID
    editing: Edit

    async def decider(self, who: Principal) -> Decider:
        """Asked before the approval is held. Raises problems: 404, and 403 when the complaint is about them;
        httpx.HTTPError when routing cannot be asked now."""
        approval = await self._seen()
        await must_not_be_about(self.editing.ctx, who, approval.complaint_id)
        me = await standing_of_account(self.editing.ctx, who.id)
        stands_in_for = None
        if me is not None and approval.asked_person is not None and not approval.may_decide(me.person):
            asker = await standing_of(self.editing.ctx, approval.asked_person)
            now = asker.approvers if asker else ()
            stands_in_for = next((each.instead_of for each in now if each.id == me.person), None)
        return Decider(who.id, who.may(ADMIN), None if me is None else me.person, stands_in_for)

    def withdraw(self, approval: Approval, who: Principal, reason: str, at: datetime) -> None:
        if who.id != approval.asked_by and not who.may(ADMIN):
            raise _forbidden(
                "Somebody else asked for this",
                "Whoever asked withdraws it, or an administrator. 只有申请人或管理员可以撤回。",
            )
        approval.withdraw(who.id, reason, at)

    async def change(
        self, who: Principal, kind: Kind, change: Callable[[Approval, datetime], None]
    ) -> Response:
        """Answers with the approval as it then is; the case's story tells it.

        Raises problems: 404, 409, 412, and what `change` raises.
        """
        complaint_id = (await self._seen()).complaint_id  # which never changes

        async def work(transaction: Transaction) -> Answer:
            # The case first, as everywhere: whoever ends it meanwhile is waited for.
            case = await load_one(cases, transaction, complaint_id)
            await transaction.lock([self.approval_id])
            approval = (await store.load(transaction, [self.approval_id]))[self.approval_id]
            self.editing.must_match(approval.version, "approval", "审批")
            at = clock.now()
            change(approval, at)
            text = " · ".join(filter(None, (approval.permit.value, approval.answer)))
            case.note(kind, at, who.id, text, Source.RESOLUTION)
            await save_one(store, transaction, approval)
            await save_one(cases, transaction, case)
            return Answer(200, ApprovalView.of(approval).model_dump_json().encode())

        return await self.editing.once_tagged(who.id, work)

    async def _seen(self) -> Approval:
        async with self.editing.ctx.database.reading() as connection:
            found = await store.read(connection, [self.approval_id])
        if self.approval_id not in found:
            raise no_such_approval()
        return found[self.approval_id]


async def _desk(approval_id: UUID, editing: Editing) -> ApprovalDesk:
    return ApprovalDesk(approval_id, editing)


AtApprovalDesk = Annotated[ApprovalDesk, Depends(_desk)]


def no_such_approval() -> Problem:
    return problems.not_found("approval", "path/approval_id")


def _forbidden(title: str, remedy: str) -> Problem:
    return Problem(403, "forbidden", title, remedy, field="header/Authorization")
