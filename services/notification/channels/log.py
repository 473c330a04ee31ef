"""For customers without an e-mail address, and for installations without a mail server."""

import logging

from services.notification.channels import Letter, NotSent

log = logging.getLogger(__name__)


class LogChannel:
    """A line in the log that says which message would have gone out; its text stays out of the log.

    It reaches nobody, so every message counts as not sent.
    """

    name = "log"

    async def send(self, message: Letter) -> None:
        """Raises NotSent, always."""
        log.info(
            "message to a customer, not sent",
            extra={
                "delivery_id": str(message.delivery_id),
                "reference": message.reference,
                "template": message.template,
                "language": message.language,
            },
        )
        raise NotSent("no mail server" if message.recipient else "no address")
