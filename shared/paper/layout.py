"""Where everything stands: a document becomes pages of shapes. Pure, and in time linear in the text."""

from itertools import zip_longest

from shared.paper import figures, lettering, rows
from shared.paper.document import (
    Block,
    Bullets,
    Document,
    Figure,
    Heading,
    KeyValues,
    Line,
    PageBreak,
    Paragraph,
    Shape,
    Signature,
    Signatures,
    Table,
    Text,
)
from shared.paper.figures import leading
from shared.paper.flow import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Flow, Mark, Page
from shared.paper.rows import Cell

_LABEL_SHARE = 0.32
_SIGNATURE = 34.0
_CAPTION = 8.5
_TITLE_LINES = 4  # the titles of a table must leave room for its rows
Content = Paragraph | KeyValues | Table | Bullets | Figure | Signatures | PageBreak

_WORDS = {"en": {"signature": "Signature", "date": "Date"}, "zh": {"signature": "签名", "date": "日期"}}


def lay_out(document: Document) -> list[Page]:
    """The pages with header, footer and all blocks."""
    flow = Flow()
    _opening(flow, document)
    words = _WORDS[document.language]
    for block, following in zip_longest(document.blocks, document.blocks[1:]):
        if isinstance(block, Heading):
            _heading(flow, block, _beginning(following))
        else:
            _block(flow, block, words)
    if len(flow.pages) > 1 and not flow.pages[-1]:
        flow.pages.pop()
    for number, page in enumerate(flow.pages, 1):
        page.extend(_margins(document, number, len(flow.pages)))
    return flow.pages


def _opening(flow: Flow, document: Document) -> None:
    flow.lines(
        lettering.wrap(document.title, 20, WIDTH, True), Text(LEFT, 0, "", 20, strong=True, ink="accent")
    )
    if document.subtitle:
        flow.lines(lettering.wrap(document.subtitle, 11, WIDTH), Text(LEFT, 0, "", 11, ink="quiet"))
    flow.y += 4


def _margins(document: Document, number: int, count: int) -> list[Shape]:
    title = lettering.shortened(document.title, 8, WIDTH * 0.65)
    reference = lettering.shortened(document.reference, 8, WIDTH * 0.33)
    note = lettering.shortened(document.note, 8, WIDTH * 0.8)
    above, below = TOP - 8, BOTTOM + 5
    return [
        Text(LEFT, above - 5, title, 8, ink="quiet"),
        Text(RIGHT, above - 5, reference, 8, "right", ink="quiet"),
        Line(LEFT, above, RIGHT, above, "rule", 0.2),
        Line(LEFT, below, RIGHT, below, "rule", 0.2),
        Text(LEFT, below + 1.2, note, 8, ink="quiet"),
        Text(RIGHT, below + 1.2, f"{number} / {count}", 8, "right", ink="quiet"),
    ]


def _block(flow: Flow, block: Content, words: dict[str, str]) -> None:
    match block:
        case Paragraph():
            style = Text(LEFT, 0, "", block.size, strong=block.strong, ink=block.ink)
            flow.lines(lettering.wrap(block.text, block.size, WIDTH, block.strong), style)
            flow.y += 2
        case Bullets():
            _bullets(flow, block)
        case KeyValues():
            _key_values(flow, block)
        case Table():
            _table(flow, block)
        case Figure():
            _figure(flow, block)
        case Signatures():
            _signatures(flow, block, words)
        case PageBreak():
            flow.turn()


def _beginning(block: Block | None) -> float:
    """How much of a block stands on the page of its heading, in millimetres."""
    match block:
        case Figure():
            scale, caption = _fitted(block)
            return min(block.height * scale + len(caption) * leading(_CAPTION) + 5, BOTTOM - TOP - 40)
        case Signatures() | Table():
            return _SIGNATURE
        case _:
            return 24.0


def _heading(flow: Flow, heading: Heading, following: float) -> None:
    size = {1: 14.0, 2: 11.5, 3: 10.0}[heading.level]
    lines = lettering.wrap(heading.text, size, WIDTH, True)
    before = {1: 5.0, 2: 3.0, 3: 2.0}[heading.level] if flow.y > TOP else 0.0
    flow.room(before + len(lines) * leading(size) + following)  # never alone
    flow.y += before if flow.y > TOP else 0
    flow.put([Mark(" ".join(lines), heading.level - 1)])
    flow.lines(lines, Text(LEFT, 0, "", size, strong=True, ink="accent"))
    if heading.level == 1:
        flow.put([Line(LEFT, flow.y + 0.3, RIGHT, flow.y + 0.3, "accent", 0.4)])
        flow.y += 1
    flow.y += 1.5


def _bullets(flow: Flow, bullets: Bullets) -> None:
    indent = 5.0 + (2.0 if bullets.numbered else 0.0)
    for number, item in enumerate(bullets.items, 1):
        flow.room(leading(10))
        sign = f"{number}." if bullets.numbered else "•"
        flow.put([Text(LEFT + indent - 2, flow.y, sign, 10, "right", ink="accent")])
        flow.lines(lettering.wrap(item, 10, WIDTH - indent), Text(LEFT + indent, 0, "", 10))
        flow.y += 0.8
    flow.y += 1.5


def _key_values(flow: Flow, block: KeyValues) -> None:
    wide = WIDTH / block.columns
    label = 38.0 if block.columns == 1 else wide * _LABEL_SHARE
    widths = [label, wide - label] * block.columns
    flow.put([Line(LEFT, flow.y, RIGHT, flow.y, "rule", 0.2)])
    for at in range(0, len(block.pairs), block.columns):
        pairs = [*block.pairs[at : at + block.columns], ("", "")][: block.columns]
        cells = [cell for key, value in pairs for cell in (Cell(key, ink="quiet"), Cell(value))]
        rows.put(flow, rows.Row(cells, widths))
    flow.y += 4


def _table(flow: Flow, table: Table) -> None:
    whole = sum(column.share for column in table.columns)
    widths = [column.share / whole * WIDTH for column in table.columns]

    def titles() -> None:
        cells = [Cell(column.title, column.align, True, "accent") for column in table.columns]
        rows.put(flow, rows.Row(cells, widths, "pale", _TITLE_LINES))

    if table.caption:
        flow.room(30)
        flow.lines(
            lettering.wrap(table.caption, 9, WIDTH, True), Text(LEFT, 0, "", 9, strong=True, ink="quiet")
        )
        flow.y += 1
    flow.room(24)
    titles()
    for row in table.rows:
        cells = [
            Cell(text, column.align, column.strong) for column, text in zip(table.columns, row, strict=True)
        ]
        rows.put(flow, rows.Row(cells, widths), titles)
    flow.y += 4


def _fitted(figure: Figure) -> tuple[float, list[str]]:
    """By how much a figure is shrunk, and the lines of its caption."""
    caption = lettering.wrap(figure.caption, _CAPTION, WIDTH) if figure.caption else []
    below = len(caption) * leading(_CAPTION) + 5
    return min(1.0, WIDTH / figure.width, (BOTTOM - TOP - below) / figure.height), caption


def _figure(flow: Flow, figure: Figure) -> None:
    scale, caption = _fitted(figure)
    flow.room(figure.height * scale + len(caption) * leading(_CAPTION) + 5)
    left = LEFT + (WIDTH - figure.width * scale) / 2
    flow.put(figures.placed(figure, left, flow.y, scale))
    flow.y += figure.height * scale + 1
    flow.lines(caption, Text(LEFT + WIDTH / 2, 0, "", _CAPTION, "centre", ink="quiet"))
    flow.y += 4


def _signatures(flow: Flow, block: Signatures, words: dict[str, str]) -> None:
    wide = WIDTH / 3
    for at in range(0, len(block.people), 3):
        flow.room(_SIGNATURE)
        for number, person in enumerate(block.people[at : at + 3]):
            flow.put(_signature(person, LEFT + number * wide, flow.y, wide - 6, words))
        flow.y += _SIGNATURE


def _signature(person: Signature, x: float, y: float, wide: float, words: dict[str, str]) -> list[Shape]:
    name = lettering.shortened(person.name, 10, wide, True)
    date = lettering.shortened(f"{words['date']}  {person.signed_on}", 8, wide)
    return [
        Text(x, y, lettering.shortened(person.role, 8.5, wide), 8.5, ink="quiet"),
        Text(x, y + 5, name, 10, strong=True),
        Line(x, y + 22, x + wide, y + 22, "ink", 0.25),
        Text(x, y + 22.5, words["signature"], 8, ink="quiet"),
        Text(x + wide * 0.4, y + 22.5, date, 8, ink="quiet"),
    ]
