"""Events in: what a conversation learns from each fact, and what the customer is told of it."""

from collections.abc import Callable
from typing import TypeVar

from services.notification.briefings.heard import clippings_of
from services.notification.model import FACTS, Conversation
from services.notification.staff.model import SILENT, Settled, of_notice, of_reminder, of_task
from services.notification.store import ConversationStore
from services.notification.surveys.occasions import Moment, Occasion, survey_on_result
from services.notification.webhooks.filters import places_of
from shared.envelope import Received
from shared.events import (
    NOTICES,
    CaseAccepted,
    CaseClosed,
    CaseReopened,
    CaseResumed,
    CaseWithdrawn,
    ComplaintAssigned,
    ComplaintCoded,
    ComplaintMerged,
    ComplaintRegistered,
    ComplaintSeparated,
    ComplaintSupplemented,
    ComplaintTriaged,
    CustomerAsked,
    CustomerErased,
    CustomerTold,
    Event,
    FieldActionCustomerAddressed,
    FollowUpRequested,
    HandlerWrote,
    NoticeAcknowledged,
    NoticeIssued,
    NoticeOverdue,
    OfferAgreed,
    OffersMade,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    ReporterJoined,
    ReporterLeft,
    ResolutionExtended,
    RiskRaised,
    SolutionCarriedOut,
    TaskDone,
    TaskSet,
    ValidityJudged,
)
from shared.reactions import Reactions

E = TypeVar("E", bound=Event)
Handler = Callable[[Conversation, E, Received], None]

reactions: Reactions[Conversation] = Reactions(ConversationStore())


def on(event: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Declare the handler of a fact; every fact goes to the webhooks that want it, too."""

    def declare(handler: Handler[E]) -> Handler[E]:
        def forward_and_handle(conversation: Conversation, event: E, fact: Received) -> None:
            conversation.forward(fact)
            handler(conversation, event, fact)

        reactions.on(event)(forward_and_handle)
        return handler

    return declare


@on(ComplaintRegistered)
def on_complaint_registered(conversation: Conversation, event: ComplaintRegistered, fact: Received) -> None:
    conversation.register(event)
    conversation.occasions.append(Occasion(Moment.REGISTERED, event.registered_at, event.customer_id))


@on(ComplaintSupplemented)
def on_complaint_supplemented(
    conversation: Conversation, event: ComplaintSupplemented, fact: Received
) -> None:
    """What was restated is sent to be confirmed, unless the customer has answered in the same contact."""
    if event.restatement is not None and event.confirmed is None:
        conversation.tell(ComplaintSupplemented, fact.id, event.added_at, restatement=event.restatement)


@on(ComplaintMerged)
def on_complaint_merged(conversation: Conversation, event: ComplaintMerged, fact: Received) -> None:
    conversation.leading_id = event.leading_id
    told = event.promised_at.isoformat() if event.promised_at else None
    conversation.tell(ComplaintMerged, fact.id, event.merged_at, promised_at=told)


@on(ComplaintSeparated)
def on_complaint_separated(conversation: Conversation, event: ComplaintSeparated, fact: Received) -> None:
    conversation.leading_id = None
    conversation.tell(ComplaintSeparated, fact.id, event.separated_at)


@on(ReporterJoined)
def on_reporter_joined(conversation: Conversation, event: ReporterJoined, fact: Received) -> None:
    conversation.join(event.merged_id, event.joined_at)


@on(ReporterLeft)
def on_reporter_left(conversation: Conversation, event: ReporterLeft, fact: Received) -> None:
    conversation.leave(event.merged_id, event.left_at)


@on(CustomerErased)
def on_customer_erased(conversation: Conversation, event: CustomerErased, fact: Received) -> None:
    conversation.erased = True
    if event.customer_gone:
        conversation.gone_customer = event.customer_id
    conversation.occasions.append(Occasion(Moment.ERASED, event.erased_at, fact.id))


@on(ComplaintTriaged)
def on_complaint_triaged(conversation: Conversation, event: ComplaintTriaged, fact: Received) -> None:
    conversation.category = event.category
    conversation.code([event.category], event.severity)


@on(ComplaintCoded)
def on_complaint_coded(conversation: Conversation, event: ComplaintCoded, fact: Received) -> None:
    conversation.code(place for code in event.codes for place in places_of(code))


@on(RiskRaised)
def on_risk_raised(conversation: Conversation, event: RiskRaised, fact: Received) -> None:
    conversation.code((), event.severity)


@on(ComplaintAssigned)
def on_complaint_assigned(conversation: Conversation, event: ComplaintAssigned, fact: Received) -> None:
    conversation.department = event.department
    conversation.handled_by(event.handler_name, event.assigned_at)
    conversation.assignments += 1
    again = conversation.assignments > 1
    conversation.tell(ComplaintAssigned, fact.id, event.assigned_at, person=event.handler_name, again=again)


@on(PromiseMade)
def on_promise_made(conversation: Conversation, event: PromiseMade, fact: Received) -> None:
    conversation.promise(event.due_at)


@on(PromiseKept)
def on_promise_kept(conversation: Conversation, event: PromiseKept, fact: Received) -> None:
    conversation.keep_promise()


@on(PromiseBroken)
def on_promise_broken(conversation: Conversation, event: PromiseBroken, fact: Received) -> None:
    conversation.break_promise(event, fact.id)


@on(CaseAccepted)
def on_case_accepted(conversation: Conversation, event: CaseAccepted, fact: Received) -> None:
    if event.handler_name:
        conversation.handled_by(event.handler_name, event.accepted_at)
    conversation.tell(CaseAccepted, fact.id, event.accepted_at, person=event.handler_name)


@on(CustomerTold)
def on_customer_told(conversation: Conversation, event: CustomerTold, fact: Received) -> None:
    conversation.tell(CustomerTold, fact.id, event.told_at, message=event.message)


@on(CustomerAsked)
def on_customer_asked(conversation: Conversation, event: CustomerAsked, fact: Received) -> None:
    conversation.offers = []  # none lies before the customer: a reminder is about the question
    conversation.tell(CustomerAsked, fact.id, event.asked_at, question=event.question)


@on(ResolutionExtended)
def on_resolution_extended(conversation: Conversation, event: ResolutionExtended, fact: Received) -> None:
    conversation.tell(ResolutionExtended, fact.id, event.extended_at, reason=event.reason)


@on(ValidityJudged)
def on_validity_judged(conversation: Conversation, event: ValidityJudged, fact: Received) -> None:
    conversation.explanation = event.explanation
    if not event.valid:
        conversation.tell(
            ValidityJudged,
            fact.id,
            event.judged_at,
            explanation=event.explanation,
            reason_sufficient=event.reason_sufficient,
        )


@on(OffersMade)
def on_offers_made(conversation: Conversation, event: OffersMade, fact: Received) -> None:
    conversation.offer(event)
    conversation.tell(OffersMade, fact.id, event.made_at, offers=conversation.offers, round=event.round)


@on(OfferAgreed)
def on_offer_agreed(conversation: Conversation, event: OfferAgreed, fact: Received) -> None:
    conversation.agree(event.offer_id)
    conversation.tell(OfferAgreed, fact.id, event.agreed_at, solution=conversation.agreed)


@on(SolutionCarriedOut)
def on_solution_carried_out(conversation: Conversation, event: SolutionCarriedOut, fact: Received) -> None:
    conversation.end_promises()
    conversation.result = event.result
    conversation.follow_ups = 0
    conversation.tell(
        SolutionCarriedOut, fact.id, event.carried_out_at, result=event.result, solution=conversation.agreed
    )


@on(FollowUpRequested)
def on_follow_up_requested(conversation: Conversation, event: FollowUpRequested, fact: Received) -> None:
    """The letter leads to the survey about this result, which stays the same when they are asked again."""
    again = conversation.follow_ups > 0
    asked = (conversation.follow_up_id if again else None) or event.follow_up_id
    conversation.follow_up_id = asked
    conversation.follow_ups += 1
    moment = Moment.ASKED_AGAIN if again else Moment.ASKED
    conversation.occasions.append(Occasion(moment, event.requested_at, asked))
    survey_id = str(survey_on_result(conversation.id, asked))
    conversation.tell(FollowUpRequested, fact.id, event.requested_at, again=again, survey_id=survey_id)


@on(CaseResumed)
def on_case_resumed(conversation: Conversation, event: CaseResumed, fact: Received) -> None:
    conversation.agreed = None
    conversation.occasions.append(Occasion(Moment.RESUMED, event.resumed_at, fact.id))
    conversation.tell(CaseResumed, fact.id, event.resumed_at)


@on(CaseReopened)
def on_case_reopened(conversation: Conversation, event: CaseReopened, fact: Received) -> None:
    conversation.agreed = None
    conversation.occasions.append(Occasion(Moment.RESUMED, event.reopened_at, fact.id))
    conversation.tell(CaseReopened, fact.id, event.reopened_at)


@on(CaseClosed)
def on_case_closed(conversation: Conversation, event: CaseClosed, fact: Received) -> None:
    conversation.end_promises()
    conversation.occasions.append(Occasion(Moment.CLOSED, event.closed_at, fact.id))
    conversation.tell(CaseClosed, fact.id, event.closed_at, outcome=event.outcome)


@on(CaseWithdrawn)
def on_case_withdrawn(conversation: Conversation, event: CaseWithdrawn, fact: Received) -> None:
    conversation.end_promises()
    conversation.occasions.append(Occasion(Moment.WITHDRAWN, event.withdrawn_at, fact.id))
    conversation.tell(CaseWithdrawn, fact.id, event.withdrawn_at)


@on(HandlerWrote)
def on_handler_wrote(conversation: Conversation, event: HandlerWrote, fact: Received) -> None:
    """The letter says that a message waits, and not what it says: a mailbox may have other readers."""
    conversation.tell(HandlerWrote, fact.id, event.written_at)


@on(FieldActionCustomerAddressed)
def on_field_action_customer_addressed(
    conversation: Conversation, event: FieldActionCustomerAddressed, fact: Received
) -> None:
    conversation.tell_affected(event)


def on_notice_issued(conversation: Conversation, event: NoticeIssued, fact: Received) -> None:
    """Whom it names is told here; whoever reads the topic of the audience, by Kafka or webhook, needs nobody."""
    conversation.forward(fact)
    conversation.tell_staff(type(event), of_notice(event), by_letter=event.form not in SILENT)
    conversation.clippings += clippings_of(event)


for notice in NOTICES.values():
    reactions.on(notice)(on_notice_issued)


@on(NoticeOverdue)
def on_notice_overdue(conversation: Conversation, event: NoticeOverdue, fact: Received) -> None:
    conversation.tell_staff(NoticeOverdue, of_reminder(event))


@on(NoticeAcknowledged)
def on_notice_acknowledged(conversation: Conversation, event: NoticeAcknowledged, fact: Received) -> None:
    conversation.settled.append(Settled(event.notice_id, event.acknowledged_at))


@on(TaskSet)
def on_task_set(conversation: Conversation, event: TaskSet, fact: Received) -> None:
    conversation.tell_staff(TaskSet, [of_task(event)])


@on(TaskDone)
def on_task_done(conversation: Conversation, event: TaskDone, fact: Received) -> None:
    conversation.settled.append(Settled(event.task_id, event.done_at))


def on_any_other_fact(conversation: Conversation, event: Event, fact: Received) -> None:
    """A fact of which the customer hears nothing; webhooks may want it."""


for other in FACTS.values():
    if not reactions.answers(other.wire_type()):
        on(other)(on_any_other_fact)
