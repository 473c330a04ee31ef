"""A field action starts with an approval of exactly what was proposed."""

import hashlib
from uuid import UUID

from pydantic_core import to_json

from services.resolution.approvals.asking import who_decides
from services.resolution.approvals.permits import permit_needed, use_permit
from services.resolution.approvals.schemas import NewApproval
from services.resolution.approvals.terms import Terms
from services.resolution.field_action.model import FieldAction
from shared.auth import Principal
from shared.database import Transaction
from shared.events.approvals import Permit
from shared.problems import Problem
from shared.service import Context


def terms_of(action: FieldAction) -> Terms:
    """What is approved: the measures, the goods, every word that people are told, and how many units were named: none
    is ever taken back, so that the same number is the same units."""
    assert action.announcement is not None
    said = to_json([action.measures, action.scope, action.announcement])
    return Terms(
        exact={
            "reference": action.reference,
            "title": action.announcement.title.en,
            "title_zh": action.announcement.title.zh,
            "measures": ", ".join(action.measures),
            "units": str(action.units),
            "proposal": hashlib.sha256(said).hexdigest(),
        }
    )


async def approval_needed(ctx: Context, who: Principal, action: FieldAction) -> Problem:
    """What is answered to whoever would start it without an approval: what to ask for, and who decides.

    Raises httpx.HTTPError when routing cannot be asked now.
    """
    assert action.complaint_id is not None
    terms = terms_of(action)
    wanted = NewApproval(
        permit=Permit.FIELD_ACTION,
        complaint_id=action.complaint_id,
        subject_id=action.id,
        reason=action.reference,
        terms=terms,
    )
    asking = await who_decides(ctx, who, wanted)
    return permit_needed(Permit.FIELD_ACTION, action.complaint_id, action.id, terms, asking.line)


async def use_approval(
    transaction: Transaction, action: FieldAction, approval_id: UUID, who: Principal
) -> None:
    """Raises the problems of `use_permit`."""
    await use_permit(transaction, approval_id, Permit.FIELD_ACTION, action.id, terms_of(action), who.id)
