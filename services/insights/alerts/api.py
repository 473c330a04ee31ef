"""HTTP in: alerts, and what people say of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic_core import to_json
from sqlalchemy import RowMapping, select, text

from services.insights.alerts import keeping
from services.insights.alerts.affected import condition
from services.insights.alerts.model import Alert, AlertVerdict
from services.insights.alerts.precision import precisions
from services.insights.alerts.schemas import (
    AffectedComplaint,
    AlertShown,
    AlertSummary,
    MuteAsked,
    PrecisionsShown,
    VerdictAsked,
)
from services.insights.alerts.series import Dimension
from services.insights.alerts.store import alerts
from services.insights.ranges import Reader
from services.insights.store import complaints
from shared import clock, etag, pages, problems
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.events.insights import WarningLevel, WarningStep, WarningTail
from shared.idempotency import Answer
from shared.masking import mask
from shared.openapi import TAGGED
from shared.pages import Cursor, Limit, Page
from shared.service import Ctx, api_router

router = api_router(tags=["warnings"])

LONGEST_MUTE = timedelta(days=366)
AlertId = Annotated[UUID, Path(examples=["01997f3e-6f0a-7cc0-8d6a-0f6d3c1c9e51"])]
Decider = Annotated[Principal, may("cases:work")]


@router.get("/alerts", summary="List what is or was unusual", responses=problems.documented())
async def list_alerts(
    who: Reader,
    ctx: Ctx,
    tail: Annotated[WarningTail | None, Query(description="Only these.")] = None,
    level: Annotated[WarningLevel | None, Query(description="Only those that reached it.")] = None,
    dimension: Annotated[Dimension | None, Query(description="Only those of it.")] = None,
    step: Annotated[WarningStep | None, Query(description="Only those of weeks, or of days.")] = None,
    open: Annotated[
        bool | None, Query(description="Only those that go on, or only those that are over.")
    ] = None,
    verdict: Annotated[AlertVerdict | None, Query(description="Only those that were decided so.")] = None,
    part_of: Annotated[UUID | None, Query(description="Only those that this alert explains.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AlertSummary]:
    """The newest first."""
    query = select(alerts)
    for name, wanted in {
        "tail": tail,
        "level": level,
        "dimension": dimension,
        "step": step,
        "verdict": verdict,
    }.items():
        if wanted is not None:
            query = query.where(alerts.c[name] == wanted.value)
    if part_of is not None:
        query = query.where(alerts.c.part_of == part_of)
    if open is not None:
        query = query.where(alerts.c.ended_at.is_(None) if open else alerts.c.ended_at.is_not(None))
    async with ctx.database.reading() as connection:
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            lambda row: AlertSummary(**_summary(keeping.of_row(row))),
            *(alerts.c.raised_at, alerts.c.id),
            newest_first=True,
        )


@router.get("/alerts/precision", summary="How many alerts were real", responses=problems.documented())
async def read_precision(who: Reader, ctx: Ctx) -> PrecisionsShown:
    """By level and detector, and all together: of those that somebody confirmed or dismissed."""
    async with ctx.database.reading() as connection:
        return PrecisionsShown(items=await precisions(connection))


@router.get("/alerts/{alert_id}", summary="Read an alert", responses=problems.documented(404) | TAGGED)
async def read_alert(alert_id: AlertId, who: Reader, ctx: Ctx, response: Response) -> AlertShown:
    """With everything by which it can be worked out again. Its ETag goes into `If-Match`."""
    async with ctx.database.reading() as connection:
        alert = await keeping.read(connection, alert_id)
    if alert is None:
        raise problems.not_found("alert", "path/alert_id")
    response.headers["ETag"] = etag.tag(alert.version)
    return _shown(alert)


@router.get(
    "/alerts/{alert_id}/complaints",
    summary="List the affected complaints",
    responses=problems.documented(404),
)
async def list_affected(
    alert_id: AlertId,
    who: Annotated[Principal, may("cases:read")],
    ctx: Ctx,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AffectedComplaint]:
    """All of them, the newest first, as they are now: one that was put into another category since is not among
    them."""
    async with ctx.database.reading() as connection:
        alert = await keeping.read(connection, alert_id)
        if alert is None:
            raise problems.not_found("alert", "path/alert_id")
        which, given = condition(alert.key, alert.tail)
        query = select(complaints).where(
            text(which).bindparams(**given),
            complaints.c.registered_at >= alert.told.affected_since,
            complaints.c.registered_at < alert.told.affected_before,
        )
        return await pages.read(
            connection,
            query,
            limit,
            cursor,
            _affected,
            *(complaints.c.registered_at, complaints.c.id),
            newest_first=True,
        )


@router.post(
    "/alerts/{alert_id}/acknowledge",
    response_model=AlertShown,
    summary="Say that you have seen it",
    responses=problems.documented(404, 412) | TAGGED,
)
async def acknowledge_alert(
    alert_id: AlertId,
    who: Decider,
    editing: Editing,
) -> Response:
    """The first acknowledgement counts."""
    return await _change(editing, who, alert_id, lambda alert, at: alert.acknowledge(who.id, at))


@router.post(
    "/alerts/{alert_id}/mute",
    response_model=AlertShown,
    summary="Keep a series silent for a while",
    responses=problems.documented(404, 412, 422) | TAGGED,
)
async def mute_alert(
    alert_id: AlertId,
    asked: MuteAsked,
    who: Decider,
    editing: Editing,
) -> Response:
    """Of this series nobody is told until then, whatever happens; it is recorded, and shown here."""
    now = clock.now()
    if not now < asked.until <= now + LONGEST_MUTE:
        detail = "Choose a time in the future, at most a year from now. 请选择一年以内的将来时间。"
        raise problems.invalid("Nobody can be silent so long", detail, field="body/until")
    return await _change(
        editing, who, alert_id, lambda alert, at: alert.mute(asked.until, mask(asked.reason), who.id, at)
    )


@router.post(
    "/alerts/{alert_id}/confirm",
    response_model=AlertShown,
    summary="Say that it was a real problem",
    responses=problems.documented(404, 409, 412) | TAGGED,
)
async def confirm_alert(
    alert_id: AlertId,
    said: VerdictAsked,
    who: Decider,
    editing: Editing,
) -> Response:
    """Its weeks are then no longer taken for quiet ones."""
    return await _decide(editing, who, alert_id, AlertVerdict.CONFIRMED, said)


@router.post(
    "/alerts/{alert_id}/dismiss",
    response_model=AlertShown,
    summary="Say that it was no problem",
    responses=problems.documented(404, 409, 412) | TAGGED,
)
async def dismiss_alert(
    alert_id: AlertId,
    said: VerdictAsked,
    who: Decider,
    editing: Editing,
) -> Response:
    """It counts against the precision."""
    return await _decide(editing, who, alert_id, AlertVerdict.DISMISSED, said)


async def _decide(
    editing: Edit, who: Principal, alert_id: UUID, verdict: AlertVerdict, said: VerdictAsked
) -> Response:
    return await _change(
        editing, who, alert_id, lambda alert, at: alert.decide(verdict, mask(said.reason), who.id, at)
    )


async def _change(
    editing: Edit, who: Principal, alert_id: UUID, change: Callable[[Alert, datetime], None]
) -> Response:
    async def work(transaction: Transaction) -> Answer:
        alert = await keeping.one(transaction, alert_id)
        if alert is None:
            raise problems.not_found("alert", "path/alert_id")
        editing.must_match(alert.version, "alert", "预警")
        change(alert, clock.now())
        await keeping.save(transaction, [alert])
        return Answer(200, to_json(_shown(alert)))

    return await editing.once_tagged(who.id, work)


def _affected(row: RowMapping) -> AffectedComplaint:
    return AffectedComplaint(**{name: row[name] for name in AffectedComplaint.model_fields})


def _summary(alert: Alert) -> dict[str, Any]:
    told = alert.told
    return {
        **{"id": alert.id, "dimension": alert.key.dimension, "parts": alert.key.parts},
        **{name: getattr(alert, name) for name in ("tail", "level", "detector", "step", "since", "starts")},
        **{"words_en": told.words_en, "words_zh": told.words_zh, "complaints": told.complaints},
        **{"q": told.evidence.q, "loss": told.loss, "announced": alert.announced_at is not None},
        **{
            name: getattr(alert, name)
            for name in ("part_of", "raised_at", "ended_at", "acknowledged_at", "muted_until")
        },
        **{"ended_because": alert.ended_because, "verdict": alert.verdict},
    }


def _shown(alert: Alert) -> AlertShown:
    told = alert.told
    return AlertShown(
        **_summary(alert),
        version=alert.version,
        evidence=told.evidence,
        affected_since=told.affected_since,
        affected_before=told.affected_before,
        factors=list(told.factors),
        proposal=told.proposal,
        **{
            name: getattr(alert, name)
            for name in ("acknowledged_by", "muted_by", "mute_reason", "decided_by", "decided_at", "reason")
        },
    )
