"""What became of each completion that was shown: told by the editor, or read from what it changes in the document.

At most one is shown in a document. What became of it is written once it is known: when all of it is taken, when
something else is typed there, when another one takes its place. Of one that is taken word by word it is written when
that ends, at the latest at the look after it. Where a bracket stands in its way, more of it may be taken later.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from zai_ls.core.completion.fate import Fate, is_still_there, judged, showing_of
from zai_ls.core.completion.proposal import rest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zai_ls.clock import Clock
    from zai_ls.core.completion.fate import Outcome, Showing
    from zai_ls.core.completion.proposal import Proposal
    from zai_ls.domain import Change, Lane, Point, Snapshot

SEEN_S = 0.25
"""What was visible for less was not seen by anybody, unless they took it."""
LOOK_S = 30.0
"""So long after it was accepted it is looked at once."""
LATELY_S = 300.0
"""A miss is forgotten when none came for so long."""
_REMEMBERED = 32
"""So many of the latest decided ones are known when the editor tells late that one was accepted."""


class Notes(Protocol):
    """Where it is written; never fails."""

    def note(self, fate: Fate) -> None:
        """What became of a completion."""
        ...

    def retained(self, id_: str, kept: bool) -> None:
        """Is what was accepted still there a while later?"""
        ...


@dataclass(slots=True, eq=False)
class _Shown:
    """A completion that is before a person, or was."""

    id: str
    uri: str
    account: str
    lane: Lane
    model: str
    language: str
    editor: str
    cached: bool
    shown_at: float
    showing: Showing
    characters: int = 0
    lines: int = 0
    accepted_at: float | None = None
    pieces: list[str] = field(default_factory=list)
    """What was taken, one after the other."""
    written: int = -1
    """So much of it is written as accepted; less than 0: nothing is written."""

    @property
    def taken(self) -> int:
        """Characters that were accepted; some may have been taken twice."""
        return min(self.characters, sum(map(len, self.pieces)))

    def shows(self, showing: Showing, most: int) -> None:
        """What is left now; what counts as shown is all that ever was, and not more than *most*."""
        self.showing = showing
        self.characters = max(self.characters, min(most, self.taken + len(showing.rest)))
        self.lines = max(self.lines, showing.rest.count("\n") + 1)


@dataclass(slots=True)
class _Misses:
    count: int
    at: float


class Fates:
    """Of one editor. *read* gives a document as it is now, None when it is not open."""

    def __init__(self, clock: Clock, notes: Notes, read: Callable[[str], Snapshot | None]) -> None:
        self._clock = clock
        self._notes = notes
        self._read = read
        self._shown: dict[str, _Shown] = {}
        """By document."""
        self._decided: dict[str, _Shown] = {}
        """The latest, by id; the oldest first."""
        self._looks: dict[str, tuple[_Shown, asyncio.Task[None]]] = {}
        """By id."""
        self._misses: dict[str, _Misses] = {}
        """By document."""

    # -- what happens ---------------------------------------------------------------------------------------

    def shown(
        self,
        proposal: Proposal,
        rest: str,
        point: Point,
        *,
        lane: Lane,
        model: str,
        language: str,
        editor: str,
        account: str,
        cached: bool,
    ) -> None:
        """*rest* of *proposal* is put before the person at *point* of the document as it is now.

        The same proposal again only updates what is left. Another one takes the place of what was shown before.
        An answer that came too late for the text as it is by now is shown by no editor.
        """
        uri = proposal.place.uri
        snapshot = self._read(uri)
        if not rest or snapshot is None or point.line >= len(snapshot.lines):
            return
        if rest_of(proposal, snapshot.lines, point) is None:
            return
        showing = showing_of(proposal, rest, point, snapshot.lines)
        now = self._shown.get(uri)
        if now is None or now.id != proposal.id:
            if now is not None:
                self._decide(now, "rejected")
            now = self._taken_before(proposal.id) or _Shown(
                id=proposal.id,
                uri=uri,
                account=account,
                lane=lane,
                model=model,
                language=language,
                editor=editor,
                cached=cached,
                shown_at=self._clock.now(),
                showing=showing,
            )
            self._shown[uri] = now
        now.shows(showing, len(proposal.text))

    def changed(self, uri: str, changes: Sequence[Change], lines_after: Sequence[str]) -> None:
        """The document was changed, all at once, and has *lines_after* now. Costs nothing when nothing is shown there."""
        shown = self._shown.get(uri)
        if shown is None:
            return
        verdict = judged(shown.showing, changes)
        if verdict.word == "accepted":
            self._take(shown, verdict.characters)
        if verdict.left is not None and verdict.left.is_in(lines_after):
            shown.showing = verdict.left
        else:
            self._decide(shown, "typed" if verdict.word == "typed" else "rejected")

    def accepted(self, id_: str) -> None:
        """The editor says that all of it was accepted: before or after it tells the change, or instead."""
        shown = next((one for one in self._shown.values() if one.id == id_), None)
        if shown is None:
            shown = self._decided.get(id_)
            if shown is None or self._taken_before(id_) is not None:
                return
        self._take(shown, len(shown.showing.rest))
        self._decide(shown, "accepted")

    def closed(self, uri: str) -> None:
        """The document is closed: what is shown there was not taken, what was accepted there is not looked at."""
        shown = self._shown.get(uri)
        if shown is not None:
            self._decide(shown, "rejected")
        for id_, (looked_for, task) in list(self._looks.items()):
            if looked_for.uri == uri:
                task.cancel()
                del self._looks[id_]
        self._misses.pop(uri, None)

    def stop(self) -> None:
        """The editor goes: as if all documents were closed."""
        for uri in {*self._shown, *(shown.uri for shown, _ in self._looks.values())}:
            self.closed(uri)

    # -- what is known --------------------------------------------------------------------------------------

    def misses(self, uri: str) -> int:
        """How many in a row were rejected in the document lately."""
        misses = self._misses.get(uri)
        if misses is None or self._clock.now() - misses.at > LATELY_S:
            return 0
        return misses.count

    def missed(self, uri: str) -> None:
        """An answer was typed away before anybody saw it: as much in vain as one that was rejected."""
        self._count(uri, "rejected", self._clock.now())

    # -- inside ---------------------------------------------------------------------------------------------

    def _taken_before(self, id_: str) -> _Shown | None:
        """The one of this id of which some was accepted: if it is shown again, more of it may be."""
        shown = self._decided.get(id_)
        return shown if shown is not None and shown.accepted_at is not None else None

    def _take(self, shown: _Shown, characters: int) -> None:
        """So many characters of what is left were accepted; the first time sets the look."""
        shown.pieces.append(shown.showing.rest[:characters])
        if shown.accepted_at is None:
            shown.accepted_at = self._clock.now()
            self._misses.pop(shown.uri, None)
            self._looks[shown.id] = shown, asyncio.get_running_loop().create_task(self._look(shown))

    def _decide(self, shown: _Shown, outcome: Outcome) -> None:
        """It is over: write it, unless nobody saw it or it is written. Whoever took some of it accepted it, whatever came then."""
        now = self._clock.now()
        if self._shown.get(shown.uri) is shown:
            del self._shown[shown.uri]
        self._decided.pop(shown.id, None)
        self._decided[shown.id] = shown
        while len(self._decided) > _REMEMBERED:
            del self._decided[next(iter(self._decided))]
        if shown.accepted_at is not None:
            if shown.taken > shown.written:
                shown.written = shown.taken
                self._notes.note(_fate(shown, "accepted", shown.accepted_at))
        elif now - shown.shown_at >= SEEN_S:
            self._count(shown.uri, outcome, now)
            self._notes.note(_fate(shown, outcome, now))

    def _count(self, uri: str, outcome: Outcome, now: float) -> None:
        if outcome == "rejected":
            self._misses[uri] = _Misses(self.misses(uri) + 1, now)
        else:
            self._misses.pop(uri, None)

    async def _look(self, shown: _Shown) -> None:
        """Once, a while after it was accepted: is it still there?"""
        await self._clock.sleep(LOOK_S)
        self._looks.pop(shown.id, None)
        if self._shown.get(shown.uri) is shown:
            self._decide(shown, "accepted")
        snapshot = self._read(shown.uri)
        if snapshot is not None:
            self._notes.retained(
                shown.id, all(is_still_there(piece, snapshot.lines) for piece in shown.pieces)
            )


def _fate(shown: _Shown, outcome: Outcome, at: float) -> Fate:
    return Fate(
        id=shown.id,
        account=shown.account,
        lane=shown.lane,
        model=shown.model,
        language=shown.language,
        editor=shown.editor,
        cached=shown.cached,
        shown_at=shown.shown_at,
        characters=shown.characters,
        lines=shown.lines,
        outcome=outcome,
        decided_at=at,
        accepted_characters=shown.taken,
    )
