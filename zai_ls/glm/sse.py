"""Server-sent events out of bytes: no I/O, any cut survived, memory bounded.

Lines end at `\\n`, `\\r\\n` or `\\r` and nowhere else (WHATWG HTML, 9.2.5): U+2028 inside a JSON string is no line end.
Bytes are decoded line by line, so that a cut inside a character does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

from zai_ls.errors import BadReply

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one line, and of one event; more is no reply of this protocol."""
LINE_COST = 16
"""Bytes that each line counts for besides its own: what is nothing but line ends takes long to read, too."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the stream."""

    name: str
    """Of its `event:` line; `message` when it has none."""
    data: str
    """Its `data:` lines, joined by `\\n`."""


class SseDecoder:
    """Bytes in, events out. Raises `BadReply` for what no server of this protocol sends."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._begun = bytearray()
        """The line begun, without its end; in one piece, for it may come byte by byte."""
        self._after_cr = False
        """The last byte seen was `\\r`: a `\\n` that follows belongs to it."""
        self._first = True
        self._name = ""
        self._data: list[str] = []
        self._data_length = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that *chunk* completes."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if not chunk:
            return []
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = chunk.split(b"\n")
        events: list[Event] = []
        for line in lines:
            event = self._take(self._joined(line))
            if event is not None:
                events.append(event)
        self._grow(rest)
        return events

    def close(self) -> list[Event]:
        """The event that the end of the stream completes, when its blank line was never sent.

        The standard drops such an event; some gateways end on it, and a cut one does not parse anyway.
        """
        events = [self._take(self._joined(b"")), self._take(b"")]
        return [event for event in events if event is not None]

    def _grow(self, piece: bytes) -> None:
        self._begun += piece
        if len(self._begun) > self._max_line:
            raise BadReply("a line of the stream has no end")

    def _joined(self, end: bytes) -> bytes:
        if not self._begun:
            return end
        self._grow(end)
        line = bytes(self._begun)
        self._begun.clear()
        return line

    def _take(self, line: bytes) -> Event | None:
        if self._first and line:
            line = line.removeprefix(_BOM)
            self._first = False
        if not line:
            return self._dispatch()
        if line.startswith(b":"):
            return None
        field, _, value = line.partition(b":")
        try:
            text = value.removeprefix(b" ").decode("utf-8")
        except UnicodeDecodeError:
            raise BadReply("the stream is not UTF-8") from None
        if field == b"data":
            self._data_length += len(value) + LINE_COST
            if self._data_length > self._max_line:
                raise BadReply("an event of the stream has no end")
            self._data.append(text)
        elif field == b"event":
            self._name = text
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data, self._data_length = "", [], 0
        return Event(name, "\n".join(data)) if data else None
