"""From the words of a week to the topics that emerge in it. Pure, and the same each time: nothing is drawn."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.insights.topics.book import Mining
from services.insights.topics.bursts import Bursts, bursts
from services.insights.topics.counts import Counts, Told, count
from services.insights.topics.grouping import merged
from services.insights.topics.labels import label, medoids, weights
from services.insights.topics.terms import BUCKETS, bucket, terms

Numbers = NDArray[np.int64]

STRONG = 0.8
"""Share of a term's uses that must be beyond what was expected for it to tell which complaints are meant."""
SIGNATURE = 40
"""Terms that are kept of a topic."""


@dataclass(frozen=True, slots=True)
class Found:
    """What emerges in a week, in one language."""

    language: str
    label: tuple[str, ...]
    signature: dict[str, float]
    """Its terms by weight (c-TF-IDF)."""
    strong: tuple[str, ...]
    """Terms whose users are meant."""
    complaints: tuple[UUID, ...]
    """Of this week and of the week before, sorted."""
    medoids: tuple[UUID, ...]
    customers: int
    """In the window of its clearest term."""
    expected: float
    """Customers who would use that term anyhow."""
    p: float
    q: float


def find(
    language: str, past: Sequence[Counts], before: Sequence[Told], now: Sequence[Told], mining: Mining
) -> list[Found]:
    """`past`: each of the weeks that expectations come from, the oldest first; `before` and `now`: what was told in the
    week before and in this week. The clearest first; nothing while too few weeks are known."""
    weeks = [each for each in past if each.customers > 0]
    if len(weeks) < mining.least_weeks or not now:
        return []
    recent = [count(before), count(now)]
    n_before, n_now = recent[0].dense(), recent[1].dense()
    total = np.zeros(BUCKETS, dtype=np.int64)
    for week in weeks:
        total[week.buckets] += week.n
    customers = sum(week.customers for week in weeks)
    boilerplate = (total + n_before + n_now) > mining.boilerplate_share * (
        customers + recent[0].customers + recent[1].customers
    )
    known = int(np.count_nonzero(total + n_before + n_now))
    tested = np.nonzero((n_before + n_now >= mining.least_customers) & (n_now > 0) & ~boilerplate)[0]
    history = np.stack([week.dense()[tested] for week in weeks], axis=1).astype(np.float64)
    found = bursts(
        history,
        np.array([week.customers for week in weeks], dtype=np.float64),
        np.stack([n_before[tested], n_now[tested]], axis=1).astype(np.float64),
        np.array([each.customers for each in recent], dtype=np.float64),
        known,
    )
    return _topics(language, [*before, *now], len(before), tested, found, mining)


def _topics(
    language: str,
    told: Sequence[Told],
    first_now: int,
    tested: Numbers,
    found: Bursts,
    mining: Mining,
) -> list[Found]:
    chosen = np.nonzero(found.q <= mining.false_share)[0]
    order = chosen[np.lexsort((tested[chosen], -found.observed[chosen], found.p[chosen]))]
    users = _users(told, tested[order])
    topics = []
    everywhere: Counter[str] | None = None
    clear = [bool(share >= STRONG) for share in found.excess[order]]
    beyond = [float(each) for each in (found.observed - found.expected)[order]]
    for group in merged(users, clear, beyond, mining.overlap):
        numbers = order[group]
        strong = [n for n in group if clear[n]] or group[:1]
        meant = sorted(frozenset[int]().union(*(users[n] for n in strong)))
        people = {told[n].customer or told[n].id for n in meant}
        if len(people) < mining.least_customers or meant[-1] < first_now:
            continue
        said = [terms(told[n].words) for n in meant]
        if everywhere is None:
            everywhere = Counter(term for each in told for term in terms(each.words))
        inside = Counter(term for each in said for term in each)
        burst = {int(tested[at]) for at in numbers}
        # A rare word may share the bucket: it says nothing, and may be a name.
        speakers: defaultdict[str, set[UUID]] = defaultdict(set)
        for n, said_of_it in zip(meant, said, strict=True):
            for term in said_of_it:
                if bucket(term) in burst:
                    speakers[term].add(told[n].customer or told[n].id)
        own = Counter({t: inside[t] for t, who in speakers.items() if len(who) >= mining.least_customers})
        if not own:
            continue
        weighed = weights(own, everywhere, sum(everywhere.values()) / max(1, len(told)) * len(meant))
        keys = {int(tested[order[n]]) for n in strong}
        lead = numbers[0]
        heaviest = sorted(weighed, key=lambda term: (-weighed[term], term))[:SIGNATURE]
        topics.append(
            Found(
                language,
                label(weighed),
                {term: weighed[term] for term in heaviest},
                tuple(sorted(term for term in own if bucket(term) in keys))[: 2 * SIGNATURE],
                tuple(sorted(told[n].id for n in meant)),
                tuple(
                    told[meant[n]].id for n in medoids(said, [told[n].customer or told[n].id for n in meant])
                ),
                int(found.observed[lead]),
                float(found.expected[lead]),
                float(found.p[lead]),
                float(found.q[lead]),
            )
        )
    return topics


def _users(told: Sequence[Told], wanted: Numbers) -> list[frozenset[int]]:
    """For each of the wanted buckets the numbers of the complaints that use it."""
    used: defaultdict[int, list[int]] = defaultdict(list)
    sorted_ = np.sort(wanted)
    for number, each in enumerate(told):
        for at in np.intersect1d(each.buckets, sorted_, assume_unique=True):
            used[int(at)].append(number)
    return [frozenset(used[int(at)]) for at in wanted]
