"""What a complaint contributes, and what is made of the sums: pure rules."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.insights.app import service
from services.insights.durations import (
    BOUNDS,
    LONGEST,
    RELATIVE_ERROR,
    Durations,
    Spans,
    Waiting,
    added_up,
    bucket_of,
    middle,
    packed,
)
from services.insights.handlers import reactions
from services.insights.measures import BY_ID, MEASURES, Totals, Value
from services.insights.measures.book import MEASURE_TARGETS, Status, status
from services.insights.model import COUNTS, Contributions, Dims, Facts, contributions
from services.insights.pieces import GRAIN_OF, pieces
from services.insights.store import complaints
from services.insights.summing import GRAINS, Sums, rows_of
from services.insights.timed import BEGUN, CENSORED, DURATIONS
from shared.envelope import open_envelope
from shared.eventlog import Record
from shared.events import registry
from shared.events.vocabulary import TOPICS
from shared.ids import derived_id
from tests.insights_story import interleaved, records, stories, story

ID = UUID(int=7)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = NOON.date()
DIMS = Dims("delivery", "major", "logistics", "phone", "", "", "", "")


def facts_of(given: list[Record]) -> dict[UUID, Facts]:
    known: dict[UUID, Facts] = {}
    for record in given:
        received = open_envelope(record)
        facts = known.setdefault(received.event.complaint_id, Facts(id=received.event.complaint_id))
        reactions.react(facts, received)
    return known


def finished(**fields: object) -> Facts:
    known: dict[str, object] = {
        "registered_at": NOON,
        "kind": "complaint",
        "category": "delivery",
        "severity": "major",
        "department": "logistics",
        "channel": "phone",
    }
    return Facts(id=ID, **(known | fields))  # type: ignore[arg-type]


@pytest.mark.requirement("002-10")
def test_nothing_counts_before_the_registration_is_known() -> None:
    assert (
        contributions(Facts(id=ID, closed_at=NOON, outcome="satisfied", promises_kept_at=[NOON])) == Counter()
    )


@pytest.mark.requirement("002-17", "003-15", "001-31")
def test_each_count_is_on_its_own_day() -> None:
    facts = finished(
        triaged_at=NOON,
        triaged_automatically=True,
        carried_out_at=NOON + timedelta(hours=30),
        closed_at=NOON + timedelta(days=3),
        outcome="satisfied",
        promises_kept_at=[NOON + timedelta(hours=13)],
        promises_broken_at=[NOON, NOON],
    )
    assert contributions(facts) == {
        (DAY, DIMS, "received"): 1,
        (DAY, DIMS, "dissatisfied"): 1,
        (DAY, DIMS, "matters"): 1,
        (DAY, DIMS, "converted"): 1,
        (DAY, DIMS, "handled"): 1,
        (DAY, DIMS, "handling_seconds"): 30 * 3600,
        (DAY, DIMS, ("handling", BEGUN)): 1,
        (DAY, DIMS, ("handling", bucket_of(30 * 3600))): 1,
        (DAY, DIMS, ("response", BEGUN)): 1,
        (DAY, DIMS, ("response", CENSORED + bucket_of(3 * 86_400))): 1,
        (DAY, DIMS, "triaged"): 1,
        (DAY, DIMS, "triaged_automatically"): 1,
        (date(2026, 3, 4), DIMS, "closed"): 1,
        (date(2026, 3, 4), DIMS, "began_dissatisfied"): 1,
        (date(2026, 3, 4), DIMS, "turned_satisfied"): 1,
        (date(2026, 3, 4), DIMS, "satisfied"): 1,
        (date(2026, 3, 4), DIMS, "second_chance"): 1,
        (DAY, DIMS, "solved_at_once"): 1,
        (DAY, DIMS, "grave"): 1,
        (date(2026, 3, 2), DIMS, "promises_kept"): 1,
        (DAY, DIMS, "promises_broken"): 2,
    }


def test_a_praise_is_received_but_is_no_dissatisfaction() -> None:
    counts = contributions(finished(kind="praise", closed_at=NOON, outcome="satisfied"))
    assert counts[DAY, DIMS, "received"] == 1
    assert counts[DAY, DIMS, "dissatisfied"] == counts[DAY, DIMS, "converted"] == 0


def test_closed_without_a_solution_is_handled_by_the_closing() -> None:
    counts = contributions(finished(closed_at=NOON + timedelta(hours=2), outcome="acceptable"))
    assert counts[DAY, DIMS, "handled"] == 1
    assert counts[DAY, DIMS, "handling_seconds"] == 7200


def test_days_are_those_of_utc_whatever_the_offset_of_the_event() -> None:
    late = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    in_china = late.astimezone(ZoneInfo("Asia/Shanghai"))
    assert {day for day, _, _ in contributions(finished(registered_at=in_china))} == {date(2026, 3, 1)}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.integers(0, 10**6), saves=st.integers(1, 9))
@pytest.mark.requirement("002-10")
def test_the_deltas_of_any_order_add_up_to_the_final_contributions(seed: int, order: int, saves: int) -> None:
    """Whatever order the topics come in, and wherever the batches are cut."""
    told = records(story(derived_id("one", seed), NOON, Random(seed)))
    final = facts_of(told)
    sums: Contributions = Counter()
    facts = Facts(id=derived_id("one", seed))
    for number, record in enumerate(interleaved(told, Random(order), 3), 1):
        reactions.react(facts, open_envelope(record))
        if number % saves == 0 or number == len(told):
            new = contributions(facts)
            sums.update(new)
            sums.subtract(facts.counted)
            facts.counted = new
    assert facts == final[facts.id]
    assert {cell: n for cell, n in sums.items() if n} == contributions(final[facts.id])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.integers(0, 10**6), cut=st.integers(1, 200))
@pytest.mark.requirement("002-10", "N-P")
def test_days_and_months_add_up_to_the_same_however_the_changes_come(seed: int, order: int, cut: int) -> None:
    """Each table is the sum of the final contributions, whatever changes were added on the way."""
    told = records(stories(5, seed=seed, days=70))
    wanted, step_by_step = Sums(), Sums()
    for facts in facts_of(told).values():
        wanted.add(contributions(facts))
    known: dict[UUID, Facts] = {}
    mixed = interleaved(told, Random(order), 9)
    for place, record in enumerate(mixed, 1):
        received = open_envelope(record)
        facts = known.setdefault(received.event.complaint_id, Facts(id=received.event.complaint_id))
        reactions.react(facts, received)
        if place % cut == 0 or place == len(mixed):
            for changed in known.values():
                new = contributions(changed)
                delta = Counter(new)
                delta.subtract(changed.counted)
                step_by_step.add(delta)
                changed.counted = new
    for table in (grain + kind for grain in GRAINS for kind in ("", "_durations")):
        made, right = rows_of(step_by_step, table), rows_of(wanted, table)
        assert sorted(map(repr, made)) == sorted(map(repr, right))
    grains = [rows_of(wanted, grain) for grain in GRAINS]
    for name in COUNTS:
        assert len({sum(row[name] for row in rows) for rows in grains}) == 1
    assert {row["day"] for row in grains[2]} == {row["day"].replace(month=1, day=1) for row in grains[0]}


@pytest.mark.requirement("002-10")
def test_every_cut_of_the_sums_adds_up_to_the_whole() -> None:
    sums = Sums()
    for facts in facts_of(records(stories(60, seed=4))).values():
        sums.add(contributions(facts))
    by_cut: Counter[tuple[str, str]] = Counter()
    begun: Counter[tuple[str, str]] = Counter()
    for row in rows_of(sums, "monthly"):
        by_cut.update({(row["dimension"], name): row[name] for name in COUNTS})
    for row in rows_of(sums, "monthly_durations"):
        begun[row["name"], row["dimension"]] += row["begun"]
        assert sum(added_up([row["buckets"]])[0]) == row["finished"]
        assert sum(added_up([row["censored_buckets"]])[0]) == row["censored"]
    for (dimension, name), n in by_cut.items():
        assert n == by_cut["none", name], dimension
    assert {name for name, _ in begun} == DURATIONS.keys()
    for (name, dimension), n in begun.items():
        assert n == begun[name, "none"] > 0, dimension


@settings(max_examples=300)
@given(
    first=st.dates(), days=st.integers(0, 4000), months=st.integers(-100, 4100), years=st.integers(-100, 4100)
)
@example(first=date(1, 1, 1), days=0, months=0, years=0)
@example(first=date(9999, 12, 1), days=30, months=30, years=30)
@example(first=date(9990, 1, 1), days=4000, months=4000, years=4000)
@example(first=date(2024, 2, 1), days=28, months=28, years=28)
@example(first=date(2023, 1, 1), days=364, months=364, years=364)
def test_the_pieces_of_a_range_are_the_range_and_few(first: date, days: int, months: int, years: int) -> None:
    def later(n: int) -> date:
        return date.fromordinal(min(max(first.toordinal() + n, 1), date.max.toordinal()))

    last, by_month, by_year = later(days), later(months), later(years)
    found = pieces("in", first, last, by_month, by_year)
    spans = {name: (found[f"in_{name}_from"], found[f"in_{name}_to"]) for name in GRAIN_OF}
    order = ("head", "early", "years", "late", "tail")
    covered = [range(a.toordinal(), b.toordinal() + 1) for a, b in (spans[name] for name in order) if a <= b]
    assert [day for span in covered for day in span] == list(range(first.toordinal(), last.toordinal() + 1))
    for name, until in (("early", by_month), ("late", by_month), ("years", min(by_month, by_year))):
        begin, end = spans[name]
        if begin <= end:
            assert begin.day == 1
            assert end == date.max or (end + timedelta(days=1)).day == 1
            assert end <= until
            assert name != "years" or (begin.month, end.month) == (1, 12)
    if min(by_month, by_year) >= last:
        sizes = {name: (b - a).days + 1 if a <= b else 0 for name, (a, b) in spans.items()}
        assert sizes["head"] <= 31 + 30
        assert sizes["tail"] <= 31  # 31 only at the end of the calendar
        if sizes["years"]:
            assert max(sizes["early"], sizes["late"]) <= 366 - 31


def test_every_interleaving_gives_the_same_facts() -> None:
    told = records(stories(40, seed=3))
    final = facts_of(told)
    for seed in range(10):
        assert facts_of(interleaved(told, Random(seed))) == final


IGNORED = {
    "redress.complaint.withdrawn.v1",  # CaseWithdrawn says whether it was in time
    "redress.webhook.disabled.v1",  # about another system, not about the complaint
    "redress.attachment.added.v1",
    "redress.attachment.scanned.v1",
    "redress.offers.withdrawn.v1",
    # No measure is made of these yet; the log keeps them until one is.
    "redress.risk.settled.v1",
    "redress.survey.sent.v1",
    "redress.survey.closed.v1",
    "redress.result.judged.v1",  # OpinionGiven says it, too
    "redress.case.closed-below-value.v1",
    "redress.restatement.answered.v1",
    "redress.personal-data.read.v1",
    "redress.message.read.v1",
    "redress.notice.overdue.v1",
    "redress.task.set.v1",
    "redress.task.done.v1",
    "redress.task.overdue.v1",
    "redress.complaint.unassigned.v1",
    "redress.department.involved.v1",
    # What had to be permitted is read, and whether it was.
    "redress.approval.passed-on.v1",
    "redress.approval.refused.v1",
    "redress.approval.expired.v1",
    "redress.approval.withdrawn.v1",
    "redress.case.ended-negative.v1",
    "redress.dispute.handed-over.v1",
    "redress.dispute.deadline-near.v1",
    "redress.dispute.deadline-missed.v1",
    "redress.dispute.answered.v1",
    "redress.dispute.decided.v1",
    "redress.case.file-read.v1",
    "redress.reopening.asked.v1",  # CaseReopened says whether it was in time
    # ComplaintMerged and ComplaintSeparated tell it from the follower's side.
    "redress.reporter.joined.v1",
    "redress.reporter.left.v1",
    # Time within the handling: what was missed is counted, and the rest is resolution's record.
    "redress.clock.warned.v1",
    "redress.colleague.asked.v1",
    "redress.colleague.chased.v1",
    "redress.public-response.given.v1",
    "redress.case.grew.v1",
    # Of people of the company: routing keeps their points, and nothing else is counted of them.
    "redress.accused.answered.v1",
    "redress.accused.silent.v1",
    "redress.accused.unheard.v1",
    "redress.mark.frozen.v1",
    "redress.mark.restored.v1",
    "redress.mark.removed.v1",
    "redress.appeal.reviewer-named.v1",
    "redress.appeal.asked.v1",
    "redress.appeal.answered.v1",
    "redress.appeal.due.v1",
    "redress.appeal.overdue.v1",
    "redress.appeal.upheld.v1",
    "redress.appeal.ended.v1",
    "redress.sanction.proposed.v1",
    "redress.sanction.took-effect.v1",
    "redress.sanction.suspended.v1",
    "redress.sanction.lifted.v1",
    # Resolution answers for its improvements itself; which complaints belong to one,
    # and when it was closed, is read.
    "redress.improvement.step-passed.v1",
    "redress.improvement.sent-back.v1",
    "redress.improvement.action-due.v1",
    "redress.improvement.action-overdue.v1",
    "redress.improvement.action-settled.v1",
    "redress.improvement.effect-due.v1",
    "redress.improvement.effect-judged.v1",
    "redress.improvement.dropped.v1",
    "redress.improvement.recurrence-found.v1",
    # How far field actions have come, resolution tells.
    "redress.field-action.proposed.v1",
    "redress.field-action.started.v1",
    "redress.field-action.customer-addressed.v1",
    "redress.field-action.suspended.v1",
    "redress.field-action.resumed.v1",
    "redress.field-action.completed.v1",
    "redress.field-action.cancelled.v1",
    "redress.field-action.letter-delivered.v1",
    "redress.field-action.letter-failed.v1",
    # What was counted stays counted.
}
"""Facts of other services that tell insights nothing. A new fact is read, or stands here."""


def test_insights_reads_every_fact_that_matters_and_none_of_its_own() -> None:
    unread = {
        e.wire_type()
        for e in registry
        if not any(each.answers(e.wire_type()) for each in service.reactions) and e.topic != TOPICS.insights
    }
    assert unread == IGNORED
    assert not any(TOPICS.insights in each.topics for each in service.reactions)


def test_every_column_is_a_field_of_the_facts() -> None:
    fields = Facts.__dataclass_fields__.keys()
    assert {column.name for column in complaints.columns} == fields - {"version", "_facts", "counted"}


# handling times


@given(st.integers(0, LONGEST))
@example(0)
@example(1)
@example(9)
@example(10)
@example(LONGEST)
@pytest.mark.requirement("002-17")
def test_no_duration_is_further_than_the_bound_from_its_buckets_middle(seconds: int) -> None:
    assert abs(middle(bucket_of(seconds)) - seconds) <= RELATIVE_ERROR * seconds + 1e-9


def test_buckets_follow_each_other_without_a_gap() -> None:
    assert all(low < high for low, high in pairwise(BOUNDS))
    for bucket, bound in enumerate(BOUNDS[:-1]):
        assert bucket_of(bound) == bucket
        assert bucket_of(bound + 1) == bucket + 1
    assert bucket_of(-5) == 0
    assert bucket_of(10 * LONGEST) == len(BOUNDS) - 1


histograms = st.dictionaries(st.integers(0, len(BOUNDS) - 1), st.integers(1, 5_000_000), max_size=20)


@given(histograms, histograms)
@pytest.mark.requirement("002-17")
def test_packed_histograms_add_up_and_are_the_same_bytes_whichever_way(
    one: dict[int, int], other: dict[int, int]
) -> None:
    both = Counter(one) + Counter(other)
    assert packed(other, packed(one)) == packed(one, packed(other)) == packed(both)
    [row] = added_up([packed(one) + packed(other)])
    assert {int(bucket): int(row[bucket]) for bucket in row.nonzero()[0]} == both
    assert packed({bucket: -n for bucket, n in one.items()}, packed(both)) == packed(other)
    with pytest.raises(ValueError, match="fewer than no cases"):
        packed({0: -1})


@given(
    st.lists(st.integers(0, 30 * 86_400), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.25, 1.0])
)
def test_without_open_cases_a_quantile_is_the_order_statistic(durations: list[int], share: float) -> None:
    exact = sorted(durations)[max(0, -int(-share * len(durations) // 1) - 1)]
    found = Spans(Counter(map(bucket_of, durations))).quantile(share)
    assert found is not None
    assert not found.at_least
    assert abs(found.seconds - exact) <= RELATIVE_ERROR * exact + 1e-9


@pytest.mark.requirement("002-17")
def test_open_cases_count_up_to_their_age() -> None:
    # Four cases: done after 2 s and 5 s, open since 3 s and 10 s. Kaplan-Meier: S(2) = 3/4, S(5) = 3/4 * 1/2.
    handled, waiting = {bucket_of(2): 1, bucket_of(5): 1}, [(3.0, 1), (10.0, 1)]
    half = Spans(handled, waiting).quantile(0.5)
    most = Spans(handled, waiting).quantile(0.9)
    assert half is not None
    assert (half.seconds, half.at_least) == (5.0, False)
    assert most is not None
    assert (most.seconds, most.at_least) == (10.0, True)
    naive = Spans(handled).quantile(0.5)
    assert naive is not None
    assert naive.seconds == 2.0  # what leaving out the open ones would claim
    assert Spans().quantile(0.5) is None


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.integers(0, len(BOUNDS) - 1), st.integers(1, 50), max_size=6),
            st.lists(st.tuples(st.floats(0, 1e7), st.integers(1, 20)), max_size=4),
            st.dictionaries(st.integers(0, len(BOUNDS) - 1), st.integers(1, 50), max_size=3),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([0.5, 0.9]),
)
def test_groups_that_are_measured_together_are_as_each_of_them_alone(
    groups: list[tuple[dict[int, int], list[tuple[float, int]], dict[int, int]]], share: float
) -> None:
    alone = [Spans(*group).quantile(share) for group in groups]
    waits = [(group, age, n) for group, (_, waiting, _) in enumerate(groups) for age, n in waiting]
    group, ages, open_ = (np.array([each[part] for each in waits]) for part in range(3))
    together = Durations(
        added_up([packed(finished) for finished, _, _ in groups], range(len(groups)), len(groups)),
        added_up([packed(censored) for _, _, censored in groups], range(len(groups)), len(groups)),
        Waiting(group.astype(np.int64), ages.astype(np.float64), open_.astype(np.int64)),
    )
    assert together.quantile(share) == alone


# the catalogue


@pytest.mark.requirement("002-17", "001-31", "001-33", "003-15")
def test_the_catalogue_is_complete() -> None:
    assert len(BY_ID) == len(MEASURES)
    asked_for = {"000-01", "000-11", "000-12f", "000-16", "000-21", "001-31", "001-33", "002-10", "002-17"}
    asked_for |= {"003-15", "004-02", "004-11", "004-14", "P-08", "P-38"}
    assert {measure.requirement for measure in MEASURES} == asked_for
    for measure in MEASURES:
        assert set(measure.name) == {"en", "zh"}
        assert {*measure.making.part, *measure.making.whole} <= COUNTS.keys()
        assert measure.making.part, "what is behind it can be shown"
        assert set(measure.beside) <= BY_ID.keys()
        value = measure.of(Totals())
        assert value is None or value.value == 0


def verdict(name: str, value: Value | None) -> Status:
    return status(BY_ID[name], value, MEASURE_TARGETS.shipped.target_of(name, {}))


@pytest.mark.requirement("002-17")
def test_a_value_meets_its_target_or_is_near_or_misses_it() -> None:
    assert verdict("promise_kept_rate", Value(0.95)) is Status.MET
    assert verdict("promise_kept_rate", Value(0.949)) is Status.NEAR
    assert verdict("promise_kept_rate", Value(0.9)) is Status.NEAR
    assert verdict("promise_kept_rate", Value(0.899)) is Status.MISSED
    assert verdict("promise_kept_rate", None) is Status.NO_DATA
    assert verdict("handling_time_p90", Value(72.0)) is Status.MET
    assert verdict("handling_time_p90", Value(72.1)) is Status.NEAR
    assert verdict("handling_time_p90", Value(96.1)) is Status.MISSED
    assert verdict("handling_time_p90", Value(96.1, at_least=True)) is Status.MISSED
    assert verdict("handling_time_p90", Value(10.0, at_least=True)) is Status.NO_DATA
    assert verdict("received", Value(3)) is Status.NO_TARGET


def test_formulas_use_counts_that_exist() -> None:
    totals = Totals(
        counts=dict.fromkeys(COUNTS, 4) | {"merged": 1, "withdrawn": 1},
        spans={name: Spans({5: 4}) for name in DURATIONS},
        open=2,
        exposure=2.0,
    )
    values = {measure.id: measure.of(totals) for measure in MEASURES}
    assert all(value is not None for value in values.values())
    assert values["handling_rate"] == Value(4 / 2, 4, 2), "without the merged and the withdrawn"
    assert values["promise_kept_rate"] == Value(0.5, 4, 8)
    assert values["acceptable_rate"] == Value(2.0, 8, 4)  # the database refuses such counts
