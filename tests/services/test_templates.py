"""Templates over HTTP: versions, what is refused, previews, and the letters that follow."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.notification.delivery import Delivery
from services.notification.rules import DIGEST, FIELD_ACTION, Audience, Nature, Urgency
from services.notification.store import queue
from services.notification.wording.in_force import Templates
from services.notification.wording.letter_text import shipped_source
from services.notification.wording.templates_schemas import EXAMPLE
from shared import clock
from shared.events import CustomerTold
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.services.receivers import Mailbox, mail_server, text_of
from tests.services.test_notification import Desk, a_complaint, open_desk

URL = "/notification/v1/templates"
TOLD = f"{URL}/told/en"
ACKNOWLEDGEMENT = f"{URL}/acknowledgement/en"
OURS = shipped_source("acknowledgement", "en").replace("It is a gift to us:", "It helps us:")


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def desk(new_database: NewDatabase, scratch: Path, mailbox: Mailbox) -> AsyncIterator[Desk]:
    url = await new_database()
    async with open_desk(url, scratch, smtp_url=f"smtp://127.0.0.1:{mailbox.port}") as opened:
        key = await create_key(url, "templates", ["rulebooks:write", "cases:read", "deliveries:read"])
        opened.http.headers["Authorization"] = f"Bearer {key}"
        await opened.context.part(Templates).refresh()
        yield opened


async def made(desk: Desk, url: str, source: str) -> int:
    answer = await desk.http.post(f"{url}/versions", json={"source": source, "reason": "Our own voice."})
    assert answer.status_code == 201, answer.text
    version: int = answer.json()["version"]
    return version


async def switched(desk: Desk, url: str, version: int, **headers: str) -> Any:
    return await desk.http.put(url, json={"version": version, "reason": "Agreed."}, headers=headers)


@pytest.mark.requirement("001-08", "004-12")
async def test_a_version_is_what_letters_say_once_it_is_in_force_and_each_wording_can_be_read_again(
    desk: Desk, mailbox: Mailbox
) -> None:
    shipped = await desk.http.get(ACKNOWLEDGEMENT)
    assert shipped.json()["version"] == 0
    version = await made(desk, ACKNOWLEDGEMENT, OURS)
    await desk.hears(*a_complaint(uuid4()))
    await desk.delivers()
    assert "It is a gift to us:" in text_of(mailbox.mails[-1]), "made, but not in force"

    answer = await switched(desk, ACKNOWLEDGEMENT, version, **{"If-Match": shipped.headers["ETag"]})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    again = await switched(desk, ACKNOWLEDGEMENT, 0, **{"If-Match": shipped.headers["ETag"]})
    assert again.status_code == 412, "somebody else switched meanwhile"
    await desk.hears(*a_complaint(uuid4()))
    await desk.delivers()
    assert "It helps us:" in text_of(mailbox.mails[-1])
    assert (await switched(desk, ACKNOWLEDGEMENT, 0)).status_code == 200
    await desk.hears(*a_complaint(uuid4()))
    await desk.delivers()
    assert "It is a gift to us:" in text_of(mailbox.mails[-1])

    last, ours, first = [entry["template_version"] for entry in await desk.log()]
    assert first == last != ours
    wording = (await desk.http.get(f"/notification/v1/wordings/{ours}")).json()
    assert (wording["version"], wording["source"], wording["language"]) == (1, OURS, "en")
    assert "Kind regards" in wording["parts"]["en/_signature.txt.jinja"]
    assert (await desk.http.get("/notification/v1/wordings/000000000000")).status_code == 404
    versions = (await desk.http.get(f"{ACKNOWLEDGEMENT}/versions")).json()
    assert [(each["version"], each["in_force"]) for each in versions] == [(1, False), (0, True)]
    assert (versions[0]["reason"], versions[0]["switched_because"]) == ("Our own voice.", "Agreed.")
    assert (await desk.http.get(f"{ACKNOWLEDGEMENT}/versions/1")).json()["source"] == OURS
    with pytest.raises(DBAPIError, match="never changes"):
        async with desk.context.database.transaction() as transaction:
            await transaction.execute(text("UPDATE wordings SET source = ''"))


@pytest.mark.requirement("001-08", "004-03", "002-02")
@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("Thank you.", "Subject:"),
        (OURS.replace("{% else %}", "{% elsewise %}", 1), "Line "),
        (OURS.replace("{{ promised }}", "{{ promissed }}"), "did you mean `promised`"),
        (OURS.replace("promised", "handler"), "it must show `promised`"),
        (OURS.replace("{{ link }}", "our website"), "`link`"),
        (OURS.replace("{{ reference }}", "{{ cycler }}"), "no variable `cycler`"),
        (OURS.replace("Thank you", "Hello"), "thanks come first"),
        (OURS.replace("What happens now:", ""), "what happens next"),
        (OURS + "{{ handler }}", "it fails"),
        (OURS + "{% for i in range(9) %}a{% endfor %}", "a loop goes over"),
        (OURS + "{{ ''.__class__ }}", "`.__class__` cannot be read"),
        (OURS + "{{ 9 ** 9 }}", "has no `pow`"),
        (OURS + "{% include 'en/told.txt.jinja' %}", "may include"),
        (OURS + "You must have patience. It is your own fault.", "fault"),
    ],
)
async def test_what_could_not_be_sent_is_refused_with_its_line_and_the_remedy(
    desk: Desk, source: str, says: str
) -> None:
    body = {"source": source, "reason": "Try."}
    refused = await desk.http.post(f"{ACKNOWLEDGEMENT}/versions", json=body)
    assert refused.status_code == 422, refused.text
    errors = refused.json()["errors"]
    assert {each["field"] for each in errors} == {"body/source"}
    assert says in " ".join(each["detail"] for each in errors)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in errors[0]["detail"]), "in Chinese, too"
    assert len((await desk.http.get(f"{ACKNOWLEDGEMENT}/versions")).json()) == 1


@pytest.mark.requirement("004-03", "000-12e", "N-H")
async def test_what_may_be_better_said_is_told_and_not_refused(desk: Desk) -> None:
    softer = OURS.replace("We are sorry for the trouble.", "We are sorry; we were very busy.")
    answer = await desk.http.post(f"{ACKNOWLEDGEMENT}/versions", json={"source": softer, "reason": "Try."})
    assert answer.status_code == 201, answer.text
    [finding] = answer.json()["findings"]
    assert (finding["treatment"], finding["finding"]["kind"]) == ("warn", "excuse")
    assert finding["finding"]["words"] in finding["text"]


async def test_a_part_that_breaks_the_letters_is_not_put_in_force(desk: Desk) -> None:
    url = f"{URL}/_signature/en"
    version = await made(
        desk, url, "{% if handler %}{{ handler }}{% endif %}\n{{ organisation }}\n{{ reference }}\n"
    )
    assert (await switched(desk, url, version)).status_code == 200
    greeting = f"{URL}/_greeting/en"
    wordy = await made(
        desk,
        greeting,
        "{% if name %}Dear {{ name }},{% else %}Hello,{% endif %}\n\nGood day.\n\nFine weather.\n\nWell.\n\nNow.\n",
    )
    refused = await switched(desk, greeting, wordy)
    assert refused.status_code == 422
    assert "thanks come first" in refused.json()["errors"][0]["detail"]


@pytest.mark.requirement("004-12")
async def test_a_preview_shows_all_forms_of_the_letter_and_no_more_of_a_customer_than_one_may_see(
    desk: Desk, new_database: NewDatabase
) -> None:
    draft = {"source": EXAMPLE.replace("Here is how things stand", "This is the news")}
    seen = (await desk.http.post(f"{TOLD}/preview", json=draft)).json()
    assert seen["subject"] == "News about your case (RD-7K3M9QXT-B)"
    assert "This is the news:" in seen["text"]
    assert "Dear Ann Example" in seen["text"]
    assert seen["short"].startswith("Northwind: thank you")
    assert seen["html"].startswith("<!DOCTYPE html>")
    assert (seen["faults"], seen["findings"]) == ([], [])

    complaint = uuid4()
    told = CustomerTold(complaint_id=complaint, message="The part is here.", told_at=clock.now())
    await desk.hears(*a_complaint(complaint), told)
    await desk.delivers()
    delivery = next(each for each in await desk.log() if each["template"] == "told")
    for real in ({"complaint_id": str(complaint)}, {"delivery_id": delivery["id"]}):
        masked = (await desk.http.post(f"{TOLD}/preview", json=draft | real)).json()
        assert "The part is here." in masked["text"]
        assert "Dear [name]" in masked["text"]
        assert f"track/{complaint}" not in masked["text"], "the customer's own link opens their case"
    key = await create_key(str(desk.context.settings.database_url), "seer", ["cases:read", "customers:read"])
    named = await desk.http.post(
        f"{TOLD}/preview",
        json=draft | {"complaint_id": str(complaint)},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert "Dear Ann Example" in named.json()["text"]
    wrong = await desk.http.post(f"{ACKNOWLEDGEMENT}/preview", json={"delivery_id": delivery["id"]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body/delivery_id")
    nobody = await desk.http.post(f"{TOLD}/preview", json={"complaint_id": str(uuid4())})
    assert nobody.status_code == 404

    # Letters to whoever is affected, and digests, are about no complaint of their receiver's own.
    about: dict[str, Any] = {
        "complaint_id": complaint,
        "audience": Audience.CUSTOMER,
        "rule": "r",
        "at": clock.now(),
        "urgency": Urgency.USUAL,
        "nature": Nature.SAFETY,
        "customer_id": uuid4(),
    }
    others = [
        Delivery(uuid4(), **about, lane=name, template=name, facts={"title": {"en": "a", "zh": "b"}})
        for name in (FIELD_ACTION, DIGEST)
    ]
    others[1] = replace(others[1], complaint_id=None)
    async with desk.context.database.transaction() as transaction:
        await queue(transaction, others)
    for other in others:
        for real in ({"delivery_id": str(other.id)}, {"complaint_id": str(complaint)}):
            said = await desk.http.post(f"{URL}/{other.template}/en/preview", json=real)
            wanted = 422 if "delivery_id" in real else 404
            assert (said.status_code, said.json()["errors"][0]["field"]) == (
                wanted,
                f"body/{next(iter(real))}",
            )

    faulty = (await desk.http.post(f"{TOLD}/preview", json={"source": "Subject: a\n\n{{ nothing }}"})).json()
    assert faulty["faults"][0]["line"] == 3
    assert faulty["text"] is None
    harsh = EXAMPLE.replace("Thank you for your patience. Here", "Thank you. It is your own fault. Here")
    [finding] = (await desk.http.post(f"{TOLD}/preview", json={"source": harsh})).json()["findings"]
    assert (finding["treatment"], finding["finding"]["kind"]) == ("block", "blame")


@pytest.mark.requirement("001-08")
async def test_letters_have_html_and_a_company_template_that_fails_after_all_does_not_keep_anybody_waiting(
    desk: Desk, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    # As a version that an older release took, of a variable that there is no more.
    async with desk.context.database.transaction() as transaction:
        await transaction.execute(
            text(
                "INSERT INTO rulebook_versions VALUES "
                """('template/acknowledgement/en', 1, '{"source": "Subject: a\\n\\n{{ gone }}"}', """
                "'d', 'r', 'm', now())"
            )
        )
        await transaction.execute(
            text(
                "INSERT INTO rulebook_switches VALUES ('template/acknowledgement/en', 1, 1, 'r', 'm', now())"
            )
        )
    await desk.context.part(Templates).refresh()
    await desk.hears(*a_complaint(uuid4()))
    await desk.delivers()
    (mail,) = mailbox.mails
    assert "It is a gift to us:" in text_of(mail)
    assert "a template failed" in caplog.text
    html = mail.get_body(("html",))
    assert html is not None
    assert "It is a gift to us:" in html.get_content()
    (entry,) = await desk.log()
    wording = await desk.http.get(f"/notification/v1/wordings/{entry['template_version']}")
    assert wording.json()["version"] == 0


async def test_the_list_names_every_letter_and_strangers_change_nothing(desk: Desk) -> None:
    listed = {each["name"]: each for each in (await desk.http.get(URL)).json()}
    assert {"acknowledgement", "result", "staff-task", "_signature"} <= listed.keys()
    assert [each["language"] for each in listed["result"]["in_force"]] == ["en", "zh"]
    variables = {each["name"]: each for each in (await desk.http.get(TOLD)).json()["variables"]}
    assert variables["promised"]["may_be_missing"]
    assert variables["promised"]["must_be_shown"]
    assert (await desk.http.get(f"{URL}/nothing/en")).status_code == 404
    assert (await switched(desk, TOLD, 7)).status_code == 404
    key = await create_key(str(desk.context.settings.database_url), "reader", ["cases:read"])
    reader = {"Authorization": f"Bearer {key}"}
    assert (await switched(desk, TOLD, 0, **reader)).status_code == 403
