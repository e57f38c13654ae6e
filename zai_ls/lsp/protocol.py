"""JSON-RPC as LSP means it: every request gets exactly one answer, whatever was sent and whenever.

pygls 2.1 gives the types, the capabilities and the registration of handlers; the routing of messages is our own, because there
  a message that does not fit its type is never answered, and newer editors send values that lsprotocol does not know;
  shutting down breaks when a request is in flight, and a late reply of the editor raises in the reader;
  an error answer carries a traceback with paths, and failures log whole messages, document text included;
  a cancelled request may still run, and text is synchronised a second time, wrongly for form feeds.
"""

from __future__ import annotations

import asyncio
import enum
import inspect
import itertools
import json
import logging
import re
import traceback
from typing import TYPE_CHECKING, Any, TypeGuard

from cattrs import transform_error
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from zai_ls.errors import ZaiError
from zai_ls.lsp.convert import BadArgument
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from cattrs import Converter

    from zai_ls.lsp.transport import Writer

    Id = str | int
    Handler = Callable[..., Any]

_log = logging.getLogger(__name__)

_FINISH_S = 2.0
"""Most time for open requests to end at shutdown; then they are answered as cancelled without waiting."""


_METHOD = re.compile(rb'"method"\s*:\s*"([\w/$]{1,100})"')
_ID = re.compile(rb'"id"\s*:\s*(-?\d{1,18}|"[\w-]{1,100}")\s*[,}]')
_MOST_ASKED = 64
"""Requests to the editor that it may leave unanswered; the oldest is given up for one more."""


class EditorError(Exception):
    """The editor answered a request of ours with an error, or will not answer any more."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Protocol(LanguageServerProtocol):
    """One editor's conversation. Replies of the editor are given as plain JSON, not as lsprotocol types."""

    def __init__(self, server: Any, converter: Converter) -> None:
        self.ended = asyncio.Event()
        self.exit_code = 1
        self._state: str = "new"
        self._tasks: dict[Id, asyncio.Task[Any]] = {}
        self._asked: dict[Id, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._writer: Writer | None = None
        self._framed = True
        self._stopping: asyncio.Task[None] | None = None
        self.on_initialize: Callable[[types.InitializeParams, types.InitializeResult], None] = lambda *_: None
        self.on_skipped: Callable[[str, int], None] = lambda *_: None
        """A message of that method (empty: nobody knows) and so many bytes was not read."""
        self.on_end: Callable[[], Awaitable[None]] = _nothing_to_stop
        """Stops all work in the background, within bounded time."""
        super().__init__(server, converter)

    def _register_builtin_features(self) -> None:
        for method, handler in (
            (types.INITIALIZE, self._initialize),
            (types.SHUTDOWN, self._shut_down),
            (types.WORKSPACE_EXECUTE_COMMAND, self._execute_command),
        ):
            self.fm.add_builtin_feature(method, handler)

    # -- bytes ------------------------------------------------------------------------------------------

    def connected(self, writer: Writer, *, framed: bool) -> None:
        """Answers go to *writer*."""
        self._writer, self._framed = writer, framed

    def received(self, body: bytes) -> None:
        """Handle one message: answer it, or begin to."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, types.ErrorCodes.ParseError, "The message is not JSON")
            return
        try:
            self.handle_message(message)
        except Exception as error:  # noqa: BLE001  (no message, however odd, ends the conversation)
            log_failure("A message", error)

    def skipped(self, head: bytes, length: int) -> None:
        """A message was too long to be read: what asked is answered, by its id where its *head* tells it."""
        front = head.partition(b'"params"')[0]
        method = _METHOD.search(front)
        msg_id = _ID.search(front)
        _log.warning("A message of %d bytes was not read", length)
        if method is None or msg_id is not None:
            text = say("lsp.too_long", size=length >> 20)
            self._refuse(json.loads(msg_id[1]) if msg_id else None, types.ErrorCodes.InvalidRequest, text)
        self.on_skipped(method[1].decode() if method else "", length)

    def _send(self, message: dict[str, Any]) -> None:
        if self._writer is None:
            return
        body = json.dumps({"jsonrpc": "2.0", **message}, default=self._plain, ensure_ascii=False)
        # Half of a surrogate pair is no UTF-8, and many an editor cannot read it escaped: a text shows a `?` for it. An id
        # that an editor chose so has to come back as it was.
        data = body.encode(errors="replace" if _is_utf_8(message.get("id")) else "backslashreplace")
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data) if self._framed else data)

    def _plain(self, value: Any) -> Any:
        return self._converter.unstructure(value)

    # -- in ---------------------------------------------------------------------------------------------

    def handle_message(self, message: Any) -> None:
        """Route one parsed message."""
        if not isinstance(message, dict):
            self._refuse(None, types.ErrorCodes.InvalidRequest, "A message is one JSON object")
            return
        method, msg_id = message.get("method"), message.get("id")
        if method is None and ("result" in message or "error" in message or self._is_asked(msg_id)):
            self._take_reply(message)
        elif not isinstance(method, str) or isinstance(msg_id, bool | float | list | dict):
            self._refuse(None, types.ErrorCodes.InvalidRequest, "Neither a request nor a reply")
        elif msg_id is None:
            self._take_notification(method, message.get("params"))
        else:
            self._take_request(msg_id, method, message.get("params"))

    def _take_request(self, msg_id: Id, method: str, params: Any) -> None:
        if refusal := self._out_of_turn(method):
            self._refuse(msg_id, *refusal)
            return
        if msg_id in self._tasks:
            self._refuse(msg_id, types.ErrorCodes.InvalidRequest, "A request of this id is still open")
            return
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if handler is None:
            self._refuse(msg_id, types.ErrorCodes.MethodNotFound, f"zai-ls does not know {method}")
            return
        try:
            result = handler(self._structured(method, params))
        except Exception as error:  # noqa: BLE001  (whatever a handler raises, the request is answered)
            self._answer_error(msg_id, method, error)
            return
        if inspect.isawaitable(result):
            # A task of the handler's own: one around it, cancelled before it begins, would never await it.
            task = asyncio.ensure_future(result)
            self._tasks[msg_id] = task
            task.add_done_callback(lambda done: self._answer_task(msg_id, method, done))
        else:
            self._answer(msg_id, method, result)

    def _out_of_turn(self, method: str) -> tuple[int, str] | None:
        if method == types.INITIALIZE:
            return None if self._state == "new" else (types.ErrorCodes.InvalidRequest, "Already initialized")
        if self._state == "new":
            return types.ErrorCodes.ServerNotInitialized, "initialize comes first"
        if self._state == "stopped":
            return types.ErrorCodes.InvalidRequest, "The server is shutting down"
        return None

    def _take_notification(self, method: str, params: Any) -> None:
        if method == types.EXIT:
            self.exit_code = 0 if self._state == "stopped" else 1
            self.ended.set()
        elif self._state != "running":
            _log.debug("Ignored out of turn: %s", method)
        elif method == types.CANCEL_REQUEST:
            self._cancel(params.get("id") if isinstance(params, dict) else None)
        elif (handler := self.fm.features.get(method)) is not None:
            try:
                handler(self._structured(method, params))
            except JsonRpcException as error:
                _log.warning("Ignored %s: %s", method, error)
            except Exception as error:  # noqa: BLE001  (one bad notification must not end the conversation)
                log_failure(method, error)

    def _cancel(self, msg_id: object) -> None:
        task = self._tasks.get(msg_id) if isinstance(msg_id, str | int) else None
        if task is not None:
            task.cancel()

    def _is_asked(self, msg_id: object) -> TypeGuard[Id]:
        """Does the editor owe us a reply of that id? Some leave out a result that is null."""
        return isinstance(msg_id, str | int) and not isinstance(msg_id, bool) and msg_id in self._asked

    def _take_reply(self, message: dict[str, Any]) -> None:
        msg_id, error = message.get("id"), message.get("error")
        if not self._is_asked(msg_id):
            return
        asked = self._asked.pop(msg_id)
        if asked.done():
            return
        if error is None:
            asked.set_result(message.get("result"))
        else:
            fields = error if isinstance(error, dict) else {}
            code = fields.get("code")
            text = str(fields.get("message", ""))
            asked.set_exception(EditorError(text, code if isinstance(code, int) else 0))

    # -- fitting JSON to types --------------------------------------------------------------------------

    def _structured(self, method: str, params: Any) -> Any:
        """*params* as lsprotocol's type for *method*. Raises `JsonRpcException` (-32602) naming the fields that do not fit."""
        type_ = self.get_message_type(method)
        if type_ is None:
            return params
        try:
            return self._fit(type_, method, params)
        except Exception as error:  # noqa: BLE001  (cattrs raises what it likes)
            if method == types.INITIALIZE and isinstance(params, dict):
                return self._fit(type_, method, dict(self._fitting_params(type_, params)))
            # The values stay out of the message: they may be document text.
            places = sorted({line.rpartition("@ $.")[2] for line in transform_error(error, "$")})
            raise JsonRpcException(
                message=f"Invalid params: {', '.join(places)}", code=types.ErrorCodes.InvalidParams
            ) from None

    def _fit(self, type_: Any, method: str, params: Any) -> Any:
        return self._converter.structure(
            {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}, type_
        ).params

    def _fitting_params(self, type_: Any, params: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The parts of `initialize` that can be read: without an answer to it the editor has no server at all."""

        def fits(name: str, value: Any) -> bool:
            try:
                self._fit(type_, types.INITIALIZE, {"capabilities": {}, name: value})
            except Exception:  # noqa: BLE001  (cattrs raises what it likes)
                return False
            return True

        for name, value in params.items():
            if name != "capabilities" and fits(name, value):
                yield name, value
        capabilities = params.get("capabilities")
        readable: dict[str, dict[str, Any]] = {}
        for area, facts in (capabilities if isinstance(capabilities, dict) else {}).items():
            for name, value in (facts if isinstance(facts, dict) else {}).items():
                if fits("capabilities", {area: {name: value}}):
                    readable.setdefault(area, {})[name] = value
        yield "capabilities", readable

    def rehearse(self, method: str, params: Any, result: Any) -> None:
        """Let cattrs build its code for *method* now (some 20 ms), and not while a person waits for the first answer."""
        self._structured(method, params)
        self._plain(result)

    # -- out --------------------------------------------------------------------------------------------

    def notify(self, method: str, params: Any | None = None) -> None:
        """Tell the editor something; nothing comes back."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any | None = None) -> asyncio.Future[Any]:
        """Ask the editor; done with its result as plain JSON, or with `EditorError`."""
        msg_id = next(self._ids)
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Nobody has to wait for it: an error that no one reads is not worth a warning.
        reply.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self.ended.is_set():
            reply.set_exception(EditorError("The editor is gone"))
            return reply
        self._asked[msg_id] = reply
        reply.add_done_callback(lambda _: self._asked.pop(msg_id, None))
        if len(self._asked) > _MOST_ASKED:
            # By an editor that answers nothing of that kind, such as the creation of progress.
            self._asked.pop(next(iter(self._asked))).set_exception(EditorError("The editor never answered"))
        self._send({"id": msg_id, "method": method, "params": params})
        return reply

    def send_request_async(
        self, method: str, params: Any | None = None, msg_id: Id | None = None
    ) -> asyncio.Future[Any]:
        """The name that pygls has for `request`."""
        return self.request(method, params)

    def _refuse(self, msg_id: Id | None, code: int, text: str) -> None:
        self._send({"id": msg_id, "error": {"code": int(code), "message": text}})

    def _answer(self, msg_id: Id, method: str, result: Any) -> None:
        try:
            self._send({"id": msg_id, "result": result})
        except Exception as error:  # noqa: BLE001  (a result that is no JSON is our fault; the request is answered still)
            self._answer_error(msg_id, method, error)

    def _answer_task(self, msg_id: Id, method: str, task: asyncio.Task[Any]) -> None:
        if self._tasks.pop(msg_id, None) is None:
            return
        if task.cancelled():
            self._refuse(msg_id, types.LSPErrorCodes.RequestCancelled, say("error.cancelled"))
        elif (error := task.exception()) is not None:
            self._answer_error(msg_id, method, error)
        else:
            self._answer(msg_id, method, task.result())

    def _answer_error(self, msg_id: Id, method: str, error: BaseException) -> None:
        if isinstance(error, JsonRpcException):
            self._refuse(msg_id, error.code or types.ErrorCodes.InternalError, error.message or "")
        elif isinstance(error, BadArgument):
            self._refuse(msg_id, types.ErrorCodes.InvalidParams, str(error))
        elif isinstance(error, ZaiError):
            self._refuse(msg_id, types.LSPErrorCodes.RequestFailed, error.user_text)
        else:
            log_failure(method, error)
            self._refuse(
                msg_id, types.ErrorCodes.InternalError, say("lsp.internal", what=type(error).__name__)
            )

    # -- the conversation's own requests ----------------------------------------------------------------

    def _initialize(self, params: types.InitializeParams) -> types.InitializeResult:
        try:
            next(super().lsp_initialize(params))
        except StopIteration as done:
            result: types.InitializeResult = done.value
        self._state = "running"
        self.on_initialize(params, result)
        return result

    def _execute_command(self, params: types.ExecuteCommandParams) -> Any:
        command = self.fm.commands.get(params.command)
        if command is None:
            raise BadArgument(f"zai-ls has no command {params.command}")
        return command(*(params.arguments or ())[:1])

    async def _shut_down(self, _: Any) -> None:
        self._state = "stopped"
        await self._stop()

    async def finish(self) -> None:
        """The conversation is over, politely or not: stop all work, answer what is open."""
        self.ended.set()
        self._state = "stopped"
        await self._stop()
        for reply in tuple(self._asked.values()):
            if not reply.done():
                reply.set_exception(EditorError("The editor is gone"))
        if self._tasks:
            # Only the shutdown request itself, which has just got its answer, can still be here.
            await asyncio.wait(tuple(self._tasks.values()), timeout=_FINISH_S)

    async def _stop(self) -> None:
        """Stop all work once; whoever asks again waits for the same end."""
        if self._stopping is None:
            me = asyncio.current_task()
            others = {msg_id: task for msg_id, task in self._tasks.items() if task is not me}
            self._stopping = asyncio.ensure_future(self._stop_all(others))
        await asyncio.shield(self._stopping)

    async def _stop_all(self, requests: dict[Id, asyncio.Task[Any]]) -> None:
        for task in requests.values():
            task.cancel()
        await self.on_end()
        if requests:
            await asyncio.wait(requests.values(), timeout=_FINISH_S)
        for msg_id in requests.keys() & self._tasks.keys():
            del self._tasks[msg_id]
            self._refuse(msg_id, types.LSPErrorCodes.RequestCancelled, say("error.cancelled"))


def _is_utf_8(value: object) -> bool:
    return not isinstance(value, str) or not any("\ud800" <= c <= "\udfff" for c in value)


async def _nothing_to_stop() -> None:
    """Before a server is wired there is no work."""


def log_failure(method: str, error: BaseException) -> None:
    """Where it failed and how, without the message: that may quote a document."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s failed with %s\n%s", method, type(error).__name__, where)


def lenient_converter() -> Converter:
    """The converter of lsprotocol, except that a value an enumeration does not know is kept as it came."""
    converter = get_converter()
    for known in vars(types).values():
        if isinstance(known, type) and issubclass(known, enum.Enum):
            converter.register_structure_hook(known, _known_or_as_it_is)
            converter.register_unstructure_hook(known, _plain_value)
    return converter


def _plain_value(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _known_or_as_it_is(value: Any, known: type[enum.Enum]) -> Any:
    try:
        return known(value)
    except ValueError:
        return value
