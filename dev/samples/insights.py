"""What insights tells."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from dev.samples.story import AGAIN, COMPLAINT, HANDLER, after, id_of
from shared.events import (
    DisparityFound,
    Event,
    HazardRegistered,
    ProblemRecurred,
    SuggestionAccepted,
    SuggestionDeclined,
    SuggestionMade,
    TopicEmerged,
    TrainingNeeded,
    WarningAcknowledged,
    WarningConfirmed,
    WarningDismissed,
    WarningMuted,
    WarningRaised,
)
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
from shared.events.learning import RecurredBy, SuggestionKind, SuggestionSource


def events() -> Iterator[Event]:
    yield TrainingNeeded(
        complaint_id=COMPLAINT,
        need_id=id_of(60),
        person_id=HANDLER,
        about="service_attitude",
        kind=TrainingKind.EMOTION_AND_COMMUNICATION,
        complaints=4,
        evidence=(COMPLAINT, AGAIN),
        found_at=after(200),
    )
    yield WarningRaised(
        complaint_id=COMPLAINT,
        alert_id=id_of(61),
        dimension="product",
        value="Servo motor",
        tail=WarningTail.SURGE,
        level=WarningLevel.ALERT,
        step=WarningStep.WEEK,
        starts=after(0).date(),
        words_en="Unusually many complaints: product Servo motor. 24 in the last 2 weeks, 9.1 expected.",
        words_zh="投诉异常增多：产品“Servo motor”。最近2周24件，预期9.1件。",
        evidence=WarningEvidence(
            detector=WarningDetector.EVIDENCE,
            as_of=after(170),
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
        affected_since=after(0),
        affected_before=after(168),
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
        proposal=WarningProposal(products=("Servo motor",), batches=("2026-41",), registered_since=after(0)),
        raised_at=after(170),
    )
    yield WarningAcknowledged(
        complaint_id=COMPLAINT,
        alert_id=id_of(61),
        acknowledged_by="key:5f0c1a9be27d",
        acknowledged_at=after(171),
    )
    yield WarningMuted(
        complaint_id=COMPLAINT,
        alert_id=id_of(61),
        reason="召回进行中。",
        until=after(900),
        muted_by="key:5f0c1a9be27d",
        muted_at=after(172),
    )
    yield WarningConfirmed(
        complaint_id=COMPLAINT,
        alert_id=id_of(61),
        reason="编码器批次不良。",
        confirmed_by="key:5f0c1a9be27d",
        confirmed_at=after(180),
    )
    yield WarningDismissed(
        complaint_id=COMPLAINT,
        alert_id=id_of(62),
        reason="展会期间的咨询。",
        dismissed_by="key:5f0c1a9be27d",
        dismissed_at=after(181),
    )
    yield TopicEmerged(
        complaint_id=COMPLAINT,
        topic_id=id_of(61),
        week=after(0).date(),
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
        found_at=after(200),
    )
    yield HazardRegistered(
        complaint_id=COMPLAINT,
        hazard_id=id_of(61),
        danger="fire",
        product="YE3-160M-4",
        likelihood=2,
        severity=5,
        evidence=(COMPLAINT, AGAIN),
        review_by=after(900).date(),
        found_by="rules",
        registered_at=after(200),
    )
    yield ProblemRecurred(
        complaint_id=AGAIN,
        improvement_id=id_of(80),
        improvement_closed_at=after(1670),
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
        found_at=after(1994),
    )
    proposed: dict[str, Any] = {
        "complaint_id": COMPLAINT,
        "suggestion_id": id_of(63),
        "kind": SuggestionKind.POLICY,
        "source": SuggestionSource.AUTHORITY_LACKING,
    }
    yield SuggestionMade(
        **proposed,
        words_en="Let first-line staff grant more in late_delivery: 14 of 40 cases needed a permit.",
        words_zh="建议提高一线在“late_delivery”类投诉中的授权：40 件中有 14 件须审批。",
        evidence=(AGAIN, COMPLAINT),
        rules_version=0,
        made_at=after(2400),
    )
    yield SuggestionAccepted(
        **proposed,
        title="一线授权",
        problem="运费补偿五百元以内由一线直接决定。",
        category="late_delivery",
        evidence=(AGAIN, COMPLAINT),
        accepted_by="key:5f0c1a9be27d",
        accepted_at=after(2410),
    )
    yield SuggestionDeclined(
        **proposed, reason="新授权表下月生效。", declined_by="key:5f0c1a9be27d", declined_at=after(2411)
    )
    yield DisparityFound(
        complaint_id=COMPLAINT,
        audit_id=id_of(61),
        comparison_id=id_of(62),
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
        first=after(0).date(),
        last=after(2000).date(),
        found_at=after(2400),
    )
