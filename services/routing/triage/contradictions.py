"""What triage rules may not say: a rulebook that contradicts itself is refused. Pure.

Each message names the rules, and says how to mend it.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any, Protocol

from pydantic import BaseModel

from services.routing.triage.conditions import (
    DEEPEST,
    AllOf,
    AnyCondition,
    Between,
    Chosen,
    Not,
    Said,
    depth,
    leaves,
)
from services.routing.triage.fields import FIELDS, Choices
from shared.masking import mask
from shared.taxonomy import newest

MOST_CONDITIONS = 10_000
"""Fields asked for, in all rules together."""
MOST_WORDS = 20_000


class Row(Protocol):
    """A rule."""

    @property
    def id(self) -> str: ...
    @property
    def when(self) -> AnyCondition: ...
    @property
    def hard(self) -> bool: ...
    @property
    def category(self) -> str | None: ...
    @property
    def outcome(self) -> dict[str, object]: ...


def refuse_contradictions(rules: Sequence[Row]) -> None:
    """Raises ValueError."""
    _bounded(rules)
    seen: dict[str, Row] = {}
    for rule in rules:
        if rule.id in seen:
            raise ValueError(f"two rules are called {rule.id}: rename one 规则编号重复，请改名")
        seen[rule.id] = rule
        _says_something(rule)
        _can_hold(rule.id, rule.when)
    _same_condition(rules)


def _bounded(rules: Sequence[Row]) -> None:
    conditions = words = 0
    for rule in rules:
        if depth(rule.when) > DEEPEST:
            raise ValueError(
                f"{rule.id} nests conditions more than {DEEPEST} deep: make it flatter, or two rules "
                "条件嵌套过深，请拆分规则"
            )
        for leaf in leaves(rule.when):
            conditions += 1
            words += len(leaf.words) if isinstance(leaf, Said) else 0
    if conditions > MOST_CONDITIONS or words > MOST_WORDS:
        raise ValueError(
            f"the rules have {conditions} conditions and {words} words; at most {MOST_CONDITIONS} and "
            f"{MOST_WORDS} are possible: join some 规则过大，请合并"
        )


def _says_something(rule: Row) -> None:
    if not rule.outcome:
        raise ValueError(
            f"{rule.id} says nothing: give it an outcome, or leave it out 规则没有结论，请补充或删除"
        )
    if rule.category is not None and newest().category(rule.category).review:
        raise ValueError(
            f"{rule.id} names {rule.category}, which needs evidence and a second person: "
            "people code it at intake 该类别须经他人复核，规则不得使用"
        )


def _can_hold(name: str, condition: AnyCondition) -> None:
    for leaf in leaves(condition):
        if isinstance(leaf, Said):
            _no_idle_words(name, leaf.words)
    _no_empty_joint(name, condition)


def _no_idle_words(name: str, words: tuple[str, ...]) -> None:
    folded = [word.casefold() for word in words]
    for one, other in pairwise(sorted(folded)):
        if one == other:
            raise ValueError(f"{name} has the word {one!r} twice: leave one out 词语重复，请删除其一")
    for word in words:
        if mask(word) != word:
            raise ValueError(
                f"{name} looks for a word that is masked before rules see it, so that it never matches: "
                f"leave out {mask(word)} 该词语属于个人信息，会先被脱敏，规则无法匹配"
            )


def _no_empty_joint(name: str, condition: AnyCondition) -> None:
    if isinstance(condition, AllOf):
        for one, other in combinations(condition.all, 2):
            if _exclude_each_other(one, other):
                raise ValueError(
                    f"{name} can never hold: {_shown(one)} and {_shown(other)} exclude each other: "
                    "change one, or use any 规则永远不会成立：两个条件互斥"
                )
    for part in condition.all if isinstance(condition, AllOf) else ():
        _no_empty_joint(name, part)


def _exclude_each_other(one: AnyCondition, other: AnyCondition) -> bool:
    for this, that in ((one, other), (other, one)):
        if isinstance(this, Not) and this.none == that:
            return True
    match one, other:
        case Chosen(), Chosen():
            field = FIELDS[one.field]
            single = isinstance(field, Choices) and one.field != "desired_remedies"
            folded = {value.casefold() for value in one.one_of}
            return (
                one.field == other.field and single and folded.isdisjoint(v.casefold() for v in other.one_of)
            )
        case Between(), Between():
            # A complaint may claim several losses, each with an amount of its own.
            if one.field != other.field or one.currency != other.currency or one.field == "claimed_losses":
                return False
            return _above(one, other) or _above(other, one)
        case _:
            return False


def _above(one: Between, other: Between) -> bool:
    return one.at_least is not None and other.at_most is not None and one.at_least > other.at_most


def _same_condition(rules: Sequence[Row]) -> None:
    by_condition: dict[str, Row] = {}
    for rule in rules:
        key = _key(rule.when)
        before = by_condition.setdefault(key, rule)
        if before is rule:
            continue
        one, other = before.outcome, rule.outcome
        differing = sorted(name for name in one.keys() & other.keys() if one[name] != other[name])
        if differing:
            raise ValueError(
                f"{before.id} and {rule.id} have the same condition and contradict each other in "
                f"{', '.join(differing)}: keep one of them 两条规则条件相同而结论矛盾，请保留其一"
            )
        raise ValueError(
            f"{before.id} and {rule.id} have the same condition: make them one rule 两条规则条件相同，请合并"
        )


def _key(condition: Any) -> str:
    """Alike for conditions that ask the same, in whatever order and case."""
    if isinstance(condition, BaseModel):
        inside = sorted(f"{name}:{_key(getattr(condition, name))}" for name in type(condition).model_fields)
        return f"{type(condition).__name__}({','.join(inside)})"
    if isinstance(condition, tuple):
        return f"[{','.join(sorted(set(map(_key, condition))))}]"
    return str(condition).casefold()


def _shown(condition: AnyCondition) -> str:
    return condition.model_dump_json(exclude_none=True, by_alias=True)[:120]
