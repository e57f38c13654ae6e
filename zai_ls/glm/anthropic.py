"""The Anthropic-style dialect: the messages route, with its own events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zai_ls.domain import FinishReason, ReplyFinished, ReplyStarted, Usage, UsageReported
from zai_ls.errors import BadReply
from zai_ls.glm.body import Body
from zai_ls.glm.deltas import Deltas
from zai_ls.glm.dialect import WireRequest, as_json, count, dicts, model_name, plan_thinking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.catalogue import ModelEntry
    from zai_ls.domain import DialectName, Prompt, ReplyEvent
    from zai_ls.glm.sse import Event

_FINISH: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.SENSITIVE,
    **{reason.value: reason for reason in FinishReason if reason is not FinishReason.UNKNOWN},
}

_LEAST_BUDGET = 1024
"""The route's own lower bound on `budget_tokens`."""


class Anthropic:
    """`POST /v1/messages`."""

    name: DialectName = "anthropic"

    def __init__(self, vendor_fields: bool = True) -> None:
        self._vendor_fields = vendor_fields

    def encode(self, prompt: Prompt, model: ModelEntry, *, stream: bool = True) -> WireRequest:
        """The least temperature instead of sampling off, which this route cannot say; thinking forbids it."""
        plan = plan_thinking(prompt, model)
        body: dict[str, Any] = {
            "model": model.name,
            "max_tokens": plan.max_tokens,
            "messages": [{"role": "user", "content": prompt.user}],
            "stream": stream,
        }
        if prompt.system:
            body["system"] = prompt.system
        if prompt.stop:
            body["stop_sequences"] = [prompt.stop]
        thinks = plan.on and plan.max_tokens > _LEAST_BUDGET
        if not self._vendor_fields or model.unknown:
            thinks = False
        elif thinks:
            budget = _LEAST_BUDGET if plan.least else max(_LEAST_BUDGET, plan.room)
            body["thinking"] = {"type": "enabled", "budget_tokens": min(budget, plan.max_tokens - 1)}
        elif model.thinking.can_disable:
            body["thinking"] = {"type": "disabled"}
        if not thinks:
            body["temperature"] = 0
        headers = (
            ("Content-Type", "application/json"),
            ("Accept", "text/event-stream" if stream else "application/json"),
            ("Accept-Language", "en-US,en"),
            ("anthropic-version", "2023-06-01"),
        )
        return WireRequest("/v1/messages", headers, as_json(body))

    def decoder(self, *, host: str = "", model: str = "", now: float | None = None) -> AnthropicDecoder:
        """A reader for one reply."""
        return AnthropicDecoder(Body(host=host, model=model, now=now))


class AnthropicDecoder:
    """One reply: events of a stream, or a whole message."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._deltas = Deltas()
        self._id = ""
        self._started = False
        self._spoken = False
        """Something of the reply has been handed on, so that a second beginning cannot be mended any more."""
        self._finished = False
        self._usage = Usage()

    def feed(self, chunk: bytes) -> list[ReplyEvent]:
        """See `Decoder.feed`."""
        return [event for sent in self._body.feed(chunk) for event in self._event(sent)]

    def close(self) -> list[ReplyEvent]:
        """See `Decoder.close`."""
        rest, whole = self._body.close()
        events = [event for sent in rest for event in self._event(sent)]
        if whole is not None:
            self._message(whole, events)
            for block in dicts(whole.get("content")):
                self._block(block, events)
            self._finish(whole.get("stop_reason"), events)
        if not self._finished:
            raise BadReply("it ended before the model had finished")
        return events

    def _event(self, sent: Event) -> list[ReplyEvent]:
        value, spliced = self._body.parse(sent.data)
        if spliced and self._spoken:
            raise BadReply("restarted")
        events: list[ReplyEvent] = []
        match value.get("type"):
            case "message_start":
                self._message(_dict(value.get("message")), events)
            case "content_block_start":
                self._block(_dict(value.get("content_block")), events)
            case "content_block_delta":
                self._block(_dict(value.get("delta")), events)
            case "message_delta":
                self._count(value.get("usage"), events)
                self._finish(_dict(value.get("delta")).get("stop_reason"), events)
            case _:  # ping, content_block_stop, message_stop, and what later versions add
                pass
        return events

    def _message(self, message: dict[str, Any], events: list[ReplyEvent]) -> None:
        named = message.get("id")
        reply_id = named if isinstance(named, str) else ""
        if self._started and self._spoken:
            raise BadReply("restarted")
        self._started, self._id, self._deltas = True, reply_id, Deltas()
        events.append(ReplyStarted(reply_id, model_name(message.get("model"))))
        self._count(message.get("usage"), events)

    def _block(self, block: dict[str, Any], events: list[ReplyEvent]) -> None:
        text, thought = block.get("text"), block.get("thinking")
        if self._finished:
            return
        if isinstance(thought, str) and thought:
            self._spoken = True
            events += self._deltas.thinking(thought)
        if isinstance(text, str) and text:
            self._spoken = True
            events += self._deltas.text(text)

    def _finish(self, reason: object, events: list[ReplyEvent]) -> None:
        if reason and not self._finished:
            self._finished = True
            events += self._deltas.flush()
            events.append(ReplyFinished(_FINISH.get(str(reason), FinishReason.UNKNOWN)))

    def _count(self, raw: object, events: list[ReplyEvent]) -> None:
        """The route reports its count in two halves, and either may be zero: what is known stays."""
        if not isinstance(raw, dict):
            return
        cached = count(raw.get("cache_read_input_tokens"))
        prompt = count(raw.get("input_tokens")) + cached + count(raw.get("cache_creation_input_tokens"))
        before = self._usage
        self._usage = Usage(
            prompt_tokens=prompt or before.prompt_tokens,
            cached_tokens=cached if prompt else before.cached_tokens,
            completion_tokens=count(raw.get("output_tokens")) or before.completion_tokens,
        )
        events.append(UsageReported(self._usage))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
