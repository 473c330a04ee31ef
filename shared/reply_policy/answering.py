"""How a caller is told what the reply check found: a problem when it blocks, a header when it only warns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.auth import Principal
from shared.masking import mask
from shared.problems import FieldError, Problem
from shared.reply_policy.model import Judged, ReplyPolicy
from shared.text import ShortText

HEADER = "Reply-Check"
OVERRIDE = "replies:override"
MOST_TOLD = 20
"""Findings in one header."""


class WordsToCustomer(BaseModel):
    """Base of bodies whose words a customer reads."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    despite_findings: ShortText | None = None
    """Why the words go out although the reply check blocks them: for whoever may `replies:override`, when the rulebook
    `reply-policy` allows it. It stays within the company, masked."""


@dataclass(frozen=True, slots=True)
class LookedOver:
    """What may go out, with what was found."""

    judged: Sequence[Judged] = ()
    despite: str | None = None
    """Masked: the reason of whoever sends blocked words."""

    @property
    def headers(self) -> dict[str, str]:
        return header(self.judged)


def let_through(
    judged: Sequence[Judged], policy: ReplyPolicy, who: Principal, despite: str | None
) -> LookedOver:
    """Raises a 422 problem that names the words, when they are blocked and who calls may not send them all the same."""
    blocking = [each for each in judged if each.blocks]
    if not blocking:
        return LookedOver(judged)
    if despite is not None and policy.may_be_overridden and who.may(OVERRIDE):
        return LookedOver(judged, mask(despite))
    raise refusal(blocking, overridable=policy.may_be_overridden)


def refusal(blocking: Sequence[Judged], *, overridable: bool = False) -> Problem:
    remedy_en = "Say it in another way, as the errors suggest."
    remedy_zh = "请按提示改写。"
    if overridable:
        remedy_en += f" Whoever may `{OVERRIDE}` can send it as it is, with `despite_findings`."
        remedy_zh += f"有 {OVERRIDE} 权限者可填写 despite_findings 后照发。"
    return Problem(
        422,
        "reply-check",
        "The words would hurt the customer 措辞可能伤害客户",
        f"{remedy_en} {remedy_zh}",
        errors=[FieldError(field=each.field, detail=_said(each)) for each in blocking],
        findings=[shown(each) for each in blocking],
    )


def _said(each: Judged) -> str:
    words, why, kinder = each.finding.words, each.finding.why, each.finding.kinder
    return f"“{words}”: {why.en} {kinder.en} “{words}”：{why.zh}{kinder.zh}"


def shown(each: Judged) -> dict[str, Any]:
    """As JSON: where, which words, why, and what could be said instead."""
    finding = each.finding
    return {
        "field": each.field,
        "treatment": each.treatment.value,
        "kind": finding.kind.value,
        "family": finding.family,
        "weight": finding.weight,
        "start": finding.start,
        "end": finding.end,
        "words": finding.words,
        "why": finding.why._asdict(),
        "kinder": finding.kinder._asdict(),
    }


def header(judged: Iterable[Judged]) -> dict[str, str]:
    """Findings as a structured list (RFC 9651), without the words: `excuse;family="busy";weight=2;field="body/message";
    start=0;end=11`. Empty when there are none."""
    told = [
        f'{each.finding.kind.value};family="{each.finding.family}";weight={each.finding.weight};'
        f'field="{each.field}";start={each.finding.start};end={each.finding.end}'
        for each in judged
    ]
    return {HEADER: ", ".join(told[:MOST_TOLD])} if told else {}
