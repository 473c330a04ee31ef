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
    NOTIFICATION = "d-notification"


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
    FIRST_VALUE_SET = "first_value_set"
    CLOSED_BELOW_VALUE = "closed_below_value"
    NOT_CHECKED = "not_checked"
    VISIT_PLANNED = "visit_planned"
    CODED = "coded"
    RISK_RAISED = "risk_raised"
    RISK_SETTLED = "risk_settled"
    TASK_SET = "task_set"
    TASK_DONE = "task_done"
    MESSAGE_FAILED = "message_failed"
    ACCUSED_TOLD = "accused_told"
    ACCUSED_ANSWERED = "accused_answered"
    ACCUSED_SILENT = "accused_silent"
    ACCUSED_UNHEARD = "accused_unheard"
    ACCUSED_CLEARED = "accused_cleared"
    MARK_MADE = "mark_made"
    MARK_FROZEN = "mark_frozen"
    MARK_RESTORED = "mark_restored"
    MARK_REMOVED = "mark_removed"
    APPEAL_FILED = "appeal_filed"
    REVIEWER_NAMED = "reviewer_named"
    APPEAL_DECIDED = "appeal_decided"
    APPEAL_WITHDRAWN = "appeal_withdrawn"
    APPEAL_ENDED = "appeal_ended"
    SANCTION_PROPOSED = "sanction_proposed"
    SANCTION_TOOK_EFFECT = "sanction_took_effect"
    SANCTION_LIFTED = "sanction_lifted"
    IMPROVEMENT_JOINED = "improvement_joined"
    IMPROVEMENT_LEFT = "improvement_left"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_GRANTED = "approval_granted"
    APPROVAL_REFUSED = "approval_refused"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    FIELD_ACTION = "field_action"
    PROMISE_MADE = "promise_made"
    PROMISE_KEPT = "promise_kept"
    PROMISE_BROKEN = "promise_broken"
    CUSTOMER_ASKED = "customer_asked"
    COLLEAGUE_ASKED = "colleague_asked"
    COLLEAGUE_CHASED = "colleague_chased"
    ANSWER_RECORDED = "answer_recorded"
    EXTENDED = "extended"
    PUBLICLY_ANSWERED = "publicly_answered"
    CONCEALMENT_REFUSED = "concealment_refused"
    GREW = "grew"
    CLOCK_WARNED = "clock_warned"
    CLOCK_MISSED = "clock_missed"
    ESCALATED = "escalated"
    REMINDED = "reminded"
    CONTACT_HELD = "contact_held"
    FOLLOWED_UP = "followed_up"
    ENDED_NEGATIVE = "ended_negative"
    CORRECTED = "corrected"
    SCORED = "scored"
    LACKS_SKILL = "lacks_skill"
    NEGLECTED = "neglected"
    BRUSHED_OFF = "brushed_off"
    EXCUSED = "excused"
    PASSED_ON = "passed_on"
    REOPENED = "reopened"
    DISPUTED = "disputed"
    DISPUTE_WARNED = "dispute_warned"
    DISPUTE_LATE = "dispute_late"
    DISPUTE_ANSWERED = "dispute_answered"
    DISPUTE_DECIDED = "dispute_decided"


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
    Kind.FIRST_VALUE_SET: (
        Reader.INTERNAL,
        Words("What the customer expected was valued", "已核定顾客的期望价值"),
    ),
    Kind.CLOSED_BELOW_VALUE: (
        Reader.INTERNAL,
        Words("It closed although the customer got back less than they lost", "结案时顾客所得低于所失"),
    ),
    Kind.NOT_CHECKED: (
        Reader.INTERNAL,
        Words("Stock and capacity could not be checked before it was promised", "承诺前未能核对库存和产能"),
    ),
    Kind.VISIT_PLANNED: (Reader.CUSTOMER, Words("Somebody comes to the customer", "已派人上门")),
    Kind.CODED: (Reader.INTERNAL, Words("The complaint was coded by the taxonomy", "投诉已编码")),
    Kind.RISK_RAISED: (Reader.INTERNAL, Words("A risk was raised", "已提示风险")),
    Kind.RISK_SETTLED: (Reader.INTERNAL, Words("The risk is over", "风险已解除")),
    Kind.TASK_SET: (Reader.INTERNAL, Words("Somebody was given a task", "已布置任务")),
    Kind.TASK_DONE: (Reader.INTERNAL, Words("A task was done", "任务已完成")),
    Kind.MESSAGE_FAILED: (
        Reader.INTERNAL,
        Words(
            "A message did not reach the customer: reach them in another way", "消息未送达顾客，须另行联系"
        ),
    ),
    **{
        kind: (Reader.INTERNAL, Words(en, zh))
        for kind, en, zh in (
            (Kind.ACCUSED_TOLD, "The person complained about was told", "已告知投诉当事人"),
            (Kind.ACCUSED_ANSWERED, "The person complained about gave their side", "投诉当事人已陈述"),
            (
                Kind.ACCUSED_SILENT,
                "The person complained about did not answer in time",
                "投诉当事人逾期未陈述",
            ),
            (Kind.ACCUSED_UNHEARD, "It is judged without waiting for an answer", "不等待当事人陈述即作判断"),
            (Kind.ACCUSED_CLEARED, "It is not held against the person", "该投诉不归责于当事人"),
            (Kind.MARK_MADE, "A mark was made against the person", "已对当事人作出责任记录"),
            (Kind.MARK_FROZEN, "The mark does not count while the appeal runs", "申诉期间责任记录暂停生效"),
            (Kind.MARK_RESTORED, "The mark counts again", "责任记录恢复生效"),
            (Kind.MARK_REMOVED, "The mark was removed", "责任记录已撤销"),
            (Kind.APPEAL_FILED, "The person appealed", "当事人提出申诉"),
            (Kind.REVIEWER_NAMED, "Somebody independent reviews the appeal", "已指定独立复核人"),
            (Kind.APPEAL_DECIDED, "The appeal was decided", "申诉已有决定"),
            (Kind.APPEAL_WITHDRAWN, "The person withdrew the appeal", "当事人撤回申诉"),
            (Kind.APPEAL_ENDED, "There is nothing left to appeal against", "申诉已无标的，予以终结"),
            (Kind.SANCTION_PROPOSED, "A sanction was proposed", "已提出处理建议"),
            (Kind.SANCTION_TOOK_EFFECT, "The sanction took effect", "处理决定生效"),
            (Kind.SANCTION_LIFTED, "The sanction was lifted", "处理决定已撤销"),
        )
    },
    Kind.IMPROVEMENT_JOINED: (
        Reader.INTERNAL,
        Words("The cause is being removed: joined to an improvement", "已关联改善项目，消除根本原因"),
    ),
    Kind.IMPROVEMENT_LEFT: (
        Reader.INTERNAL,
        Words("Taken off an improvement", "已与改善项目解除关联"),
    ),
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
    Kind.CUSTOMER_ASKED: (Reader.CUSTOMER, Words("The customer was asked for something", "请顾客补充信息")),
    Kind.COLLEAGUE_ASKED: (Reader.INTERNAL, Words("A colleague was asked for help", "已请内部同事协助")),
    Kind.COLLEAGUE_CHASED: (Reader.INTERNAL, Words("The colleague was chased", "已催办内部协助")),
    Kind.ANSWER_RECORDED: (Reader.INTERNAL, Words("Whoever was asked has answered", "已收到答复")),
    Kind.EXTENDED: (Reader.CUSTOMER, Words("The time for the solution was extended", "处理期限已延长")),
    Kind.PUBLICLY_ANSWERED: (Reader.CUSTOMER, Words("The complaint was answered in public", "已公开回应")),
    Kind.CONCEALMENT_REFUSED: (
        Reader.INTERNAL,
        Words("It stays public: it is not made private any more", "公开投诉不得改为非公开"),
    ),
    Kind.GREW: (
        Reader.INTERNAL,
        Words("It became more severe after it was opened", "立案后等级上升（小事变大）"),
    ),
    Kind.CLOCK_WARNED: (Reader.INTERNAL, Words("A time is nearly over", "时限将至")),
    Kind.CLOCK_MISSED: (Reader.INTERNAL, Words("A time was missed", "已超时限")),
    Kind.ESCALATED: (Reader.INTERNAL, Words("A missed time was escalated", "超时升级")),
    Kind.REMINDED: (
        Reader.CUSTOMER,
        Words("The customer was reminded of what we wait for", "已提醒顾客：等待其答复"),
    ),
    Kind.CONTACT_HELD: (Reader.CUSTOMER, Words("We spoke with the customer", "已与顾客沟通")),
    Kind.FOLLOWED_UP: (Reader.CUSTOMER, Words("The customer was asked once more", "再次征求顾客意见")),
    Kind.ENDED_NEGATIVE: (
        Reader.INTERNAL,
        Words("The customer's last emotion is negative", "顾客最后的情绪仍为负面"),
    ),
    Kind.CORRECTED: (
        Reader.INTERNAL,
        Words("The problem was corrected where it came from", "问题已从根源改正"),
    ),
    Kind.SCORED: (Reader.INTERNAL, Words("A reviewer scored the handling", "已对处理过程评分")),
    Kind.LACKS_SKILL: (
        Reader.INTERNAL,
        Words("Taboo: the handler lacks what the matter asks for", "禁忌：受理人缺少专业知识"),
    ),
    Kind.NEGLECTED: (Reader.INTERNAL, Words("Taboo: the customer is neglected", "禁忌：怠慢客户")),
    Kind.BRUSHED_OFF: (
        Reader.INTERNAL,
        Words("Taboo: the customer seems to be brushed off", "禁忌：缺乏耐心，急于打发"),
    ),
    Kind.EXCUSED: (Reader.INTERNAL, Words("Taboo: somebody excuses themselves", "禁忌：急于为自己开脱")),
    Kind.PASSED_ON: (
        Reader.INTERNAL,
        Words("Taboo: a minor matter was passed on; could it be solved at once?", "禁忌：一次可解决反而升级"),
    ),
    Kind.REOPENED: (Reader.CUSTOMER, Words("The closed case was taken up again", "已重新处理")),
    Kind.DISPUTED: (
        Reader.CUSTOMER,
        Words("The complaint was handed over to an outside body", "投诉已转交外部机构"),
    ),
    Kind.DISPUTE_WARNED: (
        Reader.INTERNAL,
        Words("The answer to the outside body is due soon", "答复外部机构的期限将至"),
    ),
    Kind.DISPUTE_LATE: (
        Reader.INTERNAL,
        Words("A deadline of the outside body has passed", "外部机构的期限已过"),
    ),
    Kind.DISPUTE_ANSWERED: (Reader.CUSTOMER, Words("The outside body was answered", "已答复外部机构")),
    Kind.DISPUTE_DECIDED: (Reader.CUSTOMER, Words("The outside body decided", "外部机构已作出决定")),
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
