"""What the language server asks of the assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zai_ls.assistant.plan import Plan
    from zai_ls.assistant.ports import AccountStatus, Decision, Editor, Progress
    from zai_ls.domain import Ask, Declined, Diagnostic, Offer, Outcome, Range, Snapshot
    from zai_ls.glm.dialect import WireRequest


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

    def explain_last(self) -> Decision | None:
        """What was decided for the last request; None when there was none."""
        ...

    def preview(self, ask: Ask, editor: Editor, /) -> tuple[Plan, WireRequest] | Declined:
        """The request that *ask* would send, without sending it."""
        ...

    def status(self) -> AccountStatus:
        """Where the account stands."""
        ...

    def pause(self) -> None:
        """Stop all requests of the account."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...
