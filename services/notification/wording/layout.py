"""A letter as HTML, made of its text: there is one source of words. Pure.

Paragraphs, titles (a numbered line by itself), numbered lists and indented quotations are told by how the text is
written. Only the letter's own links become some: an address that somebody typed into a message stays text. Everything
is escaped.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, StrictUndefined

SOURCE = resources.files(__package__).joinpath("layout.html.jinja").read_text("utf-8")
_LAYOUT = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string(SOURCE)
_ITEM = re.compile(r"\s*(\d{1,3})\.\s+(.*)")
_BUTTON = {"en": "Open your page", "zh": "打开您的页面"}
"""The page of the case, or the questions of a survey."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. `first` is the number of the first item of a list."""

    kind: str
    lines: list[str]
    first: int = 1


def blocks(text: str, links: Collection[str]) -> Iterator[Block]:
    """`text` (lines of written text), `title`, `items`, `quote`, `button`."""
    for paragraph in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines = paragraph.split("\n")
        if len(lines) == 1 and _ITEM.fullmatch(paragraph):
            yield Block("title", [paragraph.strip()])
        else:
            yield from _paragraph(lines, links)


def _paragraph(lines: list[str], links: Collection[str]) -> Iterator[Block]:
    current: Block | None = None
    for line in lines:
        kind, said, number = _read(line, links)
        if current is None or current.kind != kind or kind == "button":
            if current is not None:
                yield current
            current = Block(kind, [], number)
        current.lines.append(said)
    if current is not None:
        yield current


def _read(line: str, links: Collection[str]) -> tuple[str, str, int]:
    if line.strip() in links:
        return "button", line.strip(), 1
    if item := _ITEM.fullmatch(line):
        return "items", item[2], int(item[1])
    return ("quote" if line.startswith("  ") else "text"), line.strip(), 1


def html(subject: str, body: str, language: str, organisation: str, links: Collection[str] = ()) -> str:
    """`links` are addresses that become buttons where they stand on a line of their own; they must be of the web."""
    opening = {link for link in links if link.startswith(("https://", "http://"))}
    return _LAYOUT.render(
        subject=subject,
        language={"zh": "zh-Hans"}.get(language, language),
        organisation=organisation,
        blocks=list(blocks(body, opening)),
        button=_BUTTON[language],
    )
