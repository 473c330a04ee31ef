"""What customers mean, on a real PostgreSQL: words in, values, needs, emotions and opportunities out."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from services.insights.cues.lexicon import common
from services.insights.cues.model import Heard
from services.insights.rebuild import READ_TABLES
from services.insights.voices import model
from services.insights.voices.handlers import reactions as voices
from services.insights.voices.rehearing import Rehearing
from shared.eventlog import Record
from shared.events import (
    ComplaintCoded,
    ComplaintSupplemented,
    ComplaintTriaged,
    ContactHeld,
    CustomerErased,
)
from shared.events.intake import MaskedStatement, ProductRef, TaxonomyCode
from shared.events.routing import Decider
from shared.events.vocabulary import Because, Channel, Emotion, Kind, Language, Medium, Severity
from shared.ids import derived_id
from tests.conftest import NewDatabase
from tests.insights_story import START, Told, interleaved, ordered_id, records, registered
from tests.services.test_insights import Insights, insights  # noqa: F401 - a fixture

SPAN = {"from": "2026-03-01", "to": "2026-03-28"}


def told(number: int, words: str, *, day: int = 0, **fields: Any) -> Told:
    at = START + timedelta(days=day, minutes=number)
    fields = {"language": Language.EN, "statement": MaskedStatement(what_went_wrong=words)} | fields
    return at, registered(ordered_id(at, "voice", number), at, **fields)


def later(of: Told, hours: int, words: str | None, emotion: Emotion | None = None) -> Told:
    at = of[0] + timedelta(hours=hours)
    return at, ComplaintSupplemented(
        complaint_id=of[1].complaint_id,
        addition_id=derived_id("addition", of[1].complaint_id, hours),
        number=1,
        contact_at=at,
        added_by="li.na",
        added_at=at,
        medium=Medium.ONLINE,
        channel=Channel.PHONE,
        said=words,
        emotion=emotion,
        completeness=1,
    )


def triaged(of: Told, category: str) -> Told:
    at = of[0] + timedelta(minutes=5)
    return at, ComplaintTriaged(
        complaint_id=of[1].complaint_id,
        category=category,
        severity=Severity.GENERAL,
        decided_by=Decider.RULES,
        reasons=(),
        triaged_at=at,
    )


def coded(of: Told, number: int, *values: str) -> Told:
    at = of[0] + timedelta(hours=number)
    return at, ComplaintCoded(
        complaint_id=of[1].complaint_id,
        number=number,
        taxonomy_version=1,
        codes=(TaxonomyCode(category="late_delivery"),),
        values=values,
        reason="read",
        coded_by="li.na",
        coded_at=at,
    )


def held(of: Told, hours: int, emotion: Emotion) -> Told:
    at = of[0] + timedelta(hours=hours)
    return at, ContactHeld(
        complaint_id=of[1].complaint_id,
        contact_id=derived_id("contact", of[1].complaint_id, hours),
        via="phone",
        emotion=emotion,
        met=3,
        judged=4,
        held_by="li.na",
        held_at=at,
    )


def erased(of: Told) -> Told:
    at: datetime = of[0] + timedelta(days=9)
    return at, CustomerErased(
        complaint_id=of[1].complaint_id,
        customer_id=derived_id("customer", of[1].complaint_id),
        because=Because.REQUESTED,
        erased_at=at,
    )


async def feed(to: Insights, given: Sequence[Record], size: int = 100) -> None:
    await to.feed(given, size)


async def asked(of: Insights, path: str, **query: Any) -> dict[str, Any]:
    answer = await of.http.get(f"/insights/v1/{path}", params=SPAN | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shares(group: dict[str, Any]) -> dict[str, int]:
    return {each["code"]: each["complaints"] for each in group["values"] if each["complaints"]}


@pytest.mark.requirement("000-23", "003-11")
async def test_every_complaint_touches_a_value_and_what_people_coded_wins(insights: Insights) -> None:  # noqa: F811
    kettle = ProductRef(name="kettle")
    late, rude, mute, praise = (
        told(1, "The parcel is late and the clerk was rude.", product=kettle),
        told(2, "The parcel is late.", product=kettle),
        told(3, "It is about the order of May."),
        told(4, "All is well.", kind=Kind.PRAISE),
    )
    unplaced = told(5, "It is about the order of June.")
    story = [
        late,
        rude,
        mute,
        praise,
        unplaced,
        coded(rude, 1, "beauty"),
        coded(rude, 2, "respect", "commitment"),
    ]
    await feed(insights, records([*story, triaged(mute, "appearance"), triaged(late, "late_delivery")]))

    (group,) = (await asked(insights, "values"))["groups"]
    # 1: speed, respect; 2: respect, and commitment which is called reliability and respect here; 3: by its category
    assert shares(group) == {"speed": 1, "respect": 2, "reliability": 1, "appearance": 1}
    counted = {name: group[name] for name in ("labelled", "coded", "heard", "placed", "unlabelled", "small")}
    assert counted == {"labelled": 3, "coded": 1, "heard": 1, "placed": 1, "unlabelled": 1, "small": True}
    (respect,) = [each for each in group["values"] if each["code"] == "respect"]
    assert respect["share"] == pytest.approx(2 / 3)
    assert (respect["low"], respect["high"]) == (
        pytest.approx(0.2077, abs=1e-4),
        pytest.approx(0.9385, abs=1e-4),
    )
    by_product = (await asked(insights, "values", by="product"))["groups"]
    assert {group["key"]: shares(group) for group in by_product} == {
        "kettle": {"speed": 1, "respect": 2, "reliability": 1},
        None: {"appearance": 1},
    }
    (only,) = (await asked(insights, "values", by="category", key="late_delivery"))["groups"]
    assert shares(only) == {"speed": 1, "respect": 1}


@pytest.mark.requirement("000-23")
async def test_values_are_those_that_the_company_names_when_it_reads(insights: Insights) -> None:  # noqa: F811
    await feed(insights, records([told(1, "The parcel is late."), told(2, "The kettle is broken.")]))
    content = (
        '{"values": [{"code": "care", "name_en": "Care", "name_zh": "用心"}],'
        ' "facets": {"late": ["care"], "broken": ["care"]}, "coded": {}}'
    )
    async with insights.context.database.transaction() as transaction:
        for statement in (
            f"INSERT INTO rulebook_versions VALUES ('value-orientation', 1, '{content}', 'd', 'r', 'b', now())",
            "INSERT INTO rulebook_switches VALUES ('value-orientation', 1, 1, 'r', 'b', now())",
        ):
            await transaction.execute(text(statement))
    found = await asked(insights, "values")
    assert found["values_version"] == 1
    assert shares(found["groups"][0]) == {"care": 2}


@pytest.mark.requirement("000-23")
async def test_a_value_that_is_missed_more_and_more_is_said_to_rise(insights: Insights) -> None:  # noqa: F811
    number, story = 0, list[Told]()
    for week, late in enumerate([5, 10, 15, 20]):
        for each in range(25):
            number += 1
            words = "The parcel is late." if each < late else "The clerk was rude."
            story.append(told(number, words, day=7 * week))
    await feed(insights, records(story), size=30)
    (group,) = (await asked(insights, "values"))["groups"]
    trends = {each["code"]: each["trend"] for each in group["values"]}
    assert not group["small"]
    assert trends["speed"]["low"] > 0
    assert trends["speed"]["per_30_days"] == pytest.approx(0.2 * 30 / 7, rel=0.1)
    assert trends["speed"]["q_value"] < 0.001
    assert trends["respect"]["high"] < 0
    assert trends["safety"] is None


def mixed_story() -> list[Told]:
    words = (
        "晚到两天，没有人通知我，要求退款！",
        "The kettle smokes. I don't want a refund, just a replacement.",
        "希望能出大号的，不要赔偿，再也不买了。",
        "The parcel is late and the clerk was rude. I'd like to buy ten more.",
    )
    story: list[Told] = []
    for number in range(40):
        first = told(
            number, words[number % 4], day=number % 7, language=(Language.ZH, Language.EN)[number % 2]
        )
        story += [first, triaged(first, ("late_delivery", "appearance")[number % 2])]
        story += [held(first, 3, Emotion.CALM)] * (number % 3 == 0)
        story += [later(first, 20, words[(number + 1) % 4], Emotion.RELIEVED)] * (number % 4 == 0)
        story += [coded(first, 1, "respect"), triaged(first, "dimension")] * (number % 5 == 0)
        story += [erased(first), later(first, 300, "It is late again.")] * (number % 11 == 0)
    return sorted(story, key=lambda pair: pair[0])


async def test_every_interleaving_gives_the_same_voices_and_sums_of_them(
    insights: Insights,  # noqa: F811
) -> None:
    given = records(mixed_story())
    await feed(insights, given, size=500)
    before = await insights.snapshot()
    assert len(before["voices"]) == 40
    assert before["voice_sums"] == await contributed(insights)
    for seed, size in ((1, 1), (2, 7)):
        async with insights.context.database.transaction() as transaction:
            await transaction.execute(
                text(f"TRUNCATE inbox, {', '.join(table.name for table in READ_TABLES)}")
            )
        await feed(insights, interleaved(given, Random(seed), 3), size)
        assert await insights.snapshot() == before


async def contributed(of: Insights) -> list[tuple[Any, ...]]:
    """The sums as all voices together have them."""
    total: Counter[model.Cell] = Counter()
    async with of.context.database.transaction() as transaction:
        ids = [row[0] for row in await of.rows("SELECT id FROM voices")]
        for voice in (await voices.store.load(transaction, ids)).values():
            total.update(model.contributions(voice))
    return sorted((*cell, n) for cell, n in total.items())


@pytest.mark.requirement("002-25")
async def test_new_lexicons_hear_again_what_was_told_before(
    insights: Insights,  # noqa: F811
    new_database: NewDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = records(mixed_story())
    with monkeypatch.context() as old:
        old.setattr(model, "hear", lambda words, language: Heard((), 0.0))
        old.setattr(model, "common", lambda: SimpleNamespace(version=common().version - 1))
        await feed(insights, given)
    assert await insights.rows("SELECT DISTINCT facets FROM voices") == [([],)]
    erased_ones = await insights.rows("SELECT id FROM voices WHERE erased")
    work = Rehearing(insights.context)
    assert await work.turn() == 40 - len(erased_ones) == 36
    assert await work.turn() == 0
    again = await insights.rows("SELECT * FROM voices WHERE NOT erased ORDER BY id")
    assert await contributed(insights) == (await insights.snapshot())["voice_sums"]
    async with insights.context.database.transaction() as transaction:
        await transaction.execute(text("TRUNCATE voices, voice_sums, tellings, inbox"))
    await feed(insights, given)
    assert await insights.rows("SELECT * FROM voices WHERE NOT erased ORDER BY id") == again


@pytest.mark.requirement("004-02")
async def test_emotions_are_followed_from_the_first_contact_to_the_last(insights: Insights) -> None:  # noqa: F811
    turned, calmed, stayed, soured, once = (
        told(1, "I am furious."),
        told(2, "It is about the kettle.", emotion=Emotion.ANGRY),
        told(3, "I am furious."),
        told(4, "It is about the kettle.", emotion=Emotion.CALM),
        told(5, "I am furious."),
    )
    story = [turned, calmed, stayed, soured, once]
    story += [held(turned, 2, Emotion.ANGRY), later(turned, 9, None, Emotion.GRATEFUL)]
    story += [
        held(calmed, 2, Emotion.CALM),
        later(stayed, 2, "I am still furious."),
        held(soured, 1, Emotion.ANGRY),
    ]
    await feed(insights, records(story))
    (group,) = (await asked(insights, "emotions"))["groups"]
    assert (group["heard"], group["began_negative"], group["turned_negative"]) == (5, 3, 1)
    assert (group["converted"]["complaints"], group["calmed"]["complaints"]) == (1, 1)
    assert group["converted"]["share"] == pytest.approx(1 / 3)
    felt = {each["name"]: each["complaints"] for each in group["emotions"]}
    assert felt == {"": 5, "angry": 5, "calm": 2, "grateful": 1}


@pytest.mark.requirement("001-39")
async def test_sales_learns_where_a_complaint_holds_business(insights: Insights) -> None:  # noqa: F811
    story = [
        told(number, words, product=ProductRef(name="kettle"))
        for number, words in enumerate(
            [
                "It leaks. If you fix it I will order twenty more.",
                "The parcel is late.",
                "It is loud. Do you also sell a bigger model?",
                "It leaks. If you fix it I will order twenty more.",
            ]
        )
    ]
    await feed(insights, records([*story, erased(story[3])]))
    query = {"limit": 2}
    first = await insights.stranger.get("/insights/v1/opportunities", params=query)
    assert first.status_code == 200, first.text
    page = first.json()
    assert [each["complaint_id"] for each in page["items"]] == [str(story[n][1].complaint_id) for n in (3, 2)]
    assert page["items"][0]["words"] == []
    assert "sell a bigger" in " ".join(page["items"][1]["words"])
    rest = await insights.stranger.get("/insights/v1/opportunities", params=query | {"cursor": page["next"]})
    (last,) = rest.json()["items"]
    assert (last["complaint_id"], last["opportunities"]) == (str(story[0][1].complaint_id), ["more"])
    other = await insights.stranger.get("/insights/v1/opportunities", params={"product": "fridge"})
    assert other.json()["items"] == []


@pytest.mark.requirement("002-25", "003-11")
async def test_a_need_without_a_name_shows_by_rising_wishes_and_what_is_taken_for_granted_by_who_leaves(
    insights: Insights,  # noqa: F811
) -> None:
    number, story = 0, list[Told]()
    for week, ugly in enumerate([1, 5, 10, 18]):
        for each in range(20):
            number += 1
            words = "It is ugly." if each < ugly else "It is late."
            story.append(told(number, f"{words} I wish it came in other colours.", day=7 * week))
    for _ in range(40):
        number += 1
        story.append(told(number, "It is late. I will never buy from you again."))
    for _ in range(40):
        number += 1
        placed = told(number, "The seat is not ugly.", kind=Kind.PRAISE)
        story += [placed, triaged(placed, "appearance")]
    await feed(insights, records(sorted(story, key=lambda pair: pair[0])))
    found = await asked(insights, "needs")
    needs = {each["facet"]: each for each in found["needs"]}
    assert (found["wishes"], found["uncoded_wishes"], found["small"]) == (80, 80, False)
    assert (needs["ugly"]["latent"], needs["late"]["latent"]) == (True, False)
    assert needs["ugly"]["trend"]["low"] > 0
    assert (needs["late"]["kano"], needs["ugly"]["kano"]) == ("must_be", "attractive")
    assert needs["ugly"]["praised"] == 40
    assert len(needs["ugly"]["examples"]) == 5


async def test_what_is_asked_for_and_threatened_with_is_counted_once_for_each_complaint(
    insights: Insights,  # noqa: F811
) -> None:
    await feed(
        insights,
        records(
            [
                told(1, "I want a refund. Refund it, or I go to court and to the press!"),
                told(2, "I don't want a refund, just a replacement."),
            ]
        ),
    )
    (group,) = (await asked(insights, "demands"))["groups"]
    names = {
        kind: {each["name"]: each["complaints"] for each in group[kind]} for kind in ("remedies", "refused")
    }
    assert names == {"remedies": {"": 2, "exchange": 1, "refund": 1}, "refused": {"": 1, "refund": 1}}
    assert [each["complaints"] for each in group["threats"]] == [1, 1, 1]


async def test_only_who_may_read_measures_reads_them(insights: Insights) -> None:  # noqa: F811
    for path in ("values", "needs", "emotions", "demands"):
        assert (await insights.stranger.get(f"/insights/v1/{path}")).status_code == 403
    assert (await insights.http.get("/insights/v1/opportunities")).status_code == 403
