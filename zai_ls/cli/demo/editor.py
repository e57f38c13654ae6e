"""A scripted editor: a small LSP client over stdio that keeps documents, applies edits and shows nothing by itself.

The demo, the benchmark and the tests drive real `zai-ls serve` processes with it.
It speaks JSON, not a library's types, so that it sees the bytes as any editor does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zai_ls.core.text import apply_edits, clamp_range, splice, split_lines
from zai_ls.domain import Edit, Point, Range

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Json = dict[str, Any]

_UNITS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}


@dataclass
class Document:
    """A file as the scripted editor has it."""

    uri: str
    language: str
    lines: list[str]
    version: int = 1
    undo: list[list[str]] = field(default_factory=list)
    """One entry for each applied workspace edit: an undo takes back exactly one."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.lines)


class ServerGone(Exception):
    """The server ended, or closed its output, while something waited for it."""


class RequestFailed(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.data = error.get("data")


FULL_CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-32"]},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}
            },
            "disabledSupport": True,
            "dataSupport": True,
        },
        "synchronization": {"didSave": True},
    },
}
"""What a modern editor says it can do."""


class ScriptedEditor:
    """One editor window with its own server process."""

    def __init__(
        self,
        *,
        capabilities: Json | None = None,
        on_event: Callable[[str, Json], None] | None = None,
        name: str = "scripted",
        apply_edits: bool = True,
    ) -> None:
        self.capabilities = capabilities if capabilities is not None else FULL_CAPABILITIES
        self.name = name
        self.documents: dict[str, Document] = {}
        self.messages: list[tuple[int, str]] = []
        """What `window/showMessage` said: (type, text)."""
        self.shown: list[str] = []
        """URIs that `window/showDocument` asked to show."""
        self.progress: dict[str | int, list[Json]] = {}
        self.applied: list[Json] = []
        self.encoding = "utf-16"
        self.server: Json = {}
        """The answer to `initialize`."""
        self.before_apply: Callable[[Json], Json | None] | None = None
        """Called with each `workspace/applyEdit`; what it returns is answered instead of applying."""
        self.configuration: Json = {}
        self._apply = apply_edits
        self.on_event: Callable[[str, Json], None] = on_event or (lambda _method, _params: None)
        """Told about each message of the server, with its parameters, after it was handled."""
        self._process: asyncio.subprocess.Process | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.stderr = bytearray()

    # -- life ------------------------------------------------------------------------------------------------

    async def start(
        self,
        command: Sequence[str] = (sys.executable, "-m", "zai_ls", "serve"),
        *,
        env: Mapping[str, str] | None = None,
        root_uri: str | None = None,
        options: Json | None = None,
        locale: str | None = None,
    ) -> None:
        """Start the server and shake hands; *locale* is the language of the editor, when it names one."""
        await self.spawn(command, env=env)
        self.server = await self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": self.name},
                "rootUri": root_uri,
                "workspaceFolders": [{"uri": root_uri, "name": "root"}] if root_uri else None,
                "capabilities": self.capabilities,
                "initializationOptions": options or {},
                **({"locale": locale} if locale else {}),
            },
        )
        self.encoding = self.server["capabilities"].get("positionEncoding", "utf-16")
        self.notify("initialized", {})

    async def spawn(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start the server process without a word."""
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env) if env is not None else None,
            limit=2**26,
        )
        self._reader = asyncio.gather(self._read(), self._drain())  # type: ignore[assignment] # a future serves as well

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    async def stop(self) -> int:
        """Say goodbye as the protocol wants; return the exit code."""
        assert self._process is not None
        await self.request("shutdown", None)
        self.notify("exit", None)
        return await self.wait()

    async def wait(self) -> int:
        """The exit code, once the process has ended."""
        assert self._process is not None
        async with asyncio.timeout(10):
            code = await self._process.wait()
        if self._reader is not None:
            await self._reader
        return code

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self._process is not None
        self._process.kill()

    def hang_up(self) -> None:
        """Close the server's input, as an editor that crashed does."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    # -- the wire --------------------------------------------------------------------------------------------

    async def request(self, method: str, params: Any) -> Any:
        """Ask and wait for the answer. Raises `RequestFailed`, `ServerGone`."""
        _, answer = self.ask(method, params)
        return await answer

    def ask(self, method: str, params: Any) -> tuple[int, asyncio.Future[Any]]:
        """Ask; return the request's id and its answer to come."""
        self._last_id += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._last_id] = answer
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id, answer

    def cancel(self, request_id: int) -> None:
        """`$/cancelRequest`."""
        self.notify("$/cancelRequest", {"id": request_id})

    def notify(self, method: str, params: Any) -> None:
        """Say."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Json) -> None:
        """Put one message on the wire."""
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send_bytes(self, data: bytes) -> None:
        """Put bytes on the wire, whatever they are."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    async def _read(self) -> None:
        assert self._process is not None
        stream = self._process.stdout
        assert stream is not None
        try:
            while True:
                head = await stream.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                self._take(json.loads(await stream.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ServerGone(bytes(self.stderr[-2000:]).decode(errors="replace")))
                    answer.exception()  # seen: nobody may be waiting for it
            self._answers.clear()

    async def _drain(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(65_536):
            self.stderr += data

    def _take(self, message: Json) -> None:
        method = message.get("method")
        if method is None:
            answer = self._answers.pop(message.get("id"), None)  # type: ignore[arg-type] # an unknown id finds nothing
            if answer is not None and not answer.done():
                if "error" in message:
                    answer.set_exception(RequestFailed(message["error"]))
                    answer.exception()
                else:
                    answer.set_result(message.get("result"))
            return
        params = message.get("params") or {}
        result = self._handle(method, params)
        if "id" in message:
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        self.on_event(method, params)
        self._changed.set()
        self._changed = asyncio.Event()

    def _handle(self, method: str, params: Json) -> Any:
        match method:
            case "workspace/applyEdit":
                return self._apply_edit(params)
            case "window/showMessage":
                self.messages.append((params["type"], params["message"]))
            case "window/showDocument":
                self.shown.append(params["uri"])
                return {"success": True}
            case "workspace/configuration":
                return [self.configuration for _ in params.get("items", [])]
            case "$/progress":
                self.progress.setdefault(params["token"], []).append(params["value"])
        return None

    async def until(self, condition: Callable[[], bool], within_s: float = 20.0) -> None:
        """Wait for messages from the server until *condition* holds. Raises `TimeoutError`."""
        async with asyncio.timeout(within_s):
            while not condition():
                await self._changed.wait()

    # -- documents -------------------------------------------------------------------------------------------

    def open(self, uri: str, language: str, text: str) -> Document:
        """`textDocument/didOpen`."""
        document = self.documents[uri] = Document(uri, language, split_lines(text))
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}},
        )
        return document

    def close(self, uri: str) -> None:
        """`textDocument/didClose`."""
        del self.documents[uri]
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def change(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Type: replace what lies between two places (line and column in code points)."""
        document = self.documents[uri]
        range_ = Range(Point(*start), Point(*end))
        sent = self.range_out(document, range_)
        splice(document.lines, range_, text)
        document.version += 1
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": document.version},
                "contentChanges": [{"range": sent, "text": text}],
            },
        )

    def undo(self, uri: str) -> None:
        """Take back the last applied workspace edit, as one step."""
        document = self.documents[uri]
        document.lines = document.undo.pop()
        self._sync(document)

    def _apply_edit(self, params: Json) -> Json:
        self.applied.append(params)
        if self.before_apply is not None and (instead := self.before_apply(params)) is not None:
            return instead
        if not self._apply:
            return {"applied": False, "failureReason": "this editor applies nothing"}
        edit = params["edit"]
        steps: list[Json] = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri}, "edits": edits}
            for uri, edits in (edit.get("changes") or {}).items()
        ]
        for step in steps:
            uri = step.get("textDocument", {}).get("uri")
            version = step.get("textDocument", {}).get("version")
            if uri in self.documents and version is not None and version != self.documents[uri].version:
                return {"applied": False, "failureReason": "document has changed"}
        for step in steps:
            if step.get("kind") == "create":
                self.documents.setdefault(step["uri"], Document(step["uri"], "", [""], version=0))
                continue
            document = self.documents.setdefault(
                step["textDocument"]["uri"], Document(step["textDocument"]["uri"], "", [""], version=0)
            )
            document.undo.append(list(document.lines))
            edits = [Edit(self.range_in(document, item["range"]), item["newText"]) for item in step["edits"]]
            document.lines = apply_edits(document.lines, edits)
            self._sync(document)
        return {"applied": True}

    def _sync(self, document: Document) -> None:
        if not document.version:
            return  # created by the edit, never opened in this window
        document.version += 1
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": document.uri, "version": document.version},
                "contentChanges": [{"text": document.text}],
            },
        )

    # -- positions -------------------------------------------------------------------------------------------

    def range_out(self, document: Document, range_: Range) -> Json:
        """A range in the units that were agreed on."""
        return {"start": self._out(document, range_.start), "end": self._out(document, range_.end)}

    def _out(self, document: Document, point: Point) -> Json:
        if point.line >= len(document.lines):
            return {"line": point.line, "character": point.column}
        units = _UNITS[self.encoding](document.lines[point.line][: point.column])
        return {"line": point.line, "character": units}

    def range_in(self, document: Document, range_: Json) -> Range:
        """A range from those units."""
        return clamp_range(
            document.lines, Range(self._in(document, range_["start"]), self._in(document, range_["end"]))
        )

    def _in(self, document: Document, position: Json) -> Point:
        if position["line"] >= len(document.lines):
            return Point(position["line"], 0)
        line, units = document.lines[position["line"]], _UNITS[self.encoding]
        column = 0
        while column < len(line) and units(line[:column]) < position["character"]:
            column += 1
        return Point(position["line"], column)

    # -- what a person does ----------------------------------------------------------------------------------

    async def code_actions(
        self,
        uri: str,
        range_: Range,
        *,
        diagnostics: Sequence[Json] = (),
        only: Sequence[str] | None = None,
        trigger: int | None = 1,
    ) -> list[Json]:
        """The menu of code actions."""
        context: Json = {"diagnostics": list(diagnostics)}
        if only is not None:
            context["only"] = list(only)
        if trigger is not None:
            context["triggerKind"] = trigger
        answer = await self.request(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": uri},
                "range": self.range_out(self.documents[uri], range_),
                "context": context,
            },
        )
        return list(answer or [])

    async def choose(self, action: Json) -> Any:
        """Pick one from the menu: its command is executed."""
        command = action["command"]
        return await self.request(
            "workspace/executeCommand",
            {"command": command["command"], "arguments": command.get("arguments", [])},
        )
