"""The OpenAI-style dialect from the service's side: bodies in; chunks, completions and errors out."""

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
    stop_words,
    turns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import DialectName, ReplyEvent

_EFFORTS_WITHOUT_THINKING = frozenset({"none", "minimal"})


class OpenAIServer:
    """`/chat/completions` as the service answers it."""

    name: DialectName = "openai"

    def parse(self, body: bytes) -> ChatRequest:
        """See `ServerDialect.parse`."""
        value = as_object(body)
        model = named_model(value)
        messages = turns(value.get("messages"))
        stream = value.get("stream")
        if stream is not None and not isinstance(stream, bool):
            raise Malformed("1214", "stream")
        thinking, effort = _thinking(value)
        return ChatRequest(
            model=model,
            system="\n".join(m.content for m in messages if m.role == "system"),
            messages=tuple(m for m in messages if m.role != "system"),
            max_tokens=limit(value),
            stop=stop_words(value.get("stop"), "stop"),
            stream=bool(stream),
            thinking=thinking,
            effort=effort,
        )

    def stream(self, created: int, prompt_tokens: int, stopped_by: str = "") -> OpenAIStream:
        """See `ServerDialect.stream`: this format tells neither the prompt's size in front nor the stop word."""
        return OpenAIStream(created)

    def whole(self, events: Sequence[ReplyEvent], created: int, stopped_by: str = "") -> bytes:
        """See `ServerDialect.whole`."""
        started = next((e for e in events if isinstance(e, ReplyStarted)), ReplyStarted("", ""))
        finish = next((e.reason for e in events if isinstance(e, ReplyFinished)), FinishReason.STOP)
        usage = next((e.usage for e in reversed(events) if isinstance(e, UsageReported)), Usage())
        thought = "".join(e.text for e in events if isinstance(e, ThinkingDelta))
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(e.text for e in events if isinstance(e, TextDelta)),
        }
        if thought:
            message["reasoning_content"] = thought
        return dumps(
            {
                "id": started.id,
                "request_id": started.id,
                "created": created,
                "model": started.model,
                "choices": [{"index": 0, "finish_reason": finish.value, "message": message}],
                "usage": usage_json(usage),
            }
        )

    def refusal(self, code: str, message: str, trace: str, kind: str = "") -> bytes:
        """See `ServerDialect.refusal`: the code is a string here; some hosts add the request's id."""
        body: dict[str, Any] = {"error": {"code": code, "message": message}}
        if trace:
            body["request_id"] = trace
        return dumps(body)

    def refusal_in_stream(self, code: str, message: str, trace: str, *, named: bool) -> bytes:
        """See `ServerDialect.refusal_in_stream`."""
        return (b"event: error\n" if named else b"") + b"data: " + self.refusal(code, message, "") + b"\n\n"


class OpenAIStream:
    """Chunks of one reply; the last one carries the reason it ended and the usage."""

    def __init__(self, created: int) -> None:
        self._created = created
        self._id = ""
        self._model = ""
        self._first = True
        self._reason: FinishReason | None = None

    def encode(self, event: ReplyEvent) -> bytes:
        """See `StreamEncoder.encode`."""
        match event:
            case ReplyStarted(reply_id, model):
                self._id, self._model = reply_id, model
            case ThinkingDelta(text):
                return self._chunk({"reasoning_content": text})
            case TextDelta(text):
                return self._chunk({"content": text})
            case ReplyFinished(reason):
                self._reason = reason
            case UsageReported(usage):
                return self._last(usage)
        return b""

    def close(self) -> bytes:
        """See `StreamEncoder.close`."""
        return self._last(None) + b"data: [DONE]\n\n"

    def _last(self, usage: Usage | None) -> bytes:
        if self._reason is None:
            return b""
        reason, self._reason = self._reason, None
        return self._chunk({"content": ""}, reason.value, usage)

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, usage: Usage | None = None) -> bytes:
        choice: dict[str, Any] = {"index": 0, "delta": delta}
        if self._first or finish:
            choice["delta"] = {"role": "assistant", **delta}
            self._first = False
        if finish:
            choice["finish_reason"] = finish
        chunk: dict[str, Any] = {
            "id": self._id,
            "created": self._created,
            "object": "chat.completion.chunk",
            "model": self._model,
            "choices": [choice],
        }
        if usage is not None:
            chunk["usage"] = usage_json(usage)
        return b"data: " + dumps(chunk) + b"\n\n"


def usage_json(usage: Usage) -> dict[str, Any]:
    """The field `usage`."""
    told: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
    if usage.reasoning_tokens:
        told["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return told


def _thinking(value: dict[str, Any]) -> tuple[bool | None, str]:
    """`thinking` and `reasoning_effort`; the two lowest efforts are a way to say "do not"."""
    effort = value.get("reasoning_effort")
    if effort is not None and not isinstance(effort, str):
        raise Malformed("1214", "reasoning_effort")
    raw = value.get("thinking")
    if raw is None:
        return (False if effort in _EFFORTS_WITHOUT_THINKING else None), effort or ""
    if not isinstance(raw, dict) or raw.get("type") not in {"enabled", "disabled"}:
        raise Malformed("1214", "thinking")
    return raw["type"] == "enabled" and effort not in _EFFORTS_WITHOUT_THINKING, effort or ""
