"""Laid-out pages become a PDF file: the only module that knows the library."""

import math
from datetime import UTC

from fpdf import FPDF, ViewerPreferences

from shared.paper import lettering
from shared.paper.document import Box, Document, Ink, Line, Shape, Text
from shared.paper.flow import PAPER, Mark, Page
from shared.paper.lettering import LEADING, MILLIMETRES

_INKS: dict[Ink, tuple[int, int, int]] = {
    "ink": (33, 37, 41),
    "quiet": (96, 106, 117),
    "accent": (23, 62, 107),
    "rule": (200, 207, 215),
    "pale": (238, 242, 247),
    "good": (39, 122, 77),
    "warning": (190, 120, 10),
    "bad": (176, 42, 48),
    "paper": (255, 255, 255),
}
_ARROW_ANGLE = 0.38
_BASELINE = (LEADING - 1) / 2 + 0.88
"""From the top of a line to its baseline, in parts of the size."""


def paint(document: Document, pages: list[Page]) -> bytes:
    """The file. The same document and pages give the same bytes."""
    pdf = FPDF(unit="mm", format=PAPER)
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(document.created.astimezone(UTC))
    pdf.set_lang({"zh": "zh-CN", "en": "en"}[document.language])
    pdf.set_title(lettering.clean(document.title))
    pdf.set_subject(lettering.clean(document.subtitle))
    pdf.set_author(lettering.clean(document.author))
    pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
    for face in lettering.FACES:
        pdf.add_font(face, "", lettering.font_file(face))
    for page in pages:
        pdf.add_page()
        for shape in page:
            _draw(pdf, shape)
    return bytes(pdf.output())


def _draw(pdf: FPDF, shape: Shape | Mark) -> None:
    match shape:
        case Mark():
            pdf.start_section(shape.name, shape.level, strict=False)
        case Text():
            _write(pdf, shape)
        case Line():
            pdf.set_draw_color(*_INKS[shape.ink])
            pdf.set_line_width(shape.weight)
            pdf.line(shape.x1, shape.y1, shape.x2, shape.y2)
            if shape.arrow:
                _head(pdf, shape)
        case Box():
            if shape.fill:
                pdf.set_fill_color(*_INKS[shape.fill])
            if shape.ink:
                pdf.set_draw_color(*_INKS[shape.ink])
                pdf.set_line_width(0.3)
            style = ("D" if shape.ink else "") + ("F" if shape.fill else "")
            if style:
                pdf.rect(shape.x, shape.y, shape.width, shape.height, style=style)


def _write(pdf: FPDF, text: Text) -> None:
    pdf.set_text_color(*_INKS[text.ink])
    wide = lettering.width(text.text, text.size, text.strong)
    x = text.x - wide * {"left": 0, "centre": 0.5, "right": 1}[text.align]
    for piece, face, advance in lettering.runs(text.text, text.strong):
        pdf.set_font(face, "", text.size)
        pdf.text(x, text.y + _BASELINE * text.size * MILLIMETRES, piece)
        x += advance * text.size * MILLIMETRES


def _head(pdf: FPDF, line: Line) -> None:
    length = 1.5 + 3 * line.weight
    angle = math.atan2(line.y2 - line.y1, line.x2 - line.x1)
    corners = [(line.x2, line.y2)] + [
        (
            line.x2 - length * math.cos(angle + turn),
            line.y2 - length * math.sin(angle + turn),
        )
        for turn in (_ARROW_ANGLE, -_ARROW_ANGLE)
    ]
    pdf.set_fill_color(*_INKS[line.ink])
    pdf.polygon(corners, style="F")
