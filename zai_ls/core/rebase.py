"""Edits made for an old text, brought onto the text as it is now; or a conflict, never a guess.

Where an editor's changes are known, they say which line is which: no search, so a twin elsewhere is never taken for the target.
Where they are not, the two texts are compared, and a place that could be one of two counts as touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.diff3 import merge_onto
from zai_ls.core.hunks import Hunk, edit_of, hunks
from zai_ls.core.text import split_lines, text_in
from zai_ls.domain import Edit, Point, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import Change


@dataclass(frozen=True, slots=True)
class Conflict:
    """The text was changed in the same place; *lines* (from, up to) of the old text are meant."""

    lines: tuple[int, int]


def move(range_: Range, changes: Sequence[Change]) -> Range | None:
    """Where *range_* lies after *changes*; None when one of them touched it.

    A change at the border is no touch as long as a line ending stays between it and the range.
    Text that is put right at an empty range is one: what was to be inserted there may be in it.
    """
    for change in changes:
        if _is_before(change, range_):
            range_ = Range(_shifted(range_.start, change), _shifted(range_.end, change))
        elif not _is_after(change, range_):
            return None
    return range_


def _is_before(change: Change, range_: Range) -> bool:
    end = change.range.end
    if end < range_.start:
        return True
    if end > range_.start or (range_.is_empty and change.text):
        return False  # who comes first, when two insert at one point?
    return change.text.endswith(("\n", "\r")) or (not change.text and change.range.start.column == 0)


def _is_after(change: Change, range_: Range) -> bool:
    start = change.range.start
    if start > range_.end:
        return True
    if start < range_.end or (range_.is_empty and change.text):
        return False
    return start.column == 0 or change.text.startswith(("\n", "\r"))


def _shifted(point: Point, change: Change) -> Point:
    """*point*, which does not lie before the end of *change*, after it."""
    start, end = change.range.start, change.range.end
    fresh = split_lines(change.text)
    line = point.line - end.line + start.line + len(fresh) - 1
    if point.line != end.line:
        return Point(line, point.column)
    kept = start.column if len(fresh) == 1 else 0
    return Point(line, point.column - end.column + kept + len(fresh[-1]))


def rebase(
    edits: Sequence[Edit],
    base_lines: Sequence[str],
    changes: Sequence[Change] | None,
    current_lines: Sequence[str],
    *,
    maybe_made: bool = False,
) -> tuple[Edit, ...] | Conflict:
    """*edits* of *base_lines* as edits of *current_lines*, which *changes* (None: unknown) led to.

    First each edit's range is moved through the changes. If one was touched, all are merged three-way, by lines, then by words.
    Nothing is left to do (an empty tuple) when the text already has what the edits would make.
    *maybe_made*: the changes may hold the edits themselves, so no range is moved past them and all is merged.
    """
    if changes is not None and not maybe_made:
        moved = _moved(edits, base_lines, changes, current_lines)
        if moved is not None:
            return moved
    wanted = [hunk for edit in edits for hunk in _hunks_of(base_lines, edit)]
    by_hand = _made_by_hand(base_lines, changes, current_lines)
    left = merge_onto(base_lines, wanted, by_hand, maybe_made=maybe_made)
    if left is None:
        return Conflict((edits[0].range.start.line, edits[-1].range.end.line + 1))
    return tuple(edit_of(current_lines, hunk) for hunk in left)


def _moved(
    edits: Sequence[Edit], base: Sequence[str], changes: Sequence[Change], current: Sequence[str]
) -> tuple[Edit, ...] | None:
    """The edits at their new places, if all are untouched and what they replace is really there."""
    moved: list[Edit] = []
    for edit in edits:
        range_ = move(edit.range, changes)
        if range_ is None or not _exists(range_, current):
            return None
        if text_in(current, range_) != text_in(base, edit.range):
            return None
        moved.append(Edit(range_, edit.text))
    return tuple(moved)


def _exists(range_: Range, lines: Sequence[str]) -> bool:
    return range_.end.line < len(lines) and range_.end.column <= len(lines[range_.end.line])


def _hunks_of(lines: Sequence[str], edit: Edit) -> list[Hunk]:
    """*edit* as changes of whole lines."""
    start, end = edit.range.start, edit.range.end
    first, last = start.line, end.line + 1
    if end.column == 0 and end.line > start.line and not (start.column or _open_end(edit.text)):
        last = end.line  # whole lines: the one after them is not meant
        fresh = split_lines(edit.text)[:-1]
    elif edit.range.is_empty and start.column == 0 and not _open_end(edit.text):
        last = end.line
        fresh = split_lines(edit.text)[:-1]
    else:
        fresh = split_lines(lines[first][: start.column] + edit.text + lines[end.line][end.column :])
        if last < len(lines) and fresh[-1] == "":
            fresh.pop()
    return [
        Hunk(first + hunk.start, first + hunk.end, hunk.items) for hunk in hunks(lines[first:last], fresh)
    ]


def _open_end(text: str) -> bool:
    """Does *text* end within a line?"""
    return bool(text) and not text.endswith(("\n", "\r"))


def _made_by_hand(
    base: Sequence[str], changes: Sequence[Change] | None, current: Sequence[str]
) -> list[Hunk]:
    """What the person made of *base*: aligned by the recorded changes, else by comparing."""
    origins = None if changes is None else _origins(len(base), changes)
    if origins is None or not _true(origins, base, current):
        return hunks(base, current)
    made: list[Hunk] = []
    old = new = 0
    for place, origin in [*enumerate(origins), (len(current), len(base))]:
        if origin is None:
            continue
        if origin > old or place > new:
            inner = hunks(base[old:origin], current[new:place])
            made += [Hunk(old + hunk.start, old + hunk.end, hunk.items) for hunk in inner]
        old, new = origin + 1, place + 1
    return made


def _origins(count: int, changes: Sequence[Change]) -> list[int | None] | None:
    """For each line now, which of *count* lines it was if no change touched it; None when the changes make no sense."""
    origins: list[int | None] = list(range(count))
    for change in changes:
        start, end = change.range.start, change.range.end
        if end.line >= len(origins):
            return None
        fresh: list[int | None] = [None] * len(split_lines(change.text))
        clean = start.column == 0 and not _open_end(change.text)
        if clean and end.column == 0:
            fresh[-1] = origins[end.line]
        origins[start.line : end.line + 1] = fresh
    return origins


def _true(origins: Sequence[int | None], base: Sequence[str], current: Sequence[str]) -> bool:
    """Do the lines that are said to be untouched look so?"""
    return len(origins) == len(current) and all(
        origin is None or base[origin] == line for origin, line in zip(origins, current, strict=True)
    )
