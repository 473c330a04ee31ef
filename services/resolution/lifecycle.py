"""The lifecycle of a case, as data: which action leads from where to where, and what stands in its way.

`GET /cases/{id}` shows a person which actions are possible now and why the others are not; the same table
decides when somebody acts. Reasons are told in English and Chinese.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from shared.events.vocabulary import Severity


class State(StrEnum):
    """Where a case is."""

    UNOPENED = "unopened"
    """Something is known of it, but not yet the registration."""
    OPEN = "open"
    ACCEPTED = "accepted"
    OFFERED = "offered"
    """Offers lie before the customer."""
    AGREED = "agreed"
    CARRIED_OUT = "carried_out"
    """The customer was told the result; their opinion is awaited."""
    CLOSED = "closed"
    MERGED = "merged"
    """It follows another case about the same matter, which is worked instead."""
    WITHDRAWN = "withdrawn"
    """The customer withdrew the complaint: the case has ended without an outcome."""


UNSOLVED = frozenset({State.OPEN, State.ACCEPTED, State.OFFERED, State.AGREED})
"""In these states the customer holds exactly one live promise of a reply."""


class Action(StrEnum):
    """What can be done to a case: the last part of the path."""

    ACCEPT = "accept"
    JUDGE = "judgement"
    OFFER = "offers"
    CONSENT = "consent"
    OBJECT = "objection"
    ANSWER = "answer"
    CARRY_OUT = "carry-out"
    REPLY = "reply"
    CLOSE = "close"
    RESUME = "resume"


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str


class Subject(Protocol):
    """What the guards look at."""

    @property
    def state(self) -> State: ...

    @property
    def severity(self) -> Severity | None: ...

    @property
    def valid(self) -> bool | None: ...

    @property
    def round(self) -> int: ...

    @property
    def unheard(self) -> int: ...


@dataclass(frozen=True)
class Guard:
    """A condition beyond the state, and what to do when it does not hold."""

    holds: Callable[[Subject], bool]
    otherwise: Words


@dataclass(frozen=True)
class Transition:
    title: Words
    sources: frozenset[State]
    to: State | None
    """None: the case stays where it is."""
    otherwise: Words
    """Why the action is not possible in any other state."""
    guards: tuple[Guard, ...] = ()


_JUDGED = Guard(
    lambda case: case.valid is not None,
    Words("Judge first whether the complaint is valid.", "请先判断投诉是否成立。"),
)
_HEARD = Guard(
    lambda case: case.unheard == 0,
    Words(
        "Somebody whom the complaint is about may still answer: wait, or record with accused/{person}/unheard why not.",
        "投诉当事人尚在陈述期内：请等待其陈述，或通过 accused/{person}/unheard 说明不等待的理由。",
    ),
)
_NOT_MAJOR = Guard(
    lambda case: case.severity is not Severity.MAJOR,
    Words(
        "A major complaint is not settled by an immediate answer: judge it and offer solutions.",
        "重大投诉不能马上答复了结：请先判断是否成立，再提出解决方案。",
    ),
)
_NOTHING_OFFERED = Guard(
    lambda case: case.round == 0,
    Words(
        "Offers were put before the customer: only what they agree to is carried out.",
        "已向顾客提出方案：须经顾客确认后才能实施。",
    ),
)
_AGREED_OR_NOT_VALID = Guard(
    lambda case: case.state is State.AGREED or case.valid is False,
    Words(
        "The customer has not agreed yet. Make offers and record the consent; without it only a complaint "
        "that was judged not valid ends, with the explanation as its result.",
        "顾客尚未同意。请提出方案并记录顾客的确认；只有判定不成立的投诉可以直接以解释作为结果。",
    ),
)

LIFECYCLE: dict[Action, Transition] = {
    Action.ACCEPT: Transition(
        Words("Take the case up", "受理"),
        frozenset({State.OPEN}),
        State.ACCEPTED,
        Words("The case was taken up already.", "投诉已经受理。"),
    ),
    Action.JUDGE: Transition(
        Words("Judge whether the complaint is valid", "判断投诉是否成立"),
        frozenset({State.ACCEPTED}),
        None,
        Words(
            "A complaint is judged after it was accepted, and while no offers lie before the customer.",
            "须在受理之后、方案尚未提交顾客之时判断投诉是否成立。",
        ),
        (_HEARD,),
    ),
    Action.OFFER: Transition(
        Words("Put ranked solutions before the customer", "向顾客提出解决方案"),
        frozenset({State.ACCEPTED}),
        State.OFFERED,
        Words(
            "Offers are made after the case was accepted; a new round begins when the customer has objected "
            "to the last one.",
            "须在受理之后提出方案；顾客对上一轮方案提出异议后，才能提出下一轮。",
        ),
        (_JUDGED,),
    ),
    Action.CONSENT: Transition(
        Words("Record the customer's consent", "记录顾客同意"),
        frozenset({State.OFFERED}),
        State.AGREED,
        Words("No offers lie before the customer.", "目前没有提交顾客的方案。"),
    ),
    Action.OBJECT: Transition(
        Words("Record the customer's objection to all offers", "记录顾客异议"),
        frozenset({State.OFFERED}),
        State.ACCEPTED,
        Words("No offers lie before the customer.", "目前没有提交顾客的方案。"),
    ),
    Action.ANSWER: Transition(
        Words("Solve a minor complaint at once", "马上答复"),
        frozenset({State.OPEN, State.ACCEPTED}),
        State.CARRIED_OUT,
        Words(
            "An immediate answer is possible only before offers were made and before a result was told.",
            "只有在提出方案和告知结果之前才能马上答复。",
        ),
        (_NOT_MAJOR, _NOTHING_OFFERED),
    ),
    Action.CARRY_OUT: Transition(
        Words("Carry the solution out and tell the result", "实施方案并告知结果"),
        frozenset({State.ACCEPTED, State.AGREED}),
        State.CARRIED_OUT,
        Words(
            "A solution is carried out after the customer has agreed to it.",
            "须经顾客确认同意后才能实施方案。",
        ),
        (_AGREED_OR_NOT_VALID,),
    ),
    Action.REPLY: Transition(
        Words("Tell the customer how things stand", "向顾客答复进展"),
        UNSOLVED,
        None,
        Words("The customer was told the result already.", "已告知顾客处理结果。"),
    ),
    Action.CLOSE: Transition(
        Words("Close with the customer's judgement of the result", "结案"),
        frozenset({State.CARRIED_OUT}),
        State.CLOSED,
        Words(
            "A case closes after the customer was told the result, and once.",
            "须告知顾客处理结果之后才能结案；结案只有一次。",
        ),
    ),
    Action.RESUME: Transition(
        Words("Take the case up again, because the result is not acceptable", "结果不可接受，继续处理"),
        frozenset({State.CARRIED_OUT}),
        State.ACCEPTED,
        Words(
            "Only a case whose result was told, and which is not closed, is taken up again.",
            "只有已告知结果且尚未结案的投诉才能继续处理。",
        ),
    ),
}


FOLLOWS = Words(
    "The complaint was merged with another one: work on the leading case, or separate it first.",
    "该投诉已并入主投诉：请处理主投诉，或先撤销合并。",
)

GONE = Words(
    "The customer has withdrawn the complaint: there is nothing more to do.",
    "顾客已撤回投诉，无需继续处理。",
)


def why_not(case: Subject, action: Action) -> Words | None:
    """What stands in the way of the action now; None when it is possible."""
    transition = LIFECYCLE[action]
    if case.state is State.MERGED:
        return FOLLOWS
    if case.state is State.WITHDRAWN:
        return GONE
    if case.state not in transition.sources:
        return transition.otherwise
    return next((guard.otherwise for guard in transition.guards if not guard.holds(case)), None)


def possible(case: Subject) -> list[Action]:
    return [action for action in LIFECYCLE if why_not(case, action) is None]
