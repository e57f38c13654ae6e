"""A real headless Chromium, spoken to over the DevTools protocol: a page, its keys, its colours, a picture of it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
_FLAGS = (
    "--headless", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu", "--disable-quic", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-default-browser-check",
)  # fmt: skip


def program() -> str:
    """Where Chromium is; set up from the system's packages where that can be done without asking."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", *step], check=True, stdout=sys.stderr)
        found = shutil.which("chromium")
    if found is None:
        raise RuntimeError(
            f"There is no browser. Install Chromium: one of {', '.join(NAMES)} has to be on the PATH."
        )
    return found


class Page:
    """One tab."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.requests: list[str] = []
        """Every address that was asked for."""
        self.problems: list[str] = []
        """What the page's script threw, or the browser complained of."""
        self._reader = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
                continue
            match message["method"]:
                case "Network.requestWillBeSent":
                    self.requests.append(message["params"]["request"]["url"])
                case "Runtime.exceptionThrown":
                    self.problems.append(str(message["params"]["exceptionDetails"]))
                case "Log.entryAdded" if message["params"]["entry"]["level"] == "error":
                    self.problems.append(message["params"]["entry"]["text"])

    def stop(self) -> None:
        """Listen no more."""
        self._reader.cancel()

    async def send(self, method: str, **params: Any) -> Any:
        """A command of the DevTools protocol; its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        message = await asyncio.wait_for(answer, 30)
        assert "error" not in message, message
        return message["result"]

    async def look(self, width: int, height: int, *, dark: bool) -> None:
        """A screen so large, in a person's colours."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def open(self, address: str) -> None:
        for domain in ("Network", "Runtime", "Log", "Page"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=address)

    async def value(self, expression: str) -> Any:
        """What *expression* is in the page."""
        result = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until *expression* is true in the page."""
        async with asyncio.timeout(20):
            while not (found := await self.value(expression)):
                await asyncio.sleep(0.05)
        return found

    async def press(self, key: str, code: int, text: str = "") -> None:
        """A key, down and up."""
        await self.send(
            "Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, text=text
        )
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    async def picture(self, name: str) -> Path:
        """A picture of the whole page, kept for whoever wants to look."""
        taken = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        path.write_bytes(base64.b64decode(taken["data"]))
        return path


@asynccontextmanager
async def chromium() -> AsyncIterator[Page]:
    """A browser with nothing of its user's, and one tab in it."""
    with tempfile.TemporaryDirectory(prefix="zai-ls-chromium-", ignore_cleanup_errors=True) as profile:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        process = await asyncio.create_subprocess_exec(
            program(), *_FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        try:
            async with asyncio.timeout(60):
                while not (
                    found := re.search(rb"ws://(127\.0\.0\.1:\d+)/", line := await process.stderr.readline())
                ):
                    assert line, "the browser has ended"
            drain = asyncio.ensure_future(process.stderr.read())
            import httpx

            async with httpx.AsyncClient(trust_env=False) as client:
                tabs = (await client.get(f"http://{found[1].decode()}/json/list")).json()
            tab = next(tab for tab in tabs if tab["type"] == "page")
            async with connect(tab["webSocketDebuggerUrl"], max_size=64 * 2**20, proxy=None) as socket:
                page = Page(socket)
                try:
                    yield page
                finally:
                    page.stop()
            drain.cancel()
        finally:
            process.terminate()
            await process.wait()
