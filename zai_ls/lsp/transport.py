"""Frames in, frames out: the bytes between an editor and us, over stdio, TCP or WebSocket.

pygls' own loops are not used: they end with code 0 whatever happened, drop messages that are no JSON without an answer,
make two thread hops for each message, and let an editor that stops reading block the whole loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import re
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol
from urllib.parse import urlsplit

from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

_log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_BODY = 80 * 2**20
"""Bytes of a message: the largest file that can be configured, written as JSON. What is longer is skipped, and never held."""
_BROKEN_LENGTH = 2**32
"""A length beyond it is a broken header."""
_MOST_DIGITS = 20
_LONGEST_HEADERS = 4096
_TOKEN = re.compile(rb"[A-Za-z0-9-]+")
"""A header's name."""
_HEAD = 1024
"""So much of a message that is skipped is looked at: editors say there what it is."""
_CHUNK = 2**16
_MOST_UNHANDLED = 256
"""Messages that are read ahead of the loop; an editor that sends faster waits."""
_MOST_UNREAD = 64 * 2**20
"""Bytes that an editor may leave unread before it counts as gone."""
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

    def skipped(self, head: bytes, length: int) -> None:
        """A message of *length* bytes was too long to be read; it began with *head*."""
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


class Skipped(NamedTuple):
    """A message that was too long to be read."""

    head: bytes
    length: int


class Frames:
    """Cuts a stream of bytes into messages, however the bytes are grouped; never holds more than one of them."""

    def __init__(self, longest: int = LONGEST_BODY) -> None:
        self._longest = longest
        self._held = bytearray()
        self._length: int | None = None
        self._left = 0
        """Bytes of a message that is too long which are still to come."""
        self._head = b""

    def feed(self, data: bytes) -> list[bytes | Skipped]:
        """The messages that *data* completes. Raises `BrokenFrame` when the stream cannot be read any further."""
        self._held += data
        bodies = []
        while (body := self._next()) is not None:
            bodies.append(body)
        return bodies

    def _next(self) -> bytes | Skipped | None:
        if self._length is None:
            headers, blank, _ = self._held.partition(b"\r\n\r\n")
            if len(headers) > _LONGEST_HEADERS:
                raise BrokenFrame("the headers do not end")
            if not blank:
                return None
            self._length = self._left = _length_in(bytes(headers))
            self._head = b""
            del self._held[: len(headers) + len(blank)]
        if self._length > self._longest:
            return self._skip(self._length)
        if len(self._held) < self._length:
            return None
        body = bytes(self._held[: self._length])
        del self._held[: self._length]
        self._length = None
        return body

    def _skip(self, length: int) -> Skipped | None:
        come = min(self._left, len(self._held))
        self._head += self._held[: min(come, _HEAD - len(self._head))]
        del self._held[:come]
        self._left -= come
        if self._left:
            return None
        self._length = None
        return Skipped(self._head, length)


def _length_in(headers: bytes) -> int:
    """What `Content-Length` says. Raises `BrokenFrame` for anything that is no header of LSP.

    A web page can make its browser send a request of HTTP to any port of this machine, and that too has a length.
    """
    lengths = set()
    for line in headers.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name.strip()):
            raise BrokenFrame("a line of the headers is none")
        if name.strip().lower() == b"content-length":
            lengths.add(value.strip())
    digits = lengths.pop() if len(lengths) == 1 else b""
    if not digits.isdigit() or len(digits) > _MOST_DIGITS or int(digits) > _BROKEN_LENGTH:
        raise BrokenFrame("no usable Content-Length")
    return int(digits)


def _deliver(session: Session, message: bytes | Skipped) -> None:
    if isinstance(message, Skipped):
        session.skipped(message.head, message.length)
    else:
        session.received(message)


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
    room = threading.Semaphore(_MOST_UNHANDLED)

    def handle(message: bytes | Skipped) -> None:
        room.release()
        _deliver(session, message)

    try:
        while data := os.read(incoming, _CHUNK):
            for message in frames.feed(data):
                # An editor that sends faster than we read waits; whoever floods us fills a pipe and no memory.
                room.acquire()
                _call(loop, handle, message)
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
        self._unread = 0
        """Bytes in the queue."""
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="zai-ls-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue *data*; an editor that reads nothing of much counts as gone."""
        with self._counting:
            self._unread += len(data)
            if self._unread > _MOST_UNREAD:
                self._gone()
                return
        self._queue.put(data)

    def close(self) -> None:
        """Let what is queued leave, for a while."""
        self._queue.put(None)
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                self._outgoing.write(data)
                with self._counting:
                    self._unread -= len(data)
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
                for message in frames.feed(data):
                    _deliver(session, message)
                await asyncio.sleep(0)  # what was asked gets its turn
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
        """Hand *data* to the loop; an editor that reads nothing of much counts as gone."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _MOST_UNREAD:
            self._writer.transport.abort()
            return
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
        origins = request.headers.get_all("Origin")
        if any(not _is_of_this_machine(origin) for origin in origins):
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
                session.received(message.encode(errors="replace") if isinstance(message, str) else message)
        except ConnectionClosed as closed:
            _log.debug("The editor's connection ended: %s", closed)
        finally:
            sender.cancel()
            session.ended.set()

    async with serve(
        serve_one, host, port, process_request=refuse_strangers, max_size=LONGEST_BODY
    ) as server:
        listening(*next(iter(server.sockets)).getsockname()[:2])
        await session.ended.wait()
        await session.finish()


def _is_of_this_machine(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in _LOOPBACK
    except ValueError:
        return False


async def _send_all(connection: ServerConnection, outgoing: asyncio.Queue[bytes]) -> None:
    while True:
        await connection.send((await outgoing.get()).decode())


class _QueueWriter:
    def __init__(self, outgoing: asyncio.Queue[bytes]) -> None:
        self._outgoing = outgoing

    def write(self, data: bytes) -> None:
        self._outgoing.put_nowait(data)
