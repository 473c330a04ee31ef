"""A second case, in which time runs out."""

from collections.abc import Iterator
from typing import Any

from dev.samples.story import AGAIN, HANDLER, after, id_of
from shared.events import (
    CaseEscalated,
    CaseEscalatedToLeadership,
    CaseGrew,
    ClockMissed,
    ClockWarned,
    ColleagueAsked,
    ColleagueChased,
    CustomerAsked,
    Event,
    PublicResponseGiven,
    ResolutionExtended,
)
from shared.events.clocks import Accountable, Clock
from shared.events.vocabulary import Severity


def events() -> Iterator[Event]:
    said: dict[str, Any] = {
        "complaint_id": AGAIN,
        "clock": Clock.RESOLUTION,
        "number": 2,
        "due_at": after(80),
        "accountable": Accountable.HANDLER,
        "handler_id": HANDLER,
        "department": "customer_service",
        "policy_version": 0,
    }
    yield ClockWarned(**said, warned_at=after(78))
    yield ClockMissed(**said, lapse_id=id_of(40), missed_at=after(80))
    yield CaseEscalated(**said, step=1, escalated_at=after(84))
    yield CaseEscalatedToLeadership(**said, step=2, escalated_at=after(96))
    yield ResolutionExtended(
        complaint_id=AGAIN, hours=40, reason="第三方检测报告尚未出具。", extended_at=after(70)
    )
    yield CustomerAsked(complaint_id=AGAIN, question="请提供铭牌照片。", asked_at=after(2))
    yield ColleagueAsked(
        complaint_id=AGAIN,
        whom="wang.lei",
        question="该批次是否已换新轴承?",
        chase_at=after(6),
        asked_at=after(2),
    )
    yield ColleagueChased(complaint_id=AGAIN, whom="wang.lei", times=1, chased_at=after(6))
    yield PublicResponseGiven(
        complaint_id=AGAIN,
        where="https://forum.example.com/t/1042",
        response="非常抱歉,电机已更换,同批次轴承正在逐一检查。",
        given_at=after(9),
    )
    yield CaseGrew(
        complaint_id=AGAIN,
        severity_before=Severity.GENERAL,
        severity=Severity.MAJOR,
        reasons=("injury",),
        handler_id=HANDLER,
        department="customer_service",
        grew_at=after(7),
    )
