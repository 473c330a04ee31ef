"""Complaints to post: real texts (demo/), Chinese and English in turn."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from services.routing.triage.deciding import decide
from services.routing.triage.told import Told
from shared.events.intake import MaskedStatement
from shared.events.vocabulary import Severity
from shared.rulebooks.model import AS_SHIPPED

TEXTS = Path(__file__).parents[1] / "demo"
RETURNING = 1000
"""A customer comes back after so many complaints of others."""


def bodies(number: int = 200, *, plain: bool = False) -> list[str]:
    """The first complaints as JSON; `plain` ones are triaged by the rules, and none of them is major."""
    return [json.dumps(complaint(n, plain=plain)) for n in range(number)]


def complaint(number: int, *, plain: bool = False) -> dict[str, Any]:
    language = ("en", "zh")[number % 2]
    told = _statements(language, plain)
    return {
        "channel": ("web_form", "phone", "mobile_app", "email")[number % 4],
        "language": language,
        "about": "goods",
        "statement": told[number // 2 % len(told)],
        "customer": {
            "external_id": f"C-{number % RETURNING}",
            "name": "Ann Example",
            "email": f"ann{number % RETURNING}@example.com",
        },
        "product": {"id": "M-7", "name": "Servo motor", "model": "M7-400", "batch": "2026-41"},
        "desired_remedies": ["exchange"],
    }


@cache
def _statements(language: str, plain: bool) -> list[dict[str, str]]:
    lines = (TEXTS / f"complaints_{language}.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line)["statement"] for line in lines]
    return [statement for statement in told if not plain or _is_plain(statement)][:40]


def _is_plain(statement: dict[str, str]) -> bool:
    decision = decide(Told(statement=MaskedStatement(**statement)), AS_SHIPPED, None)
    return decision.category is not None and decision.severity is not Severity.MAJOR
