"""Events in: what should not have happened in a case, and whose it was."""

from services.insights.training.model import Conduct, Lapse
from services.insights.training.store import ConductStore
from shared.envelope import Received
from shared.events import (
    CaseAccepted,
    CaseReopened,
    CaseResumed,
    ImprovementJoined,
    PromiseBroken,
    ReplyFlagged,
    SurveyAnswered,
)
from shared.events.surveys import SurveyAbout, SurveyMeasure
from shared.events.vocabulary import Outcome
from shared.reactions import Reactions

reactions: Reactions[Conduct] = Reactions(ConductStore())

BAD = 2
"""Of five: up to here a customer who rates is not satisfied."""


@reactions.on(CaseAccepted)
def on_case_accepted(conduct: Conduct, event: CaseAccepted, fact: Received) -> None:
    conduct.handler = event.handler_id


@reactions.on(PromiseBroken)
def on_promise_broken(conduct: Conduct, event: PromiseBroken, fact: Received) -> None:
    """While offers lie before the customer, nobody is to blame."""
    if not event.waiting_for_customer:
        conduct.lapse(Lapse.PROMISE_BROKEN, event.broken_at, event.handler_id or conduct.handler)


@reactions.on(CaseResumed)
def on_case_resumed(conduct: Conduct, event: CaseResumed, fact: Received) -> None:
    conduct.lapse(Lapse.RESULT_FELL, event.resumed_at, conduct.handler)


@reactions.on(CaseReopened)
def on_case_reopened(conduct: Conduct, event: CaseReopened, fact: Received) -> None:
    conduct.lapse(Lapse.RESULT_FELL, event.reopened_at, conduct.handler)


@reactions.on(ReplyFlagged)
def on_reply_flagged(conduct: Conduct, event: ReplyFlagged, fact: Received) -> None:
    conduct.lapse(Lapse.REPLY_FLAGGED, event.flagged_at, event.written_by)


@reactions.on(ImprovementJoined)
def on_improvement_joined(conduct: Conduct, event: ImprovementJoined, fact: Received) -> None:
    if event.recurrence:
        conduct.lapse(Lapse.CAUSE_BACK, event.joined_at)


@reactions.on(SurveyAnswered)
def on_survey_answered(conduct: Conduct, event: SurveyAnswered, fact: Received) -> None:
    if event.about is not SurveyAbout.CASE:
        return
    values = {answer.measure: answer.value for answer in event.answers if answer.value is not None}
    rating = values.get(SurveyMeasure.SATISFACTION)
    badly = isinstance(rating, int) and rating <= BAD
    if badly or values.get(SurveyMeasure.OUTCOME) == Outcome.NOT_ACCEPTABLE:
        conduct.lapse(Lapse.RATED_BADLY, event.answered_at)
