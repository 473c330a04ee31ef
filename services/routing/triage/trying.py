"""HTTP in: triage rules are tried on past complaints before they are switched on."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.books import BOOKS
from services.routing.schemas import Body
from services.routing.triage.lessons import Head
from services.routing.triage.opinion import Opinion
from services.routing.triage.rules import RULES, TriageRules
from services.routing.triage.told import Told
from services.routing.triage.trial import Outcome, Past, Trial
from shared import driver, problems
from shared.auth import Principal, may
from shared.database import sql
from shared.events.vocabulary import Severity
from shared.pages import WrittenMoment
from shared.problems import Problem
from shared.rulebooks import store as rulebooks
from shared.rulebooks.model import SHIPPED, Books
from shared.service import Ctx, api_router

router = api_router(tags=["rulebooks"])

MOST = 10_000
_PIECE = 250
"""Complaints between which others have their turn."""


class TrialWanted(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 0, "since": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}]
        }
    )

    content: TriageRules | None = None
    """The rules to try; or name a version."""
    version: Annotated[int, Field(ge=SHIPPED, le=1_000_000)] | None = None
    since: WrittenMoment
    """Complaints that were registered from then on ..."""
    until: WrittenMoment
    """... and before then."""
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST
    """At most so many, the newest."""
    shown: Annotated[int, Field(ge=0, le=500)] = 100
    """At most so many changes are named."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.content is None) == (self.version is None):
            raise ValueError("give the content or the number of a version 请提供规则内容或版本号，二者择一")
        if self.since >= self.until:
            raise ValueError("since must be before until 起始时间须早于结束时间")
        return self


class OutcomeShown(BaseModel):
    category: str | None
    """None: a person would have to decide."""
    severity: str
    department: str | None


class ChangeShown(BaseModel):
    complaint_id: UUID
    registered_at: datetime
    before: OutcomeShown
    after: OutcomeShown


class Counts(BaseModel):
    before: int
    after: int


class TrialReport(BaseModel):
    """What the change would have done."""

    looked_at: int
    changed: int
    more: bool
    """The period has more complaints than were looked at."""
    referred: Counts
    """Those that a person would have to decide."""
    categories: dict[str, Counts]
    severities: dict[str, Counts]
    departments: dict[str, Counts]
    """Those that a rule or the classifier names; the others go to whoever is responsible for the category."""
    rules: dict[str, Counts]
    """How often each spoke."""
    changes: list[ChangeShown]
    """The newest."""


@router.post(
    "/rulebooks/triage-rules/trial",
    summary="Try triage rules on past complaints",
    responses=problems.documented(404, 422),
)
async def try_triage_rules(
    wanted: TrialWanted, who: Annotated[Principal, may("rulebooks:write")], ctx: Ctx
) -> TrialReport:
    """Decides past complaints by the rules in force and by those to be tried, and compares. Nothing is changed.

    The classifier says of category, severity and department what it said when they came. What is not kept is left
    out: how probable it held a danger (so neither side counts a danger that only the classifier heard). Complaints
    whose customer was erased are left out.
    """
    async with ctx.database.reading() as connection:
        in_force = await rulebooks.load_books(connection, *BOOKS)
        proposed = wanted.content
        if wanted.version is not None:
            proposed = await rulebooks.content_of(connection, RULES, wanted.version)
        if proposed is None:
            raise Problem(
                404,
                "not-found",
                "No such version of the triage rules",
                "`/rulebooks/triage-rules/versions` lists them. 没有这一版分诊规则。",
                field="body/version",
            )
        version = in_force.version(RULES) if wanted.version is None else wanted.version
        books = Books({**in_force.in_force, RULES.kind: (version, proposed)})
        trial = Trial(in_force, books, wanted.shown)
        more = await _run(trial, connection, wanted)
    return _report(trial, more)


_PAST = sql(
    "SELECT d.complaint_id, d.registered_at, t.told, r.model_version, r.answers "
    "FROM dispatches d JOIN told t ON t.complaint_id = d.complaint_id "
    "CROSS JOIN LATERAL (SELECT max(model_version) AS model_version, "
    "jsonb_object_agg(head, answer) FILTER (WHERE answer IS NOT NULL) AS answers "
    "FROM reviews WHERE complaint_id = d.complaint_id) r "
    "WHERE d.registered_at >= :since AND (d.registered_at, d.complaint_id) < (:until, :before) "
    "AND t.told IS NOT NULL ORDER BY d.registered_at DESC, d.complaint_id DESC LIMIT :limit"
)


async def _run(trial: Trial, connection: AsyncConnection, wanted: TrialWanted) -> bool:
    """Returns whether there are more than were looked at."""
    until, before = wanted.until, UUID(int=0)
    while True:
        left = wanted.limit - trial.looked_at
        parameters = {"since": wanted.since, "until": until, "before": before, "limit": min(left, _PIECE) + 1}
        rows = (await driver.run(connection, _PAST, parameters)).mappings().all()
        piece = rows[: min(left, _PIECE)]
        await asyncio.to_thread(lambda rows: trial.run(map(_past, rows)), piece)
        if len(rows) == len(piece) or len(piece) == left:
            return len(rows) > len(piece)
        until, before = piece[-1]["registered_at"], piece[-1]["complaint_id"]


def _past(row: Mapping[Any, Any]) -> Past:
    return Past(row["complaint_id"], row["registered_at"], Told.model_validate(row["told"]), _opinion(row))


def _opinion(row: Mapping[Any, Any]) -> Opinion | None:
    """What was kept of what the classifier said; None when it was not asked."""
    if row["model_version"] is None:
        return None
    answers: dict[str, str] = row["answers"] or {}
    severity = answers.get(Head.SEVERITY)
    return Opinion(
        row["model_version"],
        category=answers.get(Head.CATEGORY),
        severity=Severity(severity) if severity else None,
        department=answers.get(Head.DEPARTMENT),
    )


def _report(trial: Trial, more: bool) -> TrialReport:
    categories = _counts(trial, "category")
    departments = _counts(trial, "department")
    departments.pop("", None)
    return TrialReport(
        looked_at=trial.looked_at,
        changed=trial.changed,
        more=more,
        referred=categories.pop("", Counts(before=0, after=0)),
        categories=categories,
        severities=_counts(trial, "severity"),
        departments=departments,
        rules={
            name: Counts(before=trial.before.fired[name], after=trial.after.fired[name])
            for name in sorted(trial.before.fired.keys() | trial.after.fired.keys())
        },
        changes=[
            ChangeShown(
                complaint_id=change.past.complaint_id,
                registered_at=change.past.registered_at,
                before=_shown(change.before),
                after=_shown(change.after),
            )
            for change in trial.shown
        ],
    )


def _counts(trial: Trial, name: str) -> dict[str, Counts]:
    before, after = trial.before.outcomes[name], trial.after.outcomes[name]
    return {
        value: Counts(before=before[value], after=after[value])
        for value in sorted(before.keys() | after.keys())
    }


def _shown(outcome: Outcome) -> OutcomeShown:
    return OutcomeShown(**outcome._asdict())
