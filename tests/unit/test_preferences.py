"""What is done with a letter by the wishes of its receiver, in every zone and at every hour."""

import base64
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notification.hearing.book import Pace
from services.notification.preferences import times
from services.notification.preferences.deciding import (
    About,
    IntoDigest,
    NotAtAll,
    NotBefore,
    Now,
    NowIfRoom,
    decide,
)
from services.notification.preferences.model import Digest, QuietHours, Wishes
from services.notification.preferences.schemas import ColleaguePreferences
from services.notification.preferences.unsubscribing import read_token, token_of, unsubscribe_url
from services.notification.rules import Channel, Nature, Urgency

ZONES = [
    *("Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"),
    *("Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca", "Pacific/Chatham"),
]
WAYS = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.INBOX)
PACE = Pace(messages_a_day=5, digest_hour=18)
SECRET = b"a secret of the installation"

# Some moments fall into the hours in which the clocks of some zones change.
CHANGES = [
    *(datetime(2026, 3, 8, 6, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)),
    *(datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC)),
    *(datetime(2026, 4, 4, 14, tzinfo=UTC), datetime(2026, 10, 3, 15, tzinfo=UTC)),
    datetime(2011, 12, 30, 9, tzinfo=UTC),  # Samoa had no such day
]
MOMENTS = st.one_of(
    st.builds(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
        st.integers(0, 3 * 365 * 24 * 60),
    ),
    st.builds(
        lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(0, 360)
    ),
)
CLOCK = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
QUIET = st.tuples(CLOCK, CLOCK).filter(lambda t: t[0] != t[1]).map(lambda t: QuietHours(begin=t[0], end=t[1]))
DIGESTS = st.builds(
    Digest,
    frequency=st.sampled_from(["off", "daily", "weekly"]),
    hour=st.integers(0, 23),
    weekday=st.integers(1, 7),
)
SOME = st.lists(st.sampled_from(WAYS), min_size=1, unique=True).map(tuple)
ANY = st.lists(st.sampled_from(WAYS), unique=True).map(tuple)
WISHES = st.builds(
    Wishes,
    ways=st.fixed_dictionaries({}, optional={n: (ANY if n.may_be_declined else SOME) for n in Nature}),
    time_zone=st.one_of(st.none(), st.sampled_from(ZONES)),
    quiet_hours=st.one_of(st.none(), QUIET),
    digest=DIGESTS,
)
ABOUTS = st.builds(
    About,
    st.sampled_from(Nature),
    st.sampled_from(Urgency),
    SOME,
    st.booleans(),
)


def local(at: datetime, zone: ZoneInfo) -> time:
    return at.astimezone(zone).time()


@pytest.mark.requirement("002-19", "003-18")
@given(ABOUTS, WISHES, st.sampled_from(ZONES), MOMENTS)
def test_nothing_comes_in_quiet_hours_but_safety_and_what_is_immediate(
    about: About, wishes: Wishes, zone: str, now: datetime
) -> None:
    decision = decide(about, wishes, PACE, zone, now)
    quiet = times.is_quiet(wishes.quiet_hours, now, wishes.zone(zone))
    at_once = about.nature is Nature.SAFETY or about.urgency is Urgency.IMMEDIATE
    if isinstance(decision, (Now, NowIfRoom)) and quiet:
        assert at_once
    if at_once and not isinstance(decision, NotAtAll):
        assert isinstance(decision, Now)
    if isinstance(decision, NotBefore):
        assert quiet
        assert now < decision.until <= now + timedelta(hours=26)
        assert not times.is_quiet(wishes.quiet_hours, decision.until, wishes.zone(zone))
    if isinstance(decision, IntoDigest):
        assert now < decision.at <= now + timedelta(days=9)
        assert not times.is_quiet(wishes.quiet_hours, decision.at, wishes.zone(zone))
    if isinstance(decision, NowIfRoom):
        assert decision.day == now.astimezone(wishes.zone(zone)).date()
        assert now < decision.or_at <= now + timedelta(days=3)
        assert not times.is_quiet(wishes.quiet_hours, decision.or_at, wishes.zone(zone))


@pytest.mark.requirement("001-08", "002-19")
@given(ABOUTS, WISHES, st.sampled_from(ZONES), MOMENTS)
def test_what_is_owed_is_never_refused_merged_or_counted(
    about: About, wishes: Wishes, zone: str, now: datetime
) -> None:
    decision = decide(about, wishes, PACE, zone, now)
    if about.nature.may_be_declined:
        liked = {*wishes.ways.get(about.nature, about.channels)}
        assert isinstance(decision, NotAtAll) == liked.isdisjoint(about.channels)
    else:
        assert isinstance(decision, (Now, NotBefore))
    if isinstance(decision, Now) and not about.nature.may_be_declined:
        assert sorted(decision.channels) == sorted(about.channels)
        first = [way for way in wishes.ways.get(about.nature, ()) if way in about.channels]
        assert list(decision.channels[: len(first)]) == first
    if isinstance(decision, (Now, NowIfRoom)) and about.nature.may_be_declined:
        wanted = wishes.ways.get(about.nature)
        kept = set(about.channels) if wanted is None else set(about.channels) & set(wanted)
        assert set(decision.channels) == kept


@given(ABOUTS, WISHES, st.sampled_from(ZONES), MOMENTS)
def test_whoever_wishes_a_digest_gets_progress_and_opinion_in_it_and_the_rest_at_once(
    about: About, wishes: Wishes, zone: str, now: datetime
) -> None:
    decision = decide(about, wishes, PACE, zone, now)
    wished = wishes.digest.frequency != "off" or about.urgency is Urgency.CAN_WAIT
    merged = (
        wished
        and about.nature.may_be_declined
        and about.urgency is not Urgency.IMMEDIATE
        and not {*wishes.ways.get(about.nature, about.channels)}.isdisjoint(about.channels)
    )
    assert isinstance(decision, IntoDigest) == merged


@given(QUIET, st.sampled_from(ZONES), MOMENTS)
def test_quiet_hours_are_those_that_the_persons_clock_shows(
    quiet: QuietHours, zone: str, now: datetime
) -> None:
    there = ZoneInfo(zone)
    minutes = [(now + timedelta(minutes=step)) for step in range(0, 24 * 60, 97)]
    for each in minutes:
        at = local(each, there).strftime("%H:%M")
        over_midnight = quiet.begin > quiet.end
        inside = at >= quiet.begin or at < quiet.end if over_midnight else quiet.begin <= at < quiet.end
        assert times.is_quiet(quiet, each, there) == inside


@pytest.mark.parametrize(
    ("zone", "now", "quiet", "until"),
    [
        # 23:30 in Shanghai: the night is over at 7 the next day.
        ("Asia/Shanghai", "2026-05-09T15:30", ("22:00", "07:00"), "2026-05-09T23:00"),
        # 01:00 there: at 7 the same day.
        ("Asia/Shanghai", "2026-05-09T17:00", ("22:00", "07:00"), "2026-05-09T23:00"),
        # New York skips 02:30: the clocks show 03:30 in its place.
        ("America/New_York", "2026-03-08T06:00", ("22:00", "02:30"), "2026-03-08T07:30"),
        # New York has 01:30 twice: the second one ends the night.
        ("America/New_York", "2026-11-01T05:10", ("22:00", "01:30"), "2026-11-01T06:30"),
    ],
)
def test_the_end_of_the_night(zone: str, now: str, quiet: tuple[str, str], until: str) -> None:
    found = times.after_quiet(
        QuietHours(begin=quiet[0], end=quiet[1]),
        datetime.fromisoformat(now).replace(tzinfo=UTC),
        ZoneInfo(zone),
    )
    assert found == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_digests_go_at_their_hour_and_the_surplus_when_the_day_ends() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    saturday = datetime(2026, 5, 9, 9, 59, tzinfo=UTC)  # 17:59 there
    daily, weekly = Digest(frequency="daily"), Digest(frequency="weekly", hour=8, weekday=3)
    six = datetime(2026, 5, 9, 10, tzinfo=UTC)
    assert times.next_digest(daily, saturday, shanghai) == six
    assert times.next_digest(daily, six, shanghai) == six + timedelta(days=1)
    assert times.next_digest(weekly, saturday, shanghai) == datetime(2026, 5, 13, 0, tzinfo=UTC)
    assert times.end_of_day(18, saturday, shanghai) == six
    assert times.end_of_day(18, six, shanghai) == datetime(2026, 5, 9, 16, tzinfo=UTC)
    assert times.moment(date(2026, 5, 10), time(), shanghai) == datetime(2026, 5, 9, 16, tzinfo=UTC)


@pytest.mark.requirement("001-08")
@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"ways": {"safety": []}}, "nobody can opt out of safety"),
        ({"ways": {"service": []}}, "nobody can opt out of service"),
        ({"ways": {"progress": ["email", "email"]}}, "named twice"),
        ({"ways": {"progress": ["webhook"]}}, "Input should be"),
        ({"ways": {"everything": []}}, "Input should be"),
        ({"time_zone": "Mars/Olympus"}, "no such time zone"),
        ({"quiet_hours": {"begin": "22:00", "end": "22:00"}}, "begin and end are the same"),
        ({"quiet_hours": {"begin": "24:00", "end": "07:00"}}, "pattern"),
        ({"digest": {"frequency": "hourly"}}, "Input should be"),
    ],
)
def test_wishes_that_cannot_be_are_refused(wishes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Wishes.model_validate(wishes)


@pytest.mark.requirement("003-18")
def test_colleagues_must_hear_what_they_are_told() -> None:
    with pytest.raises(ValidationError, match="cannot be declined"):
        ColleaguePreferences.model_validate({"ways": {"progress": []}})
    assert ColleaguePreferences.model_validate({"ways": {"progress": ["inbox"]}})


@given(
    st.uuids(), st.sampled_from([Nature.PROGRESS, Nature.OPINION]), st.integers(0, 32), st.integers(1, 255)
)
def test_a_link_names_a_person_and_a_nature_and_nobody_can_make_another(
    customer: UUID, nature: Nature, place: int, change: int
) -> None:
    token = token_of(SECRET, customer, nature)
    assert read_token(SECRET, token) == (customer, nature)
    assert read_token(b"another secret", token) is None
    url = unsubscribe_url("https://redress.example", SECRET, customer, nature)
    assert url == f"https://redress.example/notification/v1/unsubscribe/{token}"
    raw = bytearray(base64.urlsafe_b64decode(token + "=="))
    raw[place % len(raw)] ^= change
    assert read_token(SECRET, base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")) is None


@given(st.text(max_size=60))
def test_whatever_is_no_token_opens_nothing(typed: str) -> None:
    assert read_token(SECRET, typed) is None


def test_there_is_no_link_out_of_what_is_owed() -> None:
    for nature in (Nature.SAFETY, Nature.SERVICE):
        assert unsubscribe_url("https://redress.example", SECRET, UUID(int=1), nature) is None
