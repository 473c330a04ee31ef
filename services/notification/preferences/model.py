"""What a person wishes. Pure."""

from datetime import time
from enum import StrEnum
from functools import cache
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.notification.hearing.book import Hour, ToPeople
from services.notification.rules import Channel, Nature

_MINUTE = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
ClockTime = Annotated[str, StringConstraints(pattern=_MINUTE)]


@cache
def _zones() -> frozenset[str]:
    """They are read from many files, and a person's wishes are read for every letter."""
    return frozenset(available_timezones())


def _known(zone: str) -> str:
    if zone not in _zones():
        raise ValueError(
            "there is no such time zone; name one as the IANA does, such as Asia/Shanghai 时区名称有误"
        )
    return zone


ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known)]


class Frequency(StrEnum):
    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class QuietHours(_Part):
    """A time of the day, also over midnight, in which nothing comes but what is immediate."""

    begin: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _some_time_is_left(self) -> Self:
        if self.begin == self.end:
            raise ValueError(
                "begin and end are the same; leave the quiet hours out, or let them differ 起止时间不能相同"
            )
        return self

    @property
    def begins(self) -> time:
        return time.fromisoformat(self.begin)

    @property
    def ends(self) -> time:
        return time.fromisoformat(self.end)


class Digest(_Part):
    """Progress and questions for an opinion together in one letter."""

    frequency: Frequency = Frequency.OFF
    hour: Hour = 18
    """Of the person's day."""
    weekday: Annotated[int, Field(ge=1, le=7)] = 1
    """Of a weekly digest: 1 is Monday, 7 Sunday (ISO 8601)."""


class Wishes(_Part):
    """What a person wishes. What is not said is as the rules say."""

    ways: Annotated[
        dict[Nature, Annotated[tuple[ToPeople, ...], Field(max_length=4)]], Field(max_length=4)
    ] = {}
    """By nature of the message, the ways that are wanted, the best first. None: nothing of this nature is wanted;
    that is possible for `progress` and `opinion`. What the law or safety demands comes by another way when none of the
    wanted ones leads to the person."""
    time_zone: ZoneName | None = None
    """Without it: the company's."""
    quiet_hours: QuietHours | None = None
    digest: Digest = Digest()

    @model_validator(mode="after")
    def _must_hear_what_is_owed(self) -> Self:
        for nature, ways in self.ways.items():
            if not ways and not nature.may_be_declined:
                raise ValueError(
                    f"nobody can opt out of {nature}: the law, or your safety, demands it. Name a way "
                    "该类通知不得退订，请至少保留一种方式"
                )
            if len(ways) > len(set(ways)):
                raise ValueError(f"a way is named twice for {nature}; keep one 方式重复，请保留其一")
        return self

    def declines(self, nature: Nature) -> bool:
        return self.ways.get(nature) == ()

    def without(self, nature: Nature) -> "Wishes":
        """The same, but nothing of this nature."""
        return self.model_copy(update={"ways": self.ways | {nature: ()}})

    def zone(self, usual: str) -> ZoneInfo:
        return ZoneInfo(self.time_zone or usual)

    def sorted_ways(self, nature: Nature, offered: tuple[Channel, ...]) -> tuple[Channel, ...]:
        """Of the ways that a rule offers, those that are wanted, the best first; then, of what is owed, the others."""
        wanted = self.ways.get(nature)
        if wanted is None:
            return offered
        chosen = tuple(Channel(way) for way in wanted if way in offered)
        rest = tuple(way for way in offered if way not in chosen)
        return chosen if nature.may_be_declined else chosen + rest


def customer(customer_id: UUID) -> str:
    """The key of a customer's preferences."""
    return f"customer/{customer_id}"


def colleague(person: str) -> str:
    """The key of the preferences of somebody of the company."""
    return f"staff/{person}"
