"""What other rooms use of approvals: to say that a permit is needed, and to use one up."""

from collections.abc import Sequence
from uuid import UUID

from services.resolution.approvals.model import Approval
from services.resolution.approvals.store import store
from services.resolution.approvals.terms import Terms
from services.resolution.standing import Approver
from shared import clock, problems
from shared.aggregate import save_one
from shared.database import Transaction
from shared.events.approvals import Permit
from shared.problems import Problem

_WHY = {
    Permit.BEYOND_LIMITS: ("This is more than your own limits allow.", "此项超出您的权限。"),
    Permit.CLOSE_BELOW_VALUE: (
        "The customer got back less than they expected and spent; GET .../value shows it.",
        "顾客所得低于其期望与付出，详见 GET .../value。",
    ),
    Permit.PROMISE_LATER: ("This is later than you may promise.", "承诺时间超出您的权限。"),
    Permit.SKIP_GATE: ("No step is left out without a permit.", "未经批准不得跳过步骤。"),
    Permit.FIELD_ACTION: ("It turns to everybody who is affected.", "此行动面向所有受影响的顾客。"),
    Permit.PUBLIC: ("It becomes public.", "此项将对外公开。"),
}


def permit_needed(
    permit: Permit, complaint_id: UUID, subject_id: UUID, terms: Terms, approvers: Sequence[Approver]
) -> Problem:
    """A 409 problem that says who could permit it, and how they are asked."""
    en, zh = _WHY[permit]
    nobody_en = "" if approvers else " Nobody in the directory can grant it: an administrator may."
    nobody_zh = "" if approvers else "通讯录中无人有权批准，请管理员处理。"
    return Problem(
        409,
        "approval-needed",
        "Somebody must approve this first",
        f"{en} Send `approval` to POST /v1/approvals with your reason; once it is granted, repeat this request with "
        f"its id as approval_id.{nobody_en} "
        f"{zh}须先经审批：请附理由提交申请，批准后携 approval_id 重新提交。{nobody_zh}",
        approvers=[each.model_dump(mode="json", include={"id", "name", "layer"}) for each in approvers],
        approval={
            "permit": permit.value,
            "complaint_id": str(complaint_id),
            "subject_id": str(subject_id),
            "terms": terms.model_dump(mode="json"),
        },
    )


async def use_permit(
    transaction: Transaction, approval_id: UUID, permit: Permit, subject_id: UUID, terms: Terms, by: str
) -> Approval:
    """Use a granted permit for what is done in this transaction; returns it as it then is.

    `terms`: what is done now; it must be what was permitted, or less. `by`: the caller's id. The caller holds the lock
    of the complaint or of what else is changed. Raises problems: 422 when there is no such approval or it is for
    something else, 409 (NotPossible) when it is not granted, was used before, or permits something else.
    """
    await transaction.lock([approval_id])
    approval = (await store.load(transaction, [approval_id])).get(approval_id)
    if approval is None or approval.permit is not permit or approval.subject_id != subject_id:
        raise problems.invalid(
            "This approval is not for what you do",
            f"Use one whose permit is {permit.value} and whose subject_id is {subject_id}; GET /v1/approvals lists "
            "them. 该审批与此操作不符，请使用对应的审批编号。",
            field="body/approval_id",
        )
    approval.use(by, terms, clock.now())
    await save_one(store, transaction, approval)
    return approval
