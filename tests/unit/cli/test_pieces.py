"""What `zai-ls score` scores: each definition once, the lines that were named, or a file as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from zai_ls.cli.exits import BadUse
from zai_ls.cli.score import Piece, pieces
from zai_ls.cli.target import Target
from zai_ls.core.text import split_lines
from zai_ls.domain import Point, Range, Snapshot

TEXT = "import os\n\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n\nx = A()\n"
SNAPSHOT = Snapshot("file:///a.py", "python", 1, tuple(split_lines(TEXT)), "a.py")


@dataclass(frozen=True)
class Definition:
    name: str
    range: Range


def lines(first, last):
    return Range(Point(first, 0), Point(last, len(SNAPSHOT.lines[last].rstrip())))


CLASS, F, G = Definition("A", lines(2, 7)), Definition("f", lines(3, 4)), Definition("g", lines(6, 7))


class Outline:
    """The structure of the text above, written down."""

    def enclosing_definition(self, snapshot, point):
        inside = (d for d in (F, G, CLASS) if d.range.start.line <= point.line <= d.range.end.line)
        return next(inside, None)


def check(target, expected, as_one=False):
    found = pieces(target, SNAPSHOT, Outline(), as_one=as_one)

    assert found == expected


def test_each_definition_is_scored_once():
    """In the order of the file; what is in none is left out."""
    check(Target(Path("a.py")), [Piece(d.name, d.range) for d in (CLASS, F, G)])


def test_a_file_can_be_one_selection():
    """Without the blank lines at its ends."""
    check(Target(Path("a.py")), [Piece("", lines(0, 9))], as_one=True)


def test_named_lines_are_one_piece():
    """Whole lines, as an action would take them."""
    check(Target(Path("a.py"), 4, 5), [Piece("", lines(3, 4))])
    check(Target(Path("a.py"), 8), [Piece("", G.range)])


def test_a_line_in_no_definition_is_bad_use():
    """The person reads how to name lines."""
    with pytest.raises(BadUse, match="FIRST-LAST"):
        pieces(Target(Path("a.py"), 1), SNAPSHOT, Outline(), as_one=False)
