"""Live streams over real sockets: a team and a customer follow a whole complaint, on both logs; and a clean end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from shared.envelope import record_id
from shared.keys import create_key
from shared.tracking import tracking_token
from tests.conftest import NewDatabase
from tests.fleet import one_process, open_fleet
from tests.system.test_journey import (
    STORY,
    Site,
    event_log_url,
    journey,
    site_in_this_process,
)
from tests.world import TOLD, World, eventually

__all__ = ["event_log_url"]  # a fixture

pytestmark = pytest.mark.slow


@dataclass
class Follower:
    """Somebody who follows, is cut off now and then, and goes on with the last id."""

    base: str
    headers: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    cut_after: int = 3
    """Events after which the connection breaks."""
    last_id: str | None = None
    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0

    async def by_sse(self) -> None:
        url = f"{self.base}/notification/v1/stream"
        async with httpx.AsyncClient(timeout=60) as http:
            while True:
                self.connections += 1
                cursor = {"Last-Event-ID": self.last_id} if self.last_id else {}
                async with http.stream(
                    "GET", url, headers=self.headers | cursor, params=self.query
                ) as answer:
                    assert answer.status_code == 200, await answer.aread()
                    await self._reads(answer)

    async def _reads(self, answer: httpx.Response) -> None:
        number = name = ""
        left = self.cut_after
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                self.last_id = number = line[4:]
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                self.ids.append(int(number))
                self.names.append(name)
                self.events.append(json.loads(line[6:]))
                left -= 1
                if left == 0:
                    return

    async def by_socket(self) -> None:
        url = f"{self.base.replace('http', 'ws', 1)}/notification/v1/ws"
        while True:
            self.connections += 1
            cursor = f"?after={self.last_id}" if self.last_id else ""
            async with connect(url + cursor, additional_headers=self.headers) as socket:
                await self._hears(socket)

    async def _hears(self, socket: ClientConnection) -> None:
        left = self.cut_after
        async for message in socket:
            told = json.loads(message)
            if "stream" in told:
                self.last_id = told["after"]
                continue
            self.last_id = told["position"]
            self.ids.append(int(told["position"]))
            self.events.append(told)
            left -= 1
            if left == 0:
                return


@asynccontextmanager
async def following(*ways: Callable[[], Any]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(way()) for way in ways]
    try:
        yield
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end


@pytest.mark.requirement("P-28", "P-38", "002-19", "002-22")
async def test_a_team_and_a_customer_follow_a_complaint_from_the_first_word_to_the_close(
    event_log_url: str, new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with site_in_this_process(url, scratch, event_log_url=event_log_url, kafka_partitions=3) as (
        site,
        world,
    ):
        base = site.urls["notification"]
        key = await create_key(url, "a team", ["complaints:read", "notices:read"])
        headers = {"Authorization": f"Bearer {key}"}
        team, socket = Follower(base, headers), Follower(base, headers, cut_after=4)
        customer = Follower(base, {}, cut_after=2)
        async with following(
            team.by_sse, socket.by_socket, lambda: _as_customer(site, world, team, customer)
        ):

            async def begun() -> bool:
                return bool(team.last_id and socket.last_id)

            await eventually(begun, what="the streams to begin")
            complaint_id = str(await journey(site))
            await world.settled()
            log = [record for record in await world.log_records() if record.key == complaint_id]

            async def caught_up() -> bool:
                return all(
                    len({e["id"] for e in each.events if e["subject"] == complaint_id}) >= len(log)
                    for each in (team, socket)
                ) and set(STORY) <= set(customer.names)

            await eventually(caught_up, what="the followers to have it all")
            tracking = f"{site.urls['intake']}/intake/v1/tracking/{customer.query['reference']}"
            shown = (await site.http.get(tracking, headers=customer.headers)).json()
    told = {str(record_id(record)) for record in log}
    for each in (team, socket):
        mine = [event["id"] for event in each.events if event["subject"] == complaint_id]
        assert len(mine) == len(set(mine)), "no repeat"
        assert set(mine) >= told, "no gap"
        assert each.ids == sorted(set(each.ids)), "in the order of the feed"
        assert each.connections > 5
    assert customer.ids == sorted(set(customer.ids))
    assert sorted(customer.names) == sorted(step["step"] for step in shown["steps"][1:]), (
        "what tracking shows"
    )
    assert customer.connections > 3


async def _as_customer(site: Site, world: World, team: Follower, customer: Follower) -> None:
    """As soon as the team hears of the complaint, its customer opens the page."""

    async def registered() -> Any:
        return next((e for e in team.events if e["type"] == "redress.complaint.registered.v1"), None)

    event = await eventually(registered, within=60, what="the first word")
    secret = world.process.settings.installation_secret
    customer.headers = {"X-Tracking-Token": tracking_token(secret, UUID(event["subject"]))}
    customer.query = {"reference": event["data"]["reference"]}
    await customer.by_sse()


@pytest.mark.requirement("P-28")
async def test_streams_end_at_once_when_the_process_is_told_to_stop(
    new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    folder = scratch / "streams-stop"
    key = {"Authorization": f"Bearer {await create_key(url, 'a team', ['admin'])}"}
    async with open_fleet(folder) as fleet:
        base = one_process(fleet, url, folder)["notification"]
        await fleet.start()
        async with httpx.AsyncClient(timeout=30, headers=key) as http:
            registered = (await http.post(f"{base}/intake/v1/complaints", json=TOLD)).json()
            token = {"X-Tracking-Token": registered["tracking_token"]}
            stream = f"{base}/notification/v1/stream"
            page = {"params": {"reference": registered["reference"]}, "headers": token}
            async with (
                http.stream("GET", stream, params={"after": 0}) as team,
                http.stream("GET", stream, **page) as customer,  # type: ignore[arg-type]
                connect(
                    f"{base.replace('http', 'ws', 1)}/notification/v1/ws", additional_headers=key
                ) as socket,
            ):
                lines = [team.aiter_lines(), customer.aiter_lines()]
                for each in lines:
                    async for line in each:
                        if line.startswith("data: "):
                            break
                await fleet.stop()
                for each in lines:
                    with suppress(httpx.RemoteProtocolError):
                        async for _ in each:
                            pass
                with suppress(ConnectionClosed):
                    async for _ in socket:
                        pass
                assert socket.close_code == 1012
    said = (folder / "all.log").read_text()
    assert "timeout graceful shutdown exceeded" not in said
    assert "Traceback" not in said
