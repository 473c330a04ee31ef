"""What exactly is permitted. Pure."""

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from shared.events.vocabulary import Money, Remedy
from shared.text import LongText

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")]
Exact = Annotated[
    dict[Name, LongText | bool | Annotated[int, Field(ge=-(2**53), le=2**53)]], Field(max_length=20)
]


class Terms(BaseModel):
    """What is asked for, and later permitted: not more than these remedies and this value, and exactly what `exact`
    says."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    remedies: Annotated[tuple[Remedy, ...], Field(max_length=len(Remedy))] = ()
    """At most these; empty where it is not about remedies."""
    value: Money | None = None
    """At most so much; left out: nothing that costs money."""
    exact: Exact = {}
    """What else it is about, by names that the action uses: `{"gate": "verified"}`."""

    @property
    def digest(self) -> str:
        """SHA-256 of `exact`, whatever the order of its names."""
        return hashlib.sha256(to_json(dict(sorted(self.exact.items())))).hexdigest()


def within(done: Terms, permitted: Terms, digest: str) -> bool:
    """Is what is done what was permitted, or less? `digest`: of what was permitted exactly."""
    if not set(done.remedies) <= set(permitted.remedies) or done.digest != digest:
        return False
    if done.value is None or done.value.amount == 0:
        return True
    most = permitted.value
    return most is not None and most.currency == done.value.currency and done.value.amount <= most.amount
