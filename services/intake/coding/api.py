"""HTTP in: the taxonomy, and where people put complaints in it."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic_core import to_json

from services.intake import found
from services.intake.coding.model import Coding, Codings, Misfit, OwnCoding
from services.intake.coding.schemas import (
    Code,
    CodingShown,
    CodingsShown,
    NewCoding,
    NewReview,
    ReviewShown,
    TaxonomySummary,
)
from services.intake.coding.store import CodingStore, load, orientation
from services.intake.found import ComplaintId
from shared import clock, etag, problems, taxonomy
from shared.aggregate import load_one, save_one
from shared.auth import Principal, may
from shared.database import Transaction
from shared.editing import Edit, Editing
from shared.events.intake import TaxonomyCode
from shared.idempotency import Answer
from shared.masking import mask
from shared.openapi import TAGGED
from shared.problems import Problem
from shared.service import Ctx, api_router
from shared.taxonomy import Taxonomy

router = api_router(tags=["coding"])
store = CodingStore()


@router.get("/taxonomies", summary="List the versions of the taxonomy", responses=problems.documented())
async def list_taxonomies() -> list[TaxonomySummary]:
    """The newest last. No key needed."""
    newest = taxonomy.newest().version
    return [
        TaxonomySummary(version=each.version, valid_from=each.valid_from, newest=each.version == newest)
        for each in taxonomy.versions().values()
    ]


@router.get(
    "/taxonomies/{version}",
    summary="Read a version of the taxonomy, in both languages",
    responses=problems.documented(404),
)
async def read_taxonomy(version: Annotated[int, Path(ge=1, le=1_000_000)]) -> Taxonomy:
    """Two levels, and the value orientation that is opposed to each. A version never changes. No key needed."""
    found = taxonomy.versions().get(version)
    if found is None:
        raise problems.not_found("version of the taxonomy", "path/version")
    return found


@router.get(
    "/complaints/{complaint_id}/coding",
    response_model=CodingsShown,
    response_model_exclude_none=True,
    summary="Read the coding of a complaint, with its history",
    responses=problems.documented(404) | TAGGED,
)
async def read_coding(
    complaint_id: ComplaintId, who: Annotated[Principal, may("complaints:read")], ctx: Ctx, response: Response
) -> CodingsShown:
    """What is in force, what waits for a review, and all that was coded before. Its ETag goes into `If-Match`."""
    async with ctx.database.reading() as connection:
        codings = (await load(connection, [complaint_id]))[complaint_id]
    _must_exist(codings)
    response.headers["ETag"] = etag.tag(codings.version)
    return _shown(codings)


@router.put(
    "/complaints/{complaint_id}/coding",
    response_model=CodingsShown,
    summary="Code a complaint, or correct its coding",
    responses=problems.documented(404, 409, 412, 422),
)
async def code_complaint(
    complaint_id: ComplaintId,
    wanted: NewCoding,
    who: Annotated[Principal, may("complaints:code")],
    editing: Editing,
) -> Response:
    """Nothing is overwritten: a correction is a further coding. `customer_strategy` needs evidence, and waits
    until somebody else approves it."""
    codes = [TaxonomyCode(**code.model_dump()) for code in wanted.codes]

    async def work(transaction: Transaction) -> Answer:
        codings = await _held(transaction, complaint_id, editing)
        _must_be_version(wanted.taxonomy_version)
        _, opposed = await orientation(transaction.connection, wanted.taxonomy_version)
        try:
            codings.code(
                taxonomy.versions(),
                opposed,
                wanted.taxonomy_version,
                codes,
                wanted.values,
                wanted.reason,
                wanted.evidence,
                who.id,
                clock.now(),
            )
        except Misfit as no:
            detail = f"{no.english} {no.chinese}"
            raise problems.invalid("The coding does not fit", detail, field=no.field) from None
        await save_one(store, transaction, codings)
        return _answer(codings)

    return await editing.once_tagged(who.id, work)


@router.post(
    "/complaints/{complaint_id}/coding/review",
    response_model=CodingsShown,
    summary="Approve or refuse a coding that waits for a review",
    responses=problems.documented(403, 404, 409, 412),
)
async def review_coding(
    complaint_id: ComplaintId,
    said: NewReview,
    who: Annotated[Principal, may("complaints:code")],
    editing: Editing,
) -> Response:
    """By a second person, who has read the evidence. Refused, the coding before stays in force."""

    async def work(transaction: Transaction) -> Answer:
        codings = await _held(transaction, complaint_id, editing)
        try:
            codings.review(said.number, said.approved, said.note, who.id, clock.now())
        except OwnCoding:
            raise Problem(
                403,
                "forbidden",
                "A second person must review it",
                "You coded it yourself; ask somebody else. 不能复核自己的编码，请由他人复核。",
                field="header/Authorization",
            ) from None
        await save_one(store, transaction, codings)
        return _answer(codings)

    return await editing.once_tagged(who.id, work)


async def _held(transaction: Transaction, complaint_id: UUID, editing: Edit) -> Codings:
    codings = await load_one(store, transaction, complaint_id)
    _must_exist(codings)
    editing.must_match(codings.version, "coding", "编码")
    return codings


def _must_be_version(version: int) -> None:
    if version not in taxonomy.versions():
        raise problems.invalid(
            "No such version of the taxonomy",
            "`/taxonomies` lists the versions. 没有该版本的分类表。",
            field="body/taxonomy_version",
        )


def _must_exist(codings: Codings) -> None:
    if not codings.exists:
        raise found.unknown()


def _answer(codings: Codings) -> Answer:
    return Answer(200, to_json(_shown(codings), exclude_none=True))


def _shown(codings: Codings) -> CodingsShown:
    def show(coding: Coding) -> CodingShown:
        review = codings.reviews.get(coding.number)
        return CodingShown(
            number=coding.number,
            taxonomy_version=coding.taxonomy_version,
            codes=[Code(**code.model_dump()) for code in coding.codes],
            values=list(coding.value_labels),
            reason=mask(coding.reason, codings.known),
            evidence=mask(coding.evidence, codings.known) if coding.evidence else None,
            needs_review=coding.needs_review,
            coded_by=coding.coded_by,
            coded_at=coding.coded_at,
            review=ReviewShown(
                approved=review.approved,
                note=mask(review.note, codings.known),
                reviewed_by=review.reviewed_by,
                reviewed_at=review.reviewed_at,
            )
            if review
            else None,
        )

    in_force, waiting = codings.in_force, codings.waiting
    return CodingsShown(
        version=codings.version,
        in_force=show(in_force) if in_force else None,
        waiting=show(waiting) if waiting else None,
        history=[show(coding) for coding in codings.all],
    )
