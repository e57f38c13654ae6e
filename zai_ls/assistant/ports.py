"""What the assistant and an editor say to each other, in an ideal editor's words. LSP and the command line adapt to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import (
        Ask,
        Change,
        Choice,
        Edits,
        Forecast,
        Landing,
        Outcome,
        Snapshot,
        Window,
        WindowName,
    )


class Texts(Protocol):
    """The open documents."""

    def read(self, uri: str) -> Snapshot | None:
        """The document as it is now; None when it is not open (any more)."""
        ...

    def others(self, uri: str) -> tuple[Snapshot, ...]:
        """The other open documents, the one that was changed last first."""
        ...

    def lines_lately(self, uri: str, seconds: float) -> Sequence[str] | None:
        """The document as it was so long ago, as far as that is known; None when it is not open."""
        ...


class Editor(Texts, Protocol):
    """What the assistant needs of an editor; `lsp/` implements it over the protocol, `cli/` over files."""

    def read_file(self, uri: str) -> Snapshot | None:
        """A file that need not be open: the open document if there is one, else what lies on disk; None when neither."""
        ...

    def changes_since(self, uri: str, version: int) -> tuple[Change, ...] | None:
        """What happened to the document after *version*, oldest first; None when that is no longer known."""
        ...

    @property
    def reviews(self) -> bool:
        """Can it show edits to the person before it applies them?"""
        ...

    async def apply(self, edits: Edits) -> Landing:
        """Apply as one undo step. APPLIED only when the document was seen to have the expected text afterwards."""
        ...

    async def show(self, title: str, markdown: str) -> None:
        """Show a text to read, as a document where the editor can, else as a message."""
        ...

    def tell(self, severity: Literal["error", "warning", "info"], text: str) -> None:
        """One sentence for the person."""
        ...


StageKind = Literal["waiting", "sent", "thinking", "writing", "applying", "review", "done"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a running request stands, for progress and status. Every field is what is known so far."""

    kind: StageKind
    model: str = ""
    tokens: int = 0
    seconds: float = 0.0
    place: int = 0
    """Requests ahead in line, while waiting."""
    expected_s: float | None = None
    text: str = ""
    """The same as a short phrase for a person."""


class Progress(Protocol):
    """Told about each stage; must return at once."""

    def report(self, stage: Stage) -> None:
        """*stage* has been reached."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for a request, kept for `zai.explainLast`."""

    ask: Ask
    choice: Choice | None
    outcome: Outcome | None
    lines: tuple[str, ...]
    """What happened, sentence by sentence."""
    at: float = 0.0
    """When, epoch seconds."""
    served_by: str = ""
    """The model that the service says answered; empty when none did, or it did not say."""


@dataclass(frozen=True, slots=True)
class WindowStatus:
    """One quota window in a status line."""

    name: WindowName
    """`5h`, `week`, `month` (of tool calls) or `budget` (a person's own)."""
    used_percent: float | None
    """0 to 100; null when unknown, which is not 0."""
    resets_at: float | None
    """When it refills, epoch seconds; null when it is not open, or unknown."""
    source: Literal["reported", "estimated"]
    """Whether the service told of this period, or we have only counted ourselves."""
    ends_at: float | None = None
    """When it is used up at the pace of late, epoch seconds; null when it refills before."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Until when something takes no requests."""

    until: float | None
    """Epoch seconds; null: until a person resumes."""
    reason: str
    """A sentence."""
    model: str = ""
    """Only this model; empty: the whole account."""
    lane: str = ""
    """Only this lane, such as `typing`; empty: all."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an editor's status line shows of this process. Times are epoch seconds."""

    state: Literal["ready", "busy", "off", "problem", "paused", "closed"]
    """`busy`: a request is under way; `off`: completions are switched off in this window; `problem`: the last request failed;
    `paused`: by a person; `closed`: the account takes no requests at present."""
    text: str
    """A few words."""
    detail: str = ""
    """A sentence: what happened, what to do; empty when there is nothing to say."""
    tooltip: str = ""
    """Some lines of Markdown with all there is to say."""
    severity: Literal["none", "info", "warning", "error"] = "none"
    """For colours: `warning` from 80 % of a window on, `error` when requests fail or the account is closed."""
    windows: tuple[WindowStatus, ...] = ()
    """The quota windows."""
    forecast: str = ""
    """The forecast that matters most, as a sentence; empty when there is none."""
    model: str = ""
    """The model in use, or used last."""
    place: int | None = None
    """Requests ahead of the running action in line; null when none waits."""
    cooldown: Cooldown | None = None
    """What takes no requests now."""
    last_decline: str = ""
    """Why the last request brought nothing, as a sentence."""
    needs: Literal["", "key"] = ""
    """What a person has to give before anything can be asked: `key` when there is no API key."""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """What `status` prints and `zai/status` carries."""

    account: str
    host: str
    plan: str
    windows: tuple[Window, ...]
    waiting: int
    in_flight: int
    closed_until: float | None
    """None also when it is closed until a person resumes."""
    closed_reason: str
    """A sentence; empty when it is open."""
    paused: bool
    """By a person, and not by the service."""
    dispatcher: str
    """`repr(dispatcher)`: the one line that status, doctor and tests print."""
    forecasts: tuple[Forecast, ...] = ()
    """Where the windows are going."""
