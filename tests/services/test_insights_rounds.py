"""The jobs of insights wait until everything that is told has been read."""

from datetime import timedelta

import pytest

from services.insights import rounds
from services.insights.alerts.watch import Watch
from services.insights.hazards.finding import HazardFinder
from services.insights.topics.job import Miner
from services.insights.training.finding import Finder
from shared import clock
from shared.events.intake import ProductRef
from tests.insights_story import START, records
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture
from tests.services.test_insights_training import NOW, story
from tests.services.test_insights_voices import told

KETTLE = ProductRef(name="kettle")


@pytest.mark.requirement("003-06", "000-25")
async def test_nothing_is_judged_while_there_is_much_to_read(
    insights: Insights,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "BEHIND", 0)
    await insights.context.log.append(
        records([told(number, "The plug sparks and smokes.", product=KETTLE) for number in range(5)])
    )
    done = "SELECT (SELECT count(*) FROM warning_rounds), (SELECT count(*) FROM mined_weeks), count(*) FROM hazards"
    with clock.moved_to(lambda: START + timedelta(days=14)):
        await Watch(insights.context).turn()
        await Miner(insights.context).turn()
        await HazardFinder(insights.context).turn()
        assert await insights.rows(done) == [(0, 0, 0)]
        await insights.consume_the_log()
        await Watch(insights.context).turn()
        await Miner(insights.context).turn()
        await HazardFinder(insights.context).turn()
    assert await insights.rows(done) == [(2, 1, 1)]


@pytest.mark.requirement("002-15")
async def test_who_must_learn_is_not_asked_while_lapses_are_still_to_be_read(
    insights: Insights,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "BEHIND", 0)
    await insights.context.log.append(records(story()))
    with clock.moved_to(lambda: NOW):
        assert await Finder(insights.context).turn() == 0
        await insights.consume_the_log()
        assert await Finder(insights.context).turn() == 2
