"""Mail over SMTP."""

from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.notification.channels import CannotDeliver, Letter
from shared.threads import thread_id

TIMEOUT = 20.0
"""Seconds for each step of the conversation with the mail server."""


class EmailChannel:
    """`smtp://user:password@host:587`, or `smtps://` for TLS from the start.

    With `smtp://` TLS is used when the server offers it, and demanded before a password is sent.
    """

    name = "email"

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

    async def send(self, message: Letter) -> None:
        assert message.recipient is not None
        try:
            mail = self._compose(message, message.recipient)
        except (ValueError, HeaderParseError):
            raise CannotDeliver("the e-mail address cannot be used", final=True) from None
        try:
            await aiosmtplib.send(
                mail,
                sender=self._mail_from,
                recipients=[message.recipient],
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

    def _compose(self, message: Letter, recipient: str) -> EmailMessage:
        mail = EmailMessage()
        domain = self._mail_from.rpartition("@")[2]
        mail["Message-ID"] = f"<{message.delivery_id}@{domain}>"
        if message.from_customer_thread:
            mail["References"] = thread_id(self._secret, message.reference, domain)
        mail["Date"] = format_datetime(message.at)
        mail["From"] = formataddr((self._organisation, self._mail_from))
        if self._reply_to and message.from_customer_thread:
            mail["Reply-To"] = self._reply_to
        mail["To"] = recipient
        mail["Subject"] = message.subject
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = message.language
        mail["X-Redress-Reference"] = message.reference
        mail.set_content(message.body)
        return mail
