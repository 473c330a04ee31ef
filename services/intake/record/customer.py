"""Who complains, how they are reached, and the three questions in their own words."""

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    EmailStr,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from services.intake.record.parts import Body
from shared.events.vocabulary import ComplainantType
from shared.text import LongText, ShortText

_ORDINARY_ADDRESS = re.compile(r"(?=.{1,64}@)([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]{1,180})")


def _email(given: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """An ordinary mailbox at a host that is known to be valid needs no second look: it takes half a millisecond."""
    ordinary = _ORDINARY_ADDRESS.fullmatch(given) if isinstance(given, str) else None
    host = ordinary and _mail_host(ordinary[2])
    return f"{ordinary[1]}@{host}" if ordinary and host else validate(given)


@lru_cache(maxsize=4096)
def _mail_host(host: str) -> str | None:
    """The host as it is kept, or None when no mail can go there."""
    try:
        return validate_email(f"x@{host}", check_deliverability=False).domain
    except EmailNotValidError:
        return None


Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{4,30}$")]
Email = Annotated[EmailStr, WrapValidator(_email)]


class Statement(Body):
    """The three questions, in the customer's own words."""

    what_went_wrong: LongText
    feeling: LongText | None = None
    """How the customer feels about it."""
    wanted: LongText | None = None
    """Which solution the customer wants."""


class Customer(Body):
    """Who complains. An anonymous complainant gives nothing of this but the type."""

    external_id: ShortText | None = None
    """The customer's number in your own system; complaints of the same number belong to one customer."""
    type: ComplainantType = ComplainantType.EXTERNAL
    name: ShortText | None = None
    email: Email | None = None
    phone: Phone | None = None
    address: ShortText | None = None
    since: date | None = None
    """Since when they are a customer of yours."""
    key_account: bool | None = None
    """Whether you call them a key account. How good the handling is must not depend on it: insights looks whether it
    does."""

    @model_validator(mode="after")
    def _anonymous_is_nobody(self) -> Self:
        if self.type is ComplainantType.ANONYMOUS and (
            self.external_id or self.name or self.email or self.phone or self.address or self.since
        ):
            raise ValueError(
                "an anonymous complainant has neither number, name nor contact: leave them out, or choose "
                "another type 匿名投诉请勿填写客户编号、姓名或联系方式，或改选其他类型"
            )
        return self
