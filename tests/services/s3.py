"""An S3-compatible server: moto's, as a process of its own, over real HTTP."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx

from tests.fleet import free_port
from tests.world import eventually


@dataclass
class S3:
    endpoint: str
    bucket: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/attachments"

    @property
    def options(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": "tests",
            "secret_access_key": "tests",
            "virtual_hosted_style_request": "false",
        }

    async def text(self, query: str = "") -> str:
        """What the bucket says: its listing, or `uploads` for those that are not finished."""
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.endpoint}/{self.bucket}?{query}")).text


@asynccontextmanager
async def s3_server() -> AsyncIterator[S3]:
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        s3 = S3(f"http://127.0.0.1:{port}", f"bucket-{uuid4().hex[:8]}")
        async with httpx.AsyncClient() as client:

            async def made() -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    return (await client.put(f"{s3.endpoint}/{s3.bucket}")).status_code == 200
                return False

            await eventually(made, 60, "the S3 server")
        yield s3
    finally:
        server.terminate()
        await server.wait()
