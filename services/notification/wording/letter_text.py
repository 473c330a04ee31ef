"""A template as one version of its words, and what becomes of it with values. Pure."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Template

from services.notification.wording import layout, sandbox
from services.notification.wording.declared import Language, declarations, declared, variables_of

FOLDER = Path(str(resources.files("services.notification") / "templates"))
"""The words that Redress is shipped with: `<language>/<name>.txt.jinja`."""

SUBJECT, SHORT = "Subject:", "Short:"
"""How the first line of a template begins, and the second, if it has words for a way on which a letter is too long."""

PARTS = tuple(name for name, each in declarations().templates.items() if each.audience == "part")


class Rendered(NamedTuple):
    subject: str
    short: str | None
    """One or two sentences, for a way on which a letter is too long."""
    body: str
    html: str


def include_name(name: str, language: str) -> str:
    """By which a template includes a part."""
    return f"{language}/{name}.txt.jinja"


@dataclass(frozen=True)
class LetterText:
    """One wording. It never changes: what changes is which one is in force."""

    name: str
    language: Language
    version: int
    """0 is what Redress is shipped with."""
    source: str
    parts: Mapping[str, str]
    """Sources of the parts of its language, by the name by which they are included."""

    @property
    def is_part(self) -> bool:
        """It is put into others, and is no letter."""
        return declared(self.name).audience == "part"

    @cached_property
    def digest(self) -> str:
        """Names the exact wording: of the template, of the parts that it may include, and of the layout."""
        shared = (text for _, text in sorted(self.parts.items()))
        told = "\0".join([self.language, self.name, self.source, *shared, layout.SOURCE])
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    @cached_property
    def _templates(self) -> tuple[Template, Template | None, Template]:
        made = sandbox.environment(self.parts)
        subject, short, body = ("", None, self.source) if self.is_part else head_and_body(self.source)
        return (
            made.from_string(subject),
            None if short is None else made.from_string(short),
            made.from_string(body),
        )

    def render(self, given: Mapping[str, Any], organisation: str, links: Collection[str] = ()) -> Rendered:
        """Of the values those that the template declares are used. `links` are those of the letters that it tells, and
        open like its own. Raises jinja2.TemplateError."""
        values = {name: given.get(name) for name in variables_of(self.name)}
        subject, short, body = self._templates
        title = _one_line(sandbox.rendered(subject, values))
        text = sandbox.rendered(body, values).strip() + "\n"
        own = values.get("link") if declared(self.name).audience == "customer" else None
        return Rendered(
            title,
            None if short is None else _one_line(sandbox.rendered(short, values)),
            text,
            layout.html(title, text, self.language, organisation, [own, *links] if own else links),
        )


def head_and_body(source: str) -> tuple[str, str | None, str]:
    """The lines `Subject: ...` and perhaps `Short: ...` without those words, and the letter itself.

    They are told apart before anything is put in, so that no value can bend the one into the other.
    """
    subject, _, rest = source.partition("\n")
    short: str | None = None
    if rest.startswith(SHORT):
        line, _, rest = rest.partition("\n")
        short = line.removeprefix(SHORT)
    return subject.removeprefix(SUBJECT), short, rest


def _one_line(text: str) -> str:
    return " ".join(text.split())


def shipped_source(name: str, language: Language) -> str:
    return (FOLDER / include_name(name, language)).read_text("utf-8")
