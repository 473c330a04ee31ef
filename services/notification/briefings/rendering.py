"""A briefing as HTML, as text and on paper. The HTML is for mail: tables, styles at each element, no scripts, and
charts of coloured cells, since mail programs show neither SVG nor pictures that they would have to fetch."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.notification.briefings.model import Briefing
from services.notification.briefings.page import Bar, Page, page_of
from services.notification.briefings.paper import on_paper
from services.notification.briefings.words import words
from shared import paper
from shared.config import Settings
from shared.events.vocabulary import Language

FOLDER = Path(__file__).parent
TONES = {"plain": "#606a75", "good": "#1e7a46", "bad": "#b3261e"}
HTML, TEXT = "briefing.html.jinja", "briefing.txt.jinja"


class Renderer:
    def __init__(self, settings: Settings) -> None:
        self._organisation = settings.organisation
        self._base_url = settings.base_url

    def html(self, briefing: Briefing, language: Language) -> str:
        return self._fill(HTML, page_of(briefing, language), briefing.id)

    def text(self, briefing: Briefing, language: Language, name: str) -> str:
        return self._fill(TEXT, page_of(briefing, language), briefing.id, name).strip() + "\n"

    def pdf(self, briefing: Briefing, language: Language) -> bytes:
        """Takes a part of a second: call it in a thread."""
        return paper.write(on_paper(page_of(briefing, language), briefing.made_at, self._organisation))

    def _fill(self, template: str, page: Page, id: UUID, name: str = "") -> str:
        return _template(template).render(
            page=page,
            say=words(page.language),
            tones=TONES,
            organisation=self._organisation,
            base_url=self._base_url,
            link=f"{self._base_url}/notification/v1/briefings/{id}?format=html",
            name=name,
        )


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=name == HTML,  # noqa: S701 - the other one is plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["highest"] = _highest
    return environment.get_template(name)


def _highest(bars: Sequence[Bar]) -> int:
    return max(1, *(max(bar.received, bar.closed) for bar in bars))


@cache
def version() -> str:
    """Names the exact wording: a digest of the templates and the words."""
    sources = (FOLDER / name for name in (HTML, TEXT, "words.json"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]
