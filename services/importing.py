"""`redress import`: sends a file of complaints to a running Redress, and shows how far it is."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

CHUNK = 256 * 1024
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds before a request is sent again that met with trouble on the way."""
LOOK_SECONDS = 0.5
PATH = "/intake/v1/imports"


class ImportFailed(Exception):
    """The file could not be imported; the message says why, and what to do."""


class Client:
    """One import, over HTTP. Whatever is sent twice does nothing twice."""

    def __init__(self, http: httpx.Client, err: Console) -> None:
        self._http = http
        self._err = err

    def send(self, file: Path, kind: str | None, report: Progress, task: TaskID) -> dict[str, Any]:
        query = {"name": file.name} | ({"format": kind} if kind else {})

        def content() -> Iterator[bytes]:
            report.update(task, completed=0)
            with file.open("rb") as source:
                while chunk := source.read(CHUNK):
                    yield chunk
                    report.advance(task, len(chunk))

        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}
        return self._asked("POST", PATH, params=query, headers=headers, body=content)

    def look(self, import_id: str) -> dict[str, Any]:
        return self._asked("GET", f"{PATH}/{import_id}")

    def save(self, import_id: str, target: Path) -> None:
        """Write the report, as CSV unless the file is named .ndjson."""
        kind = "ndjson" if target.suffix == ".ndjson" else "csv"
        with (
            self._http.stream("GET", f"{PATH}/{import_id}/report", params={"format": kind}) as answer,
            target.open("wb") as file,
        ):
            if answer.is_error:
                answer.read()
                raise ImportFailed(_explained(answer))
            for chunk in answer.iter_bytes():
                file.write(chunk)

    def _asked(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        for pause in (*PAUSES, None):
            try:
                answer = self._http.request(method, path, content=body() if body else None, **options)
                if answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    break
                trouble = f"it answers {answer.status_code}"
            except httpx.TransportError as error:
                trouble = str(error) or type(error).__name__
            if pause is None:
                raise ImportFailed(
                    f"Redress cannot be reached ({trouble}). Run the same command again: it goes on where it stopped."
                )
            self._err.print(f"{trouble}; again in {pause:g} s", style="yellow", markup=False)
            time.sleep(pause)
        if answer.is_error:
            raise ImportFailed(_explained(answer))
        found: dict[str, Any] = answer.json()
        return found


def _explained(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"The address answers {answer.status_code}, but is it a Redress?"
    errors = [*problem.get("columns", ()), *problem.get("errors", ())]
    lines = [f"{problem.get('title')}: {problem.get('detail', '')}"]
    return "\n".join(
        lines + [f"  {each['field']}: {each['detail']}" for each in errors if "columns" in problem]
    )


def run(
    file: Path, url: str, key: str, kind: str | None, target: Path | None, *, as_json: bool, err: Console
) -> dict[str, Any]:
    """Send the file, wait until its last row is done, and return the import. Raises ImportFailed.

    Interrupted at any time, the same call goes on: Redress knows the file again.
    """
    headers = {"Authorization": f"Bearer {key}"}
    shown = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), Elapsed())
    with (
        httpx.Client(base_url=url, headers=headers, timeout=httpx.Timeout(60, write=None)) as http,
        Progress(*shown, console=err, disable=as_json) as progress,
    ):
        client = Client(http, err)
        sending = progress.add_task("sending", total=file.stat().st_size, told=file.name)
        begun = client.send(file, kind, progress, sending)
        working = progress.add_task("registering", total=_rows(file), told="")
        while begun["state"] in ("waiting", "running"):
            progress.update(working, completed=begun["rows"], told=_counts(begun))
            time.sleep(LOOK_SECONDS)
            begun = client.look(begun["id"])
        progress.update(working, completed=begun["rows"], total=begun["rows"], told=_counts(begun))
        if target is not None:
            client.save(begun["id"], target)
    return begun


def _rows(file: Path) -> int:
    """About how many rows it has: line breaks within quotes count, too."""
    with file.open("rb") as source:
        return max(1, sum(chunk.count(b"\n") for chunk in iter(lambda: source.read(CHUNK), b"")))


def _counts(told: dict[str, Any]) -> str:
    return f"{told['registered']} registered, {told['known']} known, {told['refused']} refused"


def summary(told: dict[str, Any], *, as_json: bool) -> str:
    return json.dumps(told) if as_json else f"import {told['id']} {told['state']}: {_counts(told)}"
