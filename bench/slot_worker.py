"""One process of the hand-over measurement: takes the slot again and again, without any HTTP.

usage: python -m bench.slot_worker FOLDER COUNT HOLD_MS     waits for a line on stdin; one JSON line at the end
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from uuid import uuid4

from zai_ls.clock import SystemClock
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Lane
from zai_ls.state.db import Database
from zai_ls.state.folder import prepare
from zai_ls.state.slot_local import LocalSlot


async def main(folder: Path, count: int, hold_s: float) -> None:
    prepare(folder)
    slot = LocalSlot(Database(folder), folder, SystemClock(), slots_of=lambda _: 1)
    holds: list[tuple[float, float]] = []

    async def one() -> None:
        lease = await slot.hold(Ticket(id=uuid4().hex, account="bench", lane=Lane.ACTION, model="m"))
        began = time.time()
        await asyncio.sleep(hold_s)
        ended = time.time()
        lease.release(clean=True)
        holds.append((began, ended))

    async def person() -> None:
        for _ in range(count // 2):
            await one()

    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    # Two at once, so that this process is in line again while it holds the slot.
    await asyncio.gather(person(), person())
    print(json.dumps(holds), flush=True)
    await slot.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
