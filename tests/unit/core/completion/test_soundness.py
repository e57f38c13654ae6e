"""What the cursor stands in, and what a completion would break."""

from __future__ import annotations

import pytest

from tests.unit.core.completion.replies import marked
from zai_ls.core.completion.soundness import kind_at, spoils
from zai_ls.core.syntax import Syntax

SYNTAX = Syntax()

CODE = [
    ("python", "x = 1  ⎸# one\n", "before a comment"),
    ("python", "# one\n⎸\n", "the line below a comment"),
    ("python", "x = ⎸'ab'\n", "before a string"),
    ("python", "x = 'ab'⎸\n", "behind a string"),
    ("python", "x = ''⎸\n", "behind an empty string"),
    ("python", "x = ('a' + b⎸\n", "behind a string in a broken line"),
    ("python", 'x = """a"""⎸', "behind long quotes"),
    ("python", "⎸'''a'''\n", "before long quotes"),
    ("python", 'def f():\n    """Add."""\n    ⎸', "below a docstring"),
    ("python", "x = f'ab {y⎸}'\n", "what an f-string puts in"),
    ("python", "x = f'ab {⎸}'\n", "what an f-string will put in"),
    ("python", "x = f'ab {y⎸\n", "what an f-string that is not closed puts in"),
    ("python", "x = rf'ab {⎸\n", "with two prefixes too"),
    ("typescript", "const x = `a ${b⎸} c`;\n", "what a template puts in"),
    ("typescript", "const x = `a ${⎸} c`;\n", "what a template will put in"),
    ("typescript", "/* a */⎸\n", "behind a comment that is closed"),
    ("typescript", "f( /* a */⎸\n", "behind a comment that is closed, in a broken line"),
    ("typescript", "const x = /a⎸b/;\n", "a regular expression"),
    ("typescriptreact", "const f = () => <p>don't ⎸</p>;\n", "text of an element"),
    ("rust", "fn f<'a⎸>() {}\n", "a lifetime"),
    ("c", "#include <a⎸.h>\n", "a header in angles"),
    ("ruby", "x = 1⎸\n", "without a grammar"),
    ("ruby", 'x = "a" + b⎸\n', "behind a string, without a grammar"),
    ("ruby", 'x = "a #{⎸\n', "what a string puts in, without a grammar"),
    ("html", "<!-- a -->⎸\n", "behind a comment, without a grammar"),
    ("css", "a { b: c⎸\n", "a value, without a grammar"),
    ("json", '{"a": ⎸}', "a value"),
    ("yaml", "a: don't ⎸\n", "an apostrophe opens no string"),
    ("html", "<p>It's a ⎸</p>\n", "an apostrophe in text"),
    ("markdown", "It's a \"⎸\n", "prose has no strings"),
    ("cobol", "x = ⎸", "a language that nobody has listed"),
]  # fmt: skip
COMMENTS = [
    ("python", "x = 1  #⎸ one\n", "right behind its mark"),
    ("python", "x = 1  # on⎸e\n", "inside"),
    ("python", "x = 1  # one⎸\n", "at its end"),
    ("python", "# one⎸", "at the end of the document"),
    ("python", "# a */⎸\n", "marks of other languages do not close it"),
    ("python", "x = 'a'  # b'⎸\n", "quotes in it do not count"),
    ("typescript", "// a⎸\n", "up to the end of the line"),
    ("typescript", "/* a⎸ */\n", "of its own kind"),
    ("typescript", "/* a⎸\n", "not closed yet"),
    ("typescript", "/**\n * a⎸\n */\n", "of several lines"),
    ("typescript", "f(// a⎸\n", "in a broken line"),
    ("go", "package a\n\nvar x = 1 // a⎸", "behind code"),
    ("rust", "/// a⎸\nfn f() {}\n", "for documentation"),
    ("rust", "/* a⎸ */ fn f() {}\n", "before code"),
    ("java", "class A { // a⎸\n}\n", "behind an opener"),
    ("c", "int x; /* a⎸ */\n", "behind a declaration"),
    ("ruby", "x = 1 # a⎸\n", "without a grammar"),
    ("yaml", "# don't⎸\n", "with an apostrophe, without a grammar"),
    ("html", "<!-- a⎸ -->\n", "of its own kind, without a grammar"),
    ("css", "/* a⎸\n", "not closed yet, without a grammar"),
    ("lua", "-- a⎸\n", "with another mark"),
]  # fmt: skip
STRINGS = [
    ("python", "x = 'a⎸b'\n", "inside"),
    ("python", "x = 'ab⎸'\n", "before its end"),
    ("python", "x = 'ab⎸\ny = 1\n", "not closed yet"),
    ("python", "x = (r'ab⎸\n", "with a prefix, not closed yet"),
    ("python", 'x = "a\\"⎸\n', "an escaped quote does not close it"),
    ("python", "x = '#⎸'\n", "a comment's mark in it"),
    ("python", "x = f'a⎸b {y}'\n", "an f-string's own text"),
    ("python", "x = f'ab {y} c⎸'\n", "an f-string's text behind what it puts in"),
    ("python", "x = f'ab {{⎸\n", "doubled braces put nothing in"),
    ("python", "x = f'{d[\"a⎸\"]}'\n", "in what an f-string puts in"),
    ("python", 'def f():\n    """Add ⎸\n    """\n', "a docstring's first line"),
    ("python", 'def f():\n    """Add.\n\n    More ⎸\n    """\n', "a docstring's later line"),
    ("python", 'def f():\n    """⎸', "a docstring that was just opened"),
    ("python", 'def f(:\n    """Add ⎸\n    """\n', "in a file that is broken elsewhere"),
    ("typescript", "const x = `a⎸b`;\n", "a template's own text"),
    ("typescript", "const x = `a ${b} c⎸`;\n", "a template's text behind what it puts in"),
    ("typescript", "f('a⎸\n", "in a broken line"),
    ("typescriptreact", 'const f = () => <p a="b⎸">x</p>;\n', "an attribute"),
    ("go", "package a\n\nvar x = `a⎸\nb`\n", "a raw one of several lines"),
    ("go", "package a\n\nvar x = 'a⎸'\n", "a character"),
    ("rust", 'fn f() { let x = r#"a⎸"#; }\n', "a raw one"),
    ("rust", 'fn f() { let x = "a⎸\n}\n', "one that swallows the rest"),
    ("java", "class A { char x = 'a⎸'; }\n", "a character"),
    ("java", 'class A { String x = """\n  a⎸\n  """; }\n', "with long quotes"),
    ("c", '#include "a⎸.h"\n', "a header's name"),
    ("c", "char x = 'a⎸';\n", "a character"),
    ("ruby", "x = 'a⎸'\n", "without a grammar"),
    ("html", '<p class="a⎸">\n', "an attribute, without a grammar"),
    ("yaml", "a: 'b⎸\n", "not closed, without a grammar"),
    ("json", '{"a⎸"}', "a name"),
]  # fmt: skip


def each(**cases):
    return [
        pytest.param(*case[:-1], expected, id=f"{expected}: {case[0]}: {case[-1]}")
        for expected, rows in cases.items()
        for case in rows
    ]


@pytest.mark.parametrize(("language", "text", "kind"), each(code=CODE, comment=COMMENTS, string=STRINGS))
def test_what_the_cursor_stands_in(language, text, kind):
    """By the tree where there is one that can be trusted, else by the cursor's line."""
    assert kind_at(*marked(text, language), SYNTAX) == kind


PYTHON = "import os\n\n\ndef f(x):\n    ⎸\n\n\ndef g():\n    return 1\n"
SCRIPT = "function f(x: number) {\n  ⎸\n}\n"
GO = "package a\n\nfunc f(x int) int {\n\t⎸\n}\n"
RUST = "fn f(x: u8) -> u8 {\n    ⎸\n}\n"
JAVA = "class A {\n    int f(int a) {\n        ⎸\n    }\n}\n"
C = "int f(int a) {\n    ⎸\n}\n"

KEEPS = [
    ("python", PYTHON, "return x", "a statement"),
    ("python", PYTHON, "return 'é👍'", "letters of any kind"),
    ("python", PYTHON, '"""Add."""', "a docstring"),
    ("python", PYTHON, "if x:\n        return 1", "a block"),
    ("python", PYTHON, "if x:", "an opener at its end"),
    ("python", PYTHON, "if x:  # one", "an opener with a comment behind it at its end"),
    ("python", PYTHON, "if x:\n        a()\n    else:\n        # one", "an opener and a comment at its end"),
    ("python", PYTHON, "try:\n        a()", "the first half of something"),
    ("python", PYTHON, "return f(", "a bracket that is still open"),
    ("python", PYTHON, "return f(x,", "an argument that is still to come"),
    ("python", PYTHON, "return f(x +", "a value that is still to come"),
    ("python", PYTHON, "return f(x,  # one", "a comment behind what is still open"),
    ("python", PYTHON, "return [1, 2", "a list that is still open"),
    ("python", PYTHON, "x = {\n        'a': 1,", "a literal of several lines that is still open"),
    ("python", PYTHON, "for a in x:\n        b(a)\n    return 1", "back to the depth before"),
    ("python", "def f(x):⎸\n\n\ny = 1\n", "\n    return x", "a body on a new line"),
    ("python", "def f(⎸\n    return 1\n", "x):", "what a broken line lacked"),
    ("python", "x = f(⎸\ny = 1\n", "a, b)", "the bracket that a broken line lacked"),
    ("python", "x = ⎸\n", "f(1)", "the value that a line lacked"),
    ("python", "x = ⎸\n", "[", "the beginning of what a line lacked"),
    ("python", "x = = 1\n\n\ndef f():\n    ⎸\n", "return 1", "a file that is broken elsewhere"),
    ("python", "x = [\n    1,\n    ⎸\n]\n", "2,", "an item among others"),
    ("python", "if x:\n    a()\n⎸\n", "else:\n    b()", "another arm"),
    ("python", "if x:\n    ⎸\nelse:\n    a()\n", "b()", "an arm before another"),
    ("python", "def g():\n\t⎸\n", "if x:\n\t\treturn 1", "tabs"),
    ("python", 'def f():\n    x = """\na\n"""\n    ⎸\n', "return x", "below a string without indentation"),
    ("python", "match x:\n    ⎸\n", "case 1:\n        pass", "a case"),
    ("python", PYTHON.replace("\n", "\r\n"), "if x:\n        return 1", "lines with CRLF"),
    ("typescript", SCRIPT, "return x;", "a statement"),
    ("typescript", SCRIPT, "if (x) {", "an opener at its end"),
    ("typescript", SCRIPT, "if (x) {\n    return 1;", "a block that is still open"),
    ("typescript", "const x = ⎸\n", "y.map((a) => {", "two brackets that are still open"),
    ("typescript", "function f(x: number) {\n  ⎸\n", "return x;\n}", "the brace that the file lacked"),
    ("typescript", "function f(x: number) {\n  ⎸\n", "return x;", "a statement where a brace is lacking"),
    ("typescript", "const x = {\n  a: 1,\n  ⎸\n};\n", "b: 2,", "a property"),
    ("typescript", "const x = `a ${⎸}`;\n", "b", "what a template puts in"),
    ("typescript", "/** ⎸\n */\nfunction f() {}\n", "adds", "words in a comment"),
    ("typescript", SCRIPT, "if (x) { // one", "a comment behind an opener"),
    ("go", GO, "y := []int{1, 2", "a literal that is still open"),
    ("go", GO, "g(x, x", "an argument at its end"),
    ("go", GO, "return x", "a statement"),
    ("go", GO, "if x > 0 {\n\t\treturn 1\n\t}", "a block"),
    ("go", GO, "for i := range x {", "an opener at its end"),
    ("rust", RUST, "x + 1", "a value"),
    ("rust", RUST, "match x {\n        1 => 2,\n        _ => 3,\n    }", "a block"),
    ("rust", RUST, "match x {", "an opener at its end"),
    ("rust", 'fn f() {\n    println!("{}", ⎸);\n}\n', "x", "an argument"),
    ("java", JAVA, "return a;", "a statement"),
    ("java", JAVA, "if (a > 0) {", "an opener at its end"),
    ("java", "class A {\n    ⎸\n}\n", "int b;", "a member"),
    ("c", C, "return a;", "a statement"),
    ("c", C, "for (int i = 0; i < a; i++) {", "an opener at its end"),
    ("c", "#include ⎸\n\nint x;\n", "<stdio.h>", "a header"),
    ("yaml", "a: ⎸\n", "[[[", "of a language without a grammar nothing is known"),
]  # fmt: skip
SPOILS = [
    ("python", PYTHON, "return x)", "a bracket too many"),
    ("python", PYTHON, "return = x", "what is no code"),
    ("python", PYTHON, "Sure, here is the code", "a sentence"),
    ("python", PYTHON, "y = 'ab", "a string that is not closed"),
    ("python", PYTHON, '"""Add.', "a docstring that is not closed"),
    ("python", PYTHON, "if x:\n    return 1", "a block that is not deep enough"),
    ("python", PYTHON, "y = 1\n        z = 2", "a line too deep"),
    ("python", PYTHON, "y = 1\n  z = 2", "a line not deep enough"),
    ("python", PYTHON.replace("\n", "\r\n"), "y = 1\n  z = 2", "indentation, with CRLF"),
    ("python", "x = f(⎸)\n", "a, b)", "a bracket that stands there already"),
    ("python", "x = ⎸\n", "1)", "a broken line that a value would have mended"),
    ("python", "x = f(⎸\n", "a))", "a broken line that a value and a bracket would have mended"),
    ("python", "x = = 1\n\n\ndef f():\n    ⎸\n", "return = 1", "another fault in a file with one"),
    ("python", "if x:\n    a()\n⎸\n", "    else:\n    b()", "an arm that is too deep"),
    ("python", "x = [\n    1,\n    ⎸\n]\n", "2]", "a list closed twice"),
    ("typescript", SCRIPT, "return x;\n}", "a brace that stands there already"),
    ("typescript", "const x = {\n  a: 1,\n  ⎸\n};\n", "b = 2;", "a statement among properties"),
    ("typescript", "const x = ⎸\n", "y);", "a bracket too many, in a line that was broken"),
    ("go", GO, "return x\n}", "a brace that stands there already"),
    ("go", GO, "x := := 1", "what is no code"),
    ("rust", RUST, "let y = ;", "a value left out"),
    ("rust", RUST, "x + 1)", "a bracket too many"),
    ("java", JAVA, "return a;\n    }\n}", "braces that stand there already"),
    ("java", JAVA, "return a", "a semicolon left out"),
    ("c", C, "return a;\n}", "a brace that stands there already"),
    ("c", C, "return a", "a semicolon left out"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "inserted", "verdict"), each(keeps=KEEPS, spoils=SPOILS))
def test_what_a_completion_would_break(language, text, inserted, verdict):
    """It may leave open what it opens, and no more faults than there would be with any name in its place."""
    assert spoils(*marked(text, language), inserted, SYNTAX) is (verdict == "spoils")


def test_asking_leaves_the_document_as_it_is():
    """The tree that is remembered is that of the document, not of what would be inserted."""
    snapshot, point = marked(PYTHON)
    before = SYNTAX.parse(snapshot)
    spoils(snapshot, point, "return (", SYNTAX)

    assert SYNTAX.parse(snapshot) is before


def test_a_line_in_the_middle_of_a_large_file():
    """Ten thousand lines are judged like ten."""
    some = "def f_{0}(x):\n    y = x + {0}\n    return [y, '{0}']\n\n\n"
    half = "".join(some.format(number) for number in range(1_000))
    text = half + "def g(x):\n    ⎸\n\n\n" + half

    assert text.count("\n") > 10_000
    assert not spoils(*marked(text), "return f_1(x)", SYNTAX)
    assert spoils(*marked(text), "return f_1(x))", SYNTAX)
