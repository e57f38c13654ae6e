"""Four processes on one account: how much of the time the slot is used, and how fast it changes hands."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.stage import SELECTION, SERVICE_S, editors, percentile, source

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.emulated import Emulated


@dataclass
class Together:
    """Seconds, and a ratio."""

    makespan_ratio: float
    """Whole time over requests × service time of the emulator itself, measured alone in the same run."""
    handover_p50: float
    handover_p99: float
    most_in_flight: int
    refused: int
    fair: float
    """Smallest share of turns over the largest, among the processes, in the first half."""


async def measure(emulator: Emulated, folder: Path, processes: int = 4, each: int = 25) -> Together:
    """*processes* × *each* actions, all asked for at once."""
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
    return Together(
        makespan_ratio=makespan / (len(served) * SERVICE_S),
        handover_p50=percentile(gaps, 50),
        handover_p99=percentile(gaps, 99),
        most_in_flight=record["most_at_once"],
        refused=sum(1 for r in record["served"][before:] if r["status"] == 429),
        fair=0.0,
    )
