"""Shapes of the feed and the streams in HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, StringConstraints

from services.notification.briefings.book import TransferAudience
from services.notification.model import FACTS
from services.notification.webhooks.filters import matches
from shared.events import NOTICES
from shared.events.vocabulary import Audience

MAX_CURSOR = 2**62
_NAMES = sorted({*FACTS, *(event.type for event in NOTICES.values())})


def _known(pattern: str) -> str:
    if not any(matches(pattern, name) for name in _NAMES):
        raise ValueError(f"no event is called so. There are: {', '.join(_NAMES)}")
    return pattern


Types = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z.-]*\*?$"), AfterValidator(_known)]],
    Query(
        max_length=50,
        description="Names of events without the version; `redress.case.*` is a family of them. May be given several "
        "times.",
    ),
]
Categories = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\w. -]+$")]],
    Query(
        max_length=50,
        description="Only of complaints of these categories, as they were known when the event was recorded. May be "
        "given several times.",
    ),
]
Audiences = Annotated[
    list[TransferAudience],
    Query(
        max_length=len(Audience),
        description="Only the notices of these audiences. Without it: everything that the key may see.",
    ),
]
OfComplaint = Annotated[UUID | None, Query(description="Only of this complaint.")]
After = Annotated[
    int | None,
    Query(ge=0, le=MAX_CURSOR, description="The last cursor that you have handled."),
]


class FeedEvent(BaseModel):
    """A CloudEvent (1.0, structured JSON), as it is on the event log."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    position: str
    """Its cursor: places are numbered without gaps, and the same for every reader."""
    specversion: str
    id: str
    source: str
    type: str
    """Wire type with its version; what it means and its shape are in the AsyncAPI document."""
    subject: str
    """The complaint."""
    time: datetime
    datacontenttype: str | None = None
    partitionkey: str | None = None
    sequence: str | None = None
    traceparent: str | None = None
    data: JsonValue = None
    """What the event says; left out where the customer is erased."""


class FeedPage(BaseModel):
    """A part of the feed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[FeedEvent]
    next: str
    """Send it as `after` for what follows. It moves on also where nothing was wanted of what came."""
    more: bool
    """There is more already: ask again at once. False: you have everything up to now."""


class FeedEnds(BaseModel):
    """Where the feed begins and ends now."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    latest: str
    """Send it as `after` to hear only what happens from now on."""
    oldest: str
    """Send it as `after` for everything that is kept."""


class StreamTicket(BaseModel):
    """Opens one stream, once."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    ticket: str
    """Send it as `ticket` to `/stream` or `/ws`."""
    expires_at: datetime
