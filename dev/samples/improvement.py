"""An improvement, from its opening to its end and back."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import AGAIN, COMPLAINT, after, id_of
from shared.events import (
    Event,
    ImprovementActionDue,
    ImprovementActionOverdue,
    ImprovementActionSettled,
    ImprovementClosed,
    ImprovementDropped,
    ImprovementEffectDue,
    ImprovementEffectJudged,
    ImprovementJoined,
    ImprovementLeft,
    ImprovementOpened,
    ImprovementReopened,
    ImprovementSentBack,
    ImprovementStepPassed,
    RecurrenceFound,
)


def events() -> Iterator[Event]:
    of: dict[str, Any] = {"complaint_id": COMPLAINT, "improvement_id": id_of(80)}
    by = "key:5f0c1a9be27d"
    late: dict[str, Any] = {**of, "number": 2, "responsible": "wang.lei", "due_at": after(200)}

    yield ImprovementOpened(
        **of, category="function_fault", product="Servo motor", opened_by=by, opened_at=after(60)
    )
    yield ImprovementJoined(**of, joined_by=by, joined_at=after(60))
    yield ImprovementStepPassed(**of, step="record", passed_by=by, passed_at=after(61))
    yield ImprovementSentBack(
        **of,
        from_step="containment",
        to_step="team",
        reason="小组缺少采购部人员。",
        sent_by=by,
        sent_at=after(70),
    )
    yield ImprovementActionDue(**late, warned_at=after(152))
    yield ImprovementActionOverdue(**late, overdue_at=after(200.01))
    yield ImprovementActionSettled(
        **of,
        number=2,
        responsible="wang.lei",
        done=True,
        was_overdue=True,
        settled_by=by,
        settled_at=after(210),
    )
    yield ImprovementEffectDue(**of, watched_until=after(1650), ended_at=after(1650.01))
    yield ImprovementEffectJudged(
        **of,
        effective=True,
        before=9,
        after=0,
        rate_ratio=0.0,
        p_value=0.0101,
        judged_by="chen.jing",
        judged_at=after(1660),
    )
    yield ImprovementClosed(**of, rounds=1, closed_by=by, closed_at=after(1670))
    yield RecurrenceFound(**of, complaint_ids=(AGAIN,), found_at=after(2000))
    yield ImprovementReopened(
        **of, recurred_in=AGAIN, reason="同一焊点再次开裂。", reopened_by=by, reopened_at=after(2001)
    )
    yield ImprovementLeft(complaint_id=AGAIN, improvement_id=id_of(80), left_by=by, left_at=after(2002))
    yield ImprovementDropped(**of, reason="另一改善项目已涵盖。", dropped_by=by, dropped_at=after(2003))
