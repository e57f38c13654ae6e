"""Three-way merge: what two sides made of one base, first line by line, then token by token. It never guesses.

Line pass: changes of one side that lie apart from all changes of the other are taken; touching ones meet in a region.
Token pass: a region is merged by its words, if each side left most of it standing and neither moved its indentation.
What is left is a conflict.

A change whose place is ambiguous (one of two equal lines was deleted) counts as touching all the places where it might lie.
Where lines recur in a longer pattern the alignment is difflib's, which may differ from git's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.hunks import Hunk, apply_hunks, hunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r"\w+|\r\n|[\r\n]|[^\S\r\n]+|[^\w\s]")
_NEWLINE = frozenset({"\n", "\r\n", "\r"})
_STANDING = 0.5
"""The part of a region's words that each side must have kept: in a rewrite, words that recur prove nothing."""


@dataclass(frozen=True, slots=True)
class _Region:
    """Items *start* to *end* of the base, and what each side changed in there."""

    start: int
    end: int
    ours: tuple[Hunk, ...]
    theirs: tuple[Hunk, ...]


def merge(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """*base* with the changes of both sides; None when they contradict each other."""
    mine = merge_onto(base, hunks(base, ours), hunks(base, theirs))
    return None if mine is None else apply_hunks(theirs, mine)


def merge_onto(
    base: Sequence[str], ours: Sequence[Hunk], theirs: Sequence[Hunk], *, maybe_made: bool = False
) -> list[Hunk] | None:
    """What is left of *ours* to do on the text that *theirs* made of *base*; None when they contradict each other.

    *maybe_made*: *theirs* may hold *ours*, with more at its side.
    """
    left: list[Hunk] = []
    shift = 0
    for region in _regions(base, ours, theirs):
        made = _within(base, region, region.theirs)
        start, shift = region.start + shift, shift + len(made) - (region.end - region.start)
        if not region.ours:
            continue
        wanted = _within(base, region, region.ours)
        if region.theirs:
            if wanted == made or (maybe_made and _holds(region)):
                continue
            merged = _by_tokens(base[region.start : region.end], wanted, made)
            if merged is None:
                return None
            if "".join(merged) == "".join(made):
                continue
            wanted = merged
        head = Hunk(start, start + len(made), tuple(wanted))
        left.append(head)
    return left


def _holds(region: _Region) -> bool:
    """Did their side make each of our changes too, as the head or the tail of a change of its own?"""

    def is_in(ours: Hunk, theirs: Hunk) -> bool:
        count = len(ours.items)
        if not count or not theirs.start <= ours.start <= ours.end <= theirs.end:
            return False
        at_head = theirs.start == ours.start and theirs.items[:count] == ours.items
        return at_head or (theirs.end == ours.end and theirs.items[-count:] == ours.items)

    return all(any(is_in(ours, theirs) for theirs in region.theirs) for ours in region.ours)


def _within(base: Sequence[str], region: _Region, side: Sequence[Hunk]) -> list[str]:
    """What one side made of a region."""
    moved = [Hunk(h.start - region.start, h.end - region.start, h.items) for h in side]
    return apply_hunks(base[region.start : region.end], moved)


def _regions(base: Sequence[str], ours: Sequence[Hunk], theirs: Sequence[Hunk]) -> Iterator[_Region]:
    """Changes that touch, gathered; in order."""
    sides = ([(h, _reach(base, h)) for h in ours], [(h, _reach(base, h)) for h in theirs])
    at = [0, 0]
    while any(at[side] < len(sides[side]) for side in (0, 1)):
        following = [sides[side][at[side]][0] for side in (0, 1) if at[side] < len(sides[side])]
        start = end = min(hunk.start for hunk in following)
        reach = start
        gathered: tuple[list[Hunk], list[Hunk]] = ([], [])
        grown = True
        while grown:
            grown = False
            for side in (0, 1):
                while at[side] < len(sides[side]):
                    hunk, (low, high) = sides[side][at[side]]
                    if hunk.start > end and low >= reach:
                        break
                    gathered[side].append(hunk)
                    end, reach = max(end, hunk.end), max(reach, high)
                    at[side] += 1
                    grown = True
        yield _Region(start, end, tuple(gathered[0]), tuple(gathered[1]))


def _reach(base: Sequence[str], hunk: Hunk) -> tuple[int, int]:
    """From where to where a change could be moved without changing what comes out."""
    low, high = hunk.start, hunk.end
    if hunk.items and hunk.start != hunk.end:
        return low, high
    moving = hunk.items or base[hunk.start : hunk.end]
    count = len(moving)
    up = 0
    while low - up > 0 and base[low - up - 1] == moving[(count - 1 - up) % count]:
        up += 1
    down = 0
    while high + down < len(base) and base[high + down] == moving[down % count]:
        down += 1
    return low - up, high + down


def _by_tokens(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """The region's two versions as one, by their words; None when they contradict each other."""
    tokens, mine, other = (_TOKEN.findall("".join(text)) for text in (base, ours, theirs))
    own, foreign = hunks(tokens, mine), hunks(tokens, other)
    if not (_stands(tokens, own) and _stands(tokens, foreign)):
        return None
    if any(_reindents(tokens, hunk) for hunk in (*own, *foreign)):
        return None
    made = list(foreign)
    for region in _regions(tokens, own, foreign):
        if not region.theirs:
            made += region.ours
        elif region.ours and _within(tokens, region, region.ours) != _within(tokens, region, region.theirs):
            return None
    merged = apply_hunks(tokens, sorted(made, key=lambda hunk: hunk.start))
    return ["".join(merged)] if merged else []


def _stands(tokens: Sequence[str], changes: Sequence[Hunk]) -> bool:
    """Did most words of the region stay?"""
    lost = sum(_words(tokens[hunk.start : hunk.end]) for hunk in changes)
    return lost <= (1 - _STANDING) * _words(tokens)


def _words(tokens: Sequence[str]) -> int:
    return sum(1 for token in tokens if token[0].isalnum() or token[0] == "_")


def _reindents(tokens: Sequence[str], hunk: Hunk) -> bool:
    """Does *hunk* move the start of a line that was there? Lines that the other side adds would not move with it."""
    starts = hunk.start == 0 or tokens[hunk.start - 1] in _NEWLINE
    if starts and hunk.items and hunk.items[0].isspace() and hunk.items[-1] not in _NEWLINE:
        return True
    return any(
        tokens[i].isspace() and tokens[i] not in _NEWLINE and (i == 0 or tokens[i - 1] in _NEWLINE)
        for i in range(hunk.start, hunk.end)
    )
