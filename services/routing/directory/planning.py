"""What a change of the directory comes to: the rows to be written, or what is refused and why. Pure.

Every way in goes through here: one entry, the sync of an HR system, a file.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from services.routing.directory.references import Refusal, check
from services.routing.directory.schemas import ENTRIES, Entry, NewDepartment, NewPerson

Place = tuple[str, str]
"""Table and key of an entry."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """The open complaints of a person who leaves go to another one, or back to the queue."""

    person: str
    to_person: str | None = None
    """None: back to the queue, where somebody is chosen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is."""

    entry: Entry
    version: int
    source: str | None


@dataclass(frozen=True)
class Roll:
    """All of the directory as it is."""

    entries: Mapping[str, Mapping[str, Kept]]
    """By table and key."""
    carried: Mapping[str, int] = field(default_factory=dict[str, int])
    """Open cases by person."""
    open_work: Mapping[str, int] = field(default_factory=dict[str, int])
    """Open complaints by department."""


@dataclass(frozen=True)
class Wanted:
    """A change of the directory."""

    parts: Mapping[str, Sequence[Entry]]
    """By table. Tables that are missing are not touched."""
    source: str | None = None
    complete: bool = False
    whole: bool = False
    """An entry replaces what was there; otherwise what it does not name stays."""
    requeue: bool = False
    hand_over_to: str | None = None


@dataclass
class Plan:
    """What is to be done."""

    after: dict[str, dict[str, Entry]]
    """The directory as it will be."""
    touched: dict[Place, int | None] = field(default_factory=dict[Place, "int | None"])
    """What changes or was named, with its position in the request."""
    added: list[Place] = field(default_factory=list[Place])
    changed: list[Place] = field(default_factory=list[Place])
    unchanged: list[Place] = field(default_factory=list[Place])
    deactivated: list[Place] = field(default_factory=list[Place])
    refused: list[Refusal] = field(default_factory=list[Refusal])
    requeues: list[Requeue] = field(default_factory=list[Requeue])


def plan(roll: Roll, wanted: Wanted, without: Set[Place] = frozenset()) -> Plan:
    """What the change comes to; entries in `without` are left as they are."""
    made = Plan({table: {k: kept.entry for k, kept in roll.entries[table].items()} for table in ENTRIES})
    for table, named in wanted.parts.items():
        _name(made, roll, wanted, table, named, without)
        if wanted.complete:
            _deactivate_others(made, roll, wanted, table, named, without)
    _succeed(made, roll, without)
    made.refused += check(made.after, made.touched)
    _let_go(made, roll, wanted)
    _sort(made, roll, wanted.source)
    return made


def _name(
    made: Plan, roll: Roll, wanted: Wanted, table: str, named: Sequence[Entry], without: Set[Place]
) -> None:
    seen: set[str] = set()
    for position, entry in enumerate(named):
        place = table, entry.key
        if place in without:
            continue
        if entry.key in seen:
            key = "id" if isinstance(entry, NewPerson) else "code"
            made.refused.append(
                Refusal(
                    *place, position, key, "It is named before; name it once.", "重复出现，请只保留一项。"
                )
            )
            continue
        seen.add(entry.key)
        kept = roll.entries[table].get(entry.key)
        if kept is not None and not wanted.whole:
            said = {name: getattr(entry, name) for name in entry.model_fields_set}
            made.after[table][entry.key] = kept.entry.model_copy(update=said)
        else:
            made.after[table][entry.key] = entry
        made.touched[place] = position


def _deactivate_others(
    made: Plan, roll: Roll, wanted: Wanted, table: str, named: Sequence[Entry], without: Set[Place]
) -> None:
    """Whoever this source brought and does not name any more is gone."""
    still = {entry.key for entry in named}
    for key, kept in roll.entries[table].items():
        gone = kept.source == wanted.source and key not in still and getattr(kept.entry, "active", False)
        if gone and (table, key) not in without:
            made.after[table][key] = kept.entry.model_copy(update={"active": False})
            made.touched[table, key] = None


def _succeed(made: Plan, roll: Roll, without: Set[Place]) -> None:
    """People and categories of a department that ends go to its successor; the open work follows them."""
    departments = made.after["departments"]
    for code in [code for table, code in made.touched if table == "departments"]:
        department, kept = departments[code], roll.entries["departments"].get(code)
        assert isinstance(department, NewDepartment)
        if department.active or kept is None or not getattr(kept.entry, "active", False):
            continue
        if not _works(made, department.successor):
            continue
        if ("departments", department.successor) in without:
            _keep_going(made, department, kept)
            continue
        successor = departments[department.successor or ""]
        assert isinstance(successor, NewDepartment)
        united = tuple(dict.fromkeys((*successor.categories, *department.categories)))
        if united != successor.categories:
            departments[successor.code] = successor.model_copy(update={"categories": united})
            made.touched.setdefault(("departments", successor.code), None)
        for key, person in made.after["people"].items():
            if getattr(person, "department", "") == code and ("people", key) not in without:
                moved = {"department": successor.code, "team": None}
                made.after["people"][key] = person.model_copy(update=moved)
                made.touched.setdefault(("people", key), None)


def _keep_going(made: Plan, department: NewDepartment, kept: Kept) -> None:
    """It cannot end: its successor is to be left as it is, and so cannot take anything over."""
    made.after["departments"][department.code] = kept.entry
    made.refused.append(
        Refusal(
            "departments",
            department.code,
            made.touched.pop(("departments", department.code)),
            "successor",
            f"{department.successor!r} is refused itself; correct it, or name another successor.",
            f"接任部门 {department.successor!r} 本身被拒绝，请先更正，或改用其他接任部门。",
        )
    )


def _works(made: Plan, department: str | None) -> bool:
    found = made.after["departments"].get(department or "")
    return isinstance(found, NewDepartment) and found.active


def _let_go(made: Plan, roll: Roll, wanted: Wanted) -> None:
    """Nobody and nothing ends that still has people or work, unless it is said where they go."""
    staffed: dict[str, int] = {}
    for person in made.after["people"].values():
        if isinstance(person, NewPerson) and person.active:
            staffed[person.department] = staffed.get(person.department, 0) + 1
    counted_on = _counted_on(made)
    for (table, key), position in made.touched.items():
        entry, kept = made.after[table][key], roll.entries[table].get(key)
        if kept is None or getattr(entry, "active", True) or not getattr(kept.entry, "active", True):
            continue
        if isinstance(entry, NewDepartment) and key in counted_on:
            made.refused.append(_counts_on(key, counted_on[key], position))
        if isinstance(entry, NewPerson) and roll.carried.get(key):
            _let_person_go(made, roll.carried[key], wanted, entry, position)
        people, work = staffed.get(key, 0), roll.open_work.get(key, 0)
        if isinstance(entry, NewDepartment) and (people or (work and not _works(made, entry.successor))):
            made.refused.append(
                Refusal(
                    table,
                    key,
                    position,
                    "active",
                    f"It has {people} people and {work} open complaints; name a `successor` that takes them over.",
                    f"该部门尚有 {people} 名人员和 {work} 件未结投诉，请用 successor 指定接任部门。",
                    conflict=True,
                )
            )


def _counted_on(made: Plan) -> dict[str, list[str]]:
    """By department, the active ones that name it as their successor."""
    found: dict[str, list[str]] = {}
    for each in made.after["departments"].values():
        if isinstance(each, NewDepartment) and each.active and each.successor is not None:
            found.setdefault(each.successor, []).append(each.code)
    return found


def _counts_on(ended: str, counting: Sequence[str], position: int | None) -> Refusal:
    named = ", ".join(sorted(counting))
    return Refusal(
        "departments",
        ended,
        position,
        "active",
        f"It is the successor of {named}; give them another `successor`, or none, in the same request.",
        f"该部门是 {named} 的接任部门，请在同一请求中为其改设或取消 successor。",
        conflict=True,
    )


def _let_person_go(made: Plan, carried: int, wanted: Wanted, person: NewPerson, position: int | None) -> None:
    to = made.after["people"].get(wanted.hand_over_to or "")
    if wanted.hand_over_to is not None and (
        not isinstance(to, NewPerson) or not to.active or to.id == person.id
    ):
        made.refused.append(
            Refusal(
                "people",
                person.id,
                position,
                "hand_over_to",
                "Nobody active has this id; name another person who takes the complaints over.",
                "没有该在职人员，请指定另一人接手。",
            )
        )
    elif wanted.hand_over_to is not None or wanted.requeue:
        made.requeues.append(Requeue(person.id, wanted.hand_over_to))
    else:
        made.refused.append(
            Refusal(
                "people",
                person.id,
                position,
                "active",
                f"The person carries {carried} complaints; say `hand_over_to` whom, or `requeue`.",
                f"该人员尚有 {carried} 件未结投诉，请用 hand_over_to 指定接手人，或用 requeue 退回队列。",
                conflict=True,
            )
        )


def _sort(made: Plan, roll: Roll, source: str | None) -> None:
    for table, key in made.touched:
        entry, kept = made.after[table][key], roll.entries[table].get(key)
        if kept is None:
            made.added.append((table, key))
        elif entry == kept.entry and source in (None, kept.source):
            made.unchanged.append((table, key))
        elif getattr(kept.entry, "active", True) and not getattr(entry, "active", True):
            made.deactivated.append((table, key))
        else:
            made.changed.append((table, key))
