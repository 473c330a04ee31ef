"""Marks against people and what follows from them: each change of one, and the facts that tell of it. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.resolution.fairness.book import FAIRNESS
from services.resolution.fairness.record import Accusation, Mark, MarkState, Sanction, SanctionState
from services.resolution.improvement.matter import Improving
from services.resolution.timeline import SYSTEM, Kind
from shared.events.fairness import (
    MarkEnd,
    MarkFrozen,
    MarkMade,
    MarkRemoved,
    MarkRestored,
    SanctionLifted,
    SanctionProposed,
    SanctionSuspended,
    SanctionTookEffect,
)
from shared.ids import derived_id
from shared.masking import mask
from shared.worktime import add_working_time


@dataclass(kw_only=True)
class Marking(Improving):
    """A case by which marks against people are made. A sanction holds only while its mark stands."""

    touched: dict[str, Accusation] = field(default_factory=dict, repr=False, compare=False)
    """Accusations that wait to be saved, with mark and sanctions; by person."""

    def working(self, since: datetime, hours: int) -> datetime:
        """So many working hours later."""
        return add_working_time(since, timedelta(hours=hours), self.calendars.usual)

    def _make_mark(self, against: Accusation, by: str, at: datetime) -> None:
        number = against.mark.number + 1 if against.mark else 1
        until = self.working(at, self.books.read(FAIRNESS).appeal_hours)
        made = Mark(
            derived_id("mark", self.id, against.person_id, number),
            number,
            MarkState.STANDING,
            step=1,
            made_by=by,
            made_at=at,
            appeal_until=until,
        )
        against.mark, against.sanctions = made, []
        self._noted(against, Kind.MARK_MADE, at, by)
        self.record(MarkMade(**self._of(against, made), appeal_until=until), at)

    def _freeze(self, against: Accusation, mark: Mark, at: datetime) -> None:
        """An appeal was filed: until it ends, neither the mark nor what followed from it counts."""
        self._change(mark, MarkState.FROZEN, at)
        mark.appeals += 1
        self._noted(against, Kind.MARK_FROZEN, at)
        self.record(MarkFrozen(**self._of(against, mark), frozen_at=at), at)
        for each in against.sanctions:
            if each.state is SanctionState.IN_FORCE:
                each.state = SanctionState.SUSPENDED
                self.record(SanctionSuspended(**self._about(against, each), suspended_at=at), at)

    def _restore(self, against: Accusation, mark: Mark, at: datetime) -> None:
        self._change(mark, MarkState.STANDING, at)
        self._noted(against, Kind.MARK_RESTORED, at)
        self.record(MarkRestored(**self._of(against, mark), restored_at=at), at)
        for each in against.sanctions:
            if each.state is SanctionState.SUSPENDED:
                self._take_effect(against, each, at)

    def _remove(self, against: Accusation, because: MarkEnd, at: datetime) -> None:
        """If there is a mark, it goes, and with it all that followed from it."""
        mark = against.live_mark
        if mark is None:
            return
        self._change(mark, MarkState.REMOVED, at)
        mark.removed_because = because
        self._noted(against, Kind.MARK_REMOVED, at, text=because.value)
        self.record(MarkRemoved(**self._of(against, mark), because=because, removed_at=at), at)
        self._lift_sanctions(against, at)

    def _propose(
        self, against: Accusation, mark: Mark, kind: str, reason: str, by: str, at: datetime
    ) -> None:
        """`reason` is masked here."""
        decided = mark.decided_at is not None and mark.state is MarkState.STANDING
        proposed = Sanction(
            derived_id("sanction", mark.id, len(against.sanctions) + 1),
            mark.id,
            kind,
            mask(reason),
            SanctionState.PROPOSED,
            proposed_by=by,
            proposed_at=at,
            not_before=at if decided else max(at, mark.appeal_until),
        )
        against.sanctions.append(proposed)
        self._noted(against, Kind.SANCTION_PROPOSED, at, by, kind)
        about = self._about(against, proposed)
        told = SanctionProposed(**about, not_before=proposed.not_before, proposed_by=by, proposed_at=at)
        self.record(told, at)

    def _take_effect(self, against: Accusation, sanction: Sanction, at: datetime) -> None:
        sanction.state, sanction.took_effect_at = SanctionState.IN_FORCE, at
        self._noted(against, Kind.SANCTION_TOOK_EFFECT, at, text=sanction.kind)
        self.record(SanctionTookEffect(**self._about(against, sanction), took_effect_at=at), at)

    def _lift_sanctions(self, against: Accusation, at: datetime) -> None:
        for each in against.sanctions:
            if each.state is not SanctionState.LIFTED:
                each.state, each.lifted_at = SanctionState.LIFTED, at
                self._noted(against, Kind.SANCTION_LIFTED, at, text=each.kind)
                self.record(SanctionLifted(**self._about(against, each), lifted_at=at), at)

    def _change(self, mark: Mark, to: MarkState, at: datetime) -> None:
        mark.state, mark.changed_at = to, at
        mark.step += 1

    def _noted(
        self, against: Accusation, kind: Kind, at: datetime, by: str = SYSTEM, text: str | None = None
    ) -> None:
        """A line of the timeline that says who is meant; the accusation is saved."""
        self.touched[against.person_id] = against
        self._tell(kind, at, by, " · ".join(filter(None, (against.person_id, text))))

    def _of(self, against: Accusation, mark: Mark) -> dict[str, Any]:
        """What every fact about a mark says."""
        return {
            "complaint_id": self.id,
            "person_id": against.person_id,
            "mark_id": mark.id,
            "step": mark.step,
            "made_at": mark.made_at,
        }

    def _about(self, against: Accusation, sanction: Sanction) -> dict[str, Any]:
        """What every fact about a sanction says."""
        return {
            "complaint_id": self.id,
            "person_id": against.person_id,
            "sanction_id": sanction.id,
            "mark_id": sanction.mark_id,
            "kind": sanction.kind,
        }
