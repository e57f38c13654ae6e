"""Time as a seam: the system's clock in production, a clock turned by hand in tests."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from zai_ls.messages import say


class Clock(Protocol):
    """Where `now` and `sleep` come from; nothing else in the package reads the time."""

    def now(self) -> float:
        """Epoch seconds, as the operating system says; may go backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*; 0 or less gives way once."""
        ...


def local_time(at: float, now: float) -> str:
    """*at* as a person reads it: local time, with the date when *now* is another day."""
    when, today = time.localtime(at), time.localtime(now)
    same_day = when[:3] == today[:3]
    hour = time.strftime("%H:%M", when)
    if same_day:
        return hour
    return say(
        "time.other_day",
        weekday=say("time.weekdays").split()[when.tm_wday],
        day=f"{when.tm_mday:02}",
        month=say("time.months").split()[when.tm_mon - 1],
        time=hour,
    )


class SystemClock:
    """The real clock."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(max(0.0, seconds))
