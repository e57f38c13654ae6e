"""What `zai-ls score` scores: each definition once, the lines that were named, or a file as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from zai_ls.cli.exits import BadUse
from zai_ls.cli.score import Piece, pieces
from zai_ls.cli.target import Target
from zai_ls.core.complexity import score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines, text_in
from zai_ls.domain import Point, Range, Snapshot

TEXT = "import os\n\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n\nx = A()\n"
SNAPSHOT = Snapshot("file:///a.py", "python", 1, tuple(split_lines(TEXT)), "a.py")


@dataclass(frozen=True)
class Definition:
    name: str
    range: Range

    @property
    def place(self):
        return self.range


def lines(first, last):
    return Range(Point(first, 0), Point(last, len(SNAPSHOT.lines[last].rstrip())))


CLASS, F, G = Definition("A", lines(2, 7)), Definition("f", lines(3, 4)), Definition("g", lines(6, 7))


class Outline:
    """The structure of the text above, written down."""

    def enclosing_definition(self, snapshot, point):
        inside = (d for d in (F, G, CLASS) if d.range.start.line <= point.line <= d.range.end.line)
        return next(inside, None)

    def definitions(self, snapshot):
        return (CLASS, F, G)


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


LOOP = "for (;;) { x += f(x) * 2; }"
SHARED = {
    "java": (f"class A {{ int f(int x) {{ return x; }} int g(int x) {{ {LOOP} }} }}\n", "A f g"),
    "php": (
        "<?php class A { function f($x) { return $x; } function g($x) { for (;;) { $x += f($x) * 2; } } }\n",
        "A f g",
    ),
    "swift": ("class A { func f(x: Int) -> Int { x }\n func g(x: Int) { while x { h(x) } } }\n", "A f g"),
    "kotlin": (
        "class A { fun f(x: Int): Int { return x }; fun g(x: Int) { while (x) { h(x) } } }\n",
        "A f g",
    ),
    "csharp": (f"class A {{ int f(int x) {{ return x; }} int g(int x) {{ {LOOP} }} }}\n", "A f g"),
    "typescript": (f"class A {{ f(x: T) {{ return x; }} g(x: T) {{ {LOOP} }} }} class B {{}}\n", "A f g B"),
    "javascript": (f"export const o = {{ f: (x) => x, g(x) {{ {LOOP} }} }};\n", "f g"),
    "ruby": ("class A; def f(x); x; end; def g(x); while x; h(x); end; end; end\n", "A f g"),
    "cpp": (f"struct A {{ int f(int x) {{ return x; }} int g(int x) {{ {LOOP} }} }};\n", "A f g"),
    "rust": ("impl A { fn f(x: u8) -> u8 { x } #[a] fn g(x: u8) { while x { h(x) } } }\n", "A f g"),
    "html": (
        f"<script>function f(x) {{ return x; }} function g(x) {{ {LOOP} }}</script>\n",
        "f g",
    ),
}


@pytest.mark.parametrize("language", SHARED)
def test_definitions_that_share_a_line_are_scored_by_themselves(language):
    """Each is listed, and what else stands on the line is no part of it."""
    text, names = SHARED[language]
    snapshot = Snapshot(f"file:///{language}", language, 1, tuple(split_lines(text)), "a")
    syntax = Syntax()
    found = pieces(Target(Path("a")), snapshot, syntax, as_one=False)
    scores = {each.name: score(snapshot, each.range, syntax, exact=True) for each in found}

    assert [each.name for each in found] == names.split()
    assert scores["f"].measures["loops"] == 0
    assert scores["g"].measures["loops"] == 1
    assert scores["f"].value < scores["g"].value <= scores.get("A", scores["g"]).value


def test_a_definition_with_lines_of_its_own_counts_with_what_belongs_to_it():
    """Whole lines, decorators and all, also where something else than a definition begins or ends on them."""
    text = (
        "class A {\n  @dec(a && b)\n  f(x) { return x; } // one\n  g = () => {\n    f();\n  };\n}\n"
        "if (a) x = {\n  h: () => 1, };\n@dec @dec class B { i() {\n  } }\n"
    )
    snapshot = Snapshot("file:///a.ts", "typescript", 1, tuple(split_lines(text)), "a")
    found = pieces(Target(Path("a")), snapshot, Syntax(), as_one=False)

    assert [(each.name, text_in(snapshot.lines, each.range)) for each in found] == [
        ("A", text[: text.index("\nif")]),
        ("f", "  @dec(a && b)\n  f(x) { return x; } // one"),
        ("g", "  g = () => {\n    f();\n  };"),
        ("h", "  h: () => 1, };"),
        ("B", "@dec @dec class B { i() {\n  } }"),
        ("i", "i() {\n  }"),
    ]
