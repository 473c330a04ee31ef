"""A field action."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import COMPLAINT, after, id_of
from shared.events import (
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
)
from shared.events.field_action import Affected, Announcement, BilingualText, Measure


def events() -> Iterator[Event]:
    action: dict[str, Any] = {"complaint_id": COMPLAINT, "field_action_id": id_of(70)}
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
            act_by=after(720),
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
        improvement_id=id_of(71),
        proposed_by=manager,
        proposed_at=after(48),
    )
    yield FieldActionStarted(
        **action,
        **what,
        affected=goods,
        approval_id=id_of(60),
        customers=214,
        started_by=manager,
        started_at=after(50),
    )
    yield FieldActionCustomerAddressed(
        **action, **what, customer_id=id_of(72), late=False, addressed_at=after(50)
    )
    customer = action | {"customer_id": id_of(72), "delivery_id": id_of(73)}
    yield FieldLetterDelivered(**customer, channel="email", delivered_at=after(50.01))
    yield FieldLetterFailed(
        **customer, reason="the mail server refuses the recipient (550)", failed_at=after(50.01)
    )
    yield FieldActionSuspended(
        **action, reason="更换件不足，待补货。", suspended_by=manager, suspended_at=after(60)
    )
    yield FieldActionResumed(**action, resumed_by=manager, resumed_at=after(72))
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
        completed_at=after(900),
    )
    yield FieldActionCancelled(
        **action, reason="供应商查明：该批次不受影响。", cancelled_by=manager, cancelled_at=after(55)
    )
