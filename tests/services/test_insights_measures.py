"""The catalogue of measures over HTTP: targets that people set, what customers lived through, drill-down, files."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import httpx
import pytest

from services.insights.app import service
from services.insights.durations import RELATIVE_ERROR
from services.insights.measures.book import MEASURE_TARGETS, MeasureTargets
from services.insights.measures.catalogue import BY_ID, MEASURES
from services.insights.measures.cells import cells_of
from services.insights.measures.model import Unit
from shared import clock
from shared.events import (
    CaseClosed,
    CaseEscalated,
    CaseReopened,
    CaseScored,
    CaseWithdrawn,
    ClockMissed,
    ComplaintAssigned,
    ComplaintMerged,
    ComplaintSupplemented,
    ComplaintTriaged,
    ContactHeld,
    CustomerTold,
    Event,
    NoticeAcknowledged,
    ProblemCorrected,
    SolutionCarriedOut,
    SurveyAnswered,
    TabooRaised,
    ValidityJudged,
)
from shared.events.clocks import Accountable, Clock
from shared.events.intake import ProductRef
from shared.events.listening import Taboo
from shared.events.routing import Decider
from shared.events.surveys import AnsweredBy, SurveyAbout, SurveyAnswer, SurveyMeasure
from shared.events.transfer import NOTICES
from shared.events.vocabulary import Audience, Channel, Emotion, Medium, Outcome, Severity
from shared.ids import derived_id
from shared.rulebooks import store as rulebooks
from tests.insights_story import START, Told, records, registered, stories
from tests.services.test_directory import account
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.world import World

SPAN = {"from": "2026-03-01", "to": "2026-06-30"}
URL = "/insights/v1/measures"


def case(number: int) -> UUID:
    return derived_id("measures", number)


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def survey(number: int, about: SurveyAbout, hours: float, **said: bool | int) -> Told:
    answers = tuple(
        SurveyAnswer(question=name, measure=SurveyMeasure(name.replace("_", "-")), value=value)
        for name, value in said.items()
    )
    answered = SurveyAnswered(
        complaint_id=case(number),
        survey_id=derived_id("survey", number, about),
        questionnaire="any",
        questionnaire_version=0,
        about=about,
        by=AnsweredBy.LINK,
        answers=answers,
        complete=True,
        answered_at=after(hours),
    )
    return after(hours), answered


def lived() -> list[Told]:
    """Four complaints. 0: solved at once, delighted. 1: minor, passed on, late, taken up again. 2: nobody has done
    anything, and its time is over. 3: the customer had to come back."""
    told: list[Told] = []

    def tell(hours: float, event: Any) -> None:
        told.append((after(hours), event))

    for n, emotion in ((0, Emotion.ANGRY), (1, Emotion.ANGRY), (2, Emotion.CALM), (3, None)):
        tell(0, registered(case(n), START, emotion=emotion, product=ProductRef(name="=kettle")))
        tell(
            0,
            ComplaintTriaged(
                complaint_id=case(n),
                category="delivery",
                severity=Severity.GENERAL if n else Severity.MAJOR,
                decided_by=Decider.RULES,
                reasons=(),
                triaged_at=START,
            ),
        )
        given = ComplaintAssigned(
            complaint_id=case(n),
            department="logistics" if n < 2 else "quality",
            handler_id="li",
            handler_name="Li",
            reasons=(),
            assigned_at=START,
        )
        tell(0, given)
    notice = {"complaint_id": case(0), "notice_id": derived_id("notice"), "severity": Severity.MAJOR}
    issued = NOTICES[Audience.LEADERSHIP](
        **notice,
        reason="triaged",
        fact_type="redress.complaint.triaged.v1",
        fact_id=case(0),
        issued_at=START,
        acknowledge_by=after(4),
    )
    tell(0, issued)
    del notice["severity"]
    tell(
        2,
        NoticeAcknowledged(
            **notice,
            audience=Audience.LEADERSHIP,
            acknowledged_by="chief",
            issued_at=START,
            acknowledged_at=after(2),
        ),
    )
    judged = ValidityJudged(
        complaint_id=case(0),
        reason_sufficient=True,
        demand_reasonable=True,
        explanation="",
        judged_at=after(2),
    )
    tell(2, judged)
    happy = ContactHeld(
        complaint_id=case(0),
        contact_id=derived_id("contact"),
        via="phone",
        emotion=Emotion.GRATEFUL,
        met=1,
        judged=1,
        held_by="li",
        held_at=after(3),
    )
    tell(3, happy)
    tell(30, CustomerTold(complaint_id=case(1), message="soon", told_at=after(30)))
    tell(1, TabooRaised(complaint_id=case(1), taboo=Taboo.PASSED_ON, raised_at=after(1)))
    for n, hours in ((0, 5), (1, 50), (3, 5)):
        done = SolutionCarriedOut(complaint_id=case(n), result="done", carried_out_at=after(hours))
        tell(hours, done)
        outcome = Outcome.SATISFIED if n == 0 else Outcome.ACCEPTABLE
        tell(
            hours + 1,
            CaseClosed(complaint_id=case(n), outcome=outcome, closed_by="li", closed_at=after(hours + 1)),
        )
    more = ComplaintSupplemented(
        complaint_id=case(3),
        addition_id=derived_id("more"),
        number=1,
        contact_at=after(1),
        added_by="li",
        added_at=after(1),
        medium=Medium.ONLINE,
        channel=Channel.PHONE,
        completeness=1,
    )
    tell(1, more)
    tell(60, CaseReopened(complaint_id=case(1), reopened_by="customer", reopened_at=after(60)))
    late: dict[str, Any] = {"number": 1, "accountable": Accountable.HANDLER, "policy_version": 0}
    late |= {"complaint_id": case(2), "clock": Clock.RESOLUTION, "due_at": after(70)}
    tell(70, ClockMissed(**late, lapse_id=derived_id("lapse"), missed_at=after(70)))
    tell(71, CaseEscalated(**late, step=1, escalated_at=after(71)))
    told.append(
        survey(0, SurveyAbout.CASE, 8, satisfaction=5, effort=2, repurchase=True, trust_restored=True)
    )
    told.append(survey(3, SurveyAbout.PROCESS, 8, satisfaction=3, recommendation=6))
    corrected = ProblemCorrected(
        complaint_id=case(0), correction="crates", corrected_by="li", corrected_at=after(9)
    )
    tell(9, corrected)
    scored = CaseScored(
        complaint_id=case(0),
        scorecard_id=derived_id("card"),
        strict=5,
        earnest=5,
        proactive=5,
        efficient=5,
        reviewed_by="chief",
        reviewed_at=after(9),
    )
    tell(9, scored)
    return sorted(told, key=lambda each: each[0])


@pytest.mark.requirement(
    "000-12f", "000-11", "000-01", "001-31", "002-17", "004-02", "004-11", "004-14", "002-10"
)
async def test_what_customers_lived_through_is_counted_as_by_hand(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(lived()))
    [whole] = (await insights.measures(**SPAN)).values()
    shown = {name: (m["value"], m["numerator"], m["denominator"]) for name, m in whole.items()}
    assert {name: shown[name] for name in LIVED} == LIVED
    assert whole["response_rate_24h"]["beside"] == []
    assert whole["response_time_p90"]["at_least"], "one in four still waits"
    one = (await insights.http.get(f"/insights/v1/complaints/{case(0)}")).json()
    assert one["devoted"]
    assert set(one["benefits"]) == {
        *("shown_defect", "second_chance", "loyal_customer", "product_improved", "skill_raised")
    }
    two = (await insights.http.get(f"/insights/v1/complaints/{case(1)}")).json()
    assert (two["devoted"], two["benefits"]) == (False, []), "it is open again"


LIVED: dict[str, tuple[object, int | None, int | None]] = {
    "response_rate_24h": (0.5, 2, 4),  # 0 after 2 hours, 3 after 5; 1 after 30; 2 never
    "response_time_p50": (pytest.approx(5, rel=RELATIVE_ERROR), None, None),
    "first_contact_rate": (0.5, 1, 2),  # of 0 and 3; 1 is open again
    "needless_escalation_rate": (0.0, 0, 2),
    "overdue_rate": (0.5, 1, 2),
    "reopened_rate": (pytest.approx(1 / 3), 1, 3),
    "notices_known_rate": (1.0, 1, 1),
    "notice_time_mean": (2.0, None, None),
    "emotion_conversion_rate": (1.0, 1, 1),  # of 1 no later emotion is known
    "trust_restored_rate": (1.0, 1, 1),  # said in the survey
    "staff_rating": (1.0, 1, 1),
    "process_rating": (0.0, 0, 1),
    "effort_rating": (0.0, 0, 1),
    "net_promoter_score": (-100.0, -1, 1),
    "repurchase_rate": (1.0, 1, 1),
    "grave_share": (0.25, 1, 4),
    "complaint_rate": (None, None, None),
    "devoted": (1.0, None, None),
    "shown_defect": (1.0, None, None),
    "second_chance": (2.0, None, None),
    "loyal_customer": (1.0, None, None),
    "product_improved": (1.0, None, None),
    "skill_raised": (1.0, None, None),
}


@pytest.mark.requirement("002-17")
async def test_an_answer_to_what_was_withdrawn_or_merged_counts_on_neither_side_of_the_share(
    insights: Insights,  # noqa: F811
) -> None:
    """Twenty were answered at once and then withdrawn or merged; twenty were not answered: that is a rate of 0."""
    told: list[Told] = []
    for n in range(40):
        told.append((START, registered(case(3000 + n), START)))
        given = ComplaintAssigned(
            complaint_id=case(3000 + n),
            department="quality",
            handler_id="li",
            handler_name="Li",
            reasons=(),
            assigned_at=START,
        )
        told.append((START, given))
        if n >= 20:
            continue
        told.append((after(1), CustomerTold(complaint_id=case(3000 + n), message="soon", told_at=after(1))))
        if n % 2:
            gone: Event = CaseWithdrawn(complaint_id=case(3000 + n), withdrawn_at=after(2))
        else:
            gone = ComplaintMerged(
                complaint_id=case(3000 + n), leading_id=case(3021), merged_by="li", merged_at=after(2)
            )
        told.append((after(2), gone))
    await insights.feed(records(told))
    [whole] = (await insights.measures(**SPAN)).values()
    rate = whole["response_rate_24h"]
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (0.0, 0, 20)
    assert await behind(insights, "response_rate_24h", **SPAN) == []
    compared = await insights.http.get(f"{URL}/people", params=SPAN | {"measure": "response_rate_24h"})
    assert compared.status_code == 200, compared.text
    [person] = compared.json()["people"]
    assert (person["observed"], person["of"]) == (0, 20)


@pytest.mark.parametrize(
    "query",
    ["from=9999-01-01&to=9999-12-31", "from=0001-01-01&to=0001-12-31", "from=0001-01-01&to=0001-01-01"],
)
@pytest.mark.parametrize(
    "path", ["", "/recurrence", "/chain", "/received/complaints", "/open_now/complaints", "/export"]
)
async def test_the_ends_of_the_calendar_are_days_like_any_other(
    insights: Insights,  # noqa: F811
    path: str,
    query: str,
) -> None:
    answer = await insights.http.get(f"{URL}{path}?{query}")
    assert answer.status_code == 200, answer.text


@pytest.mark.requirement("000-12f")
async def test_a_minor_matter_that_was_passed_on_is_a_failure_of_the_first_contact(
    insights: Insights,  # noqa: F811
) -> None:
    told = [pair for pair in lived() if not isinstance(pair[1], CaseReopened)]
    await insights.feed(records(told))
    [whole] = (await insights.measures(**SPAN)).values()
    assert whole["needless_escalation_rate"]["numerator"] == 1
    assert whole["needless_escalation_rate"]["status"] == "missed"
    assert whole["first_contact_rate"]["numerator"] == 1


async def targets(insights: Insights, **changes: Any) -> None:  # noqa: F811
    content = MeasureTargets.model_validate(MEASURE_TARGETS.shipped.model_dump() | changes)
    async with insights.context.database.transaction() as transaction:
        version = await rulebooks.add_version(transaction, MEASURE_TARGETS, content, "Agreed.", "test")
        await rulebooks.switch(transaction, MEASURE_TARGETS, version, "Agreed.", "test")


@pytest.mark.requirement("002-17", "002-26", "004-11", "P-41")
async def test_targets_owners_and_benchmarks_are_what_people_set(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(lived()))
    first = {"measure": "first_contact_rate", "owner": {"department": "logistics"}}
    await targets(
        insights,
        targets=[
            first | {"target": 0.9, "warning": 0.5},
            first | {"department": "logistics", "target": 0.9, "warning": 0.8},
            first | {"category": "delivery", "target": 0.4},
            {"measure": "complaint_rate", "target": 0.1},
        ],
        benchmarks=[
            {
                "measure": "first_contact_rate",
                "organisation": "Best",
                "value": 0.75,
                "source": "p. 1",
                "year": 2025,
            }
        ],
        served_per_day=100,
    )
    catalogue = (await insights.http.get(f"{URL}/catalogue")).json()
    assert catalogue["targets_version"] == 1
    assert [each["id"] for each in catalogue["items"]] == [m.id for m in MEASURES]
    [entry] = [each for each in catalogue["items"] if each["id"] == "first_contact_rate"]
    assert (entry["target"], entry["warning"], entry["owner"]["department"]) == (0.9, 0.5, "logistics")
    assert [each["target"] for each in entry["special_targets"]] == [0.9, 0.4]
    assert entry["benchmarks"][0]["organisation"] == "Best"
    [whole] = (await insights.measures(**SPAN)).values()
    assert whole["first_contact_rate"]["status"] == "near"
    assert whole["first_contact_rate"]["benchmarks"] == [
        {"organisation": "Best", "value": 0.75, "year": 2025, "difference": -0.25}
    ]
    by_department = await insights.measures(by="department", **SPAN)
    assert by_department["logistics"]["first_contact_rate"]["status"] == "met"
    assert by_department["logistics"]["first_contact_rate"]["warning"] == 0.8
    assert by_department["quality"]["first_contact_rate"]["status"] == "missed"
    by_category = await insights.measures(by="category", **SPAN)
    assert by_category["delivery"]["first_contact_rate"]["status"] == "met"
    rate = whole["complaint_rate"]
    assert rate["value"] == pytest.approx(4 / (100 * 122 / 1000)), "per thousand served in 122 days"
    assert (rate["target"], rate["status"]) == (0.1, "missed")
    await targets(insights, targets=[{"measure": "complaint_rate", "target": 50}], served_per_day=100)
    [whole] = (await insights.measures(**SPAN)).values()
    assert whole["complaint_rate"]["status"] == "not_alone", "few complaints are no success by themselves"
    assert whole["complaint_rate"]["beside"] == ["grave_share", "repurchase_rate"]
    assert by_category["delivery"]["complaint_rate"]["value"] is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targets": [{"measure": "luck", "target": 1}]}, "no measure is called luck"),
        ({"targets": [{"measure": "received", "target": 1}]}, "no better or worse"),
        ({"targets": [{"measure": "handling_rate", "target": 95}]}, "between 0 and 1"),
        (
            {"targets": [{"measure": "handling_rate", "target": 0.9, "warning": 0.95}]},
            "worse than its target",
        ),
        ({"targets": [{"measure": "overdue_rate", "target": 0.1, "warning": 0.05}]}, "worse than its target"),
        ({"targets": [{"measure": "handling_rate", "target": 0.9}] * 2}, "two targets"),
        ({"targets": [{"measure": "handling_rate", "target": 0.9, "owner": {}}]}, "department or a person"),
        (
            {
                "benchmarks": [
                    {
                        "measure": "handling_rate",
                        "organisation": "A",
                        "value": 95,
                        "source": "B",
                        "year": 2025,
                    }
                ]
            },
            "between 0 and 1",
        ),
    ],
)
def test_targets_that_contradict_themselves_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MeasureTargets.model_validate(MEASURE_TARGETS.shipped.model_dump() | changes)


async def behind(insights: Insights, measure: str, **query: str) -> list[dict[str, Any]]:  # noqa: F811
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await insights.http.get(
            f"{URL}/{measure}/complaints", params={"limit": "7"} | query | cursor
        )
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if "next" not in answer.json():
            return found
        cursor = {"cursor": answer.json()["next"]}


@pytest.mark.requirement("P-41", "002-10")
async def test_behind_every_number_are_as_many_complaints_as_it_says(insights: Insights) -> None:  # noqa: F811
    """Of all, of a category, of a category in a department; in a range that cuts through the stories."""
    await insights.feed(records([*stories(60, seed=11), *lived()]))
    span = {"from": "2026-03-05", "to": "2026-03-14"}
    for held in ({}, {"category": "delivery"}, {"category": "delivery", "department": "logistics"}):
        with clock.moved_to(lambda: START + timedelta(days=60)):
            [whole] = (await insights.measures(**span, **held)).values()
        for m in whole.values():
            if m["unit"] in {Unit.SHARE, Unit.COMPLAINTS}:
                counted = m["numerator"] if m["unit"] == Unit.SHARE else m["value"]
                found = await behind(insights, m["measure"], **span, **held)
                assert sum(each["times"] for each in found) == (counted or 0), (m["measure"], held)
                assert len({each["complaint_id"] for each in found}) == len(found)
            if m["denominator"]:
                found = await behind(insights, m["measure"], part="denominator", **span, **held)
                assert sum(each["times"] for each in found) == m["denominator"], (m["measure"], held)
    assert (await insights.http.get(f"{URL}/luck/complaints")).status_code == 404


@pytest.mark.requirement("P-41")
async def test_two_dimensions_are_answered_where_sums_are_kept_and_refused_where_not(
    insights: Insights,  # noqa: F811
) -> None:
    await insights.feed(records(stories(60, seed=12)))
    for by, held in (("category", "department"), ("product", "category"), ("severity", "category")):
        whole = await insights.measures(by=held, **SPAN)
        for value, measures in whole.items():
            if value is not None:
                parts = await insights.measures(by=by, **SPAN, **{held: value})
                for name in ("received", "closed", "open_now"):
                    assert sum(m[name]["value"] for m in parts.values()) == measures[name]["value"]
                days = await insights.measures(by="day", **SPAN, **{held: value})
                assert sum(m["received"]["value"] for m in days.values()) == measures["received"]["value"]
    answer = await insights.http.get(URL, params={"by": "region", "category": "delivery"})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {"query/region", "query/category"}
    assert "department+category" in answer.json()["detail"]
    assert cells_of("severity", {"category": "x"}).dimension == "handler+category+severity"


@pytest.fixture
def moment() -> Iterator[None]:
    """Time stands still: what is open grows no older between two questions."""
    with clock.moved_to(lambda: START + timedelta(days=110)):
        yield


@pytest.mark.usefixtures("moment")
@pytest.mark.requirement("P-41")
async def test_a_file_says_what_the_api_says(insights: Insights, scratch: Path) -> None:  # noqa: F811
    await insights.feed(records(lived()))
    shown = await insights.measures(by="product", **SPAN)
    expected = {
        (product, m["measure"]): (m["value"], m["numerator"], m["denominator"], m["target"], m["status"])
        for product, measures in shown.items()
        for m in measures.values()
    }
    assert {key for key, _ in expected} == {"=kettle"}

    async def file(form: str, **more: str) -> httpx.Response:
        answer = await insights.http.get(
            f"{URL}/export", params=SPAN | {"by": "product", "format": form} | more
        )
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].endswith(f'-product.{form}"')
        return answer

    def same(rows: Sequence[Any], key: str = "=kettle") -> None:
        assert len(rows) == len(expected)
        for row in rows:
            numbers = [_number(row[name]) for name in ("value", "numerator", "denominator", "target")]
            assert (*numbers, row["status"]) == expected["=kettle", row["measure"]]
            assert row["key"] == key
            assert row["name_zh"] == BY_ID[row["measure"]].name["zh"]

    same((await file("json")).json())
    plain = (await file("csv")).content
    assert plain.startswith(b"from,to,by,key")
    assert plain.count(b"\r\n") == plain.count(b"\n") == len(expected) + 1
    same(list(csv.DictReader(io.StringIO(plain.decode()))), key="'=kettle")
    with_mark = (await file("csv", bom="true")).content
    assert with_mark == b"\xef\xbb\xbf" + plain
    path = scratch / "measures.parquet"
    path.write_bytes((await file("parquet")).content)
    with duckdb.connect() as independent:
        read = independent.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in read.description]
        same([dict(zip(names, row, strict=True)) for row in read.fetchall()])


def _number(value: object) -> float | None:
    return None if value in (None, "") else float(str(value))


@pytest.mark.requirement("002-16", "P-41")
async def test_people_are_compared_with_the_same_cases_and_only_for_those_who_oversee_them(
    insights: Insights,  # noqa: F811
) -> None:
    told: list[Told] = []
    for n in range(60):  # Ann has the hard cases, Bo the easy ones: each reaches what the category allows
        hard, at = n % 2 == 0, START + timedelta(minutes=n)
        category, handler = ("product", "ann") if hard else ("delivery", "bo")
        told.append((at, registered(case(1000 + n), at)))
        triaged = ComplaintTriaged(
            complaint_id=case(1000 + n),
            category=category,
            severity=Severity.GENERAL,
            decided_by=Decider.RULES,
            reasons=(),
            triaged_at=at,
        )
        given = ComplaintAssigned(
            complaint_id=case(1000 + n),
            department="quality",
            handler_id="cy" if n >= 50 else handler,
            handler_name="x",
            reasons=(),
            assigned_at=at,
        )
        satisfied = n % 10 < (4 if hard else 8)
        outcome = Outcome.SATISFIED if satisfied else Outcome.ACCEPTABLE
        over = CaseClosed(complaint_id=case(1000 + n), outcome=outcome, closed_by="x", closed_at=after(9))
        told += [(at, triaged), (at, given), (after(9), over)]
    await insights.feed(records(told))
    raw = await insights.measures(by="handler", **SPAN)
    assert raw["ann"]["satisfaction_rate"]["value"] < raw["bo"]["satisfaction_rate"]["value"] - 0.3
    asked = SPAN | {"measure": "satisfaction_rate"}
    shown = (await insights.http.get(f"{URL}/people", params=asked)).json()
    ann, bo, cy = shown["people"]
    assert (ann["person"], ann["ratio"], ann["verdict"]) == ("ann", 1.0, "as_expected")
    assert (bo["person"], bo["ratio"], bo["verdict"]) == ("bo", 1.0, "as_expected")
    assert ann["low"] < 1 < ann["high"]
    assert ann["funnel"]["low"] <= 1 <= ann["funnel"]["high"]
    assert (cy["of"], cy["verdict"], cy["ratio"]) == (10, "too_few", None)
    assert (shown["fewest"], shown["direction"]) == (20, "higher")
    refused = await insights.http.get(f"{URL}/people", params=asked | {"measure": "received"})
    assert refused.json()["errors"][0]["field"] == "query/measure"
    for path in (f"{URL}/people?measure=satisfaction_rate", f"{URL}?by=handler", f"{URL}?handler=ann"):
        assert (await insights.reader.get(path)).status_code == 403, path
    assert (await insights.reader.get(URL)).status_code == 200


@pytest.mark.requirement("000-08")
async def test_customers_who_come_back_with_the_same_trouble_are_counted(insights: Insights) -> None:  # noqa: F811
    told: list[Told] = []

    def complaint(number: int, customer: int, category: str, day: int, closed_on: int | None) -> None:
        at, i = START + timedelta(days=day), case(2000 + number)
        told.append((at, registered(i, at, customer_id=case(customer))))
        triaged = ComplaintTriaged(
            complaint_id=i,
            category=category,
            severity=Severity.GENERAL,
            decided_by=Decider.RULES,
            reasons=(),
            triaged_at=at,
        )
        told.append((at, triaged))
        if closed_on is not None:
            done = START + timedelta(days=closed_on)
            told.append(
                (done, CaseClosed(complaint_id=i, outcome=Outcome.SATISFIED, closed_by="x", closed_at=done))
            )

    complaint(0, 1, "delivery", 0, 5)
    complaint(1, 1, "delivery", 50, None)  # the same trouble in time
    complaint(2, 2, "delivery", 0, 5)
    complaint(3, 2, "billing", 50, None)  # another trouble
    complaint(4, 3, "delivery", 0, 5)
    complaint(5, 3, "delivery", 100, None)  # too late
    complaint(6, 4, "delivery", 0, 5)
    complaint(7, 5, "delivery", 0, 29)  # closed too lately to tell
    await insights.feed(records(sorted(told, key=lambda each: each[0])))
    with clock.moved_to(lambda: START + timedelta(days=110)):
        asked = {"from": "2026-03-01", "to": "2026-03-31"}
        shown = (await insights.http.get(f"{URL}/recurrence", params=asked)).json()
        [delivery] = shown["causes"]
        later = {"from": "2026-04-01", "to": "2026-05-01"}
        after_ = (await insights.http.get(f"{URL}/recurrence", params=later)).json()["causes"]
        nearer = await insights.http.get(f"{URL}/recurrence", params=asked | {"within": "30"})
    assert (delivery["watched"], delivery["still_watched"], delivery["came_back"]) == (4, 1, 1)
    assert (delivery["rate"], delivery["too_few"], delivery["received"]) == (0.25, True, 5)
    assert delivery["low"] < 0.25 < delivery["high"]
    assert (shown["within_days"], delivery["received_before"], delivery["ratio"]) == (90, 0, None)
    assert nearer.json()["causes"][0]["came_back"] == 0
    by_key = {each["key"]: each for each in after_}
    assert (by_key["delivery"]["received"], by_key["delivery"]["received_before"]) == (1, 5)
    assert by_key["delivery"]["ratio"] == 0.2
    assert not by_key["delivery"]["fell"], "so few may fall by chance"


@pytest.mark.requirement("000-21")
async def test_the_chain_goes_from_handling_to_revenue_with_its_links(insights: Insights) -> None:  # noqa: F811
    """Twelve departments: the more often one answers within a day, the more often customers are satisfied."""
    told: list[Told] = []
    for unit in range(12):
        for n in range(20):
            i = derived_id("chain", unit, n)
            told.append((START, registered(i, START)))
            given = ComplaintAssigned(
                complaint_id=i,
                department=f"d{unit:02}",
                handler_id="li",
                handler_name="Li",
                reasons=(),
                assigned_at=START,
            )
            told.append((START, given))
            hours = 2 if n < unit + 4 else 40
            told.append((after(hours), CustomerTold(complaint_id=i, message="soon", told_at=after(hours))))
            outcome = Outcome.SATISFIED if n < unit + 2 else Outcome.NOT_ACCEPTABLE
            over = CaseClosed(
                complaint_id=i,
                outcome=outcome,
                closed_by="li",
                trust_restored=n % 2 == 0,
                closed_at=after(60),
            )
            told.append((after(60), over))
    await insights.feed(records(told))
    shown = (await insights.http.get(f"{URL}/chain", params=SPAN)).json()
    first = {figure["measure"]: figure for figure in shown["units"][0]["figures"]}
    assert [figure["stage"] for figure in shown["units"][0]["figures"]] == [
        *["handling"] * 3,
        "satisfaction",
        *["loyalty"] * 2,
        "revenue",
    ]
    assert (first["response_rate_24h"]["value"], first["satisfaction_rate"]["value"]) == (0.2, 0.1)
    links = {(link["cause"], link["effect"]): link for link in shown["links"]}
    assert len(links) == 3 + 2 + 2
    together = links["response_rate_24h", "satisfaction_rate"]
    assert (together["units"], together["modelled"]) == (12, False)
    assert together["rho"] == pytest.approx(1.0)
    assert 0.9 < together["low"] <= together["high"]
    assert links["satisfaction_rate", "trust_restored_rate"]["rho"] is None, "trust does not vary"
    assert links["satisfaction_rate", "repurchase_rate"]["units"] == 0
    assert links["trust_restored_rate", "recovered_per_complaint"]["modelled"]
    assert set(shown["caution"]) == {"en", "zh"}


@pytest.mark.requirement("002-16")
async def test_everybody_sees_how_they_compare_themselves(world: World) -> None:
    mine = await account(world, "measured.one")
    for handler in ("measured.one", "measured.two"):
        complaint = UUID((await world.register())["id"])
        await world.settled()
        at = clock.now()
        given = ComplaintAssigned(
            complaint_id=complaint,
            department="quality",
            handler_id=handler,
            handler_name="x",
            reasons=(),
            assigned_at=at,
        )
        over = CaseClosed(complaint_id=complaint, outcome=Outcome.SATISFIED, closed_by="x", closed_at=at)
        await service.pump(world.context("insights")).handle(records([(at, given), (at, over)]))
    asked = {"measure": "satisfaction_rate"}
    own = await world.http.get(f"{URL}/people/me", params=asked, headers=mine)
    assert own.status_code == 200, own.text
    [me] = own.json()["people"]
    assert (me["person"], me["of"], me["verdict"]) == ("measured.one", 1, "too_few")
    assert (await world.http.get(f"{URL}/people", params=asked, headers=mine)).status_code == 403
    nobody = await world.http.get(f"{URL}/people/me", params=asked)
    assert nobody.status_code == 403
    assert "directory" in nobody.json()["title"]
