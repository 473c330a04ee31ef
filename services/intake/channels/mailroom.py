"""The mailroom: decides what a mail is, and to which complaint it belongs."""

import asyncio
import hashlib
import hmac
import re
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.channels import automatic, quoting, store
from services.intake.channels.bounces import Bounces
from services.intake.channels.landing import File, Inbound, Landed, Landing, digest, landed
from services.intake.channels.mime import Mail, Unreadable, parsed
from services.intake.channels.words import LONGEST, language, one_line
from services.intake.record.customer import Customer, Email, Statement
from services.intake.record.store import load
from services.intake.schemas import NewComplaint
from shared import clock, driver, threads
from shared.config import Settings
from shared.database import Database, sql
from shared.events.vocabulary import Channel
from shared.problems import Problem
from shared.reference import normalised

MOST_AN_HOUR = 30
"""Complaints that one address can open; more wait at the sender's mail server. Two machines that write to each
other stop here."""
SIDE_BY_SIDE = 2
"""Mails that are taken apart at the same time: each needs a few times its size in memory."""

_REFERENCE = re.compile(r"RD[\s-]?[0-9A-Z]{8}[\s-]?[0-9A-Z]", re.IGNORECASE)
_PREFIX = re.compile(
    r"\s*(?:(?:re|fwd?|aw|回复|答复|转发|回覆|轉寄)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)
_NO_WORDS = "（邮件没有正文，见附件。） (A mail without words; see the attachments.)"
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class TooMany(Problem):
    """This address has opened so many complaints that a machine must be writing; later it may again."""

    def __init__(self) -> None:
        super().__init__(
            429,
            "too-many-mails",
            "This sender has opened too many complaints",
            f"At most {MOST_AN_HOUR} an hour are taken from one address. Deliver it again later. "
            "该发件人一小时内的投诉过多，请稍后再投递。",
            field="body/From",
            headers={"Retry-After": "3600"},
        )


class Mailroom:
    """Takes mails, from whatever way they come."""

    def __init__(self, database: Database, landing: Landing, bounces: Bounces, settings: Settings) -> None:
        self._database = database
        self._bounces = bounces
        self._landing = landing
        self._secret = settings.installation_secret
        self._ours = {settings.mail_from.lower(), (settings.mail_reply_to or settings.mail_from).lower()}
        self._room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def receive(
        self, content: bytes, by: str, envelope_from: str | None = None, envelope_to: str | None = None
    ) -> Landed:
        """Take one raw mail. When this returns it cannot be lost any more, and will not be taken twice.

        `envelope_from` is the return path, empty when that is null; `envelope_to` the address that it was sent to.
        Raises Problem: malformed-mail (422), TooMany (429), NotTaken (503), and those of the door.
        """
        async with self._room:
            try:
                mail = await asyncio.to_thread(parsed, content)
            except Unreadable as error:
                raise Problem(
                    422,
                    "malformed-mail",
                    "The mail cannot be read",
                    f"{error.english} {error.chinese}",
                    field="body",
                ) from None
            what = automatic.outcome(mail, envelope_from, self._ours)
            if what == "bounce":  # again is as once, also when the rest of this fails
                await self._bounces.tell(content, envelope_to)
            return await self._take(mail, _identity(mail, content), by, what)

    async def _take(self, mail: Mail, message: bytes, by: str, what: str | None) -> Landed:
        sender = hmac.digest(self._secret, b"mail-sender/" + mail.sender.encode(), hashlib.sha256)
        async with self._database.reading() as connection:
            if before := await store.message(connection, store.EMAIL, message):
                return landed(before)
            joins = await self._belongs_to(connection, mail)
            if joins is None and what is None:
                since = clock.now() - timedelta(hours=1)
                if await store.registered_since(connection, sender, since) >= MOST_AN_HOUR:
                    raise TooMany
        own = quoting.parted(mail.text)
        if what is None and not mail.text and not mail.files and not _PREFIX.sub("", mail.subject):
            what = "empty"
        if what is not None:
            note = Landed(what, joins)
            return await self._landing.note(store.EMAIL, message, note, by, sender=sender)
        inbound = Inbound(
            source=store.EMAIL,
            message=message,
            told=_complaint(mail, own.own),
            said=own.own[:LONGEST] or None,
            sent_at=min(mail.sent_at or clock.now(), clock.now()),
            joins=joins,
            sender=sender,
            files=tuple(_files(mail, own, new=joins is None)),
        )
        return await self._landing.land(inbound, by)

    async def _belongs_to(self, connection: AsyncConnection, mail: Mail) -> UUID | None:
        """The complaint that a mail continues.

        Whoever answers one of our letters has it before them. Any other sign counts only together with the
        sender's address: their own earlier mail, or a reference in the subject. A stranger who quotes a reference
        opens a complaint of their own.
        """
        for answered in (*mail.answers, *mail.reported):
            reference = threads.reference_of(self._secret, answered)
            if reference and (found := await _by_reference(connection, reference)):
                return found
        if not mail.sender:
            return None
        earlier = [_digest(answered, mail.sender) for answered in mail.answers]
        if earlier and (found := await store.complaint_of(connection, store.EMAIL, earlier)):
            return found
        for typed in _REFERENCE.findall(mail.subject)[:3]:
            reference = normalised(typed)
            found = await _by_reference(connection, reference) if reference else None
            if found and mail.sender in await _addresses(connection, found):
                return found
        return None


async def _by_reference(connection: AsyncConnection, reference: str) -> UUID | None:
    found = await driver.run(
        connection, sql("SELECT id FROM complaints WHERE reference = :reference"), {"reference": reference}
    )
    complaint_id: UUID | None = found.scalar()
    return complaint_id


async def _addresses(connection: AsyncConnection, complaint_id: UUID) -> set[str]:
    """Where the customer of a complaint said, in any contact, that mail reaches them."""
    record = (await load(connection, [complaint_id]))[complaint_id]
    contacts = [record.told.get("customer", {}), *(addition.contact for addition in record.additions)]
    return {contact["email"].lower() for contact in contacts if contact.get("email")}


def _identity(mail: Mail, content: bytes) -> bytes:
    """The same mail is the same message id of the same sender; nobody can take a place under another's."""
    if mail.message_id:
        return _digest(mail.message_id, mail.sender)
    # What comes on the way (Received, Delivered-To) differs from delivery to delivery; the rest does not.
    body = content.partition(b"\r\n\r\n" if b"\r\n\r\n" in content else b"\n\n")[2]
    written = hashlib.sha256(body).hexdigest()
    return digest("mail", mail.sender, mail.subject, str(mail.sent_at), written)


def _digest(message_id: str, sender: str) -> bytes:
    return digest("mail", message_id, sender)


def _complaint(mail: Mail, own: str) -> NewComplaint:
    subject = _PREFIX.sub("", mail.subject).strip()
    said = own if not subject or subject in own else f"{subject}\n\n{own}".strip()
    return NewComplaint(
        channel=Channel.EMAIL,
        language=language(said),
        statement=Statement(what_went_wrong=said[:LONGEST].strip() or _NO_WORDS),
        customer=Customer(name=one_line(mail.name) or None, email=_usable(mail.sender)),
    )


def _usable(address: str) -> str | None:
    try:
        return _EMAIL.validate_python(address)
    except ValidationError:
        return None


def _files(mail: Mail, own: quoting.Parted, *, new: bool) -> list[File]:
    """What came with it; and the whole text, where the statement does not hold all that a customer wrote or
    passed on, such as the telephone number in a signature. What an addition quotes are our own words."""
    files = list(mail.files)
    if len(own.own) + len(mail.subject) > LONGEST or (new and own.shortened):
        files.insert(0, File("mail.txt", "text/plain", mail.text.encode()))
    return files
