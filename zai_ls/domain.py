"""The nouns of zai-ls: plain values, compared by content, with no behaviour beyond what their words mean.

Positions are in an ideal editor's words: zero-based line, zero-based column in Unicode code points.
LSP's units are converted in `lsp/convert.py` and nowhere else.
Times are epoch seconds (`*_at`) or seconds (`*_s`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


# -- who asks -----------------------------------------------------------------------------------------------


class Lane(StrEnum):
    """Who wishes for the slot."""

    ACTION = "action"
    """A person asked for a code action."""
    INVOKED = "invoked"
    """A person asked for a completion."""
    TYPING = "typing"
    """The editor guessed, while a person types."""
    AGENT = "agent"
    """Another tool, through the gateway."""


class Secret:
    """A string that never shows itself: not in `repr`, not in logs, not in tracebacks of values."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The string itself; call it where the header is built and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


DialectName = Literal["openai", "anthropic"]
PlanName = Literal["payg", "lite", "pro", "max"]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose limit and quota it is, and how to reach it."""

    label: str
    """Stable name of the account: a digest of key and host, or the user's own word for several keys of one plan."""
    base_url: str
    """Whole API base without a trailing slash, such as `https://api.z.ai/api/paas/v4`."""
    dialect: DialectName
    key: Secret
    plan: PlanName = "payg"
    slots: int = 1
    """Most requests in flight; the smallest value among live processes counts."""
    proxy: str | None = None

    @property
    def host(self) -> str:
        """Whom a sentence for a person names: the host of `base_url`, with its port when that is not the usual one."""
        return self.base_url.partition("://")[2].partition("/")[0]


# -- text ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place between two characters: zero-based line and column, in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """From *start* up to, not including, *end*."""

    start: Point
    end: Point

    @property
    def is_empty(self) -> bool:
        """True when it covers no character."""
        return self.start == self.end


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace *range* by *text*."""

    range: Range
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded step of a document: *range* of the text before it became *text*, giving *version*."""

    version: int
    range: Range
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What another tool says about a range."""

    range: Range
    message: str
    severity: int = 1
    """1 error, 2 warning, 3 information, 4 hint, as in LSP."""
    source: str = ""
    code: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A document as it was at one instant, taken before the first await."""

    uri: str
    language: str
    """The editor's language id, such as `python` or `typescriptreact`."""
    version: int
    lines: tuple[str, ...]
    """Split as LSP says (`\\n`, `\\r\\n`, `\\r` only), endings kept; the last one has none and may be empty."""
    path: str | None = None
    """File-system path, when the document has one."""

    @cached_property
    def text(self) -> str:
        """The whole document."""
        return "".join(self.lines)


# -- what a person asks -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """One code action, as a person asked for it."""

    action: str
    """A row of the table of actions: `simplify`, `fix`, …"""
    uri: str
    range: Range | None = None
    """What was selected; an empty one means the definition around the cursor, None the whole document."""
    version: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    instruction: str | None = None
    model: str | None = None
    """An explicit choice of model for this call."""


@dataclass(frozen=True, slots=True)
class CompletionAsk:
    """A wish for a completion at a cursor."""

    snapshot: Snapshot
    point: Point
    invoked: bool = False
    """A person asked for it; else the editor did, while they type."""
    selected: str | None = None
    """What the item that is selected in the editor's own menu would insert at the cursor; None when no menu is open."""
    waits_s: float | None = None
    """How long whoever asks can wait: 0 takes only what is ready; None waits as long as it makes sense."""
    for_later: bool = False
    """Nobody gets the answer: it is made ready for who asks next."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One code action that can be had here."""

    title: str
    action: str
    kind: str
    """LSP code action kind, such as `refactor.rewrite.zai.simplify`: kinds are the public names of product.md."""
    range: Range
    diagnostics: tuple[Diagnostic, ...] = ()
    instruction: str | None = None
    disabled: str | None = None
    """Why it cannot be had now, as a sentence; None when it can."""


# -- what the model is asked, and what it says --------------------------------------------------------------


class Thinking(StrEnum):
    """What a request says about the model's thinking; the catalogue turns it into fields the model accepts."""

    OFF = "off"
    """As little as the model allows."""
    AUTO = "auto"
    """As the catalogue says for this model."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What is sent in the place of a secret. Lives in memory only, as long as its request."""

    placeholder: str
    secret: Secret
    kind: str
    """What it is, such as `github` or `password`; its words are `secret.<kind>`."""
    head: int = 0
    """So many characters of the placeholder are the secret's own: `ghp_`, by which anybody knows its kind."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, free of any wire format."""

    system: str
    user: str
    max_tokens: int
    """Bound on the reply; thinking counts against it."""
    stop: str | None = None
    """At most one stop word: the service supports no more."""
    thinking: Thinking = Thinking.AUTO
    stand_ins: tuple[StandIn, ...] = ()
    """The secrets that are not in it, and what stands in their place; the reply is restored before anyone reads it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Part of `prompt_tokens` that the service had cached."""
    completion_tokens: int = 0
    """Thinking included."""
    reasoning_tokens: int = 0
    estimated: bool = False
    """True when we counted, not the service."""


class FinishReason(StrEnum):
    """Why the model stopped, in the service's own words (glm-api 1.4); anything else is a failure."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    SENSITIVE = "sensitive"
    NETWORK_ERROR = "network_error"
    CONTEXT_EXCEEDED = "model_context_window_exceeded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """First event of a stream; *model* is who really answers, which may differ from who was asked."""

    id: str
    model: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """The model stopped."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class UsageReported:
    """The service's own count; the last one of a stream counts."""

    usage: Usage


ReplyEvent = ReplyStarted | ThinkingDelta | TextDelta | ReplyFinished | UsageReported


@dataclass(frozen=True, slots=True)
class Reply:
    """All that the model said."""

    text: str
    reasoning: str
    finish: FinishReason
    usage: Usage
    model: str
    """The model that the service says answered."""


# -- what we make of it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileChange:
    """Edits of one document, against the text of *version*; they do not overlap and are in ascending order."""

    uri: str
    edits: tuple[Edit, ...]
    version: int | None = None
    create: bool = False
    """True when the file is new: the one edit inserts its whole text."""


@dataclass(frozen=True, slots=True)
class Edits:
    """An outcome that changes files, to be applied as one step that one undo takes back."""

    label: str
    changes: tuple[FileChange, ...]
    review: bool = False
    """The person wants to see them before they are applied, where the editor can show them."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An outcome to read."""

    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing to offer, and why: a value, not an error."""

    reason: str
    """Stable id, such as `unchanged`, `empty_reply`, `no_such_document`."""
    text: str
    """The same as a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was not applied, because it would break or overwrite something; nothing is lost."""

    reason: str
    """`conflict`, `breaks_syntax`, `not_code`, `cut_off`, `lost_secret`, `spoofs`, `barred`, `refused_by_editor`, `discarded`,
    `document_closed`."""
    text: str
    answer_id: str
    path: str
    """Where the answer lies."""


Outcome = Edits | Explanation | Declined | Kept


@dataclass(frozen=True, slots=True)
class Proposed:
    """A completion to show: *text* would be inserted at the cursor."""

    id: str
    """Names it when the editor says that it was accepted."""
    text: str
    """With `\\n` as line ends."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """No completion, and why: a value, not an error."""

    reason: str
    """Stable id, such as `inside_word`, `after_deletion`, `superseded`, `no_answer`."""
    text: str
    """The same as a sentence for a person."""


Completed = Proposed | Quiet


class Landing(Enum):
    """What became of an edit that was handed to an editor."""

    APPLIED = "applied"
    """The editor's next didChange gave the expected text."""
    STALE = "stale"
    """The document had moved on: rebase and try again."""
    REFUSED = "refused"
    """The editor will not apply it, now or later."""
    DISCARDED = "discarded"
    """The person has looked at it and did not want it."""


@dataclass(frozen=True, slots=True)
class Expense:
    """What a request will likely take from the account."""

    usage: Usage
    credits: float = 0.0
    """From windows in credits."""
    prompts: float = 0.0
    """From windows in prompts."""
    money: float | None = None
    """In the account's currency, where tokens are paid for; None when the price is not known or a plan pays."""

    def of(self, unit: str) -> float | None:
        """From a window in *unit*; None when that cannot be told."""
        return {"credits": self.credits, "prompts": self.prompts, "money": self.money}.get(unit)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model, and why, in words."""

    model: str
    tier: Literal["light", "standard", "strong", "chosen"]
    reason: str
    score: float
    features: Mapping[str, float]
    """What made the score."""
    fallbacks: tuple[str, ...] = ()
    """Models to go on with when the service refuses this one, in this order; none in place of what a person chose."""
    expense: Expense | None = None
    """What the request will likely take with this model."""
    in_place_of: str = ""
    """The model that the score alone would have got; empty when it is this one, or when a person chose."""
    saving: frozenset[str] = frozenset()
    """What speaks for a cheaper model now, by id; the next choice is made in its light, so that it does not flicker."""


# -- quota --------------------------------------------------------------------------------------------------

WindowName = Literal["5h", "week", "month", "budget"]
"""`month` is that of tool calls; `budget` is what a person allows themselves."""

Unit = Literal["credits", "prompts", "tokens", "calls", "money"]
"""What a window counts."""


@dataclass(frozen=True, slots=True)
class Window:
    """One quota period."""

    name: WindowName
    used_percent: float | None
    """0..100; None when unknown. Unknown is never 0."""
    resets_at: float | None
    """When it refills, whole or (where each use returns by itself) for the last bit of it; None while it is not open, or unknown."""
    source: Literal["reported", "estimated"]
    limit: float | None = None
    used: float | None = None
    unit: Unit = "credits"
    read_at: float | None = None
    """When the service told of it; what was sent since is added by our own count. None: it never did, for this period."""
    others: float = 0.0
    """Per cent of the window by which the last reading was above what this machine's own requests explain."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of the quota endpoint, or of the balance endpoint where the account has no plan."""

    at: float
    """When it came, epoch seconds."""
    windows: tuple[Window, ...] = ()
    """As the service told of them, `source` always `reported`; those that it did not tell of are missing."""
    level: str = ""
    """The plan, in the service's word; empty when it does not say."""
    balance: float | None = None
    """Money left, pay-as-you-go; None when unknown."""
    currency: Literal["usd", "cny"] = "usd"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a window is going at the pace of late."""

    name: WindowName
    pace: float
    """In the window's unit (per cent where its limit is not known), an hour."""
    ends_at: float | None = None
    """When it is used up at that pace; None: not before it refills, or not known."""
    returns_at: float | None = None
    """When something comes back."""
    returns: float | None = None
    """How much does then, in the same unit as `pace`."""
