"""Who must learn what: from the events of cases to a need that routing keeps."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from services.insights.rebuild import READ_TABLES
from services.insights.training.finding import Finder
from shared import clock
from shared.eventlog import Record
from shared.events import (
    CaseAccepted,
    CaseReopened,
    CaseResumed,
    ComplaintAssigned,
    ComplaintTriaged,
    ImprovementJoined,
    PromiseBroken,
    ReplyFlagged,
    SurveyAnswered,
)
from shared.events.routing import Decider
from shared.events.surveys import AnsweredBy, SurveyAbout, SurveyAnswer, SurveyMeasure
from shared.events.vocabulary import Severity
from shared.ids import derived_id
from tests.insights_story import START, Told, interleaved, ordered_id, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.world import World, eventually

NOW = START + timedelta(days=40)
URL = "/insights/v1/training-needs"


def case(number: int, handler: str, *lapsed: str, department: str = "quality") -> list[Told]:
    """An accepted case of one of two categories and severities, with these lapses."""
    at = START + timedelta(minutes=number)
    i = ordered_id(at, "training", number)
    told: list[Told] = [
        (at, registered(i, at)),
        (
            at,
            ComplaintTriaged(
                complaint_id=i,
                category=("late_delivery", "appearance")[number % 2],
                severity=(Severity.GENERAL, Severity.MAJOR)[number % 2],
                decided_by=Decider.RULES,
                reasons=(),
                triaged_at=at,
            ),
        ),
        (
            at,
            ComplaintAssigned(
                complaint_id=i,
                department=department,
                handler_id=handler,
                handler_name="Li",
                reasons=(),
                assigned_at=at,
            ),
        ),
        (at, CaseAccepted(complaint_id=i, handler_id=handler, accepted_at=at)),
    ]
    for each in lapsed:
        at += timedelta(hours=1)
        told.append((at, _LAPSES[each](i, at, handler)))
    return told


_LAPSES: dict[str, Any] = {
    "promise": lambda i, at, who: PromiseBroken(
        complaint_id=i, promise_id=derived_id("p", i), handler_id=who, broken_at=at
    ),
    "waiting": lambda i, at, who: PromiseBroken(
        complaint_id=i, promise_id=derived_id("p", i), handler_id=who, waiting_for_customer=True, broken_at=at
    ),
    "resumed": lambda i, at, who: CaseResumed(complaint_id=i, resumed_at=at),
    "reopened": lambda i, at, who: CaseReopened(complaint_id=i, reopened_by="customer", reopened_at=at),
    "flagged": lambda i, at, who: ReplyFlagged(
        complaint_id=i, written_by="zhang.wei", families={"blame": 1}, heaviest=2, flagged_at=at
    ),
    "back": lambda i, at, who: ImprovementJoined(
        complaint_id=i, improvement_id=derived_id("x", i), recurrence=True, joined_by=who, joined_at=at
    ),
    "rated": lambda i, at, who: SurveyAnswered(
        complaint_id=i,
        survey_id=derived_id("s", i),
        questionnaire="result",
        questionnaire_version=0,
        about=SurveyAbout.CASE,
        by=AnsweredBy.LINK,
        answers=(SurveyAnswer(question="q", measure=SurveyMeasure.SATISFACTION, value=1),),
        complete=True,
        answered_at=at,
    ),
}


async def feed(to: Insights, given: Sequence[Record], size: int = 200) -> None:
    await to.feed(given, size)


def story() -> list[Told]:
    """Three people with the same cases, of whom Li Na breaks half of her promises, and Wei writes hurting replies."""
    told: list[Told] = []
    for number in range(120):
        handler = ("li.na", "wang.li", "zhang.wei")[number // 40]
        lapsed = []
        if handler == "li.na" and number % 2 == 0:
            lapsed.append("promise")
        if number % 20 == 1:
            lapsed += ["promise", "waiting"]
        if number % 3 == 0 and handler == "zhang.wei":
            lapsed.append("flagged")
        if number % 10 == 0:
            lapsed.append("resumed")
        told += case(number, handler, *lapsed)
    return told


async def look(of: Insights, days: int = 0) -> int:
    with clock.moved_to(lambda: NOW + timedelta(days=days)):
        return await Finder(of.context).turn()


@pytest.mark.requirement("002-15", "N-F")
async def test_who_lapses_more_often_than_others_with_such_cases_is_told_once_a_period(
    insights: Insights,  # noqa: F811
) -> None:
    given = records(story())
    await feed(insights, given)
    assert await look(insights) == 2
    assert await look(insights, days=1) == 0
    answer = await insights.http.get(URL)
    assert answer.status_code == 200, answer.text
    needs = {each["person_id"]: each for each in answer.json()["items"]}
    assert {who: (each["lapse"], each["about"], each["kind"]) for who, each in needs.items()} == {
        "li.na": ("promise_broken", "late_delivery", "service_idea"),
        "zhang.wei": ("reply_flagged", "appearance", "emotion_and_communication"),
    }
    li = needs["li.na"]
    assert (li["complaints"], li["cases"], li["since"]) == (22, 40, "2026-01-10")
    assert li["expected"] == pytest.approx(20 * 20 / 60 + 20 * 6 / 60)
    assert 1 < li["ratio_low"] < li["ratio"] < li["ratio_high"]
    assert len(li["evidence"]) == 22
    published = await insights.rows("SELECT headers->>'ce_type' FROM outbox")
    assert published == [("redress.training.needed.v1",)] * 2
    only = (await insights.http.get(URL, params={"person_id": "li.na"})).json()["items"]
    assert [each["id"] for each in only] == [li["id"]]
    assert await look(insights, days=200) == 0, "what is long ago is not looked at"
    assert (await insights.stranger.get(URL)).status_code == 403


@pytest.mark.requirement("002-15")
async def test_a_department_learns_what_its_people_have_in_common(insights: Insights) -> None:  # noqa: F811
    told: list[Told] = []
    for number in range(120):
        late = number < 60 and number % 3 == 0
        told += case(
            number,
            f"person-{number % 60}",
            *(("back", "rated") if late else ()),
            department="logistics" if number < 60 else "quality",
        )
    await feed(insights, records(told))
    assert await look(insights) == 2
    items = (await insights.http.get(URL, params={"department": "logistics"})).json()["items"]
    assert {(each["lapse"], each["kind"], each["complaints"], each["cases"]) for each in items} == {
        ("cause_back", "types_and_causes", 20, 60),
        ("rated_badly", "emotion_and_communication", 20, 60),
    }


async def test_every_interleaving_gives_the_same_conduct(insights: Insights) -> None:  # noqa: F811
    told = [each for number in range(24) for each in case(number, "li.na", *list(_LAPSES)[: number % 7])]
    given = records(sorted(told, key=lambda pair: pair[0]))
    await feed(insights, given)
    before = await insights.rows("SELECT * FROM conduct ORDER BY id")
    assert len(before) == 24
    for seed in (1, 2):
        async with insights.context.database.transaction() as transaction:
            await transaction.execute(
                text(f"TRUNCATE inbox, {', '.join(table.name for table in READ_TABLES)}")
            )
        await insights.feed(interleaved(given, Random(seed), 3), 5)
        assert await insights.rows("SELECT * FROM conduct ORDER BY id") == before


@pytest.mark.empty_world
@pytest.mark.requirement("002-15", "003-01")
async def test_routing_keeps_the_need_that_insights_found(world: World) -> None:
    context = world.process.contexts["insights"]
    async with context.database.transaction() as transaction:
        for at, event in story():
            if isinstance(event, CaseAccepted):
                await transaction.execute(
                    text(
                        "INSERT INTO complaints (id, category, severity, accepted_at, offers_declined, assignments, "
                        "notices_acknowledged, notices_issued, offer_rounds, updates, follow_ups, resumed, "
                        "promises_made, promises_kept_at, promises_broken_at, messages_delivered, "
                        "messages_failed) VALUES "
                        "(:id, 'late_delivery', 'general', :at, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', 0, 0)"
                    ),
                    {"id": event.complaint_id, "at": clock.now() - timedelta(days=1)},
                )
                number = round((at - START).total_seconds() / 60)
                await transaction.execute(
                    text("INSERT INTO conduct VALUES (:id, :who, :lapses, :at, :people)"),
                    {
                        "id": event.complaint_id,
                        "who": event.handler_id,
                        "lapses": ["promise_broken"] * (number < 20),
                        "at": [clock.now()] * (number < 20),
                        "people": [""] * (number < 20),
                    },
                )
    assert await Finder(context).turn() == 1

    async def kept() -> list[dict[str, Any]]:
        answer = await world.http.get("/routing/v1/training/needs")
        assert answer.status_code == 200, answer.text
        return [each for each in answer.json()["items"] if each.get("person") == "li.na"]

    (need,) = await eventually(kept)
    assert (need["kind"], need["complaints"], len(need["evidence"])) == ("service_idea", 20, 20)


@pytest.mark.requirement("002-15")
async def test_needs_of_single_people_are_shown_to_those_who_oversee_them_only(insights: Insights) -> None:  # noqa: F811
    await feed(insights, records(story()))
    assert await look(insights) == 2
    everything = (await insights.http.get(URL)).json()["items"]
    people = [each for each in everything if each["person_id"] is not None]
    assert people
    seen = (await insights.reader.get(URL)).json()["items"]
    assert seen == [each for each in everything if each["person_id"] is None]
    refused = await insights.reader.get(URL, params={"person_id": people[0]["person_id"]})
    assert refused.status_code == 403
