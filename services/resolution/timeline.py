"""The timeline of a case: who did what, when and why. Entries are only ever added."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.resolution.lifecycle import Words

CUSTOMER, SYSTEM = "customer", "system"
"""Authors that are not a person of the company."""


class Reader(StrEnum):
    """Who may read an entry; `customer` means both."""

    CUSTOMER = "customer"
    INTERNAL = "internal"


class Source(StrEnum):
    """Which stream an entry comes from. Within one stream entries keep their order; between two, their time
    decides, and then this, so that a timeline reads the same whichever stream was heard first."""

    INTAKE = "a-intake"
    ROUTING = "b-routing"
    RESOLUTION = "c-resolution"


class Kind(StrEnum):
    OPENED = "opened"
    SUPPLEMENTED = "supplemented"
    RESTATED = "restated"
    RESTATEMENT_CONFIRMED = "restatement_confirmed"
    RESTATEMENT_CORRECTED = "restatement_corrected"
    TRIAGED = "triaged"
    REFERRED = "referred"
    ASSIGNED = "assigned"
    HANDED_OVER = "handed_over"
    UNASSIGNED = "unassigned"
    DEPARTMENT_INVOLVED = "department_involved"
    ACCEPTED = "accepted"
    JUDGED = "judged"
    OFFERED = "offered"
    AGREED = "agreed"
    DECLINED = "declined"
    ANSWERED = "answered"
    CARRIED_OUT = "carried_out"
    REPLIED = "replied"
    OPINION = "opinion"
    RESUMED = "resumed"
    CLOSED = "closed"
    CHOICE_TOO_LATE = "choice_too_late"
    OBJECTION_TOO_LATE = "objection_too_late"
    MERGED = "merged"
    SEPARATED = "separated"
    REPORTER_JOINED = "reporter_joined"
    REPORTER_LEFT = "reporter_left"
    MERGED_TOO_LATE = "merged_too_late"
    WITHDRAWN = "withdrawn"
    WITHDRAWN_TOO_LATE = "withdrawn_too_late"
    CUSTOMER_WROTE = "customer_wrote"
    HANDLER_WROTE = "handler_wrote"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_GRANTED = "approval_granted"
    APPROVAL_REFUSED = "approval_refused"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    FIELD_ACTION = "field_action"
    PROMISE_MADE = "promise_made"
    PROMISE_KEPT = "promise_kept"
    PROMISE_BROKEN = "promise_broken"


TITLES: dict[Kind, tuple[Reader, Words]] = {
    Kind.OPENED: (Reader.CUSTOMER, Words("The complaint was received", "投诉已收到")),
    Kind.SUPPLEMENTED: (Reader.INTERNAL, Words("A further contact added to the complaint", "投诉内容有补充")),
    Kind.RESTATED: (Reader.CUSTOMER, Words("We restated what we understood", "已向顾客复述主要内容")),
    Kind.RESTATEMENT_CONFIRMED: (
        Reader.CUSTOMER,
        Words("The customer confirmed the restatement", "顾客确认了复述内容"),
    ),
    Kind.RESTATEMENT_CORRECTED: (
        Reader.CUSTOMER,
        Words("The customer corrected the restatement", "顾客更正了复述内容"),
    ),
    Kind.TRIAGED: (Reader.INTERNAL, Words("Category and severity were decided", "已确定类别和等级")),
    Kind.REFERRED: (Reader.INTERNAL, Words("A person decides the category", "转人工分类")),
    Kind.ASSIGNED: (
        Reader.CUSTOMER,
        Words("A department and a person became responsible", "已分配责任部门和责任人"),
    ),
    Kind.HANDED_OVER: (Reader.INTERNAL, Words("The case passed to somebody else", "投诉已移交他人")),
    Kind.UNASSIGNED: (
        Reader.INTERNAL,
        Words("Nobody took the complaint in time; it climbed a layer", "投诉超时无人负责，已升级"),
    ),
    Kind.DEPARTMENT_INVOLVED: (Reader.INTERNAL, Words("A further department takes part", "又一部门参与处理")),
    Kind.ACCEPTED: (Reader.CUSTOMER, Words("The case was taken up", "投诉已受理")),
    Kind.JUDGED: (Reader.CUSTOMER, Words("The complaint was judged", "已判断投诉是否成立")),
    Kind.OFFERED: (Reader.CUSTOMER, Words("Solutions were offered", "已提出解决方案")),
    Kind.AGREED: (Reader.CUSTOMER, Words("The customer agreed to a solution", "顾客同意解决方案")),
    Kind.DECLINED: (Reader.CUSTOMER, Words("The customer objected to the offers", "顾客对方案提出异议")),
    Kind.ANSWERED: (Reader.CUSTOMER, Words("The complaint was solved at once", "投诉已马上解决")),
    Kind.CARRIED_OUT: (Reader.CUSTOMER, Words("The result was told", "已告知处理结果")),
    Kind.REPLIED: (Reader.CUSTOMER, Words("The customer was told how things stand", "已向顾客答复进展")),
    Kind.OPINION: (Reader.CUSTOMER, Words("The customer gave an opinion", "顾客给出意见")),
    Kind.RESUMED: (Reader.CUSTOMER, Words("Work goes on", "继续处理")),
    Kind.CLOSED: (Reader.CUSTOMER, Words("The case was closed", "投诉已结案")),
    Kind.CHOICE_TOO_LATE: (
        Reader.INTERNAL,
        Words("The customer chose an offer that no longer lies before them", "顾客选择的方案已失效"),
    ),
    Kind.OBJECTION_TOO_LATE: (
        Reader.INTERNAL,
        Words("The customer objected to offers that no longer lie before them", "顾客对已失效的方案提出异议"),
    ),
    Kind.MERGED: (
        Reader.CUSTOMER,
        Words("The complaint goes on together with another one", "投诉与另一投诉合并处理"),
    ),
    Kind.SEPARATED: (Reader.CUSTOMER, Words("The complaint is worked on its own again", "投诉恢复单独处理")),
    Kind.REPORTER_JOINED: (
        Reader.INTERNAL,
        Words("Another complaint was merged into this one", "另一投诉已并入"),
    ),
    Kind.REPORTER_LEFT: (
        Reader.INTERNAL,
        Words("A merged complaint was separated again", "并入的投诉已撤销合并"),
    ),
    Kind.MERGED_TOO_LATE: (
        Reader.INTERNAL,
        Words("The complaint was merged after its case had closed", "结案之后才合并"),
    ),
    Kind.WITHDRAWN: (Reader.CUSTOMER, Words("The customer withdrew the complaint", "顾客撤回投诉")),
    Kind.WITHDRAWN_TOO_LATE: (
        Reader.INTERNAL,
        Words("The customer withdrew the complaint after its case had closed", "结案之后顾客才撤回投诉"),
    ),
    Kind.CUSTOMER_WROTE: (Reader.CUSTOMER, Words("The customer wrote", "顾客留言")),
    Kind.HANDLER_WROTE: (Reader.CUSTOMER, Words("A message went to the customer", "已给顾客留言")),
    Kind.APPROVAL_ASKED: (Reader.INTERNAL, Words("Somebody asked for a permit", "有人申请审批")),
    Kind.APPROVAL_GRANTED: (Reader.INTERNAL, Words("A permit was granted", "审批通过")),
    Kind.APPROVAL_REFUSED: (Reader.INTERNAL, Words("A permit was refused", "审批未通过")),
    Kind.APPROVAL_WITHDRAWN: (
        Reader.INTERNAL,
        Words("A question for a permit was withdrawn", "审批申请已撤回"),
    ),
    Kind.FIELD_ACTION: (
        Reader.INTERNAL,
        Words("A field action was drafted because of it", "已据此起草现场措施"),
    ),
    Kind.PROMISE_MADE: (Reader.CUSTOMER, Words("A reply was promised by this time", "承诺在此时间前答复")),
    Kind.PROMISE_KEPT: (Reader.INTERNAL, Words("The promise was kept", "承诺已兑现")),
    Kind.PROMISE_BROKEN: (
        Reader.CUSTOMER,
        Words("The promised time passed without a reply", "承诺的时间已过，未能答复"),
    ),
}
"""What each kind of entry says, and to whom."""


@dataclass(frozen=True)
class Entry:
    """One line. `text` is what a person wrote (masked), or a value that reads the same in every language."""

    complaint_id: UUID
    number: int
    """Counts a case's entries as they became known, from 1."""
    at: datetime
    source: Source
    author: str
    """Who acted: the caller's id, `customer` or `system`."""
    kind: Kind
    text: str | None = None

    @property
    def reader(self) -> Reader:
        return TITLES[self.kind][0]

    @property
    def place(self) -> tuple[datetime, str, int]:
        """Where it stands in the timeline."""
        return self.at, self.source.value, self.number
