"""What is done with one letter by the wishes of the person whom it is for. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

from services.notification.hearing.book import Pace
from services.notification.preferences import times
from services.notification.preferences.model import Frequency, Wishes
from services.notification.rules import Channel, Nature, Urgency


@dataclass(frozen=True, slots=True)
class About:
    """What a decision is about."""

    nature: Nature
    urgency: Urgency
    channels: tuple[Channel, ...]
    """The ways that the rule offers."""
    copy: bool = False
    """The same message goes by another way, too: it takes no place of its own in the day's number."""


@dataclass(frozen=True, slots=True)
class Now:
    """It goes now."""

    channels: tuple[Channel, ...]
    """By the first that leads to the person."""


@dataclass(frozen=True, slots=True)
class NowIfRoom:
    """It goes now if it finds a place in the number of the day, else with the others in a digest."""

    channels: tuple[Channel, ...]
    day: date
    """Of the person."""
    or_at: datetime


@dataclass(frozen=True, slots=True)
class NotBefore:
    """The person's quiet hours last until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class IntoDigest:
    at: datetime
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class NotAtAll:
    """The person does not want to hear of such things, or by none of these ways."""


Decision = Now | NowIfRoom | NotBefore | IntoDigest | NotAtAll


def decide(about: About, wishes: Wishes, pace: Pace, usual_zone: str, now: datetime) -> Decision:
    """Safety, and what is immediate, goes at once. What is owed keeps the quiet hours and nothing else: no digest holds
    it up, and no number of the day. The rest goes as the person wishes."""
    channels = wishes.sorted_ways(about.nature, about.channels)
    if about.nature is Nature.SAFETY:
        return Now(channels)
    if not channels:  # of none of these ways, or of nothing of the kind
        return NotAtAll()
    if about.urgency is Urgency.IMMEDIATE:
        return Now(channels)
    zone, quiet = wishes.zone(usual_zone), wishes.quiet_hours
    if about.nature.may_be_declined:
        if wishes.digest.frequency is not Frequency.OFF:
            due = times.next_digest(wishes.digest, now, zone)
            return IntoDigest(times.after_quiet(quiet, due, zone), channels)
        if about.urgency is Urgency.CAN_WAIT:
            due = times.end_of_day(pace.digest_hour, now, zone)
            return IntoDigest(times.after_quiet(quiet, due, zone), channels)
    if times.is_quiet(quiet, now, zone):
        return NotBefore(times.after_quiet(quiet, now, zone))
    if about.nature.may_be_declined and not about.copy:
        due = times.end_of_day(pace.digest_hour, now, zone)
        day = now.astimezone(zone).date()
        return NowIfRoom(channels, day, times.after_quiet(quiet, due, zone))
    return Now(channels)
