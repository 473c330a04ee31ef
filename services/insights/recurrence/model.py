"""One complaint as it is compared with others. Pure.

Intake alone tells it, and it is compared as it was registered: what later contacts add changes nothing of who told the
same.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from services.insights.recurrence.signature import same_words
from shared.aggregate import Aggregate

WITHIN = timedelta(days=180)
"""Between two complaints that are one recurrence."""
COMPARED = 20
"""Texts that one is compared with at most."""


@dataclass(kw_only=True)
class Signed(Aggregate):
    """The signature of one complaint. Without words and bands once the customer is erased."""

    registered_at: datetime | None = None
    customer_id: UUID | None = None
    product: str | None = None
    said: str | None = None
    bands: list[int] = field(default_factory=list)
    recurrence_id: UUID | None = None
    """The oldest complaint, by id, of all that tell the same; its own while nobody else does."""

    erased_at: datetime | None = None
    """When its customer was erased; once it is saved, nothing is left to compare."""

    @property
    def new(self) -> bool:
        """It is registered, and was not compared yet."""
        return self.registered_at is not None and self.recurrence_id is None

    def scrub(self) -> None:
        """Nothing stays of the words of an erased customer."""
        if self.erased_at is not None:
            self.said = None
            self.bands = []


class Candidates:
    """Texts that share a band with one, of the same product: the likeliest to tell the same. Who sends what others
    send word by word costs no more than one text."""

    def __init__(self, signed: Iterable[Signed] = ()) -> None:
        self._texts: defaultdict[tuple[str | None, str], list[Signed]] = defaultdict(list)
        self._by_band: defaultdict[tuple[str | None, int], set[str]] = defaultdict(set)
        for each in signed:
            self.add(each)

    def add(self, one: Signed) -> None:
        if one.said is None:
            return
        insort(self._texts[one.product, one.said], one, key=_id)
        for band in one.bands:
            self._by_band[one.product, band].add(one.said)

    def __call__(self, one: Signed) -> Sequence[Signed]:
        """Of the `COMPARED` texts with the most bands in common, then by the alphabet, those next to it by their ids,
        before and after, that can be told together with it. So all who told a text are linked from one to the next."""
        common = Counter(said for band in one.bands for said in self._by_band.get((one.product, band), ()))
        best = sorted(common, key=lambda said: (-common[said], said))[:COMPARED]
        found: list[Signed] = []
        for said in best:
            told = self._texts[one.product, said]
            at = bisect_left(told, one.id, key=_id)
            for way in (range(at - 1, -1, -1), range(at, len(told))):
                found += islice((told[n] for n in way if _together(one, told[n])), 1)
        return found


def _id(signed: Signed) -> UUID:
    return signed.id


def _together(one: Signed, other: Signed) -> bool:
    """Two complaints of the same product, in time."""
    if one.id == other.id or one.product != other.product:
        return False
    assert one.registered_at is not None, "only registered ones are compared"
    assert other.registered_at is not None, "only registered ones are compared"
    if any(
        each.erased_at is not None and each.erased_at <= at
        for each, at in ((one, other.registered_at), (other, one.registered_at))
    ):
        return False  # it was gone already, and must not be found only because both came in one batch
    return abs(one.registered_at - other.registered_at) <= WITHIN


def tells_the_same(one: Signed, other: Signed) -> bool:
    """Nearly the same words, of the same product, in time."""
    if one.said is None or other.said is None:
        return False
    return _together(one, other) and same_words(one.said, other.said)


def connected(
    new: Sequence[Signed],
    near: Callable[[Signed], Iterable[Signed]],
    same: Callable[[Signed, Signed], bool] = tells_the_same,
) -> Mapping[UUID, UUID]:
    """Gives each new one its recurrence, and tells which recurrences became another one: old id by new id.

    `near` are the candidates for one, new or known.
    """
    leads: dict[UUID, UUID] = {}

    def lead(recurrence: UUID) -> UUID:
        while (next_ := leads.get(recurrence, recurrence)) != recurrence:
            recurrence = next_
        return recurrence

    for each in new:
        each.recurrence_id = each.id
    for each in new:
        for other in near(each):
            if other.id != each.id and other.recurrence_id is not None and same(each, other):
                assert each.recurrence_id is not None, "it was just given"
                low, high = sorted((lead(each.recurrence_id), lead(other.recurrence_id)))
                if low != high:
                    leads[high] = low
    for each in new:
        assert each.recurrence_id is not None, "it was just given"
        each.recurrence_id = lead(each.recurrence_id)
    return {old: lead(old) for old in leads}
