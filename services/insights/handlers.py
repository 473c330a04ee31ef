"""Events in: what each fact tells about a complaint."""

from datetime import datetime

from services.insights.losses import band_of, yuan
from services.insights.model import Facts
from services.insights.store import FactsStore
from shared.envelope import Received
from shared.events import (
    NOTICES,
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
    ComplaintAssigned,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintReferred,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintTriaged,
    ContactHeld,
    CustomerAsked,
    CustomerTold,
    CustomerWrote,
    FollowUpRequested,
    HandlerWrote,
    ImprovementJoined,
    ImprovementLeft,
    MessageDelivered,
    MessageFailed,
    NoticeAcknowledged,
    NoticeIssued,
    OfferAgreed,
    OfferChosen,
    OffersDeclined,
    OffersMade,
    OpinionGiven,
    ProblemCorrected,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    ResolutionExtended,
    RiskRaised,
    SolutionCarriedOut,
    SurveyAnswered,
    TabooRaised,
    ValidityJudged,
)
from shared.events.clocks import Clock, Escalation
from shared.events.intake import ExpectationGap, Sale
from shared.events.listening import Taboo
from shared.events.routing import Decider
from shared.events.surveys import SurveyAbout, SurveyMeasure
from shared.events.vocabulary import Compensation, TransferForm, Visibility
from shared.reactions import Reactions

store = FactsStore()
reactions: Reactions[Facts] = Reactions(store)


@reactions.on(ComplaintRegistered)
def on_complaint_registered(facts: Facts, event: ComplaintRegistered, fact: Received) -> None:
    facts.registered_at = event.registered_at
    facts.kind, facts.language = event.kind, event.language
    facts.medium, facts.channel = event.medium, event.channel
    if event.product is not None:
        facts.product = event.product.label
        facts.batch, facts.supplier = event.product.batch, event.product.supplier
    facts.customer_id, facts.region = event.customer_id, event.region
    facts.standing, facts.key_account = event.standing, event.key_account
    facts.loss, facts.claimed = band_of(event.estimated_loss), yuan(event.estimated_loss)
    facts.feel(event.emotion, event.registered_at)
    _attribute(facts, event.sale, event.expectation)
    if event.visibility is Visibility.PUBLIC:
        facts.public_at = event.registered_at


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(facts: Facts, event: ComplaintSupplemented, fact: Received) -> None:
    facts.contacts += 1
    facts.feel(event.emotion, event.contact_at)
    if event.product is not None:
        facts.product = event.product.label or facts.product
        facts.batch = event.product.batch or facts.batch
        facts.supplier = event.product.supplier or facts.supplier
    facts.region = event.region or facts.region
    if event.estimated_loss is not None:
        facts.loss, facts.claimed = band_of(event.estimated_loss), yuan(event.estimated_loss)
    _attribute(facts, event.sale, event.expectation)
    if event.visibility is Visibility.PUBLIC:
        facts.public_at = facts.public_at or event.added_at


def _attribute(facts: Facts, sale: Sale | None, expectation: ExpectationGap | None) -> None:
    """The newest word counts."""
    if sale is not None:
        facts.sale_step = sale.step or facts.sale_step
        facts.sale_mode = sale.mode or facts.sale_mode
    if expectation is not None:
        facts.gap_source = expectation.source or facts.gap_source


@reactions.on(ComplaintCoded)
def on_complaint_coded(facts: Facts, event: ComplaintCoded, fact: Received) -> None:
    """The category is triage's to tell, which hears of the coding."""
    facts.subcategory = event.codes[0].subcategory


@reactions.on(ComplaintMerged)
def on_complaint_merged(facts: Facts, event: ComplaintMerged, fact: Received) -> None:
    facts.leading_id, facts.merged_at = event.leading_id, event.merged_at


@reactions.on(ComplaintSeparated)
def on_complaint_separated(facts: Facts, event: ComplaintSeparated, fact: Received) -> None:
    facts.leading_id = facts.merged_at = None


@reactions.on(CustomerWrote)
def on_customer_wrote(facts: Facts, event: CustomerWrote, fact: Received) -> None:
    facts.contacts += 1


@reactions.on(HandlerWrote)
def on_handler_wrote(facts: Facts, event: HandlerWrote, fact: Received) -> None:
    facts.respond(event.written_at)


@reactions.on(OfferChosen)
def on_offer_chosen(facts: Facts, event: OfferChosen, fact: Received) -> None:
    facts.offer_chosen_at = event.chosen_at


@reactions.on(OffersDeclined)
def on_offers_declined(facts: Facts, event: OffersDeclined, fact: Received) -> None:
    facts.offers_declined += 1


@reactions.on(OpinionGiven)
def on_opinion_given(facts: Facts, event: OpinionGiven, fact: Received) -> None:
    facts.opinion, facts.opinion_at = event.outcome, event.given_at


@reactions.on(ComplaintTriaged)
def on_complaint_triaged(facts: Facts, event: ComplaintTriaged, fact: Received) -> None:
    """The last decision counts: a correction moves what the complaint contributed."""
    facts.category, facts.severity = event.category, event.severity
    facts.triaged_at = event.triaged_at
    facts.triaged_automatically = event.decided_by is not Decider.PERSON


@reactions.on(ComplaintReferred)
def on_complaint_referred(facts: Facts, event: ComplaintReferred, fact: Received) -> None:
    facts.severity, facts.referred_at = event.severity, event.referred_at


@reactions.on(ComplaintAssigned)
def on_complaint_assigned(facts: Facts, event: ComplaintAssigned, fact: Received) -> None:
    facts.department, facts.handler_id = event.department, event.handler_id
    facts.assigned_at = event.assigned_at
    facts.assignments += 1


@reactions.on(NoticeAcknowledged)
def on_notice_acknowledged(facts: Facts, event: NoticeAcknowledged, fact: Received) -> None:
    facts.know(event.notice_id, event.acknowledged_at)
    if event.issued_at is not None:
        facts.acknowledgements_timed += 1
        waited = (event.acknowledged_at - event.issued_at).total_seconds()
        facts.acknowledgement_seconds += max(0, int(waited))


@reactions.on(RiskRaised)
def on_risk_raised(facts: Facts, event: RiskRaised, fact: Received) -> None:
    """How severe it is since then, ComplaintTriaged tells."""
    facts.risks_raised += 1


def on_notice_issued(facts: Facts, event: NoticeIssued, fact: Received) -> None:
    """What goes into the clipping, nobody is asked to acknowledge."""
    if event.form is not TransferForm.CLIPPING:
        facts.issue(event.notice_id, event.issued_at)


for notice in NOTICES.values():
    reactions.on(notice)(on_notice_issued)


@reactions.on(CaseOpened)
def on_case_opened(facts: Facts, event: CaseOpened, fact: Received) -> None:
    facts.opened_at = event.opened_at


@reactions.on(CaseAccepted)
def on_case_accepted(facts: Facts, event: CaseAccepted, fact: Received) -> None:
    """The customer waits for the first acceptance; who works it now is the last."""
    facts.accepted_at = facts.accepted_at or event.accepted_at
    facts.accepted_by = event.handler_id


@reactions.on(ValidityJudged)
def on_validity_judged(facts: Facts, event: ValidityJudged, fact: Received) -> None:
    facts.valid, facts.judged_at = event.valid, event.judged_at
    facts.respond(event.judged_at)


@reactions.on(PromiseMade)
def on_promise_made(facts: Facts, event: PromiseMade, fact: Received) -> None:
    facts.promises_made += 1


@reactions.on(PromiseKept)
def on_promise_kept(facts: Facts, event: PromiseKept, fact: Received) -> None:
    facts.promises_kept_at.append(event.kept_at)
    facts.respond(event.kept_at)


@reactions.on(PromiseBroken)
def on_promise_broken(facts: Facts, event: PromiseBroken, fact: Received) -> None:
    facts.promises_broken_at.append(event.broken_at)
    if not event.waiting_for_customer:
        facts.overdue_since = facts.overdue_since or event.broken_at


@reactions.on(ClockMissed)
def on_clock_missed(facts: Facts, event: ClockMissed, fact: Received) -> None:
    """Of a promise, PromiseBroken tells."""
    if event.clock is Clock.RESOLUTION:
        facts.overdue_since = facts.overdue_since or event.missed_at


def on_case_escalated(facts: Facts, event: Escalation, fact: Received) -> None:
    facts.escalations += 1


for escalation in (CaseEscalated, CaseEscalatedToLeadership):
    reactions.on(escalation)(on_case_escalated)


@reactions.on(TabooRaised)
def on_taboo_raised(facts: Facts, event: TabooRaised, fact: Received) -> None:
    if event.taboo is Taboo.PASSED_ON:
        facts.passed_on += 1


@reactions.on(ContactHeld)
def on_contact_held(facts: Facts, event: ContactHeld, fact: Received) -> None:
    facts.respond(event.held_at)
    facts.feel(event.emotion, event.held_at)


@reactions.on(CustomerAsked)
def on_customer_asked(facts: Facts, event: CustomerAsked, fact: Received) -> None:
    facts.respond(event.asked_at)


@reactions.on(ResolutionExtended)
def on_resolution_extended(facts: Facts, event: ResolutionExtended, fact: Received) -> None:
    facts.respond(event.extended_at)


@reactions.on(ProblemCorrected)
def on_problem_corrected(facts: Facts, event: ProblemCorrected, fact: Received) -> None:
    facts.corrected_at = event.corrected_at


@reactions.on(CaseScored)
def on_case_scored(facts: Facts, event: CaseScored, fact: Received) -> None:
    facts.reviewed_at = event.reviewed_at


@reactions.on(OffersMade)
def on_offers_made(facts: Facts, event: OffersMade, fact: Received) -> None:
    """The newest round counts, and of its offers the most valuable."""
    facts.offer_rounds += 1
    facts.respond(event.made_at)
    named = [value for offer in event.offers if (value := yuan(offer.value)) is not None]
    facts.offered = max(named, default=None)
    facts.offered_material = any(
        remedy.compensation is Compensation.MATERIAL for offer in event.offers for remedy in offer.remedies
    )


@reactions.on(OfferAgreed)
def on_offer_agreed(facts: Facts, event: OfferAgreed, fact: Received) -> None:
    facts.agreed_at = event.agreed_at


@reactions.on(CustomerTold)
def on_customer_told(facts: Facts, event: CustomerTold, fact: Received) -> None:
    facts.updates += 1
    facts.respond(event.told_at)


@reactions.on(SolutionCarriedOut)
def on_solution_carried_out(facts: Facts, event: SolutionCarriedOut, fact: Received) -> None:
    facts.carried_out_at = event.carried_out_at
    facts.overdue_since = None
    facts.respond(event.carried_out_at)


@reactions.on(FollowUpRequested)
def on_follow_up_requested(facts: Facts, event: FollowUpRequested, fact: Received) -> None:
    facts.follow_ups += 1


def _begin_again(facts: Facts, at: datetime) -> None:
    facts.resumed += 1
    facts.resumed_at = at
    if facts.closed_at is not None:
        facts.reopened_at = at
    facts.carried_out_at = facts.closed_at = facts.outcome = facts.overdue_since = None


@reactions.on(CaseResumed)
def on_case_resumed(facts: Facts, event: CaseResumed, fact: Received) -> None:
    """The result did not stand: the complaint counts as neither handled nor closed until one does."""
    _begin_again(facts, event.resumed_at)


@reactions.on(CaseClosed)
def on_case_closed(facts: Facts, event: CaseClosed, fact: Received) -> None:
    facts.closed_at, facts.outcome = event.closed_at, event.outcome
    facts.trust_restored = event.trust_restored
    facts.first_closed_at = facts.first_closed_at or event.closed_at
    facts.overdue_since = None


@reactions.on(CaseReopened)
def on_case_reopened(facts: Facts, event: CaseReopened, fact: Received) -> None:
    """As when a case is resumed: what was closed is neither handled nor closed any more."""
    _begin_again(facts, event.reopened_at)
    facts.trust_restored = None


@reactions.on(CaseWithdrawn)
def on_case_withdrawn(facts: Facts, event: CaseWithdrawn, fact: Received) -> None:
    facts.withdrawn_at = event.withdrawn_at


@reactions.on(ImprovementJoined)
def on_improvement_joined(facts: Facts, event: ImprovementJoined, fact: Received) -> None:
    facts.improvement_id = event.improvement_id


@reactions.on(ImprovementLeft)
def on_improvement_left(facts: Facts, event: ImprovementLeft, fact: Received) -> None:
    if facts.improvement_id == event.improvement_id:
        facts.improvement_id = None


@reactions.on(SurveyAnswered)
def on_survey_answered(facts: Facts, event: SurveyAnswered, fact: Received) -> None:
    """What they said last counts; of two questions with the same measure the later one."""
    facts.surveyed_at = event.answered_at
    for answer in event.answers:
        match answer.measure, answer.value:
            case SurveyMeasure.SATISFACTION, int(score) if event.about is SurveyAbout.PROCESS:
                facts.process_rating = score
            case SurveyMeasure.SATISFACTION, int(score):
                facts.rating = score
            case SurveyMeasure.EFFORT, int(score):
                facts.effort = score
            case SurveyMeasure.RECOMMENDATION, int(score):
                facts.recommendation = score
            case SurveyMeasure.REPURCHASE, bool(yes):
                facts.repurchase = yes
            case SurveyMeasure.TRUST_RESTORED, bool(yes):
                facts.trust_said = yes
            case _:
                pass


@reactions.on(MessageDelivered)
def on_message_delivered(facts: Facts, event: MessageDelivered, fact: Received) -> None:
    facts.messages_delivered += 1


@reactions.on(MessageFailed)
def on_message_failed(facts: Facts, event: MessageFailed, fact: Received) -> None:
    facts.messages_failed += 1
