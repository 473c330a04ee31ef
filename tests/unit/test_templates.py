"""Templates: a language that is bounded, words that say what they must, and HTML made of text."""

import itertools
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateError

from services.notification.rules import MESSAGES
from services.notification.wording import layout, sandbox
from services.notification.wording.checking import faults, paragraphs
from services.notification.wording.declared import (
    LANGUAGES,
    Declarations,
    Language,
    cases,
    declarations,
    example,
    variables_of,
)
from services.notification.wording.drafting import looked_over
from services.notification.wording.in_force import texts_of
from services.notification.wording.letter_text import FOLDER, LetterText, include_name
from shared.reply_policy import REPLY_POLICY
from shared.rulebooks.model import AS_SHIPPED

SHIPPED = texts_of(AS_SHIPPED)
LETTERS = [(name, language) for name, language in SHIPPED if not SHIPPED[name, language].is_part]


def draft(source: str, name: str = "told", language: Language = "en") -> LetterText:
    return LetterText(name, language, 0, source, SHIPPED[name, language].parts)


@pytest.mark.requirement("004-03", "000-12e", "N-H", "002-02")
@pytest.mark.parametrize(("name", "language"), SHIPPED, ids=str)
def test_what_redress_is_shipped_with_would_be_taken_as_a_version(name: str, language: Language) -> None:
    looked = looked_over(SHIPPED[name, language], REPLY_POLICY.shipped)
    assert list(looked.faults) == []
    assert [judged.finding.words for _, judged in looked.findings] == []


def test_every_file_and_every_rule_is_declared() -> None:
    for language in LANGUAGES:
        files = {path.name for path in (FOLDER / language).iterdir()}
        assert files == {f"{name}.txt.jinja" for name in declarations().templates}
    assert {message.template for message in MESSAGES} <= declarations().templates.keys()


def test_a_declaration_names_only_variables_that_there_are() -> None:
    told = declarations().model_dump(mode="json")
    told["templates"]["told"]["must"] = ["nothing"]
    with pytest.raises(ValueError, match="not declared"):
        Declarations.model_validate(told)


@pytest.mark.requirement("004-12", "001-08", "001-14")
@pytest.mark.parametrize(("name", "language"), LETTERS, ids=str)
def test_the_short_form_says_who_writes_about_what_and_leads_on(name: str, language: Language) -> None:
    text = SHIPPED[name, language]
    for values in cases(name, language):
        short = text.render(values, "Northwind").short
        assert short is not None
        assert "\n" not in short
        assert len(short) <= 320, "two or three parts of an SMS, with the link"
        for variable in (
            ("link", "due") if name.startswith("staff") else ("link", "reference", "organisation")
        ):
            if name.startswith("staff") and variable == "link":
                continue  # nobody answers a notice on a telephone
            if variable in variables_of(name):
                assert str(values[variable]) in short


@pytest.mark.requirement("004-12", "002-02")
@pytest.mark.parametrize("language", LANGUAGES)
def test_whenever_time_and_person_are_known_the_letter_names_them(language: Language) -> None:
    for name, told in declarations().templates.items():
        if told.audience != "customer" or "promised" not in told.variables:
            continue
        values = example(name, language)
        body = SHIPPED[name, language].render(values, "Northwind").body
        if "promised" in told.must:
            assert values["promised"] in body, name
        assert values["handler"] in body, name
        assert values["name"] in body, name


# Bounds.

HOSTILE = [
    "{% for a in range(9) %}{% endfor %}",
    "{% for a in ''.join %}{% endfor %}",
    "{% for a in reference %}{% endfor %}",
    "{% set a = 1 %}",
    "{% macro a() %}{% endmacro %}",
    "{% block a %}{% endblock %}",
    "{% extends 'en/_greeting.txt.jinja' %}",
    "{% import 'en/_greeting.txt.jinja' as a %}",
    "{% include 'en/told.txt.jinja' %}",
    "{% include message %}",
    "{% filter upper %}a{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% call a() %}{% endcall %}",
    "{{ 2 ** 99 }}",
    "{{ 'a' * 999 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ message.upper() }}",
    "{{ message.__class__ }}",
    "{{ message['__class__'] }}",
    "{{ message[0:3] }}",
    "{{ message | attr('__class__') }}",
    "{{ message | replace('a', 'b') }}",
    "{{ message is defined }}",
    "{{ self }}",
    "{{ {'a': 1} }}",
    "{{ -1 }}",
    "(" * 50,
]


@pytest.mark.requirement("P-26")
@pytest.mark.parametrize("piece", HOSTILE)
def test_whatever_could_reach_further_or_go_on_for_long_is_no_template(piece: str) -> None:
    source = SHIPPED["told", "en"].source + piece
    written = faults(draft(source))
    assert written or piece == "(" * 50, "brackets alone are text"


@pytest.mark.parametrize(
    "piece",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% if promised %}" * 200 + "{% endif %}" * 200,
        "{{ " + " and ".join(["name"] * 2500) + " }}",
        "{{ name" + "|trim" * 3500 + " }}",
        "{{ name" + ".a" * 6000 + " }}",
    ],
)
def test_what_is_nested_too_deeply_is_refused_before_it_is_compiled(piece: str) -> None:
    assert "nested too deeply" in faults(draft(SHIPPED["told", "en"].source + piece))[0].en


@pytest.mark.requirement("004-12")
@pytest.mark.parametrize(
    "piece",
    [
        "{% if name > 3 %}a{% endif %}",
        "{{ handler | length }}",
        "{% if 'x' in handler %}a{% endif %}",
        "{{ name | trim(1, 2, 3) }}",
        "{{ name | trim(**name) }}",
        "{{ 1e400 }}",
    ],
)
def test_what_fails_with_some_value_is_a_fault_and_a_letter_falls_back(piece: str) -> None:
    text = draft(SHIPPED["told", "en"].source + piece)
    [fault] = faults(text)
    assert "it fails" in fault.en
    with pytest.raises(TemplateError):
        text.render({**example("told", "en"), "handler": None}, "Northwind")


def test_a_number_that_is_too_long_is_refused() -> None:
    [fault] = faults(draft(SHIPPED["told", "en"].source + "{{ " + "9" * 5000 + " }}"))
    assert "a number in it is too long" in fault.en


def test_a_loop_goes_over_a_list_that_is_declared_and_not_within_another_one() -> None:
    loop = "{% for offer in offers %}{{ offer.rank }}{% endfor %}"
    source = SHIPPED["offers", "en"].source
    assert faults(draft(source + loop, "offers")) == []
    nested = "{% for offer in offers %}{% for b in offers %}{{ b.rank }}{% endfor %}{% endfor %}"
    assert "not within another one" in faults(draft(source + nested, "offers"))[0].en


def test_a_letter_without_end_is_not_sent() -> None:
    text = draft("Subject: a\n\n{{ message }}")
    with pytest.raises(TemplateError, match="longer than"):
        text.render({"message": "a" * (sandbox.MOST_RENDERED + 1)}, "Northwind")


SIGNS = (
    "{{ ",
    " }}",
    "{% if ",
    "{% for ",
    " in ",
    "{% endif %}",
    "{% endfor %}",
    " %}",
    "{#",
    "#}",
    "(",
    ")",
)
WORDS = (
    "message",
    "offers",
    "offer.rank",
    "promised",
    "|length",
    "not ",
    "1",
    "==",
    "'",
    ".",
    "Short:",
    "\n",
)
PIECES = st.sampled_from(SIGNS + WORDS)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_draft_is_either_faulty_or_rendered_whatever_is_known(source: str) -> None:
    text = draft(source, "interim")
    if not faults(text):
        for values in cases("interim", "en"):
            assert text.render(values, "Northwind").subject


@given(st.text(max_size=200), st.text(max_size=50))
def test_no_value_bends_the_head_of_a_letter(message: str, name: str) -> None:
    text = draft("Subject: {{ message }}\nShort: {{ name }}\n\n{{ message }}")
    told = text.render({"message": message, "name": name}, "Northwind")
    assert told.subject == " ".join(message.split())
    assert told.short == " ".join(name.split())
    assert told.body == message.strip() + "\n" or "\r" in message


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"source": "Subject: b\n\n"}, "source"),
        ({"language": "zh"}, "language"),
        ({"parts": {"a": "b"}}, "parts"),
    ],
)
def test_the_digest_names_the_exact_wording(changed: dict[str, Any], name: str) -> None:
    one: dict[str, Any] = {
        "name": "told",
        "language": "en",
        "version": 1,
        "source": "Subject: a\n\n",
        "parts": {},
    }
    assert LetterText(**one).digest != LetterText(**(one | changed)).digest
    assert LetterText(**one).digest == LetterText(**(one | {"version": 2})).digest, "the words count"


# HTML.


class Reading(HTMLParser):
    """Tags, addresses and words of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in {"href", "src", "background"}]
        if tag not in {"br", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


def read(html: str) -> Reading:
    reading = Reading()
    reading.feed(html)
    reading.close()
    assert reading.open == []
    return reading


@pytest.mark.requirement("001-08")
@pytest.mark.parametrize(("name", "language"), LETTERS, ids=str)
def test_html_says_what_the_text_says_and_loads_nothing(name: str, language: Language) -> None:
    text = SHIPPED[name, language]
    for values in itertools.islice(cases(name, language), 12):
        told = text.render(values, "Northwind")
        seen = read(told.html)
        is_customers = "reference" in variables_of(name)
        assert seen.addresses == ([values["link"]] if is_customers else [])
        assert not {"script", "img", "link", "iframe", "form"} & set(seen.tags)
        words = "".join("".join(seen.words).split())
        for line in told.body.splitlines():
            said = (
                "".join(line.split())
                .removeprefix("1.")
                .removeprefix("2.")
                .removeprefix("3.")
                .removeprefix("4.")
            )
            assert said in words or line == values.get("link")
        assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in told.html


@given(st.text(max_size=300), st.text(max_size=40))
def test_whatever_people_typed_stays_text(body: str, subject: str) -> None:
    hostile = f'{body}\n<script>alert(1)</script>\n"><img src=x onerror=y>\njavascript:a'
    seen = read(layout.html(subject, hostile, "en", "Northwind", ["javascript:a"]))
    assert seen.addresses == []
    assert "script" not in seen.tags
    assert "<script>alert(1)</script>" in "".join(seen.words)


def test_paragraphs_lists_quotations_and_the_link_are_told_apart() -> None:
    text = "Dear Ann,\n\nLook:\n  2. two\n  3. three\n\n  quoted\n\n4. A title"
    text += "\n\nHere:\nhttps://a.example/t\nhttps://b.example"
    told = [(each.kind, each.lines, each.first) for each in layout.blocks(text, ["https://a.example/t"])]
    assert told == [
        ("text", ["Dear Ann,"], 1),
        ("text", ["Look:"], 1),
        ("items", ["two", "three"], 2),
        ("quote", ["quoted"], 1),
        ("title", ["4. A title"], 1),
        ("text", ["Here:"], 1),
        ("button", ["https://a.example/t"], 1),
        ("text", ["https://b.example"], 1),
    ]


def test_what_the_reply_check_reads_is_all_that_can_come_out() -> None:
    texts = "\n".join(paragraphs(SHIPPED["interim", "en"]))
    for words in (
        "We are late",
        "Our suggestions are waiting",
        "We asked you for something",
        "as soon as we can",
    ):
        assert words in texts


def test_parts_are_included_by_the_name_of_their_language() -> None:
    assert include_name("_greeting", "zh") == "zh/_greeting.txt.jinja"
    other = SHIPPED["told", "en"].source.replace("en/_greeting", "zh/_greeting")
    assert "may include" in faults(draft(other))[0].en
