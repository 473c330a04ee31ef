"""A letter as HTML, made of its text: there is one source of words. Pure.

Paragraphs, numbered lists and indented quotations are told by how the text is written. Only the letter's own link
becomes one: an address that somebody typed into a message stays text. Everything is escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, StrictUndefined

SOURCE = resources.files(__package__).joinpath("layout.html.jinja").read_text("utf-8")
_LAYOUT = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string(SOURCE)
_ITEM = re.compile(r"\s*(\d{1,3})\.\s+(.*)")
_BUTTON = {"en": "Open the page of your case", "zh": "打开您的受理页面"}


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. `first` is the number of the first item of a list."""

    kind: str
    lines: list[str]
    first: int = 1


def blocks(text: str, link: str | None) -> Iterator[Block]:
    """`text` (lines of written text), `items`, `quote`, `button`."""
    for paragraph in re.split(r"\n[ \t]*\n", text.strip("\n")):
        yield from _paragraph(paragraph.split("\n"), link)


def _paragraph(lines: list[str], link: str | None) -> Iterator[Block]:
    current: Block | None = None
    for line in lines:
        kind, said, number = _read(line, link)
        if current is None or current.kind != kind or kind == "button":
            if current is not None:
                yield current
            current = Block(kind, [], number)
        current.lines.append(said)
    if current is not None:
        yield current


def _read(line: str, link: str | None) -> tuple[str, str, int]:
    if link is not None and line.strip() == link:
        return "button", link, 1
    if item := _ITEM.fullmatch(line):
        return "items", item[2], int(item[1])
    return ("quote" if line.startswith("  ") else "text"), line.strip(), 1


def html(subject: str, body: str, language: str, organisation: str, link: str | None = None) -> str:
    """`link` is the address that becomes a button where it stands on a line of its own; it must be one of the web."""
    button = link if link is not None and link.startswith(("https://", "http://")) else None
    return _LAYOUT.render(
        subject=subject,
        language={"zh": "zh-Hans"}.get(language, language),
        organisation=organisation,
        blocks=list(blocks(body, button)),
        button=_BUTTON[language],
    )
