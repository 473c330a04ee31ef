"""A briefing on paper. Pure: the same briefing is the same document."""

from datetime import datetime

from services.notification.briefings.page import Bar, Block, Page
from services.notification.briefings.words import words
from shared.paper import (
    Block as PaperBlock,
)
from shared.paper import (
    Box,
    Bullets,
    Column,
    Document,
    Figure,
    Heading,
    Ink,
    KeyValues,
    Line,
    Paragraph,
    Shape,
    Table,
    Text,
)

WIDTH, HEIGHT = 170.0, 43.0
"""Of the chart, in millimetres: the legend above, the bars, the days below."""
_ROOM, _TOP = 28.0, 9.0
_CELL_HEIGHT, _GAP = 17.0, 3.0
_INKS: dict[str, Ink] = {"plain": "quiet", "good": "good", "bad": "bad"}


def on_paper(page: Page, made_at: datetime, author: str) -> Document:
    blocks: list[PaperBlock] = []
    if page.lacking:
        blocks.append(Paragraph(page.lacking, strong=True, ink="warning"))
    for block in page.blocks:
        blocks += _on_paper(block, page)
    return Document(
        title=page.title,
        language=page.language.value,
        created=made_at,
        blocks=tuple(blocks),
        subtitle=page.covers,
        note=words(page.language)["note"],
        author=author,
    )


def _on_paper(block: Block, page: Page) -> list[PaperBlock]:
    made: list[PaperBlock] = [Heading(block.title)]
    if block.numbers:
        made.append(_numbers(block))
    if block.bars:
        made.append(_chart(block.bars, words(page.language)["chart"], page))
    if block.rows:
        first, *others = block.columns
        columns = (Column(first, 4), *(Column(title, 1, "right") for title in others))
        made.append(Table(columns, block.rows))
    if block.items:
        made.append(_items(block))
    if block.note:
        made.append(Paragraph(block.note, ink="quiet"))
    return made


def _items(block: Block) -> PaperBlock:
    if all(item.strong and not item.quote for item in block.items):
        return KeyValues(tuple((item.strong, item.text) for item in block.items), columns=1)
    return Bullets(
        tuple(f"“{item.text}” ({item.strong})" if item.quote else item.text for item in block.items)
    )


def _numbers(block: Block) -> Figure:
    """The figures beside each other, three in a row, each above what it was before."""
    wide = (WIDTH - 2 * _GAP) / 3
    shapes: list[Shape] = []
    for position, number in enumerate(block.numbers):
        x, y = position % 3 * (wide + _GAP), position // 3 * _CELL_HEIGHT
        shapes += [
            Box(x, y, wide, _CELL_HEIGHT - _GAP, fill="pale"),
            Text(x + 3, y + 1.5, number.label, 8, ink="quiet"),
            Text(x + 3, y + 5.5, number.value, 16, strong=True),
            Text(x + wide - 3, y + 8, number.change, 8, "right", ink=_INKS[number.tone]),
        ]
    return Figure(WIDTH, (len(block.numbers) + 2) // 3 * _CELL_HEIGHT, tuple(shapes))


def _chart(bars: tuple[Bar, ...], caption: str, page: Page) -> Figure:
    """Two bars for each day, as high as its complaints; the highest takes all the room."""
    most = max(1, *(max(bar.received, bar.closed) for bar in bars))
    step = WIDTH / len(bars)
    base = _TOP + _ROOM
    shapes: list[Shape] = [Line(0, base, WIDTH, base, ink="rule")]
    for position, bar in enumerate(bars):
        left = position * step + step * 0.18
        pair: tuple[tuple[int, Ink], ...] = ((bar.received, "accent"), (bar.closed, "good"))
        for number, (value, ink) in enumerate(pair):
            x, high = left + number * step * 0.32, _ROOM * value / most
            if value:
                shapes.append(Box(x, base - high, step * 0.3, high, fill=ink))
                shapes.append(Text(x + step * 0.15, base - high - 3.2, str(value), 6, "centre", ink="quiet"))
        shapes.append(Text(position * step + step / 2, base + 1.2, bar.label, 6.5, "centre", ink="quiet"))
    say = words(page.language)
    shapes += [
        Box(0, 0.6, 2.4, 2.4, fill="accent"),
        Text(3.5, 0, say["received"], 7, ink="quiet"),
        Box(22, 0.6, 2.4, 2.4, fill="good"),
        Text(25.5, 0, say["closed"], 7, ink="quiet"),
    ]
    return Figure(WIDTH, HEIGHT, tuple(shapes), caption)
