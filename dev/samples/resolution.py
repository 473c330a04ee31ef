"""What resolution tells of the case itself."""

from collections.abc import Iterator

from dev.samples.story import AGAIN, COMPLAINT, FIRST_OFFER, HANDLER, PROMISE, SECOND_OFFER, after, cny, id_of
from shared.events import (
    CaseAccepted,
    CaseClosed,
    CaseOpened,
    CaseResumed,
    CaseWithdrawn,
    ClosedBelowValue,
    CustomerTold,
    Event,
    FollowUpRequested,
    OfferAgreed,
    OffersMade,
    OffersWithdrawn,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    SolutionCarriedOut,
    ValidityJudged,
)
from shared.events.resolution import Offer
from shared.events.vocabulary import Outcome, Remedy


def events() -> Iterator[Event]:
    yield CaseOpened(complaint_id=COMPLAINT, opened_at=after(0.01))
    yield PromiseMade(complaint_id=COMPLAINT, promise_id=PROMISE, due_at=after(8), made_at=after(0.01))
    yield CaseAccepted(
        complaint_id=COMPLAINT, handler_id=HANDLER, handler_name="李娜", accepted_at=after(0.5)
    )
    yield ValidityJudged(
        complaint_id=COMPLAINT,
        reason_sufficient=True,
        demand_reasonable=True,
        explanation="报警R4由该批次编码器引起，您的要求合理。",
        judged_at=after(3),
    )
    yield OffersMade(
        complaint_id=COMPLAINT,
        round=1,
        offers=(
            Offer(
                offer_id=FIRST_OFFER,
                rank=1,
                remedies=(Remedy.EXCHANGE, Remedy.EXPLANATION),
                description="两日内更换新批次电机，并附原因分析报告。",
                value=cny("4200.00"),
            ),
            Offer(
                offer_id=SECOND_OFFER,
                rank=2,
                remedies=(Remedy.REPAIR,),
                description="工程师明日上门更换编码器。",
                value=cny("900.00"),
            ),
        ),
        made_at=after(4),
    )
    yield CustomerTold(
        complaint_id=COMPLAINT, message="新电机已从苏州仓发出，预计明日到达。", told_at=after(5)
    )
    yield PromiseKept(complaint_id=COMPLAINT, promise_id=PROMISE, handler_id=HANDLER, kept_at=after(5))
    yield PromiseBroken(
        complaint_id=COMPLAINT,
        promise_id=id_of(6),
        handler_id=HANDLER,
        interim_reply=True,
        waiting_for_customer=False,
        broken_at=after(29),
    )
    yield OffersWithdrawn(complaint_id=COMPLAINT, round=1, withdrawn_at=after(6))
    yield OfferAgreed(complaint_id=COMPLAINT, offer_id=FIRST_OFFER, agreed_at=after(7))
    yield SolutionCarriedOut(
        complaint_id=COMPLAINT, result="新电机已安装并连续运行四小时，无报警。", carried_out_at=after(31)
    )
    yield FollowUpRequested(complaint_id=COMPLAINT, follow_up_id=id_of(40), requested_at=after(31))
    yield CaseResumed(complaint_id=COMPLAINT, resumed_at=after(40))
    yield CaseClosed(
        complaint_id=COMPLAINT,
        outcome=Outcome.SATISFIED,
        closed_by="customer",
        problem_found=True,
        problem_solved=True,
        problem_corrected=False,
        trust_restored=True,
        reopen_until=after(55 + 30 * 24),
        closed_at=after(55),
    )

    yield ClosedBelowValue(
        complaint_id=COMPLAINT,
        first_value=cny("12800.00"),
        cost=cny("265.00"),
        second_value=cny("12850.00"),
        shortfall=cny("215.00"),
        reason="客户表示不需要其他补偿。",
        closed_by="oidc:zhang.min",
        closed_at=after(55),
    )
    yield CaseWithdrawn(complaint_id=AGAIN, withdrawn_at=after(8))
