"""Clusters: complaints that tell common words together, where nobody did before."""

from collections import defaultdict
from dataclasses import replace
from functools import cache
from itertools import combinations
from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.mining.stories import Week, combination
from services.insights.topics import together
from services.insights.topics.book import TOPICS_BOOK
from services.insights.topics.clusters import with_clusters
from services.insights.topics.counts import Told, count
from services.insights.topics.finding import Found, find
from services.insights.topics.together import AND, LONGEST_SENTENCE, key, keys_of, names_of

MINING = TOPICS_BOOK.shipped
PLANTED = 1 << 120


def test_terms_of_one_sentence_are_told_together() -> None:
    assert names_of(
        "The motor hums. Invoice late.", frozenset(keys_of("motor hums. late invoice").tolist())
    ) == {
        "hums + motor",
        "invoice + late",
    }
    assert keys_of("充电口发烫").size == 6, "of four pairs of signs"
    assert keys_of("motor. invoice").size == 0, "of two sentences"
    assert keys_of("call [phone] of SO12345678").size == 0, "what is masked or numbers one thing says nothing"


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9), max_size=4))
def test_combinations_are_all_pairs_of_each_sentence(told: list[list[str]]) -> None:
    words = ". ".join(" ".join(f"w{each}x" for each in sentence) for sentence in told)
    pairs = {
        pair for sentence in told for pair in combinations(sorted({f"w{each}x" for each in sentence}), 2)
    }
    assert sorted(keys_of(words).tolist()) == sorted({key(*pair) for pair in pairs})
    assert names_of(words, frozenset(key(*pair) for pair in pairs)) == {AND.join(pair) for pair in pairs}


@given(st.text(max_size=400))
def test_whatever_is_said_has_bounded_combinations(words: str) -> None:
    found = keys_of(words)
    assert (np.diff(found) > 0).all()
    assert found.size <= len(words) * LONGEST_SENTENCE


@given(st.lists(st.tuples(st.integers(0, 4), st.frozensets(st.integers(0, 30), max_size=6)), max_size=20))
def test_a_customer_who_writes_twenty_times_tells_each_combination_once(
    told: list[tuple[int, frozenset[int]]],
) -> None:
    found = together.count((UUID(int=who), np.array(sorted(keys), dtype=np.int64)) for who, keys in told)
    by_customer: defaultdict[int, set[int]] = defaultdict(set)
    for who, keys in told:
        by_customer[who] |= keys
    assert found.customers == len(by_customer)
    every = np.arange(31)
    expected = [sum(each in keys for keys in by_customer.values()) for each in every]
    assert found.of(every).tolist() == expected


# Found among what is usual


@cache
def week(number: int, language: str) -> tuple[Told, ...]:
    return tuple(
        Told.of(UUID(int=(number << 64) + at), customer, words)
        for at, (spoken, customer, words) in enumerate(Week(77, number).told(600))
        if spoken == language
    )


@cache
def past(language: str) -> tuple[together.Together, ...]:
    return tuple(
        together.count((each.customer or each.id, keys_of(each.words)) for each in week(number, language))
        for number in range(8)
    )


def planted(seed: int, language: str, n: int = 15) -> list[Told]:
    mixed, teller = combination(language, Random(seed)), Week(78, seed)
    return [Told.of(UUID(int=PLANTED + at), *teller.combined(mixed, language)) for at in range(n)]


def clustered(language: str, more: list[Told]) -> tuple[list[Found], list[Found]]:
    before, now = week(8, language), [*week(9, language), *more]
    by_terms = find(language, [count(week(number, language)) for number in range(8)], before, now, MINING)
    return by_terms, with_clusters(language, past(language), before, now, by_terms, MINING)


@pytest.mark.requirement("002-25", "003-11")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_no_term_catches_is_found_by_what_is_told_together_and_nothing_else(language: str) -> None:
    assert clustered(language, []) == ([], [])
    assert clustered(language, planted(1, language)) == clustered(language, planted(1, language)), (
        "nothing is drawn"
    )
    caught = 0
    for seed in range(4):
        more = planted(seed, language)
        ids = {each.id for each in more}
        by_terms, found = clustered(language, more)
        if any(2 * len(ids.intersection(each.complaints)) >= len(each.complaints) for each in by_terms):
            continue  # the words between are told together so often that they are a term
        caught += 1
        mixed = set(combination(language, Random(seed)))
        first = found[len(by_terms)]
        assert len(ids.intersection(first.complaints)) >= 12
        assert mixed <= set(first.label)
        assert len(set(first.medoids) & ids) == 3
        assert first.customers >= 12
        assert first.expected < 2
        assert first.q <= MINING.false_share
        for other in found[len(by_terms) :]:
            assert 2 * len(ids.intersection(other.complaints)) >= len(other.complaints)
    assert caught >= 2


def test_a_cluster_told_by_those_of_a_topic_is_that_topic_in_other_words() -> None:
    more = next(
        each for each in (planted(seed, "en", 20) for seed in range(9)) if not clustered("en", each)[0]
    )
    [cluster, *_] = clustered("en", more)[1]
    known = replace(cluster, complaints=cluster.complaints[-8:], label=("known",), strong=("known",))
    now = [*week(9, "en"), *more]
    [topic, *others] = with_clusters("en", past("en"), week(8, "en"), now, [known], MINING)
    assert (topic.label, topic.strong) == (("known",), ("known",))
    assert set(known.complaints) < set(topic.complaints)
    assert others == []


def test_with_too_short_a_past_nothing_is_clustered() -> None:
    more = [*week(9, "en"), *planted(1, "en")]
    assert with_clusters("en", past("en")[:3], week(8, "en"), more, [], MINING) == []
    assert with_clusters("en", past("en"), week(8, "en"), [], [], MINING) == []


def test_one_customer_is_no_cluster_and_only_so_much_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = planted(1, "en")
    angry = [replace(each, customer=UUID(int=7)) for each in more]
    before, now = week(8, "en"), week(9, "en")
    assert with_clusters("en", past("en"), before, [*now, *angry], [], MINING) == []
    assert with_clusters("en", past("en"), before, [*now, *more], [], MINING) != []
    monkeypatch.setattr("services.insights.topics.clusters.MOST_COMBINATIONS", 2000)
    assert with_clusters("en", past("en"), before, [*now, *more], [], MINING) == []


def test_which_complaints_are_looked_at_does_not_depend_on_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = planted(2, "en", 60)
    monkeypatch.setattr("services.insights.topics.clusters.MOST_COMBINATIONS", 20_000)
    before, now = list(week(8, "en")), [*week(9, "en"), *more]
    found = with_clusters("en", past("en"), before, now, [], MINING)
    again = with_clusters("en", past("en"), before[::-1], now[::-1], [], MINING)
    assert [each.complaints for each in found] == [each.complaints for each in again] != []


def test_names_of_few_people_do_not_come_into_a_topic() -> None:
    """Each combination that it is known by is told by enough customers."""
    more = planted(2, "en")
    _, found = clustered("en", more)
    told = {each.id: each for each in [*week(8, "en"), *week(9, "en"), *more]}
    for each in found:
        for name in each.signature:
            wanted = frozenset({key(*name.split(AND))}) if AND in name else frozenset()
            who = {
                told[i].customer or i
                for i in each.complaints
                if not wanted or names_of(told[i].words, wanted)
            }
            assert len(who) >= MINING.least_customers
