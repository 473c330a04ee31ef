"""The honest minimum to compare the door with: FastAPI, asyncpg, one durable transaction per complaint.

It takes the same JSON and stores it together with an event for others, as the outbox pattern asks. It knows no
callers, no Idempotency-Key, no masking, no limits, no metrics; nobody reads its outbox.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel

TABLES = """
CREATE TABLE IF NOT EXISTS complaint (
    id uuid PRIMARY KEY, registered_at timestamptz NOT NULL, channel text NOT NULL, language text NOT NULL,
    what_went_wrong text NOT NULL, feeling text, wanted text, customer jsonb, product jsonb,
    desired_remedies text[] NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, key text NOT NULL,
    payload jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
"""


class Statement(BaseModel):
    what_went_wrong: str
    feeling: str | None = None
    wanted: str | None = None


class Customer(BaseModel):
    external_id: str | None = None
    name: str | None = None
    email: str | None = None


class Product(BaseModel):
    id: str | None = None
    name: str | None = None
    model: str | None = None
    batch: str | None = None


class Complaint(BaseModel):
    channel: str
    language: str = "zh"
    about: str | None = None
    statement: Statement
    customer: Customer | None = None
    product: Product | None = None
    desired_remedies: list[str] = []


class Registered(BaseModel):
    id: UUID
    registered_at: datetime


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    size = int(os.environ["BASELINE_POOL"])
    async with asyncpg.create_pool(os.environ["BASELINE_DSN"], min_size=size, max_size=size) as pool:
        await pool.execute(TABLES)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/complaints", status_code=201)
async def register(told: Complaint, request: Request) -> Registered:
    made = Registered(id=uuid4(), registered_at=datetime.now(UTC))
    told_as_json = told.model_dump_json()
    pool: Any = request.app.state.pool
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO complaint VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            made.id,
            made.registered_at,
            told.channel,
            told.language,
            told.statement.what_went_wrong,
            told.statement.feeling,
            told.statement.wanted,
            told.customer.model_dump_json() if told.customer else None,
            told.product.model_dump_json() if told.product else None,
            told.desired_remedies,
        )
        await connection.execute(
            "INSERT INTO outbox_event (topic, key, payload) VALUES ('complaints', $1, $2)",
            str(made.id),
            told_as_json,
        )
    return made
