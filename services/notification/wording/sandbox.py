"""The language of templates: so small that whatever is written in it ends soon and reads nothing but its variables.

A template is refused unless every part of it is of a kind that is listed here. There are no calls, no arithmetic, no
assignments and no loops but over a variable that is a list, so time and length follow from the size of the
template; no clock has to watch it. Jinja's sandbox stands behind that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import DictLoader, StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateRuntimeError
from jinja2.sandbox import SandboxedEnvironment

MOST_CHARACTERS = 20_000
"""Of a template."""
MOST_RENDERED = 100_000
"""Characters of a letter."""
MOST_DEPTH = 20
FILTERS = frozenset({"length", "lower", "trim", "upper"})

KINDS = {
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.For, nodes.Include,
    nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Getattr, nodes.Filter,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
}  # fmt: skip


class Unfit(TemplateRuntimeError):
    """A template prints what is no text, or too much."""


def environment(sources: Mapping[str, str]) -> SandboxedEnvironment:
    """`sources` are the parts that templates may include, by the name that they include them by."""
    made = SandboxedEnvironment(
        loader=DictLoader(dict(sources)),
        autoescape=False,  # plain text; layout.py escapes what it makes HTML of
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.globals = {}
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {}
    return made


def _shown(value: Any) -> Any:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return value
    if isinstance(value, StrictUndefined):
        return value  # it says itself what is missing
    raise Unfit(f"a {type(value).__name__} is printed, where a text or a number is wanted")


def rendered(template: Template, values: Mapping[str, Any]) -> str:
    """Raises jinja2.TemplateError."""
    try:
        return _joined(template.generate(values))
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError) as error:
        # As when the length of what is missing is asked for, or a text is compared with a number.
        raise Unfit(str(error)) from None


def _joined(generated: Iterator[str]) -> str:
    pieces: list[str] = []
    size = 0
    for piece in generated:
        size += len(piece)
        if size > MOST_RENDERED:
            raise Unfit(f"the letter is longer than {MOST_RENDERED} characters")
        pieces.append(piece)
    return "".join(pieces)


def tree(made: SandboxedEnvironment, source: str) -> nodes.Template:
    """Raises jinja2.TemplateSyntaxError."""
    try:
        return made.parse(source)
    except RecursionError:
        raise TemplateSyntaxError("it is nested too deeply", 1) from None
    except ValueError:
        raise TemplateSyntaxError("a number in it is too long", 1) from None


def walk(node: nodes.Node, loops: int = 0, depth: int = 0) -> Iterator[tuple[nodes.Node, int, int]]:
    """Every node with the number of loops that it stands in, and how deep it is."""
    yield node, loops, depth
    if depth <= MOST_DEPTH:
        for child in node.iter_child_nodes():
            yield from walk(child, loops + isinstance(node, nodes.For), depth + 1)
