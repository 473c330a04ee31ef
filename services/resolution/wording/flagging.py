"""The fact that words were found, without the words. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.events import ReplyFlagged
from shared.reply_policy import Judged


def flagged(
    complaint_id: UUID, judged: Sequence[Judged], author: str, at: datetime, despite: str | None
) -> ReplyFlagged:
    """`judged` must not be empty. `despite` is the masked reason of whoever sent blocked words."""
    return ReplyFlagged(
        complaint_id=complaint_id,
        written_by=author,
        families=dict(Counter(each.finding.family for each in judged)),
        heaviest=max(each.finding.weight for each in judged),
        blocked=any(each.blocks for each in judged),
        despite=despite,
        flagged_at=at,
    )
