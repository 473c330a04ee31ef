"""That something needs a permit: raised by models, answered with the names of those who could grant it. Pure."""

from services.resolution.approvals.terms import Terms
from shared.events.approvals import Permit


class PermitNeeded(Exception):
    """Ask for an approval with these terms, and repeat the action with its id."""

    def __init__(self, permit: Permit, terms: Terms) -> None:
        super().__init__(permit.value)
        self.permit, self.terms = permit, terms
