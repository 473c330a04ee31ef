"""HTTP in: the measures, their catalogue, the complaints behind them, and files of them."""

import asyncio
from enum import StrEnum
from typing import Annotated

from fastapi import Query, Response

from services.insights.measures import asking, files
from services.insights.measures.asking import Question
from services.insights.measures.behind import router as behind
from services.insights.measures.book import MEASURE_TARGETS
from services.insights.measures.catalogue import MEASURES
from services.insights.measures.chain import router as chain
from services.insights.measures.people import router as people
from services.insights.measures.recurrence import router as recurrence
from services.insights.measures.schemas import Catalogue, CatalogueEntry, Measures, Name
from services.insights.ranges import Reader
from shared import problems
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["measures"])
for part in (people, recurrence, chain, behind):
    router.include_router(part)


@router.get("/measures/catalogue", summary="What is measured", responses=problems.documented())
async def read_catalogue(who: Reader, ctx: Ctx) -> Catalogue:
    """Every measure with its formula in words, its unit and which way is better; with its targets, who answers for it,
    and what others reach, by the rulebook `measure-targets`."""
    async with ctx.database.reading() as connection:
        books = await load_books(connection, MEASURE_TARGETS)
    targets = books.read(MEASURE_TARGETS)
    items = []
    for m in MEASURES:
        general = targets.target_of(m.id, {})
        items.append(
            CatalogueEntry(
                id=m.id,
                name=Name(**m.name),
                formula=m.formula,
                unit=m.unit,
                direction=m.direction,
                target=general.target if general else None,
                warning=general.warning if general else None,
                owner=general.owner if general else None,
                special_targets=[
                    each for each in targets.targets if each.measure == m.id and each is not general
                ],
                benchmarks=targets.benchmarks_of(m.id),
                beside=list(m.beside),
                requirement=m.requirement,
            )
        )
    return Catalogue(items=items, targets_version=books.version(MEASURE_TARGETS))


@router.get(
    "/measures",
    summary="The measures of a range of days",
    response_model=Measures,
    responses=problems.documented(),
)
async def read_measures(question: Question, ctx: Ctx) -> Response:
    """Values, targets and whether they are met, for the whole or by group, of all or of what is held.

    Answered from sums per day: the cost depends on the length of the range and the number of groups, not on
    the number of complaints. Handling times, handling rate and conversion follow the complaints *received* in
    the range up to now; closings, satisfaction, triage, surveys and promises count on the day they happened.
    Of single people only whoever oversees them is told (scope `appeals:oversee`); compare them by
    `/measures/people`, which minds what each of them had to handle.
    """
    async with ctx.database.reading() as connection:
        answered = await asking.answer(connection, question)
    content = await asyncio.to_thread(answered.as_json)
    return Response(content, media_type="application/json")


class MeasuresFormat(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


MEDIA_TYPES = {
    MeasuresFormat.CSV: "text/csv; charset=utf-8",
    MeasuresFormat.JSON: "application/json",
    MeasuresFormat.PARQUET: "application/vnd.apache.parquet",
}
MOST_ROWS = 500_000


@router.get(
    "/measures/export",
    response_class=Response,
    summary="The measures as a file",
    responses=problems.documented()
    | {
        200: {
            "description": "The file, to be saved under the name that comes with it",
            "content": {kind.partition(";")[0]: {} for kind in MEDIA_TYPES.values()},
        }
    },
)
async def export_measures(
    question: Question,
    ctx: Ctx,
    form: Annotated[
        MeasuresFormat, Query(alias="format", description="csv, json or parquet.")
    ] = MeasuresFormat.CSV,
    bom: Annotated[bool, Query(description="Begin the CSV so that Excel reads it as UTF-8.")] = False,
) -> Response:
    """What `/measures` answers to the same question, one row per group and measure. In CSV, text with which a
    spreadsheet would begin to calculate has an apostrophe before it."""
    async with ctx.database.reading() as connection:
        answered = await asking.answer(connection, question)
    if len(answered.groups) * len(MEASURES) > MOST_ROWS:
        detail = (
            f"The file would have more than {MOST_ROWS} rows: ask for a shorter range. 文件过大，请缩短范围。"
        )
        raise problems.invalid("The file would be too large", detail, field="query/from")
    match form:
        case MeasuresFormat.CSV:
            content = await asyncio.to_thread(files.as_csv, answered, bom=bom)
        case MeasuresFormat.JSON:
            content = await asyncio.to_thread(files.as_json, answered)
        case MeasuresFormat.PARQUET:
            content = await asyncio.to_thread(files.as_parquet, answered)
    name = f"measures-{question.first}-{question.last}-{question.by}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)
