"""What callers see of a case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.resolution.clocks.views import ClocksView
from services.resolution.fairness.record import Hearing
from services.resolution.judgement import Need, Origin
from services.resolution.lifecycle import (
    LIFECYCLE,
    Action,
    State,
    Subject,
    WaitingFor,
    Words,
    why_not,
)
from services.resolution.timeline import TITLES, Kind, Reader
from shared.events.fairness import Clearing
from shared.events.vocabulary import Emotion, Money, Outcome, Remedy, Severity, Visibility


class View(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)


class Bilingual(View):
    en: str
    zh: str

    @classmethod
    def of(cls, words: Words) -> "Bilingual":
        return cls(en=words.en, zh=words.zh)


class PossibleAction(View):
    """Something that can be done to the case now."""

    action: Action
    """Last part of the path: `POST /cases/{id}/<action>`."""
    title: Bilingual
    leads_to: State


class ImpossibleAction(View):
    """Something that cannot be done now, and why."""

    action: Action
    title: Bilingual
    reason: Bilingual


class PromiseView(View):
    """The live promise."""

    promise_id: UUID
    made_at: datetime
    due_at: datetime
    """The customer hears from the company by this time, whatever the progress."""


class OfferView(View):
    offer_id: UUID
    round: int
    rank: int
    remedies: tuple[Remedy, ...]
    description: str
    value: Money | None = None
    solution: str | None = None
    """Its code in the rulebook of remedies, if it was suggested."""
    agreed: bool
    """Did the customer agree to this one?"""


class JudgementView(View):
    reason_sufficient: bool
    demand_reasonable: bool
    valid: bool
    cause: str | None = None
    """Why it happened."""
    impact: str | None = None
    """What it did to the customer."""
    origin: Origin | None = None
    """Where the cause lies. It is told to nobody, and never held against the customer."""
    needs: list[Need] = []
    """What the customer needs beside the thing itself."""


class ConsentView(View):
    """How the customer agreed to an offer."""

    offer_id: UUID
    via: str
    """`tracking`, `phone`, `email`, `counter`."""
    recorded_by: str
    """`customer` by tracking, else who recorded it."""
    at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "ConsentView | None":
        if row["agreed_via"] is None:
            return None
        return cls(
            offer_id=row["agreed_offer_id"],
            via=row["agreed_via"],
            recorded_by=row["agreed_by"],
            at=row["agreed_at"],
        )


class TimelineEntry(View):
    number: int
    """Counts the entries as they became known; the timeline is ordered by time."""
    at: datetime
    author: str
    """The caller's id, `customer` or `system`."""
    audience: Reader
    kind: Kind
    title: Bilingual
    text: str | None = None
    """In which words, or why. Masked by its shape (numbers, addresses): names that people write stay."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "TimelineEntry":
        kind = Kind(row["kind"])
        return cls(
            number=row["number"],
            at=row["at"],
            author=row["author"],
            audience=row["audience"],
            kind=kind,
            title=Bilingual.of(TITLES[kind][1]),
            text=row["text"],
        )


class CaseSummary(View):
    """A case in a list."""

    id: UUID
    version: int
    """Also the ETag: send it as If-Match with an action."""
    state: State
    reference: str
    registered_at: datetime
    category: str | None
    severity: Severity | None
    department: str | None
    handler_id: str | None
    handler_name: str | None
    outcome: Outcome | None
    leading_id: UUID | None
    """Of a merged case: the one that is worked instead."""
    visibility: Visibility | None
    """A public complaint closes only after it was answered in public."""
    grew_at: datetime | None
    """When it became more severe than it was, for the last time."""
    waiting_for: WaitingFor | None
    """Without whom it does not go on."""
    waits_since: datetime | None
    promise: PromiseView | None
    """Absent once the result was told, and while the case follows another one."""


class HandledUnderView(View):
    """By which rules the case was handled: versions, by code or kind."""

    policies: dict[str, int] | None
    """Written policies in force that concern the responsible department, as of the last assignment."""
    books_at_start: dict[str, int] | None
    """Rulebooks of resolution when the case was taken up; 0 is what Redress is shipped with."""
    books_at_end: dict[str, int] | None
    """The same when it was closed."""


class AccusedView(View):
    """A person whom the complaint is about."""

    person_id: str
    hearing: Hearing
    answer: str | None = None
    """Their side, masked: read it before you judge."""
    answer_by: datetime
    """While they are `asked`, nothing is judged before this time without a reason."""
    cleared_because: Clearing | None = None
    """It is not held against them."""


class CaseView(CaseSummary):
    """A case with all that is needed to work it."""

    handled_under: HandledUnderView

    judgement: JudgementView | None
    consent: ConsentView | None
    """Absent until the customer has agreed to an offer."""
    round: int
    """Rounds of offers so far."""
    offers: list[OfferView]
    """Those of the newest rounds, at most 40; the newest round first, the best offer first."""
    accused: list[AccusedView]
    result: str | None
    carried_out_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    withdrawn_at: datetime | None
    """When the customer withdrew the complaint: the case has ended without an outcome."""
    publicly_answered_at: datetime | None
    asked_whom: str | None
    """The colleague who is waited for."""
    chase_at: datetime | None
    """When they are chased."""
    clocks: ClocksView
    last_emotion: Emotion | None
    """The customer's, in the latest contact."""
    ended_negative: bool
    """It is closed, and the last emotion was negative at the closing or later."""
    trust_restored: bool | None
    """Does the customer trust the company again? None: they were not asked, or did not say."""
    problem_found: bool | None
    """Three separate facts of a closed case: was there a problem ..."""
    problem_solved: bool | None
    """... was it solved for this customer ..."""
    correction: str | None
    """... and what was corrected where it came from; absent while nothing was."""
    reopened: int
    """How often it was taken up again after its closing."""
    possible: list[PossibleAction]
    not_yet: list[ImpossibleAction]
    timeline: list[TimelineEntry]
    """The newest 100 entries, the oldest first; all of them: `GET /cases/{id}/timeline`."""


def possible_actions(case: Subject) -> list[PossibleAction]:
    return [
        PossibleAction(action=action, title=Bilingual.of(step.title), leads_to=step.to or case.state)
        for action, step in LIFECYCLE.items()
        if why_not(case, action) is None
    ]


def impossible_actions(case: Subject) -> list[ImpossibleAction]:
    return [
        ImpossibleAction(action=action, title=Bilingual.of(step.title), reason=Bilingual.of(reason))
        for action, step in LIFECYCLE.items()
        if (reason := why_not(case, action)) is not None
    ]
