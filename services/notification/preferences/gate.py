"""The gate through which every letter goes: now, later, with others, or not at all, as its receiver wishes."""

from services.notification.channels import Declined, Merged, NotSent, Postponed
from services.notification.hearing.book import WHO_HEARS_WHAT, Pace
from services.notification.preferences import store
from services.notification.preferences.deciding import (
    About,
    Decision,
    IntoDigest,
    NotAtAll,
    NotBefore,
    NowIfRoom,
    decide,
)
from services.notification.queue import Leased
from services.notification.rules import DIGEST, Channel, Nature
from shared import clock
from shared.database import Database
from shared.rulebooks.store import load_books


class Gate:
    """Asks what the person wishes at the moment of sending."""

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone

    async def ways_now(self, delivery: Leased, person: str | None) -> tuple[Channel, ...]:
        """The ways that it takes now, the best first. Raises Withheld, NotSent."""
        if person is None or delivery.template == DIGEST or delivery.nature is Nature.SAFETY:
            return delivery.channels
        decision, pace = await self._decide(delivery, person)
        match decision:
            case NotAtAll() if delivery.came_back:
                raise NotSent("by none of the ways that are left")  # others were told that it goes on
            case NotAtAll():
                raise Declined
            case NotBefore(until):
                raise Postponed(until)
            case IntoDigest(at, channels):
                raise Merged(person, at, channels, "digest", copy=delivery.is_copy)
            case NowIfRoom(channels, day, or_at):
                most = pace.messages_a_day
                if not await store.take_place(self._database, delivery.id, person, day, most):
                    raise Merged(person, or_at, channels, "daily-limit")
        return decision.channels

    async def _decide(self, delivery: Leased, person: str) -> tuple[Decision, Pace]:
        assert delivery.nature is not None
        assert delivery.urgency is not None
        async with self._database.reading() as connection:
            books = await load_books(connection, WHO_HEARS_WHAT)
            wishes = (await store.of(connection, person)).wishes
        pace = books.read(WHO_HEARS_WHAT).pace
        about = About(delivery.nature, delivery.urgency, delivery.channels, delivery.is_copy)
        return decide(about, wishes, pace, self._zone, clock.now()), pace
