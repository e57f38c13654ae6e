"""Frames in, frames out: the bytes between an editor and us, over stdio, TCP or WebSocket.

pygls' own loops are not used: they end with code 0 whatever happened, drop messages that are no JSON without an answer,
make two thread hops for each message, and let an editor that stops reading block the whole loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import urlsplit

from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

_log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_BODY = 256 * 2**20
"""Bytes; a length beyond it is a broken header, not a document."""
_LONGEST_HEADERS = 4096
_CHUNK = 2**16
_PATIENCE_S = 2.0
"""For the last bytes to leave when the server ends."""


class Session(Protocol):
    """One editor's conversation, as a transport needs it."""

    ended: asyncio.Event
    """Set when the conversation is over from our side."""

    def connected(self, writer: Writer, *, framed: bool) -> None:
        """Bytes can be written to *writer*; with `Content-Length` headers when *framed*."""
        ...

    def received(self, body: bytes) -> None:
        """One whole message has come."""
        ...

    async def finish(self) -> None:
        """Answer what is still open and stop all work, within bounded time; called once, before the bytes end."""
        ...


class Writer(Protocol):
    """Where messages go; never blocks and never raises."""

    def write(self, data: bytes) -> None:
        """Send *data* when the other side takes it, in order."""
        ...


class BrokenFrame(Exception):
    """The byte stream is not LSP: where the next message begins cannot be known."""


class Frames:
    """Cuts a stream of bytes into messages, however the bytes are grouped."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that *data* completes. Raises `BrokenFrame` when the stream cannot be read any further."""
        self._held += data
        bodies = []
        while (body := self._next()) is not None:
            bodies.append(body)
        return bodies

    def _next(self) -> bytes | None:
        if self._length is None:
            headers, blank, _ = self._held.partition(b"\r\n\r\n")
            if not blank:
                if len(headers) > _LONGEST_HEADERS:
                    raise BrokenFrame("the headers do not end")
                return None
            self._length = _length_in(bytes(headers))
            del self._held[: len(headers) + len(blank)]
        if len(self._held) < self._length:
            return None
        body = bytes(self._held[: self._length])
        del self._held[: self._length]
        self._length = None
        return body


def _length_in(headers: bytes) -> int:
    for line in headers.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            digits = value.strip()
            if digits.isdigit() and int(digits) <= _LONGEST_BODY:
                return int(digits)
    raise BrokenFrame("no usable Content-Length")


# -- stdio --------------------------------------------------------------------------------------------------


async def over_stdio(session: Session) -> None:
    """Talk over stdin and stdout until either side ends.

    From here on `print` and any library that writes to file descriptor 1 reach stderr: stdout belongs to LSP.
    """
    # The descriptor itself: an interpreter that ends must not find a thread inside `sys.stdin`.
    incoming = sys.stdin.fileno()
    sys.stdout.flush()
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    loop = asyncio.get_running_loop()
    writer = _ThreadWriter(outgoing, lambda: _call(loop, session.ended.set))
    session.connected(writer, framed=True)
    # Daemons: a thread that waits for an editor's next byte must not keep the process alive.
    threading.Thread(
        target=_read_frames, args=(incoming, loop, session), name="zai-ls-stdin", daemon=True
    ).start()
    try:
        await session.ended.wait()
        await session.finish()
    finally:
        await asyncio.to_thread(writer.close)


def _read_frames(incoming: int, loop: asyncio.AbstractEventLoop, session: Session) -> None:
    frames = Frames()
    try:
        while data := os.read(incoming, _CHUNK):
            for body in frames.feed(data):
                _call(loop, session.received, body)
    except (BrokenFrame, OSError) as broken:
        _log.error("The connection to the editor is broken: %s", broken)
    _call(loop, session.ended.set)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: object) -> None:
    try:
        loop.call_soon_threadsafe(function, *args)
    except RuntimeError:
        _log.debug("The loop has ended already")


class _ThreadWriter:
    """Writes in its own thread, so that an editor that reads slowly never stops the loop."""

    def __init__(self, outgoing: BinaryIO, gone: Callable[[], None]) -> None:
        self._outgoing = outgoing
        self._gone = gone
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="zai-ls-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue *data*."""
        self._queue.put(data)

    def close(self) -> None:
        """Let what is queued leave, for a while."""
        self._queue.put(None)
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                self._outgoing.write(data)
                if self._queue.empty():
                    self._outgoing.flush()
            self._outgoing.close()
        except (OSError, ValueError):
            self._gone()


# -- sockets ------------------------------------------------------------------------------------------------


def check_loopback(host: str) -> None:
    """Raises `ValueError` unless *host* is this machine: anyone who reaches the port can spend the quota."""
    if host not in _LOOPBACK:
        raise ValueError(say("lsp.loopback_only", host=host))


async def over_tcp(session: Session, host: str, port: int, listening: Callable[[str, int], None]) -> None:
    """Wait for one editor on *host*:*port* (0: any free port, told to *listening*) and talk until either side ends."""
    check_loopback(host)
    taken = False

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        if taken:
            writer.close()
            return
        taken = True
        session.connected(_StreamWriter(writer), framed=True)
        frames = Frames()
        try:
            while data := await reader.read(_CHUNK):
                for body in frames.feed(data):
                    session.received(body)
        except (BrokenFrame, OSError) as broken:
            _log.debug("The editor's connection ended: %s", broken)
        finally:
            session.ended.set()

    server = await asyncio.start_server(serve_one, host, port)
    listening(*server.sockets[0].getsockname()[:2])
    await session.ended.wait()
    await session.finish()
    server.close()


class _StreamWriter:
    """A `StreamWriter` buffers without bound and does not block; a lost connection is seen by the reader."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Hand *data* to the loop."""
        if not self._writer.is_closing():
            self._writer.write(data)


async def over_websocket(
    session: Session, host: str, port: int, listening: Callable[[str, int], None]
) -> None:
    """The same over WebSocket, one message a frame, for editors that live in a browser page of this machine."""
    from websockets.asyncio.server import serve
    from websockets.exceptions import ConnectionClosed

    check_loopback(host)
    taken = False

    def refuse_strangers(connection: ServerConnection, request: Request) -> Response | None:
        # A page of any website may open a socket to this machine; its browser says where it comes from.
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).hostname not in _LOOPBACK:
            return connection.respond(403, "This origin may not connect.\n")
        return connection.respond(409, "An editor is connected already.\n") if taken else None

    async def serve_one(connection: ServerConnection) -> None:
        nonlocal taken
        taken = True
        outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        session.connected(_QueueWriter(outgoing), framed=False)
        sender = asyncio.create_task(_send_all(connection, outgoing))
        try:
            async for message in connection:
                session.received(message.encode() if isinstance(message, str) else message)
        except ConnectionClosed as closed:
            _log.debug("The editor's connection ended: %s", closed)
        finally:
            sender.cancel()
            session.ended.set()

    async with serve(
        serve_one, host, port, process_request=refuse_strangers, max_size=_LONGEST_BODY
    ) as server:
        listening(*next(iter(server.sockets)).getsockname()[:2])
        await session.ended.wait()
        await session.finish()


async def _send_all(connection: ServerConnection, outgoing: asyncio.Queue[bytes]) -> None:
    while True:
        await connection.send((await outgoing.get()).decode())


class _QueueWriter:
    def __init__(self, outgoing: asyncio.Queue[bytes]) -> None:
        self._outgoing = outgoing

    def write(self, data: bytes) -> None:
        self._outgoing.put_nowait(data)
