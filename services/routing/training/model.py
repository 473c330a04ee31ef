"""What a result comes to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from services.routing.training.book import Course, Drill


class Misgraded(Exception):
    """The grades do not fit the checklist. `field` is the item."""

    def __init__(self, field: str, english: str, chinese: str) -> None:
        super().__init__(f"{english} {chinese}")
        self.field, self.english, self.chinese = field, english, chinese


@dataclass(frozen=True, slots=True)
class Graded:
    """How a drill went."""

    points: int
    most: int
    passed: bool

    @property
    def score(self) -> Decimal:
        """Per cent."""
        return (Decimal(100 * self.points) / self.most).quantize(Decimal("0.01"))


def grade(drill: Drill, grades: Mapping[str, int]) -> Graded:
    """Points of all items together. Raises Misgraded when an item is missing, unknown or over its points."""
    items = {item.code: item.points for item in drill.checklist}
    for code, points in grades.items():
        if code not in items:
            raise Misgraded(code, "The checklist has no such item; leave it out.", "清单中没有该项，请删除。")
        if not 0 <= points <= items[code]:
            raise Misgraded(code, f"Give 0 to {items[code]} points.", f"请打 0 至 {items[code]} 分。")
    for code in items:
        if code not in grades:
            raise Misgraded(
                code, "Every item is graded; give 0 for nothing.", "每项都须打分，未做到请打 0 分。"
            )
    points, most = sum(grades.values()), sum(items.values())
    return Graded(points, most, 100 * points >= drill.pass_mark * most)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of somebody who was trained."""

    id: UUID
    person: str
    course: str
    kind: str
    assessed_how: str
    session: UUID | None
    drill_run: UUID | None
    score: Decimal
    passed: bool
    feedback: str | None
    certificate: str | None
    expires_at: datetime | None
    assessed_by: str
    assessed_at: datetime


def result(
    course: Course,
    result_id: UUID,
    person: str,
    score: Decimal,
    feedback: str | None,
    by: str,
    at: datetime,
    *,
    session: UUID | None = None,
    drill: tuple[UUID, bool] | None = None,
) -> Result:
    """By the course's pass mark, or as the drill (its run, and whether it was passed) ended.

    Passing gives the course's certificate.
    """
    passed = score >= course.pass_mark if drill is None else drill[1]
    gives = course.certificate if passed else None
    return Result(
        id=result_id,
        person=person,
        course=course.code,
        kind=course.kind.value,
        assessed_how=course.assessed.value,
        session=session,
        drill_run=drill[0] if drill else None,
        score=score,
        passed=passed,
        feedback=feedback,
        certificate=gives,
        expires_at=at + timedelta(days=course.valid_days) if gives and course.valid_days else None,
        assessed_by=by,
        assessed_at=at,
    )
