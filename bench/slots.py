"""How fast the slot itself changes hands: several processes, no HTTP; from `release` called to `hold` returned."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.stage import percentile

if TYPE_CHECKING:
    from pathlib import Path

HOLD_MS = 20


@dataclass
class Slots:
    """Seconds, and a share."""

    between_p50: float
    """From one process to another."""
    between_p99: float
    within_p50: float
    """From one request to the next of the same process."""
    fairness: float
    """The fewest turns of a process over the most, while all of them waited."""
    most_at_once: int


async def measure(folder: Path, processes: int = 4, each: int = 60) -> Slots:
    """*processes* × *each* turns of `HOLD_MS`."""
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.slot_worker", str(folder / "slots"), str(each), str(HOLD_MS),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
        )
        for _ in range(processes)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        await worker.stdout.readline()
    spoken = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    holds = sorted((began, ended, n) for n, (out, _) in enumerate(spoken) for began, ended in json.loads(out))
    between = [b[0] - a[1] for a, b in pairwise(holds) if a[2] != b[2]]
    within = [b[0] - a[1] for a, b in pairwise(holds) if a[2] == b[2]]
    contended = [n for _, _, n in holds[: len(holds) // 2]]
    turns = [contended.count(n) for n in range(processes)]
    return Slots(
        between_p50=percentile(between, 50),
        between_p99=percentile(between, 99),
        within_p50=percentile(within, 50) if within else 0.0,
        fairness=min(turns) / max(turns),
        most_at_once=1 + sum(gap < 0 for gap in (*between, *within)),
    )
