"""The eight steps of an improvement (品质篇), as data: what each is called, and what must be true before the next one.

`GET /improvements/{id}` shows what is still missing in the present step; the same table decides when somebody passes
it. In the 8D report each step stands under its discipline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.resolution.lifecycle import Words


class Step(StrEnum):
    """In their order."""

    RECORD = "record"
    VALIDITY = "validity"
    TEAM = "team"
    CONTAINMENT = "containment"
    CAUSE = "cause"
    PLAN = "plan"
    EXECUTION = "execution"
    PREVENTION = "prevention"

    @property
    def number(self) -> int:
        """From 1 to 8."""
        return list(Step).index(self) + 1

    @property
    def next(self) -> "Step | None":
        """None after the last one."""
        return None if self is Step.PREVENTION else list(Step)[self.number]


class ImprovementState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    """All steps were passed. It is reopened when the same cause comes back."""
    DROPPED = "dropped"
    """It was opened in error, or another improvement does the same."""


class Subject(Protocol):
    """What the gates look at."""

    @property
    def carries_any(self) -> bool: ...
    @property
    def carries_valid(self) -> bool: ...
    @property
    def has_lead(self) -> bool: ...
    @property
    def goes_beyond_quality(self) -> bool: ...
    @property
    def has_met(self) -> bool: ...
    @property
    def all_places_answered(self) -> bool: ...
    @property
    def is_contained(self) -> bool: ...
    @property
    def cause_is_analysed(self) -> bool: ...
    @property
    def cause_is_verified(self) -> bool: ...
    @property
    def plans_against_cause(self) -> bool: ...
    @property
    def plans_against_escape(self) -> bool: ...
    @property
    def plan_is_carried_out(self) -> bool: ...
    @property
    def nothing_is_open(self) -> bool: ...
    @property
    def is_effective(self) -> bool: ...
    @property
    def standard_is_changed(self) -> bool: ...
    @property
    def is_trained(self) -> bool: ...


@dataclass(frozen=True)
class Condition:
    """What must be true, and what to do when it is not."""

    holds: Callable[[Subject], bool]
    otherwise: Words


@dataclass(frozen=True)
class Gate:
    """Between a step and the next one."""

    title: Words
    discipline: str
    """Of the 8D report in which the step stands."""
    conditions: tuple[Condition, ...]


GATES: dict[Step, Gate] = {
    Step.RECORD: Gate(
        Words("Record the complaints", "记录投诉内容"),
        "D2",
        (
            Condition(
                lambda i: i.carries_any,
                Words("Join at least one complaint.", "请至少关联一项投诉。"),
            ),
        ),
    ),
    Step.VALIDITY: Gate(
        Words("Judge whether the complaint is valid", "判断投诉是否成立"),
        "D2",
        (
            Condition(
                lambda i: i.carries_valid,
                Words(
                    "Judge the joined complaints: at least one must be valid. When none is, drop the improvement.",
                    "请先判断所关联的投诉是否成立：至少一项须成立；均不成立时请撤销本改善。",
                ),
            ),
        ),
    ),
    Step.TEAM: Gate(
        Words("Form the improvement team", "成立问题改善小组"),
        "D1",
        (
            Condition(
                lambda i: i.has_lead,
                Words("Name the team and its lead.", "请确定小组成员和负责人。"),
            ),
            Condition(
                lambda i: i.goes_beyond_quality,
                Words(
                    "The quality department never improves alone: add somebody of the departments concerned.",
                    "改善不能只由品质部承担：请加入相关部门的人员。",
                ),
            ),
            Condition(
                lambda i: i.has_met,
                Words(
                    "Link the meeting of the team, with its minutes.",
                    "请关联小组会议及其会议记录。",
                ),
            ),
        ),
    ),
    Step.CONTAINMENT: Gate(
        Words("Contain: four stock places, remedies", "临时措施制订与实施"),
        "D3",
        (
            Condition(
                lambda i: i.all_places_answered,
                Words(
                    "Answer for all four places: supplier stock, in transit, own stock, line.",
                    "请逐一确认四处是否受影响：供方库存、在途运输、我方库存、产线在制品。",
                ),
            ),
            Condition(
                lambda i: i.is_contained,
                Words(
                    "Carry out the measure at each affected place, and say so with the evidence.",
                    "请完成各受影响处的临时措施，并记录证据。",
                ),
            ),
        ),
    ),
    Step.CAUSE: Gate(
        Words("Analyse and verify the root cause", "根本原因分析与验证"),
        "D4",
        (
            Condition(
                lambda i: i.cause_is_analysed,
                Words(
                    "Analyse why it occurred and why it was not detected.",
                    "请分析发生原因和流出原因。",
                ),
            ),
            Condition(
                lambda i: i.cause_is_verified,
                Words(
                    "Somebody other than the author verifies the newest analysis.",
                    "最新的原因分析须由作者以外的人验证。",
                ),
            ),
        ),
    ),
    Step.PLAN: Gate(
        Words("Plan the improvement", "制订改善方案"),
        "D5",
        (
            Condition(
                lambda i: i.plans_against_cause,
                Words(
                    "Plan a corrective action against the cause, with a responsible person and a due date.",
                    "请针对发生原因制订改善措施，明确责任人和完成时间。",
                ),
            ),
            Condition(
                lambda i: i.plans_against_escape,
                Words(
                    "Plan an action by which it is detected in future, with a responsible person and a due date.",
                    "请针对流出原因制订检出措施，明确责任人和完成时间。",
                ),
            ),
        ),
    ),
    Step.EXECUTION: Gate(
        Words("Carry the plan out, and confirm the effect", "执行改善方案并确认效果"),
        "D6",
        (
            Condition(
                lambda i: i.plan_is_carried_out,
                Words(
                    "Carry out every action of the plan, with its evidence, or drop it with a reason.",
                    "请完成方案中的全部措施并记录证据，或说明理由后取消。",
                ),
            ),
            Condition(
                lambda i: i.is_effective,
                Words(
                    "After the watch period look at the numbers, and confirm that the improvement is effective.",
                    "观察期结束后，请查看数据并确认改善有效。",
                ),
            ),
        ),
    ),
    Step.PREVENTION: Gate(
        Words("Prevent recurrence: standards and training", "预防再发生（标准化）"),
        "D7",
        (
            Condition(
                lambda i: i.nothing_is_open,
                Words(
                    "An action is still open: carry it out, or drop it with a reason.",
                    "尚有未完成的措施：请完成，或说明理由后取消。",
                ),
            ),
            Condition(
                lambda i: i.standard_is_changed,
                Words(
                    "Name the standard that was changed, with its new version.",
                    "请登记已修改的标准文件及其新版本。",
                ),
            ),
            Condition(
                lambda i: i.is_trained,
                Words("Name the course by which people were trained for it.", "请登记相应的培训课程。"),
            ),
        ),
    ),
}


def missing(subject: Subject, step: Step) -> list[Words]:
    """What stands in the way of passing the step; nothing when it can be passed."""
    return [condition.otherwise for condition in GATES[step].conditions if not condition.holds(subject)]
