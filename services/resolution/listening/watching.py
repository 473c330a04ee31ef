"""The six taboos (六忌), noticed while something can still be done. Pure.

A detector accuses nobody: it says that a person should look.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.resolution.lifecycle import UNSOLVED
from services.resolution.listening.book import LISTENING, ListeningRules
from services.resolution.listening.contact import Contact, Slip
from services.resolution.listening.mood import FeltIn, Moody
from services.resolution.timeline import SYSTEM, Kind
from services.resolution.wording.findings import findings_in
from services.resolution.wording.flagging import flagged
from shared.events import ContactHeld, TabooRaised
from shared.events.listening import Taboo
from shared.events.vocabulary import Severity
from shared.reply_check import Kind as ReplyKind
from shared.reply_policy import REPLY_POLICY, Readers
from shared.worktime import add_working_time

ENTRY = {
    Taboo.LACKS_SKILL: Kind.LACKS_SKILL,
    Taboo.NEGLECTED: Kind.NEGLECTED,
    Taboo.BRUSHED_OFF: Kind.BRUSHED_OFF,
    Taboo.PROMISED_IN_VAIN: Kind.PROMISE_BROKEN,
    Taboo.EXCUSED: Kind.EXCUSED,
    Taboo.PASSED_ON: Kind.PASSED_ON,
}
"""How each taboo stands in the timeline. A broken promise is a fact of its own, PromiseBroken."""


@dataclass(kw_only=True)
class Watched(Moody):
    """A case that is watched for taboos."""

    understood_at: datetime | None = None
    """When the customer last confirmed that they were understood."""
    contacted_at: datetime | None = None
    """When a contact with the customer was last held and recorded."""
    neglected_after: datetime | None = None
    """Unless a person speaks with the customer before, they count as neglected after this moment."""
    new_contacts: list[tuple[Contact, ListeningRules]] = field(
        default_factory=list, repr=False, compare=False
    )
    """They wait to be saved, with the rules by which they are judged."""
    despite: str | None = field(default=None, repr=False, compare=False)
    """Why this change sends words that the policy blocks."""

    @property
    def _waits_for_us(self) -> bool:
        """Not while offers or a question lie before the customer: then it is they who are waited for."""
        return self.state in UNSOLVED and not self.stands_still

    @property
    def listening(self) -> ListeningRules:
        return self.books.read(LISTENING)

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        if self.neglected_after is not None and self._waits_for_us:
            yield self.neglected_after

    def time_passed(self, at: datetime) -> None:
        super().time_passed(at)
        if self.neglected_after is None or not self._waits_for_us or at <= self.neglected_after:
            return
        self.neglected_after = None  # once, until somebody speaks with them
        self._raise(Taboo.NEGLECTED, at)

    def hold(self, contact: Contact) -> None:
        """A contact with the customer was held."""
        rules = self.listening
        self.new_contacts.append((contact, rules))
        found = contact.checklist(rules.talk_share).values()
        self._tell(Kind.CONTACT_HELD, contact.held_at, contact.held_by, contact.via.value)
        held = ContactHeld(
            complaint_id=self.id,
            contact_id=contact.id,
            via=contact.via.value,
            emotion=contact.emotion,
            met=sum(finding == "met" for finding in found),
            judged=sum(finding != "not_applicable" for finding in found),
            held_by=contact.held_by,
            held_at=contact.held_at,
        )
        self.record(held, contact.recorded_at)
        self.feel(contact.id, contact.emotion, contact.held_at, FeltIn.CONTACT)
        self.contacted_at = max(filter(None, (self.contacted_at, contact.held_at)))
        if contact.understood:
            self.understand(contact.held_at)
        if Slip.EXCUSE in contact.slips:
            self._raise(Taboo.EXCUSED, contact.recorded_at, contact.via.value)
        self._watch(contact.recorded_at)

    def understand(self, at: datetime) -> None:
        """The customer confirmed what was restated to them."""
        self.understood_at = max(filter(None, (self.understood_at, at)))

    def say(self, text: str, author: str, at: datetime, readers: Readers = Readers.CUSTOMER) -> None:
        """This goes to the customer: does it hurt, and does whoever says it excuse themselves?"""
        judged = self.books.read(REPLY_POLICY).judge({"": findings_in(text, self.books)}, readers)
        if excuses := [each.finding.words for each in judged if each.finding.kind is ReplyKind.EXCUSE]:
            self._raise(Taboo.EXCUSED, at, " · ".join(excuses))
        if judged:
            self.record(flagged(self.id, judged, author, at, self.despite), at)

    def write(self, text: str, author: str, at: datetime, despite: str | None = None) -> None:
        """A person of the company wrote to the customer."""
        self.despite = despite
        self.note(Kind.HANDLER_WROTE, at, author, text)
        self.say(text, author, at)
        self._watch(at)

    def warn_of_skill(self, lacking: tuple[str, ...], at: datetime) -> None:
        """It was assigned to somebody who lacks what was wished for."""
        if lacking:
            self._raise(Taboo.LACKS_SKILL, at, " · ".join(lacking))

    def pass_on(self, to: str, at: datetime) -> None:
        """A person gave it to somebody else: perhaps needless, when it is minor.

        Only what routing tells decides this: what was done meanwhile may be heard before or after.
        """
        if self.severity is Severity.GENERAL:
            self._raise(Taboo.PASSED_ON, at, to)

    def _listen(self, kind: Kind, at: datetime) -> None:
        """Whoever was waited for waits themselves from now on."""
        stood_still = self.stands_still
        super()._listen(kind, at)
        if stood_still and self._waits_for_us:
            self._watch(at)

    def _answered_unheard(self, at: datetime) -> None:
        """It was settled at once: was the customer understood before?"""
        if self.understood_at is None and self.contacted_at is None:
            self._raise(Taboo.BRUSHED_OFF, at, "not-confirmed")

    def _closed_unheard(self, told_at: datetime, at: datetime) -> None:
        """A person closed it on an opinion that came another way: did anybody speak with the customer since?"""
        if self.contacted_at is None or self.contacted_at < told_at:
            self._raise(Taboo.BRUSHED_OFF, at, "no-contact-since-the-result")

    def _replied(self, at: datetime, by: datetime | None = None) -> None:
        super()._replied(at, by)
        self._watch(at)

    def _watch(self, at: datetime) -> None:
        """The customer heard from a person at `at`, or begins to wait: count anew. An older word changes nothing."""
        hours = timedelta(hours=self.listening.neglected_after_hours)
        after = add_working_time(at, hours, self.calendars.usual)
        self.neglected_after = max(filter(None, (self.neglected_after, after)))

    def _raise(self, taboo: Taboo, at: datetime, detail: str | None = None) -> None:
        self._tell(ENTRY[taboo], at, SYSTEM, detail)
        raised = TabooRaised(
            complaint_id=self.id, taboo=taboo, handler_id=self.handler_id, detail=detail, raised_at=at
        )
        self.record(raised, at)
