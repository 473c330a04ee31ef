"""What an assumed share becomes when one's own customers are counted: a Beta prior and what was seen. Pure.

The prior has the mean and the variance of the draws that the money view makes of the assumption (half of them evenly
between low and value, half between value and high); the posterior is its conjugate update (Gelman et al., Bayesian Data
Analysis, 2013, section 2.4).
"""

from dataclasses import dataclass

from scipy.stats import beta

from services.insights.cohorts.model import Again
from shared.rulebooks.parameter import Parameter

INTERVAL = (0.05, 0.95)
"""Nine times out of ten the share lies between, if the assumption was honest."""
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Belief:
    """A Beta distribution over a share."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    @property
    def interval(self) -> tuple[float, float]:
        low, high = beta.ppf(INTERVAL, self.a, self.b)
        return float(low), float(high)

    @property
    def strength(self) -> float:
        """As many customers would have told as much."""
        return self.a + self.b


def prior(assumed: Parameter) -> Belief:
    low, value, high = float(assumed.low), float(assumed.value), float(assumed.high)
    mean = (low + 2 * value + high) / 4
    square = (low * low + low * value + 2 * value * value + value * high + high * high) / 6
    variance = max(square - mean * mean, _LEAST)
    mean = min(max(mean, _LEAST), 1 - _LEAST)
    strength = max(mean * (1 - mean) / variance - 1, 2 * _LEAST)
    return Belief(mean * strength, (1 - mean) * strength)


def updated(before: Belief, seen: Again) -> Belief:
    return Belief(before.a + seen.share * seen.effective, before.b + (1 - seen.share) * seen.effective)
