"""What routing tells."""

from collections.abc import Iterator

from dev.samples.story import AGAIN, COMPLAINT, HANDLER, after, id_of
from shared.events import (
    NOTICES,
    ComplaintAssigned,
    ComplaintReferred,
    ComplaintTriaged,
    ComplaintUnassigned,
    DepartmentInvolved,
    Event,
    NoticeAcknowledged,
    NoticeOverdue,
    RiskRaised,
    RiskSettled,
    TaskDone,
    TaskOverdue,
    TaskSet,
)
from shared.events.routing import AssignmentBasis, Decider, SpokenWord, Suggestion, TimeLimits
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import Audience, Nature, Risk, Severity, TaskForm, TaskOutcome, Urgency


def events() -> Iterator[Event]:
    yield ComplaintReferred(
        complaint_id=COMPLAINT,
        severity=Severity.URGENT,
        reasons=("function.use", "after-sales", "loss.line-stop"),
        referred_at=after(0.01),
        nature=Nature.QUALITY,
        urgency=Urgency.HIGH,
        suggestions=(
            Suggestion(
                category="function_fault",
                probability=0.61,
                words=(SpokenWord(word="报警", weight=1.8), SpokenWord(word="R4", weight=0.9)),
            ),
            Suggestion(category="after_sales", probability=0.22),
        ),
        proposed_department="technical_support",
        time_limits=TimeLimits(acknowledge=2, first_response=8, resolution=40, version=1),
        rules_version=3,
        matrix_version=0,
        model_version="5d0c7b1e93af",
    )
    yield ComplaintTriaged(
        complaint_id=COMPLAINT,
        category="function_fault",
        severity=Severity.URGENT,
        decided_by=Decider.PERSON,
        reasons=("Alarm R4 is a fault in use.",),
        triaged_at=after(0.2),
        nature=Nature.QUALITY,
        urgency=Urgency.HIGH,
        proposed_department="technical_support",
        time_limits=TimeLimits(acknowledge=2, first_response=8, resolution=40, version=1),
        rules_version=3,
        matrix_version=0,
        model_version="5d0c7b1e93af",
        probability=0.61,
        spoke_for=(SpokenWord(word="报警", weight=1.8),),
        spoke_against=(SpokenWord(word="退款", weight=-0.4),),
    )
    yield RiskRaised(
        complaint_id=COMPLAINT,
        kind=Risk.DISPUTE,
        reason="客户称已委托律师。",
        raised_by="key:5f0c1a9be27d",
        severity_before=Severity.GENERAL,
        severity=Severity.URGENT,
        raised_at=after(1),
    )
    yield RiskSettled(
        complaint_id=COMPLAINT,
        kind=Risk.DISPUTE,
        reason="双方已达成一致。",
        settled_by="key:5f0c1a9be27d",
        settled_at=after(20),
    )
    yield ComplaintAssigned(
        complaint_id=COMPLAINT,
        department="technical_support",
        handler_id=HANDLER,
        handler_name="李娜",
        reasons=("responsible-department", "language:zh", "certificate:safety", "least-loaded"),
        assigned_at=after(0.2),
        basis=AssignmentBasis(
            rules_version=3,
            step="responsible-department",
            met=("language:zh", "certificate:safety"),
            load=4,
            capacity=30,
            eligible=2,
            fell_out={"certificate:safety": 3, "absent": 1},
        ),
        policies={"answer_in_time": 2},
    )
    yield ComplaintUnassigned(
        complaint_id=AGAIN,
        number=1,
        severity=Severity.URGENT,
        reasons={"certificate:safety": 3, "full": 2},
        waiting_since=after(0.2),
        unassigned_at=after(4.2),
    )
    yield DepartmentInvolved(
        complaint_id=COMPLAINT,
        department="logistics",
        reason="包装由仓储运输部负责。",
        involved_by="key:5f0c1a9be27d",
        involved_at=after(1.5),
    )
    for number, (audience, notice) in enumerate(NOTICES.items(), 20):
        yield notice(
            complaint_id=COMPLAINT,
            notice_id=id_of(number),
            reason="severity-urgent",
            fact_type=ComplaintAssigned.wire_type(),
            fact_id=id_of(10),
            reference="RD-7K3M9QXT-B",
            department="technical_support",
            severity=Severity.URGENT,
            issued_at=after(0.2),
            acknowledge_by=after(2.2),
            urgency=Urgency.HIGH,
            recipients=(HANDLER,),
            words=NoticeWords(en="An urgent complaint", zh="紧急投诉"),
        )
        if audience is Audience.RESPONSIBLE_DEPARTMENT:
            yield NoticeAcknowledged(
                complaint_id=COMPLAINT,
                notice_id=id_of(number),
                audience=audience,
                acknowledged_by="key:5f0c1a9be27d",
                person_id=HANDLER,
                issued_at=after(0.2),
                acknowledged_at=after(0.6),
            )
    yield NoticeOverdue(
        complaint_id=COMPLAINT,
        notice_id=id_of(21),
        audience=Audience.TECHNICAL_SUPPORT,
        reason="severity-urgent",
        reference="RD-7K3M9QXT-B",
        severity=Severity.URGENT,
        words=NoticeWords(en="An urgent complaint", zh="紧急投诉"),
        recipients=("wang.lei",),
        supervisors=("chen.jing",),
        acknowledge_by=after(2.2),
        climbed_to=Audience.COMPLAINT_MANAGEMENT,
        overdue_at=after(2.21),
    )
    yield TaskSet(
        complaint_id=COMPLAINT,
        task_id=id_of(28),
        form=TaskForm.PHONE,
        about="致电承运商，核实包装何时被打开。",
        assignee="liu.yang",
        reference="RD-7K3M9QXT-B",
        due_at=after(4),
        set_by="key:5f0c1a9be27d",
        set_at=after(1),
    )
    yield TaskOverdue(
        complaint_id=COMPLAINT,
        task_id=id_of(28),
        form=TaskForm.PHONE,
        assignee="liu.yang",
        supervisors=("chen.jing",),
        due_at=after(4),
        number=1,
        told=Audience.RESPONSIBLE_DEPARTMENT,
        overdue_at=after(4.01),
    )
    yield TaskDone(
        complaint_id=COMPLAINT,
        task_id=id_of(28),
        form=TaskForm.PHONE,
        assignee="liu.yang",
        outcome=TaskOutcome.REACHED,
        note="海关查验时打开，已重新封箱。",
        next_step="向承运商索赔。",
        in_time=False,
        done_by="key:5f0c1a9be27d",
        done_at=after(4.5),
    )
