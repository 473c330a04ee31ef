"""What listening keeps: contacts and emotions, written in bulk with their cases."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from services.resolution.listening.asking import Asking
from services.resolution.listening.book import ListeningRules
from services.resolution.listening.contact import Contact
from services.resolution.tables import contacts, feelings
from shared.bulk import insert_rows
from shared.database import Transaction

_MEASURED = {"customer_seconds", "agent_seconds", "empathy", "polite_name", "solution_focus", "eye_contact"}
"""Fields of a contact that are kept as findings of its checklist."""


async def keep(transaction: Transaction, cases: Sequence[Asking]) -> None:
    """Save what is new. The cases themselves are saved already."""
    await insert_rows(transaction, feelings, [asdict(f) for case in cases for f in case.new_feelings])
    await insert_rows(transaction, contacts, [row for case in cases for row in contact_rows(case)])


def contact_rows(case: Asking) -> list[dict[str, Any]]:
    """Its new contacts, as they are stored."""
    return [_contact_row(*new) for new in case.new_contacts]


def _contact_row(contact: Contact, rules: ListeningRules) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(contact).items() if name not in _MEASURED}
    share = contact.talk_share
    return kept | {
        "checklist": contact.checklist(rules.talk_share),
        "talk_share": None if share is None else round(share * 100),
        "funnel": contact.funnel,
    }
