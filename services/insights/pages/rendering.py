"""Pages as HTML: no scripts, one style, nothing that would be fetched."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.insights.pages import drawing
from services.insights.pages.catalogue import REPORTS
from services.insights.pages.model import Asked, Chart, Figures, Note, Section, Table
from services.insights.pages.report import Report
from services.insights.pages.words import Words, words_of
from shared.events.vocabulary import Language
from shared.problems import Problem

_FOLDER = Path(__file__).parent
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.tests |= {
    kind.__name__.lower(): lambda section, kind=kind: isinstance(section, kind)
    for kind in (Figures, Table, Chart, Note)
}
_ENVIRONMENT.filters["svg"] = drawing.svg
_STYLE = (_FOLDER / "templates" / "style.css").read_text()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Language, Authorization",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Shell:
    """What every page has around it."""

    organisation: str
    language: Language
    ticket: str | None = None
    oversees: bool = False
    """Whether the reader may see the pages that tell of single people."""

    def link(self, page: str = "", /, **query: object) -> str:
        """To another page or to the list of them, in the same language and with the same ticket. It is relative, so
        that it leads on behind any gateway."""
        carried = {"lang": self.language.value} | ({"ticket": self.ticket} if self.ticket else {}) | query
        return f"{page or './'}?{urlencode(carried)}"


def index(shell: Shell) -> str:
    return _filled("index", shell, words_of(), reports=_listed(shell))


def page(shell: Shell, report: Report, asked: Asked, sections: Sequence[Section]) -> str:
    """Takes a part of a second where charts are drawn: call it in a thread."""
    span = {"from": asked.first.isoformat(), "to": asked.last.isoformat()}
    return _filled(
        "page",
        shell,
        asked.words,
        report=report,
        asked=asked,
        sections=sections,
        span=span,
        reports=_listed(shell),
        made=_minute(asked.now),
    )


def refusal(shell: Shell, problem: Problem) -> str:
    """What is wrong, in words; and where a key can be given, if that is what is missing."""
    words = words_of()
    heading = words.say(f"status_{problem.status}", shell.language)
    return _filled("refusal", shell, words, problem=problem, heading=heading)


def explains(problem: Problem) -> bool:
    """Whether there are words for people about such a problem."""
    return words_of().knows(f"status_{problem.status}")


def tag(shell: Shell, asked: Asked, sections: Sequence[Section]) -> str:
    """ETag of a page: the same as long as it says the same, whenever it was made."""
    told = repr((_wording(), shell, asked.first, asked.last, asked.by, sections))
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


@cache
def _wording() -> str:
    sources = sorted(path for folder in ("templates", "words") for path in (_FOLDER / folder).iterdir())
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def _listed(shell: Shell) -> list[Mapping[str, str]]:
    names = ("title", "question")
    return [
        {"id": report.id, **{name: words_of(report.id).say(name, shell.language) for name in names}}
        for report in REPORTS
        if shell.oversees or not report.of_people
    ]


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _filled(template: str, shell: Shell, words: Words, **given: object) -> str:
    def say(key: str, /, **values: object) -> str:
        return words.say(key, shell.language, **values)

    other = Language.EN if shell.language is Language.ZH else Language.ZH
    found = _ENVIRONMENT.get_template(f"{template}.html.jinja")
    return found.render(shell=shell, say=say, other=other.value, style=_STYLE, **given)
