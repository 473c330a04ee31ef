"""One complaint as it is compared with others. Pure.

Intake alone tells what is compared, as it was registered: what later contacts add changes nothing of who told the same.
Resolution alone tells of the improvements that it gave rise to.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.insights.recurrence.signature import same_words
from shared.aggregate import Aggregate

WITHIN = timedelta(days=180)
"""Between two complaints that are one recurrence."""
COMPARED = 20
"""Complaints that one is compared with at most."""


@dataclass(kw_only=True)
class Improved:
    """An improvement, as far as its facts tell."""

    id: UUID
    complaint_id: UUID
    category: str | None = None
    product: str | None = None
    opened_at: datetime | None = None
    """None: it was told before this was read, and the log was not read again since."""
    closed_at: datetime | None = None
    """None while it is open, again or still."""


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
    improvements: dict[UUID, Improved] = field(default_factory=dict)
    """Those that it gave rise to."""

    @property
    def new(self) -> bool:
        """It is registered, and was not compared yet."""
        return self.registered_at is not None and self.recurrence_id is None

    def improved(self, improvement_id: UUID) -> Improved:
        return self.improvements.setdefault(improvement_id, Improved(id=improvement_id, complaint_id=self.id))

    def scrub(self) -> None:
        """Nothing stays of the words of an erased customer."""
        if self.erased_at is not None:
            self.said = None
            self.bands = []


class Candidates:
    """Those that share a band with one: the likeliest to tell the same."""

    def __init__(self, signed: Iterable[Signed] = ()) -> None:
        self._by_band: defaultdict[int, dict[UUID, Signed]] = defaultdict(dict)
        for each in signed:
            self.add(each)

    def add(self, one: Signed) -> None:
        for band in one.bands:
            self._by_band[band][one.id] = one

    def __call__(self, one: Signed) -> Sequence[Signed]:
        """Those with the most bands in common first, then the newest; `COMPARED` at most."""
        common = Counter(i for band in one.bands for i in self._by_band.get(band, ()) if i != one.id)
        best = sorted(common, key=lambda i: (-common[i], -i.int))[:COMPARED]
        known = {i: each for band in one.bands for i, each in self._by_band.get(band, {}).items()}
        return [known[i] for i in best]


def tells_the_same(one: Signed, other: Signed) -> bool:
    """Nearly the same words, of the same product, in time."""
    if one.said is None or other.said is None or one.product != other.product:
        return False
    assert one.registered_at is not None, "only registered ones are compared"
    assert other.registered_at is not None, "only registered ones are compared"
    if any(
        each.erased_at is not None and each.erased_at <= at
        for each, at in ((one, other.registered_at), (other, one.registered_at))
    ):
        return False  # it was gone already, and must not be found only because both came in one batch
    if abs(one.registered_at - other.registered_at) > WITHIN:
        return False
    return same_words(one.said, other.said)


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
