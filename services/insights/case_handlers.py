"""Events in: what the facts of its case tell about a complaint."""

from bisect import insort
from datetime import datetime

from services.insights.losses import yuan
from services.insights.model import Facts
from shared.envelope import Received
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseEscalated,
    CaseEscalatedToLeadership,
    CaseOpened,
    CaseReopened,
    CaseResumed,
    CaseScored,
    CaseWithdrawn,
    ClockMissed,
    ContactHeld,
    CustomerAsked,
    CustomerTold,
    FollowUpRequested,
    ImprovementJoined,
    ImprovementLeft,
    OfferAgreed,
    OffersMade,
    ProblemCorrected,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    ResolutionExtended,
    SolutionCarriedOut,
    TabooRaised,
    ValidityJudged,
)
from shared.events.clocks import Clock, Escalation
from shared.events.listening import Taboo
from shared.events.vocabulary import Compensation
from shared.reactions import Reactions


def on_case_opened(facts: Facts, event: CaseOpened, fact: Received) -> None:
    facts.opened_at = event.opened_at


def on_case_accepted(facts: Facts, event: CaseAccepted, fact: Received) -> None:
    """The customer waits for the first acceptance; who works it now is the last."""
    facts.accepted_at = facts.accepted_at or event.accepted_at
    facts.accepted_by = event.handler_id


def on_validity_judged(facts: Facts, event: ValidityJudged, fact: Received) -> None:
    facts.valid, facts.judged_at = event.valid, event.judged_at
    facts.respond(event.judged_at)


def on_promise_made(facts: Facts, event: PromiseMade, fact: Received) -> None:
    facts.promises_made += 1


def on_promise_kept(facts: Facts, event: PromiseKept, fact: Received) -> None:
    insort(facts.promises_kept_at, event.kept_at)
    facts.respond(event.kept_at)


def on_promise_broken(facts: Facts, event: PromiseBroken, fact: Received) -> None:
    insort(facts.promises_broken_at, event.broken_at)
    if not event.waiting_for_customer:
        facts.overdue_since = facts.overdue_since or event.broken_at


def on_clock_missed(facts: Facts, event: ClockMissed, fact: Received) -> None:
    """Of a promise, PromiseBroken tells."""
    if event.clock is Clock.RESOLUTION:
        facts.overdue_since = facts.overdue_since or event.missed_at


def on_case_escalated(facts: Facts, event: Escalation, fact: Received) -> None:
    facts.escalations += 1


def on_taboo_raised(facts: Facts, event: TabooRaised, fact: Received) -> None:
    if event.taboo is Taboo.PASSED_ON:
        facts.passed_on += 1


def on_contact_held(facts: Facts, event: ContactHeld, fact: Received) -> None:
    facts.respond(event.held_at)
    facts.feel(event.emotion, event.held_at)


def on_customer_asked(facts: Facts, event: CustomerAsked, fact: Received) -> None:
    facts.respond(event.asked_at)


def on_resolution_extended(facts: Facts, event: ResolutionExtended, fact: Received) -> None:
    facts.respond(event.extended_at)


def on_problem_corrected(facts: Facts, event: ProblemCorrected, fact: Received) -> None:
    facts.corrected_at = event.corrected_at


def on_case_scored(facts: Facts, event: CaseScored, fact: Received) -> None:
    facts.reviewed_at = event.reviewed_at


def on_offers_made(facts: Facts, event: OffersMade, fact: Received) -> None:
    """The newest round counts, and of its offers the most valuable."""
    facts.offer_rounds += 1
    facts.respond(event.made_at)
    named = [value for offer in event.offers if (value := yuan(offer.value)) is not None]
    facts.offered = max(named, default=None)
    facts.offered_material = any(
        remedy.compensation is Compensation.MATERIAL for offer in event.offers for remedy in offer.remedies
    )


def on_offer_agreed(facts: Facts, event: OfferAgreed, fact: Received) -> None:
    facts.agreed_at = event.agreed_at


def on_customer_told(facts: Facts, event: CustomerTold, fact: Received) -> None:
    facts.updates += 1
    facts.respond(event.told_at)


def on_solution_carried_out(facts: Facts, event: SolutionCarriedOut, fact: Received) -> None:
    facts.carried_out_at = event.carried_out_at
    facts.overdue_since = None
    facts.respond(event.carried_out_at)


def on_follow_up_requested(facts: Facts, event: FollowUpRequested, fact: Received) -> None:
    facts.follow_ups += 1


def _begin_again(facts: Facts, at: datetime) -> None:
    facts.resumed += 1
    facts.resumed_at = at
    if facts.closed_at is not None:
        facts.reopened_at = at
    facts.carried_out_at = facts.closed_at = facts.outcome = facts.overdue_since = None


def on_case_resumed(facts: Facts, event: CaseResumed, fact: Received) -> None:
    """The result did not stand: the complaint counts as neither handled nor closed until one does."""
    _begin_again(facts, event.resumed_at)


def on_case_closed(facts: Facts, event: CaseClosed, fact: Received) -> None:
    facts.closed_at, facts.outcome = event.closed_at, event.outcome
    facts.trust_restored = event.trust_restored
    facts.first_closed_at = facts.first_closed_at or event.closed_at
    facts.overdue_since = None


def on_case_reopened(facts: Facts, event: CaseReopened, fact: Received) -> None:
    """As when a case is resumed: what was closed is neither handled nor closed any more."""
    _begin_again(facts, event.reopened_at)
    facts.trust_restored = None


def on_case_withdrawn(facts: Facts, event: CaseWithdrawn, fact: Received) -> None:
    facts.withdrawn_at = event.withdrawn_at


def on_improvement_joined(facts: Facts, event: ImprovementJoined, fact: Received) -> None:
    facts.improvement_id = event.improvement_id


def on_improvement_left(facts: Facts, event: ImprovementLeft, fact: Received) -> None:
    if facts.improvement_id == event.improvement_id:
        facts.improvement_id = None


def hear(reactions: Reactions[Facts]) -> None:
    reactions.on(CaseOpened)(on_case_opened)
    reactions.on(CaseAccepted)(on_case_accepted)
    reactions.on(ValidityJudged)(on_validity_judged)
    reactions.on(PromiseMade)(on_promise_made)
    reactions.on(PromiseKept)(on_promise_kept)
    reactions.on(PromiseBroken)(on_promise_broken)
    reactions.on(ClockMissed)(on_clock_missed)
    for escalation in (CaseEscalated, CaseEscalatedToLeadership):
        reactions.on(escalation)(on_case_escalated)
    reactions.on(TabooRaised)(on_taboo_raised)
    reactions.on(ContactHeld)(on_contact_held)
    reactions.on(CustomerAsked)(on_customer_asked)
    reactions.on(ResolutionExtended)(on_resolution_extended)
    reactions.on(ProblemCorrected)(on_problem_corrected)
    reactions.on(CaseScored)(on_case_scored)
    reactions.on(OffersMade)(on_offers_made)
    reactions.on(OfferAgreed)(on_offer_agreed)
    reactions.on(CustomerTold)(on_customer_told)
    reactions.on(SolutionCarriedOut)(on_solution_carried_out)
    reactions.on(FollowUpRequested)(on_follow_up_requested)
    reactions.on(CaseResumed)(on_case_resumed)
    reactions.on(CaseClosed)(on_case_closed)
    reactions.on(CaseReopened)(on_case_reopened)
    reactions.on(CaseWithdrawn)(on_case_withdrawn)
    reactions.on(ImprovementJoined)(on_improvement_joined)
    reactions.on(ImprovementLeft)(on_improvement_left)
