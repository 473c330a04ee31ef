"""Triage: category and severity. Rules first; what they cannot tell goes to a person."""

from services.routing.triage.rules import Decision, decide

__all__ = ["Decision", "decide"]
