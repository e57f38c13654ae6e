"""What the language server asks of the assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zai_ls.assistant.plan import Preview
    from zai_ls.assistant.ports import AccountStatus, Decision, Editor, Progress, Texts
    from zai_ls.domain import (
        Ask,
        Change,
        Completed,
        CompletionAsk,
        Declined,
        Diagnostic,
        Offer,
        Outcome,
        Range,
        Snapshot,
    )


class Assisting(Protocol):
    """The assistant, as far as an editor reaches it."""

    def offers(
        self,
        snapshot: Snapshot,
        range_: Range,
        diagnostics: tuple[Diagnostic, ...],
        automatic: bool,
        only: tuple[str, ...] | None,
        /,
    ) -> tuple[Offer, ...]:
        """What can be had at *range_*; local and within milliseconds."""
        ...

    async def run(self, ask: Ask, editor: Editor, progress: Progress, /) -> Outcome:
        """Do what was asked, the landing and every word to the person included."""
        ...

    async def complete(self, ask: CompletionAsk, texts: Texts, /) -> Completed:
        """The completion for *ask*, or why there is none."""
        ...

    def menu_mode(self) -> str:
        """When completions are offered in the editor's menu: `auto`, `invoked` or `off`."""
        ...

    def text_changed(self, uri: str, changes: Sequence[Change], lines: Sequence[str], /) -> None:
        """The document has changed to *lines*. Called at every key."""
        ...

    def completion_accepted(self, proposal_id: str, /) -> None:
        """The person took a completion."""
        ...

    def toggle_completions(self) -> bool:
        """Switch completions off or on again here; True when they are on now."""
        ...

    def explain_last(self) -> tuple[Decision, ...]:
        """What was decided for the last action and for the last completion, the newest first."""
        ...

    def preview(self, ask: Ask, editor: Editor, /) -> Preview | Declined:
        """The request that *ask* would send, without sending it."""
        ...

    def models(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The model that is set for everything, empty when none is; and each that can be: name and a few words on it."""
        ...

    async def quota_page(self, part: str, nonce: str, policy: str, /) -> Mapping[str, object] | None:
        """A part of the quota page: `page`, `words`, or `data`; None for any other."""
        ...

    async def status(self) -> AccountStatus:
        """Where the account stands."""
        ...

    def pause(self) -> None:
        """Stop all requests of the account."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...
