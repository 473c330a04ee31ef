"""The steps of a complaint, and what they are called. Pure."""

from enum import StrEnum


class Step(StrEnum):
    """What happened to a complaint. 投诉的步骤."""

    REGISTERED = "registered"
    REFERRED = "referred"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    JUDGED = "judged"
    OFFERED = "offered"
    DECLINED = "declined"
    CHOSEN = "chosen"
    AGREED = "agreed"
    CARRIED_OUT = "carried_out"
    ASKED = "asked"
    RESUMED = "resumed"
    SATISFIED = "closed_satisfied"
    ACCEPTABLE = "closed_acceptable"
    NOT_ACCEPTABLE = "closed_not_acceptable"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


NAMES = {
    Step.REGISTERED: {"en": "registered", "zh": "登记"},
    Step.REFERRED: {"en": "referred to a person", "zh": "转人工分类"},
    Step.TRIAGED: {"en": "triaged", "zh": "分类"},
    Step.ASSIGNED: {"en": "assigned", "zh": "分派"},
    Step.ACCEPTED: {"en": "accepted", "zh": "受理"},
    Step.JUDGED: {"en": "judged valid or not", "zh": "判定是否成立"},
    Step.OFFERED: {"en": "offers made", "zh": "提出方案"},
    Step.DECLINED: {"en": "offers declined", "zh": "客户拒绝方案"},
    Step.CHOSEN: {"en": "offer chosen", "zh": "客户选择方案"},
    Step.AGREED: {"en": "agreed", "zh": "达成一致"},
    Step.CARRIED_OUT: {"en": "carried out", "zh": "方案实施"},
    Step.ASKED: {"en": "asked how it went", "zh": "回访"},
    Step.RESUMED: {"en": "resumed", "zh": "继续处理"},
    Step.SATISFIED: {"en": "closed, satisfied", "zh": "结案（满意）"},
    Step.ACCEPTABLE: {"en": "closed, acceptable", "zh": "结案（可接受）"},
    Step.NOT_ACCEPTABLE: {"en": "closed, not acceptable", "zh": "结案（不可接受）"},
    Step.REOPENED: {"en": "reopened", "zh": "重新打开"},
    Step.WITHDRAWN: {"en": "withdrawn", "zh": "撤回"},
}

FUNNEL = (
    Step.REGISTERED,
    Step.TRIAGED,
    Step.ASSIGNED,
    Step.ACCEPTED,
    Step.OFFERED,
    Step.AGREED,
    Step.CARRIED_OUT,
    Step.SATISFIED,
)
"""The way on which a complaint ends well."""
CLOSED = frozenset({Step.SATISFIED, Step.ACCEPTABLE, Step.NOT_ACCEPTABLE})
ENDS = CLOSED | {Step.WITHDRAWN}
"""After these nothing is waited for, unless it goes on after all."""
OPENED_AGAIN = frozenset({Step.RESUMED, Step.REOPENED})
_INTAKE = frozenset({Step.REGISTERED, Step.DECLINED, Step.CHOSEN})
_ROUTING = frozenset({Step.REFERRED, Step.TRIAGED, Step.ASSIGNED})
RANK = {step: 0 if step in _INTAKE else 1 if step in _ROUTING else 2 for step in Step}
"""The topic that tells of it: what one topic tells of one moment stays in its order."""
