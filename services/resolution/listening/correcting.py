"""Problem found, problem solved, problem corrected: three facts, because each can be true without the next. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.resolution.lifecycle import Action
from services.resolution.listening.scoring import Scored
from services.resolution.timeline import Kind
from shared.events import ProblemCorrected
from shared.events.vocabulary import Outcome
from shared.masking import mask


@dataclass(kw_only=True)
class Correcting(Scored):
    """A closed case says whether there was a problem, and what became of it."""

    problem_found: bool | None = None
    """The reason was sufficient, or there was something to answer at once. None until the case closes."""
    problem_solved: bool | None = None
    """The customer can live with the result. None until the case closes."""
    correction: str | None = None
    """What was corrected where the problem came from, so that it does not happen again."""
    corrected_at: datetime | None = None

    def correct(self, correction: str, author: str, at: datetime) -> None:
        """The problem was corrected where it came from; also long after the closing. Said again, it is replaced."""
        self._check(Action.CORRECT)
        self.correction, self.corrected_at = mask(correction), at
        self._tell(Kind.CORRECTED, at, author, self.correction)
        corrected = ProblemCorrected(
            complaint_id=self.id, correction=self.correction, corrected_by=author, corrected_at=at
        )
        self.record(corrected, at)

    def _take_stock(self, outcome: Outcome) -> None:
        self.problem_found = self.judgement is None or self.judgement.reason_sufficient
        self.problem_solved = outcome.is_target

    def _reopened(self, at: datetime) -> None:
        super()._reopened(at)
        self.problem_found = self.problem_solved = None
