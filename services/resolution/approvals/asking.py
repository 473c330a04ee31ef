"""How a permit is asked for."""

from dataclasses import dataclass

from services.resolution.approvals.book import APPROVALS
from services.resolution.approvals.line import line_of
from services.resolution.approvals.model import ENDED, Approval
from services.resolution.approvals.schemas import NewApproval
from services.resolution.approvals.store import store
from services.resolution.desk import no_such_case
from services.resolution.lifecycle import State
from services.resolution.staff import standing_of, standing_of_account
from services.resolution.standing import Approver
from services.resolution.store import store as cases
from services.resolution.timeline import Kind, Source
from shared import clock, ids
from shared.aggregate import load_one, save_one
from shared.auth import Principal
from shared.database import Transaction, sql
from shared.masking import mask
from shared.problems import conflict
from shared.rulebooks.model import Books
from shared.rulebooks.store import load_books
from shared.service import Context

_HANDLER = sql("SELECT handler_id FROM cases WHERE id = :id")
_OPEN = sql("SELECT id FROM approvals WHERE subject_id = :subject AND permit = :permit AND state = 'asked'")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and who is entitled to decide."""

    person: str | None
    line: tuple[Approver, ...]
    books: Books


async def who_decides(context: Context, who: Principal, wanted: NewApproval) -> Asking:
    """For an account that is nobody's in the directory (another system's), the line of whoever handles the case counts.

    Raises httpx.HTTPError when routing cannot be asked now.
    """
    standing = await standing_of_account(context, who.id)
    person = None if standing is None else standing.person
    async with context.database.reading() as connection:
        books = await load_books(connection, APPROVALS)
        handler = (await connection.execute(_HANDLER, {"id": wanted.complaint_id})).scalar_one_or_none()
    if standing is None and handler is not None:
        standing = await standing_of(context, handler)
    return Asking(person, line_of(standing, wanted.permit, wanted.terms, books.read(APPROVALS)), books)


async def ask(transaction: Transaction, who: Principal, wanted: NewApproval, asking: Asking) -> Approval:
    """Raises problems: 404 for no such case, 409 when it has ended or the same is asked already."""
    case = await load_one(cases, transaction, wanted.complaint_id)
    if case.state is State.UNOPENED:
        raise no_such_case("body/complaint_id")
    at = clock.now()
    subject = wanted.subject_id or wanted.complaint_id
    calendar = cases.calendars.usual
    approval = Approval(
        id=ids.new_id(),
        complaint_id=wanted.complaint_id,
        permit=wanted.permit,
        subject_id=subject,
        terms=wanted.terms,
        digest=wanted.terms.digest,
        reason=mask(wanted.reason),
        asked_by=who.id,
        asked_person=asking.person,
        asked_at=at,
        line=tuple(each for each in asking.line if each.id not in case.accused),
        decide_by=asking.books.read(APPROVALS).permits[wanted.permit].due(at, calendar),
        calendar=calendar,
        books=asking.books,
        case_state=case.state,
    )
    if approval.for_the_case and case.state in ENDED:
        raise conflict(
            "The case has ended",
            "There is nothing left to permit. 投诉已结束，无需再审批。",
            state=case.state.value,
        )
    # Taken last, and by nobody else: of two who ask for the same at once, one finds the other's question.
    await transaction.lock([f"approval/{wanted.permit}/{subject}"])
    found = await transaction.execute(_OPEN, {"subject": subject, "permit": wanted.permit.value})
    if (open_already := found.scalar_one_or_none()) is not None:
        raise conflict(
            "The same is asked already",
            "Wait for the decision, or withdraw the question and ask again. "
            "同类申请正在审批中，请等待结果，或撤回后重新申请。",
            approval_id=str(open_already),
        )
    approval.ask()
    case.note(
        Kind.APPROVAL_ASKED, at, who.id, f"{approval.permit.value} · {approval.reason}", Source.RESOLUTION
    )
    await save_one(store, transaction, approval)
    await save_one(cases, transaction, case)
    return approval
