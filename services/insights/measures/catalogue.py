"""All measures, in the order in which they are shown. Pure."""

from collections.abc import Mapping

from services.insights.measures.customers import CUSTOMERS
from services.insights.measures.handling import HANDLING
from services.insights.measures.model import Measure

MEASURES: tuple[Measure, ...] = (*HANDLING, *CUSTOMERS)
BY_ID: Mapping[str, Measure] = {measure.id: measure for measure in MEASURES}
