"""A reply's body, before its dialect reads it: a stream of events, or one JSON document where a stream was asked for.

Both routes answer with plain JSON now and then: a whole reply, or an error with HTTP status 200.
What is in front tells them apart: an event stream never begins with a brace.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from zai_ls.errors import BadReply
from zai_ls.glm.refusals import is_refusal, refusal
from zai_ls.glm.sse import LINE_COST, MAX_LINE, SseDecoder

if TYPE_CHECKING:
    from zai_ls.errors import ZaiError
    from zai_ls.glm.sse import Event

MAX_BODY = 64 * 2**20
"""Bytes of a whole body: twice what the longest reply takes, token by token."""

_SPLICE = re.compile(r"data: ?(?=\{)")
"""A gateway's known fault: a chunk is cut inside its JSON, and another reply's first chunk goes on in the same line."""


class Body:
    """Bytes in; events, or at the end one parsed document, out. Raises what the body reports."""

    def __init__(self, *, host: str, model: str, now: float | None) -> None:
        self._host = host
        self._model = model
        self._now = now
        self._sse = SseDecoder()
        self._whole: bytearray | None = None
        """The document, once its first brace was seen."""
        self._begun = False
        self._length = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that *chunk* completes; none when the body is one document."""
        self._length += len(chunk) + LINE_COST * chunk.count(b"\n")
        if self._length > MAX_BODY:
            raise BadReply("the answer has no end")
        if not self._begun:
            chunk = chunk.lstrip()
            if not chunk:
                return []
            self._begun = True
            if chunk.startswith((b"{", b"[")):
                self._whole = bytearray()
        if self._whole is None:
            return self._sse.feed(chunk)
        self._whole += chunk
        if len(self._whole) > MAX_LINE:
            raise BadReply("the answer has no end")
        return []

    def close(self) -> tuple[list[Event], dict[str, Any] | None]:
        """What only the end completes: the last events, or the document."""
        if self._whole is None:
            return self._sse.close(), None
        whole, _ = self.parse(self._whole)
        return [], whole

    def parse(self, data: str | bytearray) -> tuple[dict[str, Any], bool]:
        """*data* as a JSON object, and whether it is the second of two that were spliced into one line.

        Raises the refusal it is, if it is one; `BadReply` when it is no JSON object.
        """
        value, spliced = _load(data), False
        if value is None and isinstance(data, str):
            for found in _SPLICE.finditer(data):
                value = _load(data[found.end() :])
                if value is not None:
                    spliced = True
                    break
        if not isinstance(value, dict):
            raise BadReply("not the JSON of a reply", host=self._host, model=self._model)
        if is_refusal(value):
            raise self.refusal(value)
        return value, spliced

    def refusal(self, value: dict[str, Any]) -> ZaiError:
        """The error that *value* reports inside a reply of HTTP status 200."""
        return refusal(value, status=200, host=self._host, model=self._model, now=self._now)


def _load(data: str | bytearray) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
