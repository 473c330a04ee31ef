"""The lifecycle of a field action, as data: which action leads from where to where, and what stands in its way."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from services.resolution.lifecycle import Words


class ActionState(StrEnum):
    DRAFTED = "drafted"
    """Text and scope can still be changed."""
    PROPOSED = "proposed"
    """It waits for the approval; what was put forward stands still."""
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


BEGUN = frozenset({ActionState.RUNNING, ActionState.SUSPENDED})
"""The set is frozen, and results are recorded."""


class ActionStep(StrEnum):
    """What can be done to it: the last part of the path."""

    CHANGE = "draft"
    NAME = "units"
    PROPOSE = "propose"
    REVISE = "revise"
    START = "start"
    SUSPEND = "suspend"
    RESUME = "resume"
    RECORD = "results"
    COMPLETE = "complete"
    CANCEL = "cancel"


class Subject(Protocol):
    """What the guards look at."""

    @property
    def state(self) -> ActionState: ...

    @property
    def affected(self) -> int | None:
        """How many are; None: nobody counted."""
        ...

    @property
    def waiting(self) -> int:
        """How many were not addressed yet, or whose letter is under way."""
        ...

    @property
    def coverage(self) -> Decimal: ...

    @property
    def least_coverage(self) -> Decimal: ...

    @property
    def warns_publicly(self) -> bool: ...


@dataclass(frozen=True)
class Guard:
    holds: Callable[[Subject], bool]
    otherwise: Words


@dataclass(frozen=True)
class Transition:
    title: Words
    sources: frozenset[ActionState]
    to: ActionState | None
    otherwise: Words
    guards: tuple[Guard, ...] = ()


_SOMEBODY = Guard(
    lambda action: bool(action.affected) or action.warns_publicly,
    Words(
        "Nobody is found to be affected: widen products, batches or time, name units sold, or warn publicly.",
        "未找到受影响的顾客：请扩大产品、批次或时间范围，登记已售产品，或采取公开警告。",
    ),
)
_EVERYBODY_ADDRESSED = Guard(
    lambda action: action.waiting == 0,
    Words(
        "Some customers were not addressed yet, or their letters are under way: wait for them.",
        "仍有顾客尚未通知或通知正在发送：请等待。",
    ),
)
_COVERED = Guard(
    # A public warning alone may have nobody whom a letter goes to.
    lambda action: not action.affected or action.coverage >= action.least_coverage,
    Words(
        "Too few of those affected were told: call those who could not be reached, and record it.",
        "已通知的顾客比例不足：请电话联系未能送达的顾客并记录结果。",
    ),
)

LIFECYCLE: dict[ActionStep, Transition] = {
    ActionStep.CHANGE: Transition(
        Words("Change the draft", "修改草案"),
        frozenset({ActionState.DRAFTED}),
        None,
        Words(
            "What was proposed stands still: take it back with revise first.",
            "已提出的措施不能修改：请先撤回修订。",
        ),
    ),
    ActionStep.NAME: Transition(
        Words("Name units that were sold", "登记已售产品"),
        frozenset({ActionState.DRAFTED, *BEGUN}),
        None,
        Words(
            "What was proposed stands still: take it back with revise, or wait for the start.",
            "待批准期间不能登记：请先撤回修订，或待开始实施后登记。",
        ),
    ),
    ActionStep.PROPOSE: Transition(
        Words("Put it forward for approval", "提请批准"),
        frozenset({ActionState.DRAFTED}),
        ActionState.PROPOSED,
        Words("Only a draft is put forward.", "只有草案可以提请批准。"),
        (_SOMEBODY,),
    ),
    ActionStep.REVISE: Transition(
        Words("Take it back to change it", "撤回修订"),
        frozenset({ActionState.PROPOSED}),
        ActionState.DRAFTED,
        Words("Only what waits for approval is taken back.", "只有待批准的措施可以撤回。"),
    ),
    ActionStep.START: Transition(
        Words("Begin, with the approval", "批准后开始实施"),
        frozenset({ActionState.PROPOSED}),
        ActionState.RUNNING,
        Words("It begins once, after it was proposed.", "须先提请批准；只能开始一次。"),
    ),
    ActionStep.SUSPEND: Transition(
        Words("Address nobody further for now", "暂停"),
        frozenset({ActionState.RUNNING}),
        ActionState.SUSPENDED,
        Words("Only what runs is suspended.", "只有实施中的措施可以暂停。"),
    ),
    ActionStep.RESUME: Transition(
        Words("Go on", "恢复"),
        frozenset({ActionState.SUSPENDED}),
        ActionState.RUNNING,
        Words("Only what is suspended is resumed.", "只有已暂停的措施可以恢复。"),
    ),
    ActionStep.RECORD: Transition(
        Words("Record what became of customers", "记录顾客处理结果"),
        BEGUN,
        None,
        Words("Results are recorded while it runs.", "只有在实施期间才能记录结果。"),
    ),
    ActionStep.COMPLETE: Transition(
        Words("Complete it", "完成"),
        frozenset({ActionState.RUNNING}),
        ActionState.COMPLETED,
        Words("Only what runs is completed.", "只有实施中的措施可以完成。"),
        (_EVERYBODY_ADDRESSED, _COVERED),
    ),
    ActionStep.CANCEL: Transition(
        Words("Cancel it", "取消"),
        frozenset({ActionState.DRAFTED, ActionState.PROPOSED, ActionState.RUNNING, ActionState.SUSPENDED}),
        ActionState.CANCELLED,
        Words("It has ended already.", "措施已经结束。"),
    ),
}


def why_not(action: Subject, step: ActionStep) -> Words | None:
    """What stands in the way of the step now; None when it is possible."""
    transition = LIFECYCLE[step]
    if action.state not in transition.sources:
        return transition.otherwise
    return next((guard.otherwise for guard in transition.guards if not guard.holds(action)), None)
