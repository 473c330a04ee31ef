"""How long it takes to ask whether a complaint was told already, with a million stored.

The stored ones are put together from the sentences of the demo's complaints, five of each customer; one in ten is the
same template with other numbers, so that some marks are had by a hundred thousand. Asked over HTTP, one request after
the other: complaints like the stored ones, half of them by a customer who is known, and the template.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from pydantic_core import to_json

from bench.rig import SECRET, Rig, dsn
from bench.stories import TEXTS
from services.intake.duplicates.marks import marks_of
from services.intake.duplicates.telling import telling_of
from services.intake.vault.cipher import Vault
from services.intake.vault.rows import place
from shared.config import Settings
from shared.postgres_cluster import SUPERUSER
from shared.reference import ALPHABET, check_character

STORED, QUICK_STORED = 1_000_000, 20_000
ASKED = 1000
PORTION = 20_000
PER_CUSTOMER = 5
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE = "订单SO{0:08d}付款{1}天了还没有发货，物流单号YT{0:010d}查不到记录，请尽快处理。"
_SENTENCE = re.compile(r"(?<=[。！？；!?;.])\s*")

Told = dict[str, Any]


def measure(rig: Rig, quick: bool, stored: int | None = None) -> dict[str, Any]:
    stored = stored or (QUICK_STORED if quick else STORED)
    url = rig.database()
    filled = rig.without_durability(lambda: asyncio.run(_fill(url, stored)))
    kinds = {"like the stored": _like_the_stored(stored), "the template": _templates(stored)}
    with (
        rig.redress(["intake"], url) as redress,
        httpx.Client(
            base_url=f"http://127.0.0.1:{redress.port}", headers={"Authorization": f"Bearer {rig.key(url)}"}
        ) as http,
    ):
        found = {}
        for name, asked in kinds.items():
            bodies = [next(asked) for _ in range(ASKED)]
            _ask(http, bodies[:50])  # warm
            found[name] = _ask(http, bodies)
    rig.drop(url)
    return {"stored": stored, "fill": filled, "asked": found}


def _ask(http: httpx.Client, bodies: list[Told]) -> dict[str, float]:
    took, suggested = [], 0
    for body in bodies:
        began = time.perf_counter()
        answer = http.post("/intake/v1/complaints/check", json=body)
        took.append((time.perf_counter() - began) * 1000)
        suggested += bool(answer.raise_for_status().json()["items"])
    took.sort()
    return {
        "n": len(took),
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[len(took) * 99 // 100],
        "worst_ms": took[-1],
        "with_suggestions": suggested / len(took),
    }


def _sentences() -> list[str]:
    lines = [
        line
        for n in ("zh", "en")
        for line in (TEXTS / f"complaints_{n}.jsonl").read_text("utf-8").splitlines()
    ]
    texts = [json.loads(line)["statement"]["what_went_wrong"] for line in lines]
    return [sentence for text in texts for sentence in _SENTENCE.split(text) if len(sentence) >= 8]


def _text(number: int, sentences: list[str]) -> str:
    chance = Random(number)
    if number % 10 == 0:
        return TEMPLATE.format(number, chance.randrange(2, 40))
    return " ".join(chance.sample(sentences, chance.randint(1, 4)))


def _like_the_stored(stored: int) -> Iterator[Told]:
    """What was told, with two sentences more and in another order; every second by a known customer."""
    sentences, chance = _sentences(), Random(1)
    while True:
        number = chance.randrange(1, stored)
        text = " ".join(
            reversed([chance.choice(sentences), _text(number, sentences), chance.choice(sentences)])
        )
        customer = number // PER_CUSTOMER if chance.random() < 0.5 else -number
        yield _told(text, customer)


def _templates(stored: int) -> Iterator[Told]:
    chance = Random(2)
    while True:
        number = chance.randrange(stored, 10 * stored)
        yield _told(TEMPLATE.format(number, chance.randrange(2, 40)), -number)


def _told(text: str, customer: int) -> Told:
    return {
        "channel": "web_form",
        "statement": {"what_went_wrong": text},
        "customer": {"external_id": f"F-{customer}", "email": f"f{customer}@example.com"},
        "product": {"name": "Servo motor"},
    }


async def _fill(url: str, stored: int) -> dict[str, float]:
    began = time.perf_counter()
    connection = await asyncpg.connect(dsn(url), user=SUPERUSER)
    try:
        await connection.execute(
            "SET session_replication_role = replica"
        )  # spares the checks of foreign keys
        await connection.execute("SET search_path = intake")
        await connection.execute("ALTER TABLE marks DROP CONSTRAINT pk_marks")
        marking, marks = 0.0, 0
        sentences = _sentences()
        secret = Settings(secret=SECRET).installation_secret
        vault = Vault([secret])
        for first in range(0, stored, PORTION):
            numbers = range(first, min(first + PORTION, stored))
            texts = [_text(number, sentences) for number in numbers]
            rows = [_rows(vault, number, text) for number, text in zip(numbers, texts, strict=True)]
            await _copy(
                connection, "customers", [person for person, _ in rows if person is not None], _PERSON
            )
            await _copy(connection, "complaints", [told for _, told in rows], _TOLD)
            started = time.process_time()
            marked = [
                (mark, _id(number))
                for number, text in zip(numbers, texts, strict=True)
                for mark in _marks(number, text, secret)
            ]
            marking += time.process_time() - started
            marks += len(marked)
            await _copy(connection, "marks", marked, ["mark", "complaint_id"])
        await connection.execute("ALTER TABLE marks ADD CONSTRAINT pk_marks PRIMARY KEY (mark, complaint_id)")
        await connection.execute("VACUUM ANALYZE")
        size = await connection.fetchval("SELECT pg_total_relation_size('marks')")
    finally:
        await connection.close()
    return {
        "seconds": time.perf_counter() - began,
        "marks": marks,
        "marks_gib": size / 2**30,
        "marking_us": marking / stored * 1e6,
    }


async def _copy(connection: Any, table: str, rows: Any, columns: list[str]) -> None:
    await connection.copy_records_to_table(table, schema_name="intake", records=rows, columns=columns)


def _marks(number: int, text: str, secret: bytes) -> dict[int, int]:
    customer = number // PER_CUSTOMER
    people = {"customer": f"F-{customer}", "mail": f"f{customer}@example.com", "phone": None}
    return marks_of(telling_of(text, people=people, order=None, products=("Servo motor",)), secret)


def _id(number: int) -> UUID:
    """A UUIDv7 of the complaint's time."""
    moment = int((BEGAN + timedelta(seconds=20 * number)).timestamp() * 1000)
    return UUID(int=(moment << 80) | (0x7 << 76) | (0x8 << 60) | number)


_PERSON = ["id", "type", "holds", "sealed"]
_TOLD = [
    "id", "reference", "registered_at", "registered_by", "customer_id", "kind", "channel", "language", "form",
    "against", "visibility", "desired_remedies", "completeness", "missing", "holds", "sealed",
]  # fmt: skip


def _rows(vault: Vault, number: int, text: str) -> tuple[tuple[Any, ...] | None, tuple[Any, ...]]:
    customer = number // PER_CUSTOMER
    person = UUID(int=customer + 1)
    body = "".join(ALPHABET[number // 31**place % 31] for place in range(8))
    told: tuple[Any, ...] = (
        _id(number), f"RD-{body}-{check_character(body)}", BEGAN + timedelta(seconds=20 * number), "key:bench", person,
        "complaint", "web_form", "zh", "written", "organisation", "private", [], 0.5, [],
        *_sealed(vault, "complaints", _id(number), {
            "email": f"f{customer}@example.com", "what_went_wrong": text, "product": {"name": "Servo motor"},
        }),
    )  # fmt: skip
    if number % PER_CUSTOMER:
        return None, told
    number_of_theirs = {"external_id": f"F-{customer}"}
    return (person, "external", *_sealed(vault, "customers", person, number_of_theirs)), told


def _sealed(vault: Vault, table: str, row_id: UUID, private: dict[str, Any]) -> tuple[list[str], bytes]:
    return [*private], vault.seal(to_json(private), place(table, {"id": row_id}))
