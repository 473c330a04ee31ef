"""HTTP in: merge complaints about one matter, separate them, and read how they belong together."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake import found
from services.intake.found import ComplaintId
from services.intake.merging import model, store
from services.intake.merging.model import ALREADY_MERGED, NOT_MERGED, Merge
from services.intake.model import View
from services.intake.record.parts import Body
from services.intake.record.store import load
from services.intake.store import ViewStore, complaints
from shared import clock, idempotency, problems
from shared.aggregate import save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey
from shared.masking import mask
from shared.problems import Problem
from shared.service import Ctx, api_router
from shared.text import ShortText

router = api_router(tags=["merging"])
views = ViewStore()


class MergeWanted(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "into": "0190b7a4-0000-7000-8000-000000000001",
                    "reason": "The same alarm of the same motor.",
                }
            ]
        }
    )

    into: UUID
    """The leading complaint. If that one follows another itself, this one follows the same."""
    reason: ShortText | None = None


class SeparationWanted(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "It is another motor."}]})

    reason: ShortText | None = None


class MergeShown(BaseModel):
    """A complaint follows another one, or did."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaint_id: UUID
    leading_id: UUID
    merged_at: datetime
    merged_by: str
    reason: str | None = None
    separated_at: datetime | None = None
    """Absent while it follows."""
    separated_by: str | None = None
    separation_reason: str | None = None

    @classmethod
    def of(cls, merge: Merge) -> "MergeShown":
        return cls(**{name: getattr(merge, name) for name in cls.model_fields})


class Merges(BaseModel):
    """How a complaint belongs together with others."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    leading_id: UUID | None = None
    """The complaint that it follows now."""
    merged_ids: list[UUID]
    """The complaints that follow it now."""
    history: list[MergeShown]
    """Every merge that it was part of, the oldest first."""


@router.post(
    "/complaints/{complaint_id}/merge",
    response_model=MergeShown,
    response_model_exclude_none=True,
    summary="Merge a complaint into a leading one",
    responses=problems.documented(404, 409),
)
async def merge_complaint(
    complaint_id: ComplaintId,
    wanted: MergeWanted,
    request: Request,
    who: Annotated[Principal, may("complaints:merge")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """Work goes on under the leading complaint. The reporter keeps reference and token, is told of the merging and
    of the progress, and sees it by tracking. To merge what is merged so already changes nothing."""

    async def work(transaction: Transaction) -> Answer:
        # Whom the other one follows is read under the merging lock, which `hold` takes first.
        await store.hold(transaction)
        other = await store.live(transaction.connection, wanted.into)
        leading_id = other.leading_id if other is not None else wanted.into
        await store.hold(transaction, complaint_id, leading_id)
        connection = transaction.connection
        await _must_exist(connection, complaint_id, wanted.into)
        if leading_id == complaint_id:
            raise _itself()
        before = await store.live(connection, complaint_id)
        if before is not None and before.leading_id == leading_id:
            return _answer(before)
        loaded = await views.load(transaction, [complaint_id, leading_id])
        complaint, leading = loaded[complaint_id], loaded[leading_id]
        if before is not None:
            raise complaint.refusal(*ALREADY_MERGED)
        merge = model.merge(
            complaint,
            leading,
            leads_others=await store.leads(connection, complaint_id),
            by=who.id,
            reason=await _masked(connection, wanted.reason, complaint_id, leading_id),
            at=clock.now(),
        )
        await store.begin(transaction, merge)
        await _told(transaction, complaint, leading)
        return _answer(merge)

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.post(
    "/complaints/{complaint_id}/separate",
    response_model=MergeShown,
    response_model_exclude_none=True,
    summary="Undo a merging",
    responses=problems.documented(404, 409),
)
async def separate_complaint(
    complaint_id: ComplaintId,
    wanted: SeparationWanted,
    request: Request,
    who: Annotated[Principal, may("complaints:merge")],
    ctx: Ctx,
    key: IdempotencyKey = None,
) -> Response:
    """The complaint is worked on its own again, from where it stood, with a fresh promise of a reply. What happened
    meanwhile stays in both stories."""

    async def work(transaction: Transaction) -> Answer:
        await store.hold(transaction)
        merge = await store.live(transaction.connection, complaint_id)
        followed = [] if merge is None else [merge.leading_id]
        await store.hold(transaction, complaint_id, *followed)
        await _must_exist(transaction.connection, complaint_id)
        loaded = await views.load(transaction, [complaint_id, *followed])
        complaint = loaded[complaint_id]
        if merge is None:
            raise complaint.refusal(*NOT_MERGED)
        at = max(clock.now(), merge.merged_at)  # clocks of two processes differ
        reason = await _masked(transaction.connection, wanted.reason, complaint_id, merge.leading_id)
        leading = loaded[merge.leading_id]
        model.separate(complaint, leading, by=who.id, reason=reason, at=at)
        await store.end(transaction, merge.id, who.id, reason, at)
        await _told(transaction, complaint, leading)
        return _answer(
            Merge(
                merge.id,
                complaint_id,
                merge.leading_id,
                merge.merged_at,
                merge.merged_by,
                merge.reason,
                at,
                who.id,
                reason,
            )
        )

    return await idempotency.once(request, ctx.database, who.id, key, work)


@router.get(
    "/complaints/{complaint_id}/merges",
    response_model=Merges,
    response_model_exclude_none=True,
    summary="Read how a complaint belongs together with others",
    responses=problems.documented(404),
)
async def read_merges(
    complaint_id: ComplaintId, who: Annotated[Principal, may("complaints:read")], ctx: Ctx
) -> Merges:
    """Which complaint it follows, which follow it, and every merging and separation so far."""
    async with ctx.database.reading() as connection:
        await _must_exist(connection, complaint_id)
        history = await store.history(connection, complaint_id)
    live = [merge for merge in history if merge.separated_at is None]
    return Merges(
        leading_id=next((m.leading_id for m in live if m.complaint_id == complaint_id), None),
        merged_ids=[m.complaint_id for m in live if m.leading_id == complaint_id],
        history=[MergeShown.of(merge) for merge in history],
    )


async def _masked(connection: AsyncConnection, reason: str | None, *complaint_ids: UUID) -> str | None:
    """Without what identifies either customer; of an erased one nobody knows what that would be."""
    if reason is None:
        return None
    records = (await load(connection, complaint_ids)).values()
    if any(record.erased for record in records):
        return None
    return mask(reason, [word for record in records for word in record.known])


async def _told(transaction: Transaction, complaint: View, leading: View) -> None:
    """Publish what both say; only the follower's view changes."""
    await save_one(views, transaction, complaint)
    leading.publish_to(transaction)


async def _must_exist(connection: AsyncConnection, complaint_id: UUID, into: UUID | None = None) -> None:
    rows = await connection.execute(
        select(complaints.c.id).where(complaints.c.id.in_([complaint_id, into or complaint_id]))
    )
    there = set(rows.scalars())
    if complaint_id not in there:
        raise found.unknown()
    if into is not None and into not in there:
        raise problems.invalid(
            "There is no complaint to merge into",
            "No complaint has the id in `into`: take the `id` that registering answered with. "
            "没有这个主投诉，请核对编号。",
            field="body/into",
        )


def _itself() -> Problem:
    return problems.invalid(
        "A complaint cannot follow itself",
        "`into` is this complaint, or follows it already. Name another one, or separate those that follow. "
        "投诉不能并入自身，请指定另一个主投诉。",
        field="body/into",
    )


def _answer(merge: Merge) -> Answer:
    return Answer(200, to_json(MergeShown.of(merge), exclude_none=True))
