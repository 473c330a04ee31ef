"""Shapes of attachments in HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.attachments.model import Attachment
from shared.events.vocabulary import Scan


class AttachmentTracked(BaseModel):
    """An attachment as the customer sees it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    name: str
    media_type: str
    """By content, whatever was declared."""
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in hexadecimal digits."""
    from_customer: bool
    """The customer's own file; the others were added by staff and shown to the customer."""
    scan: Scan
    """Only what is `clean` or `not_scanned` can be downloaded."""
    added_at: datetime


class AttachmentShown(AttachmentTracked):
    """An attachment as staff and other systems see it; what identifies the customer is masked in the name."""

    declared_type: str | None
    """What the sender said it was."""
    visible_to_customer: bool
    thumbnail: bool
    """There is a small picture of it, at `.../thumbnail`."""
    added_by: str


def tracked(attachment: Attachment) -> AttachmentTracked:
    return AttachmentTracked(
        **{name: getattr(attachment, name) for name in AttachmentTracked.model_fields if name != "sha256"},
        sha256=attachment.sha256.hex(),
    )


def shown(attachment: Attachment, name: str) -> AttachmentShown:
    """`name` is the attachment's name, masked if the reader must not see who the customer is."""
    fields = {f: getattr(attachment, f) for f in AttachmentShown.model_fields if f not in ("sha256", "name")}
    return AttachmentShown(**fields, name=name, sha256=attachment.sha256.hex())
