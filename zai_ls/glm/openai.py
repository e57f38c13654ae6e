"""The OpenAI-style dialect: the vendor's own route, and any host that speaks it too."""

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
    **{reason.value: reason for reason in FinishReason if reason is not FinishReason.UNKNOWN},
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.SENSITIVE,
}


class OpenAI:
    """`POST /chat/completions`."""

    name: DialectName = "openai"

    def __init__(self, vendor_fields: bool = True) -> None:
        self._vendor_fields = vendor_fields

    def encode(self, prompt: Prompt, model: ModelEntry, *, stream: bool = True) -> WireRequest:
        """Sampling is off: the vendor recommends it for code, and the same question then has the same answer."""
        plan = plan_thinking(prompt, model)
        messages = [{"role": "user", "content": prompt.user}]
        if prompt.system:
            messages.insert(0, {"role": "system", "content": prompt.system})
        body: dict[str, Any] = {
            "model": model.name,
            "messages": messages,
            "max_tokens": plan.max_tokens,
            "stream": stream,
        }
        if prompt.stop:
            body["stop"] = [prompt.stop]
        if self._vendor_fields and not model.unknown:
            body["do_sample"] = False
            body["thinking"] = {"type": "enabled" if plan.on else "disabled"}
            if plan.effort:
                body["reasoning_effort"] = plan.effort
        else:
            body["temperature"] = 0
            if stream:
                body["stream_options"] = {"include_usage": True}
        headers = (
            ("Content-Type", "application/json"),
            ("Accept", "text/event-stream" if stream else "application/json"),
            ("Accept-Language", "en-US,en"),
        )
        return WireRequest("/chat/completions", headers, as_json(body))

    def decoder(self, *, host: str = "", model: str = "", now: float | None = None) -> OpenAIDecoder:
        """A reader for one reply."""
        return OpenAIDecoder(Body(host=host, model=model, now=now))


class OpenAIDecoder:
    """One reply: chunks of a stream, or a whole completion."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._deltas = Deltas()
        self._id = ""
        self._started = False
        self._spoken = False
        """Something of the reply has been handed on, so that a second beginning cannot be mended any more."""
        self._finished = False
        self._done = False

    def feed(self, chunk: bytes) -> list[ReplyEvent]:
        """See `Decoder.feed`."""
        return [event for sent in self._body.feed(chunk) for event in self._event(sent)]

    def close(self) -> list[ReplyEvent]:
        """See `Decoder.close`."""
        rest, whole = self._body.close()
        events = [event for sent in rest for event in self._event(sent)]
        if whole is not None:
            events += self._chunk(whole)
        if not self._finished:
            raise BadReply("it ended before the model had finished")
        return events

    def _event(self, sent: Event) -> list[ReplyEvent]:
        data = sent.data.strip()
        if self._done or not data:
            return []
        if data == "[DONE]":
            self._done = True
            return []
        value, spliced = self._body.parse(data)
        if sent.name == "error":
            raise self._body.refusal(value)
        if spliced:
            self._restart()
        return self._chunk(value)

    def _restart(self) -> None:
        """The gateway began the reply anew, inside the stream: nothing is lost as long as nothing was said."""
        if self._spoken:
            raise BadReply("restarted")
        self._deltas = Deltas()
        self._started = False
        self._id = ""

    def _chunk(self, value: dict[str, Any]) -> list[ReplyEvent]:
        events: list[ReplyEvent] = []
        self._identify(value, events)
        for choice in dicts(value.get("choices")):
            if choice.get("index", 0) == 0:
                self._choice(choice, events)
        usage = _usage(value.get("usage"))
        if usage is not None:
            events.append(UsageReported(usage))
        return events

    def _identify(self, value: dict[str, Any], events: list[ReplyEvent]) -> None:
        named = value.get("id")
        reply_id = named if isinstance(named, str) else ""
        if self._id and reply_id and reply_id != self._id:
            self._restart()
        if not self._started:
            self._started = True
            events.append(ReplyStarted(reply_id, model_name(value.get("model"))))
        self._id = reply_id or self._id

    def _choice(self, choice: dict[str, Any], events: list[ReplyEvent]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict) and not self._finished:
            thought = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
            text = _text(delta.get("content"))
            self._spoken = self._spoken or bool(thought or text)
            events += self._deltas.thinking(thought)
            events += self._deltas.text(text)
        reason = choice.get("finish_reason")
        if reason and not self._finished:
            self._finished = True
            events += self._deltas.flush()
            events.append(ReplyFinished(_FINISH.get(str(reason), FinishReason.UNKNOWN)))


def _text(value: object) -> str:
    """A piece of text; some hosts send a list of parts."""
    if isinstance(value, str):
        return value
    return "".join(text for part in dicts(value) if isinstance(text := part.get("text"), str))


def _usage(raw: object) -> Usage | None:
    if not isinstance(raw, dict):
        return None
    inside = raw.get("prompt_tokens_details")
    thinking = raw.get("completion_tokens_details")
    return Usage(
        prompt_tokens=count(raw.get("prompt_tokens")),
        cached_tokens=count(inside.get("cached_tokens")) if isinstance(inside, dict) else 0,
        completion_tokens=count(raw.get("completion_tokens")),
        reasoning_tokens=count(thinking.get("reasoning_tokens")) if isinstance(thinking, dict) else 0,
    )
