"""A copy of a letter for the customer's inbox, in the words in which it went out."""

from typing import NamedTuple

from pydantic_core import from_json, to_json

from services.notification.channels import Copy, Letter
from shared.seal import Seal


class MessageSeal(Seal):
    """Seals the words, which are about a person. Erasure takes them away."""

    def __init__(self, installation_secret: bytes) -> None:
        super().__init__(installation_secret, "notification/messages")


class Said(NamedTuple):
    """What a message says."""

    subject: str
    body: str
    link: str | None


def copy_of(letter: Letter, seal: Seal) -> Copy | None:
    """None: it is not about a complaint of the receiver's own."""
    if letter.reach.complaint_id is None:
        return None
    said = Said(letter.subject, letter.body, letter.link)
    return Copy(
        letter.delivery_id,
        letter.reach.complaint_id,
        letter.template,
        letter.language,
        seal.close(to_json(said._asdict()).decode()),
        letter.at,
    )


def said_in(sealed: str, seal: Seal) -> Said:
    """Raises SecretUnreadable."""
    return Said(**from_json(seal.open(sealed)))
