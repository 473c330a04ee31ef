"""What the classifier said and what was right: rows for calibration, comparison and the measured error."""

from collections.abc import Sequence
from typing import Any

from services.routing.triage.learned import draw, lock_lessons
from services.routing.triage.learning_tables import LearningTables
from services.routing.triage.triaging import Triaging
from shared.bulk import save_rows
from shared.database import Transaction

_JUDGED = ("model_version", "counted", "scores", "answer", "shadow_snapshot", "shadow", "judged_at")
_TRUTH = ("truth", "truth_by", "truth_at", "changed")


async def save_reviews(transaction: Transaction, tables: LearningTables, changed: Sequence[Triaging]) -> None:
    """Write what the classifier said of these complaints, and what became known of what is right."""
    said = [row for dispatch in changed for row in judged(dispatch)]
    await save_rows(transaction, tables.reviews, said, changing=_JUDGED)
    known = [(dispatch.id, head, t) for dispatch in changed for head, t in dispatch.truths.items()]
    if not known:
        return
    await lock_lessons(transaction)  # the numbers become visible in their order: none is missed by who looks
    numbers = await draw(transaction, len(known))
    truths = [
        {
            "complaint_id": complaint_id,
            "head": head,
            "truth": truth.label,
            "truth_by": truth.by,
            "truth_at": truth.at,
            "changed": number,
        }
        for (complaint_id, head, truth), number in zip(known, numbers, strict=True)
    ]
    await save_rows(transaction, tables.reviews, truths, changing=_TRUTH)


def judged(dispatch: Triaging) -> list[dict[str, Any]]:
    """Rows of what the classifier said of a complaint, for each head; none if it was not asked."""
    opinion = dispatch.opinion
    if opinion is None:
        return []
    return [
        {
            "complaint_id": dispatch.id,
            "head": head,
            "model_version": opinion.model_version,
            "counted": dispatch.counted,
            "scores": scores,
            "answer": opinion.answers.get(head),
            "shadow_snapshot": opinion.shadow_snapshot if head == "category" else None,
            "shadow": opinion.shadow if head == "category" else None,
            "judged_at": dispatch.registered_at,
        }
        for head, scores in opinion.scores.items()
    ]
