"""What is unowned or untrained. Pure.

Nothing may be left unowned: every department has people, every category somebody who is responsible, every open
complaint a handler who works here. And nobody meets customers untrained.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.routing.directory.model import ACCEPTANCE_DESK, Directory, Person

CONTACT_CERTIFICATE = "policy-process"
"""What everybody must hold who meets customers: that they know the policies and the process."""
WARNED_BEFORE = timedelta(days=30)
"""So long before a certificate expires it is found."""


class FindingKind(StrEnum):
    """What is wrong."""

    DEPARTMENT_EMPTY = "department-empty"
    CATEGORY_UNOWNED = "category-unowned"
    HANDLER_GONE = "handler-gone"
    TRAINING_MISSING = "training-missing"
    CERTIFICATE_EXPIRES = "certificate-expires"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, now."""

    kind: FindingKind
    subject: str
    detail: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"])


def findings(
    directory: Directory,
    categories: Sequence[str],
    carried: Mapping[str, int],
    contact: Collection[str],
    now: datetime,
) -> list[Finding]:
    """All that is wrong now.

    `categories` are the level-1 categories; `carried` is how many open complaints each handler has; `contact` are
    the ids of the people who meet customers.
    """
    active = [person for person in directory.people if person.active]
    return [
        *_empty_departments(directory, active),
        *_unowned_categories(directory, active, categories),
        *_gone_handlers(active, carried),
        *_training(active, contact, now),
    ]


def _empty_departments(directory: Directory, active: Sequence[Person]) -> Iterator[Finding]:
    staffed = {person.department for person in active}
    for department in directory.departments.values():
        if department.active and department.code not in staffed and department.successor is None:
            yield Finding(FindingKind.DEPARTMENT_EMPTY, department.code)


def _unowned_categories(
    directory: Directory, active: Sequence[Person], categories: Sequence[str]
) -> Iterator[Finding]:
    staffed = {person.department for person in active}
    working = [d for d in directory.departments.values() if d.active and d.code in staffed]
    if any(department.code == ACCEPTANCE_DESK for department in working):
        return
    owned = {category for department in working for category in department.categories}
    for category in categories:
        if category not in owned:
            yield Finding(FindingKind.CATEGORY_UNOWNED, category)


def _gone_handlers(active: Sequence[Person], carried: Mapping[str, int]) -> Iterator[Finding]:
    here = {person.id for person in active}
    for handler, complaints in carried.items():
        if handler not in here:
            yield Finding(FindingKind.HANDLER_GONE, handler, {"complaints": complaints})


def _training(active: Sequence[Person], contact: Collection[str], now: datetime) -> Iterator[Finding]:
    for person in active:
        valid = {code: until for code, until in person.certificates.items() if until > now}
        if person.id in contact and CONTACT_CERTIFICATE not in valid:
            yield Finding(FindingKind.TRAINING_MISSING, person.id, {"certificate": CONTACT_CERTIFICATE})
        for code, until in valid.items():
            if until - now <= WARNED_BEFORE:
                yield Finding(
                    FindingKind.CERTIFICATE_EXPIRES,
                    f"{person.id}/{code}",
                    {"person": person.id, "certificate": code, "expires_at": until.isoformat()},
                )
