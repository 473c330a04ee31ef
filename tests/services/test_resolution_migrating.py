"""Cases that an older release left behind: they come through the migrations, and are worked on."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection

from services import auditing
from services.resolution.lifecycle import State
from shared import clock
from shared.database import make_engine
from shared.events import ComplaintMerged, ComplaintWithdrawn, CustomerErased
from shared.events.vocabulary import Because, Outcome
from shared.ids import new_id
from shared.migrate import configuration
from tests.resolution_story import opinion
from tests.services.test_resolution import OFFERS, open_office

RELEASED = "0004"
"""Revision of the release before."""


async def moved(url: str, revision: str) -> None:
    def move(connection: Connection) -> None:
        config = configuration("resolution")
        config.attributes["connection"] = connection
        (command.upgrade if revision == "head" else command.downgrade)(config, revision)

    engine = make_engine(url, "resolution", pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(move)
    await engine.dispose()


@pytest.mark.requirement("P-32", "P-09")
async def test_cases_of_the_release_before_are_worked_on_and_begin_their_chains(
    database_url: str, tmp_path: Path
) -> None:
    async with open_office(database_url, tmp_path, ["admin"]) as office:
        with clock.moved_to(lambda: office.now):
            opened, merged, withdrawn, erased = [await office.opened() for _ in range(4)]
            offered = await office.opened()
            await office.done(offered, "accept")
            await office.done(
                offered, "judgement", reason_sufficient=True, demand_reasonable=True, explanation="So."
            )
            await office.done(offered, "offers", offers=OFFERS)
            told, closed = await office.carried_out(), await office.carried_out()
            await office.hear(
                opinion(closed, Outcome.SATISFIED, office.now),
                ComplaintMerged(
                    complaint_id=merged,
                    leading_id=opened,
                    merged_by="key:li",
                    reason="Twice.",
                    merged_at=office.now,
                ),
                ComplaintWithdrawn(complaint_id=withdrawn, reason=None, withdrawn_at=office.now),
                CustomerErased(
                    complaint_id=erased, customer_id=new_id(), because=Because.REQUESTED, erased_at=office.now
                ),
            )
    await moved(database_url, RELEASED)
    await moved(database_url, "head")
    async with open_office(database_url, tmp_path, ["admin"]) as office:
        with clock.moved_to(lambda: office.now):
            known = [opened, erased, offered, told, closed, merged, withdrawn]
            states = [(await office.read(each))["state"] for each in known]
            assert states == [
                *(State.OPEN, State.OPEN, State.OFFERED, State.CARRIED_OUT),
                *(State.CLOSED, State.MERGED, State.WITHDRAWN),
            ]
            await office.done(opened, "accept")
            await office.done(erased, "reply", message="Soon.")
            offer = (await office.read(offered))["offers"][0]["offer_id"]
            await office.done(offered, "consent", offer_id=offer, via="phone")
            await office.done(offered, "carry-out", result="Done.")
            await office.hear(opinion(told, Outcome.SATISFIED, office.now))
            assert (await office.read(told))["state"] == State.CLOSED
            await office.done(closed, "reopen", reason="It came back.")
            assert await office.rows("SELECT error FROM dead_letters") == []
            assert await office.rows("SELECT count(*) FROM audit_entries") > [(0,)]
            settings = office.process.settings
            report = await auditing.verify(settings, database_url, None, None, lambda done, total: None)
            assert (report["chains"], report["findings"]) == (7, [])
