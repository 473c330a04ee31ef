"""Looks on schedule for what complaints suggest to change. Any number of processes may run it; one at a time looks."""

from datetime import datetime, timedelta
from math import ceil

from services.insights.exact import share_interval
from services.insights.rounds import looking
from services.insights.suggestions.book import SUGGESTIONS, Suggestions
from services.insights.suggestions.evidence import Evidence, found
from services.insights.suggestions.model import Suggestion
from services.insights.suggestions.store import save
from services.insights.suggestions.wording import words
from shared import clock
from shared.events.vocabulary import Language
from shared.ids import derived_id
from shared.rulebooks.store import load_books
from shared.service import Context, repeat

PAUSE = 7200
"""Poll intervals between two looks: an hour as delivered."""


class SuggestionFinder:
    """Worker of insights."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        await repeat(self._context, PAUSE, self.turn)

    async def turn(self) -> int:
        """Look once. Returns how many suggestions are new."""
        async with looking(self._context, "suggestions") as transaction:
            if transaction is None:
                return 0
            books = await load_books(transaction.connection, SUGGESTIONS)
            rules, at = books.read(SUGGESTIONS), clock.now()
            since = at - timedelta(days=rules.window_days)
            seen = await found(transaction.connection, rules, since, at)
            made = [suggested(each, rules, books.version(SUGGESTIONS), at) for each in seen]
            new = [each for each in made if each is not None]
            for each in new:
                each.make()
            if new:
                await save(transaction, new)
        return len(new)


def suggested(evidence: Evidence, rules: Suggestions, version: int, at: datetime) -> Suggestion | None:
    """None where the rules suggest nothing of it: by its source, or because its share may be small."""
    kind = rules.kind(evidence.source, evidence.subject)
    low = high = None
    if evidence.cases is not None:
        low, high = share_interval(evidence.events, evidence.cases)
    if kind is None or (low is not None and low <= rules.permit_share_above):
        return None
    days = rules.window_days
    if evidence.ended_at is not None:
        days = min(days, max(1, ceil((at - evidence.ended_at) / timedelta(days=1))))
    said = words(
        evidence.source,
        evidence.subject,
        events=evidence.events,
        cases=evidence.cases,
        days=days,
    )
    return Suggestion(
        id=derived_id("suggestion", evidence.source, *evidence.subject, evidence.before),
        complaint_id=evidence.complaints[0],
        source=evidence.source,
        kind=kind,
        subject=evidence.subject,
        words_en=said[Language.EN],
        words_zh=said[Language.ZH],
        events=evidence.events,
        cases=evidence.cases,
        low=low,
        high=high,
        days=days,
        evidence=evidence.complaints,
        rules_version=version,
        made_at=at,
    )
