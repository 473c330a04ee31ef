"""Mails that come back are told to notification, which knows its letters and tries another way."""

import logging

import httpx

from shared.problems import Problem
from shared.service import Context

log = logging.getLogger(__name__)

ENOUGH = 256 * 1024
"""Bytes: what is reported stands before the mail that came back."""


class NotTaken(Problem):
    """The mail stays with the server that brings it, until notification can be told."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "unavailable",
            "Nobody can be told of this bounce now",
            "Deliver it again later. 暂时无法处理退信，请稍后再投递。",
            headers={"Retry-After": "30"},
        )


class Bounces:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def tell(self, content: bytes, recipient: str | None) -> None:
        """`recipient`: to which address it came back, if that is known. Raises NotTaken.

        It goes from service to service and not on the log, for it names whom we wrote to.
        """
        try:
            answer = await self._context.hand(
                "notification",
                "/notification/v1/bounces",
                content[:ENOUGH],
                "message/rfc822",
                "bounces:write",
                **({"recipient": recipient} if recipient else {}),
            )
        except (httpx.HTTPError, OSError) as error:
            log.warning("notification cannot be told of a bounce: %s", type(error).__name__)
            raise NotTaken from None
        # 422: it is of no letter of ours, or forged, and there is nothing to do.
        if not answer.is_success and answer.status_code != 422:
            log.warning("notification does not take a bounce", extra={"status": answer.status_code})
            raise NotTaken
