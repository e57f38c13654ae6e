"""Where a completion goes: what stands around the cursor, near enough to know the place again.

A completion is always an insertion at one place. So whatever is asked later (does this answer still fit? has the person
typed what we proposed?) is one question: is the text around the place the same but for something inserted at it?
Line numbers do not count: lines may come and go far above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.text import body_of, split_lines, text_in
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.domain import Snapshot

_ABOVE = 40
"""Lines above the cursor by which a place is known again."""
_LEAST_ABOVE = 2
"""Lines with text above that a place which has moved is known again by: at the top of a file there may be none, as before any line."""
_BELOW = 12


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor, and the text around it."""

    uri: str
    language: str
    """The editor's language id."""
    point: Point
    before: str
    """The cursor's line up to the cursor."""
    after: str
    """The rest of that line, without its ending."""
    above: tuple[str, ...]
    """The nearest lines above, in the order of the text, with their endings."""
    below: tuple[str, ...]
    """The nearest lines below, the same way."""

    @property
    def lead(self) -> str:
        """The blanks that the cursor's line starts with, as far as the cursor."""
        return self.before[: len(self.before) - len(self.before.lstrip(" \t"))]

    @property
    def is_line_start(self) -> bool:
        """Is there nothing but blanks before the cursor?"""
        return not self.before.strip()


def place_at(snapshot: Snapshot, point: Point) -> Place:
    """The place of *point* in *snapshot*; costs the lines near it, not the document."""
    lines = snapshot.lines
    body = body_of(lines[point.line])
    return Place(
        uri=snapshot.uri,
        language=snapshot.language,
        point=point,
        before=body[: point.column],
        after=body[point.column :],
        above=tuple(lines[max(0, point.line - _ABOVE) : point.line]),
        below=tuple(lines[point.line + 1 : point.line + 1 + _BELOW]),
    )


def typed_since(place: Place, lines: Sequence[str], point: Point) -> str | None:
    """What now stands between *place* and *point*, when nothing before the place is another text; with `\\n` as line ends.

    None when it is: the person moved away, deleted, or changed something above. What follows *point* is not compared
    (see `follows`). A place that is in its own line still is nowhere else; one that has moved may be found in several
    lines, and the nearest counts.
    """
    for number in (place.point.line, *range(point.line, max(-1, point.line - _ABOVE - 1), -1)):
        start = Point(number, len(place.before))
        if number < len(lines) and start <= point and _is_at(place, lines, number):
            return "\n".join(map(body_of, split_lines(text_in(lines, Range(start, point)))))
    return None


def follows(place: Place, lines: Sequence[str], point: Point) -> str | None:
    """What stands between *point* and what followed *place*: empty, or the brackets that an editor closed by itself.

    After a line break, these and the rest of the line may have a line of their own: then a `\n` comes first.
    None when something else follows now.
    """
    rest = body_of(lines[point.line])[point.column :]
    if rest.endswith(place.after) and _same_below(place, lines, point.line + 1):
        between = rest[: len(rest) - len(place.after)]
        return between if all(char in _CLOSERS for char in between) else None
    if rest.strip() or point.line + 1 >= len(lines) or not _same_below(place, lines, point.line + 2):
        return None
    own, after = lines[point.line + 1].strip(), place.after.strip()
    between = own[: len(own) - len(after)]
    fits = own.endswith(after) and own[:1] in _CLOSERS and all(char in _CLOSERS for char in between)
    return "\n" + between if own and fits else None


_NEAR = 3
"""Lines below that must be the same."""
_CLOSERS = ")]}>\"'`;"


def _is_at(place: Place, lines: Sequence[str], number: int) -> bool:
    """Does *place* begin in line *number*: is the text before it the same there, and in the lines above?"""
    if not lines[number].startswith(place.before):
        return False
    if number != place.point.line and sum(bool(line.strip()) for line in place.above) < _LEAST_ABOVE:
        return False
    return tuple(lines[max(0, number - len(place.above)) : number]) == place.above


def _same_below(place: Place, lines: Sequence[str], number: int) -> bool:
    """Do the same lines begin at line *number*?"""
    return tuple(lines[number : number + _NEAR]) == place.below[:_NEAR]
