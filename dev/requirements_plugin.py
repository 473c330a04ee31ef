"""A pytest plugin (`-p dev.requirements_plugin`): which test proves which requirement, and how it ended.

Writes JSON, `{test: {"ids": [...], "result": ...}}`, to the file that REDRESS_REQUIREMENTS_REPORT names. The ids
travel with the reports, so that it works under pytest-xdist, too.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPORT = "REDRESS_REQUIREMENTS_REPORT"
ORDER = ("collected", "passed", "skipped", "xfailed", "failed")
"""The worst of its phases and parameters is the result of a test."""

_found: dict[str, dict[str, Any]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("requirement"):
            item.user_properties += [("requirement", row) for row in marker.args]


def pytest_collection_finish(session: pytest.Session) -> None:
    for item in session.items:
        _note(item.nodeid, item.user_properties, "collected")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        result = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        _note(report.nodeid, report.user_properties, result)


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = os.environ.get(REPORT)
    if target and not hasattr(session.config, "workerinput"):
        Path(target).write_text(json.dumps(_found), "utf-8")


def _note(nodeid: str, properties: list[tuple[str, object]], result: str) -> None:
    rows = [str(value) for name, value in properties if name == "requirement"]
    if not rows:
        return
    test = _found.setdefault(nodeid.partition("[")[0].partition("@")[0], {"ids": [], "result": result})
    test["ids"] = sorted({*test["ids"], *rows})
    test["result"] = max(test["result"], result, key=ORDER.index)
