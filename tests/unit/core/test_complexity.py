from __future__ import annotations

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole
from zai_ls.domain import Diagnostic, Point, Range

SYNTAX = Syntax()

PLAIN = "def f(a):\n    return a + 1\n"
BRANCHED = """\
def f(items, limit):
    total = 0
    for item in items:
        if item.price > limit and not item.free:
            while item.parts:
                if item.parts.pop() is None:
                    total += 1
                else:
                    total -= item.price
    return total
"""


def value(text: str, language: str = "python", diagnostics=()) -> float:
    document = snapshot(text, language, uri=f"file:///{language}")
    return score(document, whole(document.lines), SYNTAX, diagnostics).value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            BRANCHED,
            "# A comment.\n\n" + BRANCHED.replace("total = 0\n", "total = 0  # none\n\n\n"),
            id="comments",
        ),
        pytest.param(
            BRANCHED,
            BRANCHED.replace("limit):\n", 'limit):\n    """Doc.\n\n    More.\n    """\n'),
            id="a docstring",
        ),
        pytest.param(BRANCHED, BRANCHED.replace("item", "thing").replace("total", "zähler"), id="names"),
        pytest.param(
            BRANCHED, BRANCHED.replace("    ", "\t").replace("\n", "\r\n"), id="tabs and line endings"
        ),
        pytest.param("x = f(a, b)\n", "x = f(\n    a,\n    b,\n)\n", id="line breaks and commas"),
        pytest.param("x = 'a'\n", 'x = "a longer one, with if and for"\n', id="what a string says"),
    ],
)
def test_what_does_not_make_code_harder_does_not_move_the_score(one, other):
    """Comments, blank lines, formatting and other names leave it exactly as it was."""
    assert value(one) == value(other)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        pytest.param(PLAIN, BRANCHED, id="more code"),
        pytest.param(
            "if a:\n    b()\nif c:\n    d()\n", "if a:\n    b()\n    if c:\n        d()\n", id="deeper"
        ),
        pytest.param("if a:\n    b()\n", "if a and c:\n    b()\n", id="another condition"),
        pytest.param("if a:\n    b()\n", "while a:\n    b()\n", id="again and again"),
        pytest.param("f(a, a, a)\n", "f(a, b, c)\n", id="more names"),
        pytest.param(
            "if a:\n    b()\nelif c:\n    d()\n",
            "if a:\n    b()\nelse:\n    if c:\n        d()\n",
            id="a level, not a way",
        ),
    ],
)
def test_what_makes_code_harder_raises_the_score(less, more):
    """Each measure counts, alone."""
    assert value(less) < value(more)


def test_complaints_of_other_tools_count_by_weight():
    """An error counts more than a hint, and one elsewhere nothing."""
    here, there = Range(Point(0, 0), Point(0, 3)), Range(Point(9, 0), Point(9, 3))
    assert (
        value(PLAIN)
        == value(PLAIN, diagnostics=[Diagnostic(there, "far")])
        < value(PLAIN, diagnostics=[Diagnostic(here, "hint", 4)])
        < value(PLAIN, diagnostics=[Diagnostic(here, "error", 1)])
    )


def test_the_features_are_what_made_the_value():
    """They add up to it, and name what a person can check."""
    document = snapshot(BRANCHED)
    found = score(document, whole(document.lines), SYNTAX)
    assert sum(found.features.values()) == pytest.approx(found.value, abs=0.001)
    assert (found.measures["cognitive"], found.measures["depth"]) == (12, 4)
    assert found == score(document, whole(document.lines), SYNTAX)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "def f(x):\n    if x:\n        return (", "}}}}", "# only words\n", "'''"]
)
def test_incomplete_code_has_a_score(text):
    """Whatever it is, it is between 0 and 1."""
    assert 0 <= value(text) < 1
    assert 0 <= value(text, "cobol") < 1


def test_the_score_saturates():
    """Twenty times as much is harder, and still no more than 1."""
    assert value(BRANCHED) < value(BRANCHED * 20) <= 1


LANGUAGES = {
    "javascript": "function f(xs) {\n  for (const x of xs) {\n    if (x.a && x.b) { g(x); }\n  }\n}\n",
    "typescript": "function f(xs: T[]) {\n  for (const x of xs) {\n    if (x.a && x.b) { g(x); }\n  }\n}\n",
    "go": "func f(xs []T) {\n\tfor _, x := range xs {\n\t\tif x.a && x.b {\n\t\t\tg(x)\n\t\t}\n\t}\n}\n",
    "rust": "fn f(xs: &[T]) {\n    for x in xs {\n        if x.a && x.b { g(x); }\n    }\n}\n",
    "java": "class A { void f(T[] xs) {\n  for (T x : xs) {\n    if (x.a && x.b) { g(x); }\n  }\n} }\n",
    "c": "void f(T *xs, int n) {\n  for (int i = 0; i < n; i++) {\n    if (xs[i].a && xs[i].b) { g(xs[i]); }\n  }\n}\n",
    "cpp": "void f(V xs) {\n  for (auto x : xs) {\n    if (x.a && x.b) { g(x); }\n  }\n}\n",
    "python": "def f(xs):\n    for x in xs:\n        if x.a and x.b:\n            g(x)\n",
    # without a grammar
    "ruby": "def f(xs)\n  for x in xs\n    if x.a && x.b\n      g(x)\n    end\n  end\nend\n",
    "kotlin": "fun f(xs: List<T>) {\n  for (x in xs) {\n    if (x.a && x.b) {\n      g(x)\n    }\n  }\n}\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_code_is_about_as_hard_in_each_language(language):
    """One loop, one condition of two parts in it, whatever the words for it."""
    document = snapshot(LANGUAGES[language], language)
    found = score(document, whole(document.lines), SYNTAX)
    assert found.measures["loops"] == 1
    assert found.value == pytest.approx(value(LANGUAGES["python"]), abs=0.09)


def test_else_if_is_one_more_way_in_each_language():
    """A chain of conditions does not nest."""
    python = "if a:\n    f()\nelif b:\n    g()\nelif c:\n    h()\n"
    script = "if (a) {\n  f()\n} else if (b) {\n  g()\n} else if (c) {\n  h()\n}\n"
    go = (
        "package p\nfunc x() {\n" + script.replace("(a)", "a").replace("(b)", "b").replace("(c)", "c") + "}\n"
    )
    java = "class A { void x() {\n" + script.replace("()\n", "();\n") + "} }\n"
    for text, language in ((python, "python"), (script, "javascript"), (go, "go"), (java, "java")):
        document = snapshot(text, language)
        assert score(document, whole(document.lines), SYNTAX).measures["depth"] == 1, language
