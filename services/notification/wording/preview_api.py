"""HTTP in: how a letter would read, and how one did."""

import asyncio
from typing import Annotated

from fastapi import Path
from jinja2 import TemplateError

from services.notification.contacts import Contacts
from services.notification.wording import previewing
from services.notification.wording.checking import faults
from services.notification.wording.declared import (
    Language,
    example,
)
from services.notification.wording.drafting import FIELD, come_across
from services.notification.wording.letter_text import Rendered
from services.notification.wording.schemas import InBoth
from services.notification.wording.templates_meant import (
    Name,
    Reader,
    book_of,
    books_in_force,
    draft_of,
    findings_shown,
)
from services.notification.wording.templates_schemas import (
    TemplateFault,
    TemplatePreview,
    TemplatePreviewed,
    WordingShown,
)
from shared import problems
from shared.auth import Principal
from shared.database import sql
from shared.reply_policy import REPLY_POLICY
from shared.service import Context, Ctx, api_router

router = api_router(tags=["templates"])

_WORDING = sql("SELECT * FROM wordings WHERE digest = :digest")


@router.post(
    "/templates/{name}/{language}/preview",
    summary="See how a letter would read",
    responses=problems.documented(404, 422),
)
async def preview_template(
    name: Name, language: Language, wanted: TemplatePreview, who: Reader, ctx: Ctx
) -> TemplatePreviewed:
    """With example values, or with those of a complaint or a delivery. The customer's name is shown to whoever may
    `customers:read`; their own link to nobody. A draft with faults is answered with them."""
    book_of(name, language)
    values = await _values(ctx, who, name, language, wanted)
    books = await books_in_force(ctx)
    draft = draft_of(books, name, language, wanted.source)
    wrong = await asyncio.to_thread(faults, draft)
    letter: Rendered | None = None
    if not wrong:
        try:
            letter = draft.render(values, ctx.settings.organisation)
        except TemplateError as error:
            raise problems.invalid("It cannot be rendered", f"{error} 无法生成。", field=FIELD) from None
    return TemplatePreviewed(
        subject=letter and letter.subject,
        short=letter and letter.short,
        text=letter and letter.body,
        html=letter and letter.html,
        faults=[TemplateFault(line=each.line, what=InBoth(en=each.en, zh=each.zh)) for each in wrong],
        findings=findings_shown(
            come_across(draft, [letter.subject, *letter.body.split("\n\n")], books.read(REPLY_POLICY))
            if letter
            else ()
        ),
    )


@router.get(
    "/wordings/{digest}",
    summary="Read the exact wording that a delivery had",
    responses=problems.documented(404),
)
async def read_wording(
    digest: Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="The delivery's `template_version`.")],
    who: Reader,
    ctx: Ctx,
) -> WordingShown:
    """The template with everything that all letters share, as it was in force; whatever was upgraded since."""
    async with ctx.database.reading() as connection:
        found = (await connection.execute(_WORDING, {"digest": digest})).mappings().one_or_none()
    if found is None:
        raise problems.not_found("wording", "path/digest")
    return WordingShown(**found)


async def _values(
    ctx: Context, who: Principal, name: str, language: Language, wanted: TemplatePreview
) -> dict[str, object]:
    complaint_id = wanted.complaint_id
    if complaint_id is None and wanted.delivery_id is None:
        return example(name, language)
    async with ctx.database.reading() as connection:
        if wanted.delivery_id is not None:
            complaint_id = await previewing.complaint_of(connection, name, wanted.delivery_id)
        assert complaint_id is not None
        values = await previewing.values_of(
            connection, name, language, complaint_id, wanted.delivery_id, ctx.settings.time_zone
        )
    if who.may("customers:read"):
        values["name"] = await previewing.real_name(ctx.part(Contacts), complaint_id)
    return values
