"""What callers send to act on a case."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.resolution.closing import Ending
from shared.events.vocabulary import Outcome
from shared.pages import WrittenMoment
from shared.reply_policy.answering import WordsToCustomer
from shared.text import LongText, ShortText


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class Acceptance(BaseModel):
    model_config = _example(handler_id="e-1007")

    handler_id: ShortText | None = None
    """Who takes the case up; left out: the person it was assigned to, or else the caller."""


class Result(WordsToCustomer):
    model_config = _example(result="The machine was exchanged; the new one runs without alarms.")

    result: LongText
    """What was done and with which measures, as the customer is told."""


class Reply(WordsToCustomer):
    model_config = _example(message="The part is on its way; we mount it on Thursday.")

    message: LongText
    promise_by: WrittenMoment | None = None
    """By when the customer hears again; left out: by the rulebook of clocks. Later than that only as far as your
    layer of the company may promise, or with a permit."""
    approval_id: UUID | None = None
    """The permit `promise_later`, when one is needed."""


class Closing(BaseModel):
    model_config = _example(outcome="satisfied", reason="The customer said so on the telephone.")

    outcome: Outcome
    reason: LongText
    """How the opinion became known, or why the case closes without one."""
    approval_id: UUID | None = None
    """Of a permit that was granted, for a case that closes although the customer got back less than they lost."""
    without_opinion: bool = False
    """The customer did not answer when asked: possible after the follow-ups that the rulebook `listening` wants."""
    negative_reason: LongText | None = None
    """Why it closes although the customer's last emotion is negative; without it that is refused."""
    trust_restored: bool | None = None
    """Does the customer trust the company again, by their own word? Left out: they did not say."""

    @property
    def ending(self) -> Ending:
        return Ending(
            without_opinion=self.without_opinion,
            negative_reason=self.negative_reason,
            trust_restored=self.trust_restored,
        )


class Resumption(BaseModel):
    model_config = _example(reason="On the telephone the customer said that the noise came back.")

    reason: LongText
