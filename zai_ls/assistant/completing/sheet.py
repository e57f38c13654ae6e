"""One document as it is being written in: the person's rhythm, what was proposed there, and what is under way."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from cachetools import TTLCache

from zai_ls.core.completion.pace import GAPS_KEPT, LONGEST_GAP_S
from zai_ls.core.completion.proposal import rest_of
from zai_ls.core.text import split_lines
from zai_ls.domain import Point

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zai_ls.assistant.completing.flight import Flight
    from zai_ls.core.completion.proposal import Proposal
    from zai_ls.domain import Change, CompletionAsk

_PROPOSALS = 32
_PROPOSALS_S = 600.0


class Turn:
    """A wish that waits; over as soon as a newer one comes."""

    def __init__(self, ask: CompletionAsk) -> None:
        self.ask = ask
        self.newer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_open = True
        """Its wish has no answer yet."""

    def end(self) -> None:
        """A newer wish has come."""
        if not self.newer.done():
            self.newer.set_result(None)


class Sheet:
    """What is known of one open document. All times are the clock's."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._proposals: TTLCache[str, Proposal] = TTLCache(_PROPOSALS, _PROPOSALS_S, timer=now)
        self.gaps: deque[float] = deque(maxlen=GAPS_KEPT)
        """Seconds between the latest changes, without the pauses in which a person thinks."""
        self.changed_at: float | None = None
        self.deleted = False
        """The last change took something away."""
        self.cursor: Point | None = None
        """Where the last change ended."""
        self.flight: Flight | None = None
        """The latest request of this document, until it has ended."""
        self._turn: Turn | None = None

    def take_turn(self, ask: CompletionAsk) -> Turn | None:
        """A new wish waits from now on, and the one before it is over; None: a person's own for the same text goes first."""
        before = self._turn
        if before is not None and before.is_open:
            if before.ask.invoked and not ask.invoked and before.ask.snapshot.version == ask.snapshot.version:
                return None
            before.end()
        self._turn = Turn(ask)
        return self._turn

    def changed(self, changes: Sequence[Change]) -> None:
        """The person, or something, changed the document."""
        now = self._now()
        if self.changed_at is not None and 0 <= now - self.changed_at <= LONGEST_GAP_S:
            self.gaps.append(now - self.changed_at)
        self.changed_at = now
        last = changes[-1]
        self.deleted = not last.text and not last.range.is_empty
        pieces = split_lines(last.text)
        start = last.range.start
        self.cursor = (
            Point(start.line, start.column + len(last.text))
            if len(pieces) == 1
            else Point(start.line + len(pieces) - 1, len(pieces[-1]))
        )

    def keep(self, proposal: Proposal) -> None:
        """Remember what a model proposed here, also that it had nothing to say."""
        self._proposals[proposal.id] = proposal

    def ready(self, lines: Sequence[str], point: Point) -> tuple[Proposal, str] | None:
        """The latest proposal that fits at *point*, and what is left of it: typed through, or seen here before.

        The rest is empty only when a model had nothing to say at just this place.
        """
        for proposal in reversed(list(self._proposals.values())):
            rest = rest_of(proposal, lines, point)
            if rest is not None and (rest.strip() or not proposal.text):
                return proposal, rest
        return None
