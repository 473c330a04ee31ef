"""What the learned classifier of triage is worth, beside batch classifiers on the same texts in the same run."""

from bench.triage.measured import measure

__all__ = ["measure"]
