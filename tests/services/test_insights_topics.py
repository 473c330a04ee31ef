"""What is told anew becomes a topic: from words on the log to a fact, and to what people make of it."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.insights.app import service
from services.insights.topics.job import Miner
from shared import clock
from shared.events import ComplaintCoded, ComplaintTriaged, CustomerErased, TopicEmerged
from shared.events.intake import MaskedStatement, ProductRef, TaxonomyCode
from shared.events.routing import Decider
from shared.events.vocabulary import Because, Language, Severity
from shared.ids import derived_id
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.insights_story import Told, records, registered
from tests.services.test_insights import Insights, open_insights

URL = "/insights/v1/topics"
MONDAY = date(2026, 6, 1)
WEEK = timedelta(days=7)
USUAL = {
    "zh": [
        *("电机漏电跳闸。", "快递晚到三天。", "发票抬头写错。"),
        *("客服电话打不通。", "纸箱压坏了。", "螺丝少一颗。"),
    ],
    "en": [
        *("The motor hums loudly.", "Delivery was late.", "The invoice is wrong."),
        *("Nobody answers the hotline.", "A crate arrived crushed."),
    ],
}
NEW = {
    "zh": ["充电口发烫烧黑了。", "充电口发烫，不敢碰。", "晚上充电口发烫冒烟。"],
    "en": [
        "The charging port is scorched.",
        "Charging port melted, scorched edge.",
        "My charging port got scorched.",
    ],
}


@pytest.fixture
async def insights(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    async with open_insights(await new_database(), scratch) as opened:
        key = await create_key(
            opened.context.settings.database_url or "", "all", ["measures:read", "cases:read", "topics:write"]
        )
        opened.http.headers["Authorization"] = f"Bearer {key}"
        yield opened


def id_of(kind: str, week: int, n: int) -> UUID:
    return derived_id("topics-test", kind, week, n)


def said(kind: str, week: int, n: int, language: str, words: str, **fields: Any) -> list[Told]:
    i = id_of(kind, week, n)
    at = datetime(2026, 6, 1, 9, tzinfo=UTC) + week * WEEK + timedelta(hours=n % 160)
    statement = MaskedStatement(what_went_wrong=words)
    told: list[Told] = [(at, registered(i, at, language=Language(language), statement=statement, **fields))]
    if "product" in fields:
        code = TaxonomyCode(category="function_fault", subcategory="use")
        coded: dict[str, Any] = {
            "complaint_id": i,
            "number": 1,
            "taxonomy_version": 1,
            "codes": (code,),
            "values": (),
        }
        coded |= {"reason": "", "coded_by": "key:1", "coded_at": at, "needs_review": False}
        triaged: dict[str, Any] = {
            "complaint_id": i,
            "category": "function_fault",
            "severity": Severity.GENERAL,
        }
        triaged |= {"decided_by": Decider.RULES, "reasons": (), "triaged_at": at}
        told += [
            (at, ComplaintCoded.model_validate(coded)),
            (at, ComplaintTriaged.model_validate(triaged)),
        ]
    return told


def stream(weeks: Sequence[int], a_week: int = 40) -> list[Told]:
    """What is told every week, of customers who each write once."""
    told: list[Told] = []
    for week in weeks:
        chance = Random(week)
        for n in range(a_week):
            language = ("zh", "en")[n % 2]
            told += said("usual", week, n, language, " ".join(chance.sample(USUAL[language], 2)))
    return told


def planted(week: int, language: str, n: int = 8, **fields: Any) -> list[Told]:
    return [
        each
        for number in range(n)
        for each in said(
            f"new-{language}",
            week,
            number,
            language,
            NEW[language][number % 3] + USUAL[language][number % 5],
            **fields,
        )
    ]


async def feed(insights: Insights, told: list[Told]) -> None:
    given = records(sorted(told, key=lambda each: each[0]))
    await service.pump(insights.context).handle(given)


async def mine(insights: Insights, *weeks: int) -> list[int | None]:
    miner = Miner(insights.context)
    return [await miner.mine(MONDAY + week * WEEK) for week in weeks]


async def listed(insights: Insights, **asked: str) -> list[dict[str, Any]]:
    answer = await insights.http.get(URL, params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def read(insights: Insights, topic_id: str) -> dict[str, Any]:
    answer = await insights.http.get(f"{URL}/{topic_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told_of(insights: Insights) -> list[TopicEmerged]:
    rows = await insights.rows(
        "SELECT value FROM outbox WHERE headers->>'ce_type' = 'redress.topic.emerged.v1'"
    )
    return [TopicEmerged.model_validate_json(bytes(row[0])) for row in rows]


@pytest.mark.requirement("002-25", "003-11")
async def test_what_is_told_anew_is_found_in_its_week_with_its_complaints_and_told_once(
    insights: Insights,
) -> None:
    await feed(insights, stream(range(7)) + planted(6, "zh"))
    assert await mine(insights, 5, 6, 6) == [0, 1, None]
    (topic,) = await listed(insights)
    assert topic["complaints"] == topic["customers"] == 8
    assert topic["expected"] < 1
    assert topic["q_value"] <= 0.01
    assert topic["first_week"] == topic["last_week"] == str(MONDAY + 6 * WEEK)
    assert any("充电" in term or "发烫" in term for term in topic["label"]["zh"])
    assert topic["label"]["en"] == []
    view = await read(insights, topic["id"])
    assert view["weeks"] == [{"week": str(MONDAY + 6 * WEEK), "complaints": 8}]
    assert len(view["quotes"]) == 3
    assert all("充电口发烫" in quote["words"] for quote in view["quotes"])
    (emerged,) = await told_of(insights)
    own = {id_of("new-zh", 6, n) for n in range(8)}
    assert (set(emerged.evidence), emerged.complaint_id) == (own, max(own))
    page = (await insights.http.get(f"{URL}/{topic['id']}/complaints", params={"limit": "5"})).json()
    rest = await insights.http.get(f"{URL}/{topic['id']}/complaints", params={"cursor": page["next"]})
    assert {UUID(each["complaint_id"]) for each in [*page["items"], *rest.json()["items"]]} == own


async def test_a_topic_that_goes_on_keeps_its_id_and_its_later_complaints(insights: Insights) -> None:
    await feed(insights, stream(range(9)) + planted(6, "zh") + planted(7, "zh", 12) + planted(8, "zh", 2))
    assert await mine(insights, 6, 7, 8) == [1, 0, 0]
    (topic,) = await listed(insights)
    view = await read(insights, topic["id"])
    assert [each["complaints"] for each in view["weeks"]] == [8, 12, 2]
    assert view["last_week"] >= str(MONDAY + 7 * WEEK)
    assert len(await told_of(insights)) == 1


async def test_in_another_language_it_is_the_same_topic_when_the_codes_agree(insights: Insights) -> None:
    port: dict[str, Any] = {"product": ProductRef(name="phone")}
    await feed(insights, stream(range(7)) + planted(6, "zh", **port) + planted(6, "en", **port))
    assert await mine(insights, 6) == [1]
    (topic,) = await listed(insights)
    assert (topic["complaints"], topic["product"], topic["subcategory"]) == (16, "phone", "use")
    assert topic["label"]["en"]
    assert topic["label"]["zh"]
    assert len((await read(insights, topic["id"]))["quotes"]) == 6
    await feed(insights, stream([7]) + planted(7, "en", 16))
    assert await mine(insights, 7) == [0]
    quotes = (await read(insights, topic["id"]))["quotes"]
    assert [each["language"] for each in quotes] == ["en"] * 3 + ["zh"] * 3


async def test_without_codes_two_languages_are_two_topics(insights: Insights) -> None:
    await feed(insights, stream(range(7)) + planted(6, "zh") + planted(6, "en"))
    assert await mine(insights, 6) == [2]


async def test_one_customer_who_writes_twenty_times_is_no_topic(insights: Insights) -> None:
    one = derived_id("one", 1)
    await feed(insights, stream(range(7)) + planted(6, "en", 20, customer_id=one))
    assert await mine(insights, 6) == [0]
    assert await listed(insights) == []


async def test_before_enough_weeks_are_known_nothing_is_new(insights: Insights) -> None:
    await feed(insights, stream(range(4)) + planted(3, "en"))
    assert await mine(insights, 3) == [0]


async def test_the_same_words_give_the_same_topics_whenever_they_are_mined(
    insights: Insights, new_database: NewDatabase, scratch: Path
) -> None:
    told = stream(range(8)) + planted(6, "zh") + planted(7, "en")
    await feed(insights, told)
    await mine(insights, 6, 7)
    async with open_insights(await new_database(), scratch) as again:
        await feed(again, list(reversed(told)))
        await mine(again, 6, 7)
        for table in ("topics", "topic_complaints", "term_days"):
            names = "SELECT * FROM {} ORDER BY 1, 2".format(table)  # noqa: UP032
            one, other = [[row[:6] for row in await each.rows(names)] for each in (insights, again)]
            assert one == other, table


@pytest.mark.requirement("002-25")
async def test_people_name_dismiss_resume_and_merge_topics(insights: Insights) -> None:
    await feed(insights, stream(range(8)) + planted(6, "zh") + planted(6, "en") + planted(7, "en"))
    await mine(insights, 6)
    first, second = await listed(insights)
    named = await insights.http.put(f"{URL}/{first['id']}/name", json={"name": "Port, call 13800138000"})
    assert named.status_code == 200, named.text
    assert "13800138000" not in named.json()["name"]
    assert named.headers["ETag"] == '"2"'
    stale = await insights.http.post(
        f"{URL}/{first['id']}/dismiss", json={"reason": "None."}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    gone = await insights.http.post(f"{URL}/{first['id']}/dismiss", json={"reason": "None of ours."})
    assert (gone.json()["state"], gone.json()["reason"]) == ("dismissed", "None of ours.")
    assert [each["id"] for each in await listed(insights, state="open")] == [second["id"]]
    refused = await insights.http.post(
        f"{URL}/{second['id']}/merge", json={"into": first["id"], "reason": "Same port."}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "not-a-target")
    back = await insights.http.post(f"{URL}/{first['id']}/resume", json={"reason": "It is."})
    assert back.json()["state"] == "open"
    into, part = sorted((first, second), key=lambda each: bool(each["label"]["en"]))
    merged = await insights.http.post(
        f"{URL}/{part['id']}/merge", json={"into": into["id"], "reason": "Same port."}
    )
    assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", into["id"])
    again = await insights.http.put(f"{URL}/{part['id']}/name", json={"name": "No"})
    assert (again.status_code, again.json()["code"]) == (409, "merged")
    assert await mine(insights, 7) == [0]
    assert (await read(insights, into["id"]))["complaints"] == 24


async def test_erased_words_are_quoted_no_more(insights: Insights) -> None:
    told = stream(range(7)) + planted(6, "zh")
    await feed(insights, told)
    await mine(insights, 6)
    (topic,) = await listed(insights)
    at = datetime(2026, 8, 1, tzinfo=UTC)
    erased: list[Told] = [
        (
            at,
            CustomerErased(
                complaint_id=id_of("new-zh", 6, n),
                customer_id=derived_id("customer", id_of("new-zh", 6, n)),
                because=Because.REQUESTED,
                erased_at=at,
            ),
        )
        for n in range(8)
    ]
    await feed(insights, told + erased)
    view = await read(insights, topic["id"])
    assert (view["quotes"], view["complaints"]) == ([], 8)


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("name", {"name": ""}, 422, "body/name"),
        ("merge", {"into": "x", "reason": "r"}, 422, "body/into"),
        ("dismiss", {"reason": "r"}, 404, "path/topic_id"),
    ],
)
async def test_what_is_wrong_is_named(
    insights: Insights, path: str, body: dict[str, str], status: int, field: str
) -> None:
    method = "PUT" if path == "name" else "POST"
    answer = await insights.http.request(method, f"{URL}/{id_of('no', 0, 0)}/{path}", json=body)
    assert answer.status_code == status
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_topics_need_their_scopes(insights: Insights) -> None:
    topic = f"{URL}/{id_of('no', 0, 0)}"
    assert (await insights.stranger.get(URL)).status_code == 403
    assert (await insights.stranger.get(topic)).status_code == 403
    assert (await insights.stranger.post(f"{topic}/dismiss", json={"reason": "r"})).status_code == 403


async def test_the_timer_mines_each_week_once_it_has_settled_and_catches_up(insights: Insights) -> None:
    await feed(insights, stream(range(8)) + planted(6, "zh"))
    miner = Miner(insights.context)

    async def turns(at: datetime) -> list[date | None]:
        with clock.moved_to(lambda: at):
            return [await miner.turn() for _ in range(3)]

    monday = datetime(2026, 6, 1, tzinfo=UTC)
    assert await turns(monday + 6 * WEEK + timedelta(hours=5)) == [MONDAY + 4 * WEEK, None, None]
    assert await turns(monday + 8 * WEEK + timedelta(hours=7)) == [
        *(MONDAY + 5 * WEEK, MONDAY + 6 * WEEK, MONDAY + 7 * WEEK),
    ]
    assert len(await listed(insights)) == 1


async def test_a_merged_topic_cannot_be_without_its_target(insights: Insights) -> None:
    await feed(insights, stream(range(7)) + planted(6, "zh"))
    await mine(insights, 6)
    with pytest.raises(IntegrityError):
        async with insights.context.database.transaction() as transaction:
            await transaction.execute(
                text("UPDATE topics SET state = 'merged', decided_by = 'x', reason = 'y'")
            )
