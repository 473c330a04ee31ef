"""Shapes of purchases."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.intake.record.parts import Body
from shared.events.vocabulary import Money
from shared.pages import WrittenMoment
from shared.text import ShortText

MOST = 500


class PurchaseTold(Body):
    """One order of one customer."""

    external_id: ShortText
    """Their number in your own system, as their complaints have it."""
    order_id: ShortText
    """Told again under the same number, it is the same purchase, and is not counted twice."""
    purchased_at: WrittenMoment
    amount: Money | None = None
    product: ShortText | None = None
    """Its name, as complaints have it."""


class PurchasesTold(Body):
    """Purchases, in any order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "purchases": [
                        {
                            "external_id": "C-1042",
                            "order_id": "SO-2026-7781",
                            "purchased_at": "2026-06-02T10:15:00+08:00",
                            "amount": {"amount": "1280.00", "currency": "CNY"},
                            "product": "Kettle K2",
                        }
                    ]
                }
            ]
        }
    )

    purchases: Annotated[list[PurchaseTold], Field(min_length=1, max_length=MOST)]
    """Send more in further requests."""


class PurchasesKept(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    recorded: int
    """Of customers who had complained before."""
    repeated: int
    """Known already."""
    passed_over: int
    """Of customers who had not complained by then, or are erased: nothing of them is kept."""
