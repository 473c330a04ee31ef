"""HTTP in: what a text says. Nothing of it is kept."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from services.insights.cues.book import VALUES
from services.insights.cues.hearing import hear
from services.insights.cues.lexicon import common
from services.insights.cues.model import Cue, Finding, Remedy
from services.insights.cues.polarity import valence
from services.insights.cues.schemas import CueFinding, CueQuestion, CuesHeard, TouchedValue
from shared import problems
from shared.auth import Principal, may
from shared.events.vocabulary import Emotion
from shared.rulebooks.store import load_books
from shared.service import Ctx, api_router

router = api_router(tags=["cues"])


@router.post("/cues", summary="Hear what a text says", responses=problems.documented())
async def hear_cues(
    question: CueQuestion, who: Annotated[Principal, may("cases:read")], ctx: Ctx
) -> CuesHeard:
    """Which remedy is wished for and which is refused, with what emotion, what is threatened, what is dangerous, who
    wants to leave, what was disappointed and which values that touches, what more the customer would like. Each with
    the words that said so. For a console beside what a customer tells: the text is neither stored nor sent, and
    nothing follows from it by itself."""
    heard = await asyncio.to_thread(hear, question.text, question.language)
    async with ctx.database.reading() as connection:
        books = await load_books(connection, VALUES)
    orientation = books.read(VALUES)
    touched = orientation.touched(heard.facets)
    return CuesHeard(
        version=common().version,
        values_version=books.version(VALUES),
        text=question.text,
        polarity=heard.polarity,
        valence=valence(heard.polarity),
        remedies=[each for each in Remedy if each in heard.names(Cue.REMEDY)],
        refused=[each for each in Remedy if each in heard.refused],
        emotions=[each for each in Emotion if each in heard.names(Cue.EMOTION)],
        values=[
            TouchedValue(code=each.code, name_en=each.name_en, name_zh=each.name_zh)
            for each in orientation.values
            if each.code in touched
        ],
        findings=[_shown(finding) for finding in heard.findings],
    )


def _shown(finding: Finding) -> CueFinding:
    return CueFinding(**asdict(finding))
