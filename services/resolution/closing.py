"""How a case closes: by the customer's word, by a person, or by the decision of an outside body. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.resolution.lifecycle import Action, NotNow, State, Words
from services.resolution.offers.valuing import Valuing
from services.resolution.timeline import Kind, Source
from shared.events import CaseClosed, OffersWithdrawn
from shared.events.dispute import Favour
from shared.events.vocabulary import Outcome
from shared.masking import mask

BODY = "outside-body"
"""Who closed a case by the decision of an outside body."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a person says about the end of a case, besides the outcome and how it became known."""

    without_opinion: bool = False
    """The customer did not answer; the outcome is the company's own guess."""
    negative_reason: str | None = None
    """Why it may close though the last emotion is negative."""
    trust_restored: bool | None = None
    """Does the customer trust the company again?"""


TRY_AGAIN_FIRST = Words(
    "A result that the customer cannot accept is taken up again at least once: use resume.",
    "顾客不可接受的结果至少须再处理一次：请使用 resume 继续处理。",
)

ANSWER_IN_PUBLIC_FIRST = Words(
    "The complaint was made in public: give the public response first, or record the decision without an outcome.",
    "该投诉是公开提出的：请先作出公开回应，或只登记决定而不填写 outcome。",
)


@dataclass(kw_only=True)
class Closing(Valuing):
    """A case ends with an outcome in the customer's judgement."""

    result: str | None = None
    carried_out_at: datetime | None = None
    heard: Outcome | None = None
    """The customer's opinion, when the case closes only after the public response."""
    outcome: Outcome | None = None
    closed_by: str | None = None
    trust_restored: bool | None = None
    """Does the customer trust the company again? None: they were not asked, or did not say."""

    def close(
        self,
        outcome: Outcome,
        reason: str,
        author: str,
        at: datetime,
        ending: Ending = Ending(),
        *,
        permitted: bool = False,
    ) -> None:
        """Close with the opinion that the customer gave another way, or did not give when asked.

        `permitted`: below V1 + C, too. Raises PermitNeeded where that is needed.
        """
        self._check(Action.CLOSE)
        if not outcome.is_target and self.solutions < 2:
            raise NotNow(Action.CLOSE, TRY_AGAIN_FIRST)
        if ending.without_opinion:
            self._may_end_unheard()
        self._may_end(ending.negative_reason)
        self._must_be_worth_it(permitted=permitted)
        told_at = self.carried_out_at
        self._close(outcome, author, mask(reason), at, Source.RESOLUTION, ending)
        if not ending.without_opinion and told_at is not None:
            self._closed_unheard(told_at, at)

    def decide(
        self, favour: Favour, decision: str, ends_with: Outcome | None, author: str, at: datetime
    ) -> None:
        """The outside body decided. With `ends_with`, the customer's judgement of it, the case closes thereby."""
        self._check(Action.DECIDE)
        if ends_with is not None and self.state is not State.CLOSED and self.owes_public_response:
            raise NotNow(Action.DECIDE, ANSWER_IN_PUBLIC_FIRST)
        decision = mask(decision)
        self._decided(favour, decision, ends_with is not None, author, at)
        if ends_with is not None and self.state is not State.CLOSED:
            if self.state is State.OFFERED:
                self.record(OffersWithdrawn(complaint_id=self.id, round=self.round, withdrawn_at=at), at)
            if self.promise is not None:
                self._settle(at, interim_reply=False)  # the decision is the reply
            self.result = self.result or decision
            self.state = State.CARRIED_OUT
            self._close(ends_with, BODY, decision, at, Source.RESOLUTION, Ending())

    def _close(
        self, outcome: Outcome, author: str, reason: str | None, at: datetime, source: Source, ending: Ending
    ) -> None:
        self._move(Action.CLOSE)
        self._note_end()
        self.outcome, self.closed_by, self.closed_at = outcome, author, at
        self.trust_restored, self.heard = ending.trust_restored, None
        self._take_stock(outcome)
        self._tell(Kind.CLOSED, at, author, ": ".join(filter(None, (outcome.value, reason))), source)
        closed = CaseClosed(
            complaint_id=self.id,
            outcome=outcome,
            closed_by=author,
            problem_found=self.problem_found,
            problem_solved=self.problem_solved,
            problem_corrected=self.correction is not None,
            trust_restored=self.trust_restored,
            reopen_until=self.reopen_until,
            closed_at=at,
        )
        self.record(closed, at)
        self._note_shortfall(author, reason, at)
        why = ending.negative_reason
        self._look_back(None if why is None else author, None if why is None else mask(why), at)

    def _reopened(self, at: datetime) -> None:
        super()._reopened(at)
        self.outcome = self.closed_by = self.trust_restored = None
        self._nothing_agreed()
