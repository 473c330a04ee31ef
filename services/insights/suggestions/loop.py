"""The loop of one suggestion: problem, suggestion, decision, action, effect, as far as it has come. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.insights.suggestions.model import Course, Suggestion, SuggestionState

RULES = "rules"


class LoopStage(StrEnum):
    PROBLEM = "problem"
    SUGGESTION = "suggestion"
    DECISION = "decision"
    ACTION = "action"
    EFFECT = "effect"


class LoopHappening(StrEnum):
    """What happened in a stage."""

    SEEN = "seen"
    MADE = "made"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    IMPROVEMENT_OPENED = "improvement_opened"
    IMPROVEMENT_CLOSED = "improvement_closed"
    IN_FORCE = "in_force"
    PROBLEM_BACK = "problem_back"
    EFFECTIVE = "effective"
    NOT_EFFECTIVE = "not_effective"


WORDS: dict[LoopHappening, tuple[str, str]] = {
    LoopHappening.SEEN: ("Complaints showed it", "投诉数据显示问题"),
    LoopHappening.MADE: ("It was suggested", "提出建议"),
    LoopHappening.ACCEPTED: ("It was accepted", "建议已采纳"),
    LoopHappening.DECLINED: ("It was declined", "建议未采纳"),
    LoopHappening.IMPROVEMENT_OPENED: ("An improvement was opened for it", "已立项改善"),
    LoopHappening.IMPROVEMENT_CLOSED: ("The improvement was closed", "改善已结案"),
    LoopHappening.IN_FORCE: ("The change is in force", "变更已生效"),
    LoopHappening.PROBLEM_BACK: ("The problem came back", "问题再次出现"),
    LoopHappening.EFFECTIVE: ("It helped", "确认有效"),
    LoopHappening.NOT_EFFECTIVE: ("It did not help", "确认无效"),
}


@dataclass(frozen=True, slots=True)
class LoopEntry:
    stage: LoopStage
    what: LoopHappening
    at: datetime
    by: str | None = None
    said: str | None = None
    complaints: tuple[UUID, ...] = ()


def loop(of: Suggestion, course: Course) -> Iterator[LoopEntry]:
    """In the order of the stages."""
    share = "" if of.cases is None else f" / {of.cases}"
    numbers = f"{of.events}{share}"
    yield LoopEntry(LoopStage.PROBLEM, LoopHappening.SEEN, of.made_at, RULES, numbers, of.evidence)
    yield LoopEntry(LoopStage.SUGGESTION, LoopHappening.MADE, of.made_at, RULES)
    if of.decided_at is not None:
        declined = of.state is SuggestionState.DECLINED
        what = LoopHappening.DECLINED if declined else LoopHappening.ACCEPTED
        said = of.reason if declined else f"{of.title}: {of.problem}"
        yield LoopEntry(LoopStage.DECISION, what, of.decided_at, of.decided_by, said)
    yield from _action(of, course)
    if course.back_at is not None:
        yield LoopEntry(LoopStage.EFFECT, LoopHappening.PROBLEM_BACK, course.back_at, RULES)
    if of.judged_at is not None:
        what = LoopHappening.EFFECTIVE if of.effective else LoopHappening.NOT_EFFECTIVE
        yield LoopEntry(LoopStage.EFFECT, what, of.judged_at, of.judged_by, of.judgement)


def _action(of: Suggestion, course: Course) -> Iterator[LoopEntry]:
    if course.opened_at is not None:
        yield LoopEntry(LoopStage.ACTION, LoopHappening.IMPROVEMENT_OPENED, course.opened_at)
    if course.closed_at is not None:
        yield LoopEntry(LoopStage.ACTION, LoopHappening.IMPROVEMENT_CLOSED, course.closed_at)
    if of.carried_out_at is not None:
        said = f"{of.reference} ({of.in_force_on})"
        yield LoopEntry(LoopStage.ACTION, LoopHappening.IN_FORCE, of.carried_out_at, of.carried_out_by, said)
