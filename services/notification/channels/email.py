"""Mail over SMTP."""

from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

import aiosmtplib

from services.notification.channels import CannotDeliver, Letter, Reach, marks
from services.notification.channels.smtp import Envelope, MailServer
from services.notification.rules import Channel
from shared.config import Settings
from shared.threads import thread_id


class EmailChannel:
    channel = Channel.EMAIL

    def __init__(self, server: MailServer, settings: Settings) -> None:
        self._server = server
        self._from = settings.mail_from
        self._organisation = settings.organisation
        self._secret = settings.installation_secret
        self._reply_to = settings.mail_reply_to
        self._bounces = settings.bounce_address

    async def is_set_up(self) -> bool:
        return True

    def address(self, reach: Reach) -> str | None:
        return reach.email

    async def send(self, letter: Letter, address: str) -> None:
        mark = marks.mark_of(self._secret, letter.delivery_id)
        sender = marks.return_path(self._bounces, mark) if self._bounces else self._from
        try:
            mail = self._compose(letter, address, mark)
        except (ValueError, HeaderParseError):
            raise CannotDeliver("the e-mail address cannot be used", final=True) from None
        try:
            await self._server.send(mail, Envelope(sender, address, mark))
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

    def _compose(self, letter: Letter, recipient: str, mark: str) -> EmailMessage:
        mail = EmailMessage()
        domain = self._from.rpartition("@")[2]
        mail["Message-ID"] = f"<{letter.delivery_id}@{domain}>"
        if letter.from_customer_thread:
            # Mail programs show what answers the same mail together, also when nobody has that mail.
            mail["In-Reply-To"] = mail["References"] = thread_id(self._secret, letter.reference, domain)
        mail["Date"] = format_datetime(letter.at)
        mail["From"] = formataddr((self._organisation, self._from))
        if self._reply_to and letter.from_customer_thread:
            mail["Reply-To"] = self._reply_to
        mail["To"] = recipient
        mail["Subject"] = letter.subject
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = letter.language
        mail["X-Redress-Reference"] = letter.reference
        mail[marks.HEADER] = mark
        if letter.unsubscribe is not None:
            mail["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
            if letter.unsubscribe.startswith("https://"):  # RFC 8058 allows it there only
                mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(letter.body)
        if letter.html is not None:
            mail.add_alternative(letter.html, subtype="html")
        for attachment in letter.attachments:
            kind, _, subtype = attachment.media_type.partition("/")
            mail.add_attachment(attachment.content, kind, subtype, filename=attachment.name)
        return mail
