"""Pages for management over HTTP: who may open them, what they say, and that their numbers are the API's."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from services.insights.pages.access import VALID
from services.insights.pages.catalogue import REPORTS
from shared import clock
from shared.events import CaseClosed, CaseWithdrawn, ComplaintMerged, ComplaintTriaged
from shared.events.intake import ProductRef
from shared.events.routing import Decider
from shared.events.vocabulary import Kind, Language, Outcome, Severity
from tests.conftest import NewDatabase
from tests.insights_story import Told, registered, stories
from tests.insights_watched import administrator, feed, watched
from tests.services.test_insights import Insights, case, open_insights

PAGES = "/insights/pages/"
API = "/insights/v1"
SPAN = {"from": "2026-03-01", "to": "2026-03-31"}
FOR_PEOPLE = {"Accept": "text/html,application/xhtml+xml"}
FOR_MACHINES = {"Accept": "application/json"}


NOW = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_one_moment() -> Iterator[None]:
    """What waits grows older: the page and the API are asked at one time."""
    with clock.moved_to(lambda: NOW):
        yield


@pytest.fixture(scope="module")
async def told(new_database: NewDatabase, scratch: Path) -> AsyncIterator[Insights]:
    """Insights that have heard of many complaints, one of them about a product with a wicked name."""
    async with open_insights(await new_database(), scratch) as opened:
        at = datetime.fromisoformat("2026-03-02T09:00:00Z")
        product = ProductRef(name="<script>alert(1)</script> & Söhne")
        closed = CaseClosed(complaint_id=case(1), outcome=Outcome.SATISFIED, closed_by="h", closed_at=at)
        wicked = [(at, registered(case(1), at, region="CN-31", product=product)), (at, closed)]
        await feed(opened, [*stories(200), *wicked, *no_matters(at)])
        await watched(opened)
        yield opened


def no_matters(at: datetime) -> list[Told]:
    """Received, and yet no matters of their own: withdrawn, withdrawn before it was triaged, merged, merged after the
    case was closed, and praise."""
    told: list[Told] = [(at, registered(case(n), at, region="CN-31")) for n in range(2, 6)]
    told.append((at, registered(case(6), at, region="CN-31", kind=Kind.PRAISE)))
    told += [(at, CaseWithdrawn(complaint_id=case(n), withdrawn_at=at)) for n in (2, 3)]
    later = at + timedelta(hours=1)
    triaged = ComplaintTriaged(
        complaint_id=case(3),
        category="delivery",
        severity=Severity.GENERAL,
        decided_by=Decider.RULES,
        reasons=(),
        triaged_at=later,
    )
    told.append((later, triaged))
    closed = CaseClosed(complaint_id=case(5), outcome=Outcome.SATISFIED, closed_by="h", closed_at=at)
    told.append((at, closed))
    for n in (4, 5):
        merged = ComplaintMerged(complaint_id=case(n), leading_id=case(1), merged_by="h", merged_at=later)
        told.append((later, merged))
    return told


@pytest.fixture
def anybody(told: Insights) -> httpx.AsyncClient:
    """Sends no key, as a browser does."""
    return httpx.AsyncClient(transport=told.http._transport, base_url="http://redress", headers=FOR_PEOPLE)


async def shown(told: Insights, page: str, **query: str) -> BeautifulSoup:
    answer = await told.http.get(f"{PAGES}{page}", params=SPAN | query)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "html.parser")


async def api(told: Insights, path: str, **query: str) -> Any:
    return await asked(told, path, **SPAN, **query)


async def asked(told: Insights, path: str, **query: str) -> Any:
    """What is not asked for a range."""
    answer = await told.http.get(f"{API}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def only(found: Tag | None) -> Tag:
    assert found is not None
    return found


def rows(page: BeautifulSoup, table: str) -> dict[str, list[str]]:
    """Of a table, by the key of the row: the values of the cells; the text where a cell is no number."""
    found = {}
    for row in only(page.find("table", id=table)).select("tbody tr"):
        values = [cell.find("data") for cell in row.select("td")]
        texts = [cell.get_text(strip=True) for cell in row.select("td")]
        found[str(row["data-key"])] = [
            str(v["value"]) if v else t for v, t in zip(values, texts, strict=True)
        ]
    return found


def figure(page: BeautifulSoup, id: str) -> str:
    return str(only(only(page.find(id=f"figure-{id}")).find("data"))["value"])


def as_shown(reading: dict[str, Any]) -> str:
    """A reading of the API as the page has it in `value`."""
    value = reading["value"]
    if value is None:
        return "–"
    return str(int(value)) if reading["unit"] == "complaints" else str(float(value))


@pytest.mark.requirement("P-41", "002-10")
@pytest.mark.parametrize("by", next(r.cuts for r in REPORTS if r.id == "board"))
async def test_the_board_says_what_the_api_says(told: Insights, by: str) -> None:
    page = await shown(told, "board", by=by, lang="en")
    whole = {m["measure"]: m for m in (await api(told, "/measures"))["groups"][0]["measures"]}
    measures = rows(page, "measures")
    assert {id: row[0] for id, row in measures.items()} == {id: as_shown(m) for id, m in whole.items()}
    said = {"met": "✓ met", "missed": "✗ missed", "no_data": "too early to tell", "no_target": "–"}
    said |= {"near": "○ near", "not_alone": "only with others"}
    assert {id: row[1] for id, row in measures.items()} == {id: said[m["status"]] for id, m in whole.items()}
    assert {"met", "missed"} & {m["status"] for m in whole.values()}
    assert figure(page, "handling_rate") == str(whole["handling_rate"]["value"])

    days = (await api(told, "/measures", by="day"))["groups"]
    course = rows(page, "course")
    for group in days:
        by_id = {m["measure"]: as_shown(m) for m in group["measures"]}
        assert course[group["key"]] == [by_id["received"], by_id["closed"], by_id["open_now"]]

    groups = (await api(told, "/measures", by=by))["groups"]
    found = rows(page, "groups")
    assert len(groups) > 1
    assert set(found) == {group["key"] or "" for group in groups}
    compared = [
        "received",
        "handling_rate",
        "handling_time_p90",
        "satisfaction_rate",
        "promise_kept_rate",
        "open_now",
    ]
    for group in groups:
        by_id = {m["measure"]: as_shown(m) for m in group["measures"]}
        assert found[group["key"] or ""] == [by_id[id] for id in compared]


@pytest.mark.requirement("P-41", "002-10")
@pytest.mark.parametrize("by", ["category", "product", "region", "department", "channel"])
async def test_causes_are_counted_as_the_api_counts_them(told: Insights, by: str) -> None:
    page = await shown(told, "causes", by=by)
    counts = {}
    for group in (await api(told, "/measures", by=by))["groups"]:
        by_id = {m["measure"]: int(m["value"] or 0) for m in group["measures"] if m["unit"] == "complaints"}
        counts[group["key"] or ""] = by_id["matters"]
    found = rows(page, "causes")
    assert {key: int(row[0]) for key, row in found.items()} == {key: n for key, n in counts.items() if n}
    whole, shown_counts = sum(counts.values()), [int(row[0]) for row in found.values()]
    assert shown_counts == sorted(shown_counts, reverse=True)
    assert figure(page, "matters") == str(whole)
    assert [float(row[1]) for row in found.values()] == [n / whole for n in shown_counts]
    vital = int(figure(page, "vital"))
    together = [float(row[2]) for row in found.values()]
    assert together[vital - 1] >= 0.8 > (together[vital - 2] if vital > 1 else 0)


@pytest.mark.requirement("P-41", "002-10")
@pytest.mark.parametrize("by", ["category", "product", "region", "department"])
async def test_the_page_of_causes_and_the_chart_of_the_few_say_the_same(told: Insights, by: str) -> None:
    """Of whole months, to the last digit: the same complaints, and the same draws of them."""
    page = await shown(told, "causes", by=by)
    drawn = await api(told, "/charts/pareto", by=by)
    assert (drawn["from"], drawn["to"]) == (SPAN["from"], SPAN["to"])
    names = ("complaints", "share", "cumulative", "low", "high", "chance")
    chart = {item["key"] or "": [float(item[name]) for name in names] for item in drawn["items"]}
    found = {key: [float(n) for n in row[:6]] for key, row in rows(page, "causes").items()}
    assert list(found) == list(chart)
    assert found == {key: pytest.approx(item, rel=1e-12) for key, item in chart.items()}
    assert figure(page, "matters") == str(drawn["complaints"])
    assert figure(page, "vital") == str(sum(item["vital"] for item in drawn["items"]))
    assert figure(page, "certain") == str(sum(item["certain"] for item in drawn["items"]))
    assert any(item["low"] < item["cumulative"] < item["high"] for item in drawn["items"])


@pytest.mark.requirement("P-41", "002-10")
async def test_what_is_no_matter_of_its_own_is_no_cause(told: Insights) -> None:
    [whole] = (await api(told, "/measures"))["groups"]
    by_id = {m["measure"]: m["value"] for m in whole["measures"]}
    page = await shown(told, "causes", lang="en")
    assert int(figure(page, "matters")) == by_id["matters"] < by_id["received"] - by_id["merged"] - 2
    assert "without those merged into others or withdrawn" in page.get_text()


@pytest.mark.requirement("P-41", "N-F")
async def test_causes_are_ranked_by_what_they_cost_too(told: Insights) -> None:
    found = rows(await shown(told, "causes", by="category"), "costs")
    groups = (await api(told, "/economics", by="category"))["groups"]
    costs = {
        each["key"] or "": Decimal(each["market_at_risk"]["value"]) + Decimal(each["handling"]["value"])
        for each in groups
    }
    assert set(found) == set(costs)
    assert list(found) == sorted(costs, key=lambda key: -costs[key])
    for key, row in found.items():
        assert abs(Decimal(row[0]) - costs[key]) <= Decimal("0.01")  # the API rounds both to the cent


@pytest.mark.requirement("P-41", "N-F")
@pytest.mark.parametrize("by", ["category", "product", "department", "channel"])
async def test_the_money_is_that_of_the_api(told: Insights, by: str) -> None:
    page = await shown(told, "money", by=by)
    (whole,) = (await api(told, "/economics"))["groups"]
    names = [
        "market_at_risk",
        "recovered",
        "recoverable",
        "speed",
        "voice",
        "word_of_mouth",
        "replacement",
        "handling",
    ]
    for name in ("customers_at_risk", *names):
        assert figure(page, name) == whole[name]["value"]
    groups = (await api(told, "/economics", by=by))["groups"]
    assert rows(page, "worth") == {
        each["key"] or "": [each[name]["value"] for name in names] for each in groups
    }
    risks = {each["key"] or "": list(each["market_at_risk"].values()) for each in groups}
    assert rows(page, "at_risk") == risks
    assert list(rows(page, "at_risk")) == list(risks)
    assert all(values == list(whole[name].values()) for name, values in rows(page, "handled").items())


@pytest.mark.requirement("P-41", "003-06", "N-G")
async def test_warnings_are_those_of_the_api_with_what_people_said(told: Insights) -> None:
    page = await shown(told, "warnings", by="level", lang="en")
    listed = (await asked(told, "/alerts", limit="200"))["items"]
    found = rows(page, "alerts")
    assert len(listed) > 2
    assert set(found) == {each["id"] for each in listed}
    assert {"! alert", "○ watch"} >= {row[1] for row in found.values()}
    said = {"confirmed": "✗ real", "dismissed": "✓ false alarm", None: "not yet"}
    for each in listed:
        row = found[each["id"]]
        alert = await asked(told, f"/alerts/{each['id']}")
        assert row[1] == {"alert": "! alert", "watch": "○ watch"}[each["level"]]
        assert (row[2], row[3]) == (each["since"], "goes on" if each["ended_at"] is None else row[3])
        assert row[4] == str(each["complaints"])
        if each["tail"] == "surge":
            assert float(row[5]) == alert["evidence"]["expected"][1]
        if alert["factors"]:
            assert alert["factors"][0]["value"] in row[6] or alert["factors"][0]["attribute"] in (
                *("category", "channel"),
            )
        assert row[7] == (each["loss"]["value"] if each["loss"] else "–")
        if each["loss"]:
            assert row[8].startswith(f"{float(each['loss']['low']):,.0f} … ")
        assert row[9] == said[each["verdict"]]
    assert {"confirmed", None} == {each["verdict"] for each in listed}
    going_on = [each for each in listed if each["ended_at"] is None]
    alerts = [each for each in going_on if each["level"] == "alert"]
    assert figure(page, "alerts") == str(len(alerts))
    assert figure(page, "watched") == str(len(going_on) - len(alerts))
    assert figure(page, "unseen") == str(sum(each["verdict"] is None for each in alerts))
    for by in ("level", "tail", "dimension", "detector", "step"):
        counted = rows(await shown(told, "warnings", by=by), "numbers")
        assert counted == {key: [str(n)] for key, n in Counter(each[by] for each in listed).items()}


@pytest.mark.requirement("P-41", "003-06")
async def test_a_drawn_series_has_the_counts_and_what_was_expected(told: Insights) -> None:
    page = await shown(told, "warnings", lang="en")
    first = next(iter(rows(page, "alerts")))
    evidence = (await asked(told, f"/alerts/{first}"))["evidence"]
    course = list(rows(page, "series-1").values())
    assert [int(row[0]) for row in course] == evidence["counts"][-27:]
    expected = [float(row[1]) for row in course[-8:]]
    for span, whole in zip(evidence["spans"], evidence["expected"], strict=True):
        assert sum(expected[-span:]) == pytest.approx(whole)
    assert {row[1] for row in course[:-8]} <= {"–"}


@pytest.mark.requirement("P-41", "003-06")
async def test_the_precision_of_warnings_is_that_of_the_api(told: Insights) -> None:
    page = await shown(told, "warnings")
    items = (await asked(told, "/alerts/precision"))["items"]
    names = ("raised", "confirmed", "dismissed", "precision", "low", "high")
    assert rows(page, "precision") == {
        f"{each['level']}/{each['detector']}" if each["level"] else "": [
            "–" if each[name] is None else str(each[name]) for name in names
        ]
        for each in items
    }
    assert figure(page, "precision") == str(items[0]["precision"])


@pytest.mark.requirement("P-41", "003-11")
async def test_topics_are_those_of_the_api_without_what_customers_said(told: Insights) -> None:
    page = await shown(told, "topics", lang="en")
    listed = (await asked(told, "/topics"))["items"]
    found = rows(page, "topics")
    assert list(found) == [each["id"] for each in listed]
    assert len(listed) == 2
    names = ("complaints", "customers", "expected", "q_value", "first_week", "last_week")
    for each in listed:
        assert found[each["id"]][3:] == [str(each[name]) for name in names]
    async with await administrator(told) as http:
        views = [(await http.get(f"{API}/topics/{each['id']}")).json() for each in listed]
    courses = [
        {week: int(row[0]) for week, row in rows(page, f"course-{number}").items() if row[0] != "0"}
        for number in (1, 2)
    ]
    told_by_week = [{each["week"]: each["complaints"] for each in view["weeks"]} for view in views]
    assert all(course in told_by_week for course in courses)
    assert courses[0]
    quotes = [quote["words"] for view in views for quote in view["quotes"]]
    assert quotes
    assert not any(quote in page.get_text() for quote in quotes)


@pytest.mark.requirement("P-41", "003-01")
async def test_fairness_is_what_the_newest_audit_found_and_what_was_answered(told: Insights) -> None:
    page = await shown(told, "fairness", lang="en")
    newest = (await asked(told, "/fairness/audits"))["items"][0]
    audit = await asked(told, f"/fairness/audits/{newest['id']}")
    found = rows(page, "comparisons")
    assert list(found) == [each["id"] for each in audit["comparisons"]]
    verdicts = {"disparity": "✗ disparity", "slight": "○ slight", "alike": "✓ alike"}
    verdicts |= {"too_few": "too few to say"}
    for each in audit["comparisons"]:
        row = found[each["id"]]
        assert row[0] == each["name_en"]
        assert row[1] == verdicts[each["verdict"]]
        numbers = [each[name] for name in ("value", "low", "high", "q_value")]
        assert row[2:6] == ["–" if n is None else str(n) for n in numbers]
        assert row[7:9] == [str(each["n"]), str(each["n_others"])]
        assert row[9] == {"explained": "explained", None: "–"}[each["decision"]]
    assert figure(page, "cases") == str(audit["cases"])
    for verdict in verdicts:
        number = sum(each["verdict"] == verdict for each in audit["comparisons"])
        assert figure(page, verdict) == str(number)
    disparities = [each for each in audit["comparisons"] if each["verdict"] == "disparity"]
    assert figure(page, "unanswered") == str(len(disparities) - 1)
    for sort in ("share", "rank", "time"):
        judged = [each for each in audit["comparisons"] if each["sort"] == sort and each["value"] is not None]
        drawn = rows(page, f"sort-{sort}")
        assert list(drawn) == [each["id"] for each in judged][:14]
        assert all(
            drawn[each["id"]][:3] == [str(each[name]) for name in ("value", "low", "high")]
            for each in judged[:14]
        )


@pytest.mark.requirement("P-41", "002-16")
@pytest.mark.parametrize("by", ["handling_rate", "response_rate_24h", "overdue_rate"])
async def test_people_are_compared_as_the_api_compares_them(told: Insights, by: str) -> None:
    page = await shown(told, "people", by=by, lang="en")
    known = await api(told, "/measures/people", measure=by)
    people = known["people"]
    assert len(people) > 5
    names = ("observed", "of", "expected", "ratio", "low", "high", "shrunk")
    said = {"as_expected": "as expected", "too_few": "too few cases to say"}
    said |= {"more": "▲ more than by chance", "fewer": "▼ fewer than by chance"}
    assert rows(page, "people") == {
        each["person"]: [
            *("–" if each[name] is None else str(each[name]) for name in names),
            said[each["verdict"]],
        ]
        for each in people
    }
    assert list(rows(page, "people")) == sorted(each["person"] for each in people), "it is no ranking"
    drawn = [each for each in people if each["ratio"] is not None]
    assert bool(drawn) is (by != "overdue_rate"), "of few cases nothing is said"
    if drawn:
        assert {key: row[4:] for key, row in rows(page, "standings").items()} == {
            each["person"]: [str(each["funnel_wide"][end]) for end in ("low", "high")] for each in drawn
        }
    for verdict in said:
        assert figure(page, verdict) == str(sum(each["verdict"] == verdict for each in people))
    assert "same categories and severities" in page.get_text()
    assert "no ranking" in page.get_text()


@pytest.mark.requirement("P-41", "002-16")
async def test_only_who_oversees_people_sees_how_they_compare(
    told: Insights, anybody: httpx.AsyncClient
) -> None:
    assert (await told.reader.get(f"{PAGES}people", params=SPAN)).status_code == 403
    assert (await told.reader.post(f"{API}/pages/links", json={"page": "people"})).status_code == 403
    for client, listed in ((told.reader, False), (told.http, True)):
        for path in ("", "board"):
            page = BeautifulSoup(
                (await client.get(f"{PAGES}{path}", params=SPAN if path else {})).text, "html.parser"
            )
            assert any("People" in a.get_text() or "人员" in a.get_text() for a in page.select("a")) is listed
    # A link goes round: one that was not asked for people opens all but them.
    for wanted, status in ((None, 403), ("board", 403), ("people", 200)):
        link = (await told.http.post(f"{API}/pages/links", json={"page": wanted})).json()["url"]
        ticket = parse_qs(urlsplit(link).query)["ticket"][0]
        answer = await anybody.get(f"{PAGES}people", params=SPAN | {"ticket": ticket})
        assert answer.status_code == status, wanted
        assert (await anybody.get(f"{PAGES}board", params=SPAN | {"ticket": ticket})).status_code == 200
    for client, status in ((told.http, 200), (told.reader, 403)):
        key = client.headers["Authorization"].removeprefix("Bearer ")
        entered = await anybody.post(PAGES, data={"key": key})
        listed_at = httpx.URL(f"http://redress{PAGES}").join(entered.headers["Location"])
        assert (await anybody.get(listed_at)).status_code == 200
        people = listed_at.copy_with(path=f"{PAGES}people")
        assert (await anybody.get(people)).status_code == status


@pytest.mark.requirement("P-41")
@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-31"), ("9999-12-01", "9999-12-31")])
async def test_every_page_can_be_asked_up_to_the_ends_of_the_calendar(
    told: Insights, days: tuple[str, str]
) -> None:
    for report in REPORTS:
        await shown(told, report.id, **dict(zip(("from", "to"), days, strict=True)))


@pytest.mark.requirement("P-41")
async def test_both_languages_say_everything_and_the_same_numbers(told: Insights) -> None:
    for report in REPORTS:
        pages = [await shown(told, report.id, lang=each.value) for each in Language]
        numbers = [[data["value"] for data in page.find_all("data")] for page in pages]
        assert numbers[0] == numbers[1]
        assert len(numbers[0]) > 10
        heads = [[th.get_text() for th in page.select("thead th, h1, h2, dt, label")] for page in pages]
        assert all(heads[0])
        assert all(heads[1])
        assert not set(heads[0]) & set(heads[1]) - {"–"}
        assert [only(page.html)["lang"] for page in pages] == ["en", "zh-CN"]


@pytest.mark.requirement("P-41")
async def test_charts_are_drawn_in_the_page_and_told_to_whoever_cannot_see_them(told: Insights) -> None:
    for report in REPORTS:
        page = await shown(told, report.id)
        for drawn in page.select("figure svg"):
            labelled = str(drawn["aria-labelledby"]).split()
            assert all(only(page.find(id=id)).get_text(strip=True) for id in labelled)
            assert only(drawn.parent).parent is not None
            assert only(only(only(drawn.parent).parent).find("details")).select("table tbody tr")
        assert page.select("figure svg path")
        ids = [each["id"] for each in page.select("[id]")]
        assert len(ids) == len(set(ids))


@pytest.mark.requirement("P-41")
async def test_a_page_fetches_nothing_and_runs_nothing(told: Insights) -> None:
    for report in REPORTS:
        cut = "product" if "product" in report.cuts else report.cuts[0]
        answer = await told.http.get(f"{PAGES}{report.id}", params=SPAN | {"by": cut})
        page = BeautifulSoup(answer.text, "html.parser")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Set-Cookie" not in answer.headers
        assert not page.select("script, link, img, iframe, image, [src], [style], [onclick]")
        assert len(page.select("style")) == 1
        assert "<script>" not in answer.text
        if report.id in {"board", "causes", "money"}:
            assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in answer.text


@pytest.mark.requirement("P-41")
async def test_a_page_that_says_the_same_is_not_sent_again(told: Insights) -> None:
    first = await told.http.get(f"{PAGES}board", params=SPAN)
    seen = {"If-None-Match": first.headers["ETag"]}
    again = await told.http.get(f"{PAGES}board", params=SPAN, headers=seen)
    assert (again.status_code, again.content) == (304, b"")
    other = await told.http.get(f"{PAGES}board", params=SPAN | {"by": "category"}, headers=seen)
    assert other.status_code == 200
    assert other.headers["ETag"] != first.headers["ETag"]


@pytest.mark.requirement("P-41")
async def test_a_range_without_complaints_says_so(told: Insights) -> None:
    for report in REPORTS:
        page = await shown(told, report.id, **{"from": "2020-01-01", "to": "2020-01-31", "lang": "en"})
        assert "in this range." in only(page.main).get_text()


@pytest.mark.requirement("P-41")
async def test_a_link_opens_the_pages_for_half_an_hour_and_nothing_else(
    told: Insights, anybody: httpx.AsyncClient
) -> None:
    wanted = {"page": "causes", "language": "en"}
    link = (await told.http.post(f"{API}/pages/links", json=wanted)).json()
    assert datetime.fromisoformat(link["until"]) == NOW + VALID
    path = link["url"].removeprefix("http://127.0.0.1:8000")
    opened = BeautifulSoup((await anybody.get(path)).text, "html.parser")
    assert only(opened.h1).get_text() == "Causes"
    ticket = parse_qs(urlsplit(path).query)["ticket"][0]
    for anchor in opened.select("nav a, header a"):  # each leads on
        answer = await anybody.get(str(httpx.URL(f"http://redress{path}").join(str(anchor["href"]))))
        assert answer.status_code == 200, anchor
    elsewhere = await anybody.get(f"{API}/measures", params={"ticket": ticket})
    assert elsewhere.status_code in {401, 422}
    as_key = await anybody.get(f"{API}/measures", headers={"Authorization": f"Bearer {ticket}"})
    assert as_key.status_code == 401
    with clock.moved_to(lambda: NOW + VALID - timedelta(seconds=1)):
        assert (await anybody.get(path)).status_code == 200
    with clock.moved_to(lambda: NOW + VALID):
        over = await anybody.get(path)
    assert over.status_code == 401
    assert "POST /insights/v1/pages/links" in over.text
    assert ticket not in over.text  # it leads nowhere
    bent = await anybody.get(
        PAGES, params={"ticket": f"{ticket[:20]}AAAA{ticket[24:]}"}, headers=FOR_MACHINES
    )
    assert bent.json()["errors"][0]["field"] == "query/ticket"


@pytest.mark.requirement("P-41")
async def test_only_who_may_read_measures_gets_in(told: Insights, anybody: httpx.AsyncClient) -> None:
    assert (await told.stranger.post(f"{API}/pages/links", json={})).status_code == 403
    assert (await told.stranger.get(f"{PAGES}board")).status_code == 403
    refused = await anybody.get(f"{PAGES}board", headers={"Accept-Language": "en-GB,zh;q=0.5"})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    page = BeautifulSoup(refused.text, "html.parser")
    assert only(page.h1).get_text() == "Who are you?"

    action = httpx.URL("http://redress/insights/pages/board").join(
        str(only(page.find("form", method="post"))["action"])
    )
    key = told.http.headers["Authorization"].removeprefix("Bearer ")
    entered = await anybody.post(action, data={"key": key})
    assert entered.status_code == 303
    assert key not in entered.headers["Location"]
    listed = await anybody.get(action.join(entered.headers["Location"]))
    assert listed.status_code == 200
    assert len(BeautifulSoup(listed.text, "html.parser").select(".reports a")) == len(REPORTS)
    strange = told.stranger.headers["Authorization"].removeprefix("Bearer ")
    for wrong, status in (("rdk_no_key", 401), (strange, 403), ("", 422), ("x" * 5000, 422)):
        answer = await anybody.post(action, data={"key": wrong})
        assert answer.status_code == status, wrong
        assert "Location" not in answer.headers


@pytest.mark.requirement("P-41")
async def test_what_is_wrong_is_said_on_a_page_to_people_and_in_a_document_to_machines(
    told: Insights,
) -> None:
    for path, query, status, field in (
        ("board", {"from": "2026-03-31", "to": "2026-03-01"}, 422, "query/from"),
        ("board", {"from": "0001-01-01"}, 422, "query/from"),
        ("board", {"from": "<b>"}, 422, "query/from"),
        ("board", {"by": "<b>"}, 422, "query/by"),
        ("money", {"by": "handler"}, 422, "query/by"),
        ("board", {"lang": "fr"}, 422, "query/lang"),
        ("board", {"colour": "red"}, 422, "query/colour"),
        ("nothing", {}, 404, "path/page"),
    ):
        document = await told.http.get(f"{PAGES}{path}", params=query, headers=FOR_MACHINES)
        assert (document.status_code, document.json()["errors"][0]["field"]) == (status, field)
        answer = await told.http.get(f"{PAGES}{path}", params=query, headers=FOR_PEOPLE)
        assert answer.status_code == status
        page = BeautifulSoup(answer.text, "html.parser")
        assert only(page.find(role="alert")).get_text(strip=True)
        assert not page.select("b")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.requirement("P-41")
async def test_what_a_form_leaves_empty_is_as_if_it_were_left_out(told: Insights) -> None:
    empty = await told.http.get(f"{PAGES}board", params={"from": "", "to": "", "by": "", "lang": ""})
    plain = await told.http.get(f"{PAGES}board")
    assert empty.status_code == 200
    assert empty.text == plain.text
    bare = await told.http.get(PAGES.rstrip("/"))
    assert (bare.status_code, bare.headers["Location"]) == (308, "pages/")
