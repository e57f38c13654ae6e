"""An emulator in a process of its own, for as long as the story lasts."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "00000000000000000000000000000000.demonstration000"
"""Takes the form of a key and opens nothing but the emulator."""

_READY_S = 30.0


class Emulated:
    """A running emulator, as seen from outside."""

    def __init__(self, url: str) -> None:
        self.url = url

    def base_url(self, path: str = "/api/coding/paas/v4") -> str:
        """The account's base URL."""
        return self.url + path

    async def record(self) -> dict[str, Any]:
        """What it has served so far."""
        return await asyncio.to_thread(self._get, "/emulator/record")

    def _get(self, path: str) -> dict[str, Any]:
        # The standard library's client: no reason to wait for a bigger one to load, for one look.
        import http.client
        from urllib.parse import urlsplit

        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request("GET", path)
            value: dict[str, Any] = json.loads(connection.getresponse().read())
            return value
        finally:
            connection.close()


@asynccontextmanager
async def emulated(*arguments: str) -> AsyncIterator[Emulated]:
    """Start one with *arguments* of `zai-ls emulator`; it is ended at exit. Raises `TimeoutError`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "zai_ls",
        "emulator",
        "--exit-with-parent",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_READY_S):
            ready = json.loads(await process.stdout.readline())
        yield Emulated(ready["url"])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
