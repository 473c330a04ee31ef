"""HTTP in: judge, suggest solutions, offer them, and record what the customer says to them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.resolution.approvals.needed import PermitNeeded
from services.resolution.approvals.terms import Terms
from services.resolution.desk import AtDesk, CaseReader, Worker, action
from services.resolution.judgement import Judgement, Origin
from services.resolution.lifecycle import Action
from services.resolution.model import Case
from services.resolution.offers.authority import AUTHORITY
from services.resolution.offers.checking import CheckNeeded, Supplies
from services.resolution.offers.explaining import EXPLANATIONS, occasion_of
from services.resolution.offers.offering import Solution
from services.resolution.offers.parameters import VALUES
from services.resolution.offers.permitting import permitted
from services.resolution.offers.reading import case_of, offered_before
from services.resolution.offers.remedies import REMEDIES
from services.resolution.offers.schemas import (
    Consent,
    JudgementGiven,
    Objection,
    OffersProposed,
    SuggestedExplanation,
    SuggestedOffer,
    SuggestedOffers,
)
from services.resolution.offers.suggesting import Situation, suggest
from services.resolution.offers.value import money
from services.resolution.timeline import Kind, Source
from services.resolution.views import Bilingual
from services.resolution.wording.said import Said
from shared import problems
from shared.events.approvals import Permit
from shared.events.vocabulary import Remedy, Severity
from shared.service import Ctx, api_router

router = api_router(tags=["cases"])


@action(router, Action.JUDGE)
async def judge_case(body: JudgementGiven, who: Worker, desk: AtDesk) -> Response:
    """Is the reason sufficient, is the demand reasonable? The customer is told the explanation; cause and impact stay
    within the company."""

    said = Said({"body/explanation": body.explanation}, body.despite_findings)
    return await desk.act(
        who, lambda case, at: case.judge(body.judgement(), body.explanation, who.id, at), said=said
    )


@router.get(
    "/cases/{complaint_id}/suggested-explanation",
    summary="Suggest how to explain a judgement",
    responses=problems.documented(404),
)
async def suggest_explanation(
    complaint_id: UUID,
    who: CaseReader,
    ctx: Ctx,
    reason_sufficient: Annotated[bool, Query(description="The judgement that is to be explained.")],
    demand_reasonable: Annotated[bool, Query(description="Likewise.")],
    origin: Annotated[Origin | None, Query(description="Where the cause lies.")] = None,
) -> SuggestedExplanation:
    """A tactful draft: it blames nobody, and saves the customer's face."""
    async with ctx.database.reading() as connection:
        case = await case_of(connection, complaint_id)
    occasion = occasion_of(Judgement(reason_sufficient, demand_reasonable, origin=origin))
    draft = case.books.read(EXPLANATIONS).drafts[occasion]
    return SuggestedExplanation(occasion=occasion, text=Bilingual(en=draft.en, zh=draft.zh))


@router.get(
    "/cases/{complaint_id}/suggested-offers",
    summary="Suggest solutions",
    responses=problems.documented(404),
)
async def suggest_offers(complaint_id: UUID, who: CaseReader, ctx: Ctx) -> SuggestedOffers:
    """Solutions that fit, the best first, composed by the rulebook of remedies; after an objection the next ones."""
    async with ctx.database.reading() as connection:
        case = await case_of(connection, complaint_id)
        declined = await offered_before(connection, complaint_id)
    table, account, currency = case.books.read(REMEDIES), case.account(), case.books.read(VALUES).currency
    first = account.first or Decimal(0)
    of = Situation(
        category=case.category,
        severity=case.severity or Severity.GENERAL,
        aspects=case.told.aspects,
        desired=frozenset(case.told.desired_remedies),
        needs=frozenset(case.judgement.needs if case.judgement else ()),
        first=first,
        needed=first + account.cost,
        declined=declined,
    )
    return SuggestedOffers(
        first_value=None if account.first is None else money(first, currency),
        cost=money(account.cost, currency),
        rulebook_version=case.books.version(REMEDIES),
        offers=[
            SuggestedOffer.of(rank, each, table.supplies(frozenset(each.row.remedies)), currency)
            for rank, each in enumerate(suggest(of, table), 1)
        ],
    )


@action(router, Action.OFFER)
async def offer_solutions(body: OffersProposed, who: Worker, desk: AtDesk) -> Response:
    """Up to four solutions, the best first. Nothing is carried out before the customer agrees to one.

    Within your limits they go out at once. Beyond them the answer names who can permit it; ask for an approval, and
    send its id. What needs stock or capacity is promised only when it is there.
    """
    solutions = [proposed.proposed() for proposed in body.offers]
    terms, supplies = _terms(solutions), desk.editing.ctx.part(Supplies)

    def change(case: Case, at: datetime, may: bool, known: bool | None) -> None:
        """`known`: is it known that what is promised is there? None: nobody was asked yet."""
        case.offer(solutions, who.id, at)
        table = case.books.read(REMEDIES)
        wanted = table.supplies(frozenset(terms.remedies))
        if supplies.asked and wanted and known is None:
            raise CheckNeeded(case.reference, case.told, wanted, table.when_away)
        everybody = case.books.read(AUTHORITY).everybody
        within = all(everybody.suffices(frozenset(each.remedies), each.value) for each in solutions)
        if not may and not within:
            raise PermitNeeded(Permit.BEYOND_LIMITS, terms)
        if known is False:
            case.note(Kind.NOT_CHECKED, at, who.id, None, Source.RESOLUTION)

    texts = {f"body/offers/{n}/description": each.description for n, each in enumerate(body.offers)}
    said = Said(texts, body.despite_findings)

    async def attempt(known: bool | None) -> Response:
        return await permitted(
            desk, who, body.approval_id, lambda case, at, may: change(case, at, may, known), said
        )

    try:
        return await attempt(None)
    except CheckNeeded as needed:
        # Nothing is held while another system is asked.
        known = await supplies.are_there(desk.complaint_id, needed)
    return await attempt(known)


@action(router, Action.CONSENT)
async def record_consent(body: Consent, who: Worker, desk: AtDesk) -> Response:
    """The customer agreed to an offer by another way than tracking: by telephone, in an answer to our mail, at the
    counter. Who recorded it stays with it."""
    return await desk.act(who, lambda case, at: case.consent(body.offer_id, body.via.value, who.id, at))


@action(router, Action.OBJECT)
async def record_objection(body: Objection, who: Worker, desk: AtDesk) -> Response:
    """The customer objected to all offers by another way than tracking; a new round is possible."""
    return await desk.act(who, lambda case, at: case.object(body.reason, body.via.value, who.id, at))


def _terms(solutions: Sequence[Solution]) -> Terms:
    """All remedies of the round, and the most that one of its offers is worth: the customer agrees to one.

    Raises a 422 problem when their values are in several currencies.
    """
    values = [each.value for each in solutions if each.value is not None]
    if len({value.currency for value in values}) > 1:
        raise problems.invalid(
            "The values are in several currencies",
            "State the values of one round in one currency. 同一轮方案请使用同一种货币。",
            field="body/offers",
        )
    remedies: dict[Remedy, None] = {remedy: None for each in solutions for remedy in each.remedies}
    return Terms(
        remedies=tuple(remedies), value=max(values, key=lambda value: value.amount) if values else None
    )
