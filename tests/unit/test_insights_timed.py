"""What is timed of a complaint and of its notices, and what ends otherwise: pure rules."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insights.durations import Spans, bucket_of
from services.insights.handlers import reactions
from services.insights.measures import BY_ID, Totals
from services.insights.model import Facts, contributions
from services.insights.timed import BEGUN, CENSORED, timed
from shared.envelope import open_envelope
from shared.events import NOTICES, ComplaintMerged, ComplaintSeparated, Event, NoticeAcknowledged
from shared.events.vocabulary import Audience, Severity, TransferForm
from shared.ids import derived_id
from tests.insights_story import Told, interleaved, records, registered

ID = UUID(int=7)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def after(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def facts_of(given: list[Any]) -> Facts:
    facts = Facts(id=ID)
    for record in given:
        reactions.react(facts, open_envelope(record))
    return facts


def notice(number: int, at: datetime, form: TransferForm = TransferForm.NOTICE) -> Told:
    audience = list(Audience)[number]
    event = NOTICES[audience](
        complaint_id=ID,
        notice_id=derived_id("notice", number),
        reason="registered",
        fact_type="redress.complaint.registered.v1",
        fact_id=ID,
        severity=Severity.GENERAL,
        issued_at=at,
        acknowledge_by=at + timedelta(hours=4),
        form=form,
    )
    return at, event


def known(number: int, at: datetime) -> Told:
    event = NoticeAcknowledged(
        complaint_id=ID,
        notice_id=derived_id("notice", number),
        audience=list(Audience)[number],
        acknowledged_by="h1",
        acknowledged_at=at,
    )
    return at, event


STORY: list[Told] = [
    (NOON, registered(ID, NOON)),
    notice(0, after(1)),
    notice(1, after(30)),
    notice(2, after(31), TransferForm.CLIPPING),
    known(0, after(3)),
    notice(3, after(40)),
    known(2, after(41)),
    known(3, after(40.5)),
]


@pytest.mark.requirement("002-10")
def test_each_notice_begins_on_its_own_day_and_waits_until_it_is_acknowledged() -> None:
    counts = contributions(facts_of(records(STORY)))
    found = {
        (day.isoformat(), what): n
        for (day, _, what), n in counts.items()
        if what == "notices_issued" or what[0] == "acknowledgement"
    }
    assert found == {
        ("2026-03-01", "notices_issued"): 1,
        ("2026-03-01", ("acknowledgement", BEGUN)): 1,
        ("2026-03-01", ("acknowledgement", bucket_of(2 * 3600))): 1,
        ("2026-03-02", "notices_issued"): 1,  # nobody must acknowledge what goes into the clipping
        ("2026-03-02", ("acknowledgement", BEGUN)): 1,
        ("2026-03-03", "notices_issued"): 1,
        ("2026-03-03", ("acknowledgement", BEGUN)): 1,
        ("2026-03-03", ("acknowledgement", bucket_of(1800))): 1,
    }


@pytest.mark.requirement("002-10")
@given(st.integers(0, 10_000))
def test_notices_are_the_same_whichever_topic_is_read_first(order: int) -> None:
    told = records(STORY)
    mixed = interleaved(told, Random(order), 9)
    assert facts_of(mixed) == facts_of(told)
    assert contributions(facts_of(mixed)) == contributions(facts_of(told))


def response(**fields: Any) -> list[tuple[datetime, int | None]]:
    facts = Facts(id=ID, registered_at=NOON, kind="complaint", **fields)
    own = facts.leading_id is None and facts.withdrawn_at is None
    return [(since, place) for name, since, place in timed(facts, own=own) if name == "response"]


HOUR = bucket_of(3600)


@pytest.mark.requirement("002-17")
@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, None),
        ({"responded_at": after(1)}, HOUR),
        ({"closed_at": after(1), "outcome": "acceptable"}, CENSORED + HOUR),
        ({"withdrawn_at": after(1)}, CENSORED + HOUR),
        ({"leading_id": UUID(int=8), "merged_at": after(1)}, CENSORED + HOUR),
        ({"merged_at": after(5), "leading_id": UUID(int=8), "withdrawn_at": after(1)}, CENSORED + HOUR),
        ({"responded_at": after(1), "closed_at": after(9), "outcome": "satisfied"}, HOUR),
        ({"responded_at": after(1), "withdrawn_at": after(9)}, HOUR),
        ({"closed_at": None, "resumed": 1, "resumed_at": after(2)}, None),
    ],
)
def test_what_ends_without_an_answer_waits_for_none_any_more(
    fields: dict[str, Any], place: int | None
) -> None:
    assert response(**fields) == [(NOON, place)]


@pytest.mark.requirement("002-17", "P-08")
def test_what_is_separated_again_waits_again() -> None:
    events: list[Event] = [
        registered(ID, NOON),
        ComplaintMerged(complaint_id=ID, leading_id=UUID(int=8), merged_by="x", merged_at=after(1)),
    ]
    merged = facts_of(records([(NOON, event) for event in events]))
    assert merged.merged_at == after(1)
    apart = ComplaintSeparated(
        complaint_id=ID, leading_id=UUID(int=8), separated_by="x", separated_at=after(2)
    )
    events.append(apart)
    again = facts_of(records([(NOON, event) for event in events]))
    assert (again.leading_id, again.merged_at) == (None, None)
    assert [place for name, _, place in timed(again, own=True) if name == "response"] == [None]


@pytest.mark.requirement("002-17", "002-10")
def test_what_ended_otherwise_counts_up_to_its_end_and_not_for_ever() -> None:
    # Answered after 2 s and 5 s; closed without an answer after 3 s. Kaplan-Meier: S(2) = 2/3, S(5) = 0.
    spans = Spans({bucket_of(2): 1, bucket_of(5): 1}, censored={bucket_of(3): 1})
    nine_of_ten = spans.quantile(0.9)
    assert nine_of_ten is not None
    assert (nine_of_ten.seconds, nine_of_ten.at_least) == (5.0, False)
    # Taken for open, it would be older than all others, and nobody could tell when nine of ten are answered.
    wrong = Spans({bucket_of(2): 1, bucket_of(5): 1}, [(86_400.0, 1)]).quantile(0.9)
    assert wrong is not None
    assert wrong.at_least
    left = Spans({}, censored={bucket_of(40): 2}).quantile(0.5)
    assert left is not None
    assert (left.seconds, left.at_least) == (40.0, True)
    value = BY_ID["notice_time_p90"].of(Totals(spans={"acknowledgement": spans}))
    assert value is not None
    assert value.value == round(5 / 3600, 4)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30),
    st.sampled_from([0.5, 0.9, 0.25]),
)
def test_the_quantile_is_that_of_the_product_limit_by_hand(
    cases: list[tuple[int, bool]], share: float
) -> None:
    """Seconds up to 48 are exact. An end of another way at the moment of an answer comes after it."""
    finished = Counter(bucket_of(seconds) for seconds, ended in cases if ended)
    censored = Counter(bucket_of(seconds) for seconds, ended in cases if not ended)
    found = Spans(finished, censored=censored).quantile(share)
    stays, reached = 1.0, None
    for moment in sorted({seconds for seconds, ended in cases if ended}):
        at_risk = sum(seconds >= moment for seconds, _ in cases)
        stays *= 1 - sum(ended for seconds, ended in cases if seconds == moment) / at_risk
        if reached is None and stays <= 1 - share + 1e-9:
            reached = moment
    assert found is not None
    if reached is None:
        assert (found.seconds, found.at_least) == (max(seconds for seconds, _ in cases), True)
    else:
        assert (found.seconds, found.at_least) == (reached, False)
