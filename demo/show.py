"""What a person sees: tables."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.account import Found
from demo.ledger import SHOWN, Line
from demo.sample import Complaint
from demo.story import Event

STATUS = {
    "met": "[green]met 达标[/]",
    "missed": "[yellow]missed 未达标[/]",
    "no_data": "no data",
    "no_target": "",
}


@dataclass
class Report:
    """What the demo has to say."""

    complaints: Sequence[Complaint]
    followed: Complaint
    events: Sequence[Event]
    """The story of the one that was followed."""
    found: Found
    catalogue: Sequence[dict[str, Any]]
    lines: Sequence[Line]
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    """What the services logged: warnings and worse."""

    @property
    def agrees(self) -> bool:
        return all(line.agrees for line in self.lines)

    def print(self, out: Console) -> None:
        """As tables."""
        if self.events:
            story(out, self.followed, self.events)
        measures(out, self.found, self.catalogue)
        messages(out, self.found)
        account(out, self.lines)
        accepted = sum(c.status == 201 for c in self.complaints)
        took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        out.print()
        if self.warnings:
            out.print(
                f"[yellow]The services logged {len(self.warnings)} lines of warnings. The last ones:[/]"
            )
            for line in self.warnings[-SHOWN:]:
                out.print(line, style="yellow", markup=False, soft_wrap=True)
        if self.agrees:
            out.print(
                f"[green]All {accepted} complaints are accounted for in every service.[/] [dim]({took})[/]"
            )
            out.print(f"[green]{accepted} 件投诉在各服务中全部核对一致，无一遗失。[/]")
        else:
            out.print(f"[red]The account does not agree: see ✗ above. 核对不一致。[/] [dim]({took})[/]")

    def print_json(self, out: Console) -> None:
        """The same facts for machines: one object."""
        facts = {
            "agrees": self.agrees,
            "complaints": len(self.complaints),
            "accepted": sum(c.status == 201 for c in self.complaints),
            "retried": sum(c.plan.retry is not None for c in self.complaints),
            "referred": sum(c.referred for c in self.complaints),
            "cases": Counter(state for state, _ in self.found.cases.values()),
            "outcomes": Counter(outcome for _, outcome in self.found.cases.values() if outcome),
            "account": [
                {
                    "service": line.service,
                    "what": line.what,
                    "expected": line.expected,
                    "found": line.found,
                    "agrees": line.agrees,
                    "differing": line.differing,
                }
                for line in self.lines
            ],
            "measures": {m["measure"]: m for m in self.found.measures},
            "messages": message_counts(self.found),
            "story": {
                "reference": self.followed.reference,
                "events": [
                    {
                        "seconds": event.seconds,
                        "service": event.service,
                        "type": event.type,
                        "says": event.says,
                        "seen_after_ms": event.seen_after_ms,
                    }
                    for event in self.events
                ],
            },
            "seconds": {name: round(seconds, 2) for name, seconds in self.seconds.items()},
            "warnings": list(self.warnings),
        }
        out.file.write(json.dumps(facts, ensure_ascii=False, indent=2) + "\n")


def story(out: Console, complaint: Complaint, events: Sequence[Event]) -> None:
    out.print()
    out.rule(f"One complaint's story 一件投诉的经过 · {complaint.reference}")
    said = complaint.body["statement"]
    for name, value in (("went wrong 事由", said["what_went_wrong"]), ("wanted 诉求", said.get("wanted"))):
        if value:
            out.print(f"[bold]{name}:[/] {escape(_short(value, 400))}")
    table = Table("s", "service", "event", "事件", "what it says", "seen live")
    table.columns[0].justify = table.columns[5].justify = "right"
    for event in events:
        seen = "" if event.seen_after_ms is None else f"{event.seen_after_ms} ms"
        table.add_row(
            f"{event.seconds:.2f}",
            event.service,
            event.title.en,
            event.title.zh,
            escape(event.says),
            seen,
        )
    out.print(table)
    note = "s: seconds since it was registered. seen live: from the fact to the customer's screen (SSE)."
    out.print(f"[dim]{note}[/]")


def measures(out: Console, found: Found, catalogue: Sequence[dict[str, Any]]) -> None:
    names = {entry["id"]: entry["name"] for entry in catalogue}
    table = Table("measure", "指标", "value", "of", "target", "", title="What insights measured 指标")
    for column in (2, 3, 4):
        table.columns[column].justify = "right"
    for measure in found.measures:
        name = names[measure["measure"]]
        counted = f"{measure['numerator']} / {measure['denominator']}" if measure["denominator"] else ""
        table.add_row(
            name["en"],
            name["zh"],
            _value(measure["value"], measure["unit"]),
            counted,
            _value(measure["target"], measure["unit"]),
            STATUS[measure["status"]],
        )
    out.print()
    out.print(table)


def messages(out: Console, found: Found) -> None:
    counts = message_counts(found)
    ways = sorted({way for by_way in counts.values() for way in by_way})
    table = Table("message", *ways, title="What was sent 发出的消息")
    for column in table.columns[1:]:
        column.justify = "right"
    for template, by_way in counts.items():
        table.add_row(template, *(str(by_way[way]) if by_way[way] else "" for way in ways))
    out.print()
    out.print(table)


def message_counts(found: Found) -> dict[str, Counter[str]]:
    """How many messages went out, by what they were and how they went."""
    counts: dict[str, Counter[str]] = {}
    for delivery in reversed(found.deliveries):
        what = delivery["template"] or "event, to the webhook"
        way = delivery["channel"] if delivery["status"] == "delivered" else delivery["status"]
        counts.setdefault(what, Counter())[way] += 1
    return counts


def account(out: Console, lines: Sequence[Line]) -> None:
    table = Table("who", "says of each complaint", "expected", "found", "", title="Is anything lost? 核对")
    for column in (2, 3):
        table.columns[column].justify = "right"
    for line in lines:
        what = line.what if not line.detail else f"{line.what}\n[dim]{escape(line.detail)}[/]"
        mark = "[green]✓[/]" if line.agrees else f"[red]✗ {len(line.differing)}[/]"
        table.add_row(line.service, what, str(line.expected), str(line.found), mark)
    out.print()
    out.print(table)
    for line in lines:
        for id_, why in list(line.differing.items())[:SHOWN]:
            out.print(f"[red]{line.service}, {line.what}:[/] {escape(id_)}: {escape(why)}", soft_wrap=True)
        if len(line.differing) > SHOWN:
            out.print(f"[red]... and {len(line.differing) - SHOWN} more[/]")


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "share":
        return f"{value:.1%}"
    if unit == "hours":
        return f"{value:g} h" if value >= 0.1 else f"{value * 3600:.0f} s"
    return f"{value:g}"


def _short(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1] + "…"
