"""The reply check over HTTP, as a console asks while somebody writes; and the words that Redress writes itself."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemLoader, meta
from jinja2.sandbox import SandboxedEnvironment

from services.notification.wording.letter_text import FOLDER
from shared.keys import create_key
from shared.reply_check import check
from tests.world import World

URL = "/notification/v1/reply-check"


@pytest.mark.requirement("004-03", "000-12e", "N-H")
async def test_who_writes_sees_what_hurts_where_it_stands_and_how_to_say_it_kindly(world: World) -> None:
    text = "You should have told us earlier. 因为系统问题，我们也没有办法。 Could you please send us a photo?"
    answer = await world.http.post(URL, json={"text": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["findings"][0]["kind"] == "criticism"
    assert {each["kind"] for each in found["findings"]} == {"criticism", "excuse"}
    for each in found["findings"]:
        assert text[each["start"] : each["end"]] == each["words"]
        assert all(each["why"].values())
        assert all(each["kinder"].values())
    assert not found["clean"]
    assert found["heaviest"] == max(each["weight"] for each in found["findings"])

    kind = await world.http.post(URL, json={"text": "Thank you for telling us. 麻烦您发一张照片，好吗？"})
    assert (kind.json()["clean"], kind.json()["heaviest"], kind.json()["findings"]) == (True, 0, [])


async def test_the_places_are_those_of_the_text_that_comes_back(world: World) -> None:
    answer = (await world.http.post(URL, json={"text": "  这是您的错。\n"})).json()
    (finding,) = answer["findings"]
    assert answer["text"][finding["start"] : finding["end"]] == finding["words"]


async def test_of_a_language_only_its_rules_speak(world: World) -> None:
    both = {"text": "这是您的错。 It is your fault."}
    for language, number in ((None, 2), ("zh", 1), ("en", 1)):
        answer = (await world.http.post(URL, json=both | {"language": language})).json()
        assert len(answer["findings"]) == number


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body/text"),
        ({"text": "   "}, "body/text"),
        ({"text": "a" * 10_001}, "body/text"),
        ({"text": "a\x00"}, "body/text"),
        ({"text": "a", "language": "fr"}, "body/language"),
        ({"text": "a", "more": 1}, "body/more"),
    ],
)
async def test_what_cannot_be_checked_is_refused_with_the_field(
    world: World, body: dict[str, Any], field: str
) -> None:
    answer = await world.http.post(URL, json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_it_is_for_those_who_work_cases(world: World) -> None:
    reader = {"Authorization": f"Bearer {await create_key(world.url, 'reader', ['cases:read'])}"}
    answer = await world.http.post(URL, json={"text": "Hello."}, headers=reader)
    assert answer.status_code == 403


TO_STAFF = ("staff-notice", "staff-task")
"""What the company writes to its own people; they may be told what to do."""
TEMPLATES = [
    path.relative_to(FOLDER)
    for path in sorted(FOLDER.rglob("[!_]*.jinja"))
    if not path.name.startswith(TO_STAFF)
]
OFFERS = [{"rank": 1, "description": "A"}, {"rank": 2, "description": "B"}]
CHOICES: dict[str, Sequence[Any]] = {
    "kind": ("complaint", "praise"),
    "outcome": ("satisfied", "not_acceptable"),
    "offers": (OFFERS, OFFERS[:1]),
    "round": (1, 2),
    "reference": ("RD-X",),
    "link": ("X",),
}
"""Of the other values: given or not."""


def _paragraphs(template: Path) -> set[str]:
    """Everything that it can say."""
    environment = SandboxedEnvironment(loader=FileSystemLoader(FOLDER), trim_blocks=True, lstrip_blocks=True)
    names = sorted(meta.find_undeclared_variables(environment.parse((FOLDER / template).read_text("utf-8"))))
    compiled = environment.get_template(template.as_posix())
    shared = {"name": "X", "organisation": "X", "handler": "X", "reference": "X"}
    letters = (
        compiled.render(shared | dict(zip(names, values, strict=True)))
        for values in product(*(CHOICES.get(name, ("X", "")) for name in names))
    )
    return {paragraph for letter in letters for paragraph in letter.split("\n\n")}


@pytest.mark.requirement("004-03", "000-12e")
@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_what_redress_writes_to_customers_itself_is_clean(template: Path) -> None:
    paragraphs = _paragraphs(template)
    assert len(paragraphs) > 3
    assert {finding.words: finding.family for text in paragraphs for finding in check(text)} == {}
