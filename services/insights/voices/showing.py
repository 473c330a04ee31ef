"""From sums to what is shown. Pure."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from services.insights.cues.book import ValueOrientation
from services.insights.voices import labels
from services.insights.voices.book import LatentNeeds
from services.insights.voices.model import BETWEEN
from services.insights.voices.schemas import (
    DemandsGroup,
    EmotionsGroup,
    SaidShown,
    ShareShown,
    TrendShown,
    ValuesGroup,
    ValueShown,
)
from services.insights.voices.sums import Group, Sums
from services.insights.voices.trend import Trend, trend
from services.insights.warning.discovery import q_values
from shared.events.vocabulary import Valence
from shared.shares import wilson
from shared.taxonomy import Taxonomy

Show = Callable[[Trend | None], TrendShown | None]


def share(part: int, of: int) -> ShareShown:
    interval = wilson(part, of)
    return ShareShown(complaints=part, share=part / of if of else None, low=interval.low, high=interval.high)


def trends(all_of_them: Sequence[Trend | None], step: int) -> Show:
    """How each is shown, beside all others of one answer. `step` is the length of a period in days."""
    p = np.array([each.p_value if each else np.nan for each in all_of_them], dtype=np.float64)
    q = {id(each): float(value) for each, value in zip(all_of_them, q_values(p), strict=True)}

    def show(each: Trend | None) -> TrendShown | None:
        if each is None:
            return None
        scale = 30 / step
        return TrendShown(
            per_30_days=each.slope * scale,
            low=each.low * scale,
            high=each.high * scale,
            p_value=each.p_value,
            q_value=q[id(each)],
        )

    return show


def values(
    sums: Sums, orientation: ValueOrientation, taxonomy: Taxonomy, thresholds: LatentNeeds
) -> list[ValuesGroup]:
    found = {
        key: (labels.labelled(group), labels.touching(group, orientation, taxonomy))
        for key, group in sums.groups.items()
    }
    told = {
        (key, code): trend(series, labelled)
        for key, (labelled, touching) in found.items()
        for code, series in touching.items()
    }
    show = trends(list(told.values()), sums.step)
    return [
        _values(key, sums.groups[key], labelled, touching, orientation, thresholds, told, show)
        for key, (labelled, touching) in found.items()
    ]


def _values(
    key: str,
    group: Group,
    labelled: list[int],
    touching: Mapping[str, list[int]],
    orientation: ValueOrientation,
    thresholds: LatentNeeds,
    told: Mapping[tuple[str, str], Trend | None],
    show: Show,
) -> ValuesGroup:
    of = sum(labelled)
    by_whom = {what: sum(group.n(what, name) for name in group.names(what)) for what in labels.LABELS}
    return ValuesGroup(
        key=key or None,
        labelled=of,
        coded=by_whom["coded"],
        heard=by_whom["facets"],
        placed=by_whom["placed"],
        unlabelled=group.n("unlabelled"),
        small=of < thresholds.smallest,
        series=labelled,
        values=[
            ValueShown(
                **share(sum(touching[value.code]), of).model_dump(),
                code=value.code,
                name_en=value.name_en,
                name_zh=value.name_zh,
                trend=show(told[key, value.code]),
                series=touching[value.code],
            )
            for value in orientation.values
        ],
    )


def emotions(key: str, group: Group, thresholds: LatentNeeds) -> EmotionsGroup:
    courses = {
        (first, last): group.n("course", BETWEEN.join((first, last))) for first in Valence for last in Valence
    }
    negative = Valence.NEGATIVE
    began = sum(n for (first, _), n in courses.items() if first is negative)
    return EmotionsGroup(
        key=key or None,
        heard=group.n("heard"),
        small=group.n("heard") < thresholds.smallest,
        emotions=said(group, "emotion"),
        began_negative=began,
        converted=share(courses[negative, Valence.POSITIVE], began),
        calmed=share(courses[negative, Valence.NEUTRAL], began),
        turned_negative=sum(
            n for (first, last), n in courses.items() if first is not negative and last is negative
        ),
    )


def demands(key: str, group: Group, thresholds: LatentNeeds) -> DemandsGroup:
    return DemandsGroup(
        key=key or None,
        heard=group.n("heard"),
        small=group.n("heard") < thresholds.smallest,
        remedies=said(group, "remedy"),
        refused=said(group, "refused"),
        threats=said(group, "threat"),
        churn=said(group, "churn"),
        dangers=said(group, "danger"),
        opportunities=said(group, "opportunity"),
    )


def said(group: Group, what: str) -> list[SaidShown]:
    """Any of the kind first, then its names, the most frequent first."""
    heard = group.n("heard")
    names = sorted(group.names(what), key=lambda name: (-group.n(what, name), name))
    return [SaidShown(**share(group.n(what, name), heard).model_dump(), name=name) for name in ("", *names)]
