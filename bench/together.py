"""Four processes on one account: how much of the time the slot is used, and how fast it changes hands."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench import plain
from bench.stage import SELECTION, editors, percentile, source

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.emulated import Emulated


@dataclass
class Together:
    """Seconds, and a ratio."""

    makespan_ratio: float
    """Whole time over requests × the time that plain httpx takes for one, sending them one after the other in the same run."""
    handover_p50: float
    """From one request's end at the emulator to the arrival of the next."""
    handover_p99: float
    plain_handover_p50: float
    """The same for plain httpx on one connection."""
    plain_handover_p99: float
    most_in_flight: int
    refused: int


async def measure(emulator: Emulated, folder: Path, processes: int = 4, each: int = 25) -> Together:
    """*processes* × *each* actions, all asked for at once."""
    bare = await plain.measure(emulator, folder, rounds=25)
    ended = [0] * processes
    async with editors(processes, emulator.base_url("/api/paas/v4"), folder / "together") as windows:
        menus = []
        for n, window in enumerate(windows):
            uri = (folder / f"together-{n}.py").as_uri()
            window.open(uri, "python", source(500))
            menu = await window.code_actions(uri, SELECTION)
            menus.append(next(a for a in menu if a["command"]["arguments"][0]["action"] == "simplify"))

        async def run(n: int) -> None:
            def done() -> bool:
                ended[n] = sum(1 for values in windows[n].progress.values() if values[-1]["kind"] == "end")
                return ended[n] >= each

            await asyncio.gather(*(windows[n].choose(menus[n]) for _ in range(each)))
            await windows[n].until(done, within_s=600)

        before = len((await emulator.record())["served"])
        began = time.time()
        await asyncio.gather(*(run(n) for n in range(processes)))
        record = await emulator.record()
    served = [r for r in record["served"][before:] if r["status"] == 200]
    served.sort(key=lambda r: r["started_at"])
    gaps = [b["started_at"] - a["ended_at"] for a, b in pairwise(served)]
    makespan = served[-1]["ended_at"] - began
    assert len(served) == processes * each
    return Together(
        makespan_ratio=makespan / (len(served) * bare.service_s),
        handover_p50=percentile(gaps, 50),
        handover_p99=percentile(gaps, 99),
        plain_handover_p50=percentile(bare.handovers, 50),
        plain_handover_p99=percentile(bare.handovers, 99),
        most_in_flight=record["most_at_once"],
        refused=sum(1 for r in record["served"][before:] if r["status"] == 429),
    )
