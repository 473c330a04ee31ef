"""Drawings as specifications in Vega-Lite (Satyanarayan et al., IEEE TVCG 23, 2017). Pure.

They are drawn as wide as a phone shows them, and a larger screen makes them larger. The colours are those of Okabe and
Ito, which the colour-blind can tell apart; lines differ in their dashes, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#5b6875"
PALE = "#f6c9a8"
"""Orange on white, but told apart from what it lies on."""
WIDTH = 340
"""Pixels, as in CSS."""
HEIGHT = 200
BAR = 24
_COLOURS = (BLUE, ORANGE, "#009e73")
_DASHES = ([1, 0], [6, 3], [2, 2])
_SHARE, _NUMBER, _RATIO = ".0%", "~s", "~g"
"""Formats of d3: 45 %; 12, 3.5k, 2M; 0.5."""
_RATIOS = (0.01, 0.03, 0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 5, 10, 30, 100)
"""Marks of an axis of ratios."""
_FONT = 'system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif'

Drawing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    label: str
    value: float
    low: float
    high: float
    least: float
    most: float
    """Between these a difference does not matter."""
    plain: bool
    """A difference that matters and is hardly chance."""


def over_time(days: Sequence[date], series: Mapping[str, Sequence[float | None]], monthly: bool) -> Drawing:
    """A line for each series."""
    values = [
        {"day": at.isoformat(), "series": name, "n": n}
        for name, numbers in series.items()
        for at, n in zip(days, numbers, strict=True)
    ]
    names = list(series)
    told = {"field": "series", "sort": names}
    scale = {"domain": names}
    legend = {
        "title": None,
        "orient": "top",
        "symbolType": "stroke",
        "symbolSize": 400,
        "symbolStrokeWidth": 2,
    }
    return _whole(
        values,
        {
            "height": HEIGHT,
            "mark": {"type": "line", "point": {"size": 20}, "strokeWidth": 2, "strokeJoin": "round"},
            "encoding": {
                "x": {
                    "field": "day",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "axis": {"format": "%Y-%m" if monthly else "%m-%d", "title": None, "tickCount": 6},
                },
                "y": {"field": "n", "type": "quantitative", "axis": _axis(_NUMBER)},
                "color": {**told, "scale": scale | {"range": list(_COLOURS)}, "legend": legend},
                "strokeDash": {**told, "scale": scale | {"range": list(_DASHES)}, "legend": legend},
            },
        },
    )


def bars(of: Sequence[Bar], target: float | None = None, *, shares: bool = False) -> Drawing:
    """Horizontal bars with their intervals, in the order given; a line where the target is."""
    values = [{"label": b.label, "n": b.value, "low": b.low, "high": b.high} for b in of]
    n: dict[str, Any] = {
        "field": "n",
        "type": "quantitative",
        "axis": _axis(_SHARE if shares else _NUMBER),
    }
    if shares:
        n["scale"] = {"domain": [0, 1]}
    else:
        n["axis"]["tickCount"] = max(
            1, min(5, int(max((b.value for b in of), default=1)))
        )  # no half complaints
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "bar", "color": BLUE}, "encoding": {"y": _LABEL, "x": n}}
    ]
    if any(b.low is not None for b in of):
        ends = {"y": _LABEL, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}
        layers.append({"mark": {"type": "rule", "color": "black", "strokeWidth": 2}, "encoding": ends})
    if target is not None:
        rule = {"type": "rule", "color": ORANGE, "strokeWidth": 2, "strokeDash": [6, 3]}
        layers.append({"mark": rule, "encoding": {"x": {"datum": target}}})
    return _whole(values, {"height": {"step": BAR}, "layer": layers})


def forest(of: Sequence[Compared], equal: float, *, ratios: bool) -> Drawing:
    """A point with its interval for each, over what is tolerated, and a line where both are alike. Ratios are on a
    scale of logarithms, on which twice and half are as far from 1."""
    values = [asdict(each) for each in of]
    x: dict[str, Any] = {
        "field": "least",
        "type": "quantitative",
        "axis": _axis(_RATIO if ratios else _SHARE),
    }
    x["scale"] = {"type": "log", "nice": False} if ratios else {"nice": True}
    if ratios:
        x["axis"] |= {"values": [each for each in _RATIOS if _near(each, of)]}
    ends = {"y": _WIDE_LABEL, "x": x, "x2": {"field": "most"}}
    interval = {"y": _WIDE_LABEL, "x": x | {"field": "low"}, "x2": {"field": "high"}}
    point: dict[str, Any] = {"y": _WIDE_LABEL, "x": x | {"field": "value"}}
    for channel, plain, other in (("color", ORANGE, BLUE), ("shape", "diamond", "circle")):
        point[channel] = {"condition": {"test": "datum.plain", "value": plain}, "value": other}
    alike = {"type": "rule", "color": GREY, "strokeWidth": 1}
    return _whole(
        values,
        {
            "height": {"step": BAR},
            "layer": [
                {"mark": {"type": "bar", "color": "#e3e7ec", "height": BAR}, "encoding": ends},
                {"mark": alike, "encoding": {"x": {"datum": equal}}},
                {"mark": {"type": "rule", "color": BLUE, "strokeWidth": 2}, "encoding": interval},
                {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1}, "encoding": point},
            ],
        },
    )


def _near(mark: float, of: Sequence[Compared]) -> bool:
    low, high = min(min(each.low, each.least) for each in of), max(max(each.high, each.most) for each in of)
    return low <= mark <= high


def pareto(of: Sequence[Bar], whole: float) -> Drawing:
    """Bars in falling order, and the share that they make together: its scale is above. `low` and `high` of a bar are
    the interval of that share."""
    values, sum_ = [], 0.0
    for b in of:
        sum_ += b.value
        part = sum_ / whole if whole else 0
        values.append({"label": b.label, "n": b.value, "together": part, "low": b.low, "high": b.high})
    n = {"field": "n", "type": "quantitative", "axis": _axis(_NUMBER)}
    together: dict[str, Any] = {
        "field": "together",
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": _axis(_SHARE) | {"orient": "top", "grid": False, "labelColor": ORANGE},
    }
    line = {"type": "line", "color": ORANGE, "point": {"color": ORANGE}, "strokeWidth": 2}
    shares: list[dict[str, Any]] = [
        {"mark": line, "encoding": {"y": _LABEL, "x": together, "order": {"field": "together"}}}
    ]
    if any(b.low is not None for b in of):
        ends = {"y": _LABEL, "x": together | {"field": "low"}, "x2": {"field": "high"}}
        band = {"type": "bar", "color": PALE, "height": BAR / 2}
        shares.insert(0, {"mark": band, "encoding": ends})
    return _whole(
        values,
        {
            "height": {"step": BAR},
            "layer": [
                {"mark": {"type": "bar", "color": BLUE}, "encoding": {"y": _LABEL, "x": n}},
                {"layer": shares},
            ],
            "resolve": {"scale": {"x": "independent"}},
        },
    )


_LABEL: dict[str, Any] = {
    "field": "label",
    "type": "nominal",
    "sort": None,
    "axis": {"title": None, "labelLimit": 110, "ticks": False, "domain": False},
}
_WIDE_LABEL = _LABEL | {"axis": {"title": None, "labelLimit": 150, "ticks": False, "domain": False}}
"""Where there is less to draw and more to say."""
_ROOM = {"left": 26, "right": 6, "top": 2, "bottom": 2}
"""Around a drawing: the reader's font may be wider than the one by which labels were measured."""


def _axis(form: str) -> dict[str, Any]:
    return {"format": form, "title": None, "tickCount": 5, "tickMinStep": 1 if form == _NUMBER else 0.05}


def _whole(values: Sequence[Mapping[str, object]], drawn: Mapping[str, Any]) -> Drawing:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": list(values)},
        "width": WIDTH,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": _ROOM,
        "background": None,
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "axis": {"labelFontSize": 11, "labelSeparation": 10, "gridColor": "#dde2e7"},
        },
        **drawn,
    }
