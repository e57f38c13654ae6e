"""Virtual time: an event loop whose clock jumps to the next timer instead of sleeping.

Real input and output goes first. As long as a socket of this process has something to read, or a thread is at work,
time stands still; it jumps only when nothing but a timer can happen next.
Emulator and server share the loop, and loopback delivers what was written before the next look.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

EPOCH_S = 1_790_388_000.0
"""When every replay begins: Saturday 2026-09-26, 02:00 UTC, outside the hours in which credits cost double."""
_REAL_S = 0.05
"""How long a thread at work is waited for before the next look, in real seconds."""
_STUCK_S = 20.0
"""Without a timer and without input for so long, in real seconds: nothing will ever happen."""


class _Jumping(selectors.BaseSelector):
    """A selector that never waits for a timer: it moves the loop's time instead."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0
        self.threads = 0
        """Calls at work in other threads."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.threads:
            return self._real.select(_REAL_S)
        if timeout is None:
            ready = self._real.select(_STUCK_S)
            if not ready:
                raise RuntimeError("nothing will ever happen: no timer, no input, no thread")
            return ready
        os.sched_yield()
        ready = self._real.select(0)
        if not ready:
            self.now += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time. Work in threads takes none of it."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """As always, and time stands still until it has returned."""
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: object) -> None:
        self._jumping.threads -= 1


class LoopClock:
    """`zai_ls.clock.Clock` over the running loop's time."""

    def now(self) -> float:
        """Epoch seconds."""
        return EPOCH_S + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        await asyncio.sleep(max(0.0, seconds))


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run *main* in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
