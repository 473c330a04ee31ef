"""Mail over SMTP."""

from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.notification.channels import CannotDeliver, Letter, Reach
from services.notification.rules import Channel
from shared.threads import thread_id

TIMEOUT = 20.0
"""Seconds for each step of the conversation with the mail server."""


class EmailChannel:
    """`smtp://user:password@host:587`, or `smtps://` for TLS from the start.

    With `smtp://` TLS is used when the server offers it, and demanded before a password is sent.
    """

    channel = Channel.EMAIL

    def __init__(
        self, smtp_url: str, mail_from: str, organisation: str, secret: bytes, reply_to: str | None = None
    ) -> None:
        parts = urlsplit(smtp_url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("REDRESS_SMTP_URL must look like smtp://user:password@host:587 or smtps://host")
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._mail_from = mail_from
        self._organisation = organisation
        self._secret = secret
        self._reply_to = reply_to

    def address(self, reach: Reach) -> str | None:
        return reach.email

    async def send(self, letter: Letter, address: str) -> None:
        try:
            mail = self._compose(letter, address)
        except (ValueError, HeaderParseError):
            raise CannotDeliver("the e-mail address cannot be used", final=True) from None
        try:
            await aiosmtplib.send(
                mail,
                sender=self._mail_from,
                recipients=[address],
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                start_tls=True if self._user and not self._tls else None,
                timeout=TIMEOUT,
            )
        # The server's own words may repeat the address: only its code is kept.
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            raise CannotDeliver(
                f"the mail server refuses the recipient ({code})", final=code >= 500
            ) from None
        except aiosmtplib.SMTPDataError as error:
            raise CannotDeliver(
                f"the mail server refuses the mail ({error.code})", final=error.code >= 500
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            raise CannotDeliver(f"the mail server answers {error.code} ({type(error).__name__})") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise CannotDeliver(f"the mail server cannot be used ({type(error).__name__})") from None

    def _compose(self, letter: Letter, recipient: str) -> EmailMessage:
        mail = EmailMessage()
        domain = self._mail_from.rpartition("@")[2]
        mail["Message-ID"] = f"<{letter.delivery_id}@{domain}>"
        if letter.from_customer_thread:
            mail["References"] = thread_id(self._secret, letter.reference, domain)
        mail["Date"] = format_datetime(letter.at)
        mail["From"] = formataddr((self._organisation, self._mail_from))
        if self._reply_to and letter.from_customer_thread:
            mail["Reply-To"] = self._reply_to
        mail["To"] = recipient
        mail["Subject"] = letter.subject
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = letter.language
        mail["X-Redress-Reference"] = letter.reference
        mail.set_content(letter.body)
        if letter.html is not None:
            mail.add_alternative(letter.html, subtype="html")
        for attachment in letter.attachments:
            kind, _, subtype = attachment.media_type.partition("/")
            mail.add_attachment(attachment.content, kind, subtype, filename=attachment.name)
        return mail
