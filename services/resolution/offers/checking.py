"""Whether what is promised is there: a system of the company's own is asked for stock and capacity before."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from services.resolution.offers.remedies import Supply, WhenAway
from services.resolution.offers.told import Told
from shared.events.vocabulary import Remedy
from shared.guard import ForbiddenTarget, Guard
from shared.outward import authorities, post
from shared.problems import Problem

log = logging.getLogger(__name__)

TIMEOUT = 5.0
"""Seconds for all of it: somebody waits at their desk."""


class CheckNeeded(Exception):
    """It has to be known first whether something is there."""

    def __init__(
        self, reference: str | None, told: Told, wanted: Mapping[Remedy, Supply], when_away: WhenAway
    ) -> None:
        super().__init__(", ".join(wanted))
        self.reference, self.told, self.wanted, self.when_away = reference, told, wanted, when_away


class SuppliesAway(Exception):
    """The system that knows stock and capacity cannot be asked now."""


class Availability(BaseModel):
    """What it answers."""

    model_config = ConfigDict(extra="ignore")

    available: dict[Remedy, bool]
    note: Annotated[str, Field(max_length=500)] | None = None


class Supplies:
    """Asks `stock_url`; without one everything is taken to be there."""

    def __init__(self, url: str | None, token: str | None, guard: Guard) -> None:
        self._url = url
        self._token = token
        self._guard = guard

    @property
    def asked(self) -> bool:
        return self._url is not None

    async def are_there(self, complaint_id: UUID, needed: CheckNeeded) -> bool:
        """False when nobody knows, and the rulebook does not mind.

        Raises problems: 409 when something is not there, 503 when nobody knows.
        """
        assert self._url is not None, "nobody is asked"
        try:
            await self._must_be_there(self._url, complaint_id, needed)
        except SuppliesAway as reason:
            log.warning("stock and capacity are not known: %s", reason)
            if needed.when_away is WhenAway.REFUSE:
                raise away() from None
            return False
        return True

    async def _must_be_there(self, url: str, complaint_id: UUID, needed: CheckNeeded) -> None:
        product, wanted = needed.told.product, needed.wanted
        question = {
            "complaint_id": str(complaint_id),
            "reference": needed.reference,
            "product": {"id": product.id or product.model, "name": product.name, "batch": product.batch},
            "remedies": [{"remedy": remedy, "needs": need} for remedy, need in wanted.items()],
        }
        answer = await self._ask(url, question)
        if unknown := wanted.keys() - answer.available.keys():
            raise SuppliesAway(f"it does not say anything of {', '.join(sorted(unknown))}")
        lacking = [remedy.value for remedy in wanted if not answer.available[remedy]]
        if lacking:
            raise Problem(
                409,
                "not-available",
                "This cannot be promised now",
                f"There is no stock or capacity for {', '.join(lacking)}. Offer something else, or a later time. "
                f"目前没有库存或产能：{'、'.join(lacking)}。请提出其他方案或较晚的时间。",
                field="body/offers",
                lacking=lacking,
                note=answer.note,
            )

    async def _ask(self, url: str, question: dict[str, Any]) -> Availability:
        headers = {"Content-Type": "application/json", "User-Agent": "Redress-Stock/1"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            async with asyncio.timeout(TIMEOUT):
                target = await self._guard.check(url)
                reply = await post(target, to_json(question), headers, TIMEOUT, authorities())
            if reply.status != 200:
                raise SuppliesAway(f"it answers {reply.status}")
            return Availability.model_validate_json(reply.body)
        except ForbiddenTarget as error:
            raise SuppliesAway(f"not allowed: {error}") from None
        except TimeoutError:
            raise SuppliesAway(f"no answer within {TIMEOUT:.0f} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise SuppliesAway(f"it cannot be reached ({type(error).__name__})") from None
        except ValidationError:
            raise SuppliesAway("its answer is not what docs/api.md says") from None


def away() -> Problem:
    return Problem(
        503,
        "stock-unknown",
        "Nobody knows whether this is there",
        "The system that knows stock and capacity does not answer, so nothing that needs them is promised. Try again "
        "shortly, or offer what needs neither. "
        "库存和产能系统没有回应，暂不能承诺；请稍后再试，或提出无需库存和产能的方案。",
        field="body/offers",
        headers={"Retry-After": "5"},
    )
