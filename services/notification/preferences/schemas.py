"""What comes in and goes out over HTTP."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from services.notification.preferences.model import Wishes
from services.notification.preferences.store import Said

_EXAMPLE: dict[str, Any] = {
    "ways": {"progress": ["email"], "opinion": []},
    "time_zone": "Asia/Shanghai",
    "quiet_hours": {"begin": "22:00", "end": "07:30"},
    "digest": {"frequency": "daily", "hour": 18},
}


class Preferences(Wishes):
    """How a customer wishes to be told things: all of it, what is left out is as the rules say."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


class ColleaguePreferences(Wishes):
    """How somebody of the company wishes to be told things. What colleagues tell them they must hear, by one way or
    another; the inbox has it all."""

    example: ClassVar = {key: value for key, value in _EXAMPLE.items() if key != "ways"}
    model_config = ConfigDict(json_schema_extra={"examples": [example]})

    @model_validator(mode="after")
    def _must_hear_it(self) -> "ColleaguePreferences":
        if any(not ways for ways in self.ways.values()):
            raise ValueError(
                "what colleagues tell you cannot be declined; name a way 同事的通知不得拒收，请保留一种方式"
            )
        return self


class PreferencesShown(BaseModel):
    """How somebody wishes to be told things."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    wishes: Wishes
    version: int
    """The ETag; 0: they have said nothing, and it is as the rules say."""

    @classmethod
    def of(cls, said: Said) -> "PreferencesShown":
        return cls(wishes=said.wishes, version=said.version)


class Unsubscribed(BaseModel):
    """One will hear no more of such things."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    nature: str
    """Of which one hears no more: `progress` or `opinion`."""
