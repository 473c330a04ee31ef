"""The desk of subscribers: signs events and posts them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256

from services.notification.channels import CannotDeliver, Receipt
from services.notification.queue import Leased
from services.notification.rules import Audience, Channel
from services.notification.webhooks import cloud_events
from services.notification.webhooks.channel import Parcel, WebhookChannel
from services.notification.webhooks.schemas import Payload
from shared import clock
from shared.seal import Seal, SecretUnreadable


class WebhookDesk:
    audience = Audience.SUBSCRIBER

    def __init__(self, seal: Seal, way: WebhookChannel, base_url: str) -> None:
        self._seal = seal
        self._way = way
        self._base_url = base_url

    async def send(self, delivery: Leased) -> Receipt:
        """Raises CannotDeliver."""
        try:
            parcel = self._parcel(delivery)
            said = await self._way.send(parcel)
        except CannotDeliver as error:
            error.channel = Channel.WEBHOOK
            raise
        return Receipt(Channel.WEBHOOK, body_sha256=sha256(parcel.body).digest(), said=said)

    def _parcel(self, delivery: Leased) -> Parcel:
        assert delivery.url is not None
        secrets = tuple(self._readable(delivery.secrets))
        if not secrets:
            raise CannotDeliver("the signing secret cannot be read; rotate it")
        return Parcel(delivery.id, delivery.url, secrets, self._body(delivery), clock.now())

    def _readable(self, sealed: Iterable[str]) -> Iterator[str]:
        """An older one that was sealed under another installation secret signs no more; the newer ones do."""
        for each in sealed:
            with suppress(SecretUnreadable):
                yield self._seal.open(each)

    def _body(self, delivery: Leased) -> bytes:
        assert delivery.body is not None
        if delivery.payload != Payload.THIN:
            return delivery.body.encode()
        where = f"/notification/v1/deliveries/{delivery.id}/event"
        return cloud_events.thin(delivery.body, self._base_url + where).encode()
