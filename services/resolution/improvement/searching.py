"""How an improvement finds the cause, and knows that it is gone. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.resolution.improvement.containing import Containing
from services.resolution.improvement.parts import Analysis, Branch, Effect, Numbers
from services.resolution.improvement.steps import ImprovementState, Step
from shared.aggregate import NotPossible
from shared.events import ImprovementEffectDue, ImprovementEffectJudged

MOST_ROUNDS = 50
MOST_ANALYSES = 100


@dataclass(frozen=True)
class Findings:
    """What an analysis says."""

    occurrence: Sequence[Sequence[str]]
    escape: Sequence[Sequence[str]]
    fishbone: Mapping[Branch, Sequence[str]]
    root_cause: str
    escape_cause: str
    impact: str


@dataclass(kw_only=True)
class Searching(Containing):
    """The cause is analysed by one person and verified by another; the effect is judged by the numbers."""

    analyses: list[Analysis] = field(default_factory=list)
    """All, the oldest first."""
    effects: list[Effect] = field(default_factory=list)

    @property
    def analysis(self) -> Analysis | None:
        """The newest of this round."""
        return next((each for each in reversed(self.analyses) if each.round == self.round), None)

    @property
    def effect(self) -> Effect | None:
        """The judgement of this round."""
        return next((each for each in reversed(self.effects) if each.round == self.round), None)

    @property
    def cause_is_analysed(self) -> bool:
        return self.analysis is not None

    @property
    def cause_is_verified(self) -> bool:
        return self.analysis is not None and self.analysis.confirmed is True

    @property
    def is_effective(self) -> bool:
        return self.effect is not None and self.effect.effective

    def analyse(self, findings: Findings, by: str, at: datetime) -> None:
        """A further analysis; the newest counts. Raises NotPossible in another step."""
        self._must_be_in(Step.CAUSE)
        if len(self.analyses) >= MOST_ANALYSES:
            raise NotPossible(
                "too-many-analyses",
                "This was analysed too often: open another improvement.",
                "原因分析次数过多，请另行立项。",
            )
        made = Analysis(
            len(self.analyses) + 1,
            self.round,
            tuple(map(tuple, findings.occurrence)),
            tuple(map(tuple, findings.escape)),
            {branch: tuple(findings.fishbone.get(branch, ())) for branch in Branch},
            findings.root_cause,
            findings.escape_cause,
            findings.impact,
            by,
            at,
        )
        self.analyses.append(made)

    def verify(self, number: int, confirmed: bool, how: str, by: str, at: datetime) -> None:
        """Somebody else tried whether it is the cause. Raises NotPossible for one's own, and for an older one."""
        self._must_be_in(Step.CAUSE)
        newest = self.analysis
        if newest is None or newest.number != number or newest.verified_by is not None:
            raise NotPossible(
                "not-to-verify",
                "Only the newest analysis is verified, and once: read the improvement again.",
                "只能验证最新的原因分析，且仅一次；请重新读取。",
                newest=newest.number if newest else None,
            )
        if newest.analysed_by == by:
            raise NotPossible(
                "own-analysis",
                "You made the analysis: let somebody else verify it.",
                "不能验证自己的原因分析，请由他人验证。",
            )
        self.analyses[number - 1] = replace(
            newest, verified_by=by, verified_at=at, confirmed=confirmed, verification=how
        )

    def must_be_watched(self, at: datetime) -> None:
        """Raises NotPossible unless the watch period is over."""
        self._must_be_in(Step.EXECUTION)
        if self.watch_until is None:
            raise NotPossible(
                "not-carried-out",
                "The plan is not carried out yet: the watch period begins with its last action.",
                "改善方案尚未全部完成；观察期自最后一项措施完成时开始。",
            )
        if at <= self.watch_until:
            raise NotPossible(
                "still-watching",
                "The watch period is not over: an effect that was not waited for is not confirmed.",
                "观察期尚未结束，不能确认效果。",
                watched_until=self.watch_until.isoformat(),
            )

    def judge_effect(self, effective: bool, reason: str, numbers: Numbers, by: str, at: datetime) -> None:
        """A person says by the numbers whether the improvement is effective. If not, the cause was another one.

        Raises NotPossible before the watch period is over.
        """
        self.must_be_watched(at)
        self.effects.append(
            Effect(len(self.effects) + 1, self.round, effective, reason, numbers, by, at),
        )
        judged = ImprovementEffectJudged(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            effective=effective,
            before=numbers.before,
            after=numbers.after,
            rate_ratio=numbers.rate_ratio,
            p_value=numbers.p_value,
            judged_by=by,
            judged_at=at,
        )
        self.record(judged, at)

    def begin_round(self) -> None:
        """The cause is looked for anew: what was found before no longer opens a gate. Open actions of the plan stay."""
        if self.round >= MOST_ROUNDS:
            raise NotPossible(
                "too-many-rounds",
                f"The cause was looked for {MOST_ROUNDS} times: open another improvement.",
                "改善轮次已达上限，请另行立项。",
            )
        self.round += 1
        self.watch_from = self.watch_until = None
        self.effect_due_told = False

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        if self._awaits_judgement and self.watch_until is not None:
            yield self.watch_until

    def time_passed(self, at: datetime) -> None:
        super().time_passed(at)
        if not self._awaits_judgement or self.watch_until is None or at <= self.watch_until:
            return
        self.effect_due_told = True
        due = ImprovementEffectDue(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            watched_until=self.watch_until,
            ended_at=at,
        )
        self.record(due, at)

    @property
    def _awaits_judgement(self) -> bool:
        return self.state is ImprovementState.OPEN and not self.effect_due_told and not self.is_effective
