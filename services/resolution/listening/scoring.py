"""The scorecard of a closed case: 严格、认真、主动、高效. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.resolution.listening.asking import Asking
from services.resolution.timeline import Kind
from shared.events import CaseScored
from shared.events.listening import Taboo

Marks = tuple[int, int, int, int]
"""Strict, earnest, proactive, efficient: from 1 to 5 each."""


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """What a reviewer found; the comment is masked."""

    id: UUID
    complaint_id: UUID
    handler_id: str | None
    strict: int
    earnest: int
    proactive: int
    efficient: int
    taboos: tuple[Taboo, ...]
    comment: str | None
    reviewed_by: str
    reviewed_at: datetime

    @property
    def row(self) -> Mapping[str, Any]:
        return asdict(self)


@dataclass(kw_only=True)
class Scored(Asking):
    """A case whose handling is scored."""

    def score(
        self,
        card_id: UUID,
        marks: Marks,
        taboos: tuple[Taboo, ...],
        comment: str | None,
        by: str,
        at: datetime,
    ) -> Scorecard:
        strict, earnest, proactive, efficient = marks
        card = Scorecard(
            id=card_id,
            complaint_id=self.id,
            handler_id=self.handler_id,
            strict=strict,
            earnest=earnest,
            proactive=proactive,
            efficient=efficient,
            taboos=taboos,
            comment=comment,
            reviewed_by=by,
            reviewed_at=at,
        )
        self._tell(Kind.SCORED, at, by, " · ".join(map(str, marks)))
        scored = CaseScored(
            complaint_id=self.id,
            scorecard_id=card.id,
            handler_id=card.handler_id,
            strict=strict,
            earnest=earnest,
            proactive=proactive,
            efficient=efficient,
            taboos=taboos,
            reviewed_by=by,
            reviewed_at=at,
        )
        self.record(scored, at)
        return card
