"""One trouble, one alert: which findings are part of which others."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.insights.alerts import shapes
from services.insights.alerts.book import EARLY_WARNING
from services.insights.alerts.findings import CODE_VERSION, Finding
from services.insights.alerts.joining import Crowd, joined
from services.insights.alerts.series import Dimension, Key
from services.insights.model import JOIN
from shared.events.insights import WarningDetector, WarningEvidence, WarningLevel, WarningTail

BOOK = EARLY_WARNING.shipped
KETTLE = Key(Dimension.PRODUCT, "kettle")
KETTLE_USE = Key(Dimension.PRODUCT_SUBCATEGORY, f"kettle{JOIN}use")
ALL = Key(Dimension.ALL, "")


def unusual(
    key: Key,
    observed: float,
    expected: float,
    tail: WarningTail = WarningTail.SURGE,
    gaps: tuple[int, ...] = (),
) -> Finding:
    """In each of its windows."""
    severe = tail is WarningTail.SEVERE
    spans = (1, 3) if severe else shapes.SPANS
    evidence = WarningEvidence(
        detector=WarningDetector.G_CHART if severe else WarningDetector.EVIDENCE,
        as_of=datetime(2026, 3, 9, tzinfo=UTC),
        window=8,
        counts=gaps,
        spans=spans,
        observed=(observed,) * len(spans),
        expected=(expected,) * len(spans),
        dispersion=() if severe else (1.0,) * len(spans),
        p=1e-6,
        calibrated=1e-6,
        watch_limit=0.01,
        alert_limit=0.1,
        rulebook_version=0,
        code_version=CODE_VERSION,
    )
    return Finding(key, tail, WarningLevel.ALERT, evidence)


def test_sums_are_part_of_what_explains_them() -> None:
    found = [unusual(ALL, 60, 40), unusual(KETTLE, 26, 6), unusual(KETTLE_USE, 24, 4)]
    crowds = [
        Crowd(frozenset({0, 1, 2}), 24, 26),
        Crowd(frozenset({0, 1}), 2, 13),
        Crowd(frozenset({0}), 34, 220),
    ]
    assert joined(found, crowds, BOOK) == {0: 2, 1: 2}


def test_a_sum_of_which_more_is_wrong_leads_beside_its_part() -> None:
    found = [unusual(ALL, 90, 40), unusual(KETTLE, 46, 6), unusual(KETTLE_USE, 24, 4)]
    crowds = [
        Crowd(frozenset({0, 1, 2}), 24, 26),
        Crowd(frozenset({0, 1}), 22, 13),
        Crowd(frozenset({0}), 44, 220),
    ]
    assert joined(found, crowds, BOOK) == {0: 1}, "of that with more of it"


def test_a_sum_is_silent_with_its_part() -> None:
    silence = WarningTail.SILENCE
    found = [unusual(ALL, 60, 110, silence), unusual(KETTLE, 1, 50, silence)]
    crowds = [Crowd(frozenset({0, 1}), 1, 80), Crowd(frozenset({0}), 59, 96)]
    assert joined(found, crowds, BOOK) == {0: 1}
    quieter = [Crowd(frozenset({0, 1}), 1, 80), Crowd(frozenset({0}), 20, 96)]
    assert joined([unusual(ALL, 21, 110, silence), found[1]], quieter, BOOK) == {}


def test_severe_complaints_of_a_sum_are_those_of_its_part_only_if_none_came_between() -> None:
    severe = WarningTail.SEVERE
    part = unusual(KETTLE_USE, 3, 90, severe, (80, 90, 1, 1, 1))
    same = unusual(KETTLE, 3, 60, severe, (40, 40, 50, 1, 1, 1))
    between = unusual(KETTLE, 2, 60, severe, (40, 40, 50, 1, 0, 1))
    assert joined([same, part], [], BOOK) == {0: 1}
    assert joined([between, part], [], BOOK) == {}


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=1, max_size=6),
    st.lists(
        st.tuples(st.frozensets(st.integers(0, 5), min_size=1), st.integers(0, 30), st.integers(0, 30)),
        max_size=10,
    ),
)
def test_what_others_are_part_of_is_part_of_nothing(
    sizes: list[tuple[int, int]], told: list[tuple[frozenset[int], int, int]]
) -> None:
    found = [unusual(Key(Dimension.PRODUCT, str(n)), *each) for n, each in enumerate(sizes)]
    crowds = [
        Crowd(own, late, before)
        for series, late, before in told
        if (own := frozenset(n for n in series if n < len(found)))
    ]
    parts = joined(found, crowds, BOOK)
    assert not parts.keys() & set(parts.values())
    assert len(parts) < len(found), "somebody is always told"
