"""A dialect: how a prompt becomes a request's bytes, and how a reply's bytes become events. The seam of the wire.

Which fields may be sent: those that only the vendor knows (`thinking`, `reasoning_effort`, `do_sample`) go to a model of
the catalogue on a host of the vendor or of this machine (the emulator, a local GLM), and to nobody else: other hosts may
refuse what they do not know. The account's own setting overrules this.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from zai_ls.catalogue import is_this_machine
from zai_ls.domain import Thinking
from zai_ls.visible import visible

if TYPE_CHECKING:
    from zai_ls.catalogue import Catalogue, ModelEntry
    from zai_ls.domain import Account, DialectName, Prompt, ReplyEvent


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request, but for the host and the key, which the client adds."""

    path: str
    """Below the account's base URL."""
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Decoder(Protocol):
    """Reads one reply, streamed or whole, whatever way its bytes are cut."""

    def feed(self, chunk: bytes) -> list[ReplyEvent]:
        """The events that *chunk* completes.

        Raises what the body itself reports (a `ServiceError`), and `BadReply` for what is no reply.
        """
        ...

    def close(self) -> list[ReplyEvent]:
        """The body has ended: the events that only its end completes (those of a reply in one piece, mostly).

        Raises `BadReply` when the model was not said to have stopped: a cut reply is a failure, never a short answer.
        """
        ...


class Dialect(Protocol):
    """One wire format. Holds no state of a request."""

    @property
    def name(self) -> DialectName:
        """As in `Account.dialect`."""
        ...

    def encode(self, prompt: Prompt, model: ModelEntry, *, stream: bool = True) -> WireRequest:
        """The request that asks *prompt* of *model*."""
        ...

    def decoder(self, *, host: str = "", model: str = "", now: float | None = None) -> Decoder:
        """A reader for one reply. *host*, *model* and *now* (epoch seconds) go into the errors it may raise."""
        ...


def dialect_for(account: Account, catalogue: Catalogue, *, vendor_fields: bool | None = None) -> Dialect:
    """The dialect that *account* speaks; *vendor_fields* overrules the rule above."""
    from zai_ls.glm.anthropic import Anthropic
    from zai_ls.glm.openai import OpenAI

    if vendor_fields is None:
        vendor_fields = catalogue.is_vendor(account.base_url) or is_loopback(account.base_url)
    return Anthropic(vendor_fields) if account.dialect == "anthropic" else OpenAI(vendor_fields)


def is_loopback(url: str) -> bool:
    """Does *url* lie on this machine?"""
    return is_this_machine(urlsplit(url).hostname or "")


@dataclass(frozen=True, slots=True)
class ThinkingPlan:
    """What a request says about thinking, before a dialect spells it."""

    on: bool
    effort: str
    max_tokens: int
    """The prompt's bound, with room for the thinking, within what the model can say."""
    room: int
    least: bool
    """It was asked to think as little as it can."""


def plan_thinking(prompt: Prompt, model: ModelEntry) -> ThinkingPlan:
    """The catalogue's rule applied: `OFF` is the least thinking that the model allows."""
    rule = model.thinking
    least = prompt.thinking is Thinking.OFF
    on = not rule.can_disable or (rule.auto and not least)
    effort = (rule.efforts[0] if least else rule.auto_effort) if on and rule.efforts else ""
    room = rule.room if on else 0
    return ThinkingPlan(on, effort, min(prompt.max_tokens + room, model.max_output), room, least)


# -- what both dialects do to JSON ---------------------------------------------------------------------------


def as_json(body: dict[str, Any]) -> bytes:
    """UTF-8, with lone surrogates (which an editor may well have in a document) as the replacement character."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing for what is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


_MOST_TOKENS = 10**9
_LONGEST_NAME = 100


def count(raw: object) -> int:
    """A number of tokens; 0 for what is none, or cannot be true."""
    if not isinstance(raw, (int, float)) or isinstance(raw, bool):
        return 0
    return int(raw) if 0 <= raw <= _MOST_TOKENS else 0


def model_name(raw: object) -> str:
    """Who answers, in the service's words, if those can be a name."""
    return visible(raw.strip()[:_LONGEST_NAME]) if isinstance(raw, str) else ""
