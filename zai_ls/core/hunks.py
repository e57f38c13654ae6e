"""How one list of lines (or tokens) became another: the places that differ.

Both ends that agree are cut off first, so that a small change in a long text costs little.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.text import end_of
from zai_ls.domain import Edit, Point, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_PAIRS = 300_000
"""Equal pairs that are worth looking at (about 50 ms); beyond, the differing middle is one hunk."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Items *start* up to, not including, *end* of the old list became *items*."""

    start: int
    end: int
    items: tuple[str, ...]


def hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """What turns *old* into *new*: ascending, with at least one common item between two of them."""
    head, tail = common_ends(old, new)
    inner, fresh = old[head : len(old) - tail], new[head : len(new) - tail]
    if not inner and not fresh:
        return []
    if not inner or not fresh or _pairs(inner, fresh) > _MOST_PAIRS:
        return [Hunk(head, head + len(inner), tuple(fresh))]
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, inner, fresh, autojunk=False)
    return [
        Hunk(head + i1, head + i2, tuple(fresh[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many items at the head, and how many of the rest at the tail, are the same in both."""
    shortest = min(len(old), len(new))
    head = 0
    while head < shortest and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items of one equal how many of the other: what difflib's time goes by."""
    counted = Counter(new)
    return sum(times * counted[item] for item, times in Counter(old).items())


def apply_hunks(old: Sequence[str], changes: Sequence[Hunk]) -> list[str]:
    """*old* with all *changes* made."""
    made: list[str] = []
    at = 0
    for hunk in changes:
        made += old[at : hunk.start]
        made += hunk.items
        at = hunk.end
    made += old[at:]
    return made


def edit_of(lines: Sequence[str], hunk: Hunk) -> Edit:
    """*hunk* of a whole document's *lines* as an edit of whole lines."""
    end = Point(hunk.end, 0) if hunk.end < len(lines) else end_of(lines)
    start = Point(hunk.start, 0) if hunk.start < len(lines) else end
    return Edit(Range(start, end), "".join(hunk.items))
