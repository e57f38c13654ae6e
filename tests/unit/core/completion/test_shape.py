"""How much is asked for: a block where one begins, else the rest of the line."""

from __future__ import annotations

import pytest

from tests.unit.core.completion.replies import place_in
from zai_ls.core.completion.shape import LINE_TOKENS, plain_stop, shape_of

BLOCKS = [
    ("python", "⎸", "nothing above"),
    ("python", "\n\n⎸", "blank lines alone above"),
    ("python", "x = 1\n\n⎸", "below an empty line"),
    ("python", "x = 1\n   \n⎸", "below a line of blanks"),
    ("python", "def f(x):\n    ⎸\n", "an empty body"),
    ("python", "def f(x):\n    ⎸\n\n\ndef g():\n    return 1\n", "an empty body before another definition"),
    ("python", "def f(x):  # adds: one\n    ⎸\n", "an opener with a comment behind it"),
    ("python", "else:\n    ⎸", "any colon at a line's end"),
    ("python", "if x:⎸", "right behind an opener"),
    ("python", "async def f():  ⎸", "blanks behind an opener"),
    ("python", "def f(x):\n    # adds one\n    ⎸", "below a comment"),
    ("python", 'def f(x):\n    """Add."""\n    ⎸', "below a docstring of one line"),
    ("python", 'def f(x):\n    """Add.\n\n    More.\n    """\n    ⎸', "below a docstring of several lines"),
    ("python", "def f(x):\n    '''Add.'''\n    ⎸", "below a docstring with the other quotes"),
    ("python", "x = [\n    ⎸\n]\n", "an empty list"),
    ("python", "f(\n    ⎸\n)\n", "empty brackets of a call"),
    ("python", "x = [\n    1,\n]\n\n⎸", "brackets that are closed do not count"),
    ("python", "x = '('\n\n⎸", "brackets in strings do not count"),
    ("python", "# a (\n\n⎸", "brackets in comments do not count"),
    ("typescript", "if (x) {\n  ⎸\n}", "an empty body that its brace closes"),
    ("typescript", "if (x) {⎸", "right behind a brace"),
    ("typescript", "const f = (x) =>\n  ⎸", "below an arrow"),
    ("typescript", "it('x', () => {\n  ⎸\n});", "the empty body of a callback"),
    ("typescript", "it('x', () => {\n  a();\n\n  ⎸\n});", "an empty line in the body of a callback"),
    ("typescript", "/** Adds. */\n⎸", "below a comment of one line"),
    ("typescript", "/**\n * Adds.\n */\n⎸", "below a comment of several lines"),
    ("typescript", "switch (x) {\n  case 1:⎸", "behind a case"),
    ("go", "func f() {\n\t⎸\n}\n", "an empty body indented by a tab"),
    ("go", "switch x {\ncase 1:\n\t⎸\n}", "below a case"),
    ("go", "// f adds.\n⎸", "below a comment"),
    ("rust", "fn f() -> u8 {\n    ⎸\n}", "an empty body"),
    ("rust", "match x {\n    A =>\n        ⎸\n}", "below an arrow"),
    ("rust", "/// Adds.\n⎸", "below a comment"),
    ("java", "class A {\n    ⎸\n}", "an empty class"),
    ("java", "    /**\n     * Adds.\n     */\n    ⎸", "below a comment of several lines"),
    ("c", "int f(void)\n{\n    ⎸\n}", "a brace in its own line"),
    ("c", "int f(void) { // adds\n    ⎸\n}", "a comment behind the brace"),
    ("ruby", "def f(x)\n  ⎸\nend\n", "an empty method"),
    ("ruby", "items.each do |x|\n  ⎸\nend", "an empty block with an argument"),
    ("ruby", "# adds\n⎸", "below a comment"),
    ("yaml", "jobs:\n  ⎸", "below a key without a value"),
    ("yaml", "# all jobs\n⎸", "below a comment"),
    ("markdown", "# T\n\n⎸", "a new paragraph"),
    ("html", "<ul>\n  ⎸\n</ul>", "an empty element"),
    ("html", "<!-- all of them -->\n⎸", "below a comment"),
    ("css", "a {\n  ⎸\n}", "an empty rule"),
    ("css", "/* main */\n⎸", "below a comment"),
    ("json", '{\n  "a": {\n    ⎸\n  }\n}', "an empty object"),
    ("json", '{\n  "a": [\n    ⎸\n  ]\n}', "an empty list"),
    ("lua", "function f()\n  ⎸\nend", "an empty function"),
    ("haskell", "f x = case x of\n  ⎸", "an opener that is a word"),
]  # fmt: skip
LINES = [
    ("python", "x = ⎸", "behind code"),
    ("python", "x = 1\n⎸", "below a line that opens nothing"),
    ("python", "x = ⎸  # one", "before a comment"),
    ("python", "    ⎸ + 1\n", "before code"),
    ("python", "def f():\n    ⎸\n    return 1\n", "a body that has something in it already"),
    ("python", "def f():\n\n    ⎸\n    return 1\n", "a filled body, below its empty line"),
    ("python", "x = lambda a:⎸", "a colon that no block follows"),
    ("python", "x = d[1:⎸", "a colon in brackets"),
    ("python", "f(\n    a,\n    ⎸\n)\n", "in brackets"),
    ("python", "f(\n    a,\n\n    ⎸\n)\n", "in brackets below an empty line"),
    ("python", "f(\n    a,  # one\n    # two\n    ⎸\n)\n", "in brackets below a comment"),
    ("python", 'x = """a"""\n⎸', "a string with long quotes is no docstring"),
    ("python", '"""\nAdd.\n⎸\n"""', "inside a docstring"),
    ("python", 'x = """\n⎸\n"""', "inside a string of several lines"),
    ("python", "@cached\n⎸", "below a decorator"),
    ("python", "x = 1  # one\n⎸", "a comment behind code"),
    ("typescript", "if (x) {⎸}", "between braces of one line"),
    ("typescript", "foo({\n  a: 1,\n  ⎸\n})", "in a literal"),
    ("typescript", "x = 1; /* one */\n⎸", "a comment behind code"),
    ("typescript", "/**\n * Adds.\n⎸\n */", "inside a comment"),
    ("go", "x := 1\n⎸", "below a line that opens nothing"),
    ("rust", "match x {\n    A => ⎸\n}", "behind an arrow"),
    ("java", "@Override\n⎸", "below an annotation"),
    ("c", "#define A 1\n⎸", "what looks like a comment elsewhere"),
    ("ruby", "x = 1\n⎸", "below a line that opens nothing"),
    ("ruby", "def f\n  ⎸\n    a\nend", "a filled method"),
    ("yaml", "- a\n⎸", "an item of a list"),
    ("yaml", "a: 1\n⎸", "below a key with its value"),
    ("markdown", "- a\n⎸", "an item of a list"),
    ("markdown", "some of\n⎸", "prose opens nothing"),
    ("html", "<br>\n⎸", "an element that is never closed"),
    ("html", "<ul>\n  <li>a</li>\n  ⎸\n</ul>", "below an element that is closed"),
    ("css", "a {\n  b: c;\n  ⎸\n}", "below a declaration"),
    ("json", '{\n  "a": 1,\n  ⎸\n}', "below a value"),
    ("json", "[\n  1,\n  ⎸\n]", "below an item"),
]  # fmt: skip


def each(cases):
    return [pytest.param(language, text, id=f"{language}: {rule}") for language, text, rule in cases]


@pytest.mark.parametrize(("language", "text"), each(BLOCKS))
def test_a_block_begins_here(language, text):
    """Several lines may come, up to an empty one."""
    shape = shape_of(place_in(text, language), max_tokens=160)

    assert (shape.block, shape.max_tokens, shape.stop) == (True, 160, "\n\n")


@pytest.mark.parametrize(("language", "text"), each(LINES))
def test_no_block_begins_here(language, text):
    """The rest of the line alone may come."""
    shape = shape_of(place_in(text, language), max_tokens=160)

    assert (shape.block, shape.max_tokens, shape.stop) == (False, LINE_TOKENS, "\n")


def test_line_ends_do_not_count():
    """With CRLF everything is as with LF."""
    for language, text, rule in BLOCKS + LINES:
        assert shape_of(place_in(text, language), max_tokens=9) == shape_of(
            place_in(text.replace("\n", "\r\n"), language), max_tokens=9
        ), rule


def test_a_smaller_bound_holds_for_a_line_too():
    """A person who wants less gets less."""
    assert shape_of(place_in("x = ⎸"), max_tokens=20).max_tokens == 20


@pytest.mark.parametrize("text", ["x = ⎸", "def f():\n    ⎸"])
def test_a_model_that_fences_is_stopped_at_the_end_of_its_fence(text):
    """Its first line is the fence: a line break would stop it before it has said anything."""
    plain, fenced, talked = (
        shape_of(place_in(text), max_tokens=160, manners=manners) for manners in ("plain", "fences", "talks")
    )
    assert plain.stop == plain_stop(block=plain.block)
    assert talked.stop == ""

    assert fenced.stop == "\n```"
    assert (fenced.block, fenced.max_tokens) == (plain.block, plain.max_tokens)
