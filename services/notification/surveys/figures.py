"""Shares and scores with their intervals. Pure.

Shares: Wilson's score interval, which keeps within 0 and 1 and holds for few answers.
The net promoter score is the mean of +1 (9, 10), 0 and -1 (0 to 6); its interval is the normal one with the variance
of that mean, p + d - (p - d)^2 over n.
"""

from collections.abc import Mapping
from math import sqrt

from services.notification.surveys.questions import AnswerKind, Question
from services.notification.surveys.schemas import SurveyFigure
from shared.events.surveys import SurveyMeasure
from shared.events.vocabulary import Outcome
from shared.shares import Z, wilson


def share(hits: int, n: int) -> SurveyFigure | None:
    """The share of `hits` among `n`; None of nothing."""
    if not n:
        return None
    p, (low, high) = hits / n, wilson(hits, n)
    return SurveyFigure(value=p, low=min(p, low), high=max(p, high), n=n)


def net_promoters(counts: Mapping[str, int]) -> SurveyFigure | None:
    """The share of 9 and 10 less the share of 0 to 6."""
    n = sum(counts.values())
    if not n:
        return None
    promoters = sum(counts.get(str(each), 0) for each in (9, 10)) / n
    detractors = sum(counts.get(str(each), 0) for each in range(7)) / n
    score = promoters - detractors
    half = Z * sqrt(max(0.0, promoters + detractors - score * score) / n)
    return SurveyFigure(value=score, low=max(-1.0, score - half), high=min(1.0, score + half), n=n)


def mean(counts: Mapping[str, int]) -> float | None:
    n = sum(counts.values())
    return sum(int(value) * number for value, number in counts.items()) / n if n else None


def figure(question: Question, counts: Mapping[str, int]) -> SurveyFigure | None:
    """What the answers come down to; None where no figure says it."""
    n = sum(counts.values())
    match question.kind:
        case AnswerKind.SCALE_5:
            return share(counts.get("4", 0) + counts.get("5", 0), n)
        case AnswerKind.SCALE_10:
            return net_promoters(counts)
        case AnswerKind.YES_NO:
            return share(counts.get("true", 0), n)
        case AnswerKind.CHOICE if question.measure is SurveyMeasure.OUTCOME:
            return share(sum(counts.get(each, 0) for each in Outcome if each.is_target), n)
        case _:
            return None
