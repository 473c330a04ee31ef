"""What the vault is asked, and answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.record.parts import Body
from services.intake.vault.model import What
from shared.text import ShortText


class ReadShown(BaseModel):
    """Somebody read personal data."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: int
    at: datetime
    principal: str
    purpose: str
    what: What
    complaint_id: UUID | None = None
    customer_id: UUID | None = None
    """Instead of a complaint, when somebody asked for the customer by their own id."""


class NewErasure(Body):
    """On whose word a person is erased."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Asked for in a letter of 3 March."}]}
    )

    reason: ShortText
    """Why; goes into the audit trail, masked."""
    even_open: bool = False
    """Also complaints that are still worked: nobody can then tell the customer how they end."""


class Erased(BaseModel):
    """What identified the person is gone. Files follow within a minute, what other services hold in a moment."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    customer_id: UUID
    complaints: int
    """The person's complaints, all of them erased."""
    erased_now: int
    """How many of them this request erased: 0 when there was nothing left."""
