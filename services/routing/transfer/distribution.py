"""The distribution table: which fact goes to which audience. It is a rulebook; `distribution.json` is version 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.transfer import misfits
from shared.events import Event
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import (
    Against,
    Audience,
    Channel,
    Kind,
    Money,
    NoticeUrgency,
    Severity,
    TransferForm,
    Visibility,
)
from shared.rulebooks.model import Book, Content
from shared.taxonomy import CategoryCode
from shared.text import ShortText

LONGEST = 60 * 24 * 90
"""Minutes: nobody is given more than a quarter of a year."""
Minutes = Annotated[int, Field(ge=1, le=LONGEST)]

_URGENCY = {
    Severity.GENERAL: NoticeUrgency.NORMAL,
    Severity.URGENT: NoticeUrgency.HIGH,
    Severity.MAJOR: NoticeUrgency.IMMEDIATE,
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rows look at, besides the fact itself."""

    severity: Severity = Severity.GENERAL
    category: str | None = None
    against: Against | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    visibility: Visibility | None = None
    at_stake: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """The largest amount that the customer names, by currency."""


def at_stake(*named: Money | None) -> Mapping[str, Decimal]:
    """The largest of the amounts, by currency."""
    found: dict[str, Decimal] = {}
    for money in filter(None, named):
        found[money.currency] = max(money.amount, found.get(money.currency, money.amount))
    return found


class Duty(BaseModel):
    """One row: when this fact is true of such a complaint, that audience must know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    fact: Annotated[str, Field(max_length=100)]
    """Event type without its version."""
    audience: Audience
    reason: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,49}$")]
    """A word for programs."""
    words_en: ShortText | None = None
    """The reason as people read it."""
    words_zh: ShortText | None = None
    severity: Severity = Severity.GENERAL
    """The least severity to which the row applies."""
    categories: Annotated[tuple[CategoryCode, ...], Field(max_length=50)] = ()
    """Level-1 categories to which it applies; empty: all."""
    kinds: Annotated[tuple[Kind, ...], Field(max_length=10)] = ()
    """Empty: all."""
    channels: Annotated[tuple[Channel, ...], Field(max_length=20)] = ()
    """Through which it came; empty: all."""
    against: Against | None = None
    visibility: Visibility | None = None
    amount: Money | None = None
    """The least that must be at stake, in this currency."""
    form: TransferForm = TransferForm.NOTICE
    urgency: NoticeUrgency | None = None
    """Left out: by severity."""
    acknowledge_minutes: Minutes | None = None
    """Left out: the table's time for the severity."""

    def applies(self, to: Circumstances) -> bool:
        return (
            to.severity.rank >= self.severity.rank
            and (not self.categories or to.category in self.categories)
            and (not self.kinds or to.kind in self.kinds)
            and (not self.channels or to.channel in self.channels)
            and self.against in (None, to.against)
            and self.visibility in (None, to.visibility)
            and (
                self.amount is None
                or to.at_stake.get(self.amount.currency, Decimal(-1)) >= self.amount.amount
            )
        )

    def urgency_for(self, severity: Severity) -> NoticeUrgency:
        return self.urgency or _URGENCY[severity]

    @property
    def words(self) -> NoticeWords | None:
        if self.words_en is None or self.words_zh is None:
            return None
        return NoticeWords(en=self.words_en, zh=self.words_zh)


class DistributionTable(Content):
    """Who must know what, by when, and who if they do not say so."""

    rows: Annotated[tuple[Duty, ...], Field(min_length=1, max_length=1000)]
    """Of several rows for one fact and audience the first that applies counts."""
    acknowledge_minutes: dict[Severity, Minutes]
    """Time to acknowledge a notice, by severity of the complaint."""
    climbs: dict[Audience, Audience]
    """To whom a notice climbs that its audience did not acknowledge in time; whoever is not named is the top."""
    remind_minutes: Minutes
    """After so long the top layer is told again, and whoever owes a task is chased again."""
    remind_most: Annotated[int, Field(ge=1, le=100)]
    """So often at most."""
    leader_roles: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=20)]
    """Roles of the directory whose people are the leaders in charge (主管领导)."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        """Raises ValueError, with the remedy in both languages."""
        misfits.refuse_unknown_facts([row.fact for row in self.rows])
        misfits.refuse_rows_that_never_count(self.rows)
        misfits.refuse_calls_about_calls(self.rows)
        misfits.refuse_lacking_words(self.rows)
        misfits.refuse_circles(self.climbs)
        misfits.refuse_lacking_severities(self.acknowledge_minutes)
        return self

    def duties(self, fact: type[Event], circumstances: Circumstances) -> list[Duty]:
        """The rows that count: for each audience the first that applies."""
        found: dict[Audience, Duty] = {}
        for duty in self.rows:
            if duty.fact == fact.type and duty.audience not in found and duty.applies(circumstances):
                found[duty.audience] = duty
        return list(found.values())

    def within(self, severity: Severity, duty: Duty | None = None) -> timedelta:
        """Time to acknowledge."""
        own = duty.acknowledge_minutes if duty else None
        return timedelta(minutes=own or self.acknowledge_minutes[severity])

    @property
    def remind_after(self) -> timedelta:
        return timedelta(minutes=self.remind_minutes)

    def chain(self, audience: Audience) -> list[Audience]:
        """The audience and those to whom its notices climb, from the bottom."""
        found = [audience]
        while found[-1] in self.climbs:
            found.append(self.climbs[found[-1]])
        return found


DISTRIBUTION = Book(
    "distribution",
    DistributionTable,
    "distribution table",
    "传递表",
    ("services.routing.transfer", "distribution.json"),
)
