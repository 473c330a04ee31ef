"""Whether the entries of the directory fit one another. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.routing.directory.checking import circles, wrong_with
from services.routing.directory.schemas import Entry, NewDepartment, NewPerson, NewTeam

Directory = Mapping[str, Mapping[str, Entry]]
"""Entries by table and key."""
Touched = Mapping[tuple[str, str], int | None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an entry cannot be as it is wanted, and what would be right."""

    table: str
    key: str
    position: int | None
    """In the request; None when it was not named there but follows from it."""
    field: str
    english: str
    chinese: str
    conflict: bool = False
    """It is well-formed, and does not fit the present state."""


def check(after: Directory, touched: Touched) -> list[Refusal]:
    """What is wrong with the entries that are `touched`, in the directory as it would be."""
    refused = [
        Refusal(table, key, position, *wrong)
        for (table, key), position in touched.items()
        for wrong in wrong_with(after[table][key])
    ]
    for (table, key), position in touched.items():
        entry = after[table][key]
        refused += [Refusal(table, key, position, *wrong) for wrong in _dangling(after, entry)]
    refused += _shared_accounts(after, touched)
    refused += _stranded(after, touched)
    for table, field, chinese in (
        ("people", "supervisor", "上级"),
        ("people", "deputy", "代理人"),
        ("departments", "successor", "接任部门"),
    ):
        refused += _circles(after, touched, table, field, chinese)
    return refused


def _dangling(after: Directory, entry: Entry) -> Iterator[tuple[str, str, str]]:
    """References to nothing, or to what has ended."""
    for field, table, must_work in _REFERENCES.get(type(entry), ()):
        named = getattr(entry, field)
        for key in (named,) if isinstance(named, str) else named or ():
            target = after[table].get(key)
            if target is None:
                where = f"name one that is known, or add it under `{table}`"
                yield (
                    field,
                    f"There is no {key!r}; {where}.",
                    f"没有 {key!r}，请改用已有的，或先在 {table} 中新增。",
                )
            elif must_work and getattr(entry, "active", True) and not getattr(target, "active", True):
                yield field, f"{key!r} is not active; name another one.", f"{key!r} 已停用，请改用其他。"
    if isinstance(entry, NewPerson):
        team = after["teams"].get(entry.team or "")
        if isinstance(team, NewTeam) and team.department != entry.department:
            yield (
                "team",
                f"Team {team.code!r} belongs to {team.department!r}; name a team of the person's department.",
                f"团队 {team.code!r} 属于部门 {team.department!r}，请选本部门的团队。",
            )


_REFERENCES: Mapping[type[Entry], tuple[tuple[str, str, bool], ...]] = {
    NewDepartment: (("calendar", "calendars", False), ("successor", "departments", True)),
    NewTeam: (("department", "departments", True), ("lead", "people", True)),
    NewPerson: (
        ("department", "departments", True),
        ("team", "teams", True),
        ("calendar", "calendars", False),
        ("skills", "skills", False),
        ("deputy", "people", False),
        ("supervisor", "people", False),
    ),
}
"""Field, the table it points into, and whether what it points to must be active."""


def _shared_accounts(after: Directory, touched: Touched) -> Iterator[Refusal]:
    owners: dict[str, list[str]] = {}
    for key, person in after["people"].items():
        if isinstance(person, NewPerson) and person.account is not None:
            owners.setdefault(person.account, []).append(key)
    for sharing in owners.values():
        for key in sharing if len(sharing) > 1 else ():
            if ("people", key) in touched:
                others = ", ".join(other for other in sharing if other != key)
                yield Refusal(
                    "people",
                    key,
                    touched["people", key],
                    "account",
                    f"{others} signs in with it; an account belongs to one person.",
                    f"该账号已属于 {others}，一个账号只能属于一人。",
                )


def _stranded(after: Directory, touched: Touched) -> Iterator[Refusal]:
    """A team that ends or moves must not leave people behind."""
    teams = {key: after[table][key] for table, key in touched if table == "teams"}
    if not teams:
        return
    left: dict[str, int] = {}
    for person in after["people"].values():
        team = teams.get(getattr(person, "team", None) or "")
        if isinstance(person, NewPerson) and isinstance(team, NewTeam):
            stays = team.active or not person.active
            if not stays or team.department != person.department:
                left[team.code] = left.get(team.code, 0) + 1
    for code, people in left.items():
        yield Refusal(
            "teams",
            code,
            touched["teams", code],
            "active" if not getattr(teams[code], "active", True) else "department",
            f"{people} people are in it; give them another team in the same request.",
            f"团队中尚有 {people} 人，请在同一请求中为其更换团队。",
            conflict=True,
        )


def _circles(after: Directory, touched: Touched, table: str, field: str, chinese: str) -> Iterator[Refusal]:
    follows = {key: getattr(entry, field) for key, entry in after[table].items()}
    for circle in circles(follows, [key for where, key in touched if where == table]):
        shown = " → ".join([*circle, circle[0]])
        first = next(key for key in circle if (table, key) in touched)  # without a change there was none
        yield Refusal(
            table,
            first,
            touched[table, first],
            field,
            f"It is a circle: {shown}. Let one of them have another {field}, or none.",
            f"{chinese}形成循环: {shown}。请更改其中一项。",
        )
