"""What is wrong with the draft of a template, found before anybody gets a letter of it. Pure.

First how it is written, then what comes of it: it is rendered with every pair of circumstances that its variables
know, and what comes out must say what it must say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes

from services.notification.wording import sandbox
from services.notification.wording.declared import (
    Language,
    cases,
    declarations,
    declared,
    example,
    variables_of,
)
from services.notification.wording.letter_text import SUBJECT, LetterText, Rendered, include_name

OF_A_LOOP = frozenset({"first", "index", "last", "length"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What must be mended before the template can be used."""

    line: int | None
    """In the draft, from 1; None when it is about the whole."""
    en: str
    zh: str


def faults(draft: LetterText) -> list[Fault]:
    """What is wrong with it; of what comes out only when it is written rightly."""
    return list(_written(draft)) or list(_says(draft))


def _written(draft: LetterText) -> Iterator[Fault]:
    if not draft.is_part and not draft.source.startswith(SUBJECT):
        yield Fault(
            1,
            "the first line must be `Subject: ...`; a second one may be `Short: ...`",
            "第一行须为“Subject: ……”，第二行可为“Short: ……”",
        )
    try:
        tree = sandbox.tree(sandbox.environment(draft.parts), draft.source)
    except TemplateSyntaxError as error:
        yield Fault(error.lineno, f"it cannot be read: {error.message}", f"模板语法有误：{error.message}")
        return
    yield from _reading(draft, tree)


def _reading(draft: LetterText, tree: nodes.Template) -> Iterator[Fault]:
    known = variables_of(draft.name)
    walked: list[tuple[nodes.Node, int]] = []
    for node, inside, depth in sandbox.walk(tree):
        if depth > sandbox.MOST_DEPTH:  # before anything else goes as deep as the draft does
            yield Fault(node.lineno, "it is nested too deeply; make it simpler", "嵌套过深，请简化")
            return
        walked.append((node, inside))
    loops = {name.name for each, _ in walked if isinstance(each, nodes.For) for name in _targets(each)}
    seen: set[tuple[int, str]] = set()
    for node, inside in walked:
        found = _fault(draft, node, inside, loops, known)
        if found is not None and (node.lineno, found.en) not in seen:
            seen.add((node.lineno, found.en))
            yield found
    for must in declared(draft.name).must:
        if not any(name.name == must for name in _names(draft, tree)):
            yield Fault(
                None,
                f"it must show `{must}`: {known[must].en}",
                f"必须使用变量“{must}”：{known[must].zh}",
            )


def _targets(loop: nodes.For) -> Iterator[nodes.Name]:
    target = loop.target
    if isinstance(target, nodes.Name):
        yield target


def _names(draft: LetterText, tree: nodes.Template) -> Iterator[nodes.Name]:
    """Those of the template and of the parts that it includes."""
    yield from tree.find_all(nodes.Name)
    for include in tree.find_all(nodes.Include):
        source = draft.parts.get(_constant(include.template), "")
        yield from sandbox.tree(sandbox.environment({}), source).find_all(nodes.Name)


def _constant(node: nodes.Node) -> str:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""


def _fault(
    draft: LetterText, node: nodes.Node, inside: int, loops: set[str], known: Mapping[str, Any]
) -> Fault | None:
    line = node.lineno
    match node:
        case nodes.Name(name=name) if name not in {*known, *loops, "loop"}:
            near = get_close_matches(name, known, 1)
            hint_en = f"; did you mean `{near[0]}`?" if near else f". There are: {', '.join(sorted(known))}"
            hint_zh = f"，是否应为“{near[0]}”？" if near else f"。可用：{', '.join(sorted(known))}"
            return Fault(line, f"there is no variable `{name}`{hint_en}", f"没有变量“{name}”{hint_zh}")
        case nodes.For():
            return _of_loop(node, inside, known)
        case nodes.Getattr(node=of, attr=attribute):
            of_loop = isinstance(of, nodes.Name) and of.name == "loop"
            parts = {part for variable in known.values() for part in variable.parts}
            allowed = OF_A_LOOP if of_loop else parts
            if not (isinstance(of, nodes.Name) and of.name in {*loops, "loop"} and attribute in allowed):
                there_are = ", ".join(sorted(allowed)) or "-"
                return Fault(
                    line,
                    f"`.{attribute}` cannot be read here; in a loop there are: {there_are}",
                    f"此处不能读取“.{attribute}”；循环中可用：{there_are}",
                )
        case nodes.Filter(name=name) if name not in sandbox.FILTERS:
            there_are = ", ".join(sorted(sandbox.FILTERS))
            return Fault(
                line,
                f"there is no filter `{name}`; there are: {there_are}",
                f"没有过滤器“{name}”；可用：{there_are}",
            )
        case nodes.Include():
            wanted = {include_name(part, draft.language) for part in ("_greeting", "_signature")}
            if draft.is_part or _constant(node.template) not in wanted:
                there_are = ", ".join(sorted(wanted))
                return Fault(line, f"a letter may include {there_are} only", f"只能引入 {there_are}")
        case _ if type(node) not in sandbox.KINDS:
            kind = type(node).__name__.lower()
            return Fault(
                line,
                f"a template has no `{kind}`: it has variables, if, and for over a list",
                f"模板不支持“{kind}”：只有变量、if，以及对列表的 for",
            )
    return None


def _of_loop(node: nodes.For, inside: int, known: Mapping[str, Any]) -> Fault | None:
    over = node.iter
    is_list = isinstance(over, nodes.Name) and over.name in known and known[over.name].is_list
    if inside or node.recursive or not is_list or not isinstance(node.target, nodes.Name):
        lists = ", ".join(sorted(name for name, each in known.items() if each.is_list)) or "-"
        return Fault(
            node.lineno,
            f"a loop goes over a variable that is a list, and not within another one; lists: {lists}",
            f"for 只能遍历列表变量，且不能嵌套；列表变量：{lists}",
        )
    return None


def _says(draft: LetterText) -> Iterator[Fault]:
    """Of what comes out, with whatever values."""
    told: list[tuple[dict[str, Any], Rendered]] = []
    for values in cases(draft.name, draft.language):
        try:
            told.append((values, draft.render(values, values.get("organisation") or "")))
        except TemplateError as error:
            yield Fault(
                getattr(error, "lineno", None),
                f"with {_differing(draft, values)} it fails: {error}. What may be missing stands within `if`",
                f"当 {_differing(draft, values)} 时无法生成：{error}。可能缺失的变量请放在 if 中",
            )
            return
    yield from _shows(draft, *told[0])
    if not draft.is_part:
        yield from _in_every_case(draft, told)


def _shows(draft: LetterText, values: Mapping[str, Any], letter: Rendered) -> Iterator[Fault]:
    whole = f"{letter.subject}\n{letter.body}"
    for must in declared(draft.name).must:
        shown = values[must]
        texts = [_said(each) for each in shown] if isinstance(shown, list) else [str(shown)]
        if any(text not in whole for text in texts):
            variable = variables_of(draft.name)[must]
            yield Fault(
                None,
                f"`{must}` is known and not shown: {variable.en}",
                f"已知“{must}”却未写入：{variable.zh}",
            )


def _said(one: Mapping[str, str]) -> str:
    return one.get("description") or one["body"]


def _in_every_case(draft: LetterText, told: list[tuple[dict[str, Any], Rendered]]) -> Iterator[Fault]:
    words = declarations().says
    wanted = declared(draft.name).says
    for values, letter in told:
        if not letter.subject or not letter.body.strip():
            yield Fault(None, "the subject or the letter is empty", "标题或正文为空")
            return
        paragraphs = letter.body.lower().split("\n\n")
        thanks_in, next_in = "".join(paragraphs[:2]), letter.body.lower()
        if "thanks" in wanted and not any(each in thanks_in for each in words["thanks"][draft.language]):
            yield Fault(
                None,
                f"thanks come first, in the paragraph after the greeting (with {_differing(draft, values)})",
                f"称呼之后的第一段须先致谢（当 {_differing(draft, values)} 时）",
            )
            return
        if "next" in wanted and not any(each in next_in for each in words["next"][draft.language]):
            yield Fault(
                None,
                f"it must say what happens next, as `What happens now: ...` (with {_differing(draft, values)})",
                f"须说明下一步，例如“接下来：……”（当 {_differing(draft, values)} 时）",
            )
            return


def _differing(draft: LetterText, values: Mapping[str, Any]) -> str:
    full = example(draft.name, draft.language)
    told = [f"{name}={value!r}" for name, value in values.items() if value != full[name]]
    return ", ".join(told)[:200] or "all that is known"


def paragraphs(draft: LetterText) -> list[str]:
    """Everything that can come out, once each: what the reply check reads."""
    found: dict[str, None] = {}
    language: Language = draft.language
    for values in cases(draft.name, language):
        letter = draft.render(values, values.get("organisation") or "")
        found |= dict.fromkeys([letter.subject, letter.short or "", *letter.body.split("\n\n")])
    return [text for text in found if text.strip()]
