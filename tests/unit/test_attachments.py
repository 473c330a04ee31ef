"""The pure parts of attachments: names, kinds of content, headers, thumbnails."""

import struct
import unicodedata
import zipfile
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.intake.attachments.content import EXTENSIONS, HEAD, detected
from services.intake.attachments.delivery import _range, disposition
from services.intake.attachments.naming import cleaned, masked
from services.intake.attachments.thumbnails import SIDE, NoThumbnail, thumbnail
from shared.problems import Problem

OFFICE = "application/vnd.openxmlformats-officedocument"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **how: object) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind, **how)
    return made.getvalue()


def document(part: str) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as parts:
        for name in ("[Content_Types].xml", "_rels/.rels", part):
            parts.writestr(name, "<x/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("given_name", "media_type", "name"),
    [
        ("photo.jpg", "image/jpeg", "photo.jpg"),
        ("PHOTO.JPEG", "image/jpeg", "PHOTO.jpeg"),
        ("合同 扫描件.pdf", "application/pdf", "合同 扫描件.pdf"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("..\\..\\windows\\win.ini", "text/plain", "win.ini.txt"),
        ("C:\\Users\\ann\\a.png", "image/png", "a.png"),
        ("/", "image/png", "attachment.png"),
        ("..", "image/png", "attachment.png"),
        (".htaccess", "text/plain", "htaccess.txt"),
        (None, "image/png", "attachment.png"),
        ("", "image/png", "attachment.png"),
        ("photo.jpg.exe", "image/jpeg", "photo.jpg.exe.jpg"),
        ("page.html", "text/plain", "page.html.txt"),
        ("gpj.\u202eexe.jpg", "image/jpeg", "gpj.exe.jpg"),
        ("a\u200bb\u2066c\ufeff.png", "image/png", "abc.png"),
        ("a\r\nSet-Cookie: x=1.png", "image/png", "a Set-Cookie_ x=1.png"),
        ("nul\0byte\x1b[31m.png", "image/png", "nulbyte[31m.png"),
        ("con.txt", "text/plain", "_con.txt"),
        ("LPT1.pdf", "application/pdf", "_LPT1.pdf"),
        ('a"b;c%0d%0a.png', "image/png", "a_b;c_0d_0a.png"),
        ("lone\ud800surrogate.png", "image/png", "lone?surrogate.png"),
        ("trailing. . ", "image/png", "trailing.png"),
        ("x" * 10_000 + ".png", "image/png", "x" * 80 + ".png"),
    ],
)
def test_a_name_is_made_harmless_and_tells_the_content(
    given_name: str | None, media_type: str, name: str
) -> None:
    expected = name.replace("?", "_")
    assert cleaned(given_name, media_type) == expected


@given(st.text(st.characters(exclude_categories=[]), max_size=300), st.sampled_from(sorted(EXTENSIONS)))
def test_whatever_the_name_it_comes_out_harmless_and_stays_as_it_is(name: str, media_type: str) -> None:
    harmless = cleaned(name, media_type)
    assert 1 < len(harmless) <= 90
    assert not any(unicodedata.category(c)[0] == "C" for c in harmless)
    assert not set(harmless) & set('/\\<>:"|?*%\r\n')
    assert harmless[0] not in " ."
    assert harmless.rpartition(".")[2] in EXTENSIONS[media_type]
    assert cleaned(harmless, media_type) == harmless
    assert "\r" not in disposition(harmless)
    disposition(harmless).encode("ascii")


def test_a_masked_name_keeps_its_extension() -> None:
    assert masked("王小明 13800138000.jpg", ("王小明",)).endswith(".jpg")
    assert "王小明" not in masked("王小明 13800138000.jpg", ("王小明",))
    assert "138" not in masked("王小明 13800138000.jpg", ())


@pytest.mark.requirement("P-05")
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (picture("TIFF"), "image/tiff"),
        (picture("BMP"), "image/bmp"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (document("word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        (document("xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        (document("ppt/presentation.xml"), f"{OFFICE}.presentationml.presentation"),
        (document("a.txt"), "application/zip"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        (b"#!AMR\n\x3c" + bytes(32), "audio/amr"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/x-wav"),
        ("电机坏了".encode(), "text/plain"),
        ("电机坏了".encode("gb18030"), "text/plain"),
        (b"a,b\r\n1,2\r\n", "text/plain"),
        ("好".encode() * HEAD, "text/plain"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"),
    ],
)
def test_the_type_is_what_the_content_says(content: bytes, media_type: str) -> None:
    assert detected(content[:HEAD]) == media_type
    assert media_type in EXTENSIONS


@pytest.mark.parametrize(
    "content", [b"MZ" + bytes(300), b"\x7fELF\x02\x01\x01" + bytes(100), bytes(range(256)), b"\xff\xfe\xfd"]
)
def test_programs_and_what_cannot_be_told_are_not_taken(content: bytes) -> None:
    assert detected(content) not in EXTENSIONS


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=0-1000", (0, 100)),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=9-1", None),
        ("lines=1-2", None),
    ],
)
def test_one_range_is_understood(wanted: str, part: tuple[int, int] | None) -> None:
    assert _range(wanted, 100) == part


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(wanted: str) -> None:
    with pytest.raises(Problem) as refused:
        _range(wanted, 100)
    assert refused.value.status == 416


def test_the_name_travels_in_both_forms() -> None:
    assert (
        disposition('合同".pdf')
        == "attachment; filename=\"___.pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C%22.pdf"
    )


# Thumbnails


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_thumbnail_is_small(kind: str) -> None:
    small = Image.open(BytesIO(thumbnail(BytesIO(picture(kind, (1600, 400))))))
    assert (small.format, small.size) == ("JPEG", (SIDE, SIDE // 4))


def test_a_thumbnail_is_upright_and_tells_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 50.0)  # GPS latitude
    exif[0x010E] = "Ann Example's kitchen"
    original = picture("JPEG", (800, 400), exif=exif)
    assert b"Ann Example" in original
    made = thumbnail(BytesIO(original))
    small = Image.open(BytesIO(made))
    assert small.size == (SIDE // 2, SIDE)
    assert not small.getexif()
    assert b"Ann Example" not in made
    assert b"Exif" not in made


def _bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 2.5 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "content",
    [
        _bomb(),
        picture("PNG")[:200],
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"no picture at all",
        b"",
        picture("JPEG")[:700],
    ],
)
def test_what_cannot_be_decoded_has_no_thumbnail(content: bytes) -> None:
    with pytest.raises(NoThumbnail):
        thumbnail(BytesIO(content))
