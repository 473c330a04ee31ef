"""Events in: what the case does when another service tells a fact."""

from services.resolution.field_action.customers import Letter
from services.resolution.model import Case
from services.resolution.store import store
from services.resolution.timeline import CUSTOMER, SYSTEM, Kind, Source
from shared.envelope import Received
from shared.events import (
    ComplaintAssigned,
    ComplaintMerged,
    ComplaintReferred,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintTriaged,
    ComplaintUnassigned,
    ComplaintWithdrawn,
    CustomerErased,
    CustomerWrote,
    DepartmentInvolved,
    FieldLetterDelivered,
    FieldLetterFailed,
    HandlerWrote,
    OfferChosen,
    OffersDeclined,
    OpinionGiven,
    ReporterJoined,
    ReporterLeft,
    RestatementAnswered,
)
from shared.reactions import Reactions

reactions = Reactions("resolution", store)


@reactions.on(ComplaintRegistered)
def on_complaint_registered(case: Case, event: ComplaintRegistered, fact: Received) -> None:
    case.concern(event.customer_id, event.registered_at, event.product)
    case.open(event.reference, event.registered_at)


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(case: Case, event: ComplaintSupplemented, fact: Received) -> None:
    mood = f"{event.channel} · {event.emotion}" if event.emotion else event.channel
    text = f"{mood}: {event.said}" if event.said else mood
    case.note(Kind.SUPPLEMENTED, event.added_at, event.added_by, text)
    if event.restatement is not None:
        case.note(Kind.RESTATED, event.added_at, event.added_by, event.restatement)
    if event.product is not None:
        case.concern_further(event.product)


@reactions.on(RestatementAnswered)
def on_restatement_answered(case: Case, event: RestatementAnswered, fact: Received) -> None:
    kind = Kind.RESTATEMENT_CONFIRMED if event.confirmed else Kind.RESTATEMENT_CORRECTED
    case.note(kind, event.answered_at, event.answered_by, event.correction)


@reactions.on(ComplaintTriaged)
def on_complaint_triaged(case: Case, event: ComplaintTriaged, fact: Received) -> None:
    case.triage(event.category, event.severity, event.reasons, event.triaged_at)


@reactions.on(ComplaintReferred)
def on_complaint_referred(case: Case, event: ComplaintReferred, fact: Received) -> None:
    case.triage(None, event.severity, event.reasons, event.referred_at)


@reactions.on(ComplaintAssigned)
def on_complaint_assigned(case: Case, event: ComplaintAssigned, fact: Received) -> None:
    case.assign(event.department, event.handler_id, event.handler_name, event.assigned_at)
    if event.because is not None:
        author = event.handed_over_by or SYSTEM
        case.note(Kind.HANDED_OVER, event.assigned_at, author, event.because, Source.ROUTING)


@reactions.on(ComplaintUnassigned)
def on_complaint_unassigned(case: Case, event: ComplaintUnassigned, fact: Received) -> None:
    case.note(Kind.UNASSIGNED, event.unassigned_at, SYSTEM, ", ".join(sorted(event.reasons)), Source.ROUTING)


@reactions.on(DepartmentInvolved)
def on_department_involved(case: Case, event: DepartmentInvolved, fact: Received) -> None:
    text = f"{event.department} · {event.reason}"
    case.note(Kind.DEPARTMENT_INVOLVED, event.involved_at, event.involved_by, text, Source.ROUTING)


@reactions.on(OfferChosen)
def on_offer_chosen(case: Case, event: OfferChosen, fact: Received) -> None:
    case.choose(event.offer_id, event.chosen_at)


@reactions.on(OffersDeclined)
def on_offers_declined(case: Case, event: OffersDeclined, fact: Received) -> None:
    case.decline(event.round, event.reason, event.declined_at)


@reactions.on(OpinionGiven)
def on_opinion_given(case: Case, event: OpinionGiven, fact: Received) -> None:
    case.hear(event.follow_up_id, event.outcome, event.comment, event.given_at)


@reactions.on(ComplaintMerged)
def on_complaint_merged(case: Case, event: ComplaintMerged, fact: Received) -> None:
    case.merge(event.leading_id, event.merged_by, event.reason, event.merged_at)


@reactions.on(ComplaintSeparated)
def on_complaint_separated(case: Case, event: ComplaintSeparated, fact: Received) -> None:
    case.separate(event.separated_by, event.reason, event.separated_at)


@reactions.on(ReporterJoined)
def on_reporter_joined(case: Case, event: ReporterJoined, fact: Received) -> None:
    case.join(event.merged_id, event.joined_at)


@reactions.on(ReporterLeft)
def on_reporter_left(case: Case, event: ReporterLeft, fact: Received) -> None:
    case.leave(event.merged_id, event.left_at)


@reactions.on(ComplaintWithdrawn)
def on_complaint_withdrawn(case: Case, event: ComplaintWithdrawn, fact: Received) -> None:
    case.withdraw(event.reason, event.withdrawn_at)


@reactions.on(CustomerWrote)
def on_customer_wrote(case: Case, event: CustomerWrote, fact: Received) -> None:
    case.note(Kind.CUSTOMER_WROTE, event.written_at, CUSTOMER, event.message)


@reactions.on(HandlerWrote)
def on_handler_wrote(case: Case, event: HandlerWrote, fact: Received) -> None:
    case.note(Kind.HANDLER_WROTE, event.written_at, event.written_by, event.message)


@reactions.on(CustomerErased)
def on_customer_erased(case: Case, event: CustomerErased, fact: Received) -> None:
    case.erased = True


@reactions.on(FieldLetterDelivered)
def on_field_letter_delivered(case: Case, event: FieldLetterDelivered, fact: Received) -> None:
    case.letters.append(Letter(event.field_action_id, event.customer_id, event.delivered_at))


@reactions.on(FieldLetterFailed)
def on_field_letter_failed(case: Case, event: FieldLetterFailed, fact: Received) -> None:
    case.letters.append(Letter(event.field_action_id, event.customer_id, event.failed_at, event.reason))
