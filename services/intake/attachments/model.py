"""What an attachment is, and who may have it. Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.events import AttachmentAdded, AttachmentScanned
from shared.events.vocabulary import Scan

THUMBNAILED = {"image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp"}
"""Media types of which a thumbnail is tried."""


class By(NamedTuple):
    """Who adds an attachment."""

    principal: str
    from_customer: bool
    """The file is the customer's, whoever carries it here; they may always have it back."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a complaint, as it is recorded. Its bytes are in the storage."""

    id: UUID
    complaint_id: UUID
    name: str
    """As cleaned by `naming.cleaned`; may hold personal data."""
    media_type: str
    """By content, whatever was declared."""
    declared_type: str | None
    size: int
    """Bytes."""
    sha256: bytes
    added_by: str
    from_customer: bool
    visible_to_customer: bool
    added_at: datetime
    scan: Scan
    thumbnail: bool
    """There is one."""

    @property
    def served(self) -> bool:
        """May it be handed out at all? Not before the scanner has found it clean."""
        return self.scan in (Scan.CLEAN, Scan.NOT_SCANNED)

    def added(self) -> AttachmentAdded:
        # Neither name nor hash: the one may be a person's, the other recognises their document for ever.
        return AttachmentAdded(
            complaint_id=self.complaint_id,
            attachment_id=self.id,
            media_type=self.media_type,
            size=self.size,
            from_customer=self.from_customer,
            visible_to_customer=self.visible_to_customer,
            scan=self.scan,
            added_at=self.added_at,
        )

    def scanned(self, scan: Scan, at: datetime) -> AttachmentScanned:
        return AttachmentScanned(
            complaint_id=self.complaint_id, attachment_id=self.id, scan=scan, scanned_at=at
        )


def path_of(attachment_id: UUID) -> str:
    """Where the bytes are in the storage: made of our id alone, never of a name that somebody sent.

    256 folders: an id's last digits are random.
    """
    return f"{attachment_id.hex[-2:]}/{attachment_id}"


def thumbnail_path(attachment_id: UUID) -> str:
    return f"{path_of(attachment_id)}.thumbnail"
