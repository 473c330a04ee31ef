"""Documents on paper: read back from the file by another library than the one that wrote it."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.paper import (
    Block,
    Box,
    Bullets,
    Column,
    Document,
    Figure,
    Heading,
    KeyValues,
    Line,
    PageBreak,
    Paragraph,
    Signature,
    Signatures,
    Table,
    Text,
    figures,
    lettering,
    write,
)
from shared.paper.flow import BOTTOM, LEFT, RIGHT, TOP
from shared.paper.layout import lay_out

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


CELLS = st.lists(st.tuples(st.text(max_size=80), st.text(max_size=2000)), max_size=8)
TEXTS = st.lists(st.text(max_size=200), max_size=5)


def document(*blocks: Block) -> Document:
    return Document("8D 报告", "zh", AT, blocks, "客户版", "RD-7K2M", "仅供收件人", "Redress")


def pages(data: bytes) -> list[str]:
    """The text of each page as a reader's program finds it."""
    file = pypdfium2.PdfDocument(data)
    found = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in file]
    file.close()
    return found


def joined(data: bytes) -> str:
    return "".join("".join(pages(data)).split())


EVERYTHING: tuple[Block, ...] = (
    Heading("D1 问题解决小组"),
    KeyValues((("客户", "上海堃喆贸易"), ("Champion", "J. Müller-Łukasiewicz"), ("批次", "118"))),
    KeyValues((("单列", "一"),), columns=1),
    Paragraph("绝缘电阻低于 2 MΩ。\nDon’t ship “as is”."),
    Bullets(("隔离库存", "通知经销商"), numbered=True),
    Heading("D4", 2),
    Figure(170, 60, (Line(0, 30, 120, 30, arrow=True), Box(120, 20, 40, 20, "accent", text="漏电")), "图 1"),
    Table((Column("时间"), Column("事件", 3, strong=True)), (("09:14", "受理"), ("10:20", "评级")), "表 1"),
    PageBreak(),
    Signatures((Signature("小组组长", "王建国", "2026-11-22"), Signature("客户确认"))),
)


def test_chinese_and_latin_come_out_of_the_file_again() -> None:
    text = joined(write(document(*EVERYTHING)))
    for expected in (
        "8D报告", "客户版", "RD-7K2M", "仅供收件人", "D1问题解决小组", "上海堃喆贸易", "J.Müller-Łukasiewicz", "2MΩ",
        "Don’tship“asis”.", "1.隔离库存", "2.通知经销商", "漏电", "图1", "表1", "受理", "王建国", "签名", "客户确认",
    ):  # fmt: skip
        assert expected in text


def test_the_fonts_are_in_the_file() -> None:
    data = write(document(*EVERYTHING))
    assert data.count(b"/FontFile3") + data.count(b"/FontFile2") == data.count(b"/Type /FontDescriptor") == 4
    assert len(data) < 200_000


def test_the_file_says_its_title_language_author_and_date() -> None:
    data = write(document(Paragraph("x")))
    about = pypdfium2.PdfDocument(data).get_metadata_dict()
    assert (about["Title"], about["Author"], about["Subject"]) == ("8D 报告", "Redress", "客户版")
    assert about["CreationDate"].startswith("D:20261122093000")
    assert b"/Lang (zh-CN)" in data
    assert b"/DisplayDocTitle true" in data


def test_headings_are_the_outline() -> None:
    outline = pypdfium2.PdfDocument(write(document(*EVERYTHING))).get_toc()
    assert [(entry.level, entry.get_title()) for entry in outline] == [(0, "D1 问题解决小组"), (1, "D4")]


def test_every_page_has_the_title_the_titles_of_the_table_and_its_number() -> None:
    rows = tuple((f"R{number:04}", "投诉受理") for number in range(1000))
    found = pages(write(document(Table((Column("编号"), Column("事件", 3)), rows))))
    assert len(found) > 20
    for number, page in enumerate(found, 1):
        assert f"{number} / {len(found)}" in page
        assert "8D 报告" in page
        assert page.count("编号") == page.count("事件") == 1
    text = "".join(found)
    assert all(text.count(row[0]) == 1 for row in rows)


def test_a_row_longer_than_a_page_goes_on_without_a_loss() -> None:
    long = "".join(f"{number:04}" for number in range(3000))
    columns = (Column("时间"), Column("事件", 3))
    found = pages(write(document(Table(columns, (("09:14", "短"), ("10:20", long), ("11:00", "末"))))))
    assert len(found) > 3
    assert all("时间" in page for page in found)
    drawn = _drawn(document(Table(columns, (("09:14", long),))))
    assert "".join(line for line in drawn if line.isdecimal()) == long


def test_titles_of_a_table_never_fill_the_page() -> None:
    table = Table((Column("标题" * 4000), Column("二")), (("甲", "乙" * 9000),))
    assert sum(line.count("乙") for line in _drawn(document(table))) == 9000


def test_a_heading_is_not_torn_from_its_figure() -> None:
    figure = Figure(170, 100, (Text(10, 10, "in the drawing"),), "caption")
    for lines in range(20, 45):
        for page in lay_out(document(Paragraph("x\n" * lines), Heading("Cause"), figure)):
            text = [shape.text for shape in page if isinstance(shape, Text)]
            assert ("Cause" in text) == ("in the drawing" in text)


def test_the_same_document_is_the_same_bytes_in_every_process() -> None:
    script = (
        "import hashlib; from tests.unit.test_paper import *; "
        "print(hashlib.sha256(write(document(*EVERYTHING))).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai"))
    }
    assert len(told) == 1
    assert write(document(*EVERYTHING)) == write(document(*EVERYTHING))
    assert write(document(Paragraph("a"))) != write(document(Paragraph("b")))


def test_text_is_only_text() -> None:
    hostile = "<b>x</b> **bold** __u__ [a](http://e.example) {nb} ) Tj ET (\\ %PDF --"
    assert "".join(hostile.split()) in joined(write(document(Paragraph(hostile))))


def test_what_cannot_be_printed_is_seen_or_dropped() -> None:
    assert lettering.clean("a\x00b\x1b[0m\u202ec\ud800d\ufeff") == "ab[0mcd"
    assert lettering.clean("好😀的\u0e01") == "好〓的〓"
    assert lettering.clean("1\r\n2\r3\t4\u20285") == "1\n2\n3 4\n5"
    assert "好〓的" in joined(write(document(Paragraph("好😀的"))))


def test_bold_has_the_rare_characters_too() -> None:
    assert "喆堃镕" in joined(write(document(Paragraph("王喆堃镕", strong=True))))


def test_no_closing_mark_begins_a_line_and_no_opening_mark_ends_one() -> None:
    text = "客户（上海）反映：使用中“麻电”，抽检 200 件（7 件不良）；见《检验报告》。" * 5
    for limit in range(12, 90):
        lines = lettering.wrap(text, 10, limit)
        assert not any(line[0] in "）：”，；》。" for line in lines)
        assert not any(line[-1] in "（“《" for line in lines)


def test_latin_words_stay_whole_and_very_long_ones_are_cut() -> None:
    assert lettering.wrap("don’t ship (today)", 10, 14) == ["don’t", "ship", "(today)"]
    assert "".join(lettering.wrap("W" * 500, 10, 30)) == "W" * 500


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=300), limit=st.floats(5, 170), strong=st.booleans())
def test_wrapping_keeps_every_character_and_the_width(text: str, limit: float, strong: bool) -> None:
    lines = lettering.wrap(text, 9, limit, strong)
    assert all(lettering.width(line, 9, strong) <= limit + 0.01 or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == lettering.clean(text).replace("\n", "").replace(" ", "")


@settings(deadline=None, max_examples=25)
@given(cells=CELLS, texts=TEXTS)
def test_any_text_stays_inside_the_page(cells: list[tuple[str, str]], texts: list[str]) -> None:
    for page in lay_out(_of(cells, texts)):
        for shape in page:
            if isinstance(shape, Text):
                assert TOP - 15 < shape.y < BOTTOM + 8
                wide = lettering.width(shape.text, shape.size, shape.strong)
                left = shape.x - wide * {"left": 0, "centre": 0.5, "right": 1}[shape.align]
                assert left >= LEFT - 0.01
                assert left + wide <= RIGHT + 0.01


@settings(deadline=None, max_examples=8)
@given(cells=CELLS, texts=TEXTS)
def test_any_text_can_be_written_and_read(cells: list[tuple[str, str]], texts: list[str]) -> None:
    found = pages(write(replace(_of(cells, texts), title="".join(texts))))
    assert f"{len(found)} / {len(found)}" in found[-1]


def test_text_in_a_box_shrinks_and_then_says_that_there_is_more() -> None:
    def inside(text: str) -> list[Text]:
        shapes = figures.placed(Figure(40, 12, (Box(0, 0, 40, 12, text=text),)), 0, 0, 1)
        return [shape for shape in shapes if isinstance(shape, Text)]

    assert [line.text for line in inside("漏电")] == ["漏电"]
    assert inside("密封圈硬度偏低" * 5)[0].size < 9
    long = inside("密封圈硬度偏低" * 50)
    assert long[0].size == 5
    assert long[-1].text.endswith("…")
    assert long[-1].y + figures.leading(5) <= 12


def test_a_row_must_fit_its_columns() -> None:
    with pytest.raises(ValueError, match="row 1 has 2 cells for 1 columns"):
        Table((Column("a"),), (("1",), ("1", "2")))
    with pytest.raises(ValueError, match="share above 0"):
        Table((Column("a", 0),), ())


def _drawn(whole: Document) -> list[str]:
    return [shape.text for page in lay_out(whole) for shape in page if isinstance(shape, Text)]


def _of(cells: list[tuple[str, str]], texts: list[str]) -> Document:
    return document(
        *(Heading(text) for text in texts),
        Bullets(tuple(texts)),
        Table((Column("a"), Column("b", 2)), tuple(cells)),
        KeyValues(tuple(cells)),
        Figure(50, 20, tuple(Box(0, 0, 50, 20, text=text) for text in texts)),
        Signatures(tuple(Signature(text, text) for text in texts)),
    )
