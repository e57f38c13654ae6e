"""The right to have a request in flight, shared by all processes of an account: the interface.

Implementations: `slot_local` (SQLite tickets for order, OS file locks for exclusion) and `slot_memory` (one process, tests).
One contract suite (`tests/contract`) runs over all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zai_ls.errors import Closed, FairUse, ModelClosed, Paused, QuotaExhausted

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from zai_ls.core.scheduling import SlotView, Ticket
    from zai_ls.core.throttle import Closure
    from zai_ls.errors import ZaiError

GAP = "gap"
"""Code of the closure after a holder that did not leave cleanly: the service notices later than we do."""
PAUSED = "paused"
"""Code of a person's pause."""
FAIR_USE = "1313"
"""The service's own stop for fair use, which a person has to lift (glm-api 2.2)."""


_OF_A_MODEL = frozenset({"Overloaded", "UnknownModel", "PlanLacksModel"})
"""Classes of refusals that close one model, not the account."""


class Place:
    """Where a waiting ticket stands, as told to `on_position`."""

    __slots__ = ("ahead", "expected_s", "holder", "reason", "until")

    def __init__(
        self, ahead: int, expected_s: float | None, holder: str, until: float | None, reason: str
    ) -> None:
        self.ahead = ahead
        """Requests before this one, the one in flight included."""
        self.expected_s = expected_s
        """Likely wait in seconds; None when unknown."""
        self.holder = holder
        """Lane of the request in flight, or empty."""
        self.until = until
        """When a closure ends that holds everybody up, or None."""
        self.reason = reason
        """Business code or own code of that closure, or empty."""


class Lease(Protocol):
    """The slot, held. Release it exactly once; releasing is synchronous so that no cancellation can lose it."""

    ticket: Ticket
    revoked: asyncio.Event
    """Set when a person's request wants the slot and this one is `typing`: close the stream and release."""

    def release(self, *, clean: bool) -> None:
        """Give the slot back. *clean*: the body was read to its end; otherwise the next holder waits the gap."""
        ...

    def give_back(self, eligible_at: float) -> None:
        """Give the slot back unused and keep the place in line: not served before *eligible_at*. `hold` again to wait."""
        ...


class Slot(Protocol):
    """The shared slot of all accounts of one user."""

    async def hold(self, ticket: Ticket, on_position: Callable[[Place], None] | None = None) -> Lease:
        """Wait in line, then hold the slot.

        A ticket id that was given back keeps its rank.
        Raises `Superseded` (a newer ticket of the topic came), `Busy` (deadline, or the expected wait exceeds it),
        `Closed`/`Paused`/`QuotaExhausted` (its lane was refused), `StateUnusable`.
        Cancelling the caller takes the ticket out of line.
        """
        ...

    def close(
        self, account: str, until: float, code: str, *, model: str = "", lane: str = "", reason: str = ""
    ) -> None:
        """No request of the account (of *model*, of *lane*) starts before *until*, in any process.

        A later `until` of the same (model, lane, code) replaces an earlier one, never the other way round.
        """
        ...

    def reopen(self, account: str, code: str = "", *, model: str | None = None) -> None:
        """Take back closures of *code* (of any code when empty); only those of *model*, when one is named."""
        ...

    def refuse(self, account: str, lane: str, until: float, code: str, reason: str) -> None:
        """Close *lane* and answer all its waiting tickets, in all processes, with that refusal."""
        ...

    def view(self, account: str) -> SlotView:
        """Who waits, who holds, what is closed."""
        ...

    def closures(self, account: str) -> tuple[Closure, ...]:
        """What is closed now."""
        ...

    async def aclose(self) -> None:
        """Leave: tickets of this process are withdrawn, its leases released as aborted."""
        ...


def refusal(code: str, reason: str, until: float | None) -> ZaiError:
    """The error that says what a closure of *code* means: paused by a person, a spent window, or closed for another reason."""
    from zai_ls.catalogue import shipped_codes
    from zai_ls.messages import say

    if code == PAUSED:
        return Paused(reason, code=code)
    known = shipped_codes().get(code)
    if known is not None and known.window:
        return QuotaExhausted(reason, code=code, resets_at=until, window=known.window)
    if code == FAIR_USE:
        return FairUse(reason, code=code)
    kind = ModelClosed if known is not None and known.error in _OF_A_MODEL else Closed
    return kind(reason, code=code, resets_at=until, why=reason or say("error.closed_unsaid", code=code))
