"""The Anthropic-style dialect from the service's side: bodies in; events, messages and errors out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zai_ls.domain import (
    FinishReason,
    ReplyFinished,
    ReplyStarted,
    TextDelta,
    ThinkingDelta,
    Usage,
    UsageReported,
)
from zai_ls.glm.chat_request import (
    ChatRequest,
    Malformed,
    as_object,
    dumps,
    limit,
    named_model,
    plain_text,
    stop_words,
    turns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import DialectName, ReplyEvent

_STOP_REASONS = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.SENSITIVE: "refusal",
}


class AnthropicServer:
    """`/v1/messages` as the service answers it."""

    name: DialectName = "anthropic"

    def parse(self, body: bytes) -> ChatRequest:
        """See `ServerDialect.parse`."""
        value = as_object(body)
        thinking = value.get("thinking")
        if thinking is not None and (
            not isinstance(thinking, dict) or thinking.get("type") not in {"enabled", "disabled", "adaptive"}
        ):
            raise Malformed("1214", "thinking")
        return ChatRequest(
            model=named_model(value),
            system=plain_text(value.get("system")),
            messages=tuple(turns(value.get("messages"))),
            max_tokens=limit(value, required=True),
            stop=stop_words(value.get("stop_sequences"), "stop_sequences"),
            stream=bool(value.get("stream")),
            thinking=None if thinking is None else thinking["type"] != "disabled",
        )

    def stream(self, created: int, prompt_tokens: int, stopped_by: str = "") -> AnthropicStream:
        """See `ServerDialect.stream`."""
        return AnthropicStream(prompt_tokens, stopped_by)

    def whole(self, events: Sequence[ReplyEvent], created: int, stopped_by: str = "") -> bytes:
        """See `ServerDialect.whole`."""
        started = next((e for e in events if isinstance(e, ReplyStarted)), ReplyStarted("", ""))
        finish = next((e.reason for e in events if isinstance(e, ReplyFinished)), FinishReason.STOP)
        usage = next((e.usage for e in reversed(events) if isinstance(e, UsageReported)), Usage())
        thought = "".join(e.text for e in events if isinstance(e, ThinkingDelta))
        text = "".join(e.text for e in events if isinstance(e, TextDelta))
        content: list[dict[str, Any]] = []
        if thought:
            content.append({"type": "thinking", "thinking": thought, "signature": "emulated"})
        content.append({"type": "text", "text": text})
        return dumps(
            {
                **_message(started),
                "content": content,
                **_stopped(finish, stopped_by),
                "usage": usage_json(usage),
            }
        )

    def refusal(self, code: str, message: str, trace: str, kind: str = "") -> bytes:
        """See `ServerDialect.refusal`: code and trace are repeated inside the message, in brackets."""
        return dumps(
            {
                "type": "error",
                "error": {
                    "type": kind or "api_error",
                    "code": code,
                    "message": f"[{code}][{message}][{trace}]",
                },
            }
        )

    def refusal_in_stream(self, code: str, message: str, trace: str, *, named: bool) -> bytes:
        """See `ServerDialect.refusal_in_stream`."""
        return (
            (b"event: error\n" if named else b"") + b"data: " + self.refusal(code, message, trace) + b"\n\n"
        )


class AnthropicStream:
    """Events of one reply: the message, its blocks one after the other, its end."""

    def __init__(self, prompt_tokens: int, stopped_by: str = "") -> None:
        self._prompt_tokens = prompt_tokens
        self._stopped_by = stopped_by
        self._block = -1
        self._open = ""
        self._reason: FinishReason | None = None

    def encode(self, event: ReplyEvent) -> bytes:
        """See `StreamEncoder.encode`."""
        match event:
            case ReplyStarted():
                usage = {"input_tokens": self._prompt_tokens, "output_tokens": 0}
                message = {**_message(event), "content": [], **_stopped(None), "usage": usage}
                return _event("message_start", message=message) + _event("ping")
            case ThinkingDelta(text):
                return self._opened("thinking") + self._delta({"type": "thinking_delta", "thinking": text})
            case TextDelta(text):
                return self._opened("text") + self._delta({"type": "text_delta", "text": text})
            case ReplyFinished(reason):
                self._reason = reason
                return self._closed()
            case UsageReported(usage):
                return self._last(usage)

    def close(self) -> bytes:
        """See `StreamEncoder.close`."""
        return self._last(Usage()) + _event("message_stop")

    def _last(self, usage: Usage) -> bytes:
        if self._reason is None:
            return b""
        reason, self._reason = self._reason, None
        return _event("message_delta", delta=_stopped(reason, self._stopped_by), usage=usage_json(usage))

    def _opened(self, kind: str) -> bytes:
        if self._open == kind:
            return b""
        before = self._closed()
        self._open = kind
        self._block += 1
        return before + _event(
            "content_block_start", index=self._block, content_block={"type": kind, kind: ""}
        )

    def _closed(self) -> bytes:
        if not self._open:
            return b""
        signed = (
            self._delta({"type": "signature_delta", "signature": "emulated"})
            if self._open == "thinking"
            else b""
        )
        self._open = ""
        return signed + _event("content_block_stop", index=self._block)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", index=self._block, delta=delta)


def usage_json(usage: Usage) -> dict[str, Any]:
    """The field `usage`: the cached part of the prompt is counted apart."""
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
    }


def _message(started: ReplyStarted) -> dict[str, Any]:
    return {"id": started.id, "type": "message", "role": "assistant", "model": started.model}


def _stopped(reason: FinishReason | None, by: str = "") -> dict[str, Any]:
    if reason is FinishReason.STOP and by:
        return {"stop_reason": "stop_sequence", "stop_sequence": by}
    word = None if reason is None else _STOP_REASONS.get(reason, reason.value)
    return {"stop_reason": word, "stop_sequence": None}


def _event(name: str, **fields: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + dumps({"type": name, **fields}) + b"\n\n"
