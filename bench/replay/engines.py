"""Who offers completions while a person types: the server itself, and what it is measured against."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from zai_ls.core.completion.cleaning import written
from zai_ls.core.completion.place import place_at
from zai_ls.core.completion.prompt import Surrounding, completion_prompt
from zai_ls.core.completion.shape import shape_of
from zai_ls.core.text import split_lines
from zai_ls.domain import Point, Range, Snapshot
from zai_ls.errors import ZaiError
from zai_ls.lsp.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.replay.stage import Stage
    from bench.replay.texts import Hole

_KEPT = 64
"""Answers that the plain policy with a cache keeps."""
_CANCELLED = -32800


class Engine:
    """An editor with completions: told each key, it says what is visible."""

    def __init__(self) -> None:
        self.on_shown: Callable[[], None] = lambda: None
        """Called when `shown` has changed by itself, not by a key."""
        self.shown: str | None = None
        """The suggestion at the cursor."""
        self.name = ""
        """Of the file."""
        self.before = ""
        """The text up to the cursor."""
        self.after = ""
        self.unanswered = 0
        """Wishes to a server that never got an answer."""

    def open(self, hole: Hole) -> None:
        """The person puts the cursor where *hole* is."""
        self.name = hole.source.name
        self.before, self.after = hole.source.text[: hole.start], hole.after
        self.shown = None

    def typed(self, text: str) -> None:
        """One key inserted *text*."""
        self.before += text
        self.moved()

    def erased(self) -> None:
        """A backspace."""
        self.before = self.before[:-1]
        self.moved()

    def accepted(self, text: str) -> None:
        """*text*, all or the first lines of the suggestion, was taken."""
        self.typed(text)

    def leave(self) -> None:
        """The person goes elsewhere."""
        self.shown = None

    async def aclose(self) -> None:
        """The editor is closed."""

    def moved(self) -> None:
        """The text has changed."""
        raise NotImplementedError


class Plain(Engine):
    """What plain plugins do: after so long without a key one request, which the next key aborts. No rule when not to ask.

    Prompt, shape and cleaning are ours, so that only the policy differs.
    """

    def __init__(self, stage: Stage, wait_s: float, *, keeps: bool = False) -> None:
        """*keeps*: answers are kept by the exact text before the cursor, and typed through."""
        super().__init__()
        self._stage = stage
        self._wait_s = wait_s
        self._kept: LRUCache[str, str] = LRUCache(_KEPT if keeps else 0)
        self._task: asyncio.Task[None] | None = None

    def moved(self) -> None:
        self._stop()
        self.shown = self._ready()
        if self.shown is None:
            self._task = asyncio.get_running_loop().create_task(self._go())

    def leave(self) -> None:
        super().leave()
        self._stop()

    async def aclose(self) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _go(self) -> None:
        await asyncio.sleep(self._wait_s)
        try:
            text = await self._ask()
        except ZaiError:
            return
        if self._kept.maxsize:
            self._kept[self.before] = text
        self.shown = text or None
        self.on_shown()

    async def _ask(self) -> str:
        kit = self._stage.app.kit
        settings = kit.config.settings
        lines = tuple(split_lines(self.before + self.after))
        row = self.before.count("\n")
        point = Point(row, len(self.before) - self.before.rfind("\n") - 1)
        snapshot = Snapshot(f"file:///{self.name}", "python", 1, lines, f"/{self.name}")
        place = place_at(snapshot, point)
        shape = shape_of(place, max_tokens=settings.completion_max_tokens)
        around = kit.syntax.surroundings(
            snapshot,
            Range(replace(point, column=0), point),
            budget=settings.completion_context_tokens,
            below_share=0.25,
        )
        prompt = completion_prompt(snapshot, place, shape, Surrounding(around), salt=b"replay")
        return written(await self._stage.ask(prompt), place, shape, ended=True).text

    def _ready(self) -> str | None:
        """What a kept answer says here, or leaves to be typed here."""
        for before, text in reversed(list(self._kept.items())):
            typed = self.before[len(before) :]
            if self.before.startswith(before) and text.startswith(typed) and (text != typed or not typed):
                return text[len(typed) :]
        return None


class Ours(Engine):
    """The server itself, spoken to in JSON as VS Code does.

    At each change: `didChange`, `$/cancelRequest` of what is unanswered, `inlineCompletion`. What the newest request was
    answered with is what is visible.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._server = Server(
            _Assisting(stage.app.assistant), on_text=stage.app.assistant.read_ahead, clock=stage.clock
        )
        self._protocol = self._server.protocol
        self._protocol.connected(self, framed=False)
        self._ids = 0
        self._version = 0
        self._open = ""
        self._newest = 0
        self._command: dict[str, Any] | None = None
        self._answered = True
        self._waiting: set[int] = set()
        """Requests without an answer."""
        self._request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self._notify("initialized", {})

    # -- the editor's side ----------------------------------------------------------------------------------

    def open(self, hole: Hole) -> None:
        super().open(hole)
        if self._open == self.name:
            return
        if self._open:
            self._notify("textDocument/didClose", {"textDocument": {"uri": self._uri(self._open)}})
        self._open, self._version = self.name, 1
        item = {
            "uri": self._uri(self.name),
            "languageId": "python",
            "version": 1,
            "text": self.before + self.after,
        }
        self._notify("textDocument/didOpen", {"textDocument": item})

    def typed(self, text: str) -> None:
        at = self._position()
        self.before += text
        self._change(at, at, text)

    def erased(self) -> None:
        end = self._position()
        self.before = self.before[:-1]
        self._change(self._position(), end, "")

    def accepted(self, text: str) -> None:
        command = self._command if text == self.shown else None
        self.typed(text)
        if command:
            self._request("workspace/executeCommand", command)

    def leave(self) -> None:
        super().leave()
        self._cancel()
        document = self._server.documents.snapshot(self._uri(self.name))
        if document is None or document.text != self.before + self.after:
            raise AssertionError("the server has another text than the editor")

    async def aclose(self) -> None:
        await self._protocol.finish()
        self.unanswered = len(self._waiting)

    def _change(self, start: dict[str, int], end: dict[str, int], text: str) -> None:
        self._version += 1
        self.shown = None
        uri = self._uri(self.name)
        change = {"range": {"start": start, "end": end}, "text": text}
        self._notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": self._version}, "contentChanges": [change]},
        )
        self._cancel()
        self._newest, self._answered = self._ids + 1, False
        self._request(
            "textDocument/inlineCompletion",
            {"textDocument": {"uri": uri}, "position": self._position(), "context": {"triggerKind": 2}},
        )

    def _cancel(self) -> None:
        if not self._answered:
            self._answered = True
            self._notify("$/cancelRequest", {"id": self._newest})

    def _position(self) -> dict[str, int]:
        line = self.before[self.before.rfind("\n") + 1 :]
        return {"line": self.before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}

    @staticmethod
    def _uri(name: str) -> str:
        return f"file:///replay/{name}"

    # -- JSON -----------------------------------------------------------------------------------------------

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self._say({"method": method, "params": params})

    def _request(self, method: str, params: dict[str, Any]) -> None:
        self._ids += 1
        self._waiting.add(self._ids)
        self._say({"id": self._ids, "method": method, "params": params})

    def _say(self, message: dict[str, Any]) -> None:
        self._protocol.received(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def write(self, data: bytes) -> None:
        """The server says something."""
        message = json.loads(data)
        if "method" in message:
            if "id" in message:
                self._say({"id": message["id"], "result": None})
            return
        self._waiting.discard(message["id"])
        if message.get("error", {}).get("code", _CANCELLED) != _CANCELLED:
            raise AssertionError(message)
        if message["id"] != self._newest or self._answered:
            return
        self._answered = True
        items = (message["result"] or {}).get("items") or []
        self.shown, self._command = None, None
        if items:
            self.shown = items[0]["insertText"]
            self._command = {name: items[0]["command"][name] for name in ("command", "arguments")}
        self.on_shown()


class _Assisting:
    """The assistant as the server knows it, without a configuration that may still change."""

    def __init__(self, assistant: Any) -> None:
        completer = assistant.completer
        self._assistant = assistant
        self.complete = completer.complete
        self.text_changed = completer.changed
        self.completion_accepted = completer.accepted
        self.toggle_completions = completer.toggle

    def menu_mode(self) -> str:
        """No menu here."""
        return "off"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)
