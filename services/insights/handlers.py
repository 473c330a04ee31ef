"""Events in: what each fact tells about a complaint. Those of its case have a module of their own."""

from services.insights import case_handlers
from services.insights.facts import FactsStore
from services.insights.losses import band_of, yuan
from services.insights.model import Facts
from shared.envelope import Received
from shared.events import (
    NOTICES,
    ComplaintAssigned,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintReferred,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintTriaged,
    CustomerWrote,
    HandlerWrote,
    MessageDelivered,
    MessageFailed,
    NoticeAcknowledged,
    NoticeIssued,
    OfferChosen,
    OffersDeclined,
    OpinionGiven,
    RiskRaised,
    SurveyAnswered,
)
from shared.events.intake import ExpectationGap, Sale
from shared.events.routing import Decider
from shared.events.surveys import SurveyAbout, SurveyMeasure
from shared.events.vocabulary import TransferForm, Visibility
from shared.reactions import Reactions

store = FactsStore()
reactions: Reactions[Facts] = Reactions(store)
case_handlers.hear(reactions)


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
