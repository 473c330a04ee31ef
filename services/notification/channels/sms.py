"""Text messages, by a provider."""

from services.notification.channels import Letter, Reach
from services.notification.channels.phones import textable
from services.notification.channels.provider import ProviderDesk, enabled_or_not_sent
from services.notification.channels.segments import shortened
from services.notification.rules import Channel


class SmsChannel:
    channel = Channel.SMS

    def __init__(self, desk: ProviderDesk, region: str) -> None:
        self._desk = desk
        self._region = region

    async def is_set_up(self) -> bool:
        return await self._desk.enabled(self.channel) is not None

    def address(self, reach: Reach) -> str | None:
        return textable(reach.phone, self._region) if reach.phone else None

    async def send(self, letter: Letter, address: str) -> None:
        provider = await enabled_or_not_sent(self._desk, self.channel)
        text = shortened(*words(letter), provider.most_segments)
        await self._desk.hand_over(provider, letter, address, text)


def words(letter: Letter) -> tuple[str, str]:
    """The text, and what stays whole behind it."""
    if letter.short is not None:
        link = letter.link if letter.link and letter.short.endswith(letter.link) else ""
        return letter.short.removesuffix(link).rstrip(), link
    if letter.link is not None:
        return letter.subject, letter.link
    return " ".join(f"{letter.subject}: {letter.body}".split()), ""
