"""What callers send about field actions."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.resolution.field_action.customers import ResultKind
from services.resolution.field_action.model import Draft
from services.resolution.wording.said import Said
from shared.events.field_action import Affected, Announcement, BilingualText, Measure
from shared.pages import WrittenMoment
from shared.reply_policy import Readers
from shared.reply_policy.answering import WordsToCustomer
from shared.text import LongText, ShortText

MOST_UNITS = 1000
MOST_RESULTS = 1000


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class ShortWords(Body):
    """One line in both languages."""

    en: ShortText
    zh: ShortText

    def told(self) -> BilingualText:
        return BilingualText(en=self.en, zh=self.zh)


class LongWords(Body):
    """A text in both languages."""

    en: LongText
    zh: LongText

    def told(self) -> BilingualText:
        return BilingualText(en=self.en, zh=self.zh)


class AffectedGoods(Body):
    """Which goods are affected. Of what is left out, all are."""

    products: Annotated[list[ShortText], Field(max_length=50)] = []
    """Ids or models, as complaints name them; upper or lower case is the same."""
    batches: Annotated[list[ShortText], Field(max_length=500)] = []
    registered_since: WrittenMoment | None = None
    """Only complaints that came from this time on."""
    registered_before: WrittenMoment | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not self.products and not self.batches:
            raise ValueError("name at least one product or batch 请至少指明一个产品或批次")
        since, before = self.registered_since, self.registered_before
        if since is not None and before is not None and since >= before:
            raise ValueError("registered_since must be before registered_before 起始时间须早于截止时间")
        return self


class AnnouncementDraft(Body):
    """What people are told: in the letter to each customer, and in the public warning."""

    title: ShortWords
    hazard: LongWords
    """What can happen; it stands first."""
    instruction: LongWords
    """What to do now."""
    act_by: WrittenMoment | None = None
    """By when they best come forward."""
    hotline: ShortText
    """Where they reach the company about it: a telephone number, an address on the web."""


EXAMPLE: dict[str, Any] = {
    "measures": ["public_warning", "notify_all", "recall_replace"],
    "affected": {"products": ["M-7"], "batches": ["2026-41", "2026-42"]},
    "announcement": {
        "title": {"en": "Recall of servo motors M7", "zh": "M7伺服电机召回"},
        "hazard": {
            "en": "The encoder can fail while the motor runs, and the axis then does not stop.",
            "zh": "电机运行时编码器可能失效，轴无法停止。",
        },
        "instruction": {
            "en": "Switch the motor off and do not use it. We replace it free of charge.",
            "zh": "请立即断电停用，我们将免费更换。",
        },
        "act_by": "2027-03-31T18:00:00+08:00",
        "hotline": "400-000-0000",
    },
}


class FieldActionDraft(WordsToCustomer):
    """Measures, goods and words of a field action."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    measures: Annotated[list[Measure], Field(min_length=1, max_length=len(Measure))]
    affected: AffectedGoods
    announcement: AnnouncementDraft
    improvement_id: UUID | None = None
    """The improvement whose containment it belongs to."""
    alert: ShortText | None = None
    """The early warning from which it follows, by whatever name it has there."""

    def said(self) -> Said:
        """Its words, of which everybody may read."""
        text = self.announcement
        texts = {
            f"body/announcement/{name}/{language}": getattr(each, language)
            for name, each in (
                ("title", text.title),
                ("hazard", text.hazard),
                ("instruction", text.instruction),
            )
            for language in ("en", "zh")
        }
        return Said(texts, self.despite_findings, Readers.EVERYBODY)

    def draft(self) -> Draft:
        goods, text = self.affected, self.announcement
        return Draft(
            tuple(self.measures),
            Affected(
                products=tuple(goods.products),
                batches=tuple(goods.batches),
                registered_since=goods.registered_since,
                registered_before=goods.registered_before,
            ),
            Announcement(
                title=text.title.told(),
                hazard=text.hazard.told(),
                instruction=text.instruction.told(),
                act_by=text.act_by,
                hotline=text.hotline,
            ),
            self.improvement_id,
            self.alert,
        )


class NewFieldAction(FieldActionDraft):
    """A first draft."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"complaint_id": "0197c2a0-6d2a-7c51-8f1e-6f2f3f8e4f10"} | EXAMPLE]}
    )

    complaint_id: UUID
    """The complaint that gives rise to it."""


class FieldActionStart(Body):
    model_config = _example(approval_id="0197c2a0-6d2a-7c51-8f1e-6f2f3f8e4f11")

    approval_id: UUID | None = None
    """Of the granted approval. Left out: the answer says what must be approved, and by whom."""


class FieldActionReason(Body):
    model_config = _example(reason="The supplier found the cause; a safer instruction is being written.")

    reason: LongText


class SoldUnit(Body):
    """One unit that was sold."""

    serial: ShortText
    """Its number; each is named once in an action."""
    customer_id: UUID
    """Whoever has it: the id that intake answered with when it was told how they are reached."""
    batch: ShortText | None = None


class SoldUnits(Body):
    model_config = _example(
        units=[
            {
                "serial": "M7-2026-0007731",
                "customer_id": "0b9f7f3e-6a55-5ad5-a3d2-2f2f3f8e4f10",
                "batch": "2026-41",
            }
        ]
    )

    units: Annotated[list[SoldUnit], Field(min_length=1, max_length=MOST_UNITS)]
    """Send more in further requests."""


class CustomerResult(Body):
    """What became of one customer."""

    customer_id: UUID
    result: ResultKind
    measures: Annotated[list[Measure], Field(max_length=len(Measure))] = []
    """Of `carried_out`: which ones; left out: all that are due to each customer."""
    note: LongText | None = None
    """Who was spoken with, what was agreed; kept masked."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.measures and self.result is not ResultKind.CARRIED_OUT:
            raise ValueError("measures are named with the result carried_out only 仅 carried_out 可列明措施")
        return self


class CustomerResults(Body):
    model_config = _example(
        results=[
            {
                "customer_id": "0b9f7f3e-6a55-5ad5-a3d2-2f2f3f8e4f10",
                "result": "carried_out",
                "measures": ["recall_replace"],
                "note": "The motor was replaced on site.",
            }
        ]
    )

    results: Annotated[list[CustomerResult], Field(min_length=1, max_length=MOST_RESULTS)]
    """Each customer once; send more in further requests."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen: set[UUID] = set()
        for each in self.results:
            if each.customer_id in seen:
                raise ValueError(f"customer {each.customer_id} is named twice 顾客重复: {each.customer_id}")
            seen.add(each.customer_id)
        return self
