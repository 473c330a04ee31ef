"""Rows of cells beside each other, as in tables and in lists of labels; a row goes on on the next page if it must."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.paper import lettering
from shared.paper.document import Align, Box, Ink, Line, Text
from shared.paper.figures import leading
from shared.paper.flow import BOTTOM, LEFT, RIGHT, TOP, Flow

_PADDING = 1.6
_ACROSS = 1.2
_TORN = 70.0
"""A row up to this height (millimetres) goes to the next page as a whole."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, and how."""

    text: str
    align: Align = "left"
    strong: bool = False
    ink: Ink = "ink"
    size: float = 9.0


@dataclass(frozen=True, slots=True)
class Row:
    """Cells and their widths, in millimetres."""

    cells: list[Cell]
    widths: list[float]
    fill: Ink | None = None
    most: int | None = None  # lines per cell; what is beyond them is left out


def put(flow: Flow, row: Row, titles: Callable[[], None] | None = None) -> None:
    """Set a row below what is there. `titles` is called at the top of each page that it turns to."""
    lines = [
        lettering.wrap(cell.text, cell.size, wide - 2 * _ACROSS, cell.strong)[: row.most]
        for cell, wide in zip(row.cells, row.widths, strict=True)
    ]
    steps = [leading(cell.size) for cell in row.cells]
    while True:
        height = _height(lines, steps)
        left = BOTTOM - flow.y
        tall = height > _TORN and left > 2 * max(steps) + 2 * _PADDING
        if height > left and not tall and flow.y > TOP:
            _turn(flow, titles)
            continue
        if height <= left:
            _draw(flow, row, lines, steps)
            return
        counts = [int((left - 2 * _PADDING) / step) for step in steps]
        _draw(flow, row, [cell[:count] for cell, count in zip(lines, counts, strict=True)], steps)
        lines = [cell[count:] for cell, count in zip(lines, counts, strict=True)]
        _turn(flow, titles)


def _turn(flow: Flow, titles: Callable[[], None] | None) -> None:
    flow.turn()
    if titles:
        titles()


def _height(lines: list[list[str]], steps: list[float]) -> float:
    return max(len(cell) * step for cell, step in zip(lines, steps, strict=True)) + 2 * _PADDING


def _draw(flow: Flow, row: Row, lines: list[list[str]], steps: list[float]) -> None:
    height = _height(lines, steps)
    if row.fill:
        flow.put([Box(LEFT, flow.y, RIGHT - LEFT, height, row.fill)])
    x = LEFT
    for cell, wide, own, step in zip(row.cells, row.widths, lines, steps, strict=True):
        at = {"left": x + _ACROSS, "centre": x + wide / 2, "right": x + wide - _ACROSS}[cell.align]
        for number, line in enumerate(own):
            y = flow.y + _PADDING + number * step
            flow.put([Text(at, y, line, cell.size, cell.align, cell.strong, cell.ink)])
        x += wide
    flow.y += height
    flow.put([Line(LEFT, flow.y, RIGHT, flow.y, "rule", 0.2)])
