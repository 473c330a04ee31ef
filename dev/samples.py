"""One sample of every event: the story of a complaint about a servo motor, told to its end.

Fixed ids and times, so that the files in `docs/events` change only when an event does. A new event gets its
sample here.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.events import (
    NOTICES,
    AccusedAnswered,
    AccusedCleared,
    AccusedSilent,
    AccusedTold,
    AccusedUnheard,
    AppealDecided,
    AppealDue,
    AppealEnded,
    AppealFiled,
    AppealOverdue,
    AppealUpheld,
    AppellantAnswered,
    AppellantAsked,
    ApprovalAsked,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalPassedOn,
    ApprovalRefused,
    ApprovalWithdrawn,
    AttachmentAdded,
    AttachmentScanned,
    CaseAccepted,
    CaseClosed,
    CaseEndedNegative,
    CaseEscalated,
    CaseEscalatedToLeadership,
    CaseFileRead,
    CaseGrew,
    CaseOpened,
    CaseReopened,
    CaseResumed,
    CaseScored,
    CaseWithdrawn,
    ClockMissed,
    ClockWarned,
    ClosedBelowValue,
    ColleagueAsked,
    ColleagueChased,
    ComplaintAssigned,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintReferred,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintTriaged,
    ComplaintUnassigned,
    ComplaintWithdrawn,
    ContactHeld,
    CustomerAsked,
    CustomerErased,
    CustomerTold,
    CustomerWrote,
    DepartmentInvolved,
    DisparityFound,
    DisputeAnswered,
    DisputeDeadlineMissed,
    DisputeDeadlineNear,
    DisputeDecided,
    DisputeHandedOver,
    Event,
    FieldActionCancelled,
    FieldActionCompleted,
    FieldActionCustomerAddressed,
    FieldActionProposed,
    FieldActionResumed,
    FieldActionStarted,
    FieldActionSuspended,
    FieldLetterDelivered,
    FieldLetterFailed,
    FollowUpRequested,
    HandlerWrote,
    HazardRegistered,
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
    MarkFrozen,
    MarkMade,
    MarkRemoved,
    MarkRestored,
    MessageDelivered,
    MessageFailed,
    MessageRead,
    NoticeAcknowledged,
    NoticeOverdue,
    OfferAgreed,
    OfferChosen,
    OffersDeclined,
    OffersMade,
    OffersWithdrawn,
    OpinionGiven,
    PersonalDataRead,
    ProblemCorrected,
    ProblemRecurred,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PublicResponseGiven,
    PurchaseRecorded,
    RecurrenceFound,
    ReopenAsked,
    ReplyFlagged,
    ReporterJoined,
    ReporterLeft,
    ResolutionExtended,
    RestatementAnswered,
    ResultJudged,
    ReviewerNamed,
    RiskRaised,
    RiskSettled,
    SanctionLifted,
    SanctionProposed,
    SanctionSuspended,
    SanctionTookEffect,
    SolutionCarriedOut,
    SuggestionAccepted,
    SuggestionDeclined,
    SuggestionMade,
    SurveyAnswered,
    SurveyClosed,
    SurveySent,
    TabooRaised,
    TaskDone,
    TaskOverdue,
    TaskSet,
    TopicEmerged,
    TrainingNeeded,
    ValidityJudged,
    WarningAcknowledged,
    WarningConfirmed,
    WarningDismissed,
    WarningMuted,
    WarningRaised,
    WebhookDisabled,
)
from shared.events.approvals import Permit
from shared.events.clocks import Accountable, Clock
from shared.events.dispute import Favour
from shared.events.fairness import Clearing, Decision, MarkEnd
from shared.events.field_action import Affected, Announcement, BilingualText, Measure
from shared.events.insights import (
    TrainingKind,
    Treated,
    WarningDetector,
    WarningEvidence,
    WarningFactor,
    WarningLevel,
    WarningLoss,
    WarningNull,
    WarningProposal,
    WarningStep,
    WarningTail,
)
from shared.events.intake import ClaimedLoss, ExpectationGap, MaskedStatement, ProductRef, Sale, TaxonomyCode
from shared.events.learning import RecurredBy, SuggestionKind, SuggestionSource
from shared.events.listening import Taboo
from shared.events.resolution import Offer
from shared.events.routing import AssignmentBasis, Decider, SpokenWord, Suggestion, TimeLimits
from shared.events.surveys import AnsweredBy, SurveyAbout, SurveyAnswer, SurveyEnd, SurveyMeasure
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import (
    About,
    Against,
    Aspect,
    Audience,
    Because,
    Channel,
    Compensation,
    ComplainantType,
    Emotion,
    Form,
    GapSource,
    Kind,
    Language,
    Loss,
    Medium,
    Money,
    Nature,
    Outcome,
    Remedy,
    Risk,
    SaleMode,
    SaleStep,
    Scan,
    Severity,
    TaskForm,
    TaskOutcome,
    Urgency,
    Visibility,
)

MONDAY = datetime(2026, 3, 2, 1, 12, 40, tzinfo=UTC)
"""A Monday, 9:12 in Shanghai."""


def _id(number: int) -> UUID:
    return UUID(f"019caaf0-1b40-7000-8000-{number:012d}")


COMPLAINT, CUSTOMER, FIRST_OFFER, SECOND_OFFER, PROMISE = (_id(number) for number in range(1, 6))
AGAIN = _id(7)
"""The same matter, told a second time."""
HANDLER = "li.na"


def _after(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def _cny(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="CNY")


def _approvals() -> Iterator[Event]:
    """A permit that was granted, and others that were not."""

    def what(number: int) -> dict[str, Any]:
        permit = Permit.BEYOND_LIMITS
        return {
            "complaint_id": COMPLAINT,
            "approval_id": _id(number),
            "permit": permit,
            "subject_id": COMPLAINT,
            "asked_person": HANDLER,
        }

    yield ApprovalAsked(
        **what(60),
        remedies=(Remedy.EXCHANGE, Remedy.COMPENSATION),
        value=_cny("12800.00"),
        reason="客户停线一天，较小的补偿无法挽回。",
        asked_by="key:5f0c1a9be27d",
        approver="wang.fang",
        decide_by=_after(6),
        asked_at=_after(2),
    )
    yield ApprovalPassedOn(
        **what(60),
        passed_over="wang.fang",
        approver="zhang.min",
        decide_by=_after(10),
        passed_on_at=_after(6),
    )
    yield ApprovalGranted(
        **what(60),
        note="仅此一次。",
        granted_by="oidc:zhang.min",
        person_id="zhang.min",
        granted_at=_after(7),
    )
    yield ApprovalRefused(
        **what(61),
        reason="两日内可以修好，请先提出维修方案。",
        refused_by="oidc:wang.fang",
        person_id="wang.fang",
        refused_at=_after(4),
    )
    yield ApprovalExpired(**what(62), approver="zhang.min", expired_at=_after(10))
    yield ApprovalWithdrawn(**what(63), withdrawn_by="key:5f0c1a9be27d", withdrawn_at=_after(5))


def _improvement() -> Iterator[Event]:
    of: dict[str, Any] = {"complaint_id": COMPLAINT, "improvement_id": _id(80)}
    by = "key:5f0c1a9be27d"
    late: dict[str, Any] = {**of, "number": 2, "responsible": "wang.lei", "due_at": _after(200)}

    yield ImprovementOpened(
        **of, category="function_fault", product="Servo motor", opened_by=by, opened_at=_after(60)
    )
    yield ImprovementJoined(**of, joined_by=by, joined_at=_after(60))
    yield ImprovementStepPassed(**of, step="record", passed_by=by, passed_at=_after(61))
    yield ImprovementSentBack(
        **of,
        from_step="containment",
        to_step="team",
        reason="小组缺少采购部人员。",
        sent_by=by,
        sent_at=_after(70),
    )
    yield ImprovementActionDue(**late, warned_at=_after(152))
    yield ImprovementActionOverdue(**late, overdue_at=_after(200.01))
    yield ImprovementActionSettled(
        **of,
        number=2,
        responsible="wang.lei",
        done=True,
        was_overdue=True,
        settled_by=by,
        settled_at=_after(210),
    )
    yield ImprovementEffectDue(**of, watched_until=_after(1650), ended_at=_after(1650.01))
    yield ImprovementEffectJudged(
        **of,
        effective=True,
        before=9,
        after=0,
        rate_ratio=0.0,
        p_value=0.0101,
        judged_by="chen.jing",
        judged_at=_after(1660),
    )
    yield ImprovementClosed(**of, rounds=1, closed_by=by, closed_at=_after(1670))
    yield RecurrenceFound(**of, complaint_ids=(AGAIN,), found_at=_after(2000))
    yield ImprovementReopened(
        **of, recurred_in=AGAIN, reason="同一焊点再次开裂。", reopened_by=by, reopened_at=_after(2001)
    )
    yield ImprovementLeft(complaint_id=AGAIN, improvement_id=_id(80), left_by=by, left_at=_after(2002))
    yield ImprovementDropped(**of, reason="另一改善项目已涵盖。", dropped_by=by, dropped_at=_after(2003))


def _field_action() -> Iterator[Event]:
    action: dict[str, Any] = {"complaint_id": COMPLAINT, "field_action_id": _id(70)}
    what: dict[str, Any] = {
        "reference": "FA-00000070",
        "measures": (Measure.PUBLIC_WARNING, Measure.NOTIFY_ALL, Measure.RECALL_REPLACE),
        "announcement": Announcement(
            title=BilingualText(en="Recall of servo motors M7", zh="M7伺服电机召回"),
            hazard=BilingualText(
                en="The encoder can fail while the motor runs, and the axis then does not stop.",
                zh="电机运行时编码器可能失效，轴无法停止。",
            ),
            instruction=BilingualText(
                en="Switch the motor off and do not use it. We replace it free of charge.",
                zh="请立即断电停用，我们将免费更换。",
            ),
            act_by=_after(720),
            hotline="400-000-0000",
        ),
    }
    goods = Affected(products=("m-7",), batches=("2026-41", "2026-42"))
    manager = "key:5f0c1a9be27d"
    yield FieldActionProposed(
        **action,
        **what,
        affected=goods,
        customers=214,
        improvement_id=_id(71),
        proposed_by=manager,
        proposed_at=_after(48),
    )
    yield FieldActionStarted(
        **action,
        **what,
        affected=goods,
        approval_id=_id(60),
        customers=214,
        started_by=manager,
        started_at=_after(50),
    )
    yield FieldActionCustomerAddressed(
        **action, **what, customer_id=_id(72), late=False, addressed_at=_after(50)
    )
    customer = action | {"customer_id": _id(72), "delivery_id": _id(73)}
    yield FieldLetterDelivered(**customer, channel="email", delivered_at=_after(50.01))
    yield FieldLetterFailed(
        **customer, reason="the mail server refuses the recipient (550)", failed_at=_after(50.01)
    )
    yield FieldActionSuspended(
        **action, reason="更换件不足，待补货。", suspended_by=manager, suspended_at=_after(60)
    )
    yield FieldActionResumed(**action, resumed_by=manager, resumed_at=_after(72))
    yield FieldActionCompleted(
        **action,
        affected=219,
        told=215,
        carried_out=203,
        unreachable=4,
        coverage=0.9817,
        completion=0.9269,
        reason="除四位无法联系的顾客外，均已更换。",
        completed_by=manager,
        completed_at=_after(900),
    )
    yield FieldActionCancelled(
        **action, reason="供应商查明：该批次不受影响。", cancelled_by=manager, cancelled_at=_after(55)
    )


def events() -> Iterator[Event]:
    """In the order in which they happen."""
    yield ComplaintRegistered(
        complaint_id=COMPLAINT,
        reference="RD-7K3M9QXT-B",
        registered_at=MONDAY,
        kind=Kind.COMPLAINT,
        medium=Medium.ONLINE,
        channel=Channel.WEB_FORM,
        language=Language.ZH,
        about=About.GOODS,
        form=Form.WRITTEN,
        against=Against.ORGANISATION,
        visibility=Visibility.PRIVATE,
        complainant_type=ComplainantType.EXTERNAL,
        customer_id=CUSTOMER,
        statement=MaskedStatement(
            what_went_wrong="伺服电机运行十分钟后报警R4，产线已停。请致电[phone]。",
            feeling="今年第三次了，我们感到没有人管。",
            wanted="本周内换货，并说明原因。",
        ),
        product=ProductRef(id="M-7", name="Servo motor", model="M7-400", batch="2026-41"),
        order_id="SO-2026-118",
        contract_id="HT-2026-07",
        expectation=ExpectationGap(
            aspects=(Aspect.QUALITY,),
            expected="连续运行八小时。",
            received="运行十分钟后报警。",
            source=GapSource.SALESPERSON,
        ),
        sale=Sale(step=SaleStep.CONSULTATION, mode=SaleMode.PERSUASIVE),
        desired_remedies=(Remedy.EXCHANGE, Remedy.EXPLANATION),
        desired_amount=_cny("0.00"),
        desired_compensation=(Compensation.MATERIAL, Compensation.MORAL),
        estimated_loss=_cny("18500.00"),
        emotion=Emotion.ANGRY,
        completeness=0.85,
        missing=("facts.where", "facts.how_many"),
    )
    yield ComplaintSupplemented(
        complaint_id=COMPLAINT,
        addition_id=_id(40),
        number=1,
        contact_at=_after(0.1),
        added_by="key:5f0c1a9be27d",
        added_at=_after(0.1),
        medium=Medium.ONLINE,
        channel=Channel.PHONE,
        said="240台里有12台报警，产线从周一停到现在。",
        emotion=Emotion.ANXIOUS,
        restatement="240台电机中12台报警R4，产线停线，希望本周换货。",
        sale=Sale(step=SaleStep.INSTALLATION),
        defect_rate=Decimal("0.05"),
        claimed_losses=(ClaimedLoss(kind=Loss.LINE_STOP, amount=_cny("18500.00")),),
        completeness=0.95,
        missing=("facts.where",),
    )
    yield RestatementAnswered(
        complaint_id=COMPLAINT,
        addition_id=_id(40),
        confirmed=False,
        correction="是13台。",
        answered_by="customer",
        answered_at=_after(0.3),
    )
    yield ComplaintCoded(
        complaint_id=COMPLAINT,
        number=1,
        taxonomy_version=1,
        codes=(TaxonomyCode(category="function_fault", subcategory="in_use"),),
        values=("reliability",),
        reason="报警R4属于使用上的功能不良。",
        coded_by="key:5f0c1a9be27d",
        coded_at=_after(0.4),
    )
    yield AttachmentAdded(
        complaint_id=COMPLAINT,
        attachment_id=_id(50),
        media_type="image/jpeg",
        size=2_418_733,
        from_customer=True,
        visible_to_customer=True,
        scan=Scan.PENDING,
        added_at=_after(0.005),
    )
    yield AttachmentScanned(
        complaint_id=COMPLAINT, attachment_id=_id(50), scan=Scan.CLEAN, scanned_at=_after(0.006)
    )
    yield ComplaintMerged(
        complaint_id=AGAIN,
        leading_id=COMPLAINT,
        promised_at=_after(8),
        merged_by="key:5f0c1a9be27d",
        reason="同一台电机的同一报警，客户通过电话再次反映。",
        merged_at=_after(0.7),
    )
    yield ReporterJoined(complaint_id=COMPLAINT, merged_id=AGAIN, joined_at=_after(0.7))
    yield ComplaintSeparated(
        complaint_id=AGAIN,
        leading_id=COMPLAINT,
        separated_by="key:5f0c1a9be27d",
        reason="核实后为另一台电机。",
        separated_at=_after(2),
    )
    yield ReporterLeft(complaint_id=COMPLAINT, merged_id=AGAIN, left_at=_after(2))
    yield PersonalDataRead(
        complaint_id=COMPLAINT,
        what="contact",
        purpose="回电说明进展",
        read_by="key:5f0c1a9be27d",
        read_at=_after(30),
    )
    yield PurchaseRecorded(
        complaint_id=COMPLAINT,
        purchase_id=_id(62),
        customer_id=CUSTOMER,
        amount=Money(amount=Decimal("1280.00"), currency="CNY"),
        product="Kettle K2",
        purchased_at=_after(1500),
    )
    yield CustomerErased(
        complaint_id=COMPLAINT, customer_id=CUSTOMER, because=Because.REQUESTED, erased_at=_after(2000)
    )
    yield TrainingNeeded(
        complaint_id=COMPLAINT,
        need_id=_id(60),
        person_id=HANDLER,
        about="service_attitude",
        kind=TrainingKind.EMOTION_AND_COMMUNICATION,
        complaints=4,
        evidence=(COMPLAINT, AGAIN),
        found_at=_after(200),
    )
    yield WarningRaised(
        complaint_id=COMPLAINT,
        alert_id=_id(61),
        dimension="product",
        value="Servo motor",
        tail=WarningTail.SURGE,
        level=WarningLevel.ALERT,
        step=WarningStep.WEEK,
        starts=_after(0).date(),
        words_en="Unusually many complaints: product Servo motor. 24 in the last 2 weeks, 9.1 expected.",
        words_zh="投诉异常增多：产品“Servo motor”。最近2周24件，预期9.1件。",
        evidence=WarningEvidence(
            detector=WarningDetector.EVIDENCE,
            as_of=_after(170),
            window=3,
            counts=(4, 5, 9, 15),
            spans=(1, 2, 4, 8),
            observed=(15, 24, 33, 33),
            expected=(4.5, 9.1, 18.2, 36.4),
            dispersion=(1.2, 1.3, 1.4, 1.6),
            p=0.0001,
            null=WarningNull(above=0.0032, share_above=0.005, slope=1.1),
            calibrated=0.0002,
            q=0.04,
            portfolio=200,
            deciding_p=0.0002,
            deciding_rank=1,
            watch_limit=0.01,
            alert_limit=0.1,
            rulebook_version=0,
            code_version="1",
        ),
        complaints=24,
        affected_since=_after(0),
        affected_before=_after(168),
        affected=(COMPLAINT, AGAIN),
        factors=(
            WarningFactor(
                attribute="batch", value="2026-41", n=18, expected=4.4, ic=1.9, ic025=1.1, eb05=2.3
            ),
        ),
        loss=WarningLoss(
            value=Decimal("51200.00"),
            low=Decimal("9800.00"),
            high=Decimal("140300.00"),
            currency="CNY",
            assumptions_version=0,
        ),
        proposal=WarningProposal(products=("Servo motor",), batches=("2026-41",), registered_since=_after(0)),
        raised_at=_after(170),
    )
    yield WarningAcknowledged(
        complaint_id=COMPLAINT,
        alert_id=_id(61),
        acknowledged_by="key:5f0c1a9be27d",
        acknowledged_at=_after(171),
    )
    yield WarningMuted(
        complaint_id=COMPLAINT,
        alert_id=_id(61),
        reason="召回进行中。",
        until=_after(900),
        muted_by="key:5f0c1a9be27d",
        muted_at=_after(172),
    )
    yield WarningConfirmed(
        complaint_id=COMPLAINT,
        alert_id=_id(61),
        reason="编码器批次不良。",
        confirmed_by="key:5f0c1a9be27d",
        confirmed_at=_after(180),
    )
    yield WarningDismissed(
        complaint_id=COMPLAINT,
        alert_id=_id(62),
        reason="展会期间的咨询。",
        dismissed_by="key:5f0c1a9be27d",
        dismissed_at=_after(181),
    )
    yield TopicEmerged(
        complaint_id=COMPLAINT,
        topic_id=_id(61),
        week=_after(0).date(),
        label_en=("charging port", "scorched"),
        label_zh=("充电口", "发烫"),
        category="function_fault",
        complaints=12,
        customers=11,
        expected=0.3,
        p_value=1e-12,
        q_value=3e-8,
        rules_version=0,
        evidence=(AGAIN, COMPLAINT),
        found_at=_after(200),
    )
    yield HazardRegistered(
        complaint_id=COMPLAINT,
        hazard_id=_id(61),
        danger="fire",
        product="YE3-160M-4",
        likelihood=2,
        severity=5,
        evidence=(COMPLAINT, AGAIN),
        review_by=_after(900).date(),
        found_by="rules",
        registered_at=_after(200),
    )
    yield ProblemRecurred(
        complaint_id=AGAIN,
        improvement_id=_id(80),
        improvement_closed_at=_after(1670),
        by=RecurredBy.SAME_WORDS,
        before=6,
        days_before=90.0,
        after=2,
        days_after=13.5,
        customers=2,
        rate_ratio=2.222,
        low=0.219,
        high=12.428,
        evidence=(AGAIN,),
        rules_version=0,
        found_at=_after(1994),
    )
    proposed: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "suggestion_id": _id(63),
        "kind": SuggestionKind.POLICY,
        "source": SuggestionSource.AUTHORITY_LACKING,
    }
    yield SuggestionMade(
        **proposed,
        words_en="Let first-line staff grant more in late_delivery: 14 of 40 cases needed a permit.",
        words_zh="建议提高一线在“late_delivery”类投诉中的授权：40 件中有 14 件须审批。",
        evidence=(AGAIN, COMPLAINT),
        rules_version=0,
        made_at=_after(2400),
    )
    yield SuggestionAccepted(
        **proposed,
        title="一线授权",
        problem="运费补偿五百元以内由一线直接决定。",
        category="late_delivery",
        evidence=(AGAIN, COMPLAINT),
        accepted_by="key:5f0c1a9be27d",
        accepted_at=_after(2410),
    )
    yield SuggestionDeclined(
        **proposed, reason="新授权表下月生效。", declined_by="key:5f0c1a9be27d", declined_at=_after(2411)
    )
    yield DisparityFound(
        complaint_id=COMPLAINT,
        audit_id=_id(61),
        comparison_id=_id(62),
        about=Treated.CUSTOMERS,
        characteristic="account",
        group="key",
        measure="handling_time",
        sort="time",
        worse=False,
        n=212,
        n_others=1840,
        value=1.42,
        low=1.21,
        high=1.67,
        p_value=0.00002,
        q_value=0.0009,
        tolerance=0.1,
        first=_after(0).date(),
        last=_after(2000).date(),
        found_at=_after(2400),
    )
    yield ComplaintReferred(
        complaint_id=COMPLAINT,
        severity=Severity.URGENT,
        reasons=("function.use", "after-sales", "loss.line-stop"),
        referred_at=_after(0.01),
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
        triaged_at=_after(0.2),
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
        raised_at=_after(1),
    )
    yield RiskSettled(
        complaint_id=COMPLAINT,
        kind=Risk.DISPUTE,
        reason="双方已达成一致。",
        settled_by="key:5f0c1a9be27d",
        settled_at=_after(20),
    )
    yield ComplaintAssigned(
        complaint_id=COMPLAINT,
        department="technical_support",
        handler_id=HANDLER,
        handler_name="李娜",
        reasons=("responsible-department", "language:zh", "certificate:safety", "least-loaded"),
        assigned_at=_after(0.2),
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
        waiting_since=_after(0.2),
        unassigned_at=_after(4.2),
    )
    yield DepartmentInvolved(
        complaint_id=COMPLAINT,
        department="logistics",
        reason="包装由仓储运输部负责。",
        involved_by="key:5f0c1a9be27d",
        involved_at=_after(1.5),
    )
    for number, (audience, notice) in enumerate(NOTICES.items(), 20):
        yield notice(
            complaint_id=COMPLAINT,
            notice_id=_id(number),
            reason="severity-urgent",
            fact_type=ComplaintAssigned.wire_type(),
            fact_id=_id(10),
            reference="RD-7K3M9QXT-B",
            department="technical_support",
            severity=Severity.URGENT,
            issued_at=_after(0.2),
            acknowledge_by=_after(2.2),
            urgency=Urgency.HIGH,
            recipients=(HANDLER,),
            words=NoticeWords(en="An urgent complaint", zh="紧急投诉"),
        )
        if audience is Audience.RESPONSIBLE_DEPARTMENT:
            yield NoticeAcknowledged(
                complaint_id=COMPLAINT,
                notice_id=_id(number),
                audience=audience,
                acknowledged_by="key:5f0c1a9be27d",
                person_id=HANDLER,
                issued_at=_after(0.2),
                acknowledged_at=_after(0.6),
            )
    yield NoticeOverdue(
        complaint_id=COMPLAINT,
        notice_id=_id(21),
        audience=Audience.TECHNICAL_SUPPORT,
        reason="severity-urgent",
        reference="RD-7K3M9QXT-B",
        severity=Severity.URGENT,
        words=NoticeWords(en="An urgent complaint", zh="紧急投诉"),
        recipients=("wang.lei",),
        supervisors=("chen.jing",),
        acknowledge_by=_after(2.2),
        climbed_to=Audience.COMPLAINT_MANAGEMENT,
        overdue_at=_after(2.21),
    )
    yield TaskSet(
        complaint_id=COMPLAINT,
        task_id=_id(28),
        form=TaskForm.PHONE,
        about="致电承运商，核实包装何时被打开。",
        assignee="liu.yang",
        reference="RD-7K3M9QXT-B",
        due_at=_after(4),
        set_by="key:5f0c1a9be27d",
        set_at=_after(1),
    )
    yield TaskOverdue(
        complaint_id=COMPLAINT,
        task_id=_id(28),
        form=TaskForm.PHONE,
        assignee="liu.yang",
        supervisors=("chen.jing",),
        due_at=_after(4),
        number=1,
        told=Audience.RESPONSIBLE_DEPARTMENT,
        overdue_at=_after(4.01),
    )
    yield TaskDone(
        complaint_id=COMPLAINT,
        task_id=_id(28),
        form=TaskForm.PHONE,
        assignee="liu.yang",
        outcome=TaskOutcome.REACHED,
        note="海关查验时打开，已重新封箱。",
        next_step="向承运商索赔。",
        in_time=False,
        done_by="key:5f0c1a9be27d",
        done_at=_after(4.5),
    )
    yield CaseOpened(complaint_id=COMPLAINT, opened_at=_after(0.01))
    yield PromiseMade(complaint_id=COMPLAINT, promise_id=PROMISE, due_at=_after(8), made_at=_after(0.01))
    yield CaseAccepted(
        complaint_id=COMPLAINT, handler_id=HANDLER, handler_name="李娜", accepted_at=_after(0.5)
    )
    yield MessageDelivered(
        complaint_id=COMPLAINT,
        delivery_id=_id(30),
        template="acknowledgement",
        channel="email",
        attempts=1,
        delivered_at=_after(0.02),
    )
    yield MessageFailed(
        complaint_id=COMPLAINT,
        delivery_id=_id(31),
        template="interim",
        channel="email",
        attempts=8,
        reason="550 mailbox unavailable",
        failed_at=_after(30),
        next_channel="sms",
    )
    yield MessageRead(
        complaint_id=COMPLAINT, delivery_id=_id(30), template="acknowledgement", read_at=_after(0.1)
    )
    yield WebhookDisabled(
        complaint_id=COMPLAINT,
        webhook_id=_id(32),
        owner="key:operations",
        reason="the receiver answered 410 Gone",
        disabled_at=_after(31),
    )
    yield ValidityJudged(
        complaint_id=COMPLAINT,
        reason_sufficient=True,
        demand_reasonable=True,
        explanation="报警R4由该批次编码器引起，您的要求合理。",
        judged_at=_after(3),
    )
    yield OffersMade(
        complaint_id=COMPLAINT,
        round=1,
        offers=(
            Offer(
                offer_id=FIRST_OFFER,
                rank=1,
                remedies=(Remedy.EXCHANGE, Remedy.EXPLANATION),
                description="两日内更换新批次电机，并附原因分析报告。",
                value=_cny("4200.00"),
            ),
            Offer(
                offer_id=SECOND_OFFER,
                rank=2,
                remedies=(Remedy.REPAIR,),
                description="工程师明日上门更换编码器。",
                value=_cny("900.00"),
            ),
        ),
        made_at=_after(4),
    )
    yield from _approvals()
    yield from _improvement()
    yield from _field_action()
    yield CustomerTold(
        complaint_id=COMPLAINT, message="新电机已从苏州仓发出，预计明日到达。", told_at=_after(5)
    )
    yield PromiseKept(complaint_id=COMPLAINT, promise_id=PROMISE, handler_id=HANDLER, kept_at=_after(5))
    yield PromiseBroken(
        complaint_id=COMPLAINT,
        promise_id=_id(6),
        handler_id=HANDLER,
        interim_reply=True,
        waiting_for_customer=False,
        broken_at=_after(29),
    )
    yield OffersDeclined(
        complaint_id=COMPLAINT, round=1, reason="维修过两次，不再接受维修。", declined_at=_after(6)
    )
    yield OffersWithdrawn(complaint_id=COMPLAINT, round=1, withdrawn_at=_after(6))
    yield OfferChosen(complaint_id=COMPLAINT, offer_id=FIRST_OFFER, chosen_at=_after(7))
    yield OfferAgreed(complaint_id=COMPLAINT, offer_id=FIRST_OFFER, agreed_at=_after(7))
    yield SolutionCarriedOut(
        complaint_id=COMPLAINT, result="新电机已安装并连续运行四小时，无报警。", carried_out_at=_after(31)
    )
    yield FollowUpRequested(complaint_id=COMPLAINT, follow_up_id=_id(40), requested_at=_after(31))
    yield OpinionGiven(
        complaint_id=COMPLAINT,
        follow_up_id=_id(40),
        outcome=Outcome.SATISFIED,
        comment="处理很快，谢谢。",
        trust_restored=True,
        given_at=_after(55),
    )
    yield CaseResumed(complaint_id=COMPLAINT, resumed_at=_after(40))
    yield CaseClosed(
        complaint_id=COMPLAINT,
        outcome=Outcome.SATISFIED,
        closed_by="customer",
        problem_found=True,
        problem_solved=True,
        problem_corrected=False,
        trust_restored=True,
        reopen_until=_after(55 + 30 * 24),
        closed_at=_after(55),
    )
    yield from _listened()
    yield from _disputed()

    yield ClosedBelowValue(
        complaint_id=COMPLAINT,
        first_value=_cny("12800.00"),
        cost=_cny("265.00"),
        second_value=_cny("12850.00"),
        shortfall=_cny("215.00"),
        reason="客户表示不需要其他补偿。",
        closed_by="oidc:zhang.min",
        closed_at=_after(55),
    )
    yield HandlerWrote(
        complaint_id=COMPLAINT,
        message_id=_id(50),
        number=1,
        message="请问报警时环境温度大约是多少？",
        written_by="key:5f0c1a9be27d",
        written_at=_after(3),
    )
    yield CustomerWrote(
        complaint_id=COMPLAINT,
        message_id=_id(51),
        number=2,
        message="大约三十五度。可致电[phone]。",
        written_at=_after(3.2),
    )
    yield ComplaintWithdrawn(complaint_id=AGAIN, reason="已自行解决。", withdrawn_at=_after(8))
    yield CaseWithdrawn(complaint_id=AGAIN, withdrawn_at=_after(8))
    yield from _clocks()


def _clocks() -> Iterator[Event]:
    """A second case, in which time runs out."""
    said: dict[str, Any] = {
        "complaint_id": AGAIN,
        "clock": Clock.RESOLUTION,
        "number": 2,
        "due_at": _after(80),
        "accountable": Accountable.HANDLER,
        "handler_id": HANDLER,
        "department": "customer_service",
        "policy_version": 0,
    }
    yield ClockWarned(**said, warned_at=_after(78))
    yield ClockMissed(**said, lapse_id=_id(40), missed_at=_after(80))
    yield CaseEscalated(**said, step=1, escalated_at=_after(84))
    yield CaseEscalatedToLeadership(**said, step=2, escalated_at=_after(96))
    yield ResolutionExtended(
        complaint_id=AGAIN, hours=40, reason="第三方检测报告尚未出具。", extended_at=_after(70)
    )
    yield CustomerAsked(complaint_id=AGAIN, question="请提供铭牌照片。", asked_at=_after(2))
    yield ColleagueAsked(
        complaint_id=AGAIN,
        whom="wang.lei",
        question="该批次是否已换新轴承?",
        chase_at=_after(6),
        asked_at=_after(2),
    )
    yield ColleagueChased(complaint_id=AGAIN, whom="wang.lei", times=1, chased_at=_after(6))
    yield PublicResponseGiven(
        complaint_id=AGAIN,
        where="https://forum.example.com/t/1042",
        response="非常抱歉,电机已更换,同批次轴承正在逐一检查。",
        given_at=_after(9),
    )
    yield CaseGrew(
        complaint_id=AGAIN,
        severity_before=Severity.GENERAL,
        severity=Severity.MAJOR,
        reasons=("injury",),
        handler_id=HANDLER,
        department="customer_service",
        grew_at=_after(7),
    )


def _listened() -> Iterator[Event]:
    yield ContactHeld(
        complaint_id=COMPLAINT,
        contact_id=_id(60),
        via="phone",
        emotion=Emotion.AGGRIEVED,
        met=7,
        judged=8,
        held_by="key:5f0c1a9be27d",
        held_at=_after(4.5),
    )
    yield TabooRaised(
        complaint_id=COMPLAINT,
        taboo=Taboo.EXCUSED,
        handler_id=HANDLER,
        detail="这是公司规定",
        raised_at=_after(5),
    )
    yield ReplyFlagged(
        complaint_id=COMPLAINT,
        written_by="key:5f0c1a9be27d",
        families={"rules": 1, "order": 1},
        heaviest=2,
        flagged_at=_after(5),
    )
    yield CaseEndedNegative(
        complaint_id=COMPLAINT,
        emotion=Emotion.DISAPPOINTED,
        acknowledged_by="key:5f0c1a9be27d",
        reason="客户已不再接听电话。",
        ended_at=_after(55),
    )
    yield ProblemCorrected(
        complaint_id=COMPLAINT,
        correction="出厂前增加电机温升检验。",
        corrected_by="key:5f0c1a9be27d",
        corrected_at=_after(200),
    )
    yield CaseScored(
        complaint_id=COMPLAINT,
        scorecard_id=_id(61),
        handler_id=HANDLER,
        strict=4,
        earnest=5,
        proactive=3,
        efficient=4,
        taboos=(Taboo.EXCUSED,),
        reviewed_by="key:77b1c0de9a44",
        reviewed_at=_after(80),
    )
    yield ReopenAsked(complaint_id=COMPLAINT, reason="一周后又出现报警。", asked_at=_after(240))
    yield CaseReopened(complaint_id=COMPLAINT, reopened_by="customer", reopened_at=_after(240))


def _disputed() -> Iterator[Event]:
    dispute: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "dispute_id": _id(62),
        "body": "consumer-association",
    }
    yield DisputeHandedOver(
        **dispute,
        answer_due_at=_after(300 + 15 * 24),
        decision_due_at=_after(300 + 60 * 24),
        handed_over_by="key:5f0c1a9be27d",
        handed_over_at=_after(300),
    )
    yield DisputeDeadlineNear(**dispute, due_at=_after(300 + 15 * 24), noticed_at=_after(300 + 12 * 24))
    yield DisputeDeadlineMissed(
        **dispute, by_company=True, due_at=_after(300 + 15 * 24), missed_at=_after(300 + 15 * 24)
    )
    yield DisputeAnswered(**dispute, answered_by="key:5f0c1a9be27d", answered_at=_after(300 + 16 * 24))
    yield DisputeDecided(**dispute, favour=Favour.CUSTOMER, ends_case=True, decided_at=_after(300 + 40 * 24))
    yield CaseFileRead(complaint_id=COMPLAINT, format="pdf", read_by="key:5f0c1a9be27d", read_at=_after(300))
    yield from _fairness()
    yield from _surveys()


def _fairness() -> Iterator[Event]:
    """A further complaint, about a person of the counter: heard, marked, and not at fault after all."""
    person: dict[str, Any] = {"complaint_id": AGAIN, "person_id": "zhou.min"}
    mark: dict[str, Any] = person | {"mark_id": _id(60), "made_at": _after(60)}
    appeal: dict[str, Any] = person | {"appeal_id": _id(61)}
    sanction: dict[str, Any] = person | {"sanction_id": _id(62), "mark_id": _id(60), "kind": "talk"}
    yield AccusedTold(**person, answer_by=_after(48), told_at=_after(0))
    yield AccusedAnswered(**person, answered_at=_after(20))
    yield AccusedSilent(**person, silent_at=_after(48))
    yield AccusedUnheard(**person, unheard_at=_after(10))
    yield MarkMade(**mark, step=1, appeal_until=_after(300))
    yield SanctionProposed(
        **sanction, not_before=_after(300), proposed_by="key:5f0c1a9be27d", proposed_at=_after(61)
    )
    yield AppealFiled(**appeal, mark_id=_id(60), decide_by=_after(310), filed_at=_after(70))
    yield MarkFrozen(**mark, step=2, frozen_at=_after(70))
    yield SanctionSuspended(**sanction, suspended_at=_after(70))
    yield ReviewerNamed(
        **appeal, reviewer_id="chen.jing", named_by="system", decide_by=_after(310), named_at=_after(71)
    )
    yield AppellantAsked(**appeal, number=1, asked_at=_after(80))
    yield AppellantAnswered(**appeal, reviewer_id="chen.jing", number=2, answered_at=_after(90))
    yield AppealDue(**appeal, reviewer_id="chen.jing", decide_by=_after(310), warned_at=_after(250))
    yield AppealOverdue(
        **appeal, reviewer_id="chen.jing", decide_by=_after(310), number=1, overdue_at=_after(310)
    )
    yield AppealDecided(**appeal, reviewer_id="chen.jing", decision=Decision.UPHELD, decided_at=_after(312))
    yield AppealUpheld(**appeal, decision=Decision.UPHELD, upheld_at=_after(312))
    yield AppealEnded(**appeal, withdrawn=True, ended_at=_after(100))
    yield MarkRestored(**mark, step=3, restored_at=_after(312))
    yield SanctionTookEffect(**sanction, took_effect_at=_after(313))
    yield MarkRemoved(**mark, step=4, because=MarkEnd.APPEAL, removed_at=_after(312))
    yield SanctionLifted(**sanction, lifted_at=_after(312))
    yield AccusedCleared(**person, because=Clearing.APPEAL, cleared_at=_after(312))


def _surveys() -> Iterator[Event]:
    """The survey about the result, and the one about the process that was not answered."""
    result: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "survey_id": _id(70),
        "questionnaire": "case",
        "about": SurveyAbout.CASE,
    }
    process = result | {"survey_id": _id(71), "questionnaire": "process", "about": SurveyAbout.PROCESS}
    yield SurveySent(**result, questionnaire_version=0, sent_at=_after(40))
    yield ResultJudged(
        complaint_id=COMPLAINT,
        survey_id=_id(70),
        follow_up_id=_id(40),
        outcome=Outcome.SATISFIED,
        trust_restored=True,
        judged_at=_after(42),
    )
    yield SurveyAnswered(
        **result,
        questionnaire_version=0,
        by=AnsweredBy.LINK,
        answers=(
            SurveyAnswer(question="outcome", measure=SurveyMeasure.OUTCOME, value="satisfied"),
            SurveyAnswer(question="trust", measure=SurveyMeasure.TRUST_RESTORED, value=True),
            SurveyAnswer(question="effort", measure=SurveyMeasure.EFFORT, value=4),
            SurveyAnswer(question="again", measure=SurveyMeasure.REPURCHASE),
            SurveyAnswer(question="better", in_words=True),
        ),
        complete=True,
        answered_at=_after(42),
    )
    yield SurveyClosed(**process, because=SurveyEnd.TIME, closed_at=_after(600))


def samples() -> dict[str, dict[str, Any]]:
    """The values as they stand on the wire, by wire type."""
    return {event.wire_type(): json.loads(event.model_dump_json(exclude_none=True)) for event in events()}
