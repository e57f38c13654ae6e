"""What the pieces of a reply need before anyone reads them: halves of a character joined, leaked thinking moved.

Some hosts leave a model's thinking in the text, between `<think>` tags at its very beginning.
Only there: a reply may well be code that speaks of such tags.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from zai_ls.domain import TextDelta, ThinkingDelta

if TYPE_CHECKING:
    from zai_ls.domain import ReplyEvent

_OPEN = "<think>"
_CLOSE = "</think>"


class _Where(Enum):
    BEGINNING = 1
    THINKING = 2
    AFTER_THINKING = 3
    TEXT = 4


class _Halves:
    """Joins a character that JSON escapes cut in two (`\\ud83d` here, `\\ude00` in the next delta); a lone half becomes U+FFFD."""

    def __init__(self) -> None:
        self._half = ""

    def mend(self, text: str) -> str:
        if text.isascii() and not self._half:
            return text
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def flush(self) -> str:
        half, self._half = self._half, ""
        return "\ufffd" if half else ""


class Deltas:
    """Raw pieces in, events out; `flush` when the model has stopped."""

    def __init__(self) -> None:
        self._text_halves = _Halves()
        self._thinking_halves = _Halves()
        self._where = _Where.BEGINNING
        self._held = ""
        """What may yet become a tag."""

    def text(self, piece: str) -> list[ReplyEvent]:
        """A piece of what the host calls the text."""
        return self._sort(self._text_halves.mend(piece))

    def thinking(self, piece: str) -> list[ReplyEvent]:
        """A piece of what the host itself calls thinking."""
        mended = self._thinking_halves.mend(piece)
        return [ThinkingDelta(mended)] if mended else []

    def flush(self) -> list[ReplyEvent]:
        """What was held back."""
        events = [*self._sort(self._text_halves.flush())]
        held, self._held = self._held, ""
        if held and self._where is not _Where.AFTER_THINKING:
            events.append(ThinkingDelta(held) if self._where is _Where.THINKING else TextDelta(held))
        rest = self._thinking_halves.flush()
        return [ThinkingDelta(rest), *events] if rest else events

    def _sort(self, piece: str) -> list[ReplyEvent]:
        if not piece:
            return []
        if self._where is _Where.TEXT:
            return [TextDelta(piece)]
        held, self._held = self._held + piece, ""
        if self._where is _Where.BEGINNING:
            start = held.lstrip()
            if _OPEN.startswith(start):
                self._held = held
                return []
            if not start.startswith(_OPEN):
                self._where = _Where.TEXT
                return [TextDelta(held)]
            self._where, held = _Where.THINKING, start.removeprefix(_OPEN)
        events: list[ReplyEvent] = []
        if self._where is _Where.THINKING:
            thought, tag, rest = held.partition(_CLOSE)
            if not tag:
                thought, self._held = _hold_back(held, _CLOSE)
            if thought:
                events.append(ThinkingDelta(thought))
            if not tag:
                return events
            self._where, held = _Where.AFTER_THINKING, rest
        held = held.lstrip("\r\n")
        if held:
            self._where = _Where.TEXT
            events.append(TextDelta(held))
        return events


def _hold_back(text: str, tag: str) -> tuple[str, str]:
    """Split *text* before the longest end of it that could be the beginning of *tag*."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-length:]):
            return text[:-length], text[-length:]
    return text, ""
