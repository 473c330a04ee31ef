"""Words of a request that customers read: looked over before anything changes, and told back to whoever wrote them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.resolution.wording.findings import findings_in
from shared.auth import Principal
from shared.reply_policy import REPLY_POLICY, Judged, Readers
from shared.reply_policy.answering import LookedOver, let_through
from shared.rulebooks.model import Books


@dataclass(frozen=True, slots=True)
class Said:
    """`texts` by the field of the body."""

    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    despite: str | None = None
    """Why it goes out although it is blocked."""
    readers: Readers = Readers.CUSTOMER

    async def looked_over(self, books: Books, who: Principal) -> LookedOver:
        """Raises a 422 problem that names the words, when they are blocked and who calls may not send them all the
        same."""
        if not self.texts:
            return LookedOver()
        judged = await asyncio.to_thread(self.judged, books)
        return let_through(judged, books.read(REPLY_POLICY), who, self.despite)

    def judged(self, books: Books) -> tuple[Judged, ...]:
        """What is found in each text, by the rulebooks in force."""
        found = {name: findings_in(text, books) for name, text in self.texts.items()}
        return books.read(REPLY_POLICY).judge(found, self.readers)


NOTHING_SAID = Said()
