"""The codings of a complaint. Pure: no I/O, no clock.

Each is kept; the newest that is in force counts. One that speaks ill of the customer (a category that the
taxonomy marks for review: customer strategy, 客户策略) needs evidence, and comes into force when a second
person approves it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.record.model import Erased
from shared.aggregate import Aggregate, NotPossible
from shared.events import ComplaintCoded
from shared.events.intake import TaxonomyCode
from shared.masking import mask
from shared.taxonomy import Taxonomy, UnknownCode

Orientation = Mapping[str, Sequence[str]]
"""Value labels by place in the taxonomy: `function_fault`, `function_fault/safety`."""


class Misfit(Exception):
    """The coding does not fit the taxonomy or the complaint; says the field, and the remedy in both languages."""

    def __init__(self, where: str, english: str, chinese: str) -> None:
        super().__init__(english)
        self.field, self.english, self.chinese = where, english, chinese


class OwnCoding(Exception):
    """Whoever coded it cannot be the one who reviews it."""


MOST_CODINGS = 200


@dataclass(frozen=True)
class Review:
    number: int
    """Of the coding."""
    approved: bool
    note: str
    reviewed_by: str
    reviewed_at: datetime


@dataclass(frozen=True)
class Coding:
    number: int
    """Counts the codings of a complaint, from 1."""
    taxonomy_version: int
    codes: tuple[TaxonomyCode, ...]
    """The first is what it is mainly about."""
    value_labels: tuple[str, ...]
    reason: str
    evidence: str | None
    needs_review: bool
    coded_by: str
    coded_at: datetime

    def says_the_same(self, other: "Coding") -> bool:
        return (self.taxonomy_version, self.codes, self.value_labels) == (
            other.taxonomy_version,
            other.codes,
            other.value_labels,
        )


@dataclass(kw_only=True)
class Codings(Aggregate):
    exists: bool = False
    """Whether there is such a complaint."""
    known: tuple[str, ...] = ()
    """What identifies the customer; masked in whatever is written about them, so that it survives an erasure."""
    erased: bool = False
    """Nobody knows any more what would have to be masked."""
    all: list[Coding] = field(default_factory=list)
    reviews: dict[int, Review] = field(default_factory=dict)
    """By coding."""
    new: list[Coding] = field(default_factory=list)
    """Those that this change adds, as the next."""
    reviewed: list[Review] = field(default_factory=list)

    @property
    def in_force(self) -> Coding | None:
        return next((coding for coding in reversed(self.all) if self._counts(coding)), None)

    @property
    def waiting(self) -> Coding | None:
        """The newest coding, if it waits for a review; a later coding takes its place."""
        newest = self.all[-1] if self.all else None
        return newest if newest and newest.needs_review and newest.number not in self.reviews else None

    def code(
        self,
        taxonomies: Mapping[int, Taxonomy],
        orientation: Orientation,
        version: int,
        codes: Sequence[TaxonomyCode],
        values: Sequence[str],
        reason: str,
        evidence: str | None,
        by: str,
        at: datetime,
    ) -> None:
        """Code the complaint anew. The same coding again changes nothing. Raises Misfit, NotPossible, Erased.

        `values` may be empty: then they are those that `orientation`, the one of this version, opposes to the
        grievance.
        """
        self._must_be_known()
        taxonomy = self._taxonomy(taxonomies, version)
        _check(taxonomy, codes, values)
        needs_review = any(taxonomy.category(code.category).review for code in codes)
        if needs_review and evidence is None:
            raise Misfit(
                "body/evidence",
                "This category speaks ill of the customer: say on which evidence.",
                "该类别涉及对客户的负面判断，请填写依据。",
            )
        implied = (value for code in codes for value in opposed_to(orientation, code))
        coding = Coding(
            number=len(self.all) + 1,
            taxonomy_version=version,
            codes=tuple(codes),
            value_labels=tuple(dict.fromkeys(values or implied)),
            reason=mask(reason, self.known),
            evidence=mask(evidence, self.known) if evidence else None,
            needs_review=needs_review,
            coded_by=by,
            coded_at=at,
        )
        present = self.waiting or self.in_force
        if present is not None and present.says_the_same(coding):
            return
        if len(self.all) >= MOST_CODINGS:
            raise NotPossible(
                "too-many-codings",
                "This complaint was coded too often to be coded again: the coding in force stays.",
                "该投诉的编码次数已达上限，现行编码保持不变。",
                codings=len(self.all),
            )
        before = self.in_force
        self.all.append(coding)
        self.new.append(coding)
        if not needs_review:
            self._tell(coding, before, None, at)

    def review(self, number: int, approved: bool, note: str, by: str, at: datetime) -> None:
        """Approve or refuse the coding that waits, named by its number. Raises NotPossible, OwnCoding, Erased."""
        self._must_be_known()
        coding, before = self.waiting, self.in_force
        if coding is None or coding.number != number:
            raise NotPossible(
                "nothing-waits",
                "This coding does not wait for a review: read the codings again.",
                "该编码不在待复核状态，请重新读取。",
                waiting=self.waiting.number if self.waiting else None,
            )
        if coding.coded_by == by:
            raise OwnCoding
        review = Review(coding.number, approved, mask(note, self.known), by, at)
        self.reviews[coding.number] = review
        self.reviewed.append(review)
        if approved:
            self._tell(coding, before, by, at)

    def _must_be_known(self) -> None:
        if self.erased:
            raise Erased

    def _counts(self, coding: Coding) -> bool:
        review = self.reviews.get(coding.number)
        return not coding.needs_review or (review is not None and review.approved)

    def _taxonomy(self, taxonomies: Mapping[int, Taxonomy], version: int) -> Taxonomy:
        """The newest, or that under which the complaint was coded before."""
        newest = max(taxonomies)
        before = self.in_force
        if version == newest or (before is not None and version == before.taxonomy_version):
            return taxonomies[version]
        raise Misfit(
            "body/taxonomy_version",
            f"Code by version {newest} of the taxonomy, or by the one under which it was coded before.",
            f"请使用分类表第{newest}版，或该投诉原先编码所用的版本。",
        )

    def _tell(self, coding: Coding, before: Coding | None, reviewer: str | None, at: datetime) -> None:
        event = ComplaintCoded(
            complaint_id=self.id,
            number=coding.number,
            taxonomy_version=coding.taxonomy_version,
            codes=coding.codes,
            values=coding.value_labels,
            reason=coding.reason,
            previous_taxonomy_version=before.taxonomy_version if before else None,
            previous_codes=before.codes if before else None,
            previous_values=before.value_labels if before else None,
            coded_by=coding.coded_by,
            reviewed_by=reviewer,
            coded_at=at,
        )
        self.record(event, at)


def opposed_to(orientation: Orientation, code: TaxonomyCode) -> Sequence[str]:
    """The values that are the positive opposite of this grievance: those of level 2, or else of level 1."""
    return orientation.get(f"{code.category}/{code.subcategory}") or orientation[code.category]


def misfit(taxonomy: Taxonomy, orientation: Orientation) -> Misfit | None:
    """Why this cannot be the value orientation of the taxonomy; None when it can."""
    places = taxonomy.places()
    for category in taxonomy.categories:
        if category.code not in orientation:
            return Misfit(
                "body/mapping",
                f"Name the values of every category; {category.code!r} is missing.",
                "请为每个类别填写价值取向。",
            )
    for place, values in orientation.items():
        if place not in places:
            return Misfit(
                f"body/mapping/{place}",
                f"Version {taxonomy.version} of the taxonomy has no place {place!r}.",
                f"分类表第{taxonomy.version}版没有该类别或子类。",
            )
        if no := _unknown_value(taxonomy, values, f"body/mapping/{place}"):
            return no
    return None


def _check(taxonomy: Taxonomy, codes: Sequence[TaxonomyCode], values: Sequence[str]) -> None:
    if len(set(codes)) < len(codes):
        raise Misfit("body/codes", "A code is there twice: leave one out.", "编码重复，请删去一个。")
    for number, code in enumerate(codes):
        try:
            taxonomy.check(code.category, code.subcategory)
        except UnknownCode as unknown:
            part = "category" if unknown.level == 1 else "subcategory"
            raise Misfit(f"body/codes/{number}/{part}", unknown.english, unknown.chinese) from None
    if no := _unknown_value(taxonomy, values, "body/values"):
        raise no


def _unknown_value(taxonomy: Taxonomy, values: Sequence[str], where: str) -> Misfit | None:
    names = [value.code for value in taxonomy.values]
    for number, value in enumerate(values):
        if value not in names:
            return Misfit(
                f"{where}/{number}",
                f"There is no value {value!r}; there are {', '.join(names)}.",
                "没有该价值取向，请从分类表中选择。",
            )
    return None
