"""Who belongs to which team and what they speak, as routing's directory knows it: asked when an audit is made, and kept
nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, TypeAdapter

from shared.service import Context


@dataclass(frozen=True, slots=True)
class Colleague:
    """What an audit tells people apart by; '' is what the directory does not say."""

    department: str = ""
    team: str = ""
    layer: str = ""
    """Of their department: 1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""
    languages: str = ""
    """All that they work in: `en`, `en+zh`."""


STRANGER = Colleague()
"""Of whom the directory knows nothing any more."""
Colleagues = Mapping[str, Colleague]
"""By the person's id."""


class _Department(BaseModel):
    code: str
    layer: int


class _Person(BaseModel):
    id: str
    department: str
    team: str | None = None
    languages: list[str] = []


class _Directory(BaseModel):
    departments: list[_Department]
    people: list[_Person]


_READ = TypeAdapter(_Directory)


async def colleagues(context: Context) -> Colleagues:
    """Everybody in the directory, those who have left, too. Raises httpx.HTTPError when it cannot be asked now."""
    known = _READ.validate_python(await context.ask("routing", "/routing/v1/directory", "cases:read"))
    layers = {each.code: str(each.layer) for each in known.departments}
    return {
        person.id: Colleague(
            person.department,
            person.team or "",
            layers.get(person.department, ""),
            "+".join(sorted(set(person.languages))),
        )
        for person in known.people
    }
