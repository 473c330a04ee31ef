"""What makes no sense in a distribution table, and how to mend it. Pure; every message is in both languages."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from shared.events import registry
from shared.events.vocabulary import TOPICS, Audience, Severity

if TYPE_CHECKING:
    from services.routing.transfer.distribution import Duty

ABOUT_NOTICES = "redress.notice."
ABOUT_TASKS = "redress.task."


def nameable() -> set[str]:
    """The facts that a row may name: all but those about notices themselves, or a notice would beget notices."""
    return {e.type for e in registry if e.topic in TOPICS and not e.type.startswith(ABOUT_NOTICES)}


def refuse_unknown_facts(facts: Sequence[str]) -> None:
    known = nameable()
    for number, fact in enumerate(facts):
        if fact.startswith(ABOUT_NOTICES):
            raise ValueError(
                f"rows/{number}: {fact!r} tells of a notice, and a notice about notices would never end. Whom a "
                "notice climbs to stands in `climbs`. 通知类事件不能再触发通知，请在 climbs 中设置逐级上报"
            )
        if fact not in known:
            near = get_close_matches(fact, known, n=1, cutoff=0)[0]
            raise ValueError(
                f"rows/{number}: there is no fact {fact!r}. Did you mean {near!r}? `docs/events` lists them. "
                f"没有该事件，是否应为 {near}"
            )


def covers(first: "Duty", later: "Duty") -> bool:
    """Does the first row apply whenever the later one does?"""
    return (
        first.severity.rank <= later.severity.rank
        and _wider(first.categories, later.categories)
        and _wider(first.kinds, later.kinds)
        and _wider(first.channels, later.channels)
        and first.against in (None, later.against)
        and first.visibility in (None, later.visibility)
        and (
            first.amount is None
            or (
                later.amount is not None
                and first.amount.currency == later.amount.currency
                and first.amount.amount <= later.amount.amount
            )
        )
    )


def _wider(first: Sequence[str], later: Sequence[str]) -> bool:
    return not first or (bool(later) and set(later) <= set(first))


def refuse_rows_that_never_count(rows: Sequence["Duty"]) -> None:
    """Of two rows for one fact and audience the first counts; one that always comes second is dead."""
    for number, row in enumerate(rows):
        for earlier, other in enumerate(rows[:number]):
            if (other.fact, other.audience) != (row.fact, row.audience) or not covers(other, row):
                continue
            if covers(row, other):
                raise ValueError(
                    f"rows/{number}: it has the same conditions as rows/{earlier}, so only one of them can count. "
                    f"Leave one out. 第{number}行与第{earlier}行条件相同，请删去其中一行"
                )
            raise ValueError(
                f"rows/{number}: it never counts, because rows/{earlier} applies to all that it applies to. Put it "
                f"before rows/{earlier}, or leave it out. 第{number}行被第{earlier}行遮盖，请移到其前面或删去"
            )


def refuse_calls_about_calls(rows: Sequence["Duty"]) -> None:
    for number, row in enumerate(rows):
        if row.form.is_spoken and row.fact.startswith(ABOUT_TASKS):
            raise ValueError(
                f"rows/{number}: a call sets a task, and this row would answer each task with another call. Use "
                "the form `notice`. 任务类事件不能再触发电话或访谈，请改用 notice"
            )


def refuse_lacking_words(rows: Sequence["Duty"]) -> None:
    for number, row in enumerate(rows):
        if (row.words_en is None) != (row.words_zh is None):
            raise ValueError(
                f"rows/{number}: give the words in both languages, or in none. 请同时填写中英文说明，或都不填"
            )


def refuse_circles(climbs: Mapping[Audience, Audience]) -> None:
    for start in climbs:
        seen, here = [start], climbs[start]
        while here in climbs and here not in seen:
            seen.append(here)
            here = climbs[here]
        if here in seen:
            way = " > ".join([*seen, here])
            raise ValueError(
                f"climbs: {way} goes in a circle. Leave the highest of them out: it is then the top. "
                "逐级上报形成循环，请删去最高一级"
            )


def refuse_lacking_severities(given: Mapping[Severity, int]) -> None:
    if lacking := [severity.value for severity in Severity if severity not in given]:
        raise ValueError(
            f"acknowledge_minutes: say the time for {', '.join(lacking)}, too. 请补充这些级别的确认时限"
        )
