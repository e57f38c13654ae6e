"""A storm over one account: several processes, lanes mixed, random cancels, some killed while they hold the slot.

The emulator's own record is the judge: never two in flight, and no refusal but "not yet".
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.stage import environment

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.emulated import Emulated


@dataclass
class Storm:
    """What came of it."""

    most_in_flight: int
    served: int
    refused: int
    not_yet: int
    """Refusals because the place of a request whose client had hung up was not free yet."""
    answered: dict[int, int] = field(default_factory=dict)
    """For each process that lived: how many of its requests were answered."""
    outcomes: Counter[str] = field(default_factory=Counter)
    freed_s: list[float] = field(default_factory=list)
    """From each kill of a holder to the next request served."""
    left_behind: str = ""
    """Who still waits or holds when all is over; empty as it should be."""


async def storm(
    emulator: Emulated, folder: Path, *, processes: int = 4, each: int = 25, kills: int = 2, seed: int = 1
) -> Storm:
    """Let it blow."""
    env = environment(emulator.base_url("/api/paas/v4"), folder / "storm")
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.storm_worker", str(each), str(seed * 100 + n),
            env=env, stdout=asyncio.subprocess.PIPE,
        )
        for n in range(processes)
    ]  # fmt: skip
    killed: dict[int, float] = {}
    answered: Counter[int] = Counter()
    outcomes: Counter[str] = Counter()
    to_kill = set(range(kills))

    async def watch(n: int) -> None:
        stdout = workers[n].stdout
        assert stdout is not None
        holds = 0
        while line := await stdout.readline():
            said = json.loads(line)
            if said["event"] == "holding":
                holds += 1
                # Not at once: the line is then full of others.
                if n in to_kill and holds == 1 + n and n not in killed:
                    killed[n] = time.time()
                    workers[n].send_signal(signal.SIGKILL)
            else:
                answered[n] += 1
                outcomes[said["outcome"]] += 1

    async with asyncio.timeout(120 + processes * each * 2):
        await asyncio.gather(*(watch(n) for n in range(processes)))
        await asyncio.gather(*(worker.wait() for worker in workers))
    record = await emulator.record()
    status = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "zai_ls", "status", "--json", env=env, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await status.communicate()
    state = json.loads(out)
    served = sorted((r for r in record["served"] if r["status"] == 200), key=lambda r: r["started_at"])
    return Storm(
        most_in_flight=record["most_at_once"],
        served=len(served),
        refused=sum(1 for r in record["served"] if r["status"] == 429),
        not_yet=sum(1 for o in record["overlaps"] if o["not_yet"]),
        answered={n: answered[n] for n in range(processes) if n not in killed},
        outcomes=outcomes,
        freed_s=[
            next((r["started_at"] - at for r in served if r["started_at"] > at), -1.0)
            for at in killed.values()
        ],
        left_behind=f"{state['waiting']} waiting, {state['in_flight']} in flight"
        if state["waiting"] or state["in_flight"]
        else "",
    )
