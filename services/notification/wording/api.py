"""HTTP in: how a text will come across. Nothing of it is kept."""

import asyncio
from typing import Annotated

from services.notification.wording.schemas import ReplyChecked, ReplyDraft, ReplyFinding
from shared import problems, reply_check
from shared.auth import Principal, may
from shared.service import api_router

router = api_router(tags=["wording"])


@router.post(
    "/reply-check",
    summary="Check how a reply to a customer will come across",
    responses=problems.documented(),
)
async def check_reply(draft: ReplyDraft, who: Annotated[Principal, may("cases:work")]) -> ReplyChecked:
    """Command, control, criticism, blame, judging of the customer, excuses for oneself, and promises beyond what
    the writer can keep; each with the reason and a kinder way to say it. For a console that shows it while
    somebody writes: the text is neither stored nor sent, and nothing is blocked."""
    findings = await asyncio.to_thread(reply_check.check, draft.text, draft.language)
    return ReplyChecked(
        version=reply_check.version(),
        clean=not findings,
        heaviest=max((finding.weight for finding in findings), default=0),
        text=draft.text,
        findings=[ReplyFinding.of(finding) for finding in findings],
    )
