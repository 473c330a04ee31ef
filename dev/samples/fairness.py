"""Marks, appeals and the accused."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import AGAIN, after, id_of
from shared.events import (
    AccusedAnswered,
    AccusedCleared,
    AccusedSilent,
    AccusedTold,
    AccusedUnheard,
    AppealDecided,
    AppealDue,
    AppealEnded,
    AppealFiled,
    AppealOverdue,
    AppealUpheld,
    AppellantAnswered,
    AppellantAsked,
    Event,
    MarkFrozen,
    MarkMade,
    MarkRemoved,
    MarkRestored,
    ReviewerNamed,
    SanctionLifted,
    SanctionProposed,
    SanctionSuspended,
    SanctionTookEffect,
)
from shared.events.fairness import Clearing, Decision, MarkEnd


def events() -> Iterator[Event]:
    person: dict[str, Any] = {"complaint_id": AGAIN, "person_id": "zhou.min"}
    mark: dict[str, Any] = person | {"mark_id": id_of(60), "made_at": after(60)}
    appeal: dict[str, Any] = person | {"appeal_id": id_of(61)}
    sanction: dict[str, Any] = person | {"sanction_id": id_of(62), "mark_id": id_of(60), "kind": "talk"}
    yield AccusedTold(**person, answer_by=after(48), told_at=after(0))
    yield AccusedAnswered(**person, answered_at=after(20))
    yield AccusedSilent(**person, silent_at=after(48))
    yield AccusedUnheard(**person, unheard_at=after(10))
    yield MarkMade(**mark, step=1, appeal_until=after(300))
    yield SanctionProposed(
        **sanction, not_before=after(300), proposed_by="key:5f0c1a9be27d", proposed_at=after(61)
    )
    yield AppealFiled(**appeal, mark_id=id_of(60), decide_by=after(310), filed_at=after(70))
    yield MarkFrozen(**mark, step=2, frozen_at=after(70))
    yield SanctionSuspended(**sanction, suspended_at=after(70))
    yield ReviewerNamed(
        **appeal, reviewer_id="chen.jing", named_by="system", decide_by=after(310), named_at=after(71)
    )
    yield AppellantAsked(**appeal, number=1, asked_at=after(80))
    yield AppellantAnswered(**appeal, reviewer_id="chen.jing", number=2, answered_at=after(90))
    yield AppealDue(**appeal, reviewer_id="chen.jing", decide_by=after(310), warned_at=after(250))
    yield AppealOverdue(
        **appeal, reviewer_id="chen.jing", decide_by=after(310), number=1, overdue_at=after(310)
    )
    yield AppealDecided(**appeal, reviewer_id="chen.jing", decision=Decision.UPHELD, decided_at=after(312))
    yield AppealUpheld(**appeal, decision=Decision.UPHELD, upheld_at=after(312))
    yield AppealEnded(**appeal, withdrawn=True, ended_at=after(100))
    yield MarkRestored(**mark, step=3, restored_at=after(312))
    yield SanctionTookEffect(**sanction, took_effect_at=after(313))
    yield MarkRemoved(**mark, step=4, because=MarkEnd.APPEAL, removed_at=after(312))
    yield SanctionLifted(**sanction, lifted_at=after(312))
    yield AccusedCleared(**person, because=Clearing.APPEAL, cleared_at=after(312))
