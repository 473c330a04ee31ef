"""Documents on paper: a Document of plain blocks becomes a PDF file with its fonts in it, in Chinese and English.

`write` is pure and needs neither network nor fonts of the system. It takes about a second of computing for a long
document: call it with asyncio.to_thread.
"""

from shared.paper.document import (
    Align,
    Block,
    Box,
    Bullets,
    Column,
    Document,
    Figure,
    Heading,
    Ink,
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
from shared.paper.layout import lay_out
from shared.paper.painting import paint

__all__ = [
    "Align",
    "Block",
    "Box",
    "Bullets",
    "Column",
    "Document",
    "Figure",
    "Heading",
    "Ink",
    "KeyValues",
    "Line",
    "PageBreak",
    "Paragraph",
    "Shape",
    "Signature",
    "Signatures",
    "Table",
    "Text",
    "write",
]


def write(document: Document) -> bytes:
    """The document as a PDF file (A4). The same document gives the same bytes."""
    return paint(document, lay_out(document))
