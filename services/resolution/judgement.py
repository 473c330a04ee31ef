"""Whether a complaint is valid, and what it came from. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Where the cause lies. For whoever works the case: it is told to nobody, and stays with the case."""

    PRODUCT = "product"
    DELIVERY = "delivery"
    SERVICE = "service"
    SUPPLIER = "supplier"
    USE = "use"
    """How the thing was used (自身原因). The customer is not blamed for it, and it is no mark against them."""
    NOBODY = "nobody"
    """Circumstances that nobody could help."""
    UNKNOWN = "unknown"


class Need(StrEnum):
    """What the customer needs beside the thing itself."""

    VALUED = "valued"
    """被重视: to be taken seriously."""
    NEEDED = "needed"
    """被需要: to matter to the company, as somebody whose advice is wanted."""
    UNDERSTOOD = "understood"
    RESPECTED = "respected"
    FAIRNESS = "fairness"
    SAFETY = "safety"
    CERTAINTY = "certainty"


@dataclass(frozen=True)
class Judgement:
    reason_sufficient: bool
    demand_reasonable: bool
    cause: str | None = None
    """Why it happened, masked."""
    impact: str | None = None
    """What it did to the customer, masked."""
    origin: Origin | None = None
    needs: tuple[Need, ...] = ()

    @property
    def valid(self) -> bool:
        return self.reason_sufficient and self.demand_reasonable
