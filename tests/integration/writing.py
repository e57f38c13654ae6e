"""A person who writes: keys at a turned clock, wishes for completions as an editor sends them, and the emulated service.

A document is given with the cursor as `⎸`. Time passes only when a test says so; what comes over sockets comes by itself.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.clock import TurnedClock
from tests.integration.stories import Story, path_of, story
from tests.unit.core.marked import end_point
from zai_ls.assistant import Assistant
from zai_ls.assistant.board import Board
from zai_ls.assistant.completing.completer import Completer
from zai_ls.core.text import body_of, splice, split_lines
from zai_ls.domain import Change, CompletionAsk, Point, Proposed, Quiet, Range
from zai_ls.state.shown import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from zai_ls.assistant import Status
    from zai_ls.domain import Completed

CURSOR = "⎸"
LONG_S = 10.0
"""Longer than anybody's pause has to be."""


class Writer:
    """One document under somebody's hands."""

    def __init__(self, s: Story, completer: Completer, clock: TurnedClock) -> None:
        self.story = s
        self.completer = completer
        self.clock = clock
        self.statuses: list[Status] = []
        self.name = ""
        self.cursor = Point(0, 0)

    # -- hands -----------------------------------------------------------------------------------------------

    def open(self, marked: str, name: str = "a.py") -> None:
        before, _, after = marked.partition(CURSOR)
        self.story.desk.open(name, before + after)
        self.name, self.cursor = name, end_point(before)

    def type(self, text: str, *, close: str = "") -> None:
        """All of *text* as one change, after which the cursor stands behind it; *close* is put behind that by the editor."""
        self._change(Range(self.cursor, self.cursor), text + close)
        pieces = split_lines(text)
        line = self.cursor.line + len(pieces) - 1
        self.cursor = Point(line, len(pieces[-1]) + (self.cursor.column if len(pieces) == 1 else 0))

    def erase(self, count: int = 1) -> None:
        start = replace(self.cursor, column=self.cursor.column - count)
        self._change(Range(start, self.cursor), "")
        self.cursor = start

    def change(self, old: str, new: str) -> None:
        """Something elsewhere in the document becomes something else; the cursor stays."""
        before, found, _ = self.text.partition(old)
        assert found, old
        self._change(Range(end_point(before), end_point(before + old)), new)

    def _change(self, range_: Range, text: str) -> None:
        document = self.story.desk.documents[self.uri]
        document.undos.append(list(document.lines))
        splice(document.lines, range_, text)
        document.version += 1
        change = Change(document.version, range_, text)
        document.changes.append(change)
        self.completer.changed(self.uri, (change,), document.lines)

    # -- eyes ------------------------------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        return self.story.desk.uri(self.name)

    @property
    def text(self) -> str:
        return self.story.desk.text(self.name) or ""

    @property
    def requests(self) -> int:
        """How many reached a model."""
        return len(self.story.heard.bodies)

    def prompt(self, number: int = -1) -> str:
        """What the model was asked."""
        return str(json.loads(self.story.heard.bodies[number])["messages"][-1]["content"])

    @property
    def last(self) -> str:
        """What `explain last` says."""
        assert self.completer.last is not None
        return "\n".join(self.completer.last.lines)

    # -- wishes ----------------------------------------------------------------------------------------------

    def wish(self, **how: Any) -> asyncio.Task[Completed]:
        """Ask, as an editor does; it goes on by itself."""
        snapshot = self.story.desk.read(self.uri)
        assert snapshot is not None
        assert path_of(self.uri)
        ask = CompletionAsk(snapshot, self.cursor, **how)
        return asyncio.ensure_future(self.completer.complete(ask, self.story.desk))

    async def complete(self, **how: Any) -> str:
        """Ask and pause for long: what is proposed, or `no: ` and the reason."""
        return said(await self.after_pause(self.wish(**how)))

    async def after_pause(self, wish: asyncio.Task[Completed]) -> Completed:
        """Let time pass until *wish* is answered."""
        for _ in range(40):
            await self.clock.turn(LONG_S / 40)
            if wish.done():
                break
        async with asyncio.timeout(10):
            return await wish

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0)

    async def settled(self) -> None:
        """Wait until nothing is in flight and nobody waits."""
        await self.until(self.story.road.is_at_rest)


def said(answer: Completed) -> str:
    match answer:
        case Proposed(text=text):
            return text
        case Quiet(reason=reason):
            return f"no: {reason}"


@asynccontextmanager
async def writing(
    folder: Path, marked: str = "", settings: dict[str, Any] | None = None, **config: Any
) -> AsyncIterator[Writer]:
    """Somebody at a document, with *settings* as the editor has them and the service as *config* says."""
    async with story(folder, settings, **config) as s:
        clock = TurnedClock()
        kit = replace(s.kit, clock=clock)
        kit.gauge = s.road.gauge = s.road.gauge_for(lambda: kit.config, clock)
        writer = Writer(s, None, clock)  # type: ignore[arg-type]
        completer = Completer(kit, Shown(s.road.database, clock), on_status=writer.statuses.append)
        writer.completer = completer
        s.assistant = Assistant(kit, completer, Board(kit, lambda _: None))
        if marked:
            writer.open(marked)
        try:
            yield writer
        finally:
            await completer.aclose()
        assert s.road.is_at_rest()


__all__ = ["CURSOR", "LONG_S", "Writer", "body_of", "said", "writing"]
