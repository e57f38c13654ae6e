"""Definitions told by indentation alone: as much structure as the tests of pure parts need."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zai_ls.core.text import body_of, split_lines
from zai_ls.domain import Point, Range, Snapshot

_HEAD = re.compile(r"^(\s*)(?:def|class) (\w+)")


@dataclass(frozen=True)
class Found:
    name: str
    range: Range


@dataclass(frozen=True)
class Comment:
    range: Range
    instruction: str


class Outline:
    """Counts how often it is asked, for the rule that disabled lists do not parse."""

    def __init__(self) -> None:
        self.asked = 0

    def enclosing_definition(self, snapshot: Snapshot, point: Point) -> Found | None:
        self.asked += 1
        for number in range(min(point.line, len(snapshot.lines) - 1), -1, -1):
            head = _HEAD.match(snapshot.lines[number])
            if head is None:
                continue
            depth, last = len(head[1]), number
            for below in range(number + 1, len(snapshot.lines)):
                body = body_of(snapshot.lines[below])
                if body.strip():
                    if len(body) - len(body.lstrip()) <= depth:
                        break
                    last = below
            if last >= point.line:
                end = Point(last, len(body_of(snapshot.lines[last])))
                return Found(head[2], Range(Point(number, depth), end))
        return None

    def zai_comments(self, snapshot: Snapshot, range_: Range) -> tuple[Comment, ...]:
        self.asked += 1
        found = []
        for number in range(max(0, range_.start.line - 1), range_.end.line + 1):
            told = re.match(r"^(\s*)# ?zai: ?(.*)", body_of(snapshot.lines[number]))
            if told:
                whole = Range(
                    Point(number, len(told[1])), Point(number, len(body_of(snapshot.lines[number])))
                )
                found.append(Comment(whole, told[2]))
        return tuple(found)

    def todo_or_stub(self, snapshot: Snapshot, range_: Range) -> bool:
        self.asked += 1
        return "TODO" in "".join(snapshot.lines[range_.start.line : range_.end.line + 1])


def document(
    text: str, language: str = "python", path: str | None = "/home/me/work/src/a.py"
) -> tuple[Snapshot, Range]:
    """A document, and the selection that «» mark in *text*; without marks a cursor at its start."""
    before, marked, rest = text.partition("«")
    selected, _, after = rest.partition("»") if marked else ("", "", "")
    start = _point(before) if marked else Point(0, 0)
    end = _point(before + selected) if marked else start
    plain = before + selected + after
    snapshot = Snapshot(f"file://{path}", language, 1, tuple(split_lines(plain)), path)
    return snapshot, Range(start, end)


def _point(text: str) -> Point:
    lines = split_lines(text)
    return Point(len(lines) - 1, len(lines[-1]))
