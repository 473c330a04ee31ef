"""A permit that was granted, and others that were not."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import COMPLAINT, HANDLER, after, cny, id_of
from shared.events import (
    ApprovalAsked,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalPassedOn,
    ApprovalRefused,
    ApprovalWithdrawn,
    Event,
)
from shared.events.approvals import Permit
from shared.events.vocabulary import Remedy


def events() -> Iterator[Event]:
    def what(number: int) -> dict[str, Any]:
        permit = Permit.BEYOND_LIMITS
        return {
            "complaint_id": COMPLAINT,
            "approval_id": id_of(number),
            "permit": permit,
            "subject_id": COMPLAINT,
            "asked_person": HANDLER,
        }

    yield ApprovalAsked(
        **what(60),
        remedies=(Remedy.EXCHANGE, Remedy.COMPENSATION),
        value=cny("12800.00"),
        reason="客户停线一天，较小的补偿无法挽回。",
        asked_by="key:5f0c1a9be27d",
        approver="wang.fang",
        decide_by=after(6),
        asked_at=after(2),
    )
    yield ApprovalPassedOn(
        **what(60),
        passed_over="wang.fang",
        approver="zhang.min",
        decide_by=after(10),
        passed_on_at=after(6),
    )
    yield ApprovalGranted(
        **what(60),
        note="仅此一次。",
        granted_by="oidc:zhang.min",
        person_id="zhang.min",
        granted_at=after(7),
    )
    yield ApprovalRefused(
        **what(61),
        reason="两日内可以修好，请先提出维修方案。",
        refused_by="oidc:wang.fang",
        person_id="wang.fang",
        refused_at=after(4),
    )
    yield ApprovalExpired(**what(62), approver="zhang.min", expired_at=after(10))
    yield ApprovalWithdrawn(**what(63), withdrawn_by="key:5f0c1a9be27d", withdrawn_at=after(5))
