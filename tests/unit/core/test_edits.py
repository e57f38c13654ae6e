from __future__ import annotations

import subprocess
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS, marked, ranges, rows, snapshot
from zai_ls.core.edits import minimal_edits, replacement, unified_diff
from zai_ls.core.text import apply_edits, end_of, split_lines
from zai_ls.domain import Edit, Range


def check(document: str, reply: str, expected: str, language: str = "python") -> None:
    """*reply* in place of what `|` marks in *document* gives *expected*."""
    snap, target = marked(document, language)
    text = replacement(snap, target, reply)
    edits = minimal_edits(snap, target, text)
    assert "".join(apply_edits(snap.lines, edits)) == expected


@pytest.mark.parametrize(
    ("document", "reply", "expected"),
    [
        pytest.param("a\n|b|\nc\n", "B", "a\nB\nc\n", id="a line"),
        pytest.param("|a\nb\n|c\n", "A\nB", "A\nB\nc\n", id="the last line's ending is in the target"),
        pytest.param("|a|", "A\n", "A", id="no final newline stays none"),
        pytest.param("|a\n|", "A", "A\n", id="a final newline stays"),
        pytest.param("|\n\na\n\n|b", "\nA\n\n\n", "\n\nA\n\nb", id="blank lines around the target stay"),
        pytest.param("a\r\n|b\r\nc|\r\n", "B\nC\nD", "a\r\nB\r\nC\r\nD\r\n", id="CRLF"),
        pytest.param(
            "a\r\n|b\nc\r\nd|\r\ne\r\n",
            "b\nX\nd",
            "a\r\nb\nX\r\nd\r\ne\r\n",
            id="mixed: old lines keep theirs",
        ),
        pytest.param("a\r|b|\rc\r", "B\nC", "a\rB\rC\rc\r", id="lone carriage returns"),
        pytest.param("x = |y| + z\n", "yy", "x = yy + z\n", id="part of a line"),
        pytest.param("    |x = y|\n", "x = z", "    x = z\n", id="from the first letter on"),
        pytest.param(
            "    x = |f(\n        y)| + z\n",
            "g(\n    y)",
            "    x = g(\n        y) + z\n",
            id="from within a line",
        ),
        pytest.param("a\n||\nb\n", "new()", "a\nnew()\nb\n", id="an empty line"),
    ],
)
def test_the_reply_stands_in_place_of_the_target(document, reply, expected):
    """Line endings, blank lines around it and the state of the end stay as they were."""
    check(document, reply, expected)


METHOD = "class A:\n|    def f(self):\n        return 1|\n\nz = 1\n"


@pytest.mark.parametrize(
    ("document", "reply", "expected"),
    [
        pytest.param(
            METHOD,
            "    def f(self):\n        return 2\n",
            "class A:\n    def f(self):\n        return 2\n\nz = 1\n",
            id="as it was",
        ),
        pytest.param(
            METHOD,
            "def f(self):\n    return 2\n",
            "class A:\n    def f(self):\n        return 2\n\nz = 1\n",
            id="as if it stood alone",
        ),
        pytest.param(
            METHOD,
            "def f(self):\n        return 2\n",
            "class A:\n    def f(self):\n        return 2\n\nz = 1\n",
            id="only the first line has lost its blanks",
        ),
        pytest.param(
            METHOD,
            "        def f(self):\n            return 2\n",
            "class A:\n    def f(self):\n        return 2\n\nz = 1\n",
            id="too deep",
        ),
        pytest.param(
            "class A:\n\tx = 1\n|\tdef f(self):\n\t\treturn 1|\n",
            "def f(self):\n    if 1:\n        return 2\n",
            "class A:\n\tx = 1\n\tdef f(self):\n\t\tif 1:\n\t\t\treturn 2\n",
            id="spaces to tabs",
        ),
        pytest.param(
            "class A:\n  x = 1\n|  def f(self):\n    return 1|\n",
            "\tdef f(self):\n\t\treturn 2\n",
            "class A:\n  x = 1\n  def f(self):\n    return 2\n",
            id="tabs to spaces",
        ),
        pytest.param(
            "    |if a:\n        b()|\n",
            "if a:\n    b()\nelse:\n    c()\n",
            "    if a:\n        b()\n    else:\n        c()\n",
            id="a statement that grows",
        ),
        pytest.param(
            "|    a()\n    b()|\n", "a()\n\n\nb()", "    a()\n\n\n    b()\n", id="blank lines stay empty"
        ),
        pytest.param(
            "|        x\n    y|\n",
            "        X\n    y\n",
            "        X\n    y\n",
            id="starts deeper than it ends",
        ),
    ],
)
def test_the_reply_gets_the_indentation_of_its_place(document, reply, expected):
    """However the model indented it, it lands as deep as what it replaces, in the file's tabs or spaces."""
    check(document, reply, expected)


@pytest.mark.parametrize(
    ("document", "reply", "expected"),
    [
        pytest.param(
            "def f(x):\n|    return x|\n\nz = f(1)\n",
            "def f(x):\n    return x + 1\n",
            "def f(x):\n    return x + 1\n\nz = f(1)\n",
            id="the head of its function",
        ),
        pytest.param(
            "import os\nimport sys\n|x = 1|\ny = 22\nz = 333\n",
            "import os\nimport sys\nx = 2\ny = 22\nz = 333\n",
            "import os\nimport sys\nx = 2\ny = 22\nz = 333\n",
            id="lines before and after",
        ),
        pytest.param(
            "f(x) {\n|    foo();|\n}\n",
            "f(x) {\n    bar();\n    foo();\n}\n",
            "f(x) {\n    bar();\n    foo();\n}\n",
            id="all of it",
        ),
        pytest.param(
            "f(x) {\n|    foo();|\n}\n",
            "    if (x) {\n        foo();\n    }\n",
            "f(x) {\n    if (x) {\n        foo();\n    }\n}\n",
            id="a brace of its own is none",
        ),
        pytest.param(
            "x = 1\n|x = 1|\nx = 1\n",
            "x = 1\n",
            "x = 1\nx = 1\nx = 1\n",
            id="the target looks like that itself",
        ),
    ],
)
def test_repeated_surroundings_are_left_out(document, reply, expected):
    """A model that repeats lines around the target does not double them."""
    check(document, reply, expected)


@given(st.data())
@settings(max_examples=150)
def test_minimal_edits_make_exactly_the_intended_text(data):
    """Ascending, apart from each other, whole lines; none when nothing changes."""
    document = snapshot(data.draw(TEXTS))
    target = data.draw(ranges(list(document.lines)))
    text = data.draw(TEXTS)
    edits = minimal_edits(document, target, text)
    assert "".join(apply_edits(document.lines, edits)) == "".join(
        apply_edits(document.lines, [Edit(target, text)])
    )
    assert all(one.range.end < other.range.start for one, other in pairwise(edits))
    assert all(edit.range.start.column == 0 for edit in edits)


@given(TEXTS)
def test_a_reply_that_repeats_the_target_changes_nothing(text):
    """Also with mixed line endings."""
    document = snapshot(text)
    target = Range(rows(0, 0, document.lines).start, end_of(document.lines))
    assert minimal_edits(document, target, text) == ()


def test_only_the_lines_that_differ_are_edited():
    """A person's cursor and marks in the rest stay where they are."""
    document = snapshot("def f():\n    a = 1\n    b = 2\n    c = 3\n    return a\n")
    edits = minimal_edits(
        document, rows(0, 4, document.lines), "def f():\n    a = 10\n    b = 2\n    c = 3\n    return c"
    )
    assert [(edit.range.start.line, edit.range.end.line, edit.text) for edit in edits] == [
        (1, 2, "    a = 10\n"),
        (4, 5, "    return c\n"),
    ]


@given(TEXTS, TEXTS)
@settings(max_examples=25)
def test_a_diff_applies(tmp_path_factory, old, new):
    """`git apply` makes the new text of the old one, whatever the line endings."""
    diff = unified_diff(split_lines(old), split_lines(new), "file")
    if old == new:
        assert diff == ""
        return
    if not old or not new:
        return  # git says such files are created or deleted
    folder = tmp_path_factory.mktemp("diff")
    (folder / "file").write_bytes(old.encode())
    subprocess.run(
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
        cwd=folder,
        input=diff.encode(),
        check=True,
        capture_output=True,
    )
    assert (folder / "file").read_bytes() == new.encode()
