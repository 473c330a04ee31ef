"""What the classifier said and what was right: rows for calibration, comparison and the measured error."""

from collections.abc import Sequence
from typing import Any

from services.routing.triage.learning_tables import LearningTables
from services.routing.triage.triaging import Triaging
from shared.bulk import save_rows
from shared.database import Transaction
from shared.events.routing import Decider

_JUDGED = ("model_version", "counted", "scores", "answer", "shadow_snapshot", "shadow", "judged_at")
_TRUTH = ("truth", "truth_by", "truth_at")


async def save_reviews(transaction: Transaction, tables: LearningTables, changed: Sequence[Triaging]) -> None:
    """Write what the classifier said of these complaints, and what became known of what is right."""
    judged = [row for dispatch in changed for row in _judged(dispatch)]
    await save_rows(transaction, tables.reviews, judged, changing=_JUDGED)
    truths = [
        {"complaint_id": dispatch.id, "head": head, "truth": t.label, "truth_by": t.by, "truth_at": t.at}
        for dispatch in changed
        for head, t in dispatch.truths.items()
    ]
    await save_rows(transaction, tables.reviews, truths, changing=_TRUTH)


def _judged(dispatch: Triaging) -> list[dict[str, Any]]:
    opinion = dispatch.opinion
    if opinion is None:
        return []
    return [
        {
            "complaint_id": dispatch.id,
            "head": head,
            "model_version": opinion.model_version,
            "counted": dispatch.category is None or dispatch.decided_by is Decider.MODEL,
            "scores": scores,
            "answer": opinion.answers.get(head),
            "shadow_snapshot": opinion.shadow_snapshot if head == "category" else None,
            "shadow": opinion.shadow if head == "category" else None,
            "judged_at": dispatch.registered_at,
        }
        for head, scores in opinion.scores.items()
    ]
