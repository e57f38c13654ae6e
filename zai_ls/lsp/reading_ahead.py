"""Reading a document before anyone asks: the list of actions should find its syntax tree made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zai_ls.lsp.protocol import log_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.domain import Snapshot
    from zai_ls.lsp.documents import Documents

_PAUSE_S = 0.15
"""Without a change for so long, nobody types."""
_LARGE = 100_000
"""Characters from which a text takes long enough to read that a key may come meanwhile."""
_PAUSE_FOR_LARGE_S = 0.75
_MOST_CHARACTERS = 400_000
"""Longer texts would hold up the messages that come meanwhile; they are read when somebody asks."""


class ReadingAhead:
    """Calls *read* with what was opened or changed, in idle moments."""

    def __init__(self, documents: Documents, read: Callable[[Snapshot], None], clock: Clock) -> None:
        self._documents = documents
        self._read = read
        self._clock = clock
        self._uris: set[str] = set()
        self._typing = False
        self._task: asyncio.Task[None] | None = None

    def opened(self, uri: str) -> None:
        """Read it as soon as the messages at hand are dealt with."""
        self._begin(uri)

    def changed(self, uri: str) -> None:
        """Read it when no more changes come."""
        self._typing = True
        self._begin(uri)

    def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self, uri: str) -> None:
        self._uris.add(uri)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._read_all())

    def _is_large(self) -> bool:
        documents = map(self._documents.get, self._uris)
        return any(document is not None and sum(map(len, document.lines)) > _LARGE for document in documents)

    async def _read_all(self) -> None:
        await self._clock.sleep(0)
        while self._uris:
            while self._typing:
                self._typing = False
                await self._clock.sleep(_PAUSE_FOR_LARGE_S if self._is_large() else _PAUSE_S)
            snapshot = self._documents.snapshot(self._uris.pop())
            if snapshot is None or sum(map(len, snapshot.lines)) > _MOST_CHARACTERS:
                continue
            try:
                self._read(snapshot)
            except Exception as error:  # noqa: BLE001  (nobody asked for it: whoever does will be told)
                log_failure("Reading ahead", error)
