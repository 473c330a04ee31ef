"""The rulebook of who hears what: fact, hearer, words, ways, urgency and nature; and how much of it a day bears.

`who-hears-what.json` is version 0. A row is a rule; every delivery names the rules that caused it.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.notification.rules import (
    ACKNOWLEDGEMENT,
    MESSAGES,
    Channel,
    Hearer,
    Message,
    Nature,
    Urgency,
)
from shared.rulebooks.model import Book, Content

ToPeople = Literal[Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.INBOX]
"""The ways by which people are told."""
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9/-]{0,79}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Hour = Annotated[int, Field(ge=0, le=23)]

_NATURES, _URGENCIES = tuple(Nature), tuple(Urgency)


class HearingRule(BaseModel):
    """One rule: who is told of a fact, in which words, by which ways."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: RuleId
    """Deliveries name it."""
    fact: Name
    """Name of the fact without its version: `redress.case.closed`."""
    hearer: Hearer
    template: Name
    channels: Annotated[tuple[ToPeople, ...], Field(min_length=1, max_length=4)]
    """The first of them that leads to the person is taken."""
    besides: Annotated[tuple[ToPeople, ...], Field(max_length=4)] = ()
    """It goes by each of these, too. That one of these fails troubles nobody."""
    urgency: Urgency = Urgency.USUAL
    nature: Nature
    on: bool = True
    """False: nobody is told by this rule."""


class Pace(BaseModel):
    """How much a person is written to in a day. What nobody can opt out of is neither counted nor merged."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    messages_a_day: Annotated[int, Field(ge=1, le=1000)]
    """To one person, in one day of theirs. The rest is merged into one letter."""
    digest_hour: Hour
    """When that letter goes; what comes later goes when the day ends."""


class Told(BaseModel):
    """What the rules that are on make of one fact for one hearer: one message, however many of them lead to it."""

    model_config = ConfigDict(frozen=True)

    rule: str
    """Ids of all rules that lead to it."""
    template: str
    channels: tuple[Channel, ...]
    besides: tuple[Channel, ...]
    urgency: Urgency
    nature: Nature


class WhoHearsWhat(Content):
    """Who is told of which facts."""

    rules: Annotated[tuple[HearingRule, ...], Field(min_length=1, max_length=500)]
    pace: Pace

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        ids = [rule.id for rule in self.rules]
        for id in ids:
            if ids.count(id) > 1:
                raise ValueError(f"two rules are called {id}: rename one of them 规则编号重复，请改名")
        for rule in self.rules:
            _check(rule)
        for message in MESSAGES:
            if message.owed is not None:
                for hearer in message.hearers:
                    self._must_be_told(message, message.owed, hearer)
        for rule in self.rules:
            if rule.on and rule.hearer is Hearer.FOLLOWER:
                self._must_follow(rule)
        return self

    def _must_follow(self, rule: HearingRule) -> None:
        what = (rule.fact, Hearer.CUSTOMER, rule.template)
        if not any(r.on and (r.fact, r.hearer, r.template) == what for r in self.rules):
            raise ValueError(
                f"{rule.id}: followers are told what the customer is told; switch it off, too, or keep the customer's "
                "rule on 顾客本人未被告知的事项，不得告知并案投诉人"
            )

    def _must_be_told(self, message: Message, owed: Nature, hearer: Hearer) -> None:
        what = (message.fact, hearer, message.template)
        live = [r for r in self.rules if r.on and (r.fact, r.hearer, r.template) == what]
        if not live:
            raise ValueError(
                f"{message.template} cannot be switched off for the {hearer}: the law, or somebody's safety, demands "
                f"it. Keep a rule for {message.fact} that is on 依法或出于安全必须告知，不得关闭"
            )
        if any(_NATURES.index(rule.nature) > _NATURES.index(owed) for rule in live):
            raise ValueError(
                f"{message.template} is {owed}: nobody can opt out of it. Set its nature so 该通知不得退订，请改正性质"
            )

    @cached_property
    def _told(self) -> dict[tuple[str, Hearer], list[Told]]:
        found: dict[tuple[str, Hearer], dict[str, list[HearingRule]]] = defaultdict(dict)
        for rule in self.rules:
            if rule.on:
                found[rule.fact, rule.hearer].setdefault(rule.template, []).append(rule)
        return {key: [_together(rules) for rules in each.values()] for key, each in found.items()}

    def told(self, fact: str, hearer: Hearer) -> Sequence[Told]:
        """One for each template: rules that overlap make one message, by the ways of all of them."""
        return self._told.get((fact, hearer), ())


def _check(rule: HearingRule) -> None:
    """Raises ValueError when the rule cannot be followed."""
    of_fact = [message for message in MESSAGES if message.fact == rule.fact]
    if not of_fact:
        known = ", ".join(sorted({message.fact for message in MESSAGES}))
        raise ValueError(
            f"{rule.id}: nothing can be said of {rule.fact}. There are: {known} 没有可告知的此类事件"
        )
    fitting = {message.template for message in of_fact if rule.hearer in message.hearers}
    if rule.template not in fitting:
        raise ValueError(
            f"{rule.id}: of {rule.fact} the {rule.hearer} can be told {', '.join(sorted(fitting)) or 'nothing'}, not "
            f"{rule.template} 模板与事件或对象不符"
        )
    ways = [*rule.channels, *rule.besides]
    if len(ways) > len(set(ways)):
        raise ValueError(f"{rule.id}: it names a channel twice; keep one 渠道重复，请保留其一")
    if rule.urgency is not Urgency.IMMEDIATE and (
        rule.template == ACKNOWLEDGEMENT or rule.nature is Nature.SAFETY
    ):
        raise ValueError(
            f"{rule.id}: thanks come first and safety does not wait; set its urgency to immediate 必须立即告知"
        )
    if rule.urgency is Urgency.CAN_WAIT and not rule.nature.may_be_declined:
        raise ValueError(
            f"{rule.id}: what is {rule.nature} cannot wait for a digest; set its urgency to usual 不得等待汇总"
        )


def _together(rules: Sequence[HearingRule]) -> Told:
    channels = tuple(dict.fromkeys(Channel(way) for rule in rules for way in rule.channels))
    besides = dict.fromkeys(Channel(way) for rule in rules for way in rule.besides)
    return Told(
        rule="+".join(rule.id for rule in rules),
        template=rules[0].template,
        channels=channels,
        besides=tuple(way for way in besides if way not in channels),
        urgency=min((rule.urgency for rule in rules), key=_URGENCIES.index),
        nature=min((rule.nature for rule in rules), key=_NATURES.index),
    )


WHO_HEARS_WHAT = Book(
    "who-hears-what",
    WhoHearsWhat,
    "rules of who hears what",
    "告知规则表",
    ("services.notification.hearing", "who-hears-what.json"),
)
