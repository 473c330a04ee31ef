"""The disciplines of the 8D report, each a list of plain blocks. Pure."""

from collections.abc import Iterator
from datetime import datetime

from services.resolution.improvement.drawing import fishbone
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.parts import Action, Analysis, Branch, Effect, Place
from services.resolution.improvement.printing import Printing
from shared.paper import Block, Heading, KeyValues, Paragraph, Signature, Signatures


def team(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d1"))
    rows = [
        (
            say.person(each.person),
            _department(improvement, each.department, say),
            say.say("lead" if each.lead else "member"),
        )
        for each in improvement.members
    ]
    yield say.table((("name", 3), ("department", 3), ("role", 2)), rows)
    if improvement.meetings:
        yield Heading(say.say("meetings"), 2)
        held = [
            (each.title, say.moment(each.at), ", ".join(map(say.person, each.attendees)))
            for each in improvement.meetings
        ]
        yield say.table((("meeting", 3), ("date", 2), ("attendees", 4)), held)


def _department(improvement: Improvement, code: str, say: Printing) -> str:
    """The name of the function that it is, by the rulebook; else its code."""
    function = next((each for each in improvement.book.functions if code in each.departments), None)
    if function is None:
        return code
    return function.name_zh if say.language == "zh" else function.name_en


def problem(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d2"))
    yield Paragraph(improvement.problem)
    rows = [
        (
            each.reference or "",
            say.moment(each.registered_at),
            say.yes(each.valid),
            say.yes(each.recurrence),
            ", ".join(say.say(f"remedy.{remedy}") for remedy in say.remedies.get(each.reference or "", ())),
        )
        for each in improvement.complaints.values()
    ]
    columns = (("reference", 3), ("received", 3), ("valid", 2), ("recurrence", 2.2), ("remedy", 3))
    yield say.table(columns, rows)


def containment(improvement: Improvement, say: Printing) -> Iterator[Block]:
    """All four places, answered or not."""
    yield Heading(say.say("d3"))
    found = {each.place: each for each in improvement.containment}
    rows = []
    for place in Place:
        each = found.get(place)
        action = improvement.actions[each.action] if each is not None and each.action is not None else None
        quantity = (
            "" if each is None or each.quantity is None else f"{each.quantity:f} {each.unit or ''}".strip()
        )
        rows.append(
            (
                say.say(f"place.{place}"),
                say.say("not_answered") if each is None else say.yes(each.affected),
                quantity,
                action.what if action else (each.note or "" if each else ""),
                say.person(action.responsible) if action else "",
                say.moment(action.due_at) if action else "",
                say.moment(action.done_at) if action else "",
            )
        )
    columns = (
        ("place", 2),
        ("affected", 1.6),
        ("quantity", 1.6),
        ("measure", 4),
        ("responsible", 2),
        ("due", 2),
        ("done", 2),
    )
    yield say.table(columns, rows)


def cause(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d4"))
    analysis = improvement.analysis
    if analysis is None:
        yield Paragraph(say.say("nothing_yet"), ink="quiet")
        return
    for title, chains in (("why_occurred", analysis.occurrence), ("why_escaped", analysis.escape)):
        yield Heading(say.say(title), 2)
        for number, chain in enumerate(chains, 1):
            if len(chains) > 1:
                yield Paragraph(f"{say.say('chain')} {number}", strong=True)
            questions = (improvement.title, *chain)
            rows = [(str(n), questions[n - 1], answer) for n, answer in enumerate(chain, 1)]
            yield say.table((("number_sign", 0.5), ("why", 4), ("because", 5)), rows)
    yield Heading(say.say("fishbone"), 2)
    names = {branch: say.say(f"branch.{branch}") for branch in Branch}
    yield fishbone(analysis.fishbone, names, improvement.title)
    causes = [(names[b], "\n".join(analysis.fishbone.get(b, ())) or say.say("none")) for b in Branch]
    yield say.table((("branch", 1), ("possible_causes", 6)), causes)
    yield from _verified(analysis, say)


def _verified(analysis: Analysis, say: Printing) -> Iterator[Block]:
    yield KeyValues(
        (
            (say.say("root_cause"), analysis.root_cause),
            (say.say("escape_cause"), analysis.escape_cause),
            (say.say("impact"), analysis.impact),
        ),
        columns=1,
    )
    if analysis.verified_by is None:
        yield Paragraph(say.say("not_verified"), ink="warning")
    else:
        result = "confirmed" if analysis.confirmed else "refuted"
        yield KeyValues(((say.say(result), analysis.verification or ""),), columns=1)
    verified = (say.say("verified_by"), _signed(analysis.verified_by, say, analysis.verified_at))
    analysed = (say.say("analysed_by"), _signed(analysis.analysed_by, say, analysis.analysed_at))
    yield KeyValues((analysed, verified))


def _signed(person: str | None, say: Printing, at: datetime | None) -> str:
    return f"{say.person(person)} {say.moment(at)}".strip() or say.say("none")


def plan(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d5"))
    rows = [
        (
            str(each.number),
            say.say(f"kind.{each.kind}"),
            each.what,
            say.person(each.responsible),
            say.moment(each.due_at),
        )
        for each in _planned(improvement)
    ]
    columns = (("number_sign", 0.6), ("kind", 1.6), ("measure", 5), ("responsible", 2), ("due", 2.4))
    yield say.table(columns, rows)


def implementation(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d6"))
    rows = [
        (str(each.number), _state(each, say), each.evidence or each.reason or "")
        for each in _planned(improvement)
    ]
    yield say.table((("number_sign", 0.6), ("done", 2.4), ("evidence", 7)), rows)
    yield Heading(say.say("effect"), 2)
    if improvement.watch_from is not None:
        until = f"{say.moment(improvement.watch_from)} – {say.moment(improvement.watch_until)}"
        yield KeyValues(((say.say("watch"), until),), columns=1)
    if improvement.effect is None:
        yield Paragraph(say.say("not_judged"), ink="quiet")
    else:
        yield from _numbers(improvement.effect, say)


def _numbers(effect: Effect, say: Printing) -> Iterator[Block]:
    n = effect.numbers
    rows = [
        (f"{say.say('before')}: {n.before_from} – {n.before_to}", str(n.before), f"{n.exposure_before:f}"),
        (f"{say.say('after')}: {n.after_from} – {n.after_to}", str(n.after), f"{n.exposure_after:f}"),
    ]
    yield say.table((("period", 5), ("complaint_count", 2), ("exposure", 3)), rows)
    ratio = say.say("none") if n.rate_ratio is None else f"{n.rate_ratio:.3f}"
    high = say.say("unbounded") if n.high is None else f"{n.high:.3f}"
    yield KeyValues(
        (
            (say.say("rate_ratio"), ratio),
            (say.say("interval"), f"{n.low:.3f} – {high}"),
            (say.say("p_value"), f"{n.p_value:.2g}"),
            (say.say("fell"), say.yes(n.fell)),
            (say.say("judged_by"), _signed(effect.judged_by, say, effect.judged_at)),
        )
    )
    judged = say.say("effective" if effect.effective else "not_effective")
    yield KeyValues(((judged, effect.reason),), columns=1)


def prevention(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d7"))
    yield Heading(say.say("standards"), 2)
    documents = [
        (each.reference, each.title, each.version, each.changed_on.isoformat())
        for each in improvement.standards
    ]
    columns = (("document", 2), ("document_title", 5), ("document_version", 1.5), ("date", 2))
    yield say.table(columns, documents)
    yield Heading(say.say("trainings"), 2)
    held = [(each.course, each.held_on.isoformat(), str(each.participants)) for each in improvement.trainings]
    yield say.table((("course", 5), ("date", 2), ("participants", 2)), held)


def closure(improvement: Improvement, say: Printing) -> Iterator[Block]:
    yield Heading(say.say("d8"))
    rows = [
        (
            say.moment(each.at),
            say.say(f"move.{each.move}"),
            say.step(each.from_step),
            say.step(each.to_step) if each.to_step else say.say("ended"),
            each.reason or "",
        )
        for each in improvement.passages
    ]
    columns = (("date", 2.4), ("move", 1.8), ("from", 3), ("to", 3), ("reason", 3))
    yield Heading(say.say("history"), 2)
    yield say.table(columns, rows)
    yield Paragraph(say.say("thanks"))
    lead = improvement.lead
    yield Signatures(
        (
            Signature(say.say("sign.lead"), say.person(lead.person) if lead else ""),
            Signature(say.say("sign.quality")),
            Signature(say.say("sign.customer")),
        )
    )


def _planned(improvement: Improvement) -> list[Action]:
    return [each for each in improvement.actions.values() if each.planned]


def _state(action: Action, say: Printing) -> str:
    if action.done_at is not None:
        return say.moment(action.done_at)
    if action.dropped_at is not None:
        return say.say("dropped")
    return say.say("late") if action.overdue_at is not None else ""
