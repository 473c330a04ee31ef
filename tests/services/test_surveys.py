"""Surveys: sent after each resolution and about the process, answered by link, phone and text message."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.notification.surveys.access import token_of
from services.notification.surveys.book import SURVEYS
from services.notification.surveys.occasions import survey_on_result
from shared import clock
from shared.events import (
    CaseClosed,
    CaseReopened,
    CaseResumed,
    CaseWithdrawn,
    ComplaintRegistered,
    CustomerErased,
    Event,
    FollowUpRequested,
    SolutionCarriedOut,
)
from shared.events.vocabulary import Because, Outcome
from shared.keys import create_key
from shared.waking import Waker
from tests.conftest import NewDatabase
from tests.services.receivers import Mailbox, mail_server, text_of
from tests.services.test_notification import Desk, a_complaint, later, open_desk
from tests.world import SECRET, World, eventually

URL = "/notification/v1/surveys"
PAGES = "/notification/v1/s"


class Bureau:
    """Notification alone, whose workers stand still, and words for its surveys."""

    def __init__(self, desk: Desk, http: httpx.AsyncClient, customer: httpx.AsyncClient) -> None:
        self.desk, self.http, self.customer = desk, http, customer

    async def hears(self, *events: Event) -> None:
        await self.desk.hears(*events)

    async def complaint(self, language: str = "en", customer_id: UUID | None = None) -> UUID:
        id = uuid4()
        registered, promised = a_complaint(id, language)
        assert isinstance(registered, ComplaintRegistered)
        if customer_id is not None:
            registered = registered.model_copy(update={"customer_id": customer_id})
        await self.hears(registered, promised)
        return id

    async def asked(self, language: str = "en", complaint_id: UUID | None = None) -> "Asked":
        """A customer who was told the result and is asked for an opinion."""
        id = complaint_id or await self.complaint(language)
        follow_up, now = uuid4(), clock.now()
        await self.hears(
            SolutionCarriedOut(complaint_id=id, result="It runs.", carried_out_at=now),
            FollowUpRequested(complaint_id=id, follow_up_id=follow_up, requested_at=now),
        )
        return Asked(self, id, follow_up, survey_on_result(id, follow_up))

    async def closed(self, complaint_id: UUID) -> None:
        await self.hears(
            CaseClosed(
                complaint_id=complaint_id, outcome=Outcome.SATISFIED, closed_by="h1", closed_at=clock.now()
            )
        )

    async def wakes(self) -> int:
        return await self.desk.context.part(Waker).wake()

    async def listed(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.http.get(URL, params=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def facts(self, complaint_id: UUID) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.desk.rows(
            "SELECT headers->>'ce_type' AS type, convert_from(value, 'UTF8')::jsonb AS said FROM outbox "
            "WHERE key = :key ORDER BY id",
            key=str(complaint_id),
        )
        mine = ("redress.survey.", "redress.result.")
        return [
            (row.type.removeprefix("redress.").removesuffix(".v1"), row.said)
            for row in rows
            if row.type.startswith(mine)
        ]

    async def templates(self, complaint_id: UUID) -> list[str]:
        rows = await self.desk.rows(
            "SELECT template FROM deliveries WHERE complaint_id = :id ORDER BY number", id=complaint_id
        )
        return [row.template for row in rows if row.template.startswith("survey")]

    async def switched(self, **changes: Any) -> None:
        """Another version of the process questionnaire is in force."""
        content = json.loads(SURVEYS.shipped.model_dump_json())
        content["questionnaires"][1] |= changes
        await self.ruled(content)

    async def ruled(self, content: dict[str, Any]) -> None:
        book = "/notification/v1/rulebooks/surveys"
        made = await self.http.post(f"{book}/versions", json={"content": content, "reason": "A test."})
        assert made.status_code == 201, made.text
        version = {"version": made.json()["version"], "reason": "A test."}
        done = await self.http.put(book, json=version)
        assert done.status_code == 200, done.text


class Asked:
    """One survey, as its customer sees it."""

    def __init__(self, bureau: Bureau, complaint_id: UUID, follow_up_id: UUID, id: UUID) -> None:
        self.bureau, self.complaint_id, self.follow_up_id, self.id = bureau, complaint_id, follow_up_id, id
        self.token = token_of(SECRET.encode(), id)

    async def opens(self) -> httpx.Response:
        return await self.bureau.customer.get(f"{URL}/{self.id}", params={"token": self.token})

    async def says(self, **answers: Any) -> httpx.Response:
        return await self.bureau.customer.post(
            f"{URL}/{self.id}/answers", json={"answers": answers}, headers={"X-Survey-Token": self.token}
        )

    async def stands(self) -> dict[str, Any]:
        [found] = [
            each
            for each in await self.bureau.listed(complaint_id=str(self.complaint_id))
            if each["id"] == str(self.id)
        ]
        return found

    async def sees(self, **query: str) -> httpx.Response:
        return await self.bureau.customer.get(f"{PAGES}/{self.token}", params=query)

    async def sends(self, **form: Any) -> httpx.Response:
        return await self.bureau.customer.post(f"{PAGES}/{self.token}", data=form)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        yield server


@asynccontextmanager
async def open_bureau(url: str, folder: Path, port: int) -> AsyncIterator[Bureau]:
    async with open_desk(url, folder, smtp_url=f"smtp://127.0.0.1:{port}") as desk:
        transport = desk.http._transport
        headers = {"Authorization": f"Bearer {await create_key(url, 'bureau', ['admin'])}"}
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://redress", headers=headers) as http,
            httpx.AsyncClient(transport=transport, base_url="http://redress") as customer,
        ):
            yield Bureau(desk, http, customer)


@pytest.fixture
async def bureau(new_database: NewDatabase, scratch: Path, mailbox: Mailbox) -> AsyncIterator[Bureau]:
    async with open_bureau(await new_database(), scratch, mailbox.port) as opened:
        yield opened


def shown_question(page: httpx.Response) -> str:
    found = re.search(r'name="question" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]


# The journey.


async def act(world: World, case: dict[str, Any], action: str, **body: Any) -> None:
    answer = await world.http.post(f"/resolution/v1/cases/{case['id']}/{action}", json=body)
    assert answer.status_code == 200, answer.text


async def solved(world: World, case: dict[str, Any]) -> None:
    """From the acceptance to the result that the customer is told."""
    shown = (await world.http.get(f"/resolution/v1/cases/{case['id']}")).json()
    if shown["state"] != "accepted":  # one that was reopened is
        await act(world, case, "accept")
    await act(world, case, "judgement", reason_sufficient=True, demand_reasonable=True, explanation="Yes.")
    await act(world, case, "offers", offers=[{"remedies": ["exchange"], "description": "Exchange."}])
    await world.settled()
    shown = (await world.http.get(f"/resolution/v1/cases/{case['id']}")).json()
    await act(world, case, "consent", offer_id=shown["offers"][0]["offer_id"], via="phone")
    await act(world, case, "carry-out", result="Exchanged; it runs.")
    await world.settled()


async def open_survey(world: World, case: dict[str, Any]) -> tuple[str, str]:
    """Path and token of the one survey of this case that is open."""
    answer = await world.http.get(URL, params={"complaint_id": case["id"], "state": "open"})
    [found] = answer.json()["items"]
    secret = world.context("notification").settings.installation_secret
    return f"{URL}/{found['id']}", token_of(secret, UUID(found["id"]))


@pytest.mark.slow
@pytest.mark.empty_world
@pytest.mark.requirement("P-25", "001-30", "002-05", "002-19", "000-01", "000-15")
async def test_the_opinion_in_a_survey_ends_the_case_and_a_reopened_one_is_asked_about_again(
    world: World,
) -> None:
    case = await world.register()
    await world.settled()
    await solved(world, case)
    first, token = await open_survey(world, case)
    headers = {"X-Survey-Token": token}
    said = await world.customer.post(
        f"{first}/answers", json={"answers": {"outcome": "acceptable", "trust": True}}, headers=headers
    )
    assert said.status_code == 200, said.text
    assert said.json()["next"] == "delivered"
    await world.settled()
    shown = (await world.http.get(f"/resolution/v1/cases/{case['id']}")).json()
    assert (shown["state"], shown["outcome"], shown["closed_by"]) == ("closed", "acceptable", "customer")
    tracked = await world.customer.get(
        f"/intake/v1/tracking/{case['reference']}", headers={"X-Tracking-Token": case["tracking_token"]}
    )
    assert (tracked.json()["opinion_asked"], tracked.json()["outcome"]) == (False, "acceptable")
    measures = (await world.http.get("/insights/v1/measures")).json()
    assert "trust_restored_rate" in json.dumps(measures)

    rest = {"delivered": "all", "manner": 5, "effort": 4, "again": True, "better": "Call me: 13800138000."}
    said = await world.customer.post(f"{first}/answers", json={"answers": rest}, headers=headers)
    assert said.json()["state"] == "answered"

    await act(world, case, "reopen", reason="It stopped again.")
    await world.settled()
    await solved(world, case)
    second, _ = await open_survey(world, case)
    assert second != first
    told = [json.loads(r.value) for r in await world.told_of(case["id"], "redress.notification")]
    answered = [each for each in told if "answers" in each]
    assert [each["complete"] for each in answered] == [True]
    assert {each.get("measure"): each.get("value") for each in answered[0]["answers"]} | {None: None} == {
        "outcome": "acceptable",
        "trust-restored": True,
        "satisfaction": 5,
        "effort": 4,
        "repurchase": True,
        None: None,
    }
    assert "13800138000" not in json.dumps(told)


# The letter and the link.


@pytest.mark.requirement("P-25", "002-05", "002-18")
async def test_one_letter_asks_and_its_link_leads_to_the_questions_in_the_customers_language(
    bureau: Bureau, mailbox: Mailbox
) -> None:
    bureau.desk.contact["language"] = "zh"
    asked = await bureau.asked("zh")
    await bureau.desk.delivers()
    letters = [mail for mail in mailbox.mails if "评价" in str(mail["Subject"])]
    [body] = [text_of(mail) for mail in letters]
    link = next(line.strip() for line in body.splitlines() if PAGES in line)
    assert link.endswith(f"{PAGES}/{asked.token}")
    page = await bureau.customer.get(httpx.URL(link).path)
    assert page.status_code == 200
    assert 'lang="zh-CN"' in page.text
    assert "您对处理结果的评价是" in page.text
    assert "How is the result for you?" in (await asked.sees(lang="en")).text
    assert await bureau.templates(asked.complaint_id) == ["survey"]


@pytest.mark.requirement("P-25")
async def test_where_no_questionnaire_is_in_force_the_letter_leads_to_the_case(
    bureau: Bureau, mailbox: Mailbox
) -> None:
    await bureau.ruled({"questionnaires": []})
    asked = await bureau.asked()
    await bureau.desk.delivers()
    [body] = [text_of(mail) for mail in mailbox.mails if "How did we do" in str(mail["Subject"])]
    assert f"https://redress.example/track/{asked.complaint_id}" in body
    assert (await asked.opens()).status_code == 404
    assert await bureau.listed(complaint_id=str(asked.complaint_id)) == []


@pytest.mark.requirement("P-25", "002-18")
async def test_the_page_asks_one_question_after_the_other_and_follows_the_branch(bureau: Bureau) -> None:
    asked = await bureau.asked()
    seen, answers = (
        [],
        {"outcome": "satisfied", "trust": "yes", "delivered": "not_all", "manner": "5", "effort": "4"},
    )
    page = await asked.sees()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    while 'name="question"' in page.text:
        seen.append(question := shown_question(page))
        form = {"answer": answers[question]} if question in answers else {"skip": "1"}
        sent = await asked.sends(question=question, **form)
        assert sent.status_code == 303, sent.text
        page = await bureau.customer.get(f"{PAGES}/{sent.headers['location']}")
    assert seen == ["outcome", "trust", "delivered", "missing", "manner", "effort", "again", "better"]
    assert "Thank you. A person reads your answers." in page.text
    other = await bureau.asked()
    await other.says(outcome="satisfied", trust=None, delivered="all")
    assert shown_question(await other.sees()) == "manner", "nothing is missing, so it is not asked what"


@pytest.mark.requirement("P-25")
async def test_the_page_says_what_is_wrong_and_takes_nothing_twice(bureau: Bureau) -> None:
    asked = await bureau.asked()
    for form in ({}, {"answer": "splendid"}, {"skip": "1"}):
        page = await asked.sends(question="outcome", **form)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
        assert shown_question(page) == "outcome"
    assert (await asked.sends(question="outcome", answer="satisfied")).status_code == 303
    assert (await asked.sends(question="outcome", answer="satisfied")).status_code == 303, "sent again"
    back = await asked.sends(question="outcome", answer="not_acceptable")
    assert back.status_code == 409
    assert "the first answer counts" in back.text
    assert shown_question(back) == "trust"
    assert (await asked.sends(question="nonsense", answer="x")).status_code == 404
    hostile = await asked.sends(question="better", answer="<script>alert(1)</script>")
    assert hostile.status_code == 422, "it is not asked yet"
    judged = [said for type, said in await bureau.facts(asked.complaint_id) if type == "result.judged"]
    assert [each["outcome"] for each in judged] == ["satisfied"]


@pytest.mark.requirement("P-25")
async def test_a_token_opens_its_own_survey_and_nothing_else(bureau: Bureau) -> None:
    one, other = await bureau.asked(), await bureau.asked()
    forged = one.token[:-2] + ("AA" if not one.token.endswith("AA") else "BB")
    for token in (other.token, forged, "x", one.token[:20], "%", "é" * 43):
        answer = await bureau.customer.get(f"{URL}/{one.id}", params={"token": token})
        assert answer.status_code == 404, token
        assert answer.json()["errors"][0]["field"] == "path/survey_id"
        said = await bureau.customer.post(
            f"{URL}/{one.id}/answers", params={"token": token}, json={"answers": {"outcome": "satisfied"}}
        )
        assert said.status_code == 404, token
    for token in (forged, "x", "%25", "é"):
        page = await bureau.customer.get(f"{PAGES}/{token}")
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
    assert (await bureau.customer.get(f"{URL}/{one.id}")).status_code == 401
    assert (await one.stands())["answered"] == 0


# Answers.


@pytest.mark.requirement("P-25")
@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"outcome": "splendid"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"outcome": 1}, "outcome"),
        ({"nonsense": True}, "nonsense"),
        ({"trust": True}, "trust"),
        ({"outcome": "satisfied", "trust": "yes"}, "trust"),
        ({"outcome": "satisfied", "trust": None, "delivered": "all", "missing": "A screw."}, "missing"),
        ({"outcome": "satisfied", "trust": None, "delivered": "all", "manner": 6}, "manner"),
        ({"outcome": "satisfied", "trust": None, "delivered": "all", "manner": True}, "manner"),
    ],
)
async def test_what_is_no_answer_is_refused_by_name_and_nothing_of_it_is_kept(
    bureau: Bureau, answers: dict[str, Any], field: str
) -> None:
    asked = await bureau.asked()
    answer = await asked.says(**answers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == f"body/answers/{field}"
    assert (await asked.stands())["answered"] == 0


@pytest.mark.requirement("P-25")
async def test_of_two_different_answers_at_once_one_counts(bureau: Bureau) -> None:
    asked = await bureau.asked()
    both = await asyncio.gather(asked.says(outcome="satisfied"), asked.says(outcome="not_acceptable"))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    [kept] = [answer for answer in both if answer.status_code == 200]
    [value] = [each["value"] for each in kept.json()["answers"]]
    assert [s["outcome"] for t, s in await bureau.facts(asked.complaint_id) if t == "result.judged"] == [
        value
    ]
    again = await asyncio.gather(*(asked.says(outcome=value) for _ in range(3)))
    assert {answer.status_code for answer in again} == {200}
    assert len([t for t, _ in await bureau.facts(asked.complaint_id) if t == "result.judged"]) == 1


@pytest.mark.requirement("002-18", "P-25")
async def test_somebody_on_the_phone_answers_for_the_customer(bureau: Bureau) -> None:
    asked = await bureau.asked()
    read = await bureau.http.get(f"{URL}/{asked.id}")
    assert [each["id"] for each in read.json()["questions"]][:2] == ["outcome", "trust"]
    said = await bureau.http.post(
        f"{URL}/{asked.id}/answers",
        json={"answers": {"outcome": "acceptable", "trust": False}},
        headers={"Idempotency-Key": "call-1"},
    )
    assert said.status_code == 200, said.text
    assert {each["by"] for each in said.json()["answers"]} == {"phone"}
    [(_, judged)] = [each for each in await bureau.facts(asked.complaint_id) if each[0] == "result.judged"]
    assert (judged["outcome"], judged["trust_restored"]) == ("acceptable", False)
    assert judged["follow_up_id"] == str(asked.follow_up_id)


@pytest.mark.requirement("002-18", "P-25")
async def test_a_number_sent_back_by_text_message_answers_what_is_asked(bureau: Bureau) -> None:
    bureau.desk.contact["phone"] = "+86 138 0013 8000"
    asked = await bureau.asked()
    await bureau.desk.delivers()

    async def replies(words: str, phone: str = "13800138000", key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = await bureau.http.post(
            f"{URL}/replies", json={"phone": phone, "text": words}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    for nothing in (await replies("1", "13900139000"), await replies("9"), await replies("thank you")):
        assert nothing == {"taken": False}
    for _ in range(2):  # the provider hands it in again
        assert (await replies("2", key="sms-1"))["question"] == "outcome"
    assert (await replies("1", key="sms-2"))["question"] == "trust"
    answers = (await asked.opens()).json()["answers"]
    assert [(each["value"], each["by"]) for each in answers] == [("acceptable", "reply"), (True, "reply")]
    stored = await bureau.desk.rows("SELECT p::text AS row FROM survey_phones p")
    assert len(stored) == 1
    assert "13800138000" not in stored[0].row


# Time.


@pytest.mark.requirement("P-25", "001-30")
async def test_the_second_request_reminds_of_the_same_survey_and_it_closes_in_time(bureau: Bureau) -> None:
    asked = await bureau.asked()
    async with later(days=2):
        await bureau.hears(
            FollowUpRequested(complaint_id=asked.complaint_id, follow_up_id=uuid4(), requested_at=clock.now())
        )
        assert await bureau.wakes() == 0, "it has no reminder of its own"
    assert await bureau.templates(asked.complaint_id) == ["survey", "survey"]
    assert (await asked.stands())["reminded_at"]
    await asked.says(outcome="satisfied")
    async with later(days=31):
        late = await asked.says(trust=True)
        assert (late.status_code, late.json()["type"]) == (410, "urn:redress:problem:survey-over")
        assert "Thank you" in late.json()["title"]
        assert (await asked.sees()).status_code == 410
        assert await bureau.wakes() == 1
        assert await bureau.wakes() == 0
        assert (await asked.says(outcome="satisfied")).status_code == 200, "that was said in time"
    told = await bureau.facts(asked.complaint_id)
    assert [type for type, _ in told] == ["survey.sent", "result.judged", "survey.answered", "survey.closed"]
    assert (told[2][1]["complete"], told[3][1]["because"]) == (False, "time")
    assert await bureau.templates(asked.complaint_id) == ["survey", "survey"]


@pytest.mark.requirement("002-23", "P-25")
async def test_the_process_itself_is_reviewed_once_in_a_while_and_reminded_of_once(
    bureau: Bureau, mailbox: Mailbox
) -> None:
    await bureau.switched(share=1)
    customer = uuid4()
    complaint = await bureau.complaint(customer_id=customer)
    await bureau.closed(complaint)
    [planned] = await bureau.listed(complaint_id=str(complaint))
    assert (planned["state"], planned["about"]) == ("planned", "process")
    assert await bureau.templates(complaint) == [], "not in the same breath as the end of the case"
    refused = await bureau.http.post(f"{URL}/{planned['id']}/answers", json={"answers": {"findable": 3}})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-sent")
    async with later(hours=73):
        assert await bureau.wakes() == 1
        assert await bureau.templates(complaint) == ["survey-invitation"]
        again = await bureau.complaint(customer_id=customer)
        await bureau.closed(again)
    async with later(hours=73 + 121):
        assert await bureau.wakes() == 2
        assert await bureau.templates(complaint) == ["survey-invitation"] * 2
        [resting] = await bureau.listed(complaint_id=str(again))
        assert (resting["state"], resting["ended"]) == ("closed", "resting")
        assert await bureau.templates(again) == []
        assert await bureau.wakes() == 0
        await bureau.desk.delivers()
        survey = Asked(bureau, complaint, uuid4(), UUID(planned["id"]))
        subjects = [str(mail["Subject"]) for mail in mailbox.mails if survey.token in text_of(mail)]
        assert len(subjects) == 2
        assert subjects[1].startswith("A reminder: ")
        said = await survey.says(
            findable=4, informed=2, unclear=["when", "who"], fair=3, overall=4, recommend=9
        )
        assert said.status_code == 200, said.text
        assert (await survey.says(change="Tell me earlier.")).json()["state"] == "answered"
        assert await bureau.wakes() == 0
    assert [type for type, _ in await bureau.facts(again)] == []
    told = dict(await bureau.facts(complaint))
    assert (told["survey.answered"]["about"], told["survey.answered"]["complete"]) == ("process", True)


@pytest.mark.requirement("P-25", "002-23")
async def test_a_letter_that_still_waits_is_not_sent_once_the_customer_has_answered(
    bureau: Bureau, mailbox: Mailbox
) -> None:
    """Quiet hours, a digest or a mail server that is away hold letters up; whoever has answered is asked no more."""
    asked = await bureau.asked()
    assert (await asked.says(outcome="satisfied")).status_code == 200
    await bureau.desk.delivers()
    await bureau.switched(share=1)
    complaint = await bureau.complaint()
    await bureau.closed(complaint)
    [planned] = await bureau.listed(complaint_id=str(complaint))
    process = Asked(bureau, complaint, uuid4(), UUID(planned["id"]))
    async with later(hours=73):
        assert await bureau.wakes() == 1
        await bureau.desk.delivers()
    async with later(hours=73 + 121):
        assert await bureau.wakes() == 1
        given = {"findable": 4, "informed": 4, "fair": 3, "overall": 4, "recommend": 9, "change": None}
        assert (await process.says(**given)).json()["state"] == "answered"
        await bureau.desk.delivers()
    letters = [mail for mail in mailbox.mails if PAGES in text_of(mail)]
    assert [process.token in text_of(mail) for mail in letters] == [True], "the invitation alone"
    assert "How did we do" not in " ".join(str(mail["Subject"]) for mail in mailbox.mails)
    ended = await bureau.desk.rows(
        "SELECT template, status, channel FROM deliveries WHERE template LIKE 'survey%' ORDER BY number"
    )
    assert [tuple(row) for row in ended] == [
        ("survey", "delivered", "answered"),
        ("survey-invitation", "delivered", "email"),
        ("survey-invitation", "delivered", "answered"),
    ]


@pytest.mark.requirement("P-25", "P-26")
async def test_in_a_digest_there_is_nothing_of_what_was_answered_and_alone_it_is_no_failure(
    bureau: Bureau, mailbox: Mailbox
) -> None:
    customer = uuid4()
    bureau.desk.contact["customer_id"] = str(customer)
    wishes = {"digest": {"frequency": "daily", "hour": 17}}
    said = await bureau.http.put(f"/notification/v1/customers/{customer}/preferences", json=wishes)
    assert said.status_code == 200, said.text
    asked = await bureau.asked()
    await bureau.desk.delivers()
    assert (await asked.says(outcome="satisfied")).status_code == 200
    async with later(days=2):
        await bureau.desk.delivers()
    [row] = await bureau.desk.rows("SELECT status, channel FROM deliveries WHERE template = 'survey'")
    assert tuple(row) == ("merged", "answered")
    told = await bureau.desk.rows("SELECT convert_from(value, 'UTF8') AS said FROM outbox")
    assert not [each for each in told if '"reason"' in each.said], "nobody has to call the customer"
    assert "How did we do" not in " ".join(mail.as_string() for mail in mailbox.mails)


@pytest.mark.requirement("P-25", "P-26")
async def test_whoever_wants_to_give_no_opinion_is_neither_invited_nor_reminded(
    bureau: Bureau, mailbox: Mailbox
) -> None:
    customer = uuid4()
    bureau.desk.contact["customer_id"] = str(customer)
    said = await bureau.http.put(
        f"/notification/v1/customers/{customer}/preferences", json={"ways": {"opinion": []}}
    )
    assert said.status_code == 200, said.text
    await bureau.switched(share=1)
    asked = await bureau.asked()
    await bureau.closed(asked.complaint_id)
    async with later(hours=73):
        assert await bureau.wakes() == 1
        await bureau.desk.delivers()
    async with later(hours=73 + 121):
        assert await bureau.wakes() == 1
        await bureau.desk.delivers()
    ended = await bureau.desk.rows(
        "SELECT template, status FROM deliveries WHERE template LIKE 'survey%' ORDER BY number"
    )
    assert [tuple(row) for row in ended] == [
        ("survey", "declined"),
        ("survey-invitation", "declined"),
        ("survey-invitation", "declined"),
    ]
    assert not [mail for mail in mailbox.mails if PAGES in text_of(mail)]


@pytest.mark.requirement("002-23")
async def test_a_part_of_the_cases_is_drawn_for_the_process(bureau: Bureau) -> None:
    await bureau.switched(share=0.5)
    complaints = [await bureau.complaint() for _ in range(24)]
    for complaint in complaints:
        await bureau.closed(complaint)
    drawn = [each for each in await bureau.listed(questionnaire="process") if each["state"] == "planned"]
    assert 0 < len(drawn) < 24


@pytest.mark.requirement("P-25")
@pytest.mark.parametrize("ending", ["resumed", "reopened", "withdrawn"])
async def test_what_is_out_of_date_is_not_asked_any_more(bureau: Bureau, ending: str) -> None:
    asked, now = await bureau.asked(), clock.now()
    id = asked.complaint_id
    over: dict[str, Event] = {
        "resumed": CaseResumed(complaint_id=id, resumed_at=now),
        "reopened": CaseReopened(complaint_id=id, reopened_by="h1", reopened_at=now),
        "withdrawn": CaseWithdrawn(complaint_id=id, withdrawn_at=now, by="customer"),
    }
    await bureau.hears(over[ending])
    assert (await asked.says(outcome="satisfied")).status_code == 410
    stands = await asked.stands()
    assert (stands["state"], stands["ended"]) == (
        "closed",
        "withdrawn" if ending == "withdrawn" else "superseded",
    )
    if ending != "withdrawn":
        again = await bureau.asked(complaint_id=id)
        assert again.id != asked.id
        assert (await again.says(outcome="satisfied")).status_code == 200


# Words, and what came of it.


@pytest.mark.requirement("002-18", "P-25", "P-32")
async def test_suggestions_are_sealed_read_by_few_and_gone_with_their_customer(bureau: Bureau) -> None:
    bureau.desk.contact["phone"] = "13800138000"
    asked = await bureau.asked()
    await bureau.desk.delivers()
    said = {
        "outcome": "satisfied",
        "trust": True,
        "delivered": "not_all",
        "missing": "The manual. Ann, 13800138000.",
    }
    assert (await asked.says(**said)).status_code == 200
    [read] = (await bureau.http.get(f"{URL}/suggestions", params={"questionnaire": "case"})).json()["items"]
    assert (read["words"], read["question"]) == (said["missing"], "missing")
    assert (await bureau.desk.http.get(f"{URL}/suggestions")).status_code == 403
    everything = (
        "SELECT a::text AS row FROM survey_answers a UNION ALL SELECT convert_from(value, 'UTF8') FROM outbox"
    )
    stored = [each.row for each in await bureau.desk.rows(everything)]
    assert not [each for each in stored if "manual" in each]
    assert "manual" not in (await asked.opens()).text

    erased = CustomerErased(
        complaint_id=asked.complaint_id, customer_id=uuid4(), because=Because.REQUESTED, erased_at=clock.now()
    )
    await bureau.hears(erased)
    assert (await bureau.http.get(f"{URL}/suggestions")).json()["items"] == []
    assert await bureau.desk.rows("SELECT 1 FROM survey_phones") == []
    stands = await asked.stands()
    assert (stands["state"], stands["ended"], stands["answered"]) == ("closed", "erased", 4), "counts survive"
    after = await bureau.asked(complaint_id=asked.complaint_id)
    assert (await after.says(outcome="satisfied")).status_code == 410


@pytest.mark.requirement("P-25", "002-18", "000-01", "000-15")
async def test_results_are_counted_by_question_with_intervals(bureau: Bureau) -> None:
    before = clock.now() - timedelta(minutes=1)
    given: list[dict[str, Any]] = [
        {
            "outcome": "satisfied",
            "trust": True,
            "delivered": "all",
            "manner": 5,
            "effort": 5,
            "again": True,
            "better": None,
        },
        {
            "outcome": "acceptable",
            "trust": False,
            "delivered": "late",
            "manner": 4,
            "effort": 2,
            "again": None,
        },
        {"outcome": "not_acceptable"},
    ]
    for answers in given:
        assert (await (await bureau.asked()).says(**answers)).status_code == 200
    await bureau.asked()
    answer = await bureau.http.get(
        f"{URL}/results", params={"questionnaire": "case", "from": before.isoformat()}
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["sent"], told["complete"], told["partly"]) == (4, 1, 2)
    assert told["response_rate"]["value"] == 0.75
    assert told["by"] == {"link": 3}
    asked = {each["question"]: each for each in told["questions"]}
    assert asked["outcome"]["counts"] == {"acceptable": 1, "not_acceptable": 1, "satisfied": 1}
    assert round(asked["outcome"]["figure"]["value"], 3) == 0.667
    assert asked["trust"]["counts"] == {"false": 1, "true": 1}
    assert asked["again"] | {"figure": None} == {
        "question": "again",
        "measure": "repurchase",
        "text": asked["again"]["text"],
        "answered": 1,
        "passed_over": 1,
        "in_words": 0,
        "counts": {"true": 1},
        "figure": None,
    }
    effort = asked["effort"]
    assert (effort["mean"], effort["figure"]["value"], effort["figure"]["n"]) == (3.5, 0.5, 2)
    assert 0 < effort["figure"]["low"] < 0.5 < effort["figure"]["high"] < 1
    empty = await bureau.http.get(
        f"{URL}/results", params={"questionnaire": "case", "to": before.isoformat()}
    )
    assert empty.json()["sent"] == 0
    assert "response_rate" not in empty.json()
    wrong = await bureau.http.get(
        f"{URL}/results",
        params={"questionnaire": "case", "from": clock.now().isoformat(), "to": before.isoformat()},
    )
    assert wrong.json()["errors"][0]["field"] == "query/to"


@pytest.mark.slow
@pytest.mark.requirement("P-25")
async def test_the_service_closes_surveys_by_itself(world: World) -> None:
    case = await world.register()
    await world.settled()
    await solved(world, case)
    path, token = await open_survey(world, case)
    async with later(days=31):

        async def closed() -> bool:
            answer = await world.customer.get(path, params={"token": token})
            return bool(answer.json()["state"] == "closed")

        await eventually(closed, what="the survey to close")
