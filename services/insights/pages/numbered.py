"""How many there are of each kind, as bars. Pure."""

from collections import Counter
from collections.abc import Sequence

from services.insights.pages import charts, numbers
from services.insights.pages.model import Asked, Cell, Chart, Row, Table
from services.insights.pages.names import name_of

SHOWN = 12
"""Groups in the chart; all are in the table."""


def by_number(groups: Sequence[str], asked: Asked) -> Chart:
    """Of the group of each, by the cut that was asked for. The page's words have `by_number` and `by_number_told`."""
    counts = sorted(Counter(groups).items(), key=lambda each: (-each[1], each[0]))
    named = [(key, name_of(asked.by, key, asked), n) for key, n in counts]
    cut = asked.say(f"by_{asked.by}")
    return Chart(
        asked.say("by_number", cut=cut),
        asked.say("by_number_told"),
        charts.bars([charts.Bar(name, n) for _, name, n in named[:SHOWN]]),
        Table(
            "numbers",
            asked.say("in_numbers"),
            (cut, asked.say("number")),
            tuple(Row(key, (Cell(name), numbers.count(n))) for key, name, n in named),
        ),
    )
