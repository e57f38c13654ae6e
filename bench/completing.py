"""Completions of a real server process: what is ready, a cold burst, and a storm of keys in a large file."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.process import cpu_s
from bench.stage import KEY, editors, percentile, source
from zai_ls.cli.demo.editor import RequestFailed
from zai_ls.emulator import Emulator, EmulatorConfig

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.editor import ScriptedEditor

ANSWER = "return sum(item * limit for item in items if item > limit)"
PLACE = "def added(items, limit):\n    \n\n\n"
STORM_S = 30.0
STORM_HZ = 60


@dataclass
class Completing:
    """Seconds, counts, share of a core."""

    cached_p99: float
    through_p99: float
    ready_http: int
    """Requests that what was ready brought about."""
    burst_http: int
    burst_answered: int
    burst_most: int
    added: float
    """From the last key of a burst to the request, less the pause that was waited."""
    storm_unanswered: int
    storm_cpu: float
    storm_keys: int
    change_p99: float
    """Of handling one didChange inside the server, its JSON included."""


async def measure(folder: Path, *, storm_s: float = STORM_S) -> Completing:
    """One window on one emulator that answers after 0.9 s."""
    config = EmulatorConfig(key=KEY, first_token_s=0.45, service_s=0.9)
    async with (
        Emulator(config) as emulator,
        editors(1, emulator.base_url, folder / "completing") as (window,),
    ):
        uri = (folder / "completing.py").as_uri()
        window.open(uri, "python", PLACE + source(500))
        emulator.reply(ANSWER, times=None)
        await asyncio.sleep(1.0)
        await _inline(window, uri, 1, 4)
        cached = [await _timed(_inline(window, uri, 1, 4)) for _ in range(300)]
        through = await _typing_through(window, uri)
        ready_http = len(emulator.record.chats) - 1
        burst = await _burst(window, uri, emulator)
        storm = await _storm(window, (folder / "storm.py").as_uri(), storm_s)
        return Completing(
            cached_p99=percentile(cached, 99),
            through_p99=percentile(through, 99),
            ready_http=ready_http,
            burst_http=burst[0],
            burst_answered=burst[1],
            burst_most=emulator.record.most_at_once,
            added=burst[2],
            storm_unanswered=storm[0],
            storm_cpu=storm[1],
            storm_keys=storm[2],
            change_p99=await _handling(),
        )


async def _inline(window: ScriptedEditor, uri: str, line: int, column: int) -> str:
    answer = await window.request("textDocument/inlineCompletion", _params(uri, line, column))
    return "".join(item["insertText"] for item in answer["items"])


def _params(uri: str, line: int, column: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": column},
        "context": {"triggerKind": 2},
    }


async def _timed(answer: Any) -> float:
    began = time.perf_counter()
    assert await answer
    return time.perf_counter() - began


async def _typing_through(window: ScriptedEditor, uri: str) -> list[float]:
    took = []
    for _ in range(8):
        column = 4
        for key in ANSWER[:-1]:
            window.change(uri, (1, column), (1, column), key)
            column += 1
            took.append(await _timed(_inline(window, uri, 1, column)))
        window.change(uri, (1, 4), (1, column), "")
    return took


async def _burst(window: ScriptedEditor, uri: str, emulator: Emulator) -> tuple[int, int, float]:
    """Six wishes 80 ms apart at a place that nobody has asked for before."""
    before = len(emulator.record.chats)
    window.change(uri, (2, 0), (2, 0), "\n\ndef burst(items, limit):\n    ")
    await asyncio.sleep(0.08)
    asked = []
    for column, key in enumerate("retur", 4):
        window.change(uri, (5, column), (5, column), key)
        asked.append(asyncio.ensure_future(_inline(window, uri, 5, column + 1)))
        await asyncio.sleep(0.08)
    asked.append(asyncio.ensure_future(_inline(window, uri, 5, 9)))
    last_at = time.time()
    done, _ = await asyncio.wait(asked, timeout=20)
    served = emulator.record.chats[before:]
    return len(served), len(done), served[0].started_at - last_at if served else 0.0


async def _storm(window: ScriptedEditor, uri: str, seconds: float) -> tuple[int, float, int]:
    """Keys without a pause in 10,000 lines, each with a wish, the one before cancelled, as VS Code does."""
    window.open(uri, "python", source(10_000))
    await asyncio.sleep(2.0)
    asked: list[asyncio.Future[Any]] = []
    before, began = cpu_s(window.pid), time.perf_counter()
    count = int(seconds * STORM_HZ)
    previous = None
    for n in range(count):
        line, column = 5_001, 12 + n % 60
        if n and n % 60 == 0:
            window.change(uri, (line, 12), (line, 72), "")
        window.change(uri, (line, column), (line, column), "x")
        if previous is not None:
            window.cancel(previous)
        previous, future = window.ask("textDocument/inlineCompletion", _params(uri, line, column + 1))
        asked.append(future)
        await asyncio.sleep(max(0.0, began + (n + 1) / STORM_HZ - time.perf_counter()))
    took = time.perf_counter() - began
    used = cpu_s(window.pid) - before
    with suppress(TimeoutError):
        async with asyncio.timeout(20):
            for future in asked:
                with suppress(RequestFailed):
                    await future
    return sum(not future.done() for future in asked), used / took, count


async def _handling() -> float:
    """One `didChange` of one key in 10,000 lines, from its bytes to the last of what it sets off."""
    import json

    from zai_ls.cli.serving import Late
    from zai_ls.config import load
    from zai_ls.lsp.server import Server

    late = Late(lambda: load(environ={"ZAI_CONFIG": os.devnull, "ZAI_BASE_URL": "http://127.0.0.1:9/v1"}))
    server = Server(late, on_settings=late.take_settings, on_text=late.read_ahead)
    uri, protocol = "file:///handling.py", server.protocol

    def tell(method: str, params: dict[str, Any], **more: Any) -> None:
        protocol.received(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode())

    tell("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=0)
    tell("initialized", {})
    item = {"uri": uri, "languageId": "python", "version": 1, "text": source(10_000)}
    tell("textDocument/didOpen", {"textDocument": item})
    await asyncio.sleep(1.0)
    late.app()
    took = []
    for n in range(1_500):
        at = {"line": 5_001, "character": 12 + n % 60}
        change = {"range": {"start": at, "end": at}, "text": "x"}
        began = time.perf_counter()
        tell(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": n + 2}, "contentChanges": [change]},
        )
        took.append(time.perf_counter() - began)
        tell("textDocument/inlineCompletion", _params(uri, 5_001, 13 + n % 60), id=n + 1)
        await asyncio.sleep(0.002)
    await protocol.finish()
    await late.aclose()
    return percentile(took, 99)
