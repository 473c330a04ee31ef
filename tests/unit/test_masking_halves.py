"""Masking, measured on texts made by chance: one half the rules may be mended by, one they never saw."""

import pytest

from dev.masking.halves import HELD_OUT, SEEN, Half
from dev.masking.measured import KINDS, measured, samples


@pytest.mark.requirement("P-36")
@pytest.mark.parametrize("half", [SEEN, HELD_OUT], ids=["seen", "held out"])
def test_recall_and_precision_of_both_halves(half: Half) -> None:
    figures = measured(samples(half, 3000, seed=20))
    report = "\n".join(figures.wrong[:30])
    assert figures.recall >= 0.98, report
    assert figures.precision >= 0.95, report
    assert {kind: figures.recall_of(kind) for kind in KINDS if figures.recall_of(kind) < 0.95} == {}, report


def test_the_halves_share_no_frame_and_no_distractor() -> None:
    for kind in KINDS:
        assert not set(SEEN.frames[kind]) & set(HELD_OUT.frames[kind])
    assert not set(SEEN.harmless) & set(HELD_OUT.harmless)


def test_what_is_not_masked_is_counted_against_recall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dev.masking.measured.mask", lambda text, known: text)
    assert measured(samples(SEEN, 50, seed=1)).found.total() == 0
