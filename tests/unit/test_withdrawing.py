"""What a withdrawal does to a case and to the customer's view, whatever was going on. No database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.intake.handlers import reactions
from services.intake.model import View
from services.resolution.lifecycle import LIFECYCLE, State, possible, why_not
from services.resolution.model import Case
from services.resolution.promises import PromiseState
from services.resolution.timeline import Kind
from shared.aggregate import NotPossible
from shared.envelope import open_envelope
from shared.events import CaseClosed, CaseWithdrawn, ComplaintWithdrawn, Event, PromiseBroken
from shared.events.vocabulary import Outcome
from tests.resolution_story import HOUR, NINE, records
from tests.unit.test_resolution_model import carried_out, facts, judged, kinds, offered, opened

ID = UUID(int=1)
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.requirement("P-38")
@pytest.mark.parametrize("make", [opened, judged, offered, carried_out])
def test_a_case_ends_wherever_it_stood_and_no_promise_runs(make: Callable[[], Case]) -> None:
    case = make()
    promised = case.promise is not None
    case.withdraw("Never mind.", NINE + 5 * HOUR)
    assert (case.state, case.promise, case.outcome) == (State.WITHDRAWN, None, None)
    assert facts(case) == [CaseWithdrawn(complaint_id=case.id, withdrawn_at=NINE + 5 * HOUR)]
    if promised:
        assert case.changed_promises[-1].state is PromiseState.RELEASED, "nobody replied: that is no merit"
    assert possible(case) == []
    assert all("撤回" in (why_not(case, action) or ("", ""))[1] for action in LIFECYCLE)
    case.time_passed(NINE + timedelta(days=30))
    case.withdraw(None, NINE + 6 * HOUR)
    assert facts(case) == []


def test_a_promise_that_was_overdue_is_broken_all_the_same() -> None:
    case = opened()
    case.withdraw(None, NINE + 100 * HOUR)
    broken, ended = facts(case)
    assert isinstance(broken, PromiseBroken)
    assert broken.interim_reply is False
    assert isinstance(ended, CaseWithdrawn)


def test_a_withdrawal_after_the_closing_changes_nothing_but_the_story() -> None:
    case = carried_out()
    case.hear(case.follow_up_id, Outcome.SATISFIED, None, NINE + 6 * HOUR)
    facts(case)
    case.withdraw("Never mind.", NINE + 7 * HOUR)
    assert (case.state, case.outcome, facts(case)) == (State.CLOSED, Outcome.SATISFIED, [])
    assert kinds(case)[-1] is Kind.WITHDRAWN_TOO_LATE


def told(view: View, *events: Event) -> None:
    for record in records(events):
        reactions.react(view, open_envelope(record))


def test_the_view_follows_the_case_when_it_closed_in_the_same_moment() -> None:
    view = View(id=ID)
    assert view.withdraw("Never mind.", AT) == AT
    assert view.withdraw("Again.", AT + timedelta(hours=1)) == AT
    assert [fact[0] for fact in view._facts] == [
        ComplaintWithdrawn(complaint_id=ID, reason="Never mind.", withdrawn_at=AT)
    ]
    told(view, CaseClosed(complaint_id=ID, outcome=Outcome.SATISFIED, closed_by="customer", closed_at=AT))
    assert (view.status, view.withdrawn_at, view.outcome) == ("closed", None, Outcome.SATISFIED)
    with pytest.raises(NotPossible) as no:
        view.withdraw(None, AT)
    assert no.value.code == "closed"
