"""The process as it runs: over HTTP, from steps that the log tells in any order; and what a tool for mining gets."""

import csv
import io
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.insights.app import service
from services.insights.journeys.handlers import reactions
from services.insights.journeys.model import (
    MOST_IN_VARIANT,
    MOST_STEPS,
    Journey,
    Sums,
    contributions,
    variant,
)
from services.insights.journeys.steps import Step
from services.insights.journeys.store import SUMS, journeys, rows_of
from services.insights.model import SLOW, Facts
from services.insights.model import contributions as sums_of
from shared.envelope import open_envelope
from shared.eventlog import Record
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseResumed,
    CaseWithdrawn,
    ComplaintAssigned,
    ComplaintMerged,
    ComplaintTriaged,
    Event,
    OfferAgreed,
    OffersMade,
    SolutionCarriedOut,
)
from shared.events.intake import ProductRef
from shared.events.resolution import Offer
from shared.events.routing import Decider
from shared.events.vocabulary import Money, Outcome, Remedy, Severity
from shared.ids import derived_id
from tests.insights_story import START, Told, interleaved, records, registered, stories
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture

PROCESS = "/insights/v1/process"
MONTH = {"from": "2026-03-05", "to": "2026-03-06"}
"""Answered for the whole month."""


async def feed(insights: Insights, given: Sequence[Record], size: int = 100) -> None:  # noqa: F811
    await insights.feed(given, size)


def way(
    number: int, *steps: str, category: str = "delivery", severity: Severity = Severity.GENERAL
) -> list[Told]:
    """The steps of a complaint, an hour apart."""
    complaint = derived_id("way", number)
    return [
        (at, _step(complaint, step, at, category, severity))
        for at, step in ((START + timedelta(hours=hours), step) for hours, step in enumerate(steps))
    ]


def _step(complaint: UUID, step: str, at: datetime, category: str, severity: Severity) -> Event:
    offer = Offer(
        offer_id=derived_id("offer", complaint),
        rank=1,
        remedies=(Remedy.REPAIR,),
        description="we repair it",
        value=Money(amount=Decimal("12.50"), currency="CNY"),
    )
    about = {"complaint_id": complaint}
    match step:
        case "registered":
            return registered(complaint, at, product=ProductRef(name="=kettle"))
        case "merged":
            return ComplaintMerged(**about, leading_id=derived_id("way", 0), merged_by="h1", merged_at=at)
        case "triaged":
            decided = {"decided_by": Decider.PERSON, "reasons": (), "triaged_at": at}
            return ComplaintTriaged.model_validate(
                about | {"category": category, "severity": severity} | decided
            )
        case "assigned":
            person = {"handler_id": "h1", "handler_name": "Li Na", "reasons": (), "assigned_at": at}
            return ComplaintAssigned.model_validate(about | {"department": "quality"} | person)
        case "accepted":
            return CaseAccepted(**about, handler_id="h1", accepted_at=at)
        case "offered":
            return OffersMade(**about, round=1, offers=(offer,), made_at=at)
        case "agreed":
            return OfferAgreed(**about, offer_id=offer.offer_id, agreed_at=at)
        case "carried_out":
            return SolutionCarriedOut(**about, result="done", carried_out_at=at)
        case "resumed":
            return CaseResumed(**about, resumed_at=at)
        case "withdrawn":
            return CaseWithdrawn(**about, in_time=True, withdrawn_at=at)
        case _:
            outcome = Outcome(step.removeprefix("closed_"))
            return CaseClosed(**about, outcome=outcome, closed_by="h1", closed_at=at)


WELL = (
    "registered",
    "triaged",
    "assigned",
    "accepted",
    "offered",
    "agreed",
    "carried_out",
    "closed_satisfied",
)
STORY = [
    *way(0, *WELL),
    *way(1, *WELL),
    *way(2, *WELL[:-1], "resumed", "carried_out", "closed_acceptable"),
    *way(3, "registered", "triaged", "assigned"),
    *way(4, "registered", "triaged", "withdrawn"),
    *way(5, "registered", "merged"),
]


@pytest.mark.requirement("002-10", "P-41")
async def test_the_funnel_says_how_far_they_come_and_where_they_stand(insights: Insights) -> None:  # noqa: F811
    await feed(insights, records(STORY))
    shown = (await insights.http.get(f"{PROCESS}/funnel", params=MONTH)).json()
    assert (shown["from"], shown["to"]) == ("2026-03-01", "2026-03-31")
    stages = {each["stage"]: each for each in shown["stages"]}
    assert [each["reached"] for each in shown["stages"]] == [5, 5, 4, 3, 3, 3, 3, 2]
    assert stages["triaged"]["waited"]["p50"] == pytest.approx(1, rel=0.05)
    assert stages["assigned"]["conversion"] == pytest.approx(4 / 5)
    assert stages["closed_satisfied"]["of_registered"] == pytest.approx(2 / 5)
    assert (stages["assigned"]["waiting"], stages["triaged"]["left"], stages["carried_out"]["left"]) == (
        1,
        1,
        1,
    )
    assert sum(each["waiting"] + each["left"] for each in shown["stages"]) == 5 - 2
    later = (
        await insights.http.get(f"{PROCESS}/funnel", params={"from": "2026-04-01", "to": "2026-04-02"})
    ).json()
    assert [each["conversion"] for each in later["stages"]] == [None] * 8


@pytest.mark.requirement("002-10", "P-41")
async def test_the_map_and_the_variants_show_the_loop(insights: Insights) -> None:  # noqa: F811
    await feed(insights, records(STORY))
    shown = (await insights.http.get(f"{PROCESS}/map", params=MONTH)).json()
    edges = {(each["source"], each["target"]): each for each in shown["edges"]}
    assert edges["registered", "triaged"]["taken"] == 5
    assert (edges["resumed", "carried_out"]["taken"], edges["resumed", "carried_out"]["again"]) == (1, 1)
    assert edges["resumed", "carried_out"]["waited"]["p50"] == pytest.approx(1, rel=0.05)
    nodes = {each["step"]: each for each in shown["nodes"]}
    assert (nodes["carried_out"]["taken"], nodes["carried_out"]["again"]) == (4, 1)
    assert nodes["registered"]["taken"] == 5
    found = (await insights.http.get(f"{PROCESS}/variants", params=MONTH | {"most": 1})).json()
    assert (found["complaints"], found["variants"], found["reworked"]) == (4, 3, 1)
    [most] = found["items"]
    assert (most["steps"], most["complaints"], most["share"], most["again"]) == (list(WELL), 2, 0.5, False)


@pytest.mark.requirement("P-41")
async def test_the_log_goes_to_tools_as_csv_and_xes(
    insights: Insights,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.insights.journeys.questions.PAGE", 2)
    await feed(insights, records(STORY))
    span = {"from": "2026-03-01", "to": "2026-03-31"}
    written = await insights.http.get(f"{PROCESS}/log", params=span)
    assert written.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(written.text)))
    expected = Counter(
        str(event.complaint_id) for _, event in STORY if not isinstance(event, ComplaintMerged)
    )
    del expected[str(derived_id("way", 5))]
    assert Counter(row["case:concept:name"] for row in rows) == expected
    one = [row for row in rows if row["case:concept:name"] == str(derived_id("way", 0))]
    assert [row["concept:name"] for row in one] == list(WELL)
    assert datetime.fromisoformat(one[1]["time:timestamp"]) == START + timedelta(hours=1)
    assert {row["case:product"] for row in rows} == {"'=kettle"}, "no spreadsheet may take it for a formula"
    xes = await insights.http.get(f"{PROCESS}/log", params=span | {"format": "xes"})
    root = ElementTree.fromstring(xes.text.encode())
    space = {"x": "http://www.xes-standard.org/"}
    traces = root.findall("x:trace", space)
    steps = {
        trace.find("x:string[@key='concept:name']", space).get("value"): [  # type: ignore[union-attr]
            event.find("x:string", space).get("value")  # type: ignore[union-attr]
            for event in trace.findall("x:event", space)
        ]
        for trace in traces
    }
    assert steps[str(derived_id("way", 0))] == list(WELL)
    assert len(traces) == 5
    outside = await insights.http.get(f"{PROCESS}/log", params={"from": "2026-01-01", "to": "2026-01-31"})
    assert len(outside.text.splitlines()) == 1
    refused = await insights.http.get(f"{PROCESS}/log", params={"from": "2024-01-01", "to": "2026-01-31"})
    assert refused.json()["errors"][0]["field"] == "query/from"


@pytest.mark.requirement("P-41")
async def test_whoever_may_not_read_measures_reads_no_process(insights: Insights) -> None:  # noqa: F811
    for path in ("funnel", "map", "variants", "log"):
        assert (await insights.stranger.get(f"{PROCESS}/{path}")).status_code == 403


async def test_in_any_order_and_with_repetitions_the_tables_are_the_same(insights: Insights) -> None:  # noqa: F811
    """And they are what the pure rules give for all that was told."""
    told = records(stories(40, seed=3))
    await feed(insights, told, 7)
    first = await snapshot(insights)
    known: dict[UUID, Journey] = {}
    for record in told:
        received = open_envelope(record)
        if reactions.answers(received.wire_type):
            i = received.event.complaint_id
            reactions.react(known.setdefault(i, Journey(id=i)), received)
    total: Sums = Counter()
    for journey in known.values():
        total.update(contributions(journey))
    assert {name: len(rows) for name, rows in first.items() if name != "journeys"} == {
        SUMS[name].name: len(rows) for name, rows in rows_of(total).items()
    }
    assert sum(row[-1] for row in first["journey_edges"]) == sum(
        len(j.steps) - 1 for j in known.values() if j.steps
    )
    async with insights.context.database.transaction() as transaction:
        for table in (journeys, *SUMS.values()):
            await transaction.execute(table.delete())
        await transaction.execute(service.metadata.tables["inbox"].delete())
    mixed = interleaved(told, Random(5), 9)
    await feed(insights, mixed, 11)
    await feed(insights, mixed, 50)
    assert await snapshot(insights) == first


async def snapshot(insights: Insights) -> dict[str, list[tuple[Any, ...]]]:  # noqa: F811
    return {
        table.name: await insights.rows(
            f"SELECT * FROM {table.name} ORDER BY {', '.join(c.name for c in table.primary_key)}"
        )
        for table in (journeys, *SUMS.values())
    }


def test_what_one_topic_tells_of_one_moment_stays_in_its_order() -> None:
    journey = Journey(id=derived_id(1), registered_at=START)
    for step in (Step.REGISTERED, Step.SATISFIED, Step.RESUMED, Step.CARRIED_OUT, Step.ACCEPTABLE):
        journey.take(step, START)
    journey.take(Step.TRIAGED, START)
    assert journey.steps == [
        *("registered", "triaged", "closed_satisfied", "resumed", "carried_out", "closed_acceptable")
    ]
    assert journey.handled_in == 0


def test_the_result_counts_from_the_newest_solution() -> None:
    journey = Journey(id=derived_id(1), registered_at=START)
    for hours, step in enumerate((Step.REGISTERED, Step.CARRIED_OUT, Step.SATISFIED, Step.REOPENED)):
        journey.take(step, START + timedelta(hours=hours))
    assert journey.handled_in is None
    journey.take(Step.ACCEPTABLE, START + timedelta(hours=9))
    assert journey.handled_in == 9 * 3600
    journey.take(Step.CARRIED_OUT, START + timedelta(hours=7))
    assert journey.handled_in == 7 * 3600


def test_a_result_is_slow_by_the_same_second_as_in_the_measures() -> None:
    """Parts of a second do not count."""
    done = START + timedelta(seconds=SLOW, milliseconds=500)
    journey = Journey(id=derived_id(1), registered_at=START, kind="complaint")
    journey.take(Step.REGISTERED, START)
    journey.take(Step.SATISFIED, done)
    facts = Facts(id=journey.id, registered_at=START, kind="complaint", closed_at=done, outcome="satisfied")
    counted = {what for _, _, what in sums_of(facts)}
    tallied = {key[-1] for key in contributions(journey) if key[0] == "tallies"}
    assert (tallied, "closed_slowly" in counted) == ({False}, False)


def test_an_endless_story_is_bounded() -> None:
    journey = Journey(id=derived_id(1))
    for hours in range(MOST_STEPS + 20):
        journey.take(Step.RESUMED, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
    assert len(journey.steps) == len(journey.times) == MOST_STEPS
    assert variant(journey.steps).count("resumed") == MOST_IN_VARIANT
    assert len(variant(journey.steps).encode()) < 2000, "it is the key of an index"
