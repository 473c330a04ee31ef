"""Who reads whose notices (row rules).

A key reads and acknowledges the notices of the audiences that its scopes name. Notices for the person concerned
are read by that person alone. `notices:read` reads everything, and acknowledges nothing. But whoever is complained
about reads and acknowledges of that complaint only what is for the person concerned, or names them.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from services.routing.transfer.noticing import Notice
from shared.auth import ADMIN, Lacking, Principal, may_any
from shared.events.vocabulary import Audience

EVERYTHING = "notices:read"


def scope_of(audience: Audience) -> str:
    return f"notices:{audience.value}"


OF_ONE = tuple(map(scope_of, Audience))
Reader = Annotated[Principal, may_any(EVERYTHING, *OF_ONE)]
"""Who reads the notices of some audience; of which, `must_read` says."""
Acknowledger = Annotated[Principal, may_any(*OF_ONE)]


def must_read(who: Principal, audience: Audience) -> None:
    """Raises a 403 problem."""
    if not (who.may(EVERYTHING) or who.may(scope_of(audience))):
        raise Lacking(f"{scope_of(audience)} or {EVERYTHING}")


def only_own(who: Principal, audience: Audience) -> bool:
    """Does the caller see of this audience only what is meant for them?"""
    return audience is Audience.PERSON_CONCERNED and not who.may(EVERYTHING)


def may_acknowledge(who: Principal, notice: Notice, person_id: str | None) -> bool:
    if not who.may(scope_of(notice.audience)):
        return False
    if notice.audience is Audience.PERSON_CONCERNED and ADMIN not in who.scopes:
        return person_id is not None and person_id in notice.recipients
    return True


def hides_from_accused(audience: Audience) -> bool:
    """Are this audience's notices kept from whoever the complaint is about, unless they name them?"""
    return audience is not Audience.PERSON_CONCERNED


def is_about(accused: Collection[str], notice: Notice, person_id: str | None) -> bool:
    """Is the notice kept from this person, whom the complaint is about?"""
    hidden = hides_from_accused(notice.audience) and person_id not in notice.recipients
    return hidden and person_id in accused


def as_read_by(who: Principal, person_id: str | None, notice: Mapping[Any, Any]) -> dict[str, Any]:
    """The row of a notice; without the text of a mail to one person who is not the caller."""
    shown = dict(notice)
    to_whom = shown["to_person"]
    if to_whom not in (None, person_id) and shown["written_by"] != who.id and not who.may(EVERYTHING):
        shown["text"] = None
    return shown
