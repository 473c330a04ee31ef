"""A server that speaks clamd's INSTREAM over a real socket, and knows one signature: EICAR's test file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass
class Scanner:
    port: int = 0
    answers: bool = True
    """False: it takes connections and says nothing."""
    limit: int = 1 << 30
    """StreamMaxLength."""
    signature: bytes = EICAR
    seen: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
            content = b""
            while size := int.from_bytes(await reader.readexactly(4)):
                content += await reader.readexactly(size)
                if len(content) > self.limit:
                    writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            self.seen.append(content)
            if not self.answers:
                return
            writer.write(
                b"stream: Eicar-Test-Signature FOUND\0" if self.signature in content else b"stream: OK\0"
            )
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def clamd() -> AsyncIterator[Scanner]:
    scanner = Scanner()
    server = await asyncio.start_server(scanner.talk, "127.0.0.1", 0)
    scanner.port = server.sockets[0].getsockname()[1]
    async with server:
        yield scanner
