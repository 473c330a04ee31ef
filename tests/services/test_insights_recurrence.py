"""Who else told the same: over events and HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.insights.rebuild import rebuild
from services.insights.recurrence.store import SignatureStore
from shared.events import CaseClosed, CustomerErased, ImprovementJoined
from shared.events.intake import MaskedStatement, ProductRef
from shared.events.vocabulary import Because, Language, Outcome
from shared.ids import derived_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.insights_story import Told, records, registered
from tests.services.test_insights import Insights, open_insights

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MOTOR = ProductRef(name="motor")
PORT = "订单SO12345678的电机运行十分钟后外壳发烫，散热风扇完全不转，已经烧坏两台。"
AGAIN = "電機運行十分鐘後外殼發燙，散熱風扇完全不轉，已經燒壞兩台！訂單SO87654321。"
OTHER = "快递一直没有送到，客服电话也打不通，请尽快处理。"


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    async with open_insights(await new_database(), scratch) as opened:
        key = await create_key(opened.context.settings.database_url or "", "all", ["cases:read"])
        opened.http.headers["Authorization"] = f"Bearer {key}"
        yield opened


def id_of(number: int) -> UUID:
    return UUID(int=(0x7 << 76) | (0x8 << 60) | number)


def said(number: int, words: str, day: float = 0, product: ProductRef = MOTOR, **fields: Any) -> Told:
    at = BEGAN + day * DAY
    statement = MaskedStatement(what_went_wrong=words)
    event = registered(
        id_of(number), at, statement=statement, product=product, language=Language.ZH, **fields
    )
    return at, event


async def feed(insights: Insights, *told: Told, apart: bool = False) -> None:
    given = records(told)
    await insights.feed(given, size=1 if apart else len(given))


async def similar(insights: Insights, number: int) -> dict[str, Any]:
    answer = await insights.http.get(f"/insights/v1/complaints/{id_of(number)}/similar")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.requirement("001-37", "000-08")
async def test_other_customers_who_found_the_same_are_shown_with_how_it_ended(insights: Insights) -> None:
    closed = CaseClosed.model_validate(
        {
            "complaint_id": id_of(1),
            "outcome": Outcome.SATISFIED,
            "closed_at": BEGAN + DAY,
            "closed_by": "key:1",
        }
    )
    improvement = derived_id("improvement", 1)
    joined = ImprovementJoined(
        complaint_id=id_of(1), improvement_id=improvement, joined_by="key:1", joined_at=BEGAN
    )
    await feed(
        insights,
        said(1, PORT),
        said(2, AGAIN, 30),
        said(3, OTHER, 30),
        (BEGAN + DAY, closed),
        (BEGAN, joined),
    )
    found = await similar(insights, 2)
    (item,) = found["items"]
    assert item["complaint_id"] == str(id_of(1))
    assert (found["recurrence_id"], found["complaints"], found["customers"]) == (str(id_of(1)), 2, 2)
    assert item["same_recurrence"]
    assert not item["same_customer"]
    assert item["likeness"] >= 85
    assert (item["outcome"], item["improvement_id"]) == ("satisfied", str(improvement))
    assert item["words"].startswith("订单")
    alone = await similar(insights, 3)
    assert (alone["items"], alone["complaints"], alone["recurrence_id"]) == ([], 1, str(id_of(3)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (said(1, PORT), said(2, AGAIN, 181)),
        (said(1, PORT), said(2, AGAIN, 1, ProductRef(name="pump"))),
    ],
    ids=["more than half a year apart", "another product"],
)
async def test_it_is_no_recurrence(insights: Insights, first: Told, second: Told) -> None:
    await feed(insights, first, second)
    assert (await similar(insights, 2))["complaints"] == 1


@pytest.mark.requirement("000-08")
async def test_a_recurrence_is_the_same_whatever_the_order_and_the_batches(
    insights: Insights, new_database: NewDatabase, scratch: Path
) -> None:
    """The one in the middle connects two that are more than half a year apart."""
    told = [said(1, PORT), said(2, AGAIN, 170), said(3, PORT + "急", 340), said(4, OTHER, 1)]
    await feed(insights, told[0], told[2], told[3], told[1], apart=True)
    query = "SELECT id, recurrence_id FROM signatures ORDER BY id"
    one = await insights.rows(query)
    assert [row[1] for row in one] == [id_of(1), id_of(1), id_of(1), id_of(4)]
    async with open_insights(await new_database(), scratch) as again:
        await feed(again, *told)
        assert await again.rows(query) == one


@pytest.mark.requirement("000-08")
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 3, 2, 1), (3, 0, 2, 1), (2, 0, 3, 1)])
async def test_who_tells_it_word_by_word_connects_others_whatever_the_order(
    insights: Insights, order: tuple[int, ...]
) -> None:
    """Whoever comes late joins whom they know to be before and behind them, not the newest alone."""
    told = [said(1, PORT), said(2, PORT, 170), said(3, PORT, 340), said(4, PORT, 700)]
    await insights.context.log.append(records(told))
    await feed(insights, *(told[number] for number in order), apart=True)
    query = "SELECT id, recurrence_id FROM signatures ORDER BY id"
    assert [row[1] for row in await insights.rows(query)] == [*[id_of(1)] * 3, id_of(4)]
    await rebuild(insights.context, at_once=1)
    assert [row[1] for row in await insights.rows(query)] == [*[id_of(1)] * 3, id_of(4)]


async def test_whoever_comes_after_an_erasure_finds_nobody_though_both_are_read_at_once(
    insights: Insights,
) -> None:
    at = BEGAN + 10 * DAY
    gone = CustomerErased(
        complaint_id=id_of(1), customer_id=derived_id("c", 1), because=Because.REQUESTED, erased_at=at
    )
    await feed(insights, said(1, PORT))
    await feed(insights, said(1, PORT), (at, gone), said(2, AGAIN, 20))
    found = await insights.rows("SELECT recurrence_id FROM signatures ORDER BY id")
    assert found == [(id_of(1),), (id_of(2),)]


async def test_of_an_erased_customer_nothing_is_left_to_compare(insights: Insights) -> None:
    at = BEGAN + 10 * DAY
    gone = CustomerErased(
        complaint_id=id_of(1), customer_id=derived_id("c", 1), because=Because.REQUESTED, erased_at=at
    )
    await feed(insights, said(1, PORT), said(2, AGAIN, 5), (at, gone), said(3, PORT, 20))
    assert await insights.rows("SELECT said, bands FROM signatures WHERE said IS NULL") == [(None, [])]
    assert [each["complaint_id"] for each in (await similar(insights, 2))["items"]] == [str(id_of(3))]
    assert (await similar(insights, 1))["items"] == []
    assert (await similar(insights, 2))["recurrence_id"] == str(id_of(1)), "it stays what it was"


@pytest.mark.requirement("000-08")
async def test_who_told_the_same_before_an_erasure_is_known_after_a_rebuild_too(insights: Insights) -> None:
    """In rounds of few records they come apart; and whoever came after the erasures finds nobody."""
    at = BEGAN + 10 * DAY
    told = [said(n, PORT if n % 2 else AGAIN, 5) for n in range(1, 9)]
    for n in range(1, 9):
        customer = derived_id("c", n)
        gone = CustomerErased(
            complaint_id=id_of(n), customer_id=customer, because=Because.REQUESTED, erased_at=at
        )
        told.append((at, gone))
    late = said(9, PORT, 20)
    await insights.context.log.append(records([*told, late]))
    await feed(insights, *told)
    await feed(insights, late)
    query = "SELECT * FROM signatures ORDER BY id"
    once = await insights.rows(query)
    assert [row[6] for row in once] == [*[id_of(1)] * 8, id_of(9)]
    await rebuild(insights.context, at_once=1)
    assert await insights.rows(query) == once


async def test_an_erasure_does_not_take_back_what_another_complaint_moved_meanwhile(
    insights: Insights,
) -> None:
    await feed(insights, said(2, PORT))
    store, database = SignatureStore(), insights.context.database
    async with database.transaction() as slow:
        known = await store.load(slow, [id_of(2)])
        await feed(insights, said(1, AGAIN, 1))
        known[id_of(2)].erased_at = BEGAN + DAY
        await store.save(slow, known.values())
    assert await insights.rows("SELECT recurrence_id FROM signatures") == [(id_of(1),)] * 2


async def test_who_may_not_read_cases_learns_nothing_of_others(insights: Insights) -> None:
    await feed(insights, said(1, PORT))
    key = await create_key(insights.context.settings.database_url or "", "measures", ["measures:read"])
    answer = await insights.http.get(
        f"/insights/v1/complaints/{id_of(1)}/similar", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 403
    unknown = await insights.http.get(f"/insights/v1/complaints/{id_of(9)}/similar")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (404, "path/complaint_id")


async def test_recurrences_are_made_again_from_the_log(insights: Insights) -> None:
    """The table is among those that a rebuild empties."""
    await feed(insights, said(1, PORT), said(2, AGAIN, 30))
    await rebuild(insights.context)
    assert await insights.rows("SELECT count(*) FROM signatures") == [(0,)]
