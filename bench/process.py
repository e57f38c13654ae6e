"""A server process by itself: start-up against an empty server of the same library, memory, idle CPU, listing, typing."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.stage import SELECTION, editors, environment, percentile, source
from zai_ls.cli.demo.editor import FULL_CAPABILITIES, RequestFailed, ScriptedEditor

EMPTY = "from pygls.lsp.server import LanguageServer; LanguageServer('empty', '1').start_io()"


@dataclass
class Process:
    """Seconds, MiB, share of a core."""

    start: float
    empty_start: float
    rss_mib: float
    idle_cpu: float
    listing_p50: float
    listing_p99: float
    bare_p99: float
    """Of a request that is refused at once: what pipes, and this machine's noise, take."""
    change_p99: float


async def measure(base_url: str, folder: Path) -> Process:
    """One server, and an empty one beside it, in turn."""
    ours, empty = [], []
    env = environment(base_url, folder / "process")
    for _ in range(7):
        ours.append(await _start([sys.executable, "-m", "zai_ls", "serve"], env))
        empty.append(await _start([sys.executable, "-c", EMPTY], env))
    async with editors(1, base_url, folder / "process") as (window,):
        uri = (folder / "process.py").as_uri()
        window.open(uri, "python", source(500))
        await asyncio.sleep(1.0)
        bare = [await _refused(window) for _ in range(200)]
        listing = []
        for n in range(200):
            began = time.perf_counter()
            await window.code_actions(uri, SELECTION)
            if n >= 20:
                listing.append(time.perf_counter() - began)
        await asyncio.sleep(1.0)
        before = cpu_s(window.pid)
        await asyncio.sleep(5.0)
        idle = (cpu_s(window.pid) - before) / 5.0
        rss = _rss_mib(window.pid)
    return Process(
        start=percentile(ours, 50),
        empty_start=percentile(empty, 50),
        rss_mib=rss,
        idle_cpu=idle,
        listing_p50=percentile(listing, 50),
        bare_p99=percentile(bare, 99),
        listing_p99=percentile(listing, 99),
        change_p99=_typing(),
    )


async def _start(command: list[str], env: dict[str, str]) -> float:
    window = ScriptedEditor()
    began = time.perf_counter()
    await window.spawn(command, env=env)
    await window.request(
        "initialize", {"processId": None, "rootUri": None, "capabilities": FULL_CAPABILITIES}
    )
    took = time.perf_counter() - began
    await window.stop()
    return took


async def _refused(window: ScriptedEditor) -> float:
    began = time.perf_counter()
    with suppress(RequestFailed):
        await window.request("bench/unknown", {})
    return time.perf_counter() - began


def _typing() -> float:
    """`didChange` on 10,000 lines, handled inside the server's own document store."""
    from lsprotocol import types

    from zai_ls.clock import SystemClock
    from zai_ls.lsp.documents import Documents

    documents = Documents(SystemClock())
    documents.open("file:///typing.py", "python", 1, source(10_000))
    took = []
    for n in range(3_000):
        place = types.Position((n * 37) % 9_000, 4)
        change = types.TextDocumentContentChangePartial(range=types.Range(place, place), text="x")
        began = time.perf_counter()
        documents.change("file:///typing.py", n + 2, [change])
        took.append(time.perf_counter() - began)
    return percentile(took, 99)


def cpu_s(pid: int) -> float:
    """Seconds of processor time that process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
