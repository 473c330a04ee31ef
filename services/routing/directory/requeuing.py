"""Whoever carried complaints and no longer does: where these go. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requeue:
    """The open complaints of a person go to another one, or back to the queue."""

    person: str
    to_person: str | None = None
    """None: back to the queue, where somebody is chosen."""


def requeue_of(person: str, to_person: str | None = None) -> Requeue:
    """What is asked for when a person leaves."""
    return Requeue(person, to_person)
