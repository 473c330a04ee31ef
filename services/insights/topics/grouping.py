"""Which terms belong to one problem: those that the same complaints use. Pure."""

from collections.abc import Callable, Sequence

MOST = 400
"""Terms that are compared, the most surprising first."""
WITHIN = 0.8
"""Share of its complaints from which on one term lies within another, as 口发烫 within 充电口发烫."""

SHARED = 0.3
"""Share of the smaller one's complaints from which on two groups are one."""
EXPLAINED = 0.5
"""Share of a term's excess that the complaints of a group must be for the term to be of it."""


def overlap(one: frozenset[int], other: frozenset[int]) -> float:
    """Jaccard: common of all."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def alike(one: frozenset[int], other: frozenset[int], least: float) -> bool:
    both = len(one & other)
    return overlap(one, other) >= least or both >= WITHIN * min(len(one), len(other)) > 0


def merged(
    users: Sequence[frozenset[int]], strong: Sequence[bool], excess: Sequence[float], least: float
) -> list[list[int]]:
    """Groups of numbers of terms, from the complaints that use each; the most surprising term comes first, in the
    arguments as in the groups.

    `strong`: whether nearly all uses of the term are beyond what was expected; `excess`: how many are. Strong terms are
    of one group when their complaints overlap by `least`, or nearly all of one's are the other's. Then groups become
    one while they share enough: that two things are new in the same week, and told by the same people, is no chance.
    Any other term goes to the group whose complaints explain its excess, or is a group by itself.
    """
    some = range(min(len(users), MOST))
    groups = [[number] for number in some if strong[number]]
    groups = _joined(groups, users, lambda one, other: alike(one, other, least))
    groups = _joined(groups, users, _share)
    told = [_told(group, users) for group in groups]
    for number in some:
        if strong[number]:
            continue
        explained = [len(users[number] & each) for each in told]
        most = max(explained, default=0)
        if most >= EXPLAINED * excess[number]:
            groups[explained.index(most)].append(number)
        else:
            groups.append([number])
            told.append(users[number])
    return sorted((sorted(group) for group in groups), key=lambda group: group[0])


def _share(one: frozenset[int], other: frozenset[int]) -> bool:
    return len(one & other) >= SHARED * min(len(one), len(other))


def _joined(
    groups: list[list[int]],
    users: Sequence[frozenset[int]],
    same: Callable[[frozenset[int], frozenset[int]], bool],
) -> list[list[int]]:
    """Until no two of them are the same."""
    told = [_told(group, users) for group in groups]
    at = 0
    while at < len(groups):
        other = next((n for n in range(len(groups)) if n != at and same(told[at], told[n])), None)
        if other is None:
            at += 1
            continue
        low, high = sorted((at, other))
        groups[low] += groups.pop(high)
        told[low] |= told.pop(high)
        at = 0 if low < at else low
    return groups


def _told(group: Sequence[int], users: Sequence[frozenset[int]]) -> frozenset[int]:
    return frozenset[int]().union(*(users[number] for number in group))
