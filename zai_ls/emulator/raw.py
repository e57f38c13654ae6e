"""HTTP/1.1 by hand, on a port of its own, for what no HTTP library lets a server do: reset, lie about lengths, stop inside a chunk.

The same application answers behind it; one request per connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

from zai_ls.emulator.wire import RAW

if TYPE_CHECKING:
    from zai_ls.emulator.wire import App, Message

_LONGEST_HEAD = 65_536
_LIE = 1_000_000
"""More bytes than a reply has."""


class RawPort:
    """Accepts connections and plays faults below HTTP."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int = 0) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=_LONGEST_HEAD)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Stop, and drop every connection."""
        if self._server is not None:
            self._server.close()
        connections = list(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await _Connection(reader, writer).serve(self._app)
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _Connection:
    """One request on its own connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._body: bytes | None = None
        self._chunked = False
        self._lies = False

    async def serve(self, app: App) -> None:
        head = await self._reader.readuntil(b"\r\n\r\n")
        line, *fields = head[:-4].split(b"\r\n")
        method, target, _ = line.split(b" ", 2)
        headers = [
            (name.strip().lower(), value.strip()) for name, _, value in (f.partition(b":") for f in fields)
        ]
        length = int(dict(headers).get(b"content-length", b"0"))
        self._body = await self._reader.readexactly(length)
        path, _, query = target.partition(b"?")
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method.decode("latin-1"),
            "scheme": "http",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": None,
            "server": None,
            "extensions": {RAW: {}},
        }
        await app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        while await self._reader.read(_LONGEST_HEAD):
            pass  # pipelined requests are not for this port
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start":
                self._head(message)
            case "http.response.body":
                self._write(message.get("body", b""), last=not message.get("more_body", False))
            case _:
                self._break(message)
        await self._writer.drain()

    def _head(self, message: Message) -> None:
        headers = list(message["headers"])
        self._chunked = not self._lies and not any(name == b"content-length" for name, _ in headers)
        if self._chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        if self._lies:
            headers = [header for header in headers if header[0] != b"content-length"]
            headers.append((b"content-length", b"%d" % _LIE))
        headers.append((b"connection", b"close"))
        lines = [b"HTTP/1.1 %d Emulated" % message["status"], *(b"%b: %b" % pair for pair in headers)]
        self._writer.write(b"\r\n".join(lines) + b"\r\n\r\n")

    def _write(self, data: bytes, *, last: bool) -> None:
        if not self._chunked:
            self._writer.write(data)
            return
        if data:
            self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        if last:
            self._writer.write(b"0\r\n\r\n")

    def _break(self, message: Message) -> None:
        match message["fault"]:
            case "lying-length":
                self._lies = True
                return
            case "reset":
                # Lingering for no time makes the kernel send RST instead of FIN.
                sock = self._writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "cut-chunk":
                self._writer.write(b"400\r\ndata: {")
            case "bad-head":
                self._writer.write(b"emulated nonsense\r\n\r\n")
        self._writer.close()
