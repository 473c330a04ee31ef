"""A topic: something that is told anew, with an id that never changes, and what people made of it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.insights.topics.finding import SIGNATURE, Found
from shared.aggregate import Aggregate, NotPossible
from shared.events import TopicEmerged
from shared.events.insights import MOST_EVIDENCE

WEEK = timedelta(days=7)


class TopicState(StrEnum):
    OPEN = "open"
    DISMISSED = "dismissed"
    """Somebody said that it is none. It is followed, so that it is not found again."""
    MERGED = "merged"
    """It goes on as part of another one."""


class Matter(NamedTuple):
    """What most of its complaints are about, by their codes; None where they differ or have none."""

    category: str | None = None
    subcategory: str | None = None
    product: str | None = None

    @property
    def says_enough(self) -> bool:
        """Enough to know a problem again that is told in another language."""
        return self.category is not None and (self.subcategory is not None or self.product is not None)


def matter_of(codes: Iterable[Matter]) -> Matter:
    """What more than half of all have in common."""
    known = list(codes)
    columns = (Counter(getattr(each, name) for each in known) for name in Matter._fields)
    most = (column.most_common(1)[0] if column else (None, 0) for column in columns)
    return Matter(*(value if 2 * n > len(known) else None for value, n in most))


@dataclass(kw_only=True)
class Topic(Aggregate):
    """The numbers are those with which it emerged."""

    state: TopicState = TopicState.OPEN
    name: str | None = None
    """As people call it; masked."""
    first_week: date
    last_week: date
    """The last one in which it was more than expected."""
    found_at: datetime
    labels: dict[str, list[str]] = field(default_factory=dict)
    """By language: terms, the weightiest first."""
    signature: dict[str, dict[str, float]] = field(default_factory=dict)
    strong: dict[str, list[str]] = field(default_factory=dict)
    category: str | None = None
    subcategory: str | None = None
    product: str | None = None
    customers: int
    expected: float
    p_value: float
    q_value: float
    rules_version: int
    merged_into: UUID | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    """Why it was dismissed or merged; masked."""

    @property
    def matter(self) -> Matter:
        return Matter(self.category, self.subcategory, self.product)

    @matter.setter
    def matter(self, matter: Matter) -> None:
        self.category, self.subcategory, self.product = matter

    def learn(self, found: Found, week: date) -> None:
        """It is told again, or in another language. How it is called stays as it was."""
        self.last_week = max(self.last_week, week)
        self.labels.setdefault(found.language, list(found.label))
        known = self.signature.setdefault(found.language, {})
        for term, weight in found.signature.items():
            known[term] = max(known.get(term, 0.0), weight)
        kept = sorted(known, key=lambda term: (-known[term], term))[: 2 * SIGNATURE]
        self.signature[found.language] = {term: known[term] for term in kept}
        strong = {*self.strong.get(found.language, ()), *found.strong}
        self.strong[found.language] = sorted(strong)[: 4 * SIGNATURE]

    def tell(self, complaints: Sequence[UUID], at: datetime) -> None:
        """That it emerged."""
        emerged = TopicEmerged(
            complaint_id=max(complaints),
            topic_id=self.id,
            week=self.first_week,
            label_en=tuple(self.labels.get("en", ())),
            label_zh=tuple(self.labels.get("zh", ())),
            category=self.category,
            subcategory=self.subcategory,
            product=self.product,
            complaints=len(complaints),
            customers=self.customers,
            expected=self.expected,
            p_value=self.p_value,
            q_value=self.q_value,
            rules_version=self.rules_version,
            evidence=tuple(sorted(complaints, reverse=True)[:MOST_EVIDENCE]),
            found_at=at,
        )
        self.record(emerged, at)

    # What people do

    def call(self, name: str) -> None:
        """Raises NotPossible once it is merged."""
        self._must_not_be_merged()
        self.name = name

    def dismiss(self, reason: str, by: str, at: datetime) -> None:
        """Raises NotPossible once it is merged."""
        self._must_not_be_merged()
        self._decide(TopicState.DISMISSED, reason, by, at)

    def resume(self, reason: str, by: str, at: datetime) -> None:
        """It is one after all. Raises NotPossible unless it was dismissed."""
        if self.state is not TopicState.DISMISSED:
            raise NotPossible(
                "not-dismissed",
                "Only a dismissed topic is resumed.",
                "只有已排除的问题才能恢复。",
                state=self.state.value,
            )
        self._decide(TopicState.OPEN, reason, by, at)

    def merge(self, into: "Topic", reason: str, by: str, at: datetime) -> None:
        """Both are one problem: whatever is found of this one is counted there. Raises NotPossible."""
        self._must_not_be_merged()
        if into.id == self.id or into.state is not TopicState.OPEN:
            raise NotPossible(
                "not-a-target",
                "Merge it into another topic, which is open.",
                "请合并到另一个未排除、未合并的问题。",
                state=into.state.value,
            )
        self._decide(TopicState.MERGED, reason, by, at)
        self.merged_into = into.id
        into.first_week, into.last_week = (
            min(into.first_week, self.first_week),
            max(into.last_week, self.last_week),
        )
        for language, strong in self.strong.items():
            into.labels.setdefault(language, self.labels[language])
            into.signature.setdefault(language, self.signature[language])
            into.strong[language] = sorted({*into.strong.get(language, ()), *strong})[: 4 * SIGNATURE]

    def _decide(self, state: TopicState, reason: str, by: str, at: datetime) -> None:
        self.state, self.reason, self.decided_by, self.decided_at = state, reason, by, at

    def _must_not_be_merged(self) -> None:
        if self.state is TopicState.MERGED:
            raise NotPossible(
                "merged",
                "The topic goes on as part of another one: change that one.",
                "该问题已并入另一个问题，请修改后者。",
                merged_into=str(self.merged_into),
            )


@dataclass(frozen=True, slots=True)
class Mined:
    """What one week's mining gives: which complaints belong to which topic."""

    topics: Mapping[UUID, Topic]
    """New ones and those that changed."""
    new: Sequence[UUID]
    members: Mapping[UUID, Mapping[UUID, str]]
    """By topic: complaint and its language."""
    medoids: Mapping[UUID, Mapping[UUID, int]]
    """By topic: complaint and its rank, from 1 in each language."""
