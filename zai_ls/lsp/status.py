"""`zai/status`: what an editor's status line shows of us, for those that ask for it when they start the server."""

from __future__ import annotations

import asyncio
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.assistant.ports import Status
    from zai_ls.clock import Clock
    from zai_ls.lsp.client import Peer

STATUS = "zai/status"
VERSION = 1
"""Of the notification's shape; fields are only ever added to one version."""
_EVERY_S = 0.25


def as_json(value: Any) -> Any:
    """A dataclass as the protocol has it: camelCase names, lists, nothing left out."""
    if is_dataclass(value):
        return {camel(f.name): as_json(getattr(value, f.name)) for f in fields(value)}
    return [as_json(each) for each in value] if isinstance(value, tuple) else value


def camel(name: str) -> str:
    """`used_percent` as `usedPercent`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


class StatusLine:
    """Tells the latest status, each once, a few times a second at most."""

    def __init__(self, peer: Peer, clock: Clock, wanted: Callable[[], bool]) -> None:
        self._peer = peer
        self._clock = clock
        self._wanted = wanted
        self._told: Status | None = None
        self._next: Status | None = None
        self._telling: asyncio.Task[None] | None = None

    def show(self, status: Status) -> None:
        """*status* holds from now on."""
        if not self._wanted():
            return
        self._next = status
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell())

    def stop(self) -> None:
        """Tell no more."""
        if self._telling is not None:
            self._telling.cancel()

    async def _tell(self) -> None:
        while self._next is not None and self._next != self._told:
            status = self._told = self._next
            self._peer.notify(STATUS, {"version": VERSION, **as_json(status)})
            await self._clock.sleep(_EVERY_S)
