"""Times to an acknowledgement and to a first answer over HTTP, with what waits still and what ended otherwise."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.insights import rollups
from services.insights.durations import RELATIVE_ERROR
from services.insights.facts import FactsStore
from services.insights.rebuild import rebuild
from shared import clock
from shared.events import (
    NOTICES,
    CaseClosed,
    CaseWithdrawn,
    ComplaintAssigned,
    ComplaintMerged,
    CustomerTold,
    Event,
    NoticeAcknowledged,
    SolutionCarriedOut,
)
from shared.events.intake import ProductRef
from shared.events.vocabulary import Audience, Outcome, Severity, TransferForm
from shared.ids import derived_id
from tests.insights_story import START, Told, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
NOW = START + timedelta(days=20)


def case(number: int) -> Any:
    return derived_id("times", number)


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def given(number: int, department: str, product: str) -> list[Told]:
    known = registered(case(number), START, product=ProductRef(name=product))
    assigned = ComplaintAssigned(
        complaint_id=case(number),
        department=department,
        handler_id="li",
        handler_name="Li",
        reasons=(),
        assigned_at=START,
    )
    return [(START, known), (START, assigned)]


def notice(
    number: int, audience: Audience, hours: float, known: float | None, form: str = "notice"
) -> list[Told]:
    """Issued so many hours after the receipt, and acknowledged so many after that."""
    id = {"complaint_id": case(number), "notice_id": derived_id("notice", number, audience)}
    issued = NOTICES[audience](
        **id,
        reason="triaged",
        fact_type="redress.complaint.triaged.v1",
        fact_id=case(number),
        severity=Severity.GENERAL,
        issued_at=after(hours),
        acknowledge_by=after(hours + 4),
        form=TransferForm(form),
    )
    told: list[Told] = [(after(hours), issued)]
    if known is not None:
        at = after(hours + known)
        told.append(
            (
                at,
                NoticeAcknowledged(
                    **id,
                    audience=audience,
                    acknowledged_by="chief",
                    issued_at=after(hours),
                    acknowledged_at=at,
                ),
            )
        )
    return told


def noticed() -> list[Told]:
    """Logistics: known after 1, 2 and 3 hours; of the second complaint one ten days later, and one never. Quality: one
    that was never acknowledged, and one for the clipping, which nobody must acknowledge."""
    first, second, third, *_ = Audience
    told = [
        *given(0, "logistics", "kettle"),
        *given(1, "logistics", "fridge"),
        *given(2, "quality", "fridge"),
    ]
    told += [*notice(0, first, 1, 1), *notice(0, second, 1, 2), *notice(1, first, 1, 3)]
    told += [*notice(1, second, 240, 5), *notice(1, third, 241, None)]
    told += [*notice(2, first, 1, None), *notice(2, second, 1, None, "clipping")]
    return sorted(told, key=lambda each: each[0])


async def shown(insights: Insights, measure: str, **query: str) -> dict[str | None, tuple[Any, bool]]:  # noqa: F811
    with clock.moved_to(lambda: NOW):
        groups = await insights.measures(**(MARCH | query))
    return {key: (of[measure]["value"], of[measure]["at_least"]) for key, of in groups.items()}


def hours(n: float) -> Any:
    return pytest.approx(n, rel=RELATIVE_ERROR)


@pytest.mark.requirement("002-10", "002-17")
async def test_how_long_notices_waited_is_told_of_all_of_them(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(noticed()))
    # Of six notices, known after 1, 2, 3 and 5 hours; two wait since ten and twenty days: S(3) = 1/2.
    assert await shown(insights, "notice_time_p50") == {None: (hours(3), False)}
    [(value, at_least)] = (await shown(insights, "notice_time_p90")).values()
    assert at_least, "two of six still wait"
    assert value == pytest.approx((NOW - after(-4)).total_seconds() / 3600 - 8, abs=12)
    assert await shown(insights, "notice_time_p50", by="department") == {
        "logistics": (hours(3), False),  # S(1) = 4/5, S(2) = 3/5, S(3) = 2/5
        "quality": (pytest.approx(20 * 24, abs=12), True),
    }
    assert await shown(insights, "notice_time_p50", by="product") == {
        "fridge": (hours(5), False),  # S(3) = 3/4, S(5) = 1/2
        "kettle": (hours(1), False),  # S(1) = 1/2
    }
    # A notice belongs to the day of its issue, however old the complaint is.
    later = {"from": "2026-03-11", "to": "2026-03-11"}
    assert await shown(insights, "notice_time_p50", **later) == {None: (hours(5), False)}
    assert (await shown(insights, "notice_time_p50", **(later | {"by": "day"})))["2026-03-11"][0] == hours(5)
    with clock.moved_to(lambda: NOW):
        [whole] = (await insights.measures(**MARCH)).values()
    assert (whole["notices_known_rate"]["numerator"], whole["notices_known_rate"]["denominator"]) == (4, 6)
    assert whole["notice_time_p50"]["target"] == 4
    assert whole["notice_time_p50"]["status"] == "met"
    assert whole["notice_time_p90"]["status"] == "missed"
    behind = await insights.http.get(
        "/insights/v1/measures/notice_time_p50/complaints", params={**later, "limit": "10"}
    )
    assert [(each["complaint_id"], each["times"]) for each in behind.json()["items"]] == [(str(case(1)), 2)]


@pytest.mark.requirement("002-10", "002-17")
async def test_times_of_notices_are_the_same_after_a_rebuild(insights: Insights) -> None:  # noqa: F811
    told = records([*noticed(), *unanswered()])
    backwards = sorted(told, key=lambda each: each.topic, reverse=True)
    await insights.feed(backwards, size=1)
    kept = await insights.snapshot()
    names = [table.name for table in FactsStore().tables]
    assert [row for row in kept["daily_durations"] if row[0] == "acknowledgement"]
    await insights.context.log.append(told)
    await rebuild(insights.context)
    again = await insights.snapshot()
    assert {name: again[name] for name in names} == {name: kept[name] for name in names}


def unanswered() -> list[Told]:
    """Ten answered after an hour, and thirty that ended after half an hour without an answer: closed, withdrawn,
    merged."""
    told: list[Told] = []
    for n in range(100, 140):
        told += given(n, "quality", "kettle")
        if n < 110:
            told.append((after(1), CustomerTold(complaint_id=case(n), message="soon", told_at=after(1))))
            continue
        ended: Event = CaseWithdrawn(complaint_id=case(n), withdrawn_at=after(0.5))
        if n < 120:
            ended = CaseClosed(
                complaint_id=case(n), outcome=Outcome.ACCEPTABLE, closed_by="li", closed_at=after(0.5)
            )
        elif n < 130:
            ended = ComplaintMerged(
                complaint_id=case(n), leading_id=case(100), merged_by="li", merged_at=after(0.5)
            )
        told.append((after(0.5), ended))
    return sorted(told, key=lambda each: each[0])


@pytest.mark.requirement("002-17")
async def test_what_ended_without_an_answer_does_not_wait_for_ever(insights: Insights) -> None:  # noqa: F811
    await insights.feed(records(unanswered()))
    assert await shown(insights, "response_time_p50") == {None: (hours(1), False)}
    assert await shown(insights, "response_time_p90") == {None: (hours(1), False)}


@pytest.mark.requirement("002-17")
async def test_what_waits_longer_than_the_slowest_took_keeps_it_from_being_the_usual(
    insights: Insights,  # noqa: F811
) -> None:
    """Three still wait since the first of a month; the fourth took sixty days."""
    told = [each for n in range(4) for each in given(200 + n, "quality", "kettle")]
    done = after(60 * 24)
    told.append((done, SolutionCarriedOut(complaint_id=case(200), result="done", carried_out_at=done)))
    await insights.feed(records(told))
    with clock.moved_to(lambda: after(65 * 24)):
        [whole] = (await insights.measures(**MARCH)).values()
    found = whole["handling_time_p50"]
    assert found["at_least"], "three of four are not done after longer than that"
    assert found["value"] == pytest.approx(65 * 24, abs=12)


async def test_a_question_is_kept_once_whichever_values_are_held(insights: Insights) -> None:  # noqa: F811
    await insights.measures(**MARCH, category="delivery")
    kept = rollups._question.cache_info().currsize
    for n in range(5):
        await insights.measures(**MARCH, category=f"none-{n}")
    assert rollups._question.cache_info().currsize == kept
