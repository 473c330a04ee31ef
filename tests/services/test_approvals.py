"""Approvals: asked, granted or refused by whoever is entitled, climbing when nobody decides, used once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.resolution.approvals.permits import use_permit
from services.resolution.approvals.terms import Terms
from shared import clock
from shared.aggregate import NotPossible
from shared.events import ComplaintWithdrawn, CustomerErased
from shared.events.approvals import Permit
from shared.events.vocabulary import Because
from shared.ids import new_id
from shared.problems import Problem
from tests.company import Company, open_company
from tests.resolution_story import HOUR, NINE, assigned, registered

URL = "/resolution/v1/approvals"
LATER = "2026-03-20T02:00:00+00:00"
DECISIONS: dict[str, dict[str, Any]] = {"grant": {}, "refusal": {"reason": "No."}}


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


def terms(amount: str = "3000", *remedies: str) -> dict[str, Any]:
    return {"remedies": remedies or ("exchange",), "value": {"amount": amount, "currency": "CNY"}}


async def asked(company: Company, by: str = "na", **wanted: Any) -> dict[str, Any]:
    """A permit beyond the limits of `by`, for a fresh case."""
    if "complaint_id" not in wanted:
        wanted["complaint_id"] = str(await company.opened())
    wanted = {
        "permit": "beyond_limits",
        "reason": "Call 13800138000: the line stood still.",
        "terms": terms(),
    } | wanted
    answer = await company.seen_by(by).ask(**wanted)
    assert answer.status_code == 201, answer.text
    assert answer.headers["ETag"] == '"1"'
    approval: dict[str, Any] = answer.json()
    return approval


async def read(company: Company, approval_id: str) -> dict[str, Any]:
    answer = await company.http.get(f"{URL}/{approval_id}")
    assert answer.status_code == 200
    approval: dict[str, Any] = answer.json()
    assert answer.headers["ETag"] == f'"{approval["version"]}"'
    return approval


async def use(company: Company, approval_id: str, subject: str, done: dict[str, Any] | None = None) -> None:
    async with company.context.database.transaction() as transaction:
        wanted = Terms.model_validate(done or terms())
        await use_permit(transaction, UUID(approval_id), Permit.BEYOND_LIMITS, UUID(subject), wanted, "na")


@pytest.mark.requirement("003-09", "001-25", "000-12d")
async def test_a_permit_is_asked_granted_and_used_once(company: Company) -> None:
    approval = await asked(company)
    complaint_id, approval_id = approval["complaint_id"], approval["id"]
    assert (approval["state"], approval["approver"]["id"], approval["subject_id"]) == (
        "asked",
        "fang",
        complaint_id,
    )
    assert [each["id"] for each in approval["line"]] == ["fang", "min"]
    assert datetime.fromisoformat(approval["decide_by"]) == NINE + 5 * HOUR  # four hours of work and a lunch
    assert "13800138000" not in str(approval)
    with pytest.raises(NotPossible, match="approval-not-possible"):
        await use(company, approval_id, complaint_id)
    company.now += HOUR
    granted = await company.seen_by("fang").decide(approval_id, "grant", note="Once.")
    assert granted.status_code == 200, granted.text
    assert (granted.json()["state"], granted.json()["decided_person"]) == ("granted", "fang")
    await use(company, approval_id, complaint_id, terms("2999.99"))
    assert (await read(company, approval_id))["state"] == "used"
    with pytest.raises(NotPossible):
        await use(company, approval_id, complaint_id)
    told = [kind for kind, _ in await company.published(UUID(complaint_id)) if kind.startswith("approval")]
    assert told == ["approval.asked", "approval.granted"]
    story = (await company.read(UUID(complaint_id)))["timeline"]
    assert [(e["kind"], e["audience"]) for e in story if e["kind"].startswith("approval")] == [
        ("approval_asked", "internal"),
        ("approval_granted", "internal"),
    ]


@pytest.mark.requirement("003-09")
@pytest.mark.parametrize(
    "done", [terms("3000.01"), terms("1", "exchange", "refund"), terms() | {"exact": {"gate": "verified"}}]
)
async def test_a_permit_covers_what_was_permitted_and_no_more(company: Company, done: dict[str, Any]) -> None:
    approval = await asked(company)
    await company.seen_by("fang").decide(approval["id"], "grant")
    with pytest.raises(NotPossible):
        await use(company, approval["id"], approval["complaint_id"], done)
    with pytest.raises(Problem) as other_subject:
        await use(company, approval["id"], str(new_id()))
    assert other_subject.value.errors[0].field == "body/approval_id"
    with pytest.raises(Problem):
        await use(company, str(new_id()), approval["complaint_id"])
    await use(company, approval["id"], approval["complaint_id"])


@pytest.mark.requirement("003-09")
async def test_who_is_asked_follows_from_limits_layers_and_absences(company: Company) -> None:
    assert (await asked(company, terms=terms("80000")))["approver"]["id"] == "min"
    beyond_everybody = await asked(company, terms=terms("100000.01"))
    assert (beyond_everybody["approver"], beyond_everybody["line"]) == (None, [])
    assert (await asked(company, permit="close_below_value"))["approver"]["id"] == "min"
    assert (await asked(company, "fang", permit="promise_later"))["approver"]["id"] == "min"
    away = {"since": NINE.isoformat(), "until": (NINE + 24 * HOUR).isoformat()}
    await company.directory("POST", "/people/fang/absences", **away)
    deputy = (await asked(company))["approver"]
    assert (deputy["id"], deputy["instead_of"]) == ("jie", "fang")
    # An account that is nobody's: the line of whoever handles the case counts, and who does that is not known here.
    complaint_id = str(await company.opened())
    unlisted = await company.ask(
        permit="beyond_limits", complaint_id=complaint_id, reason="So.", terms=terms()
    )
    assert unlisted.json()["approver"] is None
    other = await company.opened()
    await company.done(other, "accept", handler_id="na")
    unlisted = await company.ask(permit="beyond_limits", complaint_id=str(other), reason="So.", terms=terms())
    assert unlisted.json()["approver"]["id"] == "jie"


@pytest.mark.requirement("003-09")
async def test_only_the_entitled_decide_and_nobody_for_themselves(company: Company) -> None:
    approval = await asked(company)
    for person in ("na", "jie"):
        for how, said in DECISIONS.items():
            refused = await company.seen_by(person).decide(approval["id"], how, **said)
            assert refused.status_code == 403, (person, how)
    assert (await read(company, approval["id"]))["state"] == "asked"
    # Her deputy may while she is away, though she was there when it was asked.
    away = {"since": NINE.isoformat(), "until": (NINE + 24 * HOUR).isoformat()}
    await company.directory("POST", "/people/fang/absences", **away)
    assert (await company.seen_by("jie").decide(approval["id"], "grant")).status_code == 200
    above = await asked(company)
    refused = await company.seen_by("min").decide(above["id"], "refusal", reason="Call 13800138000 first.")
    assert (refused.json()["state"], "13800138000" in refused.text) == ("refused", False)
    by_administrator = await asked(company)
    assert (await company.decide(by_administrator["id"], "grant")).json()["decided_person"] is None
    own = (
        await company.ask(
            permit="beyond_limits", complaint_id=str(await company.opened()), reason="So.", terms=terms()
        )
    ).json()
    assert (await company.decide(own["id"], "grant")).status_code == 403


@pytest.mark.requirement("003-09", "N-J")
async def test_that_a_permit_was_used_is_in_the_audit_chain(company: Company) -> None:
    approval = await asked(company, permit="promise_later", terms={"exact": {"promise_by": LATER}})
    assert (await company.seen_by("min").decide(approval["id"], "grant")).status_code == 200
    complaint_id = UUID(approval["complaint_id"])
    later = {"message": "Soon.", "promise_by": LATER, "approval_id": approval["id"]}
    await company.seen_by("na").done(complaint_id, "reply", **later)
    found = await company.rows("SELECT note FROM audit_entries WHERE action = 'permit_used'")
    assert found == [({"permit": "promise_later", "approval_id": approval["id"]},)]


@pytest.mark.requirement("003-09", "003-02")
async def test_whom_the_complaint_is_about_neither_asks_nor_reads_nor_decides(company: Company) -> None:
    complaint_id = new_id()
    about = registered(complaint_id).model_copy(update={"accused_id": "fang"})
    await company.hear(about, assigned(complaint_id))
    approval = await asked(company, complaint_id=str(complaint_id))
    assert [each["id"] for each in approval["line"]] == ["min"]
    fang = company.seen_by("fang")
    answers = [
        await fang.decide(approval["id"], "grant"),
        await fang.decide(approval["id"], "refusal", reason="No."),
        await fang.http.get(f"{URL}/{approval['id']}"),
        await fang.ask(permit="promise_later", complaint_id=str(complaint_id), reason="Later."),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["title"]) == (403, "The complaint is about you")
    assert (await company.seen_by("min").decide(approval["id"], "grant")).status_code == 200


@pytest.mark.requirement("003-09")
async def test_when_nobody_decides_it_climbs_and_then_expires(company: Company) -> None:
    approval = await asked(company)
    complaint_id = UUID(approval["complaint_id"])
    company.now = datetime.fromisoformat(approval["decide_by"])
    await company.waker.wake()
    assert (await read(company, approval["id"]))["approver"][
        "id"
    ] == "fang"  # at its very moment nothing is due
    company.now += timedelta(seconds=1)
    await company.waker.wake()
    climbed = await read(company, approval["id"])
    assert (climbed["state"], climbed["approver"]["id"]) == ("asked", "min")
    assert datetime.fromisoformat(climbed["decide_by"]) == NINE + 9 * HOUR + timedelta(seconds=1) + 15 * HOUR
    late = await company.seen_by("fang").decide(approval["id"], "grant")
    assert late.status_code == 403
    company.now += timedelta(days=30)  # the clock jumps: each of the line still has their time
    await company.waker.wake()
    assert (await read(company, approval["id"]))["state"] == "expired"
    late = await company.seen_by("min").decide(approval["id"], "grant")
    assert (late.status_code, late.json()["state"]) == (409, "expired")
    told = [kind for kind, _ in await company.published(complaint_id) if kind.startswith("approval")]
    assert told == ["approval.asked", "approval.passed-on", "approval.expired"]


@pytest.mark.requirement("003-09")
async def test_after_the_case_has_ended_nothing_is_decided(company: Company) -> None:
    approval = await asked(company)
    for_another = await asked(
        company, complaint_id=approval["complaint_id"], permit="skip_gate", subject_id=str(new_id())
    )
    withdrawn = ComplaintWithdrawn(complaint_id=UUID(approval["complaint_id"]), withdrawn_at=company.now)
    await company.hear(withdrawn)
    for how, said in DECISIONS.items():
        late = await company.seen_by("fang").decide(approval["id"], how, **said)
        assert (late.status_code, late.json()["code"]) == (409, "approval-not-possible")
    again = await company.seen_by("na").ask(
        permit="beyond_limits", complaint_id=approval["complaint_id"], reason="So.", terms=terms()
    )
    assert (again.status_code, again.json()["state"]) == (409, "withdrawn")
    company.now += timedelta(days=1)
    await company.waker.wake()
    ended = await read(company, approval["id"])
    assert (ended["state"], ended["decided_by"]) == ("withdrawn", "system")
    # What is for something else than the case outlives it.
    assert (await company.seen_by("min").decide(for_another["id"], "grant")).status_code == 200


@pytest.mark.requirement("003-09")
async def test_of_two_who_decide_at_once_one_wins(company: Company) -> None:
    approval = await asked(company)
    answers = await asyncio.gather(
        company.seen_by("fang").decide(approval["id"], "grant"),
        company.seen_by("min").decide(approval["id"], "refusal", reason="No."),
        company.decide(approval["id"], "grant", {"If-Match": '"1"'}),
    )
    codes = sorted(answer.status_code for answer in answers)
    assert (codes[0], set(codes[1:]) <= {409, 412}) == (200, True)
    told = [kind for kind, _ in await company.published(UUID(approval["complaint_id"])) if "approval" in kind]
    assert len(told) == 2
    granted = await asked(company)
    await company.seen_by("fang").decide(granted["id"], "grant")
    uses = await asyncio.gather(
        *(use(company, granted["id"], granted["complaint_id"]) for _ in range(3)), return_exceptions=True
    )
    assert sum(use is None for use in uses) == 1


async def test_the_same_is_asked_once_at_a_time_and_can_be_withdrawn(company: Company) -> None:
    complaint_id = str(await company.opened())
    wanted = {"permit": "beyond_limits", "complaint_id": complaint_id, "reason": "So.", "terms": terms()}
    answers = await asyncio.gather(*(company.seen_by(person).ask(**wanted) for person in ("na", "fang")))
    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (201, 409)
    approval_id = second.json()["approval_id"]
    assert approval_id == first.json()["id"]
    assert (
        await company.seen_by("jie").decide(approval_id, "withdrawal", reason="Not needed.")
    ).status_code == 403
    gone = await company.decide(approval_id, "withdrawal", reason="Not needed.")
    assert gone.json()["state"] == "withdrawn"
    assert (await company.decide(approval_id, "withdrawal", reason="Not needed.")).status_code == 409
    assert (await company.seen_by("na").ask(**wanted)).status_code == 201
    unknown = await company.ask(**wanted | {"complaint_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (404, "body/complaint_id")
    assert (await company.decide(str(new_id()), "grant")).status_code == 404
    assert (await company.http.get(f"{URL}/{new_id()}")).status_code == 404


async def test_lists_are_mine_by_state_and_by_complaint(company: Company) -> None:
    first, second = await asked(company), await asked(company, terms=terms("80000"))
    company.now += HOUR
    third = await asked(company)
    await company.seen_by("fang").decide(third["id"], "grant")

    async def found(by: str, query: str) -> list[str]:
        answer = await company.seen_by(by).http.get(f"{URL}?{query}")
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert set(await found("fang", "mine=true")) == {first["id"], third["id"]}
    assert await found("fang", "mine=true&state=asked") == [first["id"]]
    assert await found("min", "mine=true") == [second["id"]]
    assert await found("na", "mine=true") == []
    assert await found("na", f"complaint_id={second['complaint_id']}") == [second["id"]]
    page = (await company.http.get(f"{URL}?limit=1")).json()
    assert [each["id"] for each in page["items"]] == [third["id"]]
    rest = (await company.http.get(f"{URL}?cursor={page['next']}")).json()
    assert {each["id"] for each in rest["items"]} == {first["id"], second["id"]}
    assert (await company.http.get(f"{URL}?mine=true")).json()["items"] == []


@pytest.mark.requirement("P-36")
async def test_an_erased_customers_words_go_and_the_permit_stays(company: Company) -> None:
    wanted = terms() | {"exact": {"for_whom": "the shop in Suzhou"}}
    approval = await asked(company, terms=wanted)
    complaint_id = UUID(approval["complaint_id"])
    await company.seen_by("fang").decide(approval["id"], "grant", note="For the shop in Suzhou.")
    erased = CustomerErased(
        complaint_id=complaint_id, customer_id=new_id(), because=Because.REQUESTED, erased_at=company.now
    )
    await company.hear(erased)
    kept = await read(company, approval["id"])
    assert (kept["reason"], kept["answer"], kept["terms"]["exact"]) == ("[erased]", "[erased]", {})
    with pytest.raises(NotPossible):
        await use(company, approval["id"], approval["complaint_id"])
    await use(company, approval["id"], approval["complaint_id"], wanted)
