"""Specifications drawn as SVG, without a browser and without a network."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from json import dumps
from typing import Any

import vl_convert

from services.insights.pages.model import Chart

KEPT = 128
"""Drawings in memory, of about 10 kB each: the same page is read by many."""


def svg(chart: Chart, id: str) -> str:
    """To stand in HTML, with title and description. The first one takes a second, the others about 50 ms: call it in a
    thread."""
    drawn = _drawn(dumps(chart.drawing, sort_keys=True))
    head, body = drawn.split(">", 1)
    head = head.replace(' role="img"', "")
    return (
        f'{head} role="img" aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{escape(chart.title)}</title>'
        f'<desc id="{id}-desc">{escape(chart.description)}</desc>{body}'
    )


@lru_cache(KEPT)
def _drawn(specification: str) -> str:
    found: Mapping[str, Any] | str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return str(found)
