"""Shapes with text to lay out become shapes that are only to be drawn: every text a single clean line."""

from collections.abc import Iterator
from dataclasses import replace

from shared.paper import lettering
from shared.paper.document import Box, Figure, Line, Shape, Text
from shared.paper.lettering import LEADING, MILLIMETRES

_SMALLEST = 5.0
_INSIDE = 1.0
"""From the edge of a box to its text, in millimetres."""


def leading(size: float) -> float:
    """The height of a line, in millimetres."""
    return size * LEADING * MILLIMETRES


def placed(figure: Figure, left: float, top: float, scale: float) -> Iterator[Shape]:
    """The figure's shapes on the page."""
    for shape in figure.shapes:
        match shape:
            case Line():
                yield replace(
                    shape,
                    x1=left + shape.x1 * scale,
                    y1=top + shape.y1 * scale,
                    x2=left + shape.x2 * scale,
                    y2=top + shape.y2 * scale,
                    weight=shape.weight * scale,
                )
            case Box():
                yield from _boxed(
                    replace(
                        shape,
                        x=left + shape.x * scale,
                        y=top + shape.y * scale,
                        width=shape.width * scale,
                        height=shape.height * scale,
                        size=shape.size * scale,
                    )
                )
            case Text():
                limit = None if shape.width is None else shape.width * scale
                yield from _lines(
                    replace(
                        shape,
                        x=left + shape.x * scale,
                        y=top + shape.y * scale,
                        size=shape.size * scale,
                        width=limit,
                    )
                )


def _lines(text: Text) -> Iterator[Text]:
    if text.width is None:
        lines = [lettering.clean(text.text).replace("\n", " ")]
    else:
        lines = lettering.wrap(text.text, text.size, text.width, text.strong)
    for number, line in enumerate(lines):
        yield replace(text, text=line, y=text.y + number * leading(text.size), width=None)


def _boxed(box: Box) -> Iterator[Shape]:
    yield replace(box, text="")
    if not box.text.strip():
        return
    wide, high = box.width - 2 * _INSIDE, box.height - _INSIDE
    size = box.size
    lines = lettering.wrap(box.text, size, wide, box.strong)
    while size > _SMALLEST and len(lines) * leading(size) > high:
        size = max(_SMALLEST, size - 0.5)
        lines = lettering.wrap(box.text, size, wide, box.strong)
    room = max(1, int(high / leading(size)))
    if len(lines) > room:
        lines = [*lines[: room - 1], lettering.shortened(lines[room - 1] + "…", size, wide, box.strong)]
    top = box.y + (box.height - len(lines) * leading(size)) / 2
    for number, line in enumerate(lines):
        yield Text(
            box.x + box.width / 2,
            top + number * leading(size),
            line,
            size,
            "centre",
            box.strong,
            box.text_ink,
        )
