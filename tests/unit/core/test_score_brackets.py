"""Brackets that change nothing do not move the score; those that do make an expression deeper."""

from __future__ import annotations

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import Score, score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole

SYNTAX = Syntax()

AROUND = {
    "javascript": "x = {};\n",
    "typescript": "x = {};\n",
    "java": "class A {{ void f() {{ x = {}; }} }}\n",
    "c": "void f() {{ x = {}; }}\n",
    "cpp": "void f() {{ x = {}; }}\n",
    "csharp": "class A {{ void F() {{ x = {}; }} }}\n",
    "rust": "fn f() {{ x = {}; }}\n",
    "go": "package p\nvar x = {}\n",
    "kotlin": "fun f() {{ x = {} }}\n",
    "swift": "let x = {}\n",
    "ruby": "x = {}\n",
}
SAME = [
    ("(a && b) || c", "a && b || c"),
    ("(a + b) + c * (d)", "a + b + c * d"),
    ("(a * b) + ((c * 2))", "a * b + c * 2"),
    ("(a < b) && (c < d)", "a < b && c < d"),
    ("a && (b && c)", "a && b && c"),
    ("-(a)", "-a"),
    ("(60) * 60", "60 * 60"),
]
OTHER = [("a && (b || c)", "a && b || c"), ("(a + b) * c", "a + b * c"), ("a - (b - c)", "a - b - c")]
PYTHON = [
    ("(a and b) or c", "a and b or c"),
    ("not (a in b)", "not a in b"),
    ("(not a) and b", "not a and b"),
    ("a ** (b ** c)", "a ** b ** c"),
    ("(a & b) == c", "a & b == c"),
    ("(f(a)) + (b[1])", "f(a) + b[1]"),
    ("(A | B) | C", "A | B | C"),
    ("(  # why\n  a and b) or c", "a and b or c"),
]
PYTHON_OTHER = [
    ("not (a and b)", "not a and b"),
    ("(a < b) < c", "a < b < c"),
    ("(a ** b) ** c", "a ** b ** c"),
    ("(not a) == b", "not a == b"),
]


def scored(language: str, expression: str) -> Score:
    text = AROUND.get(language, "x = {}\n").format(expression)
    document = snapshot(text, language, uri=f"file:///brackets/{language}")
    SYNTAX.forget(document.uri)
    return score(document, whole(document.lines), SYNTAX)


@pytest.mark.parametrize("language", AROUND)
@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_holds_anyway_may_be_shown(language, one, other):
    """In each language, by how tightly its operators bind."""
    assert scored(language, one) == scored(language, other)


@pytest.mark.parametrize(("one", "other"), PYTHON)
def test_what_holds_anyway_may_be_shown_in_python(one, other):
    """Also of `not`, `in` and powers."""
    assert scored("python", one) == scored("python", other)


@pytest.mark.parametrize("language", AROUND)
@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_changes_something_is_deeper(language, one, other):
    """Whoever reads it has to keep more in mind."""
    assert scored(language, one).measures["expressions"] > scored(language, other).measures["expressions"]


@pytest.mark.parametrize(("one", "other"), PYTHON_OTHER)
def test_what_changes_something_is_deeper_in_python(one, other):
    """A row of comparisons is one of its own kind."""
    assert scored("python", one).value > scored("python", other).value


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("javascript", "(a & b) === c", "a & b === c"),
        ("c", "(a & b) == c", "a & b == c"),
        ("go", "a * (b << c)", "a * b << c"),
    ],
)
def test_operators_bind_differently(language, one, other):
    """C's `&` less than its `==`; Go's `<<` as much as its `*`."""
    assert scored(language, one).measures["expressions"] > scored(language, other).measures["expressions"]
