"""Which complaints an improvement is for, and who works on it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.resolution.improvement.parts import Carried, Meeting, Member, Standard, Training
from services.resolution.improvement.searching import Searching
from services.resolution.improvement.steps import Step
from shared.aggregate import NotPossible

MOST_MEETINGS = 100


@dataclass(kw_only=True)
class Carrying(Searching):
    """One improvement may carry many complaints; its team comes from several departments."""

    title: str = ""
    problem: str = ""
    """What is wrong, as far as it can be told in numbers (5W2H)."""
    category: str | None = None
    subcategory: str | None = None
    product: str | None = None
    opened_by: str = ""
    opened_at: datetime | None = None
    """None: there is no such improvement."""
    complaints: dict[UUID, Carried] = field(default_factory=dict)
    members: tuple[Member, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    standards: tuple[Standard, ...] = ()
    trainings: tuple[Training, ...] = ()
    left: set[UUID] = field(default_factory=set, repr=False, compare=False)
    """Complaints taken off by this change."""

    # What the gates ask

    @property
    def carries_any(self) -> bool:
        return bool(self.complaints)

    @property
    def carries_valid(self) -> bool:
        return any(each.valid for each in self.complaints.values())

    @property
    def lead(self) -> Member | None:
        return next((member for member in self.members if member.lead), None)

    @property
    def has_lead(self) -> bool:
        return self.lead is not None

    @property
    def goes_beyond_quality(self) -> bool:
        return any(not self.book.is_quality(member.department) for member in self.members)

    @property
    def has_met(self) -> bool:
        return bool(self.meetings)

    @property
    def standard_is_changed(self) -> bool:
        return any(each.round == self.round for each in self.standards)

    @property
    def is_trained(self) -> bool:
        return any(each.round == self.round for each in self.trainings)

    def leave(self, complaint_id: UUID) -> None:
        """Raises NotPossible for the last one, and after it has ended."""
        self._must_be_open()
        if len(self.complaints) == 1:
            raise NotPossible(
                "last-complaint",
                "An improvement carries at least one complaint: drop it instead.",
                "改善项目至少须关联一项投诉：请改为撤销本改善。",
            )
        del self.complaints[complaint_id]
        self.left.add(complaint_id)

    def name_team(self, members: Sequence[Member]) -> None:
        self._must_be_open()
        self.members = tuple(members)

    def link_meeting(self, meeting: Meeting) -> None:
        self._must_be_open()
        others = tuple(each for each in self.meetings if each.meeting_id != meeting.meeting_id)
        if len(others) >= MOST_MEETINGS:
            raise NotPossible(
                "too-many-meetings", "A hundred meetings are linked at most.", "最多关联一百次会议。"
            )
        self.meetings = tuple(sorted((*others, meeting), key=lambda each: (each.at, each.meeting_id)))

    def prevent(self, standards: Sequence[Standard], trainings: Sequence[Training]) -> None:
        """What is the standard now, and who was trained; what was said before in this round is replaced."""
        self._must_be_in(Step.PREVENTION)
        self.standards = (*(each for each in self.standards if each.round != self.round), *standards)
        self.trainings = (*(each for each in self.trainings if each.round != self.round), *trainings)

    def _must_be_open(self) -> None:
        self._must_be_in(*Step)
