"""Words of a request that customers read: looked over before anything changes, and told back to whoever wrote them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.resolution.wording.findings import findings_in
from shared.auth import Principal
from shared.masking import mask
from shared.reply_policy import REPLY_POLICY, Judged, Readers, answering
from shared.rulebooks.model import Books


@dataclass(frozen=True, slots=True)
class Said:
    """`texts` by the field of the body."""

    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    despite: str | None = None
    """Why it goes out although it is blocked."""
    readers: Readers = Readers.CUSTOMER

    async def looked_over(self, books: Books, who: Principal) -> "LookedOver":
        """Raises a 422 problem that names the words, when they are blocked and who calls may not send them all the
        same."""
        if not self.texts:
            return LookedOver((), None)
        judged = await asyncio.to_thread(self.judged, books)
        policy = books.read(REPLY_POLICY)
        overridden = answering.overridden(judged, policy, who, self.despite)
        return LookedOver(judged, mask(self.despite) if overridden and self.despite else None)

    def judged(self, books: Books) -> tuple[Judged, ...]:
        """What is found in each text, by the rulebooks in force."""
        found = {name: findings_in(text, books) for name, text in self.texts.items()}
        return books.read(REPLY_POLICY).judge(found, self.readers)


NOTHING_SAID = Said()


@dataclass(frozen=True, slots=True)
class LookedOver:
    """What may go out, with what was found."""

    judged: tuple[Judged, ...]
    despite: str | None
    """Masked: the reason of whoever sends blocked words."""

    @property
    def headers(self) -> dict[str, str]:
        return answering.header(self.judged)
