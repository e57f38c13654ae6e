"""How a reply goes out: piece by piece when each is due, or broken as a fault says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from zai_ls.domain import ReplyFinished, ReplyStarted, TextDelta, UsageReported
from zai_ls.emulator.refusals import Refusal, stamp, trace_id
from zai_ls.emulator.wire import EVENTS, JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.emulator.config import EmulatorConfig
    from zai_ls.emulator.record import Ended, Served
    from zai_ls.emulator.refusals import Language
    from zai_ls.emulator.reply import Reply
    from zai_ls.emulator.script import Fault
    from zai_ls.emulator.wire import Wire
    from zai_ls.glm.chat_request import ServerDialect, StreamEncoder

BREAKS = frozenset(
    {"cut", "cut-json", "splice", "restart", "stall", "error-in-stream", "error-event", "reset", "cut-chunk"}
)
"""Faults that keep a reply from being whole, or from being one."""

_STEP_S = 0.008
"""Pieces due within so many seconds go out together."""
_WRITES_AT_ONCE = 8
"""How many writes a reply is cut into that takes no time."""
_RESTARTED_AFTER_S = 71
"""How much later than the first a restarted reply's id says it began, as seen in life."""


class Pace(NamedTuple):
    """When things are due, in seconds after the request's arrival."""

    first_s: float
    gap_s: float
    end_s: float

    @classmethod
    def of(cls, config: EmulatorConfig, fault: Fault | None, count: int) -> Pace:
        """For a reply of *count* pieces."""
        first, late = config.first_token_s, 0.0
        name = fault.name if fault else ""
        if fault is not None and name == "slow-first-token":
            first = fault.number
        if fault is not None and name == "slow-headers":
            late = fault.number
        if fault is not None and name == "slow-stream":
            gap = fault.number
        elif config.service_s is not None:
            gap = max(0.0, config.service_s - first) / max(1, count)
        else:
            gap = 1 / config.tokens_per_second if config.tokens_per_second else 0.0
        return cls(late + first, gap, late + first + gap * count)


class Speaker:
    """Sends one reply. *end* is called before its last byte is written."""

    def __init__(
        self,
        wire: Wire,
        dialect: ServerDialect,
        served: Served,
        reply: Reply,
        fault: Fault | None,
        pace: Pace,
        *,
        clock: Clock,
        now: Callable[[], float],
        language: Language,
        end: Callable[[Ended], None],
    ) -> None:
        self._wire = wire
        self._dialect = dialect
        self._served = served
        self._reply = reply
        self._fault = fault
        self._name = fault.name if fault else ""
        self._pace = pace
        self._clock = clock
        self._now = now
        self._language: Language = language
        self._end = end

    async def say_whole(self) -> None:
        """The reply in one piece, when it would have ended; faults of streams leave half of it."""
        await self._until(self._pace.end_s)
        body = self._dialect.whole(self._reply.events, int(self._now()), self._reply.stopped_by)
        if self._name in BREAKS:
            await self._break_whole(body)
            return
        self._served.completion_tokens = len(self._reply.pieces)
        self._end(self._if_whole)
        await self._lie()
        await self._wire.whole(200, body, JSON)

    async def stream(self) -> None:
        """The reply as a stream."""
        reply = self._reply
        self._wire.tight = self._name == "tight"
        encoder = self._encoder()
        await self._lie()
        await self._wire.start(200, EVENTS)
        opening = encoder.encode(ReplyStarted(reply.id, reply.model))
        if opening:
            await self._wire.write(opening)
        stop_at = self._break_point()
        await self._speak(encoder, stop_at)
        if self._name in BREAKS:
            await self._break(encoder, stop_at)
            return
        await self._until(self._pace.end_s)
        await self._close(encoder)

    # -- whole streams -----------------------------------------------------------------------------------------

    @property
    def _if_whole(self) -> Ended:
        return "fault" if self._name == "lying-length" else "complete"

    async def _lie(self) -> None:
        if self._name == "lying-length":
            await self._wire.order(self._name)

    async def _until(self, due_s: float) -> None:
        wait = self._served.started_at + due_s - self._clock.now()
        if wait > 0:
            await self._clock.sleep(wait)

    def _encoder(self) -> StreamEncoder:
        reply = self._reply
        return self._dialect.stream(int(self._now()), reply.usage.prompt_tokens, reply.stopped_by)

    async def _speak(self, encoder: StreamEncoder, stop_at: int) -> None:
        """Send the first *stop_at* pieces, each when it is due; those of one moment go out together."""
        pace, pieces = self._pace, self._reply.pieces
        together = max(1, -(-stop_at // _WRITES_AT_ONCE)) if pace.gap_s == 0 else stop_at + 1
        waiting = b""
        for at in range(stop_at):
            wait = self._served.started_at + pace.first_s + at * pace.gap_s - self._clock.now()
            if waiting and (wait > _STEP_S or at % together == 0):
                await self._wire.write(waiting)
                waiting = b""
            if wait > (_STEP_S if at else 0):
                await self._clock.sleep(wait)
            waiting += encoder.encode(pieces[at])
            self._served.completion_tokens += 1
        if waiting:
            await self._wire.write(waiting)

    async def _close(self, encoder: StreamEncoder) -> None:
        last = encoder.encode(ReplyFinished(self._reply.finish))
        if self._name != "no-usage":
            last += encoder.encode(UsageReported(self._reply.usage))
        if self._name != "no-done":
            last += encoder.close()
        self._end(self._if_whole)
        await self._wire.write(last, last=True)

    # -- streams that break ------------------------------------------------------------------------------------

    def _break_point(self) -> int:
        """How many pieces go out before the fault; all of them without one."""
        count = len(self._reply.pieces)
        if self._fault is None or self._name not in BREAKS:
            return count
        coded = self._name in {"error-in-stream", "error-event"}
        return min(count, 2 if coded else int(self._fault.number))

    async def _break(self, encoder: StreamEncoder, at: int) -> None:
        match self._name:
            case "stall":
                await asyncio.Event().wait()
            case "reset" | "cut-chunk":
                self._end("fault")
                await self._wire.order(self._name)
            case "splice" | "restart":
                await self._begin_anew(encoder, at)
            case "cut":
                self._end("fault")
                await self._wire.write(b"", last=True)
            case "cut-json":
                self._end("fault")
                await self._wire.write(self._half(encoder, at), last=True)
            case _:
                data = self._error()
                self._end("fault")
                await self._wire.write(data, last=True)

    def _error(self) -> bytes:
        assert self._fault is not None
        now = self._now()
        refusal = Refusal(self._fault.argument, model=self._reply.model)
        self._served.code = refusal.code
        return self._dialect.refusal_in_stream(
            refusal.code,
            refusal.words(self._language, now),
            trace_id(now),
            named=self._name == "error-event",
        )

    async def _begin_anew(self, encoder: StreamEncoder, at: int) -> None:
        """A gateway's fault: the reply is made again and goes on in the same stream, even in the same line."""
        again = self._encoder()
        reply_id = stamp(self._now() + _RESTARTED_AFTER_S) + self._reply.id[14:]
        data = again.encode(ReplyStarted(reply_id, self._reply.model))
        for piece in self._reply.pieces:
            data += again.encode(piece)
        if self._name == "splice":
            data = self._half(encoder, at) + data[data.index(b"data: ") :]
        await self._wire.write(data)
        await self._close(again)

    def _half(self, encoder: StreamEncoder, at: int) -> bytes:
        """The next chunk, cut inside its JSON."""
        pieces = self._reply.pieces or (TextDelta("emulated"),)
        chunk = encoder.encode(pieces[min(at, len(pieces) - 1)])
        start = chunk.rindex(b"data: ")
        return chunk[: start + (len(chunk) - start) * 2 // 3]

    async def _break_whole(self, body: bytes) -> None:
        """The same faults where no stream was asked for: half of the document, or none of it."""
        if self._name == "stall":
            await asyncio.Event().wait()
        await self._wire.start(200, JSON)
        await self._wire.write(body[: len(body) // 2])
        self._end("fault")
        if self._name in {"reset", "cut-chunk"}:
            await self._wire.order(self._name)
        else:
            await self._wire.write(b"", last=True)
