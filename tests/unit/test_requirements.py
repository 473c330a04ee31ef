"""Tests name only requirements that exist."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.requirements import GROUPS, UNTESTED, markdown, matrix, rows

TESTS = Path(__file__).resolve().parent.parent


def _named() -> Iterator[tuple[str, str]]:
    """Every id in a `requirement(...)` marker, with its place."""
    for file in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "requirement"
            ):
                for argument in node.args:
                    assert isinstance(argument, ast.Constant), f"{file}:{argument.lineno}: write the id down"
                    yield str(argument.value), f"{file.relative_to(TESTS)}:{argument.lineno}"


def test_every_marker_names_a_requirement() -> None:
    known = rows()
    named = list(_named())
    assert len(named) > 50, "the markers are found at all"
    assert [f"{where}: there is no row {row}" for row, where in named if row not in known] == []


def test_the_rows_are_complete() -> None:
    known = rows()
    assert len(known) == 195
    assert all(row.requirement for row in known.values())
    assert {row.id.partition("-")[0] for row in known.values()} == GROUPS.keys()


def test_a_row_is_as_good_as_its_worst_test() -> None:
    found, unknown = matrix(
        {
            "tests/a.py::test_one": {"ids": ["P-01", "P-02"], "result": "passed"},
            "tests/a.py::test_two": {"ids": ["P-02"], "result": "failed"},
            "tests/a.py::test_three": {"ids": ["P-99"], "result": "passed"},
        }
    )
    assert (found["P-01"].result, found["P-02"].result, found["P-04"].result) == (
        "passed",
        "failed",
        UNTESTED,
    )
    assert unknown == ["P-99 (tests/a.py::test_three)"]
    text = markdown(found)
    assert "`a.py::test_one`<br>`a.py::test_two`" in text
    assert "2 of 195 rows have a test." in text


def test_the_plugin_takes_the_worst_of_a_tests_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    from dev import requirements_plugin as plugin

    monkeypatch.setattr(plugin, "_found", {})
    for nodeid, result in (("t.py::a[1]", "passed"), ("t.py::a[2]", "failed"), ("t.py::a[3]", "passed")):
        plugin._note(nodeid, [("requirement", "P-01")], result)
    plugin._note("t.py::b", [], "failed")
    assert plugin._found == {"t.py::a": {"ids": ["P-01"], "result": "failed"}}
