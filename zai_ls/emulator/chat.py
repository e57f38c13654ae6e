"""The routes that ask a model: one request from its headers to its last byte."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zai_ls.emulator.refusals import Refusal, language_of, stamp, trace_id
from zai_ls.emulator.reply import compose
from zai_ls.emulator.script import HEADER, BadScript, Fault
from zai_ls.emulator.speaking import Pace, Speaker
from zai_ls.emulator.wire import EVENTS, HTML, JSON, PLAIN, Wire, key_of
from zai_ls.glm.chat_request import Malformed, dumps

if TYPE_CHECKING:
    from zai_ls.emulator.record import Ended, Served
    from zai_ls.emulator.refusals import Language
    from zai_ls.emulator.reply import Reply
    from zai_ls.emulator.script import Answer
    from zai_ls.emulator.service import Service
    from zai_ls.emulator.wire import Message, Receive, Send
    from zai_ls.glm.chat_request import ChatRequest, ServerDialect

_PAGE = (
    b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"
)
_NO_EVENTS = b"data: emulated garbage {[\n\ndata: \xff\xfe\n\n"


class ChatRoute:
    """An ASGI application: one path of the service."""

    def __init__(self, service: Service, route: str, dialect: ServerDialect) -> None:
        self._service = service
        self._route = route
        self._dialect = dialect

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wire = Wire(scope, receive, send, self._service.now)
        await _Exchange(self._service, self._route, self._dialect, wire).run()


class _Exchange:
    """One request and its answer."""

    _served: Served

    def __init__(self, service: Service, route: str, dialect: ServerDialect, wire: Wire) -> None:
        self._service = service
        self._route = route
        self._dialect = dialect
        self._wire = wire
        self._key = key_of(wire.headers)
        self._language: Language = language_of(
            wire.headers.get("accept-language", ""), service.config.language
        )
        self._reply: Reply | None = None
        self._fault: Fault | None = None

    async def run(self) -> None:
        """Serve it."""
        unknown = self._service.knock(self._route, self._key)
        if unknown is not None:
            self._served = self._service.record.note(self._key, self._route)
            if await self._wire.body() is None:
                self._end("hangup")
            else:
                await self._refuse(unknown, "refused")
            return
        self._served, placed = self._service.record.arrive(self._key, self._route)
        body = await self._wire.body()
        if body is None:
            self._end("hangup" if placed else "rejected")
            return
        answering = asyncio.ensure_future(self._answer(body, placed))
        leaving = asyncio.ensure_future(self._wire.left())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Counts only if nothing else has ended it. A server that shuts down hangs up too.
            self._end("hangup")
            answering.cancel()
            leaving.cancel()
            await asyncio.wait({answering, leaving})
        if not answering.cancelled():
            answering.result()

    async def _answer(self, body: bytes, placed: bool) -> None:
        request: ChatRequest | Malformed
        try:
            request = self._dialect.parse(body)
            self._served.model = request.model
            self._served.stream = request.stream
        except Malformed as error:
            request = error
        if not placed:
            await self._refuse(Refusal("1302"), "rejected")
            return
        try:
            answer = self._find_rule(body)
        except BadScript as error:
            await self._whole(400, str(error).encode(), PLAIN, "refused")
            return
        if self._fault is not None and await self._play_instead(self._fault):
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
        asked = self._wire.headers.get(HEADER)
        fault = Fault.read(asked) if asked is not None else None
        answer = None
        if asked is None:
            rule = self._service.script.take(self._served.model, body.decode("utf-8", "replace"), nth)
            fault, answer = (rule.fault, rule.answer) if rule else (None, None)
        if fault is not None:
            self._served.fault = str(fault)
            if fault.is_raw and not self._wire.is_raw:
                raise BadScript(f"{fault} lies below HTTP: it is played on the raw port only")
        self._fault = fault
        return answer

    async def _play_instead(self, fault: Fault) -> bool:
        """Play a fault that is no reply; False when it is not one of those, or only delays."""
        match fault.name:
            case "code":
                await self._refuse(Refusal(fault.argument, model=self._served.model), "fault")
            case "inband":
                refusal = Refusal(fault.argument, model=self._served.model)
                self._served.code = fault.argument
                await self._whole(200, refusal.in_band(self._language, self._service.now()), JSON, "fault")
            case "old-shape":
                await self._refuse_as_of_old(Refusal(fault.argument, model=self._served.model))
            case "status":
                status = int(fault.number)
                await self._whole(status, _PAGE % (status, status), HTML, "fault")
            case "garbage":
                await self._whole(200, _PAGE % (200, 200), HTML, "fault")
            case "garbage-stream":
                await self._whole(200, _NO_EVENTS, EVENTS, "fault")
            case "hang":
                await asyncio.Event().wait()
            case "slow-headers":
                await self._service.clock.sleep(fault.number)
                return False
            case "no-reply" | "bad-head":
                self._end("fault")
                await self._wire.order(fault.name)
            case "reset" if fault.number <= 0:
                self._end("fault")
                await self._wire.order("reset")
            case _:
                return False
        return True

    async def _say(self, request: ChatRequest, answer: Answer | None) -> None:
        service = self._service
        self._reply = reply = compose(
            request,
            service.catalogue.model(request.model),
            reply_id=f"{stamp(service.now())}{self._served.id:018x}",
            cached_tokens=service.cached_tokens(request),
            answer=answer,
            fault=self._fault,
        )
        speaker = Speaker(
            self._wire,
            self._dialect,
            self._served,
            reply,
            self._fault,
            Pace.of(service.config, self._fault, len(reply.pieces)),
            clock=service.clock,
            now=service.now,
            language=self._language,
            end=self._end,
        )
        if request.stream and not (self._fault and self._fault.name == "whole"):
            await speaker.stream()
        else:
            await speaker.say_whole()

    # -- refusals and other answers in one piece -----------------------------------------------------------------

    async def _refuse(self, refusal: Refusal, ended: Ended) -> None:
        self._served.code = refusal.code
        body = refusal.body(self._dialect, self._language, self._service.now())
        await self._whole(refusal.status, body, JSON, ended)

    async def _refuse_as_of_old(self, refusal: Refusal) -> None:
        now = self._service.now()
        self._served.code = refusal.code
        error = {"type": refusal.code, "message": refusal.words(self._language, now)}
        body = dumps({"type": "error", "error": error, "request_id": trace_id(now)})
        await self._whole(refusal.status, body, JSON, "fault")

    async def _whole(self, status: int, body: bytes, content_type: bytes, ended: Ended) -> None:
        self._served.status = status
        self._end(ended)
        await self._wire.whole(status, body, content_type)

    def _end(self, ended: Ended) -> None:
        """Before the last byte is written: from here on the client may send its next request."""
        served = self._served
        if served.ended_at is not None:
            return
        if self._reply is not None:
            complete = ended == "complete"
            usage = self._reply.usage if complete else self._reply.spent_after(served.completion_tokens)
            served.prompt_tokens = usage.prompt_tokens
            served.completion_tokens = usage.completion_tokens
            self._service.charge(self._key, self._reply.model, usage)
        served.status = served.status or self._wire.status or (200 if ended == "complete" else None)
        self._service.end(served, self._key, ended)
