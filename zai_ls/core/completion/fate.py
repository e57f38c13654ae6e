"""What became of a completion that was shown: what the changes of a document say about it.

All changes that an editor tells at once are judged by what they come to. So it makes no difference whether it inserts
what is left, replaces the word before the cursor by word and rest, deletes that word first, or sends the whole line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from zai_ls.core.completion.place import typed_since
from zai_ls.core.text import body_of
from zai_ls.domain import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zai_ls.core.completion.proposal import Proposal
    from zai_ls.domain import Change, Lane

Outcome = Literal["accepted", "typed", "rejected"]
"""Taken, all or its beginning; written by hand to its end; anything else."""


@dataclass(frozen=True, slots=True)
class Fate:
    """One completion that a person saw, and what they did with it; none of its text."""

    id: str
    account: str
    """Label of the account that was asked."""
    lane: Lane
    model: str
    language: str
    editor: str
    cached: bool
    """It was at hand when it was shown: no request was waited for."""
    shown_at: float
    """When it was first shown."""
    characters: int
    lines: int
    outcome: Outcome
    decided_at: float
    accepted_characters: int = 0


@dataclass(frozen=True, slots=True)
class Showing:
    """What a person sees of a proposal, and the text around it."""

    point: Point
    """Where the rest begins."""
    rest: str
    typed: str
    """What they have already typed of it, on this line."""
    top: int
    """The first of the lines above by which the place is known; they stay as they are while it fits."""
    near: tuple[str, ...]
    """The line of *point* and the nearest below, without endings; these stay too."""

    def is_in(self, lines: Sequence[str]) -> bool:
        """Does the line in which it is shown stand in *lines*?"""
        number = self.point.line
        return number < len(lines) and body_of(lines[number]) == self.near[0]


class Verdict(NamedTuple):
    """What some changes say about a proposal."""

    word: Literal["shown", "accepted", "typed", "rejected"]
    """`shown`: they leave it as it is, or typed some of it."""
    characters: int = 0
    """So much of the rest was accepted, from its beginning."""
    left: Showing | None = None
    """What is still to be seen."""


def showing_of(proposal: Proposal, rest: str, point: Point, lines: Sequence[str]) -> Showing:
    """*proposal* as it is shown at *point* of *lines*, which it fits, with *rest* left of it."""
    done = typed_since(proposal.place, lines, point) or ""
    return Showing(
        point=point,
        rest=rest,
        typed=done.rpartition("\n")[2],
        top=max(0, point.line - done.count("\n") - len(proposal.place.above)),
        near=tuple(body_of(line) for line in lines[point.line : point.line + 1 + _BELOW]),
    )


def judged(showing: Showing, changes: Sequence[Change]) -> Verdict:
    """What *changes*, told at once, say about what is shown.

    Accepted: what they put at the place is the rest or its beginning, and more than a key types. Typed: keys did it.
    """
    played = _played(showing, changes)
    put = None if played is None else _put(showing, played.text)
    if played is None or put is None:
        return _REJECTED
    if put.taken_back or not put.text:
        return Verdict("shown", left=_left(showing, played, put, put.taken_back + showing.rest))
    characters, added = _covered(put, showing.rest)
    if not characters:
        return _REJECTED
    rest = _without(showing.rest[characters:], added)
    left = _left(showing, played, put, rest, added) if rest.strip() else None
    if _is_one_key(put.text) or all(_is_one_key(change.text) for change in changes):
        return Verdict("shown" if left else "typed", left=left)
    return Verdict("accepted", characters, left)


def is_still_there(text: str, lines: Sequence[str]) -> bool:
    """Does *text* stand in the document, blanks around its lines apart?"""
    wanted = _bare(text.split("\n")).strip()
    return wanted in _bare(lines)


_REJECTED = Verdict("rejected")
_BELOW = 3
"""Lines below that stay the same: as many as decide whether a proposal fits."""
_BLANKS = " \t"
_CLOSERS = ")]}>\"'`;"
_MOST_CLOSERS = 4
"""So many does an editor close by itself."""
_PAIRS = frozenset({"()", "[]", "{}", "<>", '""', "''", "``"})


class _Played(NamedTuple):
    """The text near the place after some changes."""

    text: str
    down: int
    """So many lines further down does it stand."""


class _Put(NamedTuple):
    """What stands at the place that did not stand there before."""

    text: str
    head: str
    """All between the beginning of the line and what followed the place."""
    fresh: bool
    """It begins a line: blanks before it do not count."""
    closed: bool
    """A closing bracket follows it."""
    taken_back: str = ""
    """Or what they had typed of the proposal and took back."""


def _played(showing: Showing, changes: Sequence[Change]) -> _Played | None:
    """The text near the place once *changes* are made; None when one of them alters what the place is known by."""
    line, top, near = showing.point.line, showing.top, list(showing.near)
    for change in changes:
        start, end = change.range.start, change.range.end
        text = change.text.replace("\r\n", "\n").replace("\r", "\n")
        if start.line >= line + len(near):
            continue
        if _is_above(change, Point(top, 0), Point(line, showing.point.column)):
            down = text.count("\n") - (end.line - start.line)
            line, top = line + down, top + down
            continue
        first, last = start.line - line, end.line - line
        if first < 0 or last >= len(near):
            return None
        near[first : last + 1] = (near[first][: start.column] + text + near[last][end.column :]).split("\n")
    return _Played("\n".join(near), line - showing.point.line)


def _is_above(change: Change, top: Point, place: Point) -> bool:
    """Does *change* leave line *top* and all below as it is?"""
    start, end, text = change.range.start, change.range.end, change.text
    if end == top and top < place:
        return text.endswith(("\n", "\r")) or (not text and start.column == 0)
    return end < top


def _put(showing: Showing, text: str) -> _Put | None:
    """What *text*, now near the place, has there; None when something before or after the place is another text."""
    old = "\n".join(showing.near)
    before, after = old[: showing.point.column], old[showing.point.column :]
    if not text.endswith(after):
        return None
    head = text[: len(text) - len(after)]
    fresh, closed = not before.strip(_BLANKS), after[:1] in set(_CLOSERS)
    if head.startswith(before):
        return _Put(head[len(before) :], head, fresh, closed)
    gone = before[len(head) :] if before.startswith(head) else ""
    if gone and showing.typed.endswith(gone):
        return _Put("", head, fresh, closed, taken_back=gone)
    if fresh and head.strip():
        return _Put(head.lstrip(_BLANKS), head, fresh, closed)
    return None


def _covered(put: _Put, rest: str) -> tuple[int, str]:
    """How much of *rest* was put, and what the editor added behind it by itself."""
    for added in _endings(put):
        text = put.text[: len(put.text) - len(added)]
        characters = _alike(text, rest, fresh=put.fresh)
        if characters:
            return characters, added
    return 0, ""


def _endings(put: _Put) -> Iterator[str]:
    """What of *put* an editor may have added: nothing, brackets it closed, a line of its own for the one that follows."""
    yield ""
    for size in range(1, _MOST_CLOSERS + 1):
        if put.text[-size:].strip(_CLOSERS):
            break
        yield put.text[-size:]
    _, newline, blanks = put.text.rpartition("\n")
    if put.closed and newline and not blanks.strip():
        yield newline + blanks


def _alike(text: str, rest: str, *, fresh: bool) -> int:
    """How many characters of *rest* does *text* stand for, the blanks that begin a line apart? 0: it is another text."""
    mine, theirs = text.split("\n"), rest.split("\n")
    if len(mine) > len(theirs):
        return 0
    done = 0
    for number, (ours, line) in enumerate(zip(mine, theirs, strict=False)):
        lead = len(line) - len(line.lstrip(_BLANKS)) if number or fresh else 0
        word = ours.lstrip(_BLANKS) if number or fresh else ours
        if number < len(mine) - 1:
            if word.rstrip(_BLANKS) != line[lead:].rstrip(_BLANKS):
                return 0
            done += len(line) + 1
        elif not line.startswith(word, lead):
            return 0
        else:
            done += lead + len(word) if word else min(lead, len(ours))
    return done


def _without(rest: str, added: str) -> str:
    """*rest* without the brackets that now stand behind it; one of several lines keeps them."""
    for size in range(0 if "\n" in rest else len(added), 0, -1):
        if rest.endswith(added[:size]):
            return rest[:-size]
    return rest


def _left(showing: Showing, played: _Played, put: _Put, rest: str, added: str = "") -> Showing:
    """What is to be seen after the changes, with *rest* left and the cursor before what was *added*."""
    above, newline, line = put.head[: len(put.head) - len(added)].rpartition("\n")
    further = above.count("\n") + len(newline)
    mine = put.text[: len(put.text) - len(added)].rpartition("\n")[2]
    kept = showing.typed[: len(showing.typed) - len(put.taken_back)]
    return Showing(
        point=Point(showing.point.line + played.down + further, len(line)),
        rest=rest,
        typed=mine if further else kept + mine,
        top=showing.top + played.down,
        near=tuple(played.text.split("\n")[further : further + 1 + _BELOW]),
    )


def _is_one_key(text: str) -> bool:
    """Does one key do this: a character, a bracket with its closing one, a line end with the indentation after it?"""
    return len(text) < 2 or not text.strip() or text in _PAIRS


def _bare(lines: Sequence[str]) -> str:
    """*lines* without the blanks around them."""
    return "\n".join(line.strip() for line in lines)
