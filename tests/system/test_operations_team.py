"""An operations team that knows nothing of Redress but its topic, the AsyncAPI document and a key.

It reads redress.transfer.technical-support with a plain Kafka client, understands a notice by docs/asyncapi.yaml
alone, acknowledges it over REST where the document says, and never sees another audience's notice.
"""

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jsonschema
import pytest
import yaml
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from dev.kafka import KafkaBroker
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.kafka import with_kafka
from tests.world import TOLD, World, eventually, open_world

pytestmark = [*with_kafka]

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
GRAVE = TOLD | {"statement": {"what_went_wrong": "The housing gives an electric shock."}}


class Team:
    """All that it has: the document, a consumer, an HTTP client with its key."""

    def __init__(self, consumer: AIOKafkaConsumer, http: httpx.AsyncClient, channel: str) -> None:
        self.document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text("utf-8"))
        self.channel = self.document["channels"][channel]
        self.consumer = consumer
        self.http = http
        self.understood: list[tuple[dict[str, str], dict[str, Any]]] = []

    async def reads(self) -> None:
        """Read what there is, and understand each record by the document alone. Raises ValidationError."""
        found = await self.consumer.getmany(timeout_ms=200)
        for record in (record for records in found.values() for record in records):
            self.understood.append(self.understands(record))

    def understands(self, record: ConsumerRecord[bytes, bytes]) -> tuple[dict[str, str], dict[str, Any]]:
        assert record.topic == self.channel["address"]
        headers = {name: value.decode() for name, value in record.headers}
        reference = self.channel["messages"][headers["ce_type"]]["$ref"]
        message = self.document["components"]["messages"][reference.removeprefix("#/components/messages/")]
        self._fits(headers, message["headers"])
        assert record.value is not None
        payload: dict[str, Any] = json.loads(record.value)
        self._fits(payload, message["payload"])
        assert record.key == headers["ce_subject"].encode() == payload["complaint_id"].encode()
        return headers, payload

    def _fits(self, value: object, schema: dict[str, Any]) -> None:
        root = {"components": self.document["components"], "allOf": [schema]}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(root, format_checker=checker).validate(value)

    async def acknowledges(self, notice_id: str) -> httpx.Response:
        """By the request that the channel's description names."""
        words = self.channel["description"].split()
        method, path = next(pair for pair in pairwise(words) if pair[0] == "POST")
        return await self.http.request(method, path.rstrip(".").replace("{notice_id}", notice_id))


@pytest.mark.slow
@pytest.mark.requirement("003-16", "003-17", "003-18", "003-05", "P-35", "N-K")
async def test_a_plain_consumer_understands_a_notice_by_the_document_and_acknowledges_it(
    kafka_broker: KafkaBroker, new_database: NewDatabase, scratch: Path
) -> None:
    url = await new_database()
    async with open_world(url, scratch, event_log_url=f"kafka://{kafka_broker.bootstrap}") as world:
        key = await create_key(url, "technical support", ["notices:technical-support"])
        consumer = AIOKafkaConsumer(
            "redress.transfer.technical-support",
            bootstrap_servers=kafka_broker.bootstrap,
            group_id=f"operations-{uuid4()}",
            auto_offset_reset="earliest",
        )
        async with (
            consumer,
            httpx.AsyncClient(
                transport=world.http._transport,
                base_url="http://redress",
                headers={"Authorization": f"Bearer {key}"},
            ) as http,
        ):
            await _plays(Team(consumer, http, "transferTechnicalSupport"), world)


async def _plays(team: Team, world: World) -> None:
    registered = await world.register(GRAVE)

    async def read() -> list[dict[str, Any]]:
        await team.reads()
        return [notice for _, notice in team.understood if notice["complaint_id"] == registered["id"]]

    async with asyncio.timeout(60):
        [notice] = await eventually(read, within=60, what="the notice on the topic")
    assert notice["reference"] == registered["reference"]
    assert notice["severity"] == "major"
    assert notice["words"]["en"] == "A technical question"
    assert notice["acknowledge_by"] > notice["issued_at"]
    assert "13800138000" not in json.dumps(notice)

    assert (await team.acknowledges(notice["notice_id"])).status_code == 204
    shown = await team.http.get("/routing/v1/notices", params={"audience": "technical-support"})
    [mine] = [each for each in shown.json()["items"] if each["complaint_id"] == registered["id"]]
    assert "acknowledged_at" in mine

    await world.settled(within=60)
    others = ("responsible-department", "complaint-management", "leadership")
    records = await world.log_records(*(f"redress.transfer.{audience}" for audience in others))
    foreign = [json.loads(r.value) for r in records if r.key == registered["id"]]
    assert {n["reason"] for n in foreign} >= {"your-case", "urgent-complaint", "major-complaint"}
    for other in foreign:
        assert (await team.acknowledges(other["notice_id"])).status_code == 404
    for audience in (*others, "person-concerned"):
        refused = await team.http.get("/routing/v1/notices", params={"audience": audience})
        assert refused.status_code == 403
    await team.reads()
    assert not {n["notice_id"] for _, n in team.understood} & {n["notice_id"] for n in foreign}
