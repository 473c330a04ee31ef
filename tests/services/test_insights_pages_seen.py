"""Pages as people see them: in a real Chromium, on a phone, on a desk and on paper."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pypdfium2
import pytest
import uvicorn
from PIL import Image
from playwright.async_api import Browser, Page

from services.insights.pages.catalogue import REPORTS
from shared.events.intake import ProductRef
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.conftest import NewDatabase
from tests.insights_story import START, registered, stories
from tests.insights_watched import feed, watched
from tests.services.test_insights import Insights, case, open_insights
from tests.services.test_insights_pages import API, SPAN

pytestmark = [pytest.mark.slow, pytest.mark.requirement("P-41", "002-10")]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}

LETTERS = """[...document.querySelectorAll('figure svg text')].map(text => {
  const letters = text.getBoundingClientRect(), card = text.closest('section').getBoundingClientRect();
  return {text: text.textContent, height: letters.height,
          left: letters.left - card.left, right: card.right - letters.right};
})"""
"""The letters in the charts, with the room to the edges of the card that they are on."""
LONG = "全自动滚筒洗衣机十公斤变频静音款"


@dataclass
class Seen:
    """Insights at a port of this machine, and a browser."""

    insights: Insights
    origin: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    """What the browser found wrong: scripts, refused styles, pages that it could not load."""

    async def link(self, page: str | None = None) -> str:
        """As a manager gets it, but at this port."""
        answer = await self.insights.http.post(f"{API}/pages/links", json={"page": page})
        parts = urlsplit(answer.json()["url"])
        return f"{self.origin}{parts.path}?{parts.query}"

    @asynccontextmanager
    async def page(self, size: Any = DESK, language: str = "en") -> AsyncIterator[Page]:
        context = await self.browser.new_context(viewport=size, locale=LANGUAGES[language])
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._ask(request.url))
        yield page
        await context.close()

    async def shoot(self, page: Page, name: str) -> None:
        """The whole page, and that it is not blank; kept where REDRESS_SCREENSHOTS says."""
        folder = os.environ.get("REDRESS_SCREENSHOTS")
        kept = Path(folder, f"{name}.png") if folder else None
        picture = await page.screenshot(full_page=True, path=kept)
        colours = Image.open(io.BytesIO(picture)).convert("RGB").getcolors(2**24) or []
        assert len(colours) > 50

    def _ask(self, url: str) -> None:
        if not url.startswith(f"{self.origin}/insights/pages/"):
            self.complaints.append(f"fetched {url}")


@pytest.fixture(scope="module")
async def seen(new_database: NewDatabase, scratch: Path, chromium: Browser) -> AsyncIterator[Seen]:  # noqa: F811
    async with open_insights(await new_database(), scratch) as told:
        sent = (START, registered(case(1), START, product=ProductRef(name=LONG)))
        await feed(told, [*stories(300), sent])
        await watched(told)
        transport = told.http._transport
        assert isinstance(transport, httpx.ASGITransport)
        config = uvicorn.Config(transport.app, host="127.0.0.1", port=0, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        found = Seen(told, f"http://127.0.0.1:{port}", chromium)
        yield found
        server.should_exit = True
        await running
        assert found.complaints == []


async def opened(page: Page, seen: Seen, report: str, by: str = "") -> None:
    span = "".join(f"&{name}={value}" for name, value in SPAN.items())
    answer = await page.goto(f"{await seen.link(report)}{span}&by={by}")
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_nothing_is_cut_off_and_charts_are_seen(
    seen: Seen, size: dict[str, int], language: str
) -> None:
    async with seen.page(size, language) as page:
        for report in REPORTS:
            await opened(page, seen, report.id)
            assert (
                await page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[language]
            )
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], report.id
            charts = await page.query_selector_all("figure svg")
            assert charts
            for chart in charts:
                box = await chart.bounding_box()
                assert box is not None
                assert box["width"] >= min(300, size["width"] - 60)
                drawn = np.asarray(Image.open(io.BytesIO(await chart.screenshot())).convert("RGB"))
                blue = (drawn[..., 2] > 150) & (drawn[..., 0] < 40)
                assert blue.sum() > 100, "nothing was drawn"
            letters = await page.evaluate(LETTERS)
            smallest = min(each["height"] for each in letters)
            assert smallest >= 9, "the letters in the charts are too small to be read"
            await seen.shoot(page, f"{report.id}-{language}-{size['width']}")


async def test_a_manager_goes_from_page_to_page_and_chooses(seen: Seen) -> None:
    async with seen.page(PHONE) as page:
        await page.goto(await seen.link())
        assert await page.locator(".reports a").count() == len(
            [report for report in REPORTS if not report.of_people]
        )
        await page.click(".reports a[href^=causes]")
        assert await page.inner_text("h1") == "Causes"
        await page.fill("input[name=from]", SPAN["from"])
        await page.fill("input[name=to]", SPAN["to"])
        await page.select_option("select[name=by]", "channel")
        await page.click("form.choice button")
        query = parse_qs(urlsplit(page.url).query)
        assert query["by"] == ["channel"]
        assert await page.inner_text(".range") == "2026-03-01 to 2026-03-31 (UTC)"
        await page.click("section:has(#causes) summary")
        first = page.locator("#causes tbody tr").first
        groups = (await seen.insights.http.get(f"{API}/measures", params=SPAN | {"by": "channel"})).json()[
            "groups"
        ]
        matters = [m["value"] for group in groups for m in group["measures"] if m["measure"] == "matters"]
        expected = str(int(max(matters)))
        assert await first.locator("data").first.inner_text() == expected
        await page.click("a.language")
        assert await page.inner_text("h1") == "投诉原因"
        assert parse_qs(urlsplit(page.url).query)["by"] == ["channel"]


async def test_numbers_stand_below_each_other_and_states_are_not_told_by_colour_alone(seen: Seen) -> None:
    async with seen.page() as page:
        await opened(page, seen, "board")
        aligned = "[...document.querySelectorAll('td.number')].every(t => getComputedStyle(t).textAlign === 'right')"
        assert await page.evaluate(aligned)
        states = await page.eval_on_selector_all(
            "#measures td.good:last-of-type, #measures td.good, #measures td.bad",
            "all => all.map(t => t.innerText)",
        )
        assert any(text.startswith(("✓", "✗")) for text in states)


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_on_paper_the_tables_are_open_and_the_form_is_not_there(seen: Seen, language: str) -> None:
    async with seen.page(language=language) as page:
        for report in REPORTS:
            await opened(page, seen, report.id)
            title, table = await page.inner_text("h1"), page.locator("details table").first
            assert not await table.is_visible()
            paper = pypdfium2.PdfDocument(await page.pdf(prefer_css_page_size=True))
            texts = [sheet.get_textpage().get_text_range() for sheet in paper]
            assert 1 <= len(paper) <= 8
            width, height = paper[0].get_size()
            assert (round(width), round(height)) == (595, 842)  # A4 in points
            assert title in texts[0]
            assert await page.inner_text("form.choice button") not in texts[0].splitlines()
            paper.close()
            await page.emulate_media(media="print")
            assert await table.is_visible()
            assert not await page.locator("form.choice").is_visible()
            await page.emulate_media(media="null")
