"""A head trained anew, from all examples at once: the seed, and every challenger.

The same steps as in `teaching`, in several passes over shuffled examples, and the mean of the weights over all steps
(Freund and Schapire, "Large Margin Classification Using the Perceptron Algorithm", 1999): so one example that came
last counts no more than the others. Then the least useful places are left out, so that a snapshot is bounded.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.routing.triage.learning.features import PLACES
from services.routing.triage.learning.head import Head
from services.routing.triage.learning.lesson import UNIT
from services.routing.triage.learning.promise import Reviewed
from services.routing.triage.learning.teaching import MARGIN, SOFTNESS, Example

PASSES = 10
MOST_TIMES = 5
"""How often an example of a rare class is shown in a pass, at most."""
MOST_PLACES = 100_000
"""Places that are kept; about 0.2 MB of snapshot for each class."""
_COARSE = 12
"""Bits of a weight that a trained snapshot leaves out: it then knows weights to 1/256, and compresses well."""
FOLDS = 5


def train(examples: Sequence[Example], seed: int, places: int = MOST_PLACES, passes: int = PASSES) -> Head:
    """A head that knows these examples. Same examples, same order and same seed: the same bytes."""
    taught = Counter(example.label for example in examples)
    told = [example.told for example in examples]
    every = np.unique(np.concatenate([np.array([PLACES], np.uint32), *(text.places for text in told)]))
    known = np.bincount(
        np.searchsorted(every, np.concatenate([[], *(text.places for text in told)])), minlength=len(every)
    )
    head = Head()
    classes = sorted(taught)
    head.fill(taught, every, known.astype(np.int32), np.zeros((len(every), len(classes)), np.int32), classes)
    weighed = [head.weigh(text) for text in told]
    rows = [np.searchsorted(every, where) for where, _ in weighed]
    rates = [head.rates(where) for where, _ in weighed]
    own = [classes.index(example.label) for example in examples]
    weights, drift = np.zeros((len(every), len(classes))), np.zeros((len(every), len(classes)))
    chance, step = np.random.default_rng(seed), 0
    shown = np.repeat(np.arange(len(examples)), [_times(taught, example.label) for example in examples])
    for _ in range(passes):
        for at in chance.permutation(shown).tolist():
            step += 1
            (_, values), row, right = weighed[at], rows[at], own[at]
            scores = values @ weights[row]
            mine, scores[right] = scores[right], -np.inf
            rival = int(scores.argmax())
            along = values * rates[at]
            size = (MARGIN - (mine - scores[rival])) / (2 * (values @ along) + SOFTNESS / examples[at].weight)
            if 0 < size < np.inf:
                weights[row, right] += size * along
                weights[row, rival] -= size * along
                drift[row, right] += step * size * along
                drift[row, rival] -= step * size * along
    mean = weights - drift / max(1, step)
    return _bounded(taught, every, known, mean, classes, places)


def _times(taught: Counter[str], label: str) -> int:
    """How often an example is shown in each pass: those of a rare class more often, or they would not be heard."""
    return max(1, min(MOST_TIMES, round(taught.total() / (len(taught) * taught[label]))))


def _bounded(
    taught: Counter[str],
    every: NDArray[np.uint32],
    known: NDArray[np.int64],
    mean: NDArray[np.float64],
    classes: list[str],
    places: int,
) -> Head:
    """Keep the places that move the scores most, by their widest difference between classes and their frequency."""
    use = (mean.max(axis=1) - mean.min(axis=1)) * np.sqrt(known) if classes else np.zeros(len(every))
    use[-1] = np.inf  # the bias
    kept = np.sort(np.argsort(-use, kind="stable")[:places])
    coarse = np.rint(mean[kept] * (UNIT >> _COARSE)).astype(np.int32) << _COARSE
    head = Head()
    head.fill(taught, every[kept], known[kept].astype(np.int32), coarse, classes)
    head.sign()
    return head


def reviewed_by_folds(
    examples: Sequence[Example], seed: int, places: int = MOST_PLACES, folds: int = FOLDS
) -> list[Reviewed]:
    """Each example as a head would have scored it that was trained on the other folds: an honest first review."""
    order = np.random.default_rng(seed).permutation(len(examples)).tolist()
    found: dict[int, Reviewed] = {}
    for fold in range(folds):
        without = [examples[at] for place, at in enumerate(order) if place % folds != fold]
        head = train(without, seed, places)
        classes = head.classes
        for at in (at for place, at in enumerate(order) if place % folds == fold):
            scores = head.scores(*head.weigh(examples[at].told), classes).tolist() if classes else []
            found[at] = Reviewed(dict(zip(classes, scores, strict=True)), examples[at].label)
    return [found[at] for at in range(len(examples))]
