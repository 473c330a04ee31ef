"""A field action starts with an approval of exactly what was proposed."""

import hashlib
from uuid import UUID

from pydantic_core import to_json

from services.resolution.approvals.permits import permit_needed, use_permit
from services.resolution.approvals.terms import Terms
from services.resolution.field_action.model import FieldAction
from shared.auth import Principal
from shared.database import Transaction
from shared.events.approvals import Permit


def terms_of(action: FieldAction) -> Terms:
    """What is approved: the measures, the goods and every word that people are told."""
    assert action.announcement is not None
    said = to_json([action.measures, action.scope, action.announcement])
    return Terms(
        exact={
            "reference": action.reference,
            "title": action.announcement.title.en,
            "title_zh": action.announcement.title.zh,
            "measures": ", ".join(action.measures),
            "proposal": hashlib.sha256(said).hexdigest(),
        }
    )


async def use_approval(
    transaction: Transaction, action: FieldAction, approval_id: UUID | None, who: Principal
) -> UUID:
    """Returns the approval's id. Raises problems: 409 without one, which says how it is asked for; and those
    of `use_permit`."""
    terms = terms_of(action)
    assert action.complaint_id is not None
    if approval_id is None:
        raise permit_needed(Permit.FIELD_ACTION, action.complaint_id, action.id, terms, ())
    await use_permit(transaction, approval_id, Permit.FIELD_ACTION, action.id, terms, who.id)
    return approval_id
