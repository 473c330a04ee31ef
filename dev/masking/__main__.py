"""Print recall and precision of both halves, by kind."""

import sys

from dev.masking.halves import HELD_OUT, SEEN
from dev.masking.measured import KINDS, measured, samples

for name, half in (("seen", SEEN), ("held out", HELD_OUT)):
    result = measured(samples(half, 4000, seed=1))
    print(
        f"{name}: recall {result.recall:.4f}, precision {result.precision:.4f} of {result.labelled.total()}"
    )
    print("  " + ", ".join(f"{kind} {result.recall_of(kind):.3f}" for kind in KINDS))
    if name == "seen" or "--all" in sys.argv:
        print(*("  " + line for line in result.wrong[:20]), sep="\n")
