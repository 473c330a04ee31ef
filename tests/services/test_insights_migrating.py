"""Complaints that an older release counted: they come through the migrations, and are counted anew."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection

from services.insights.rebuild import rebuild
from shared import clock
from shared.database import make_engine
from shared.events import CaseClosed, ComplaintMerged, CustomerTold
from shared.events.vocabulary import Outcome
from shared.ids import derived_id
from shared.migrate import configuration
from tests.conftest import NewDatabase
from tests.insights_story import START, Told, records, registered
from tests.services.test_insights import open_insights

RELEASED = "0017"
"""Revision of the release before acknowledgements were timed."""
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


async def moved(url: str, revision: str) -> None:
    def move(connection: Connection) -> None:
        config = configuration("insights")
        config.attributes["connection"] = connection
        (command.upgrade if revision == "head" else command.downgrade)(config, revision)

    engine = make_engine(url, "insights", pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(move)
    await engine.dispose()


def told() -> list[Told]:
    """One answered after an hour, one closed and one merged without an answer after half an hour."""
    known: list[Told] = [(START, registered(derived_id("old", n), START)) for n in range(3)]
    soon, later = START + timedelta(minutes=30), START + timedelta(hours=1)
    closed = CaseClosed(
        complaint_id=derived_id("old", 1), outcome=Outcome.ACCEPTABLE, closed_by="li", closed_at=soon
    )
    merged = ComplaintMerged(
        complaint_id=derived_id("old", 2), leading_id=derived_id("old", 0), merged_by="li", merged_at=soon
    )
    answered = CustomerTold(complaint_id=derived_id("old", 0), message="soon", told_at=later)
    return [*known, (soon, closed), (soon, merged), (later, answered)]


@pytest.mark.requirement("002-10", "002-17")
async def test_sums_of_the_release_before_are_made_again_and_a_rebuild_tells_the_rest(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with open_insights(url, scratch) as insights:
        await insights.context.log.append(records(told()))
        await insights.consume_the_log()
        before = await insights.snapshot()
    await moved(url, RELEASED)
    await moved(url, "head")
    async with open_insights(url, scratch) as insights:
        after = await insights.snapshot()
        assert sorted(after["daily"]) == sorted(before["daily"])
        merged = await insights.rows(
            "SELECT merged_at, notice_ids FROM complaints WHERE leading_id IS NOT NULL"
        )
        assert merged == [(START, [])], "as if it had been merged when it was received"
        with clock.moved_to(lambda: START + timedelta(days=9)):
            [whole] = (await insights.measures(**MARCH)).values()
        assert not whole["response_time_p90"]["at_least"], "nothing that has ended is waited for"
        await rebuild(insights.context)
        assert await insights.snapshot() == before
