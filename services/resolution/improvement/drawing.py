"""The fishbone diagram (Ishikawa): six bones on a spine, and the effect at its head. Pure; lengths in millimetres."""

from collections.abc import Mapping, Sequence

from services.resolution.improvement.parts import Branch
from shared.paper import Box, Figure, Line, Shape

WIDTH, HEIGHT = 176.0, 92.0
_SPINE_Y, _HEAD_X, _HEAD = HEIGHT / 2, 142.0, 34.0
_BONE, _LEAN, _LABEL = 46.0, 14.0, 7.0
SHOWN = 4
"""Causes that a bone has room for; the others stand only in the table."""


def fishbone(causes: Mapping[Branch, Sequence[str]], names: Mapping[Branch, str], effect: str) -> Figure:
    """`names`: what the branches are called; `effect`: what is explained."""
    shapes: list[Shape] = [
        Line(2, _SPINE_Y, _HEAD_X, _SPINE_Y, weight=0.9, arrow=True),
        Box(_HEAD_X, _SPINE_Y - 13, _HEAD, 26, fill="pale", ink="accent", text=effect, size=9, strong=True),
    ]
    for number, branch in enumerate(Branch):
        above = number % 2 == 0
        shapes += _bone(number // 2, above, names[branch], causes.get(branch, ())[:SHOWN])
    return Figure(WIDTH, HEIGHT, tuple(shapes))


def _bone(place: int, above: bool, name: str, causes: Sequence[str]) -> list[Shape]:
    """From its name, at the edge, slanting to the spine; its causes lie to the right of it."""
    foot = (place + 1) * _BONE - 2
    top = foot - _LEAN
    edge = _LABEL if above else HEIGHT - _LABEL
    shapes: list[Shape] = [
        Line(top, edge, foot, _SPINE_Y, weight=0.6),
        Box(
            top - 14,
            0 if above else HEIGHT - _LABEL,
            28,
            _LABEL,
            fill="accent",
            text=name,
            size=9,
            strong=True,
            text_ink="paper",
        ),
    ]
    room = (_SPINE_Y - _LABEL - 3) / SHOWN
    for number, cause in enumerate(causes):
        y = edge + 1.5 + number * room if above else edge - 1.5 - (number + 1) * room
        on_bone = top + _LEAN * abs(y + room - 1 - edge) / (_SPINE_Y - _LABEL)
        shapes.append(Box(on_bone - 29, y, 28, room - 1, text=cause, size=7))
        shapes.append(Line(on_bone - 29, y + room - 1, on_bone, y + room - 1, ink="quiet", weight=0.2))
    return shapes
