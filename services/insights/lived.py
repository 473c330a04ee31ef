"""What the customer lived through with a complaint, and what it did good: further counts of the rollups. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from shared.events.vocabulary import Emotion, Kind, Outcome, Severity, Valence

if TYPE_CHECKING:
    from services.insights.model import Facts

PROMPT = 24 * 3600
"""Seconds from registration within which a first answer is prompt."""
GOOD = 4
"""Of 5 steps, from which on an answer counts as good (top two, as CSAT and CES are usually counted)."""
PROMOTER, DETRACTOR = 9, 6
"""Of 0 to 10: from 9 on they promote, up to 6 they detract (Reichheld, Harvard Business Review 12/2003)."""

LIVED = {
    "grave": "of `received`, those that are urgent or major, on the day of receipt",
    "responded_promptly": "neither merged nor withdrawn, and a person answered within PROMPT, on the day of receipt",
    "solved_at_once": "of `handled`: one handler, no escalation, no word more needed from the customer, not resumed",
    "passed_on": "of `handled`: minor, and yet passed on by a person or escalated",
    "overdue": "still without a result, a promise or the time for the solution missed, on the day of receipt",
    "first_closed": "closed for the first time, on that day",
    "reopened": "of `first_closed`, those that were taken up again since",
    "upset": "first emotion noted was negative, and a later one was noted, on the day of receipt",
    "cheered": "of `upset`, those whose last emotion is positive",
    "matters": "complaints and criticisms, neither merged into others nor withdrawn, on the day of receipt",
    "notices": "notices about the complaint that somebody must acknowledge, on its day of receipt",
    "notices_issued": "notices that somebody must acknowledge, on the day of issue",
    "notices_known": "of `notices`, those that were acknowledged",
    "notices_timed": "of the acknowledged, those of which the time of issue is known",
    "notice_seconds": "sum over `notices_timed` of the seconds from issue to acknowledgement",
    "rated": "rated the people they dealt with, on the day of the survey's last answer",
    "rated_well": "of `rated`, 4 or 5 of 5",
    "process_rated": "rated the process, on the day of the survey's last answer",
    "process_rated_well": "of `process_rated`, 4 or 5 of 5",
    "effort_told": "said whether it was easy, on the day of the survey's last answer",
    "effort_low": "of `effort_told`, 4 or 5 of 5: it was easy",
    "recommend_told": "said whether they recommend the company, on the day of the survey's last answer",
    "promoters": "of `recommend_told`, 9 or 10 of 10",
    "detractors": "of `recommend_told`, 0 to 6 of 10",
    "repurchase_told": "said whether they would buy again, on the day of the survey's last answer",
    "repurchase_meant": "of `repurchase_told`, those who would",
    "devoted": "of `closed`: satisfied, trust restored, and would buy again or recommends",
    "began_dissatisfied": "of `closed`: began with a complaint or a criticism",
    "turned_satisfied": "of `began_dissatisfied`, those that ended satisfied",
    "shown_defect": "of `closed`: the complaint was found to be right, so it showed a fault",
    "second_chance": "of `closed`: began dissatisfied, and ended satisfied or acceptable",
    "loyal_customer": "of `closed`: trusts the company again, or would buy again",
    "product_improved": "of `closed`: its cause is being removed or was corrected",
    "skill_raised": "of `closed`: a reviewer went through how it was worked",
}
"""What is counted per day, and on which day it counts."""

BENEFITS = ("shown_defect", "second_chance", "loyal_customer", "product_improved", "skill_raised")
"""The five benefits of complaints (000-11)."""

DISSATISFIED = frozenset({Kind.COMPLAINT.value, Kind.CRITICISM.value})
"""Kinds with which somebody says that they are not satisfied."""
Counted = Iterator[tuple[datetime, str, int]]
ACCEPTED = {Outcome.SATISFIED.value, Outcome.ACCEPTABLE.value}


def lived(facts: "Facts", *, own: bool) -> Counted:
    """Of a registered complaint: (when it counts, what, how often). `own`: it was neither merged nor withdrawn."""
    received = facts.registered_at
    assert received is not None
    if facts.severity in {Severity.URGENT, Severity.MAJOR}:
        yield received, "grave", 1
    if facts.kind in DISSATISFIED and facts.leading_id is None and facts.withdrawn_at is None:
        yield received, "matters", 1
    if own and facts.response_seconds is not None:
        yield received, "responded_promptly", int(facts.response_seconds <= PROMPT)
    if facts.handled_at is not None:
        if solved_at_once(facts):
            yield received, "solved_at_once", 1
        elif passed_on(facts):
            yield received, "passed_on", 1
    if facts.overdue_since is not None and facts.waits_for_result:
        yield received, "overdue", 1
    if facts.first_closed_at is not None:
        yield facts.first_closed_at, "first_closed", 1
        if facts.reopened_at is not None:
            yield facts.first_closed_at, "reopened", 1
    yield from _felt(facts, received)
    yield from _noticed(facts, received)
    yield from _surveyed(facts)
    if facts.closed_at is not None:
        if facts.kind in DISSATISFIED:
            yield facts.closed_at, "began_dissatisfied", 1
            yield facts.closed_at, "turned_satisfied", int(facts.outcome == Outcome.SATISFIED)
        for what in (*benefits(facts), *(("devoted",) if devoted(facts) else ())):
            yield facts.closed_at, what, 1


def _felt(facts: "Facts", received: datetime) -> Counted:
    if facts.emotion_first_at == facts.emotion_last_at or not (facts.emotion_first and facts.emotion_last):
        return
    if Emotion(facts.emotion_first).valence is Valence.NEGATIVE:
        yield received, "upset", 1
        if Emotion(facts.emotion_last).valence is Valence.POSITIVE:
            yield received, "cheered", 1


def _noticed(facts: "Facts", received: datetime) -> Counted:
    # An acknowledgement can be read before the notice: the topics have no order.
    yield received, "notices", facts.notices_issued
    yield received, "notices_known", min(facts.notices_issued, facts.notices_acknowledged)
    yield received, "notices_timed", facts.acknowledgements_timed
    yield received, "notice_seconds", facts.acknowledgement_seconds
    for issued_at in facts.notices_issued_at:
        if issued_at is not None:
            yield issued_at, "notices_issued", 1


def _surveyed(facts: "Facts") -> Counted:
    at = facts.surveyed_at
    if at is None:
        return
    for score, told, good in (
        (facts.rating, "rated", "rated_well"),
        (facts.process_rating, "process_rated", "process_rated_well"),
        (facts.effort, "effort_told", "effort_low"),
    ):
        if score is not None:
            yield at, told, 1
            yield at, good, int(score >= GOOD)
    if facts.recommendation is not None:
        yield at, "recommend_told", 1
        yield at, "promoters", int(facts.recommendation >= PROMOTER)
        yield at, "detractors", int(facts.recommendation <= DETRACTOR)
    if facts.repurchase is not None:
        yield at, "repurchase_told", 1
        yield at, "repurchase_meant", int(facts.repurchase)


def solved_at_once(facts: "Facts") -> bool:
    """Solved with what the customer told the first time, by the first who had it, and it stood."""
    again = (facts.escalations, facts.passed_on, facts.contacts, facts.offers_declined, facts.resumed)
    return facts.assignments <= 1 and not any(again)


def passed_on(facts: "Facts") -> bool:
    """The sixth taboo: a minor matter, for which the first who had it would have been enough."""
    return facts.severity == Severity.GENERAL and bool(facts.passed_on or facts.escalations)


def devoted(facts: "Facts") -> bool:
    """极度忠实: satisfied, trusting again, and ready to come back or to speak well of the company."""
    comes_back = facts.repurchase is True or (facts.recommendation or 0) >= PROMOTER
    return facts.outcome == Outcome.SATISFIED and facts.trust is True and comes_back


def benefits(facts: "Facts") -> tuple[str, ...]:
    """What a closed complaint did good, in the order of `BENEFITS`."""
    found = {
        "shown_defect": facts.valid is True,
        "second_chance": facts.kind in DISSATISFIED and facts.outcome in ACCEPTED,
        "loyal_customer": facts.trust is True or facts.repurchase is True,
        "product_improved": facts.improvement_id is not None or facts.corrected_at is not None,
        "skill_raised": facts.reviewed_at is not None,
    }
    return tuple(name for name in BENEFITS if found[name])
