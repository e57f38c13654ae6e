"""Reading a model's reply as it streams: bytes to events to one `Reply`, with progress on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.domain import (
    FinishReason,
    Reply,
    ReplyFinished,
    ReplyStarted,
    TextDelta,
    ThinkingDelta,
    Usage,
    UsageReported,
)
from zai_ls.errors import BadReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.core.redaction import Restorer
    from zai_ls.domain import ReplyEvent
    from zai_ls.glm.dialect import Decoder

_MOST_CHARACTERS = 4 * 2**20
"""Of text and thinking; the longest reply of any model has a quarter of that."""
CHARACTERS_A_TOKEN = 3.5
"""A rough rate, for counting what has arrived before the service's own count does."""


class ReplyObserver:
    """Decodes a reply as it passes and gathers what it says; the observer of the assistant's own exchanges.

    Secrets are put back here, so that nobody above sees a placeholder or a part of one: a piece of text that may be the
    beginning of one is passed on with the next.
    """

    def __init__(
        self,
        decoder: Decoder,
        restorer: Restorer,
        on_event: Callable[[ReplyEvent], None],
        named: Callable[[str], str] = str,
    ) -> None:
        """*named* makes of the model's name, in the service's words, what may be told and kept."""
        self._decoder = decoder
        self._written = restorer.stream()
        self._thought = restorer.stream()
        self._on_event = on_event
        self._named = named
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._characters = 0
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None
        self._model = ""

    def feed(self, chunk: bytes) -> None:
        """Decode the next bytes. Raises what the stream itself reports."""
        for event in self._decoder.feed(chunk):
            self._take(event)

    def close(self) -> None:
        """The body has ended. Raises `BadReply` when the reply had not."""
        for event in self._decoder.close():
            self._take(event)
        self._release()

    def _take(self, event: ReplyEvent) -> None:
        match event:
            case ReplyStarted(model=model):
                self._model = self._named(model)
            case ThinkingDelta(text=text):
                self._characters += len(text)
                event = ThinkingDelta(self._thought.feed(text))
                self._reasoning.append(event.text)
            case TextDelta(text=text):
                self._characters += len(text)
                event = TextDelta(self._written.feed(text))
                self._text.append(event.text)
            case ReplyFinished(reason=reason):
                self._finish = reason
            case UsageReported(usage=usage):
                self._usage = usage
        if self._characters > _MOST_CHARACTERS:
            raise BadReply("the answer has no end")
        self._on_event(event)

    def _release(self) -> None:
        """No more text comes: what was held back is what it is."""
        self._reasoning.append(self._thought.close())
        if rest := self._written.close():
            self._text.append(rest)
            self._on_event(TextDelta(rest))

    @property
    def usage(self) -> Usage | None:
        """The service's count, once it came."""
        return self._usage

    @property
    def received_tokens(self) -> int:
        """About how many tokens have arrived."""
        return round(self._characters / CHARACTERS_A_TOKEN)

    @property
    def served_model(self) -> str:
        """Who answers, in the service's words."""
        return self._model

    def reply(self) -> Reply:
        """All of it."""
        return Reply(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            finish=self._finish or FinishReason.UNKNOWN,
            usage=self._usage or Usage(completion_tokens=self.received_tokens, estimated=True),
            model=self._model,
        )
