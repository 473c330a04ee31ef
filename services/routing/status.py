"""How far a complaint is on its way to the people who act on it."""

from enum import StrEnum


class Status(StrEnum):
    BLANK = "blank"
    """Something is known, but not yet what was told."""
    REFERRED = "referred"
    """Waits at the triage desk for a person's decision."""
    WAITING = "waiting"
    """Decided, but nobody who may take it has capacity."""
    ASSIGNED = "assigned"
    RELEASED = "released"
    """The case has ended, or goes on under another one: nobody carries it."""
