"""What happens to a notice that nobody acknowledged in time: it climbs a layer. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.directory.model import Directory
from services.routing.transfer.distribution import DISTRIBUTION
from services.routing.transfer.lapses import Lapse, LapseKind
from services.routing.transfer.noticing import Notice, Noticing, notice_id
from services.routing.transfer.recipients import supervisors
from shared.events import NoticeOverdue


@dataclass(kw_only=True)
class Climbing(Noticing):
    """A complaint whose notices must be acknowledged."""

    def climb(self, notice: Notice, there: Collection[UUID], directory: Directory, at: datetime) -> None:
        """Its time has passed: the layer above is told, once. The top layer is told again, a few times.

        `there` are the ids of the complaint's notices: a layer that was told of the fact is not told twice.
        """
        if notice.due_at is None or notice.due_at > at:
            return
        table = self.books.read(DISTRIBUTION)
        above = table.climbs.get(notice.audience)
        answerable = supervisors(notice.recipients, directory)
        if notice.overdue_at is None:
            notice.overdue_at = at
            lapse = Lapse(
                LapseKind.NOTICE,
                notice.id,
                notice.reason,
                notice.recipients,
                notice.acknowledge_by,
                at,
                answerable,
            )
            self.lapses[lapse.id] = lapse
        if above is not None:
            notice.climbed_to, notice.due_at = above, None
            if notice_id(notice.fact_id, above) not in {*there, *self.notices}:
                self._issue_above(notice, at)
        else:
            notice.reminders += 1
            again = notice.reminders < table.remind_most
            notice.due_at = at + table.remind_after if again else None
        self.notices[notice.id] = notice
        self.record(
            NoticeOverdue(
                complaint_id=self.id,
                notice_id=notice.id,
                audience=notice.audience,
                reason=notice.reason,
                reference=self.reference,
                severity=notice.severity,
                words=notice.words,
                recipients=notice.recipients,
                supervisors=answerable,
                acknowledge_by=notice.acknowledge_by,
                climbed_to=above,
                reminder=notice.reminders,
                last=above is None and notice.due_at is None,
                overdue_at=at,
            ),
            at,
        )

    def _issue_above(self, below: Notice, at: datetime) -> None:
        assert below.climbed_to is not None
        by = at + self.books.read(DISTRIBUTION).within(below.severity)
        self.issue(
            Notice(
                id=notice_id(below.fact_id, below.climbed_to),
                audience=below.climbed_to,
                reason=below.reason,
                fact_type=below.fact_type,
                fact_id=below.fact_id,
                severity=below.severity,
                issued_at=at,
                acknowledge_by=by,
                form=below.form,
                urgency=below.urgency,
                words=below.words,
                written_by=below.written_by,
                to_person=below.to_person,
                text=below.text,
                climbed_from=below.id,
                due_at=by,
            )
        )
