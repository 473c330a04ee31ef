"""Random requests, valid and broken, over every endpoint of every service's OpenAPI document.

A thousand in the ordinary run; `REDRESS_FUZZ_REQUESTS=10000` (as continuous integration sets it) for more.

No answer may be a 5xx; every error is a problem document; what is not valid says which field, and why.
"""

import asyncio
import itertools
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from services import catalogue
from shared.keys import create_key
from tests.conftest import NewDatabase
from tests.fleet import one_process, open_fleet

pytestmark = pytest.mark.slow
schemathesis.serializer.alias("message/rfc822", "application/octet-stream")

REQUESTS_PER_SERVICE = int(os.environ.get("REDRESS_FUZZ_REQUESTS", "1000")) // len(catalogue.NAMES)


@pytest.fixture(scope="module")
async def target(new_database: NewDatabase, scratch: Path) -> AsyncIterator[tuple[str, str]]:
    """Where a real process answers, and an administrator's key."""
    url = await new_database()
    async with open_fleet(scratch / "bad-input") as fleet:
        where = one_process(fleet, url, scratch / "bad-input")
        await fleet.start()
        yield where["intake"], await create_key(url, "fuzz", ["admin"])


@pytest.mark.requirement("P-01")
@pytest.mark.parametrize("service", catalogue.NAMES)
async def test_no_request_whatsoever_breaks_a_service(target: tuple[str, str], service: str) -> None:
    base, key = target
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{base}/{service}/openapi.json")).json()
    sent = await asyncio.to_thread(_bombard, document, f"{base}/{service}", key)
    assert sum(sent.values()) >= REQUESTS_PER_SERVICE
    assert any(status < 300 for status in sent), f"nothing was ever accepted: {sent}"
    assert any(400 <= status < 500 for status in sent), f"nothing was ever refused: {sent}"


def _bombard(document: dict[str, Any], base: str, key: str) -> Counter[int]:
    schema = schemathesis.openapi.from_dict(document)
    operations = [
        operation
        for operation in (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok))
        # A live stream never ends, and the feed waits for what comes.
        if not {"events", "stream"} & set(operation.path.split("/"))
    ]
    each = -(-REQUESTS_PER_SERVICE // (2 * len(operations)))
    sent: Counter[int] = Counter()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    for seed in itertools.count():  # an operation with few possible requests leaves its share to the others
        for operation in operations:
            for mode in GenerationMode if _can_be_broken(operation) else [GenerationMode.POSITIVE]:
                _try(operation.as_strategy(generation_mode=mode), each, seed, session, base, sent)
        if sum(sent.values()) >= REQUESTS_PER_SERVICE:
            break
    session.close()
    return sent


def _can_be_broken(operation: Any) -> bool:
    """An operation without parameters and body has no invalid request."""
    return bool(operation.body or operation.path_parameters or operation.query or operation.headers)


def _try(
    strategy: st.SearchStrategy[Case[Any]],
    times: int,
    seed: int,
    session: requests.Session,
    base: str,
    sent: Counter[int],
) -> None:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def once(case: Case[Any]) -> None:
        request = case.as_transport_kwargs(base_url=base)
        request["headers"] = {k: v for k, v in request["headers"].items() if k.lower() != "authorization"}
        try:
            answer = session.request(**request, timeout=30, allow_redirects=False)
        except (requests.exceptions.InvalidHeader, UnicodeError):
            return  # no HTTP client could send this
        sent[answer.status_code] += 1
        _judge(answer)

    once()


def _judge(answer: requests.Response) -> None:
    seen = f"{answer.request.method} {answer.request.url} {answer.request.body!r} -> {answer.status_code}"
    assert answer.status_code < 500, f"{seen} {answer.text}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", seen
        problem = json.loads(answer.content)
        assert problem["type"].startswith("urn:redress:problem:"), seen
        assert problem["status"] == answer.status_code, seen
        assert problem["title"], seen
        if answer.status_code == 422:
            assert problem["errors"], seen
            assert all(error["field"] and error["detail"] for error in problem["errors"]), seen
