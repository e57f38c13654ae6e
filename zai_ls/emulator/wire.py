"""A request as it comes in and its answer as it goes out: ASGI's messages, and one more for what HTTP has no word for."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]

RAW = "emulator.raw"
"""In a scope's extensions when its connection can play faults below HTTP; also the type of the message that orders one."""

JSON = b"application/json; charset=UTF-8"
EVENTS = b"text/event-stream;charset=UTF-8"
HTML = b"text/html"
PLAIN = b"text/plain; charset=utf-8"


def headers_of(scope: Message) -> dict[str, str]:
    """By name in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def key_of(headers: dict[str, str]) -> str:
    """The key of a request: a bearer token, the raw key, or the Anthropic route's own header."""
    raw = headers.get("authorization") or headers.get("x-api-key", "")
    kind, _, token = raw.strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else raw.strip()


class Wire:
    """Of one request. Knows nothing of what is said over it."""

    def __init__(self, scope: Message, receive: Receive, send: Send, now: Callable[[], float]) -> None:
        self.headers = headers_of(scope)
        self.is_raw = RAW in scope.get("extensions", {})
        """Can it play faults below HTTP?"""
        self.tight = False
        """Write events as some gateways do: no blank after `data:`, CRLF, comments between."""
        self.status: int | None = None
        """As sent."""
        self._receive = receive
        self._send = send
        self._now = now

    async def body(self) -> bytes | None:
        """The whole body of the request, or None when the client left before it was sent."""
        read = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            read += message.get("body", b"")
            if not message.get("more_body"):
                return bytes(read)

    async def left(self) -> None:
        """Return when the client has hung up."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def whole(self, status: int, body: bytes, content_type: bytes) -> None:
        """An answer in one piece."""
        await self.start(status, content_type, len(body))
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, status: int, content_type: bytes, length: int | None = None) -> None:
        """The head of an answer. The date is the service's own."""
        self.status = status
        headers = [(b"content-type", content_type), (b"date", formatdate(self._now(), usegmt=True).encode())]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, last: bool = False) -> None:
        """A piece of the body."""
        if self.tight:
            data = re.sub(rb"(?m)^data: ", b"data:", data).replace(b"\n", b"\r\n") + b": emulated\r\n\r\n"
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})

    async def order(self, fault: str) -> None:
        """Have a fault played below HTTP; only where `is_raw`."""
        await self._send({"type": RAW, "fault": fault})
