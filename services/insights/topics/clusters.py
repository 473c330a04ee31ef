"""What no new term catches: complaints that tell things together that nobody told together before. Pure.

A problem may be new although each of its words is common: the installer, the invoice and the refund in one sentence.
The complaints that no topic of the week has are put together by the combinations of terms that they tell
(`together.py`); each combination is tested as a term is (`bursts.py`), and those that grow and are told by the same
complaints are one cluster (`grouping.py`). Nothing is drawn. What it takes is bounded: of many customers those with the
smallest digests are looked at, of long sentences the first terms.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.insights.topics import together
from services.insights.topics.book import Mining
from services.insights.topics.bursts import Bursts, bursts
from services.insights.topics.counts import Told
from services.insights.topics.finding import SIGNATURE, STRONG, Found
from services.insights.topics.grouping import MOST, SHARED, merged
from services.insights.topics.labels import label, medoids, weights
from services.insights.topics.terms import terms
from services.insights.topics.together import AND, Keys, Together, keys_of

MOST_COMBINATIONS = 4_000_000
"""Of a week and language: some twenty thousand complaints of a few sentences."""

Numbers = NDArray[np.int64]


def with_clusters(
    language: str,
    past: Sequence[Together],
    before: Sequence[Told],
    now: Sequence[Told],
    found: Sequence[Found],
    mining: Mining,
    combine: Callable[[Told], Keys] = lambda told: keys_of(told.words),
) -> list[Found]:
    """What was found by terms, and the clusters of the rest, the clearest first. A cluster that is told by those of a
    topic found by terms is that topic in other words: its complaints are counted to it.
    `combine`: for whoever asks for the same complaints more than once, and keeps their combinations."""
    weeks = [each for each in past if each.customers > 0]
    if len(weeks) < mining.least_weeks or not now:
        return list(found)
    known = frozenset[UUID]().union(*(each.complaints for each in found))
    looked_at = [_looked_at(each, combine) for each in (before, now)]
    first_now = len(looked_at[0])
    told = [each for some in looked_at for each, _ in some]
    keys = [each for some in looked_at for _, each in some]
    rest = [number for number, each in enumerate(told) if each.id not in known]
    recent = [
        together.count((_teller(told[n]), keys[n]) for n in rest if (n >= first_now) is late)
        for late in (False, True)
    ]
    tested, tests = _tests(weeks, recent, mining)
    chosen = np.nonzero(tests.q <= mining.false_share)[0]
    order = chosen[np.lexsort((tested[chosen], -tests.observed[chosen], tests.p[chosen]))][:MOST]
    users = _users(keys, tested[order])
    clear = [bool(share >= STRONG) for share in tests.excess[order]]
    beyond = [float(each) for each in (tests.observed - tests.expected)[order]]
    topics, new = list(found), list[Found]()
    for group in merged(users, clear, beyond, mining.overlap):
        strong = [n for n in group if clear[n]] or group[:1]
        meant = sorted(frozenset[int]().union(*(users[n] for n in strong)))
        ids = {told[n].id for n in meant}
        same = next((place for place, each in enumerate(topics) if _shares(ids, each)), None)
        if same is not None:
            topics[same] = replace(topics[same], complaints=tuple(sorted({*topics[same].complaints, *ids})))
            continue
        wanted = frozenset(int(tested[order[n]]) for n in strong)
        one = _found(language, told, meant, wanted, recent, tests, int(order[group[0]]), mining)
        if one is not None and meant[-1] >= first_now:
            new.append(one)
    return [*topics, *new]


def _teller(told: Told) -> UUID:
    return told.customer or told.id


def _looked_at(told: Sequence[Told], combine: Callable[[Told], Keys]) -> list[tuple[Told, Keys]]:
    """In their order, with their combinations: all, or those of the customers with the smallest digests."""
    chosen: dict[int, Keys] = {}
    left = MOST_COMBINATIONS
    for number in sorted(
        range(len(told)), key=lambda each: (together.digest(_teller(told[each])), told[each].id)
    ):
        if left <= 0:
            break
        chosen[number] = combine(told[number])
        left -= chosen[number].size
    return [(told[number], chosen[number]) for number in sorted(chosen)]


def _tests(weeks: Sequence[Together], recent: Sequence[Together], mining: Mining) -> tuple[Keys, Bursts]:
    """The combinations that enough customers tell, and how unusual that is."""
    before, now = recent
    keys = np.union1d(before.keys, now.keys)
    n_before, n_now = before.of(keys), now.of(keys)
    customers = before.customers + now.customers
    some = (n_before + n_now >= mining.least_customers) & (n_now > 0)
    some &= n_before + n_now <= mining.boilerplate_share * customers
    tested = keys[some]
    # More than there are: weeks share most of their combinations.
    known = keys.size + sum(each.keys.size for each in weeks)
    found = bursts(
        np.stack([each.of(tested) for each in weeks], axis=1).astype(np.float64),
        np.array([each.customers for each in weeks], dtype=np.float64),
        np.stack([n_before[some], n_now[some]], axis=1).astype(np.float64),
        np.array([max(1, before.customers), now.customers], dtype=np.float64),
        known,
    )
    return tested, found


def _users(keys: Sequence[Keys], wanted: Keys) -> list[frozenset[int]]:
    used: defaultdict[int, list[int]] = defaultdict(list)
    sorted_ = np.sort(wanted)
    for number, each in enumerate(keys):
        for at in np.intersect1d(each, sorted_, assume_unique=True):
            used[int(at)].append(number)
    return [frozenset(used[int(at)]) for at in wanted]


def _shares(ids: set[UUID], other: Found) -> bool:
    return len(ids.intersection(other.complaints)) >= SHARED * min(len(ids), len(other.complaints))


def _found(
    language: str,
    told: Sequence[Told],
    meant: Sequence[int],
    wanted: frozenset[int],
    recent: Sequence[Together],
    tests: Bursts,
    lead: int,
    mining: Mining,
) -> Found | None:
    """None when too few people tell any one combination of it: two terms may share a bucket."""
    names = {n: together.names_of(told[n].words, wanted) for n in meant}
    speakers: defaultdict[str, set[UUID]] = defaultdict(set)
    for n, said in names.items():
        for name in said:
            speakers[name].add(_teller(told[n]))
    inside = Counter(
        {
            name: sum(name in said for said in names.values())
            for name, who in speakers.items()
            if len(who) >= mining.least_customers
        }
    )
    if not inside:
        return None
    keys = {name: np.array([together.key(*name.split(AND))], dtype=np.int64) for name in inside}
    everywhere = {name: sum(int(week.of(at)[0]) for week in recent) for name, at in keys.items()}
    weighed = weights(inside, everywhere, sum(inside.values()))
    heaviest = sorted(weighed, key=lambda name: (-weighed[name], name))[:SIGNATURE]
    by_term: defaultdict[str, float] = defaultdict(float)
    for name, weight in weighed.items():
        for term in name.split(AND):
            by_term[term] += weight
    said_by = [terms(told[n].words) for n in meant]
    chosen = medoids(said_by, [_teller(told[n]) for n in meant])
    return Found(
        language,
        label(by_term),
        {name: weighed[name] for name in heaviest},
        tuple(sorted(heaviest)),
        tuple(sorted(told[n].id for n in meant)),
        tuple(told[meant[n]].id for n in chosen),
        int(tests.observed[lead]),
        float(tests.expected[lead]),
        float(tests.p[lead]),
        float(tests.q[lead]),
    )
