"""Messages pushed to the devices that a customer registered, by a provider."""

from uuid import UUID

from services.notification.channels import CannotDeliver, Letter, NotSent, Reach
from services.notification.channels.provider import Closed, ProviderDesk, enabled_or_not_sent
from services.notification.devices.store import Devices
from services.notification.rules import Channel


class PushChannel:
    """A letter counts as delivered when one of the devices got it."""

    channel = Channel.PUSH

    def __init__(self, desk: ProviderDesk, devices: Devices) -> None:
        self._desk = desk
        self._devices = devices

    async def is_set_up(self) -> bool:
        return await self._desk.enabled(self.channel) is not None

    def address(self, reach: Reach) -> str | None:
        return str(reach.complaint_id) if reach.complaint_id else None

    async def send(self, letter: Letter, address: str) -> None:
        provider = await enabled_or_not_sent(self._desk, self.channel)
        tokens = await self._devices.of(UUID(address))
        trouble: CannotDeliver = NotSent("no device")
        taken = False
        for token in tokens:
            try:
                await self._desk.hand_over(provider, letter, token, letter.short or letter.subject)
                taken = True
            except Closed as error:
                await self._devices.gone(token)
                trouble = trouble if not trouble.final else error
            except CannotDeliver as error:
                trouble = error
        if not taken:
            raise trouble
