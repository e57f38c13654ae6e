"""Text as lines, the way LSP counts them.

A document is a list of lines that keep their endings; only `\\n`, `\\r\\n` and `\\r` end a line (LSP 3.17, "Text Documents").
`str.splitlines` also splits at form feeds, vertical tabs, U+0085, U+2028 and U+2029 and must not be used on documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zai_ls.domain import Edit, Point, Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def split_lines(text: str) -> list[str]:
    """Lines with their endings; the last one has none, and is empty when the text ends with a line ending."""
    lines = _LINE.findall(text)
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def body_of(line: str) -> str:
    """*line* without its ending."""
    return line.rstrip("\r\n")


def ending_of(line: str) -> str:
    """The line ending of *line*: `\\n`, `\\r\\n`, `\\r` or nothing."""
    return line[len(body_of(line)) :]


def end_of(lines: Sequence[str]) -> Point:
    """The place after the last character."""
    return Point(len(lines) - 1, len(lines[-1]))


def first_character(lines: Sequence[str], line: int) -> Point:
    """The place of the first one on *line* that is no blank; its end when there is none."""
    body = body_of(lines[line])
    return Point(line, len(body) - len(body.lstrip()))


def whole(lines: Sequence[str]) -> Range:
    """All of the text."""
    return Range(Point(0, 0), end_of(lines))


def clamp(lines: Sequence[str], point: Point) -> Point:
    """*point*, moved to the nearest place that exists: past a line's end means the line's end (LSP, "Position")."""
    if point.line < 0:
        return Point(0, 0)
    if point.line >= len(lines):
        return end_of(lines)
    return Point(point.line, max(0, min(point.column, len(body_of(lines[point.line])))))


def clamp_range(lines: Sequence[str], range_: Range) -> Range:
    """*range_* inside the text, with its ends in order."""
    start, end = sorted((clamp(lines, range_.start), clamp(lines, range_.end)))
    return Range(start, end)


def text_in(lines: Sequence[str], range_: Range) -> str:
    """The text that *range_* covers."""
    start, end = range_.start, range_.end
    if start.line == end.line:
        return lines[start.line][start.column : end.column]
    return "".join(
        (lines[start.line][start.column :], *lines[start.line + 1 : end.line], lines[end.line][: end.column])
    )


def splice(lines: list[str], range_: Range, text: str) -> None:
    """Replace *range_* of *lines* by *text*, in place; costs the lines touched, not the document."""
    start, end = range_.start, range_.end
    fresh = split_lines(lines[start.line][: start.column] + text + lines[end.line][end.column :])
    last = end.line + 1
    if last < len(lines):
        # A line ending was inside the splice, or still follows it: the empty tail belongs to the next line.
        if fresh[-1] == "":
            fresh.pop()
        else:
            fresh[-1] += lines[last]
            last += 1
    if start.line and fresh and lines[start.line - 1].endswith("\r") and fresh[0].startswith("\n"):
        # An insertion between `\r` and `\n`, or a new `\n` after a lone `\r`, makes one ending of the two.
        lines[start.line - 1 : last] = split_lines_exactly([lines[start.line - 1], *fresh], last < len(lines))
        return
    lines[start.line : last] = fresh


def split_lines_exactly(parts: Iterable[str], followed: bool) -> list[str]:
    """Split the joined *parts* again; without the empty tail when more lines follow."""
    fresh = split_lines("".join(parts))
    if followed and fresh[-1] == "":
        fresh.pop()
    return fresh


def apply_edits(lines: Sequence[str], edits: Iterable[Edit]) -> list[str]:
    """A new list of lines with all *edits* made; they refer to the text before any of them and do not overlap."""
    changed = list(lines)
    for edit in sorted(edits, key=lambda e: e.range, reverse=True):
        splice(changed, edit.range, edit.text)
    return changed


def dominant_ending(lines: Sequence[str]) -> str:
    """The line ending that most lines have; `\\n` for a text without any."""
    text = "".join(lines)
    both = text.count("\r\n")
    counts = {"\n": text.count("\n") - both, "\r\n": both, "\r": text.count("\r") - both}
    return max(counts, key=lambda ending: counts[ending]) if any(counts.values()) else "\n"
