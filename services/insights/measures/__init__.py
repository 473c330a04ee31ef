"""The measures: what they are, what they should be, what they are made of, and how people compare."""

from services.insights.measures.catalogue import BY_ID, MEASURES
from services.insights.measures.model import Direction, Measure, Totals, Unit, Value

__all__ = ["BY_ID", "MEASURES", "Direction", "Measure", "Totals", "Unit", "Value"]
