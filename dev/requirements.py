"""`python -m dev.requirements` (`make requirements`): what Redress must do, and the tests that prove it.

Runs the tests, prints the matrix (row, tests, result) and writes it, without results, to docs/requirements.md.
A test names the rows that it proves: `@pytest.mark.requirement("003-08")`. The rows are docs/requirements.csv.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dev.requirements_plugin import ORDER, REPORT

PROJECT = Path(__file__).resolve().parent.parent
ROWS = PROJECT / "docs" / "requirements.csv"
MATRIX = PROJECT / "docs" / "requirements.md"

GROUPS = {
    "000": "What handling complaints means and is worth",
    "001": "Kinds of complaint, business flow, eight-step quality flow, principles, cases",
    "002": "The mechanism and the process",
    "003": "The system: principles, six subsystems, four layers of people",
    "004": "Emotion",
    "P": "What the best systems have",
    "N": "What none of them has",
}
UNTESTED = "no test"
STYLES = {"passed": "green", "failed": "red", "skipped": "yellow", "xfailed": "yellow", UNTESTED: "dim"}


@dataclass
class Row:
    id: str
    service: str
    requirement: str
    term: str
    best: str
    """The peer that has it best."""
    tests: dict[str, str] = field(default_factory=dict)
    """Results by test."""

    @property
    def result(self) -> str:
        return max(self.tests.values(), key=ORDER.index, default=UNTESTED)


def rows() -> dict[str, Row]:
    with ROWS.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return {
            row: Row(row, service, requirement, term, best) for row, service, requirement, term, best in lines
        }


def matrix(tests: Mapping[str, Mapping[str, object]]) -> tuple[dict[str, Row], list[str]]:
    """The rows with their tests, and the ids that tests name but nobody wrote down."""
    found, unknown = rows(), []
    for test, seen in sorted(tests.items()):
        ids = seen["ids"]
        assert isinstance(ids, list)
        for row in ids:
            if row in found:
                found[row].tests[test] = str(seen["result"])
            else:
                unknown.append(f"{row} ({test})")
    return found, unknown


def run(arguments: Sequence[str], *, collect_only: bool) -> tuple[int, dict[str, dict[str, object]]]:
    """Run or collect the tests: pytest's exit status, and what its plugin wrote. Output goes to stderr."""
    how = ["--collect-only", "-qq"] if collect_only else ["-n", "2", "--dist", "loadgroup", "-q"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "dev.requirements_plugin", *how, *arguments],
            cwd=PROJECT,
            env=os.environ | {REPORT: str(report)},
            stdout=subprocess.DEVNULL if collect_only else sys.stderr,
            check=False,
        )
        return ended.returncode, json.loads(report.read_text("utf-8")) if report.exists() else {}


def markdown(found: Mapping[str, Row]) -> str:
    tested = sum(bool(row.tests) for row in found.values())
    lines = [
        "# Requirements",
        "",
        "What Redress must do, and the tests that prove it. Written by `make requirements`, which also prints the",
        "results; the rows are `requirements.csv`.",
        "",
        "Homes: IN intake, RO routing, RE resolution, NO notification, INS insights, HR routing's directory, X all.",
        "",
        f"{tested} of {len(found)} rows have a test.",
    ]
    for prefix, title in GROUPS.items():
        lines += [
            "",
            f"## {prefix}: {title}",
            "",
            "| id | home | requirement | term | tests |",
            "|---|---|---|---|---|",
        ]
        for row in found.values():
            if row.id.startswith(f"{prefix}-"):
                tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in row.tests)
                lines.append(f"| {row.id} | {row.service} | {row.requirement} | {row.term} | {tests} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.requirements", description=__doc__)
    parser.add_argument("--collect-only", action="store_true", help="do not run the tests, only find them")
    parser.add_argument("--json", action="store_true", help="print the matrix as JSON")
    parser.add_argument(
        "pytest", nargs="*", help="what pytest gets, such as a folder; docs are then not written"
    )
    given = parser.parse_args(arguments)
    status, tests = run(given.pytest, collect_only=given.collect_only)
    found, unknown = matrix(tests)
    if given.json:
        print(json.dumps([vars(row) | {"result": row.result} for row in found.values()], ensure_ascii=False))
    else:
        _show(found)
    if not given.pytest and tests:
        MATRIX.write_text(markdown(found), "utf-8")
    for name in unknown:
        print(f"requirements: there is no row {name}", file=sys.stderr)
    return status or (1 if unknown else 0)


def _show(found: Mapping[str, Row]) -> None:
    table = Table(
        "row", "home", "requirement", "tests", "result", title="What Redress must do, and what proves it"
    )
    for row in found.values():
        names = "\n".join(test.rpartition("::")[2] for test in row.tests)
        short = row.requirement if len(row.requirement) <= 90 else f"{row.requirement[:89]}…"
        table.add_row(row.id, row.service, short, names, Text(row.result, STYLES.get(row.result, "")))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    tested = sum(bool(row.tests) for row in found.values())
    print(f"{tested} of {len(found)} rows have a test.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
