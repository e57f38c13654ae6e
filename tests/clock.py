"""A clock turned by hand: time passes only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class TurnedClock:
    """Sleepers wake in order when `turn` passes their time."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._count), wake))
        await wake

    @property
    def sleeping(self) -> int:
        """How many sleep, cancelled ones not counted."""
        return sum(1 for _, _, wake in self._sleepers if not wake.done())

    async def turn(self, seconds: float) -> None:
        """Let *seconds* pass: wake whoever is due, in order, and let them run."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, wake = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not wake.done():
                wake.set_result(None)
            await settle()
        self._now = end
        await settle()

    def set_back(self, seconds: float) -> None:
        """The operating system's clock is corrected: now is earlier, sleepers are not moved."""
        self._now -= seconds


async def settle(rounds: int = 20) -> None:
    """Give every ready task the chance to run."""
    for _ in range(rounds):
        await asyncio.sleep(0)
