"""A chat request as the service's side reads it, whichever dialect it came in: for the emulator and the gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import DialectName, ReplyEvent


class Malformed(Exception):
    """A body that is no request of its dialect: the business code of the refusal, and the field it is about."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(f"{code}: {field}")
        self.code = code
        self.field = field


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation, as plain text."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a body asks for; fields nobody here cares about are dropped."""

    model: str
    system: str
    messages: tuple[Message, ...]
    """Without the system turns."""
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    stream: bool = False
    thinking: bool | None = None
    """What the request says about thinking; None when it says nothing."""
    effort: str = ""

    @property
    def user(self) -> str:
        """The last thing the user said."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def text(self) -> str:
        """All that the model is shown."""
        return "\n".join([self.system, *(m.content for m in self.messages)])


class StreamEncoder(Protocol):
    """Events of one reply to the bytes of its stream."""

    def encode(self, event: ReplyEvent) -> bytes:
        """The bytes of *event*; empty when they come with a later one."""
        ...

    def close(self) -> bytes:
        """The bytes that end the stream: only with them is the reply whole."""
        ...


class ServerDialect(Protocol):
    """One wire format from the service's side."""

    @property
    def name(self) -> DialectName:
        """As in `Account.dialect`."""
        ...

    def parse(self, body: bytes) -> ChatRequest:
        """Read *body*. Raises `Malformed`."""
        ...

    def stream(self, created: int, prompt_tokens: int, stopped_by: str = "") -> StreamEncoder:
        """An encoder for one reply, made at *created* (epoch seconds); *stopped_by* is the stop word that ended it."""
        ...

    def whole(self, events: Sequence[ReplyEvent], created: int, stopped_by: str = "") -> bytes:
        """The reply in one piece."""
        ...

    def refusal(self, code: str, message: str, trace: str, kind: str = "") -> bytes:
        """The body of an error; *kind* is the dialect's own word for it, where it has one."""
        ...

    def refusal_in_stream(self, code: str, message: str, trace: str, *, named: bool) -> bytes:
        """An error where a chunk was due; *named*: as an event called `error`."""
        ...


# -- what both dialects do ------------------------------------------------------------------------------------


def as_object(body: bytes) -> dict[str, Any]:
    """*body* as a JSON object. Raises `Malformed`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("1210", "body") from None
    if not isinstance(value, dict):
        raise Malformed("1210", "body")
    return value


def plain_text(content: object) -> str:
    """A turn's content as text: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return ""


def turns(raw: object) -> list[Message]:
    """The field `messages`. Raises `Malformed`: 1213 when it is missing, 1214 when it is no conversation."""
    if raw is None:
        raise Malformed("1213", "messages")
    if not isinstance(raw, list) or not raw:
        raise Malformed("1214", "messages")
    read = []
    for turn in raw:
        if not isinstance(turn, dict) or not isinstance(turn.get("role"), str):
            raise Malformed("1214", "messages")
        read.append(Message(turn["role"], plain_text(turn.get("content"))))
    if not any(message.role in {"user", "tool"} for message in read):
        raise Malformed("1214", "messages")
    return read


def named_model(value: dict[str, Any]) -> str:
    """The field `model`. Raises `Malformed`."""
    model = value.get("model")
    if model is None or model == "":
        raise Malformed("1213", "model")
    if not isinstance(model, str):
        raise Malformed("1214", "model")
    return model


def limit(value: dict[str, Any], *, required: bool = False) -> int | None:
    """The field `max_tokens`, whatever its size. Raises `Malformed`."""
    bound = value.get("max_tokens")
    if bound is None and not required:
        return None
    if bound is None:
        raise Malformed("1213", "max_tokens")
    if not isinstance(bound, int) or isinstance(bound, bool):
        raise Malformed("1210", "max_tokens")
    return bound


def stop_words(raw: object, field: str) -> tuple[str, ...]:
    """A stop word, or a list of at most four. Raises `Malformed`."""
    if raw is None:
        return ()
    words = [raw] if isinstance(raw, str) else raw
    if not isinstance(words, list) or len(words) > 4 or not all(isinstance(word, str) for word in words):
        raise Malformed("1214", field)
    return tuple(word for word in words if word)


def dumps(value: object) -> bytes:
    """Compact JSON as UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
