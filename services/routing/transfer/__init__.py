"""Transfer: who must know what, and by when they must have said that they do."""

from services.routing.transfer.distribution import Duty, duties

__all__ = ["Duty", "duties"]
