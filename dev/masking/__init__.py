"""Texts with identifiers for measuring masking: made by chance, from frames in two halves.

The rules may be mended by what the first half shows. The second is held out: its frames, ways of writing and
distractors were written before the rules were tried on them, and no rule may be written for them. `python -m
dev.masking` prints recall and precision of both, by kind.
"""
