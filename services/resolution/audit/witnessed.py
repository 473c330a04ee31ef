"""What a case notes for its audit chain beyond its timeline, its offers and its promises. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.resolution.audit.chain import Covered, Head, Part, start
from services.resolution.lifecycle import Words
from shared.aggregate import Aggregate


class Noted(StrEnum):
    """What stands in the chain alone: it changes nothing, and is no part of the story."""

    READ = "read"
    ERASED = "erased"
    ATTACHMENT_ADDED = "attachment_added"
    ATTACHMENT_SCANNED = "attachment_scanned"
    MESSAGE_DELIVERED = "message_delivered"
    MESSAGE_READ = "message_read"
    FIELD_LETTER_DELIVERED = "field_letter_delivered"
    FIELD_LETTER_FAILED = "field_letter_failed"
    NOTICE_ISSUED = "notice_issued"
    NOTICE_ACKNOWLEDGED = "notice_acknowledged"
    NOTICE_OVERDUE = "notice_overdue"
    TASK_OVERDUE = "task_overdue"
    SURVEY_SENT = "survey_sent"
    SURVEY_ANSWERED = "survey_answered"
    SURVEY_CLOSED = "survey_closed"
    RESULT_JUDGED = "result_judged"
    OFFER_RECORDED = "offer_recorded"
    PROMISE_RECORDED = "promise_recorded"
    PROMISE_SETTLED = "promise_settled"
    CONTACT_RECORDED = "contact_recorded"
    JUDGEMENT_RECORDED = "judgement_recorded"
    PERMIT_USED = "permit_used"


NOTED: Mapping[Noted, Words] = {
    Noted.READ: Words("Somebody read what is personal", "有人查阅了个人信息"),
    Noted.ERASED: Words("The person was erased", "个人信息已删除"),
    Noted.ATTACHMENT_ADDED: Words("A file was attached", "增加了附件"),
    Noted.ATTACHMENT_SCANNED: Words("A file was scanned", "附件已扫描"),
    Noted.MESSAGE_DELIVERED: Words("A message was delivered", "消息已送达"),
    Noted.MESSAGE_READ: Words("The customer read a message", "客户已阅读消息"),
    Noted.FIELD_LETTER_DELIVERED: Words("A letter of a field action was delivered", "现场行动通知已送达"),
    Noted.FIELD_LETTER_FAILED: Words("A letter of a field action did not arrive", "现场行动通知未送达"),
    Noted.NOTICE_ISSUED: Words("Somebody of the company must know", "已发出须知"),
    Noted.NOTICE_ACKNOWLEDGED: Words("Somebody said that they know", "须知已确认"),
    Noted.NOTICE_OVERDUE: Words("Nobody said in time that they know", "须知逾期未确认"),
    Noted.TASK_OVERDUE: Words("A task was not done in time", "任务逾期"),
    Noted.SURVEY_SENT: Words("A survey was sent", "已发出问卷"),
    Noted.SURVEY_ANSWERED: Words("A survey was answered", "问卷已作答"),
    Noted.SURVEY_CLOSED: Words("A survey ended without being complete", "问卷未答完即已关闭"),
    Noted.RESULT_JUDGED: Words("The result was judged in a survey", "已在问卷中评价处理结果"),
    Noted.OFFER_RECORDED: Words("An offer was put on record", "方案已留存"),
    Noted.PROMISE_RECORDED: Words("A promise was put on record", "承诺已留存"),
    Noted.PROMISE_SETTLED: Words("What became of a promise was put on record", "承诺结果已留存"),
    Noted.CONTACT_RECORDED: Words("A contact was put on record", "接触记录已留存"),
    Noted.JUDGEMENT_RECORDED: Words("How it was judged was put on record", "判断结果已留存"),
    Noted.PERMIT_USED: Words("A permit was used", "审批许可已使用"),
}


@dataclass(kw_only=True)
class Witnessed(Aggregate):
    """Where the case's chain ends, and what waits to be added to it."""

    audit_from: int = 0
    """So many timeline entries were there before the chain began."""
    audit_number: int = 0
    audit_hash: bytes | None = None
    audit_salt: bytes | None = None
    """Makes the key of the complaint; gone once the person was erased."""
    new_notes: list[Covered] = field(default_factory=list, repr=False, compare=False)
    """These wait to be saved."""
    stored: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """The row as it was loaded."""

    @property
    def head(self) -> Head:
        return Head(self.audit_number, self.audit_hash) if self.audit_hash is not None else start(self.id)

    def witness(self, action: Noted, at: datetime, actor: str, **said: str) -> None:
        """Note something in the chain that changes nothing of the case. `said` are codes and ids, or masked text that
        stays for ever: an entry cannot be erased. The case's version stays as it is, so that nobody's action on it
        is refused because of this."""
        self.new_notes.append(Covered(Part.NOTE, at, actor, action.value, said))
