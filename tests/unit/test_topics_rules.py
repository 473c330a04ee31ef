"""The pure rules of mining: terms, counts, bursts, groups, labels, signatures."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from bench.mining.stories import Week, problems
from services.insights.recurrence.model import COMPARED, Candidates, Signed, connected, tells_the_same
from services.insights.recurrence.signature import BANDS, bands, said, same_words
from services.insights.topics.book import TOPICS_BOOK
from services.insights.topics.bursts import bursts
from services.insights.topics.counts import Counts, Told, count, summed
from services.insights.topics.finding import find
from services.insights.topics.grouping import alike, merged, overlap
from services.insights.topics.job import CATCH_UP, due
from services.insights.topics.labels import label, medoids, weights
from services.insights.topics.model import Matter, matter_of
from services.insights.topics.terms import BUCKETS, bucket, terms

MINING = TOPICS_BOOK.shipped
AT = datetime(2026, 1, 1, tzinfo=UTC)


# Terms and counts


def test_terms_are_runs_of_signs_words_and_pairs_of_words() -> None:
    assert terms("充电口") == {"充电", "电口", "充电口"}
    assert terms("The charging port melted") == {
        *("charging", "port", "melted", "charging port", "port melted")
    }
    assert terms("port. Melted") == {"port", "melted"}, "no pair across a sentence"


def test_what_names_one_thing_or_was_masked_is_no_term_but_a_code_is() -> None:
    assert terms("order SO12345678 of [phone] 2026-11-02") == {"order"}
    assert terms("alarm R4") == {"alarm", "r4", "alarm r4"}
    assert terms("充電口") == terms("充电口"), "in either script"


@given(st.text(max_size=300))
def test_whatever_is_said_has_terms_in_buckets(words: str) -> None:
    found = terms(words)
    assert all(0 <= bucket(term) < BUCKETS for term in found)
    assert terms(words) == found


def told(number: int, words: str, customer: int | None = None) -> Told:
    return Told.of(UUID(int=number), UUID(int=customer) if customer is not None else None, words)


@given(st.lists(st.tuples(st.integers(0, 5), st.sets(st.sampled_from("abcdefgh"), max_size=5)), max_size=20))
def test_counts_are_those_of_customers_and_survive_packing(given_: list[tuple[int, set[str]]]) -> None:
    some = [
        told(n, ". ".join(f"w{word}x" for word in words), customer)
        for n, (customer, words) in enumerate(given_)
    ]
    found = count(some)
    customers: dict[int, set[str]] = {}
    for customer, words in given_:
        customers.setdefault(customer, set()).update(words)
    assert found.customers == len(customers)
    for word in "abcdefgh":
        assert found.dense()[bucket(f"w{word}x")] == sum(word in words for words in customers.values())
    again = Counts.unpacked(found.customers, found.packed())
    assert np.array_equal(again.buckets, found.buckets)
    assert np.array_equal(again.n, found.n)
    twice = summed([found, found])
    assert twice.customers == 2 * found.customers
    assert np.array_equal(twice.n, 2 * found.n)


# Bursts


@given(st.integers(0, 40), st.integers(0, 40), st.lists(st.integers(0, 30), min_size=4, max_size=12))
def test_a_burst_is_the_tail_of_a_gamma_poisson_prediction(now: int, before: int, past: list[int]) -> None:
    """One term alone, checked against SciPy's distribution."""
    counts, exposure = np.array([past], dtype=np.float64), np.full(len(past), 100.0)
    recent = np.array([[before, now]], dtype=np.float64)
    found = bursts(counts, exposure, recent, np.array([100.0, 100.0]), 1)
    uses = sum(past) + 0.5
    rate = uses / exposure.sum()
    fitted = rate * exposure
    phi = max(1.0, float(((counts[0] - fitted) ** 2 / fitted).sum() / (len(past) - 1)))
    smallest = []
    for total, size in ((now, 100.0), (now + before, 200.0)):
        mean = rate * size
        spread = phi * (1 + mean / uses)
        tail = nbinom(mean / (spread - 1), 1 / spread)
        smallest.append((tail.sf(total) + tail.sf(total - 1)) / 2)
    assert found.p[0] == pytest.approx(min(1.0, 2 * min(smallest)), rel=1e-6, abs=1e-12)
    assert found.q[0] == pytest.approx(found.p[0])


def test_terms_that_are_too_rare_to_be_tested_count_among_those_that_could_be_false() -> None:
    one = bursts(np.zeros((1, 8)), np.full(8, 100.0), np.array([[0.0, 6.0]]), np.array([100.0, 100.0]), 1)
    of_many = bursts(
        np.zeros((1, 8)), np.full(8, 100.0), np.array([[0.0, 6.0]]), np.array([100.0, 100.0]), 1000
    )
    assert of_many.q[0] == pytest.approx(min(1.0, 1000 * one.q[0]))


# Groups, labels, matters

USERS = st.lists(st.frozensets(st.integers(0, 15), min_size=1), max_size=12)


@given(USERS, st.data())
def test_every_term_is_in_one_group_and_groups_of_clear_terms_share_little(
    users: list[frozenset[int]], data: st.DataObject
) -> None:
    strong = data.draw(st.lists(st.booleans(), min_size=len(users), max_size=len(users)))
    groups = merged(users, strong, [float(len(each)) for each in users], 0.6)
    assert sorted(n for group in groups for n in group) == list(range(len(users)))
    assert groups == sorted(groups, key=lambda group: group[0])
    clear = [frozenset[int]().union(*(users[n] for n in group if strong[n])) for group in groups]
    for at, one in enumerate(clear):
        for other in clear[at + 1 :]:
            if one and other:
                assert len(one & other) < 0.3 * min(len(one), len(other))
                assert not alike(one, other, 0.6)


@given(st.frozensets(st.integers(0, 9)), st.frozensets(st.integers(0, 9)))
def test_overlap_is_jaccards(one: frozenset[int], other: frozenset[int]) -> None:
    assert overlap(one, other) == (len(one & other) / len(one | other) if one | other else 0.0)


def test_a_label_says_nothing_twice_and_prefers_what_is_said_here_only() -> None:
    from collections import Counter

    inside = Counter({"充电口": 9, "充电": 9, "电口": 9, "发烫": 8, "快递": 8})
    everywhere = {"充电口": 9, "充电": 9, "电口": 9, "发烫": 8, "快递": 900}
    found = label(weights(inside, everywhere, 50.0))
    assert found == ("充电口", "发烫", "快递")


def test_medoids_are_most_like_the_others_and_of_different_customers() -> None:
    said_ = [frozenset("abc"), frozenset("abc"), frozenset("abcd"), frozenset("xyz"), frozenset("ab")]
    assert medoids(said_, [1, 1, 2, 3, 4]) == [0, 2, 4]


def test_a_matter_is_what_more_than_half_have_in_common() -> None:
    a, b = Matter("function_fault", "use", "phone"), Matter("function_fault", None, "phone")
    assert matter_of([a, a, b]) == a
    assert matter_of([a, b]) == Matter("function_fault", None, "phone")
    assert matter_of([]) == Matter()
    assert a.says_enough
    assert not Matter("function_fault").says_enough


# The whole, on made-up weeks


def week(number: int, planted: int = 0) -> list[Told]:
    told_ = [
        Told.of(UUID(int=(number << 32) + at), customer, words)
        for at, (language, customer, words) in enumerate(Week(3, number).told(400))
        if language == "en"
    ]
    teller = Week(4, number)
    new = [teller.retold(problems()[0], "en") for _ in range(planted)]
    return told_ + [Told.of(UUID(int=(1 << 100) + at), *each) for at, each in enumerate(new)]


@pytest.mark.requirement("002-25", "003-11")
def test_a_planted_problem_is_found_and_nothing_else() -> None:
    past = [count(week(number)) for number in range(8)]
    assert find("en", past, week(8), week(9), MINING) == []
    first, *more = find("en", past, week(8), week(9, 10), MINING)
    planted = {each.id for each in week(9, 10) if each.id.int >> 100}
    assert len(planted & set(first.complaints)) >= 8
    assert 2 * len(planted & set(first.complaints)) > len(first.complaints)
    assert all(planted.issuperset(each.complaints) for each in more)
    assert find("en", past, week(8), week(9, 10), MINING) == [first, *more], "the same each time"


def test_with_too_short_a_past_nothing_is_found() -> None:
    assert find("en", [count(week(1))] * 3, week(8), week(9, 10), MINING) == []


# When


@given(st.integers(0, 52 * 7 * 24), st.integers(0, 60))
def test_the_week_to_mine_is_over_and_follows_the_last(hours: int, behind: int) -> None:
    now = AT + timedelta(hours=hours)
    newest = due(now, None, MINING)
    assert newest is not None
    assert newest.weekday() == 0
    over = datetime.combine(newest + timedelta(days=7), datetime.min.time(), UTC)
    assert over + timedelta(hours=6) <= now < over + timedelta(days=7, hours=6)
    last = newest - timedelta(weeks=behind)
    expected: date | None = last + timedelta(weeks=1) if behind else None
    if behind > CATCH_UP:
        expected = newest - timedelta(weeks=CATCH_UP - 1)
    assert due(now, last, MINING) == expected


# Signatures


@given(st.text(max_size=400))
def test_a_text_tells_the_same_as_itself(words: str) -> None:
    text = said(words)
    assert said(words) == text
    found = bands(text)
    assert len(found) in {0, BANDS}
    assert all(-(2**63) <= band < 2**63 for band in found)
    if found:
        assert same_words(text, text)


def test_a_part_of_a_text_is_not_the_same() -> None:
    one = "motor shaft broke during startup"
    assert not same_words(said(one), said(one + " invoice missing parcel late hotline silent refund refused"))


def signed(number: int, words: str) -> Signed:
    text = said(words)
    return Signed(id=UUID(int=number), registered_at=AT, product="x", said=text, bands=bands(text))


WORDS = (
    "the motor shaft broke during startup yesterday morning",
    "during startup yesterday morning the motor shaft broke",
    "nobody answers your hotline about refund of invoice",
)


@pytest.mark.requirement("000-08")
@given(st.permutations([0, 0, 1, 1, 2, 2]), st.integers(1, 6))
def test_recurrences_do_not_depend_on_order_or_batches(which: Sequence[int], size: int) -> None:
    all_ = [signed(number + 1, WORDS[each]) for number, each in enumerate(which)]
    known = Candidates()
    for first in range(0, len(all_), size):
        batch = all_[first : first + size]
        for each in batch:
            known.add(each)
        moved = connected(batch, known)
        for each in all_[:first]:
            assert each.recurrence_id is not None
            each.recurrence_id = moved.get(each.recurrence_id, each.recurrence_id)
    motor = min(each.id for each, words in zip(all_, which, strict=True) if words < 2)
    hotline = min(each.id for each, words in zip(all_, which, strict=True) if words == 2)
    for each, words in zip(all_, which, strict=True):
        assert each.recurrence_id == (hotline if words == 2 else motor)


def test_one_is_compared_with_few_texts_however_many_sent_each() -> None:
    known = Candidates(
        signed(number, f"{WORDS[0]} at {chr(ord('a') + number % 50)}corner") for number in range(1, 150)
    )
    found = known(signed(200, WORDS[0]))
    assert len(found) == len({each.said for each in found}) == COMPARED
    assert min(each.id.int for each in found) > 99, "each the last that told it"
    assert len(known(signed(75, WORDS[0]))) == 2 * COMPARED, "before it and after it"


def test_what_was_erased_before_is_not_compared_even_in_one_batch() -> None:
    one, other = signed(1, WORDS[0]), signed(2, WORDS[0])
    assert tells_the_same(one, other)
    one.erased_at = AT
    assert not tells_the_same(one, other)


@pytest.mark.requirement("002-25", "003-11")
def test_a_word_of_one_customer_is_no_word_of_a_topic_though_it_shares_its_bucket() -> None:
    """It may be a name; and whoever uses it by chance does not tell of the topic."""
    past = [count(week(number)) for number in range(8)]
    (first, *_) = find("en", past, week(8), week(9, 10), MINING)
    wanted = {bucket(term) for term in first.strong}
    letters = "abcdefghijklmnopqrstuvwxyz"
    rare = next(word for word in map("".join, product(letters, repeat=4)) if bucket(f"zq{word}") in wanted)
    rare = f"zq{rare}"
    assert rare not in first.strong
    *rest, last = week(9, 10)
    now = [*rest, Told.of(last.id, last.customer, f"{last.words}. {rare}")]
    for found in find("en", past, week(8), now, MINING):
        assert rare not in {*found.strong, *found.signature, *found.label}
    assert find("en", past, week(8), now, MINING)[0].strong == first.strong
