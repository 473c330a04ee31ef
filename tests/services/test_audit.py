"""The audit chains over HTTP, from the log and from the command line; and whatever one can do to the tables."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from services import auditing
from services.__main__ import cli
from services.resolution.audit import walking
from services.resolution.audit.chain import Covered, Part, chain_secret, extend, key_of, start
from services.resolution.audit.reading import record_read
from shared import clock, driver
from shared.events import (
    AttachmentAdded,
    CustomerErased,
    MessageDelivered,
    MessageFailed,
    PersonalDataRead,
)
from shared.events.vocabulary import Because, Outcome, Scan
from shared.ids import new_id
from tests.resolution_story import NINE, assigned, opinion, registered
from tests.services.test_resolution import OFFERS, Office, open_office
from tests.world import SECRET, TOLD, World, eventually

ALL = ["cases:read", "cases:work", "audit:read"]


CALL: dict[str, Any] = {
    **{"via": "phone", "emotion": "calm", "customer_seconds": 480, "agent_seconds": 110},
    **{"empathy": True, "polite_name": True, "solution_focus": True},
    **{"key_points": ["Nobody called."], "questions": ["open", "closed"], "needs": ["valued"]},
}


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(database_url, tmp_path, ALL) as opened:
        with clock.moved_to(lambda: opened.now):
            yield opened


async def verified(office: Office, only: UUID | None = None, file: Path | None = None) -> Mapping[str, Any]:
    settings = office.process.settings
    assert settings.database_url is not None
    return await auditing.verify(settings, settings.database_url, only, file, lambda done, total: None)


async def wrong(office: Office, file: Path | None = None) -> list[str]:
    """Codes of what is found."""
    return [finding["code"] for finding in (await verified(office, None, file))["findings"]]


async def checkpoint(office: Office, file: Path) -> Path:
    settings = office.process.settings
    assert settings.database_url is not None
    await auditing.write_checkpoint(settings, settings.database_url, file)
    return file


async def tamper(office: Office, *statements: str, **parameters: Any) -> None:
    """What somebody can do who owns the database."""
    async with office.context.database.transaction() as transaction:
        for statement in (
            "ALTER TABLE audit_entries DISABLE TRIGGER only_added_to",
            *statements,
            "ALTER TABLE audit_entries ENABLE TRIGGER only_added_to",
        ):
            await transaction.connection.execute(text(statement), parameters if ":" in statement else {})


async def entries(office: Office, complaint_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await office.read(
            complaint_id, "/audit?limit=7" + (f"&cursor={cursor['next']}" if cursor else "")
        )
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"next": page["next"]}


async def closed(office: Office, contact: Mapping[str, Any] | None = None) -> UUID:
    complaint_id = await office.carried_out()
    if contact is not None:
        answer = await office.act(complaint_id, "contacts", **contact)
        assert answer.status_code == 201, answer.text
    await office.hear(opinion(complaint_id, Outcome.SATISFIED, office.now))
    return complaint_id


@pytest.mark.requirement("N-J", "P-32", "P-09")
async def test_everything_that_happens_to_a_case_is_in_its_chain(office: Office) -> None:
    complaint_id = await closed(office)
    chain = await entries(office, complaint_id)
    assert [each["number"] for each in chain] == list(range(1, len(chain) + 1))
    assert all(after["previous"] == before["hash"] for before, after in pairwise(chain))
    story = (await office.read(complaint_id))["timeline"]
    told = [each for each in chain if each["part"] == "timeline"]
    assert [each["action"] for each in told] == [e["kind"] for e in sorted(story, key=lambda e: e["number"])]
    accepted = next(each for each in chain if each["action"] == "accepted")
    assert accepted["actor"].startswith("key:")
    assert accepted["title"] == {"en": "The case was taken up", "zh": "投诉已受理"}
    judged = next(each for each in chain if each["action"] == "judgement_recorded")
    assert judged["note"] == {"reason_sufficient": "true", "demand_reasonable": "true"}
    kept = {part: sum(each["part"] == part for each in chain) for part in ("offer", "promise", "settlement")}
    made = await office.rows("SELECT count(*), count(*) FILTER (WHERE state <> 'live') FROM promises")
    assert (kept["offer"], kept["promise"], kept["settlement"]) == (len(OFFERS), *made[0])
    report = await verified(office)
    assert (report["chains"], report["wrong"]) == (1, 0)
    assert report["entries"] > len(chain)  # reading it was written down, too


@pytest.mark.requirement("P-32")
async def test_reading_the_chain_is_an_entry_of_it_for_each_page_and_the_pages_end(office: Office) -> None:
    complaint_id = await office.opened()
    before = len(await entries(office, complaint_id))
    chain = await entries(office, complaint_id)
    reads = [each for each in chain[before:] if each["action"] == "read"]
    assert len(reads) == len(chain) - before == -(-before // 7)
    assert reads[0]["note"] == {"what": "audit", "purpose": "audit"}
    assert reads[0]["actor"].startswith("key:")
    gone = await office.http.get(f"/resolution/v1/cases/{new_id()}/audit")
    assert gone.status_code == 404
    strange = await office.http.get(f"/resolution/v1/cases/{complaint_id}/audit", params={"cursor": "WzFd"})
    assert (strange.status_code, strange.json()["errors"][0]["field"]) == (422, "query/cursor")


@pytest.mark.requirement("P-32", "N-J")
async def test_what_only_the_chain_hears_changes_no_version_so_that_nobody_is_refused(office: Office) -> None:
    complaint_id = await office.opened()
    case = await office.read(complaint_id)
    read = PersonalDataRead(
        complaint_id=complaint_id, what="contact", purpose="call back", read_by="key:li", read_at=NINE
    )
    file = AttachmentAdded(
        complaint_id=complaint_id,
        attachment_id=new_id(),
        media_type="image/png",
        size=12,
        from_customer=True,
        visible_to_customer=True,
        scan=Scan.CLEAN,
        added_at=NINE,
    )
    sent = MessageDelivered(
        complaint_id=complaint_id,
        delivery_id=new_id(),
        template="t",
        channel="email",
        attempts=1,
        delivered_at=NINE,
    )
    await office.hear(read, file, sent)
    async with office.context.database.transaction() as transaction:
        await record_read(transaction, [complaint_id], "key:wang", "case-file", "dispute", office.now)
    chain = await entries(office, complaint_id)
    noted = {each["action"]: each for each in chain if each["part"] == "note"}
    assert noted["attachment_added"]["actor"] == "customer"
    assert noted["message_delivered"]["note"]["template"] == "t"
    said = [
        (each["actor"], each["note"]["what"], each["note"]["purpose"])
        for each in chain
        if each["action"] == "read"
    ]
    assert said == [("key:li", "contact", "call back"), ("key:wang", "case-file", "dispute")]
    seen = {"If-Match": f'"{case["version"]}"'}
    assert (await office.act(complaint_id, "accept", seen)).status_code == 200
    failed = MessageFailed(
        complaint_id=complaint_id, delivery_id=new_id(), template="t", channel="email",
        attempts=3, reason="x", failed_at=office.now,
    )  # fmt: skip
    version = (await office.read(complaint_id))["version"]
    await office.hear(read.model_copy(update={"read_by": "key:wu"}), failed)
    after = await office.read(complaint_id)
    assert after["version"] == version + 1
    assert "message_failed" in {each["kind"] for each in after["timeline"]}
    assert await wrong(office) == []


@pytest.mark.requirement("P-32", "N-J")
async def test_what_is_heard_before_the_registration_is_in_the_chain_too(office: Office) -> None:
    complaint_id = new_id()
    sent = MessageDelivered(
        complaint_id=complaint_id,
        delivery_id=new_id(),
        template="t",
        channel="email",
        attempts=1,
        delivered_at=NINE,
    )
    await office.hear(sent)
    assert (await office.http.get(f"/resolution/v1/cases/{complaint_id}/audit")).status_code == 404
    await office.hear(registered(complaint_id))
    assert [each["action"] for each in await entries(office, complaint_id)][:2] == [
        "message_delivered",
        "opened",
    ]
    assert await wrong(office) == []


@pytest.mark.requirement("N-J")
@pytest.mark.parametrize(
    "change",
    ["DELETE FROM audit_entries", "UPDATE audit_entries SET number = number", "TRUNCATE audit_entries"],
)
async def test_the_chain_is_only_added_to(office: Office, change: str) -> None:
    await office.opened()
    with pytest.raises(DBAPIError, match="only added to"):
        async with office.context.database.transaction() as transaction:
            await transaction.execute(text(change))


HERE = "WHERE complaint_id = :id"
TAMPERED: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "a text of the story": ((f"UPDATE timeline SET text = 'Nice.' {HERE} AND kind = 'judged'",), {"content"}),
    "an author of the story": (
        (f"UPDATE timeline SET author = 'key:x' {HERE} AND kind = 'judged'",),
        {"content"},
    ),
    "a time of the story": (
        (f"UPDATE timeline SET at = at - interval '1 day' {HERE} AND kind = 'judged'",),
        {"content"},
    ),
    "a line taken out of the story": ((f"DELETE FROM timeline {HERE} AND kind = 'judged'",), {"row_gone"}),
    "a line put into the story": (
        (
            "INSERT INTO timeline (complaint_id, number, at, source, author, audience, kind) "
            "SELECT :id, 999, now(), 'c-resolution', 'key:x', 'customer', 'replied'",
        ),
        {"not_covered"},
    ),
    "an amount that was offered": (
        (f"UPDATE offers SET amount = 1 {HERE} AND amount IS NOT NULL",),
        {"content"},
    ),
    "of which suggestion an offer is": (
        (f"UPDATE offers SET solution = 'x' {HERE} AND rank = 1",),
        {"content"},
    ),
    "a promise excused": (
        (
            f"UPDATE promises SET state = 'broken', excused = true, settled_at = due_at + interval '1 hour' {HERE} "
            "AND number = 1",
        ),
        {"content"},
    ),
    "whose promise it was": ((f"UPDATE promises SET department = 'x' {HERE} AND number = 1",), {"content"}),
    "how a contact was": ((f"UPDATE contacts SET emotion = 'grateful' {HERE}",), {"content"}),
    "what was summed up in it": ((f"UPDATE contacts SET key_points = '{{}}' {HERE}",), {"content"}),
    "a contact taken out": ((f"DELETE FROM contacts {HERE}",), {"row_gone"}),
    "an offer put in": (
        (
            "INSERT INTO offers (offer_id, complaint_id, round, rank, remedies, description) "
            "SELECT gen_random_uuid(), :id, 1, 4, '{repair}', 'x'",
        ),
        {"not_covered"},
    ),
    "who kept a promise": ((f"UPDATE promises SET handler_id = 'e-x' {HERE} AND number = 1",), {"content"}),
    "when a promise was due": (
        (f"UPDATE promises SET due_at = due_at + interval '1 day' {HERE} AND number = 1",),
        {"content"},
    ),
    "a broken promise called kept": (
        (f"UPDATE promises SET state = 'released' {HERE} AND number = 1",),
        {"content"},
    ),
    "the author of an entry": (
        (f"UPDATE audit_entries SET actor = 'key:x' {HERE} AND number = 5",),
        {"hash"},
    ),
    "a key that is none": (
        (f"UPDATE audit_entries SET key = 'x' {HERE} AND number = 5",),
        {"hash", "row_gone"},
    ),
    "a note": (
        (
            f"""UPDATE audit_entries SET note = '{{"what": "nothing", "purpose": "-"}}' {HERE} AND part = 'note'""",
        ),
        {"hash", "content"},
    ),
    "an entry taken out": ((f"DELETE FROM audit_entries {HERE} AND number = 5",), {"missing", "not_covered"}),
    "an entry put in": (
        (
            f"UPDATE audit_entries SET number = number + 1000 {HERE} AND number > 5",
            f"UPDATE audit_entries SET number = number - 999 {HERE} AND number > 1000",
            "INSERT INTO audit_entries SELECT complaint_id, 6, at, recorded_at, actor, action, part, key, note, "
            f"digest, hash, digest FROM audit_entries {HERE} AND number = 5",
        ),
        {"hash", "previous", "end"},
    ),
    "two entries swapped": (
        (
            f"UPDATE audit_entries SET number = 1000 {HERE} AND number = 5",
            f"UPDATE audit_entries SET number = 5 {HERE} AND number = 6",
            f"UPDATE audit_entries SET number = 6 {HERE} AND number = 1000",
        ),
        {"hash", "previous"},
    ),
    "the tail cut, but not the head in the case": (
        (f"DELETE FROM audit_entries {HERE} AND number > 20",),
        {"end", "not_covered", "state"},
    ),
    "the first entry": (
        (f"UPDATE audit_entries SET previous = digest {HERE} AND number = 1",),
        {"beginning", "hash"},
    ),
    "the key thrown away": (("UPDATE cases SET audit_salt = NULL WHERE id = :id",), {"key_gone"}),
    "the state": (
        ("UPDATE cases SET state = 'carried_out', outcome = NULL, closed_at = NULL WHERE id = :id",),
        {"state"},
    ),
}


@pytest.mark.slow
@pytest.mark.requirement("N-J", "P-32")
@pytest.mark.parametrize("what", TAMPERED)
async def test_whatever_somebody_changes_is_found(office: Office, what: str) -> None:
    complaint_id = await closed(office, CALL)
    untouched = await office.opened()
    await entries(office, complaint_id)
    assert await wrong(office) == []
    statements, codes = TAMPERED[what]
    await tamper(office, *statements, id=complaint_id)
    report = await verified(office)
    assert {finding["code"] for finding in report["findings"]} == codes
    assert {finding["complaint_id"] for finding in report["findings"]} == {complaint_id}
    assert all(finding["en"] and finding["zh"] for finding in report["findings"])
    assert (await verified(office, untouched))["wrong"] == 0


@pytest.mark.requirement("N-J")
async def test_a_checkpoint_finds_a_cut_tail_a_chain_written_anew_and_one_that_is_gone(
    office: Office, tmp_path: Path
) -> None:
    ours, others = await office.opened(), await office.opened()
    file = await checkpoint(office, tmp_path / "kept.ndjson")
    await office.done(ours, "accept")
    assert (await verified(office, None, file))["checkpoint"] is True
    assert await wrong(office, file) == []

    await tamper(
        office,
        "UPDATE cases SET promise_id = NULL, state = 'unopened', registered_at = NULL, wakes_at = NULL",
        "DELETE FROM promises",
        "DELETE FROM timeline WHERE number > 0",
        "DELETE FROM audit_entries",
        "UPDATE cases SET audit_number = 0, audit_hash = NULL, entries = 0, promises = 0",
    )
    assert await wrong(office) == []  # without the checkpoint it seems that nothing ever happened
    assert await wrong(office, file) == ["cut", "cut"]
    await tamper(office, "DELETE FROM cases WHERE id = :id", id=others)
    assert sorted(await wrong(office, file)) == ["chain_gone", "cut"]
    assert [each["complaint_id"] for each in (await verified(office, ours, file))["findings"]] == [ours]


@pytest.mark.requirement("N-J")
async def test_a_chain_that_somebody_wrote_anew_who_knows_the_secret_is_found_by_the_checkpoint(
    office: Office, tmp_path: Path
) -> None:
    complaint_id = await office.opened()
    file = await checkpoint(office, tmp_path / "kept.ndjson")
    await tamper(office, "UPDATE timeline SET author = 'key:x' WHERE kind = 'triaged'")
    await write_anew(office, complaint_id)
    assert await wrong(office) == []
    assert await wrong(office, file) == ["rewritten"]


async def write_anew(office: Office, complaint_id: UUID) -> None:
    """The whole chain over what is stored now, as Redress would have written it."""
    [(salt,)] = await office.rows("SELECT audit_salt FROM cases WHERE id = :id", id=complaint_id)
    async with office.context.database.reading() as connection:
        page = {"ids": [complaint_id], "after": complaint_id, "number": 0, "page": 1000}
        found = (await driver.run(connection, walking._ENTRIES, page)).all()
        links = [walking._link(row)[0] for row in found]
        rows = await walking._covered(connection, links)
    covered = []
    for link in links:
        row = link.note if link.part is Part.NOTE else rows[link.part, complaint_id, link.key]
        assert row is not None
        actor = row["author"] if link.part is Part.TIMELINE else link.actor
        covered.append(Covered(link.part, link.at, actor, link.action, row))
    key = key_of(chain_secret(SECRET.encode()), salt)
    made = extend(complaint_id, start(complaint_id), key, covered, links[0].recorded_at)
    for link in made:
        await tamper(
            office,
            "UPDATE audit_entries SET actor = :actor, recorded_at = :recorded, digest = :digest, previous = :previous, "
            "hash = :hash WHERE complaint_id = :id AND number = :number",
            actor=link.actor, recorded=link.recorded_at, digest=link.digest, previous=link.previous,
            hash=link.hash, id=complaint_id, number=link.number,
        )  # fmt: skip
    await tamper(
        office, "UPDATE cases SET audit_hash = :hash WHERE id = :id", hash=made[-1].hash, id=complaint_id
    )


@pytest.mark.requirement("N-J")
async def test_a_chain_verifies_after_the_person_was_erased_and_still_shows_what_is_changed(
    office: Office, tmp_path: Path
) -> None:
    complaint_id = await closed(office)
    file = await checkpoint(office, tmp_path / "kept.ndjson")
    [(digest, salt)] = await office.rows(
        "SELECT e.digest, c.audit_salt FROM audit_entries e JOIN cases c ON c.id = e.complaint_id "
        "JOIN timeline t ON t.complaint_id = c.id AND e.part = 'timeline' AND e.key = t.number::text "
        "WHERE t.kind = 'judged'"
    )
    assert salt is not None
    await office.hear(
        CustomerErased(
            complaint_id=complaint_id, customer_id=new_id(), because=Because.REQUESTED, erased_at=office.now
        )
    )
    assert await office.rows("SELECT audit_salt FROM cases") == [(None,)]
    assert await office.rows("SELECT count(*) FROM timeline WHERE text IS NOT NULL") == [(0,)]
    later = PersonalDataRead(
        complaint_id=complaint_id, what="export", purpose="asked for", read_by="key:li", read_at=office.now
    )
    await office.hear(later)
    chain = await entries(office, complaint_id)
    assert [each["action"] for each in chain[-2:]] == ["erased", "read"]
    assert digest.hex() in {
        each["digest"] for each in chain
    }  # it stays, and nobody can guess from it what it covered
    assert await wrong(office, file) == []
    await tamper(office, "UPDATE audit_entries SET actor = 'key:x' WHERE number = 5")
    assert await wrong(office) == ["hash"]


@pytest.mark.requirement("N-J")
async def test_cases_that_are_older_than_the_chains_begin_theirs_with_the_next_change(office: Office) -> None:
    complaint_id = await office.opened()
    await tamper(
        office,
        "DELETE FROM audit_entries",
        "UPDATE cases SET audit_number = 0, audit_hash = NULL, audit_salt = NULL, audit_from = entries",
    )
    assert await wrong(office) == []
    await office.done(complaint_id, "accept")
    assert await wrong(office) == []
    await tamper(office, "UPDATE timeline SET author = 'key:x' WHERE kind = 'accepted'")
    assert await wrong(office) == ["content"]


@pytest.mark.requirement("N-J")
async def test_verification_takes_a_page_at_a_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await closed(office)
    whole = await verified(office)
    monkeypatch.setattr(walking, "CASES", 2)
    monkeypatch.setattr(walking, "ENTRIES", 7)
    assert await verified(office) == whole
    await tamper(office, "UPDATE audit_entries SET actor = 'key:x' WHERE number = 8")
    assert await wrong(office) == ["hash"] * 3


@pytest.mark.requirement("N-J")
async def test_what_was_written_under_a_former_secret_verifies_while_that_is_kept(
    office: Office, tmp_path: Path
) -> None:
    await closed(office)
    file = await checkpoint(office, tmp_path / "kept.ndjson")
    settings = office.process.settings
    anew = {"secret": SecretStr("another-secret-of-32-characters!")}
    without = settings.model_copy(update=anew)
    kept = settings.model_copy(update=anew | {"vault_keys": (SecretStr(SECRET),)})
    for changed in (without, kept):  # the secret itself is read once and kept
        changed.__dict__.pop("installation_secret", None)
    assert settings.database_url is not None
    url = settings.database_url
    lost = await auditing.verify(without, url, None, None, lambda done, total: None)
    assert {finding["code"] for finding in lost["findings"]} == {"content"}
    with pytest.raises(auditing.CannotVerify, match="another secret"):
        await auditing.verify(without, url, None, file, lambda done, total: None)
    found = await auditing.verify(kept, url, None, file, lambda done, total: None)
    assert (found["wrong"], found["chains"]) == (0, 1)


# the commands


async def command(office: Office, *words: str) -> tuple[int, str]:
    """`redress audit ...` beside the running service."""
    settings = office.process.settings
    environment = {
        "REDRESS_DATABASE_URL": str(settings.database_url),
        "REDRESS_SECRET": SECRET,
        "REDRESS_DATA_DIR": str(settings.data_dir),
    }
    done = await asyncio.to_thread(CliRunner().invoke, cli, ["audit", *words], env=environment)
    return done.exit_code, done.output


@pytest.mark.requirement("N-J")
async def test_the_commands_say_what_is_wrong_and_with_which_status(office: Office, tmp_path: Path) -> None:
    complaint_id = await closed(office)
    kept = tmp_path / "kept.ndjson"
    status, told = await command(office, "checkpoint", "--out", str(kept))
    assert status == 0
    answer = await office.http.get("/resolution/v1/audit/checkpoint")
    assert answer.headers["content-type"] == "application/x-ndjson"
    # At the same moment of the clock, and nothing happened in between.
    assert answer.content == kept.read_bytes()
    assert json.loads(told)["chains"] == 1

    status, told = await command(office, "verify", "--checkpoint", str(kept))
    assert status == 0
    assert "All is well" in told
    await tamper(office, "UPDATE timeline SET author = 'key:x' WHERE kind = 'accepted'")
    status, told = await command(office, "verify", "--complaint", str(complaint_id), "--json")
    [finding] = json.loads(told)["findings"]
    assert (status, finding["code"], finding["zh"]) == (1, "content", "所涉内容被改动")
    status, told = await command(office, "verify")
    assert (status, "changed" in told) == (1, True)

    status, told = await command(office, "verify", "--complaint", str(new_id()))
    assert (status, "There is no case" in told) == (2, True)
    kept.write_bytes(kept.read_bytes().replace(b'"number":', b'"number":1'))
    status, told = await command(office, "verify", "--checkpoint", str(kept))
    assert (status, "not a checkpoint of this installation" in " ".join(told.split())) == (2, True)


async def test_who_may_not_audit_reads_nothing(office: Office, database_url: str, tmp_path: Path) -> None:
    complaint_id = await office.opened()
    async with open_office(database_url, tmp_path, ["cases:read", "cases:work"]) as worker:
        for path in (f"/resolution/v1/cases/{complaint_id}/audit", "/resolution/v1/audit/checkpoint"):
            assert (await worker.http.get(path)).status_code == 403


# by which rules, and by whom not


@pytest.mark.requirement("002-11")
async def test_a_case_keeps_the_policies_and_rulebooks_that_it_was_handled_under(office: Office) -> None:
    complaint_id = new_id()
    given = assigned(complaint_id).model_copy(update={"policies": {"answer_in_time": 2}})
    await office.hear(registered(complaint_id), given)
    case = await office.read(complaint_id)
    assert case["handled_under"] == {
        "policies": {"answer_in_time": 2},
        "books_at_start": None,
        "books_at_end": None,
    }
    await office.hear(assigned(complaint_id, "e-2"))  # told by an older release: what is known stays
    await office.done(complaint_id, "answer", result="Done.")
    await office.hear(opinion(complaint_id, Outcome.SATISFIED, office.now))
    under = (await office.read(complaint_id))["handled_under"]
    listed = (await office.http.get("/resolution/v1/rulebooks")).json()
    in_force = {book["kind"]: book["version"] for book in listed}
    assert under == {"policies": {"answer_in_time": 2}, "books_at_start": in_force, "books_at_end": in_force}


@pytest.mark.requirement("002-11")
async def test_the_policies_in_force_for_the_department_travel_with_the_assignment(world: World) -> None:
    policy: dict[str, Any] = {
        **{"title_en": "t", "title_zh": "题", "body_en": "b", "body_zh": "文"},
        "valid_from": "2026-01-01T00:00:00Z",
        "layers": [1, 2, 3, 4],
    }
    changes: dict[str, dict[str, Any]] = {
        "for_all": {},
        "for_sales": {"layers": [], "departments": ["sales"]},
        "not_yet": {"valid_from": "2999-01-01T00:00:00Z"},
    }
    for code, more in changes.items():
        answer = await world.http.post("/routing/v1/policies", json=policy | {"code": code} | more)
        assert answer.status_code == 201, answer.text
    again = await world.http.post("/routing/v1/policies", json=policy | {"code": "for_all"})
    assert again.json()["version"] == 2
    registered = await world.register(TOLD)
    case = await case_with(world, registered["id"], "handler_id")
    shown = case["handled_under"]["policies"]
    assert shown["for_all"] == 2
    assert "not_yet" not in shown
    assert ("for_sales" in shown) is (case["department"] == "sales")


async def case_with(world: World, complaint_id: str, field: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        answer = await world.http.get(f"/resolution/v1/cases/{complaint_id}")
        return answer.json() if answer.status_code == 200 and answer.json()[field] else None

    case = await eventually(found, what=f"a case with {field}")
    assert case is not None
    return case


@pytest.mark.requirement("P-32")
async def test_reading_personal_data_in_intake_is_an_entry_of_the_cases_chain(world: World) -> None:
    registered = await world.register(TOLD)
    await world.settled()
    answer = await world.http.get(
        f"/intake/v1/complaints/{registered['id']}/contact", headers={"X-Purpose": "call back"}
    )
    assert answer.status_code == 200
    await world.settled()
    chain = (await world.http.get(f"/resolution/v1/cases/{registered['id']}/audit?limit=200")).json()["items"]
    reads = [each for each in chain if each["action"] == "read" and each["actor"].startswith("key:")]
    assert [each["note"] for each in reads] == [{"what": "contact", "purpose": "call back"}]
