"""Who is entitled to permit something. Pure."""

from services.resolution.approvals.book import ApprovalTable
from services.resolution.approvals.terms import Terms
from services.resolution.standing import Approver, Standing
from shared.events.approvals import Permit


def line_of(
    standing: Standing | None, permit: Permit, terms: Terms, table: ApprovalTable
) -> tuple[Approver, ...]:
    """Those up the line who may permit it themselves, the nearest first; nobody for a stranger to the directory."""
    if standing is None:
        return ()
    return tuple(each for each in standing.approvers if _entitled(each, permit, terms, table))


def needs_nobody(standing: Standing | None, permit: Permit, terms: Terms, table: ApprovalTable) -> bool:
    """May they do it themselves, without asking anybody?"""
    return standing is not None and _entitled(standing, permit, terms, table)


def _entitled(who: Approver | Standing, permit: Permit, terms: Terms, table: ApprovalTable) -> bool:
    if who.layer < table.permits[permit].least_layer:
        return False
    return permit is not Permit.BEYOND_LIMITS or who.suffice(frozenset(terms.remedies), terms.value)
