"""An alert: a series that is unusual, from the first step in which it is to the last, and what people say of it.

Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.insights.alerts.series import Key
from shared.aggregate import Aggregate, NotPossible
from shared.events import (
    WarningAcknowledged,
    WarningConfirmed,
    WarningDismissed,
    WarningMuted,
    WarningRaised,
)
from shared.events.insights import WarningDetector, WarningLevel, WarningStep, WarningTail


class AlertVerdict(StrEnum):
    """What people found."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class AlertEnding(StrEnum):
    """Why it is over."""

    QUIET = "quiet"
    """Nothing was unusual any more."""
    NOT_WATCHED = "not_watched"
    """The rulebook says that its step is no longer judged: nobody can tell."""


@dataclass(kw_only=True)
class Alert(Aggregate):
    """One episode of one series."""

    key: Key
    tail: WarningTail
    level: WarningLevel
    detector: WarningDetector
    step: WarningStep
    since: date
    starts: date
    raised_at: datetime
    told: WarningRaised
    """As the event tells it, of the newest step in which it was unusual."""
    part_of: UUID | None = None
    """The alert of a finer series that explains it."""
    announced_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: AlertEnding | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    muted_by: str | None = None
    muted_at: datetime | None = None
    muted_until: datetime | None = None
    mute_reason: str | None = None
    verdict: AlertVerdict | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None

    @classmethod
    def begun(cls, key: Key, told: WarningRaised) -> "Alert":
        return cls(
            id=told.alert_id,
            key=key,
            tail=told.tail,
            level=told.level,
            detector=told.evidence.detector,
            step=told.step,
            since=told.starts,
            starts=told.starts,
            raised_at=told.raised_at,
            told=told,
        )

    def goes_on(self, told: WarningRaised) -> None:
        """It is unusual in a later step, too. A day adds nothing to a week, unless it is graver."""
        graver = told.level is WarningLevel.ALERT and self.level is WarningLevel.WATCH
        if told.step is WarningStep.DAY and self.step is WarningStep.WEEK and not graver:
            return
        if graver:
            self.level = told.level
        self.detector, self.step = told.evidence.detector, told.step
        self.starts = max(self.starts, told.starts)
        self.told = told.model_copy(update={"level": self.level})

    def join(self, leader: UUID | None, level: WarningLevel) -> None:
        """It is part of the leader in the newest step, or of none. It stays part of the last one until it is an alert
        of its own again: a watch that is left over is no news."""
        if leader is not None or level is WarningLevel.ALERT:
            self.part_of = leader

    def announce(self, muted: bool) -> None:
        """Tell of it, once, when it is an alert and no part of another. Of what is muted nobody is told; if it is
        still unusual when the mute is over, they are told then."""
        news = self.level is WarningLevel.ALERT and self.part_of is None
        if news and self.announced_at is None and not muted:
            self.announced_at = self.told.raised_at
            self.record(self.told, self.told.raised_at)

    def quiet(self, newest: date, steps: int, at: datetime) -> None:
        """Nothing was unusual in the newest step: after so many it is over."""
        days = 7 if self.step is WarningStep.WEEK else 1
        if newest - self.starts >= timedelta(days=days * steps):
            self.end(AlertEnding.QUIET, at)

    def end(self, why: AlertEnding, at: datetime) -> None:
        self.ended_at, self.ended_because = at, why

    def acknowledge(self, by: str, at: datetime) -> None:
        """The first acknowledgement counts."""
        if self.acknowledged_at is None:
            self.acknowledged_by, self.acknowledged_at = by, at
            self._say(WarningAcknowledged, at, acknowledged_by=by, acknowledged_at=at)

    def mute(self, until: datetime, reason: str, by: str, at: datetime) -> None:
        """The newest mute counts. The reason is masked."""
        self.muted_by, self.muted_at, self.muted_until, self.mute_reason = by, at, until, reason
        self._say(WarningMuted, at, reason=reason, until=until, muted_by=by, muted_at=at)

    def decide(self, verdict: AlertVerdict, reason: str, by: str, at: datetime) -> None:
        """Raises NotPossible when it was decided before. The reason is masked."""
        if self.verdict is not None:
            raise NotPossible(
                "already-decided",
                "It was decided before; the figures of precision count each alert once.",
                "该预警已有结论；准确率统计中每条预警只计一次。",
                verdict=self.verdict,
            )
        self.verdict, self.decided_by, self.decided_at, self.reason = verdict, by, at, reason
        if verdict is AlertVerdict.CONFIRMED:
            self._say(WarningConfirmed, at, reason=reason, confirmed_by=by, confirmed_at=at)
        else:
            self._say(WarningDismissed, at, reason=reason, dismissed_by=by, dismissed_at=at)

    def _say(
        self,
        event: type[WarningAcknowledged | WarningMuted | WarningConfirmed | WarningDismissed],
        at: datetime,
        **fields: object,
    ) -> None:
        given = {"complaint_id": self.told.complaint_id, "alert_id": self.id, **fields}
        self.record(event.model_validate(given), at)
