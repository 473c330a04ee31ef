"""How the classifier does: read for people, who see whether it keeps its promise."""

from datetime import UTC, date, datetime, timedelta

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.triage.learned import PROMISES
from services.routing.triage.learner import LearnerSettings
from services.routing.triage.lessons import Head
from services.routing.triage.mind import Mind
from shared import driver
from shared.database import sql

WEEKS = 26


class SnapshotShown(BaseModel):
    """A state of the classifier, as it was stored."""

    number: int
    version: str
    made_at: datetime


class Calibration(BaseModel):
    """What may be promised of one head."""

    head: Head
    labels: list[str]
    """What it can tell apart."""
    lessons: int
    """In force, of people's corrections."""
    settled: int
    """Of those, the ones that stood until the case was closed; each counts threefold."""
    reviewed: int
    """Cases with a known truth that the promise rests on."""
    temperature: float | None = None
    calibration_error: float | None = None
    """Expected calibration error over the reviewed cases, 0 to 1."""
    decides: bool
    """Whether anything is decided without a person."""
    thresholds: dict[str, float]
    """By label: the probability from which it is decided; a label that is missing is never."""


class Week(BaseModel):
    """Categories of the complaints that were registered in a week and that the rules could not tell."""

    week: date
    """Its Monday, UTC."""
    asked: int
    decided: int
    """What the classifier was sure enough of."""
    coverage: float | None = None
    """Share that it decided."""
    known: int
    """Of those it decided, the ones of which is known what is right."""
    wrong: int
    realised_error: float | None = None
    """Share of the known that is wrong; to be compared with the promised error."""


class ModelReport(BaseModel):
    """Champion and challenger, what they learned, and whether the promise is kept."""

    version: str
    """Of the classifier as it decides now: snapshot and lessons since."""
    settings_version: int
    """Of the rulebook `triage-model`."""
    promised_error: float
    champion: SnapshotShown | None = None
    """Left out while it is the one that Redress is shipped with."""
    challenger: SnapshotShown | None = None
    heads: list[Calibration]
    weeks: list[Week]
    """The newest first, at most 26."""


_SNAPSHOTS = sql("SELECT role, number, model_version, made_at FROM snapshots WHERE role <> 'retired'")
_LESSONS = sql(
    "SELECT head, count(*) AS lessons, count(*) FILTER (WHERE settled) AS settled FROM lessons GROUP BY head"
)
_PROMISES = sql("SELECT head, promise FROM calibrations")
_WEEKS = sql(
    "SELECT date_trunc('week', judged_at, 'UTC') AS week, count(*) AS asked, count(answer) AS decided, "
    "count(*) FILTER (WHERE answer IS NOT NULL AND truth IS NOT NULL) AS known, "
    "count(*) FILTER (WHERE answer <> truth) AS wrong "
    "FROM reviews WHERE head = 'category' AND counted AND judged_at > :since GROUP BY 1 ORDER BY 1 DESC"
)


async def report(
    connection: AsyncConnection, mind: Mind, settings: LearnerSettings, settings_version: int, now: datetime
) -> ModelReport:
    kept = {
        row.role: SnapshotShown(number=row.number, version=row.model_version, made_at=row.made_at)
        for row in (await driver.run(connection, _SNAPSHOTS, {})).all()
    }
    since = {"since": now - timedelta(weeks=WEEKS)}
    weeks = (await driver.run(connection, _WEEKS, since)).all()
    return ModelReport(
        version=mind.champion.classifier.version,
        settings_version=settings_version,
        promised_error=settings.promised_error,
        champion=kept.get("champion"),
        challenger=kept.get("challenger"),
        heads=await _heads(connection, mind, settings),
        weeks=[
            Week(
                week=row.week.astimezone(UTC).date(),
                asked=row.asked,
                decided=row.decided,
                coverage=row.decided / row.asked,
                known=row.known,
                wrong=row.wrong,
                realised_error=row.wrong / row.known if row.known else None,
            )
            for row in weeks
        ],
    )


async def _heads(connection: AsyncConnection, mind: Mind, settings: LearnerSettings) -> list[Calibration]:
    taught = {row.head: row for row in (await driver.run(connection, _LESSONS, {})).all()}
    promises = {
        row.head: PROMISES.validate_python(row.promise)
        for row in (await driver.run(connection, _PROMISES, {})).all()
    }
    shown = []
    for head in Head:
        asked, promise, lessons = (
            mind.champion.classifier.heads.get(head),
            promises.get(head),
            taught.get(head),
        )
        labels = asked.classes if asked else []
        enough = promise is not None and promise.reviewed >= settings.least_reviewed
        thresholds = {label: promise.needs(label) for label in labels} if promise and enough else {}
        reachable = {label: needs for label, needs in thresholds.items() if needs <= 1.0}
        shown.append(
            Calibration(
                head=head,
                labels=labels,
                lessons=lessons.lessons if lessons else 0,
                settled=lessons.settled if lessons else 0,
                reviewed=promise.reviewed if promise else 0,
                temperature=promise.temperature if promise else None,
                calibration_error=promise.calibration_error if promise else None,
                decides=settings.decides and bool(reachable),
                thresholds=reachable,
            )
        )
    return shown
