from __future__ import annotations

import subprocess
import sys
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS, marked, places, ranges, snapshot
from zai_ls.core.parsing import parse
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import body_of, splice, split_lines, text_in, whole
from zai_ls.domain import Point, Range, Snapshot

SYNTAX = Syntax()

SOUND = {
    "python": "def f(a):\n    return a\n",
    "javascript": "function f(a) { return a }\n",
    "javascriptreact": "const f = () => <p>é</p>;\n",
    "typescript": "function f(a: number): number { return a }\n",
    "typescriptreact": "const f = (a: string) => <p>{a}</p>;\n",
    "go": "package a\n\nfunc f(a int) int { return a }\n",
    "rust": "fn f(a: u8) -> u8 { a }\n",
    "java": "class A { int f(int a) { return a; } }\n",
    "c": "int f(int a) { return a; }\n",
    "cpp": "template <class T> T f(T a) { return a; }\n",
}


@pytest.mark.parametrize("language", SOUND)
def test_a_text_is_sound_or_not(language):
    """A cut text has more faults than a whole one, in each language of the default install."""
    assert SYNTAX.is_sound(SOUND[language], language) is True
    broken = SOUND[language].rstrip()[:-4] + "(((\n"
    assert SYNTAX.is_sound(broken, language) is False
    assert SYNTAX.errors_in(broken, language) > SYNTAX.errors_in(SOUND[language], language) == 0


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n",
        "if x:\nf()\n",
        "def f():\n    return 1\n  y = 2\n",
        "class A:\n    x = 1\n      y = 2\n",
    ],
)
def test_wrong_indentation_is_a_fault_in_python(text):
    """The grammar lets it pass, Python does not."""
    assert SYNTAX.is_sound(text, "python") is False


def test_python_newer_than_ours_is_sound():
    """What only the running Python cannot read is no fault of the text."""
    assert SYNTAX.is_sound("def f[T](a: T) -> T:\n    return a\n\n\ntype A = int\n", "python") is True


def test_of_an_unknown_language_nothing_is_known():
    """Neither sound nor broken, and no faults."""
    assert SYNTAX.is_sound("((((", "cobol") is None
    assert SYNTAX.errors_in("((((", "cobol") == 0


def test_a_broken_file_is_judged_by_whether_it_gets_worse():
    """A second fault counts beside the first."""
    one = "def f():\n    return 1\n\n\nx = = 1\n\n\ndef g():\n    return 2\n"
    assert (
        SYNTAX.errors_in(one.replace("return 2", "return = = 2"), "python")
        > SYNTAX.errors_in(one, "python")
        > 0
    )


# -- definitions --------------------------------------------------------------------------------------------

PYTHON = """\
import os

# About f.
@decorated
# Why.
def f(a):

    def inner():
        return 1

    return inner  # here


class A:
    '''Doc.'''

    async def m(self):
        return 1

    n = 1

x = 1
"""
SCRIPT = """\
// About f.
export const f = async (a) => {
  return a;
};

/** Doc. */
export default class A {
  m() {
    return 1;
  }
}

const x = 1;
"""
RUST = """\
use std::fmt;

/// Doc.
#[derive(Debug)]
struct S {
    a: u8,
}

impl S {
    /// Doc.
    #[inline]
    fn m(&self) -> u8 {
        self.a
    }
}
"""
CPP = """\
#include <a.h>

// About f.
template <class T>
T *f(T a) {
    return a;
}

namespace n {
class A {
    int m() { return 1; }
};
}
"""
GO = """\
package a

// F does.
func F() int {
	return 1
}

type T struct {
	a int
}

func (t *T) M() int {
	return t.a
}
"""
JAVA = """\
import a.B;

class A {
    /** Doc. */
    @Override
    public int m(int a) {
        return a;
    }
}
"""


def lines_of(found) -> tuple[str, str, int, int]:
    return found.name, found.kind, found.range.start.line, found.range.end.line


@pytest.mark.parametrize(
    ("language", "text", "line", "expected"),
    [
        ("python", PYTHON, 0, None),
        ("python", PYTHON, 2, ("f", "function", 2, 10)),
        ("python", PYTHON, 3, ("f", "function", 2, 10)),
        ("python", PYTHON, 4, ("f", "function", 2, 10)),
        ("python", PYTHON, 5, ("f", "function", 2, 10)),
        ("python", PYTHON, 6, ("f", "function", 2, 10)),
        ("python", PYTHON, 8, ("inner", "function", 7, 8)),
        ("python", PYTHON, 10, ("f", "function", 2, 10)),
        ("python", PYTHON, 11, None),
        ("python", PYTHON, 14, ("A", "class", 13, 19)),
        ("python", PYTHON, 17, ("m", "method", 16, 17)),
        ("python", PYTHON, 21, None),
        ("javascript", SCRIPT, 0, ("f", "function", 0, 3)),
        ("javascript", SCRIPT, 2, ("f", "function", 0, 3)),
        ("javascript", SCRIPT, 5, ("A", "class", 5, 10)),
        ("javascript", SCRIPT, 8, ("m", "method", 7, 9)),
        ("javascript", SCRIPT, 12, None),
        ("typescript", SCRIPT, 2, ("f", "function", 0, 3)),
        ("rust", RUST, 2, ("S", "type", 2, 6)),
        ("rust", RUST, 9, ("m", "method", 9, 13)),
        ("rust", RUST, 12, ("m", "method", 9, 13)),
        ("rust", RUST, 0, None),
        ("cpp", CPP, 2, ("f", "function", 2, 6)),
        ("cpp", CPP, 5, ("f", "function", 2, 6)),
        ("cpp", CPP, 10, ("m", "method", 10, 10)),
        ("cpp", CPP, 9, ("A", "class", 9, 11)),
        ("c", "struct s *f(int a)\n{\n    return 0;\n}\n", 2, ("f", "function", 0, 3)),
        ("go", GO, 4, ("F", "function", 2, 5)),
        ("go", GO, 8, ("T", "type", 7, 9)),
        ("go", GO, 12, ("M", "method", 11, 13)),
        ("java", JAVA, 3, ("m", "method", 3, 7)),
        ("java", JAVA, 6, ("m", "method", 3, 7)),
        ("java", JAVA, 2, ("A", "class", 2, 8)),
        # without a grammar: by words, indentation and braces
        ("ruby", "# Doc.\ndef f(a)\n  a\nend\n\nx = 1\n", 2, ("f", "function", 0, 3)),
        ("ruby", "# Doc.\ndef f(a)\n  a\nend\n\nx = 1\n", 0, ("f", "function", 0, 3)),
        ("ruby", "# Doc.\ndef f(a)\n  a\nend\n\nx = 1\n", 5, None),
        ("kotlin", "class A {\n    fun m(): Int {\n        return 1\n    }\n}\n", 2, ("m", "method", 1, 3)),
        ("csharp", "class A\n{\n    int x;\n}\n", 2, ("A", "class", 0, 3)),
    ],
)
def test_the_definition_around_a_line(language, text, line, expected):
    """The smallest one, in whole lines, with its decorators and the comments directly above."""
    document = snapshot(text, language, uri=f"file:///{language}")
    body = body_of(document.lines[line])
    for column in {0, len(body) - len(body.lstrip()), len(body)}:
        found = SYNTAX.enclosing_definition(document, Point(line, column))
        assert (None if found is None else lines_of(found)) == expected
        if found is not None:
            assert found.range.start.column == 0
            assert found.range.end.column == len(body_of(document.lines[found.range.end.line]))


def test_all_definitions_in_order():
    """Outer before inner, as they stand in the file."""
    assert [d.name for d in SYNTAX.definitions(snapshot(PYTHON))] == ["f", "inner", "A", "m"]
    assert [d.name for d in SYNTAX.definitions(snapshot(CPP, "cpp"))] == ["f", "n", "A", "m"]


def test_a_selection_that_is_a_definition_is_known_as_one():
    """Blank lines around it do not matter, other code does."""
    document = snapshot(PYTHON)
    found = SYNTAX.definition_at_or_none(document, Range(Point(1, 0), Point(12, 0)))
    assert found is not None
    assert found.name == "f"
    assert SYNTAX.definition_at_or_none(document, Range(Point(2, 0), Point(14, 0))) is None
    assert SYNTAX.definition_at_or_none(document, Range(Point(6, 0), Point(8, 0))) is None


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        (PYTHON, 17, ["class A:", "    async def m(self):"]),
        (PYTHON, 8, ["def f(a):", "    def inner():"]),
        (PYTHON, 5, []),
        ("def f(\n    a,\n    b,\n):\n    return 1\n", 4, ["def f(", "    a,", "    b,", "):"]),
    ],
)
def test_the_heads_of_what_encloses_a_line(text, line, expected):
    """Outermost first, without decorators and docstrings."""
    document = snapshot(text)
    here = Range(Point(line, 0), Point(line, len(body_of(document.lines[line]))))
    assert [body_of(document.lines[n]) for n in SYNTAX.enclosing_heads(document, here)] == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "import a\nx = 1\nfrom b import (\n    c,\n)\nif x:\n    import d\n", (0, 2, 3, 4, 6)),
        ("go", 'package a\n\nimport (\n\t"b"\n)\n', (0, 2, 3, 4)),
        ("cpp", CPP, (0,)),
        ("rust", RUST, (0,)),
        ("ruby", "require 'a'\nx = 1\n", (0,)),
    ],
)
def test_the_imports_of_a_file(language, text, expected):
    """At its top level, also where a condition guards them."""
    assert SYNTAX.imports(snapshot(text, language)) == expected


# -- trees --------------------------------------------------------------------------------------------------


@given(st.data())
@settings(max_examples=80)
def test_places_and_bytes_are_the_same_places(data):
    """Accents, ideographs, emoji, half characters and every line ending: there and back again."""
    lines = split_lines(data.draw(TEXTS | st.text(alphabet="aé日👍\ud800\n\r\t", max_size=30)))
    parsed = SYNTAX.parse(Snapshot("file:///p", "python", 1, tuple(lines)))
    assert parsed is not None
    place = data.draw(places(lines))
    assert parsed.point_of(parsed.byte_of(place)) == place
    head = "".join(lines[: place.line]) + lines[place.line][: place.column]
    assert parsed.byte_of(place) == len(head.encode("utf-8", "surrogatepass"))


@given(st.data())
@settings(max_examples=80)
def test_a_tree_that_was_kept_in_step_is_the_tree_of_the_text(data):
    """After any changes the quick way gives what reading it anew gives."""
    syntax = Syntax()
    source = PYTHON.replace("return 1", "return 'é👍'")
    lines = split_lines(source)
    for version in range(4):
        if version:
            piece = data.draw(
                TEXTS | st.sampled_from(["(", ")", "'''", "\n    ", "def g():\n    pass\n", "👍"])
            )
            splice(lines, data.draw(ranges(lines)), piece)
        kept = syntax.parse(Snapshot("file:///a", "python", version, tuple(lines)))
        parser, grammar = syntax._parser("python")
        assert kept is not None
        assert parser is not None
        anew = parse(parser, grammar, lines)
        assert kept.data == anew.data
        assert str(kept.root) == str(anew.root)
        if not anew.root.has_error:
            # (after an error, recovery may differ in extent)
            assert [
                (n.start_byte, n.end_byte) for n in kept.within(whole(lines), frozenset({"identifier"}))
            ] == [(n.start_byte, n.end_byte) for n in anew.within(whole(lines), frozenset({"identifier"}))]


def test_only_the_newest_trees_are_kept():
    """Memory is bounded; a document that comes back is read again."""
    syntax = Syntax(trees=2)
    for name in "abc":
        syntax.parse(snapshot("x = 1\n", uri=name))
    assert list(syntax._trees) == ["b", "c"]
    document = snapshot("x = 1\n", uri="c")
    assert syntax.parse(document) is syntax.parse(document)
    syntax.forget("c")
    assert list(syntax._trees) == ["b"]


def test_a_document_that_changes_its_language_is_read_anew():
    """A tree of the old language is worth nothing."""
    syntax = Syntax()
    syntax.parse(snapshot("def f(): pass\n", "python"))
    parsed = syntax.parse(snapshot("function f() {}\n", "javascript"))
    assert parsed is not None
    assert parsed.root.type == "program"


def test_nothing_heavy_is_imported_before_it_is_needed():
    """Importing the syntax, the edits and the score loads no tree-sitter, and no grammar before it is asked for."""
    script = (
        "import sys, zai_ls.core.syntax, zai_ls.core.edits, zai_ls.core.rebase, zai_ls.core.complexity\n"
        "zai_ls.core.syntax.Syntax()\n"
        "print([name for name in sys.modules if name.startswith('tree_sitter') or name == 'difflib'])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


# -- comments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "# zai: make it fast\n|x = 1|\n", ["make it fast"]),
        ("python", "|# zai: make it fast\n# and short\nx = 1|\n", ["make it fast and short"]),
        ("python", "|# zai: one\n# zai: two\nx = 1|\n", ["one", "two"]),
        ("python", "|# zai: one\n#\n# another matter\nx = 1|\n", ["one"]),
        ("python", "|x = 1  # ZAI: rename to y\n# not this|\n", ["rename to y"]),
        ("python", "|x = '# zai: no'\ny = 1|\n", []),
        ("python", "|'''zai: no'''|\n", []),
        ("python", "# zai: too far\n\n|x = 1|\n", []),
        ("python", "|x = 1|\n# zai: below\n", []),
        ("python", "# Notes.\n# zai: é 日本 👍\n|x = 1|\n", ["é 日本 👍"]),
        ("python", "|# zai:\n# make it fast\nx = 1|\n", ["make it fast"]),
        ("python", "|# zai:\nx = 1|\n", []),
        ("javascript", "/* zai: use a map */\n|let x = 1|\n", ["use a map"]),
        (
            "javascript",
            "/**\n * zai: use a map,\n * not a list.\n *\n * More.\n */\n|let x = 1|\n",
            ["use a map, not a list."],
        ),
        ("typescript", "|let x = 1 // zai: const|\n", ["const"]),
        ("rust", "|// zai: no clone\nfn f() {}|\n", ["no clone"]),
        ("go", "package a\n\n|// zai: no panic\nfunc f() {}|\n", ["no panic"]),
        ("c", "|/* zai: free it */\nint a;|\n", ["free it"]),
        ("html", "|<!-- zai: a table -->\n<p>|\n", ["a table"]),
        ("lua", "|-- zai: local\nx = 1|\n", ["local"]),
        ("sql", "|-- zai: index\nselect 1|\n", ["index"]),
        ("shellscript", "|# zai: quote it\necho $a|\n", ["quote it"]),
        ("ocaml", "|(* zai: fold *)\nlet x = 1|\n", ["fold"]),
        ("ruby", "|x = '# zai: no'\n# zai: yes|\n", ["yes"]),
    ],
)
def test_comments_that_speak_to_us(language, text, expected):
    """`zai: …` inside the selection or directly above it, over several lines, in the language's own comments only."""
    document, range_ = marked(text, language)
    assert [found.words for found in SYNTAX.zai_comments(document, range_)] == expected


def test_a_comment_lies_where_it_is_said_to():
    """From its mark to its last character, with all its lines."""
    document, range_ = marked("é = 1\n|    # zai: a\n    # b\nx = 1|\n")
    (found,) = SYNTAX.zai_comments(document, range_)
    assert text_in(document.lines, found.range) == "# zai: a\n    # b"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "|# TODO: later\nx = 1|\n", True),
        ("python", "|x = 'TODO'|\n", False),
        ("python", "|def f():\n    pass|\n", True),
        ("python", "|def f():\n    '''Do.'''\n    ...|\n", True),
        ("python", "|def f():\n    '''Do.'''|\n", True),
        ("python", "|def f():\n    raise NotImplementedError|\n", True),
        ("python", "|try:\n    f()\nexcept ValueError:\n    pass|\n", False),
        ("python", "|class A(Exception):\n    pass|\n", False),
        ("python", "|def f():\n    return 1|\n\ndef g():\n    pass\n", False),
        ("rust", "|fn f() -> u8 {\n    todo!()\n}|\n", True),
        ("rust", "|fn f() {}|\n", True),
        ("java", "class A {\n|int f() { throw new UnsupportedOperationException(); }|\n}\n", True),
        ("typescript", '|function f() { throw new Error("Not implemented") }|\n', True),
        ("javascript", "|const f = () => 1|\n", False),
        ("go", 'package a\n|func f() { panic("not implemented") }|\n', True),
        ("c", "|int f(void) { /* later */ }|\n", True),
        ("csharp", "|int F() { throw new NotImplementedException(); }|\n", True),
        ("php", "<?php\n|function f($a) { }|\n", True),
        ("php", "<?php\n|function f($a) { return 1; }|\n", False),
    ],
)
def test_what_is_left_to_write(language, text, expected):
    """A TODO in a comment, a body without code, or one that says it is not implemented."""
    document, range_ = marked(text, language)
    assert SYNTAX.todo_or_stub(document, range_) is expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "|# 计算总和\nx = 1|\n", True),
        ("python", '|def f():\n    """Größe."""|\n', True),
        ("python", "|# an arrow → and a tick ✓\nx = 1|\n", False),
        ("python", "|x = '日本'  # text|\n", False),
        ("python", "# 计算\n\n|x = 1  # é|\n", True),
        ("java", "|// été\nint a;|\n", True),
        ("ruby", "|x = '日本' # text|\n", False),
        ("ruby", "|x = 1 # 日本|\n", True),
    ],
)
def test_comments_that_are_not_in_english(language, text, expected):
    """Letters that English has not, in comments and docstrings, not in other strings and not as signs."""
    document, range_ = marked(text, language)
    assert SYNTAX.has_comments_in_other_language(document, range_) is expected


def test_is_there_a_comment():
    """Only in the range."""
    document, range_ = marked("# a\n\n|x = 1|\ny = 1  # b\n")
    assert not SYNTAX.has_comments(document, range_)
    assert SYNTAX.has_comments(document, whole(document.lines))


def test_a_text_that_is_too_large_is_read_without_a_tree():
    """What can be told by words and lines is still told."""
    document = snapshot("x = 1\n" * 300_000 + "# zai: cut it down\ndef f():\n    return 1\n")
    assert SYNTAX.parse(document) is None
    here = Range(Point(300_000, 0), Point(300_002, 12))
    assert [found.words for found in SYNTAX.zai_comments(document, here)] == ["cut it down"]
    assert SYNTAX.is_sound(document.text, "python") is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("python", "(" * 64_000, id="brackets on one line"),
        pytest.param("javascript", ("(" * 50 + "\n") * 4_000, id="brackets on many lines"),
        pytest.param("javascript", "x = [" + ",\n" * 60_000 + "]", id="commas"),
        pytest.param("javascript", "function a(b){return b+1};" * 38_000, id="minified"),
        pytest.param("c", "if(a\n" * 50_000, id="what its grammar is slow to give up on"),
        pytest.param("javascript", "({)[}]'= a;\n\"(" * 14_000, id="garbage"),
        pytest.param("perl", "sub f {\n" * 20_000, id="no grammar"),
    ],
)
def test_a_hostile_text_does_not_hold_the_list_up(language, text):
    """No text costs more of our own time than one made by hand; what can be told by words still is."""
    syntax, document = Syntax(), snapshot(text, language)
    syntax.parse(snapshot("", language))  # loading the grammar is another matter
    begun = thread_time()
    syntax.definitions(document)
    syntax.enclosing_definition(document, Point(0, 0))
    syntax.zai_comments(document, whole(document.lines))
    assert thread_time() - begun < 1.5


def test_a_text_beside_the_document_is_read_and_forgotten():
    """Its tree is that of reading it anew; the document's stays the one that is remembered."""
    syntax = Syntax()
    shown = snapshot(PYTHON)
    kept = syntax.parse(shown)
    lines = list(shown.lines)
    splice(lines, Range(Point(0, 0), Point(0, 0)), "x = (\n")
    beside = syntax.parse_beside(lines, shown)

    assert beside is not None
    assert beside.root.has_error
    assert str(beside.root) == str(Syntax().parse(snapshot("".join(lines))).root)
    assert syntax.parse(shown) is kept
    assert not kept.root.has_error


def test_beside_a_document_that_nobody_has_read_there_is_a_tree_too():
    """And none in a language without a grammar."""
    assert Syntax().parse_beside(["x = 1\n"], snapshot(PYTHON)).root.type == "module"
    assert Syntax().parse_beside(["x = 1\n"], snapshot(PYTHON, "cobol")) is None
