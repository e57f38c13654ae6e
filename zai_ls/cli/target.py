"""`FILE[:LINE-LINE]`: which file, and which lines of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.cli.exits import BadUse
from zai_ls.core.text import body_of, whole
from zai_ls.domain import Point, Range
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.domain import Snapshot

_LINES = re.compile(r"(?P<path>.+?):(?P<first>\d+)(?:-(?P<last>\d+))?")


@dataclass(frozen=True, slots=True)
class Target:
    """A file, and the lines that were named: one-based, both included."""

    path: Path
    first: int | None = None
    last: int | None = None

    def range_in(self, snapshot: Snapshot) -> Range:
        """The lines as a range: the whole file when none is named, a cursor when only one is. Raises `BadUse`."""
        if self.first is None:
            return whole(snapshot.lines)
        last = self.first if self.last is None else self.last
        count = len(snapshot.lines) - (snapshot.lines[-1] == "")
        if not 1 <= self.first <= last <= max(count, 1):
            raise BadUse(say("cli.bad_lines", path=self.path, first=self.first, last=last, count=count))
        if self.last is None:
            line = snapshot.lines[self.first - 1]
            indent = len(line) - len(line.lstrip())
            cursor = Point(self.first - 1, min(indent, len(body_of(line))))
            return Range(cursor, cursor)
        return Range(Point(self.first - 1, 0), Point(last - 1, len(body_of(snapshot.lines[last - 1]))))


def parse_target(text: str) -> Target:
    """*text* as a target; a file whose own name looks like one with lines is taken by its name."""
    match = _LINES.fullmatch(text)
    if match is None or Path(text).exists():
        return Target(Path(text))
    last = match["last"]
    return Target(Path(match["path"]), int(match["first"]), int(last) if last else None)
