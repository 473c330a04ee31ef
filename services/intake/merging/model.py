"""When complaints may be merged and separated, and what is told of it. Pure.

One complaint leads; the others follow it. A complaint that follows leads nobody and one that leads follows
nobody, so there are neither chains nor circles. Nothing is moved from one to the other: the follower keeps its
statement, reference, token and story, and so can be separated again.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.model import Step, View
from shared import ids
from shared.events import ComplaintMerged, ComplaintSeparated, ReporterJoined, ReporterLeft

MERGEABLE = frozenset({"registered", "open", "accepted", "offered"})
"""Statuses in which a complaint may follow another: nothing was agreed with its customer yet."""

ALREADY_MERGED = (
    "already-merged",
    "This complaint follows another one already. Separate it first.",
    "该投诉已并入另一投诉，请先撤销合并。",
)
LEADS_OTHERS = (
    "leads-others",
    "Other complaints follow this one. Merge the other way round, or separate those first.",
    "已有其他投诉并入该投诉，请反向合并，或先撤销那些合并。",
)
TOO_LATE = (
    "too-late-to-merge",
    "A solution was agreed with this customer, or the case has ended: finish it on its own.",
    "该投诉已与客户商定方案或已办结，请单独办完。",
)
LEADING_CLOSED = (
    "leading-closed",
    "The leading case has ended: nobody would hear of progress from it.",
    "主投诉已结案，并入后投诉人将无法获知进展。",
)
FOLLOWS = (
    "merged",
    "This case is handled together with another one; you hear of the progress. Tell us if yours is different.",
    "您的投诉与另一投诉合并处理，进展会通知您；如情况不同，请告诉我们。",
)
NOT_MERGED = (
    "not-merged",
    "This complaint follows no other one.",
    "该投诉没有并入其他投诉，无需撤销。",
)


@dataclass(frozen=True, slots=True)
class Merge:
    """A complaint follows another one, until it is separated."""

    id: UUID
    complaint_id: UUID
    leading_id: UUID
    merged_at: datetime
    merged_by: str
    reason: str | None = None
    """Masked, as the next one of the separation."""
    separated_at: datetime | None = None
    separated_by: str | None = None
    separation_reason: str | None = None


def merge(
    complaint: View, leading: View, *, leads_others: bool, by: str, reason: str | None, at: datetime
) -> Merge:
    """Let `complaint`, which follows nobody, follow `leading`. Raises NotPossible."""
    if leads_others:
        raise complaint.refusal(*LEADS_OTHERS)
    if complaint.status not in MERGEABLE:
        raise complaint.refusal(*TOO_LATE)
    if leading.status in {"closed", "withdrawn"}:
        raise complaint.refusal(*LEADING_CLOSED)
    merged = ComplaintMerged(
        complaint_id=complaint.id,
        leading_id=leading.id,
        promised_at=leading.promised_at,
        merged_by=by,
        reason=reason,
        merged_at=at,
    )
    complaint.steps.append(Step(complaint.record(merged, at), at, "merged", {}))
    leading.record(ReporterJoined(complaint_id=leading.id, merged_id=complaint.id, joined_at=at), at)
    return Merge(ids.new_id(), complaint.id, leading.id, at, by, reason)


def separate(complaint: View, leading: View, *, by: str, reason: str | None, at: datetime) -> None:
    """Undo the merging: the complaint goes on by itself where it stood."""
    separated = ComplaintSeparated(
        complaint_id=complaint.id, leading_id=leading.id, separated_by=by, reason=reason, separated_at=at
    )
    complaint.steps.append(Step(complaint.record(separated, at), at, "separated", {}))
    leading.record(ReporterLeft(complaint_id=leading.id, merged_id=complaint.id, left_at=at), at)
