"""A small company for tests of resolution: who works in it, what each may grant, and a key for everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from services.routing.app import service as routing
from shared.keys import create_key
from tests.services.test_resolution import Office, open_office

EVERYTHING = ["return", "exchange", "repair", "discount", "compensation", "refund", "apology", "explanation"]
PEOPLE: dict[str, dict[str, Any]] = {
    "min": {"department": "board", "remedies": EVERYTHING, "amount": "100000"},
    "fang": {
        "department": "desk",
        "supervisor": "min",
        "deputy": "jie",
        "remedies": EVERYTHING,
        "amount": "5000",
    },
    "jie": {"department": "desk", "supervisor": "min", "remedies": EVERYTHING, "amount": "5000"},
    "na": {
        "department": "counter",
        "supervisor": "fang",
        "remedies": ["apology", "explanation", "repair", "discount"],
        "amount": "500",
    },
}
"""From the top: management, the desk's head and her deputy, contact staff."""


@dataclass
class Company(Office):
    """The office with everybody in it; `http` is an administrator."""

    clients: dict[str, httpx.AsyncClient] = None  # type: ignore[assignment]  # filled in at once

    def seen_by(self, person: str) -> "Company":
        """The office as this person works in it."""
        return replace(self, http=self.clients[person])

    async def ask(self, **wanted: Any) -> httpx.Response:
        return await self.http.post("/resolution/v1/approvals", json=wanted)

    async def decide(
        self, approval_id: str, how: str, headers: dict[str, str] | None = None, **said: Any
    ) -> httpx.Response:
        return await self.http.post(
            f"/resolution/v1/approvals/{approval_id}/{how}", json=said, headers=headers
        )

    async def directory(self, method: str, path: str, **body: Any) -> None:
        answer = await self.http.request(method, f"/routing/v1/directory{path}", json=body)
        assert answer.status_code < 300, answer.text


@asynccontextmanager
async def open_company(url: str, folder: Path, **changes: Any) -> AsyncIterator[Company]:
    async with open_office(url, folder, ["admin"], routing, **changes) as office:
        company = Company(office.process, office.http, office.now, clients={})
        people = []
        for person, known in PEOPLE.items():
            key = await create_key(url, person, ["cases:read", "cases:work"])
            account = f"key:{key.split('_')[1]}"
            company.clients[person] = httpx.AsyncClient(
                transport=office.http._transport,
                base_url="http://redress",
                headers={"Authorization": f"Bearer {key}"},
            )
            people.append(
                {
                    "id": person,
                    "name": person.title(),
                    "languages": ["en"],
                    "currency": "CNY",
                    "account": account,
                }
                | known
            )
        layers = {"counter": 1, "desk": 2, "board": 4}
        units = [
            {"code": code, "name_en": code, "name_zh": "部门", "layer": layer}
            for code, layer in layers.items()
        ]
        await company.directory("PUT", "", departments=units, people=people)
        yield company
