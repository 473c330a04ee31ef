"""JMESPath expressions that administrators write: read once, bounded, and never an error when they meet a value."""

from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

MOST_LISTS = 3
"""Lists and tables that an expression may build: each stage of them can double what it holds."""


class NotAnExpression(ValueError):
    """What is wrong with an expression."""


@lru_cache(maxsize=512)
def compiled(expression: str) -> ParsedResult:
    """Raises NotAnExpression."""
    try:
        found = jmespath.compile(expression)
    except (JMESPathError, RecursionError, ValueError) as error:
        raise NotAnExpression(
            str(error).splitlines()[0][:200] if str(error) else "it cannot be read"
        ) from None
    if _lists(found.parsed) > MOST_LISTS:
        raise NotAnExpression(f"it builds more than {MOST_LISTS} lists or tables")
    return found


def value(expression: str, item: Any) -> Any:
    """What it finds; None when it does not fit."""
    try:
        return compiled(expression).search(item)
    except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError):
        return None  # a function that does not fit the value: the expression finds nothing


def _lists(node: Any) -> int:
    own = node.get("type") in ("multi_select_list", "multi_select_dict")
    return own + sum(_lists(child) for child in node.get("children", ()) if isinstance(child, dict))
