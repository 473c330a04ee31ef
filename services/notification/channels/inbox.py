"""The customer's inbox: what they were told waits until they look (messages/)."""

from services.notification.channels import Letter, Reach
from services.notification.rules import Channel


class InboxChannel:
    """Every letter leaves a copy there when it is settled; this way adds nothing to it."""

    channel = Channel.INBOX

    async def is_set_up(self) -> bool:
        return True

    def address(self, reach: Reach) -> str | None:
        return str(reach.complaint_id) if reach.complaint_id else None

    async def send(self, letter: Letter, address: str) -> None:
        """The copy of it is all."""
