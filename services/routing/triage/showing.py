"""Dispatches as the HTTP interface shows them."""

from dataclasses import asdict
from typing import Any

from services.routing.model import Dispatch
from services.routing.triage.schemas import Involved, Referred, RiskShown, Routed
from shared.events.routing import AssignmentBasis


def routed(dispatch: Dispatch) -> Routed:
    return Routed(
        leading_id=dispatch.leading_id,
        visibility=dispatch.visibility,
        category=dispatch.category,
        decided_by=dispatch.decided_by,
        rules_version=dispatch.evidence.rules_version,
        matrix_version=dispatch.evidence.matrix_version,
        model_version=dispatch.evidence.model_version,
        probability=dispatch.evidence.probability,
        spoke_for=list(dispatch.evidence.spoke_for),
        spoke_against=list(dispatch.evidence.spoke_against),
        time_limits=dispatch.time_limits,
        department=dispatch.department,
        handler_id=dispatch.handler_id,
        assigned_at=dispatch.assigned_at,
        basis=None if dispatch.basis is None else AssignmentBasis.model_validate(dispatch.basis),
        waiting_since=dispatch.waiting_since,
        climbs=dispatch.climbs,
        involved=[Involved.model_validate(each) for each in dispatch.involved],
        status=dispatch.status.value,
        **_common(dispatch),
    )


def referred(dispatch: Dispatch) -> Referred:
    assert dispatch.reference is not None
    assert dispatch.registered_at is not None
    return Referred(
        reference=dispatch.reference,
        registered_at=dispatch.registered_at,
        told=dispatch.told,
        **_common(dispatch),
    )


def _common(dispatch: Dispatch) -> dict[str, Any]:
    return {
        "complaint_id": dispatch.id,
        "version": dispatch.version,
        "severity": dispatch.severity,
        "nature": dispatch.nature,
        "urgency": dispatch.urgency,
        "reasons": list(dispatch.reasons),
        "suggestions": list(dispatch.evidence.suggestions),
        "proposed_department": dispatch.proposed_department,
        "risks": [RiskShown(**_without_id(asdict(flag))) for flag in dispatch.flags],
    }


def _without_id(flag: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flag.items() if name != "id"}
