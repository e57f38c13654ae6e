"""The routes that ask a model: one request from its headers to its last byte, with whatever is to go wrong in it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from zai_ls.domain import ReplyFinished, ReplyStarted, TextDelta, UsageReported
from zai_ls.emulator.refusals import Refusal, language_of, stamp, trace_id
from zai_ls.emulator.reply import compose
from zai_ls.emulator.script import HEADER, BadScript, Fault
from zai_ls.glm.chat_request import Malformed, dumps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from zai_ls.emulator.record import Ended, Served
    from zai_ls.emulator.refusals import Language
    from zai_ls.emulator.reply import Reply
    from zai_ls.emulator.script import Answer
    from zai_ls.emulator.service import Service
    from zai_ls.glm.chat_request import ChatRequest, ServerDialect, StreamEncoder

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

RAW_EXTENSION = "emulator.raw"
"""In a scope's extensions when the connection can play faults below HTTP; they are sent as messages of this type."""

_STEP_S = 0.008
"""Pieces due within so many seconds go out together."""
_WRITES_AT_ONCE = 8
"""How many writes a reply is cut into that takes no time."""
_JSON = b"application/json; charset=UTF-8"
_SSE = b"text/event-stream;charset=UTF-8"
_HTML = b"text/html"
_PAGE = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center><hr><center>emulated gateway</center></body>\r\n</html>\r\n"

_BREAKS = frozenset(
    {"cut", "cut-json", "splice", "restart", "stall", "error-in-stream", "error-event", "reset", "cut-chunk"}
)
"""Faults that keep a reply from being whole, or from being one."""


class ChatRoute:
    """An ASGI application: one path of the service."""

    def __init__(self, service: Service, route: str, dialect: ServerDialect) -> None:
        self._service = service
        self._route = route
        self._dialect = dialect

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await _Exchange(self._service, self._route, self._dialect, scope, receive, send).run()


def key_of(headers: dict[str, str]) -> str:
    """The key of a request: a bearer token, the raw key, or the Anthropic route's own header."""
    raw = headers.get("authorization") or headers.get("x-api-key", "")
    kind, _, token = raw.strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else raw.strip()


def headers_of(scope: Message) -> dict[str, str]:
    """By name in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


@dataclass(slots=True)
class _Pace:
    """When things are due, in seconds after the request's arrival."""

    first_s: float
    gap_s: float
    end_s: float


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        service: Service,
        route: str,
        dialect: ServerDialect,
        scope: Message,
        receive: Receive,
        send: Send,
    ) -> None:
        self._service = service
        self._route = route
        self._dialect = dialect
        self._receive = receive
        self._send = send
        self._headers = headers_of(scope)
        self._raw = RAW_EXTENSION in scope.get("extensions", {})
        self._key = key_of(self._headers)
        self._language: Language = language_of(
            self._headers.get("accept-language", ""), service.config.language
        )
        self._arrived_at = service.clock.now()
        self._reply: Reply | None = None
        self._model = ""
        self._fault: Fault | None = None
        self._tight = False
        self._served: Served

    # -- from arrival to answer ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve it."""
        unknown = self._service.knock(self._route, self._key)
        if unknown is not None:
            self._served = self._service.record.note(self._key, self._route)
            if await self._body() is None:
                self._end("hangup")
            else:
                await self._refuse(unknown, "refused")
            return
        self._served, placed = self._service.record.arrive(self._key, self._route)
        body = await self._body()
        if body is None:
            self._end("hangup" if placed else "rejected")
            return
        answering = asyncio.ensure_future(self._answer(body, placed))
        leaving = asyncio.ensure_future(self._left())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self._end("hangup")
        finally:
            answering.cancel()
            leaving.cancel()
            await asyncio.wait({answering, leaving})
            self._end("hangup")  # counts only if nothing else ended it: a server that shuts down hangs up too
        if not answering.cancelled():
            answering.result()

    async def _body(self) -> bytes | None:
        """The whole body, or None when the client left before it was sent."""
        read = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            read += message.get("body", b"")
            if not message.get("more_body"):
                return bytes(read)

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _answer(self, body: bytes, placed: bool) -> None:
        request: ChatRequest | Malformed
        try:
            request = self._dialect.parse(body)
            self._model = self._served.model = request.model
            self._served.stream = request.stream
        except Malformed as error:
            request = error
        if not placed:
            await self._refuse(Refusal("1302"), "rejected")
            return
        try:
            answer = self._find_rule(body)
        except BadScript as error:
            await self._whole(400, str(error).encode(), b"text/plain; charset=utf-8", "refused")
            return
        if self._fault is not None and await self._play_early(self._fault):
            return
        if isinstance(request, Malformed):
            await self._refuse(Refusal(request.code, detail=request.field), "refused")
            return
        refused = self._service.judge(self._key, request)
        if refused is not None:
            await self._refuse(refused, "refused")
            return
        await self._say(request, answer)

    def _find_rule(self, body: bytes) -> Answer | None:
        """The fault of this request, from its own header before the script; the exact reply, if one is scripted."""
        nth = self._service.next_nth()
        asked = self._headers.get(HEADER)
        if asked is not None:
            self._fault = Fault.read(asked)
            answer = None
        else:
            rule = self._service.script.take(self._model, body.decode("utf-8", "replace"), nth)
            self._fault, answer = (rule.fault, rule.answer) if rule else (None, None)
        if self._fault is not None:
            self._served.fault = str(self._fault)
            if self._fault.is_raw and not self._raw:
                raise BadScript(f"{self._fault} lies below HTTP: it is played on the raw port only")
        return answer

    async def _play_early(self, fault: Fault) -> bool:
        """Play a fault that is no reply; False when it is not one of those, or only delays."""
        match fault.name:
            case "code":
                await self._refuse(Refusal(fault.argument, model=self._model), "fault")
            case "inband":
                refusal = Refusal(fault.argument, model=self._model)
                self._served.code = fault.argument
                await self._whole(200, refusal.in_band(self._language, self._service.now()), _JSON, "fault")
            case "old-shape":
                await self._refuse_as_of_old(Refusal(fault.argument, model=self._model))
            case "status":
                status = int(fault.number)
                await self._whole(status, _PAGE % (status, status), _HTML, "fault")
            case "garbage":
                await self._whole(200, _PAGE % (200, 200), _HTML, "fault")
            case "garbage-stream":
                await self._whole(200, b"data: emulated garbage {[\n\ndata: \xff\xfe\n\n", _SSE, "fault")
            case "hang":
                await asyncio.Event().wait()
            case "slow-headers":
                await self._service.clock.sleep(fault.number)
                return False
            case "no-reply" | "bad-head":
                await self._break_wire(fault.name)
            case "reset" if fault.number <= 0:
                await self._break_wire("reset")
            case _:
                return False
        return True

    # -- refusals and other answers in one piece ---------------------------------------------------------------

    async def _refuse(self, refusal: Refusal, ended: Ended) -> None:
        self._served.code = refusal.code
        body = refusal.body(self._dialect, self._language, self._service.now())
        await self._whole(refusal.status, body, _JSON, ended)

    async def _refuse_as_of_old(self, refusal: Refusal) -> None:
        now = self._service.now()
        self._served.code = refusal.code
        error = {"type": refusal.code, "message": refusal.words(self._language, now)}
        body = dumps({"type": "error", "error": error, "request_id": trace_id(now)})
        await self._whole(refusal.status, body, _JSON, "fault")

    async def _whole(self, status: int, body: bytes, content_type: bytes, ended: Ended) -> None:
        """Send an answer in one piece; the request has ended before its first byte."""
        self._end(ended)
        await self._start(status, content_type, len(body))
        await self._send({"type": "http.response.body", "body": body})

    async def _start(self, status: int, content_type: bytes, length: int | None = None) -> None:
        self._served.status = status
        if self._fault is not None and self._fault.name == "lying-length":
            await self._send({"type": RAW_EXTENSION, "fault": self._fault.name})
        headers = [
            (b"content-type", content_type),
            (b"date", formatdate(self._service.now(), usegmt=True).encode()),
        ]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _write(self, data: bytes, *, last: bool = False) -> None:
        if self._tight:
            data = re.sub(rb"(?m)^data: ", b"data:", data).replace(b"\n", b"\r\n") + b": emulated\r\n\r\n"
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    async def _break_wire(self, fault: str) -> None:
        self._end("fault")
        await self._send({"type": RAW_EXTENSION, "fault": fault})

    def _end(self, ended: Ended) -> None:
        """Before the last byte is written: from here on the client may send its next request."""
        if self._served.ended_at is not None:
            return
        if self._reply is not None:
            self._served.prompt_tokens = self._reply.usage.prompt_tokens
            complete = ended == "complete"
            usage = self._reply.usage if complete else self._reply.spent_after(self._served.completion_tokens)
            self._served.completion_tokens = usage.completion_tokens
            self._service.charge(self._key, self._reply.model, usage)
        self._service.end(self._served, self._key, ended)

    # -- replies -----------------------------------------------------------------------------------------------

    async def _say(self, request: ChatRequest, answer: Answer | None) -> None:
        service = self._service
        reply_id = self._new_id()
        self._reply = reply = compose(
            request,
            service.catalogue.model(request.model),
            reply_id=reply_id,
            cached_tokens=service.cached_tokens(request),
            answer=answer,
            fault=self._fault,
        )
        name = self._fault.name if self._fault else ""
        pace = self._pace(len(reply.pieces))
        if request.stream and name != "whole":
            await self._stream(reply, pace)
            return
        await self._until(pace.end_s)
        body = self._dialect.whole(reply.events, int(service.now()), reply.stopped_by)
        if name in _BREAKS:
            await self._break_whole(body, name)
            return
        self._served.completion_tokens = len(reply.pieces)
        await self._whole(200, body, _JSON, "fault" if name == "lying-length" else "complete")

    def _new_id(self, restarted: int = 0) -> str:
        """Ids begin with the time, in UTC+8."""
        return f"{stamp(self._service.now() + restarted)}{self._served.id:08x}{restarted:010x}"

    def _pace(self, count: int) -> _Pace:
        config = self._service.config
        first, late = config.first_token_s, 0.0
        if self._fault is not None and self._fault.name == "slow-first-token":
            first = self._fault.number
        if self._fault is not None and self._fault.name == "slow-headers":
            late = self._fault.number
        if self._fault is not None and self._fault.name == "slow-stream":
            gap = self._fault.number
        elif config.service_s is not None:
            gap = max(0.0, config.service_s - first) / max(1, count)
        else:
            gap = 1 / config.tokens_per_second if config.tokens_per_second else 0.0
        return _Pace(late + first, gap, late + first + gap * count)

    async def _until(self, due_s: float) -> None:
        wait = self._arrived_at + due_s - self._service.clock.now()
        if wait > 0:
            await self._service.clock.sleep(wait)

    async def _stream(self, reply: Reply, pace: _Pace) -> None:
        fault = self._fault.name if self._fault else ""
        self._tight = fault == "tight"
        encoder = self._encoder(reply)
        await self._start(200, _SSE)
        opening = encoder.encode(ReplyStarted(reply.id, reply.model))
        if opening:
            await self._write(opening)
        stop_at = self._break_point(len(reply.pieces))
        await self._speak(encoder, reply, pace, stop_at)
        if fault in _BREAKS:
            await self._break(encoder, reply, stop_at)
            return
        await self._until(pace.end_s)
        await self._close(encoder, reply, fault)

    def _encoder(self, reply: Reply) -> StreamEncoder:
        return self._dialect.stream(int(self._service.now()), reply.usage.prompt_tokens, reply.stopped_by)

    def _break_point(self, count: int) -> int:
        """How many pieces go out before the fault."""
        if self._fault is None or self._fault.name not in _BREAKS:
            return count
        coded = self._fault.name in {"error-in-stream", "error-event"}
        return min(count, 2 if coded else int(self._fault.number))

    async def _speak(self, encoder: StreamEncoder, reply: Reply, pace: _Pace, stop_at: int) -> None:
        """Send the first *stop_at* pieces, each when it is due; those of one moment go out together."""
        clock = self._service.clock
        together = max(1, -(-stop_at // _WRITES_AT_ONCE)) if pace.gap_s == 0 else stop_at + 1
        waiting = b""
        for at in range(stop_at):
            wait = self._arrived_at + pace.first_s + at * pace.gap_s - clock.now()
            if waiting and (wait > _STEP_S or at % together == 0):
                await self._write(waiting)
                waiting = b""
            if wait > (_STEP_S if at else 0):
                await clock.sleep(wait)
            waiting += encoder.encode(reply.pieces[at])
            self._served.completion_tokens += 1
        if waiting:
            await self._write(waiting)

    async def _close(self, encoder: StreamEncoder, reply: Reply, fault: str = "") -> None:
        last = encoder.encode(ReplyFinished(reply.finish))
        if fault != "no-usage":
            last += encoder.encode(UsageReported(reply.usage))
        if fault != "no-done":
            last += encoder.close()
        self._end("fault" if fault == "lying-length" else "complete")
        await self._write(last, last=True)

    # -- streams that break --------------------------------------------------------------------------------------

    async def _break(self, encoder: StreamEncoder, reply: Reply, at: int) -> None:
        assert self._fault is not None
        name = self._fault.name
        match name:
            case "stall":
                await asyncio.Event().wait()
            case "reset" | "cut-chunk":
                await self._break_wire(name)
            case "splice" | "restart":
                await self._begin_anew(encoder, reply, at, spliced=name == "splice")
            case "cut":
                self._end("fault")
                await self._write(b"", last=True)
            case "cut-json":
                self._end("fault")
                await self._write(_half(encoder, reply, at), last=True)
            case _:
                refusal = Refusal(self._fault.argument, model=self._model)
                self._served.code = refusal.code
                now = self._service.now()
                data = self._dialect.refusal_in_stream(
                    refusal.code,
                    refusal.words(self._language, now),
                    trace_id(now),
                    named=name == "error-event",
                )
                self._end("fault")
                await self._write(data, last=True)

    async def _begin_anew(self, encoder: StreamEncoder, reply: Reply, at: int, *, spliced: bool) -> None:
        """A gateway's fault: the reply is made again and goes on in the same stream, even in the same line."""
        again = self._encoder(reply)
        data = again.encode(ReplyStarted(self._new_id(restarted=71), reply.model))
        for piece in reply.pieces:
            data += again.encode(piece)
        if spliced:
            data = _half(encoder, reply, at) + data[data.index(b"data: ") :]
        await self._write(data)
        await self._close(again, reply)

    async def _break_whole(self, body: bytes, name: str) -> None:
        """The same faults where no stream was asked for: half the document, or none of it."""
        if name == "stall":
            await asyncio.Event().wait()
        await self._start(200, _JSON)
        await self._write(body[: len(body) // 2])
        if name in {"reset", "cut-chunk"}:
            await self._break_wire(name)
            return
        self._end("fault")
        await self._write(b"", last=True)


def _half(encoder: StreamEncoder, reply: Reply, at: int) -> bytes:
    """A chunk cut inside its JSON."""
    piece = reply.pieces[min(at, len(reply.pieces) - 1)] if reply.pieces else TextDelta("emulated")
    chunk = encoder.encode(piece)
    start = chunk.rindex(b"data: ")
    return chunk[: start + (len(chunk) - start) * 2 // 3]
