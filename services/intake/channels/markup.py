"""HTML mails as text: what a reader sees, with quoted parts marked as in plain mails. Pure."""

import re

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment
from bs4.exceptions import ParserRejectedMarkup

LONGEST = 500_000
"""Characters of markup that are read."""
_EMBEDDED = re.compile(r"data:[\w/+.-]{1,100};base64,[A-Za-z0-9+/=]{1,}", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_SPACES = re.compile(r"[^\S\n]+")
_BLANKS = re.compile(r"\n{3,}")
_UNSEEN = ["script", "style", "head", "title", "template", "noscript", "object", "svg"]
_BLOCKS = {
    "address",
    "article",
    "blockquote",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
}
_BLOCKS |= {"h5", "h6", "header", "footer", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px)?\s*(?:;|$)", re.I)
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Stand for the ends of a quote until the lines are made; private characters are dropped from what was written."""


def as_text(markup: str) -> str:
    """The words of an HTML document. Never raises: what cannot be parsed is stripped of its tags."""
    markup = _EMBEDDED.sub("", markup)[:LONGEST].replace(_OPEN, "").replace(_CLOSE, "")
    try:
        soup = BeautifulSoup(markup, "html.parser")
    except (ParserRejectedMarkup, AssertionError, RecursionError, ValueError):
        return _TAGS.sub(" ", markup)
    return _lines("".join(_walk(soup)))


def _walk(soup: BeautifulSoup) -> list[str]:
    """The text in the order of reading. A loop and no recursion: markup may be nested a thousand deep."""
    pieces: list[str] = []
    stack: list[object] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, Tag):
            if node.name in _UNSEEN or _HIDDEN.search(str(node.get("style") or "")):
                continue
            if node.name == "br":
                pieces.append("\n")
                continue
            before, after = ("\n", "\n") if node.name in _BLOCKS else ("", " " if node.name == "td" else "")
            if node.name == "blockquote":
                before, after = f"\n{_OPEN}\n", f"\n{_CLOSE}\n"
            stack.append(_Literal(after))
            stack.extend(reversed(node.contents))
            stack.append(_Literal(before))
        elif isinstance(node, _Literal):
            pieces.append(str(node))
        elif not isinstance(node, Comment):
            pieces.append(" ".join(re.split(r"[ \t\r\n]+", str(node))))
    return pieces


class _Literal(str):
    """Text of ours, to be kept as it is."""

    __slots__ = ()


def _lines(text: str) -> str:
    depth, lines = 0, []
    for line in text.split("\n"):
        plain = _SPACES.sub(" ", line).strip()
        if plain == _OPEN:
            depth += 1
        elif plain == _CLOSE:
            depth -= 1
        else:
            lines.append("> " * min(depth, 3) + plain if depth and plain else plain)
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()
