"""A reply before it is sent: what is thought, what is said, how it ends, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.domain import (
    FinishReason,
    ReplyFinished,
    ReplyStarted,
    TextDelta,
    ThinkingDelta,
    Usage,
    UsageReported,
)
from zai_ls.emulator import author, tokens

if TYPE_CHECKING:
    from zai_ls.catalogue import ModelEntry
    from zai_ls.domain import ReplyEvent
    from zai_ls.emulator.script import Answer, Fault
    from zai_ls.glm.chat_request import ChatRequest


@dataclass(frozen=True, slots=True)
class Reply:
    """All of it."""

    id: str
    model: str
    pieces: tuple[ThinkingDelta | TextDelta, ...]
    finish: FinishReason
    usage: Usage
    stopped_by: str = ""
    """The stop word that ended it."""

    @property
    def events(self) -> list[ReplyEvent]:
        """From beginning to end."""
        return [
            ReplyStarted(self.id, self.model),
            *self.pieces,
            ReplyFinished(self.finish),
            UsageReported(self.usage),
        ]

    def spent_after(self, sent: int) -> Usage:
        """What is charged when only *sent* pieces went out."""
        return Usage(self.usage.prompt_tokens, self.usage.cached_tokens, sent)


def compose(
    request: ChatRequest,
    entry: ModelEntry,
    *,
    reply_id: str,
    cached_tokens: int = 0,
    answer: Answer | None = None,
    fault: Fault | None = None,
) -> Reply:
    """The reply to *request* by the model *entry*: word for word as *answer* says, else as the author writes it."""
    text, thought = _words(request, entry, answer)
    finish = answer.finish if answer else FinishReason.STOP
    model = (answer.model if answer else "") or entry.name
    bounded = True
    match fault.name if fault else "":
        case "empty-text":
            text, thought = "", thought or author.think(request, "high")
        case "huge":
            assert fault is not None
            text, bounded = author.at_length(text, int(fault.number)), False
        case "finish":
            assert fault is not None
            finish = FinishReason(fault.argument)
        case "other-model":
            assert fault is not None
            model = fault.argument
    stopped_by = ""
    cuts = [(text.find(word), word) for word in request.stop if word in text]
    if cuts:
        at, stopped_by = min(cuts)
        text = text[:at]
    pieces: list[ThinkingDelta | TextDelta] = [ThinkingDelta(piece) for piece in tokens.pieces(thought)]
    thoughts = len(pieces)
    pieces += [TextDelta(piece) for piece in tokens.pieces(text)]
    if bounded and request.max_tokens is not None and len(pieces) > request.max_tokens:
        pieces, finish, stopped_by = pieces[: request.max_tokens], FinishReason.LENGTH, ""
    usage = Usage(
        prompt_tokens=tokens.count(request.text),
        cached_tokens=cached_tokens,
        completion_tokens=len(pieces),
        reasoning_tokens=min(thoughts, len(pieces)),
    )
    if answer is not None and answer.usage is not None:
        usage = answer.usage
    return Reply(reply_id, model, tuple(pieces), finish, usage, stopped_by)


def _words(request: ChatRequest, entry: ModelEntry, answer: Answer | None) -> tuple[str, str]:
    if answer is not None:
        return answer.text, answer.thinking
    thinks = request.thinking is not False or not entry.thinking.can_disable
    effort = request.effort or ("low" if request.thinking is False else "high")
    return author.write(request), author.think(request, effort) if thinks else ""
