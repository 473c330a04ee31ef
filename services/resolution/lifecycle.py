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


class WaitingFor(StrEnum):
    """Without whom a case does not go on."""

    CUSTOMER = "customer"
    """The clocks stand still."""
    COLLEAGUE = "colleague"
    """The customer's clocks run on."""


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
    ASK_CUSTOMER = "ask-customer"
    ASK_COLLEAGUE = "ask-colleague"
    ANSWERED = "answered"
    EXTEND = "extend"
    RESPOND_PUBLICLY = "public-response"
    REOPEN = "reopen"
    CORRECT = "correction"
    HAND_OVER = "dispute"
    ANSWER_BODY = "dispute-answer"
    DECIDE = "dispute-decision"


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str


class NotNow(Exception):
    """The action does not fit the present state of the case."""

    def __init__(self, action: "Action", reason: Words) -> None:
        super().__init__(reason.en)
        self.action = action
        self.reason = reason


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
    def owes_public_response(self) -> bool: ...

    @property
    def waiting_for(self) -> WaitingFor | None: ...

    @property
    def in_dispute(self) -> bool: ...

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
_ANSWERED_IN_PUBLIC = Guard(
    lambda case: not case.owes_public_response,
    Words(
        "The complaint was made in public: give the public response first.",
        "该投诉是公开提出的：请先作出公开回应，再结案。",
    ),
)
_OWED = Guard(
    lambda case: case.owes_public_response,
    Words(
        "The complaint was not made in public, or was answered there already.",
        "该投诉未公开提出，或已公开回应。",
    ),
)
_WAITING = Guard(
    lambda case: case.waiting_for is not None,
    Words("Nobody was asked.", "目前没有等待任何人的答复。"),
)
_WAITING_FOR_NOBODY = Guard(
    lambda case: case.waiting_for is None,
    Words("Somebody was asked already: record the answer first.", "已在等待答复：请先登记答复。"),
)
_ENDED = Words("The customer was told the result already.", "已告知顾客处理结果。")

_NOT_IN_DISPUTE = Guard(
    lambda case: not case.in_dispute,
    Words("The complaint lies before an outside body already.", "投诉已在外部机构处理中。"),
)
_IN_DISPUTE = Guard(
    lambda case: case.in_dispute,
    Words("The complaint lies before no outside body.", "投诉未转交任何外部机构。"),
)
_ALIVE = frozenset(State) - {State.UNOPENED, State.MERGED, State.WITHDRAWN}

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
        (_ANSWERED_IN_PUBLIC,),
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
    Action.ASK_CUSTOMER: Transition(
        Words("Ask the customer for something", "请顾客补充信息"),
        UNSOLVED - {State.OFFERED},
        None,
        Words(
            "Nobody is asked while offers lie before them, nor after they were told the result: write a reply.",
            "方案提交顾客期间或告知结果之后不再提问：请直接答复顾客。",
        ),
        (_WAITING_FOR_NOBODY,),
    ),
    Action.ASK_COLLEAGUE: Transition(
        Words("Ask somebody within the company for help", "请内部同事协助"),
        UNSOLVED,
        None,
        _ENDED,
        (_WAITING_FOR_NOBODY,),
    ),
    Action.ANSWERED: Transition(
        Words("Record that whoever was asked has answered", "登记已收到答复"),
        UNSOLVED,
        None,
        _ENDED,
        (_WAITING,),
    ),
    Action.EXTEND: Transition(
        Words("Extend the time for the solution, with its reason", "延长处理期限并说明原因"),
        UNSOLVED,
        None,
        _ENDED,
    ),
    Action.RESPOND_PUBLICLY: Transition(
        Words("Record the public response to a public complaint", "登记对公开投诉的公开回应"),
        UNSOLVED | {State.CARRIED_OUT},
        None,
        Words("The case has ended.", "案件已结束。"),
        (_OWED,),
    ),
    Action.REOPEN: Transition(
        Words("Take a closed case up again", "重新处理已结案的投诉"),
        frozenset({State.CLOSED}),
        State.ACCEPTED,
        Words(
            "Only a closed case is reopened; one whose result was told and that is not closed is resumed.",
            "只有已结案的投诉才能重新处理；尚未结案的请使用 resume。",
        ),
    ),
    Action.CORRECT: Transition(
        Words("Record that the problem was corrected where it came from", "记录问题已从根源改正"),
        _ALIVE - {State.OPEN},
        None,
        Words("A problem is corrected after it was taken up.", "须在受理之后才能记录改正。"),
    ),
    Action.HAND_OVER: Transition(
        Words("Hand the complaint over to an outside body", "转交外部争议处理机构"),
        _ALIVE,
        None,
        Words("There is nothing that could be handed over.", "目前没有可转交的投诉。"),
        (_NOT_IN_DISPUTE,),
    ),
    Action.ANSWER_BODY: Transition(
        Words("Record the answer to the outside body", "记录对外部机构的答复"),
        _ALIVE,
        None,
        Words("There is no dispute to answer.", "目前没有需要答复的争议。"),
        (_IN_DISPUTE,),
    ),
    Action.DECIDE: Transition(
        Words("Record the outside body's decision", "记录外部机构的决定"),
        _ALIVE,
        None,
        Words("There is no dispute to decide.", "目前没有待裁决的争议。"),
        (_IN_DISPUTE,),
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
