"""A complaint that may grow into a dispute or an incident (更大的纠纷和恶性事件). Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.routing.status import Status
from services.routing.triage.severity import MATRIX
from services.routing.triage.telling import Telling
from shared import ids
from shared.aggregate import NotPossible
from shared.events import RiskRaised, RiskSettled
from shared.events.vocabulary import Risk
from shared.masking import mask


@dataclass
class Flag:
    """A risk that somebody sees in a complaint."""

    id: UUID
    kind: Risk
    reason: str
    """Masked."""
    raised_by: str
    raised_at: datetime
    settled_reason: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None


@dataclass(kw_only=True)
class Risking(Telling):
    """A complaint in which people may see a risk."""

    leading_id: UUID | None = None
    """The complaint that it was merged into: whoever carries that one carries this."""
    flags: list[Flag] = field(default_factory=list[Flag])
    """All, the oldest first."""
    flagged: bool = False
    """This change raises or settles one."""

    def flag(self, kind: Risk) -> Flag | None:
        """The one of this kind that is not settled."""
        return next((each for each in self.flags if each.kind is kind and each.settled_at is None), None)

    def raise_risk(self, kind: Risk, reason: str, by: str, at: datetime) -> None:
        """It is at least as severe as the matrix says from now on. Raised already: nothing changes.

        Raises NotPossible once the case has ended.
        """
        if self.flag(kind) is not None:
            return
        self._must_be_open()
        self.flags.append(Flag(ids.new_id(), kind, mask(reason), by, at))
        self.flagged = True
        before = self.severity
        severity = max(before, self.books.read(MATRIX).risks[kind], key=lambda each: each.rank)
        self._tell(
            RiskRaised(
                complaint_id=self.id,
                kind=kind,
                reason=mask(reason),
                raised_by=by,
                severity_before=before,
                severity=severity,
                raised_at=at,
            ),
            at,
        )
        self._raise_to(severity, (f"risk.{kind}",), at)

    def settle_risk(self, kind: Risk, reason: str, by: str, at: datetime) -> None:
        """The risk is over; how severe the complaint is stays. Settled already: nothing changes."""
        flag = self.flag(kind)
        if flag is None:
            return
        flag.settled_reason, flag.settled_by, flag.settled_at = mask(reason), by, at
        self.flagged = True
        self._tell(
            RiskSettled(complaint_id=self.id, kind=kind, reason=mask(reason), settled_by=by, settled_at=at),
            at,
        )

    def _must_be_open(self) -> None:
        if self.leading_id is not None:
            raise NotPossible(
                "merged",
                "The complaint goes on under another one: raise it there.",
                "该投诉已并入主投诉，请在主投诉上操作。",
                status_now=self.status.value,
                leading_id=str(self.leading_id),
            )
        if self.closed_at is not None or self.status is Status.RELEASED:
            raise NotPossible(
                "closed",
                "The case has ended: nothing is raised any more.",
                "该投诉已结案，不能再操作。",
                status_now=self.status.value,
            )
