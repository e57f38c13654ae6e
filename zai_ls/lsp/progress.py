"""Progress of a running request, as LSP's work-done progress with a cancel button."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from zai_ls.messages import say

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from zai_ls.assistant.ports import Stage
    from zai_ls.clock import Clock
    from zai_ls.lsp.client import Client, Peer

_EVERY_S = 0.25
"""Between two reports that differ in their numbers only."""


class ProgressBars:
    """All progress that the editor shows for us, by token; a token is forgotten when its work ends."""

    def __init__(self, peer: Peer, clock: Clock) -> None:
        self._peer = peer
        self._clock = clock
        self._cancels: dict[str, Callable[[], object]] = {}
        self._count = itertools.count(1)

    def __len__(self) -> int:
        return len(self._cancels)

    def begin(self, client: Client, title: str, cancel: Callable[[], object]) -> ClientProgress:
        """Show *title*; the editor's cancel button calls *cancel*. Silent for an editor without progress."""
        token = f"zai-ls-{os.getpid()}-{next(self._count)}"
        progress = ClientProgress(self._peer, self._clock, token, title, self._forget)
        if client.progress:
            self._cancels[token] = cancel
            progress.create()
        return progress

    def cancelled_by_editor(self, token: object) -> None:
        """The person pressed cancel; an unknown token belongs to work that has ended."""
        cancel = self._cancels.get(token) if isinstance(token, str) else None
        if cancel is not None:
            cancel()

    def _forget(self, token: str) -> None:
        self._cancels.pop(token, None)


class ClientProgress:
    """`assistant.Progress` over LSP. Nothing is sent before the editor has accepted the token."""

    def __init__(
        self, peer: Peer, clock: Clock, token: str, title: str, forget: Callable[[str], None]
    ) -> None:
        self._peer = peer
        self._clock = clock
        self._token = token
        self._title = title
        self._forget = forget
        self._begun = False
        self._ended = False
        self._last: Stage | None = None
        self._reported: tuple[object, ...] = ()
        self._reported_at = 0.0

    def create(self) -> None:
        """Ask the editor for a place to show it."""
        reply = self._peer.request(
            types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(self._token)
        )
        reply.add_done_callback(self._created)

    def _created(self, reply: asyncio.Future[Any]) -> None:
        if reply.cancelled() or reply.exception() is not None:
            self._forget(self._token)
            return
        self._begun = True
        text = None if self._last is None else phrase(self._last)
        self._send(types.WorkDoneProgressBegin(title=self._title, cancellable=True, message=text))
        if self._ended:
            # A token once accepted is shown until it ends.
            self._send(types.WorkDoneProgressEnd())

    def report(self, stage: Stage) -> None:
        """Show *stage*, at once when it is another kind, model or place, else a few times a second."""
        self._last = stage
        facts = (stage.kind, stage.model, stage.place)
        now = self._clock.now()
        if not self._begun or self._ended:
            return
        if facts == self._reported and 0 <= now - self._reported_at < _EVERY_S:
            return
        self._reported, self._reported_at = facts, now
        self._send(types.WorkDoneProgressReport(message=phrase(stage), cancellable=True))

    def end(self, text: str | None = None) -> None:
        """The work is over; once."""
        if self._ended:
            return
        self._ended = True
        self._forget(self._token)
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=text))

    def _send(
        self,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        self._peer.notify(types.PROGRESS, types.ProgressParams(token=self._token, value=value))


def phrase(stage: Stage) -> str:
    """Where the work stands, in a few words with model, tokens, seconds and place in line."""
    return stage.text or say(
        f"progress.{stage.kind}",
        model=stage.model or "GLM",
        tokens=stage.tokens,
        seconds=round(stage.seconds),
        place=stage.place,
    )
