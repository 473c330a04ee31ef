"""Events in: what the case does when another service tells a fact."""

from services.resolution.audit.hearing import hear
from services.resolution.audit.witnessed import Noted
from services.resolution.field_action.customers import Letter
from services.resolution.listening.mood import FeltIn
from services.resolution.model import Case
from services.resolution.store import store
from services.resolution.timeline import CUSTOMER, SYSTEM, Kind, Source
from shared.envelope import Received
from shared.events import (
    ComplaintAssigned,
    ComplaintCoded,
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
    MessageFailed,
    OfferChosen,
    OffersDeclined,
    OpinionGiven,
    ReopenAsked,
    ReporterJoined,
    ReporterLeft,
    RestatementAnswered,
    RiskRaised,
    RiskSettled,
    TaskDone,
    TaskSet,
)
from shared.events.vocabulary import Kind as Telling
from shared.reactions import Reactions

reactions = Reactions(store)


@reactions.on(ComplaintRegistered)
def on_complaint_registered(case: Case, event: ComplaintRegistered, fact: Received) -> None:
    case.praise = event.kind is Telling.PRAISE
    case.open(event.reference, event.registered_at, event.channel, event.visibility)
    case.hear_of(event)
    if event.emotion is not None:
        case.feel(event.complaint_id, event.emotion, event.registered_at, FeltIn.INTAKE)
    if event.accused_id is not None:
        case.accuse(event.accused_id, event.registered_at)
    case.concern(event.customer_id, event.registered_at, case.told.product)


@reactions.on(ComplaintSupplemented)
def on_complaint_supplemented(case: Case, event: ComplaintSupplemented, fact: Received) -> None:
    mood = f"{event.channel} · {event.emotion}" if event.emotion else event.channel
    text = f"{mood}: {event.said}" if event.said else mood
    if event.visibility is not None:
        case.become(event.visibility, event.added_by, event.added_at)
    case.note(Kind.SUPPLEMENTED, event.added_at, event.added_by, text)
    case.hear_of(event)
    if event.accused_id is not None:
        case.accuse(event.accused_id, event.added_at)
    if event.restatement is not None:
        case.note(Kind.RESTATED, event.added_at, event.added_by, event.restatement)
    if event.emotion is not None:
        case.feel(event.addition_id, event.emotion, event.contact_at, FeltIn.INTAKE)
    if event.confirmed:
        case.understand(event.contact_at)
    if event.product is not None:
        case.concern_further(case.told.product)


@reactions.on(RestatementAnswered)
def on_restatement_answered(case: Case, event: RestatementAnswered, fact: Received) -> None:
    kind = Kind.RESTATEMENT_CONFIRMED if event.confirmed else Kind.RESTATEMENT_CORRECTED
    case.note(kind, event.answered_at, event.answered_by, event.correction)
    if event.confirmed:
        case.understand(event.answered_at)


@reactions.on(ComplaintCoded)
def on_complaint_coded(case: Case, event: ComplaintCoded, fact: Received) -> None:
    codes = ", ".join("/".join(filter(None, (code.category, code.subcategory))) for code in event.codes)
    case.note(Kind.CODED, event.coded_at, event.coded_by, f"{codes}: {event.reason}")


@reactions.on(ComplaintTriaged)
def on_complaint_triaged(case: Case, event: ComplaintTriaged, fact: Received) -> None:
    case.triage(event.category, event.severity, event.reasons, event.triaged_at, event.time_limits)


@reactions.on(ComplaintReferred)
def on_complaint_referred(case: Case, event: ComplaintReferred, fact: Received) -> None:
    case.triage(None, event.severity, event.reasons, event.referred_at, event.time_limits)


@reactions.on(ComplaintAssigned)
def on_complaint_assigned(case: Case, event: ComplaintAssigned, fact: Received) -> None:
    case.assign(event.department, event.handler_id, event.handler_name, event.assigned_at, event.policies)
    if event.because is not None:
        author = event.handed_over_by or SYSTEM
        case.note(Kind.HANDED_OVER, event.assigned_at, author, event.because, Source.ROUTING)
    if event.basis is not None:
        case.warn_of_skill(event.basis.warnings, event.assigned_at)
    if event.handed_over_by is not None:
        case.pass_on(event.department, event.assigned_at)


@reactions.on(ComplaintUnassigned)
def on_complaint_unassigned(case: Case, event: ComplaintUnassigned, fact: Received) -> None:
    case.note(Kind.UNASSIGNED, event.unassigned_at, SYSTEM, ", ".join(sorted(event.reasons)), Source.ROUTING)


@reactions.on(RiskRaised)
def on_risk_raised(case: Case, event: RiskRaised, fact: Received) -> None:
    text = f"{event.kind} · {event.severity}: {event.reason}"
    case.note(Kind.RISK_RAISED, event.raised_at, event.raised_by, text, Source.ROUTING)


@reactions.on(RiskSettled)
def on_risk_settled(case: Case, event: RiskSettled, fact: Received) -> None:
    text = f"{event.kind}: {event.reason}"
    case.note(Kind.RISK_SETTLED, event.settled_at, event.settled_by, text, Source.ROUTING)


@reactions.on(TaskSet)
def on_task_set(case: Case, event: TaskSet, fact: Received) -> None:
    text = f"{event.form} · {event.assignee}: {event.about}"
    case.note(Kind.TASK_SET, event.set_at, event.set_by, text, Source.ROUTING)


@reactions.on(TaskDone)
def on_task_done(case: Case, event: TaskDone, fact: Received) -> None:
    text = ": ".join(filter(None, (f"{event.form} · {event.outcome}", event.note)))
    case.note(Kind.TASK_DONE, event.done_at, event.done_by, text, Source.ROUTING)


@reactions.on(MessageFailed)
def on_message_failed(case: Case, event: MessageFailed, fact: Received) -> None:
    text = f"{event.template} · {event.channel}"
    case.note(Kind.MESSAGE_FAILED, event.failed_at, SYSTEM, text, Source.NOTIFICATION)


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
    case.hear(event.follow_up_id, event.outcome, event.comment, event.given_at, event.trust_restored)


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
    case.write(event.message, event.written_by, event.written_at, event.despite)


@reactions.on(ReopenAsked)
def on_reopen_asked(case: Case, event: ReopenAsked, fact: Received) -> None:
    case.ask_again(event.reason, event.asked_at)


@reactions.on(CustomerErased)
def on_customer_erased(case: Case, event: CustomerErased, fact: Received) -> None:
    case.erased = True
    case.witness(Noted.ERASED, event.erased_at, SYSTEM, because=event.because.value)


@reactions.on(FieldLetterDelivered)
def on_field_letter_delivered(case: Case, event: FieldLetterDelivered, fact: Received) -> None:
    case.letters.append(Letter(event.field_action_id, event.customer_id, event.delivered_at))
    action = str(event.field_action_id)
    case.witness(Noted.FIELD_LETTER_DELIVERED, event.delivered_at, SYSTEM, field_action_id=action)


@reactions.on(FieldLetterFailed)
def on_field_letter_failed(case: Case, event: FieldLetterFailed, fact: Received) -> None:
    case.letters.append(Letter(event.field_action_id, event.customer_id, event.failed_at, event.reason))
    action = str(event.field_action_id)
    case.witness(Noted.FIELD_LETTER_FAILED, event.failed_at, SYSTEM, field_action_id=action)


hear(reactions)
