from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.core.completion.replies import marked, place_in, places
from zai_ls.core.completion.place import place_at
from zai_ls.core.completion.proposal import Proposal, rest_of
from zai_ls.core.text import apply_edits, dominant_ending, ending_of
from zai_ls.domain import Edit, Point, Range


def left(document: str, text: str, now: str, language: str = "python") -> str | None:
    """What is left of *text*, proposed in *document*, once that is *now*; the cursor is marked in both."""
    snapshot, point = marked(now, language)
    return rest_of(Proposal("1", place_in(document, language), text), snapshot.lines, point)


@settings(max_examples=300)
@given(places(), st.lists(st.sampled_from(["a", "é", "(", ")", "\n", "\n", "    ", "\t", '"', "}", "x = 1", "👍🏽"]), max_size=10).map("".join), st.data())  # fmt: skip
def test_what_is_typed_and_what_is_left_make_the_whole(cursor, text, data):
    """A person who types a proposal sees less and less of it, down to nothing."""
    snapshot, point = cursor
    # A line break typed behind a lone `\r` becomes one with it: another text, which nobody's editor makes.
    assume({*map(ending_of, snapshot.lines)} - {""} <= {"\r"} or "\r" not in map(ending_of, snapshot.lines))
    proposal = Proposal("1", place_at(snapshot, point), text)
    size = data.draw(st.integers(0, len(text)))
    typed = text[:size]
    ending = dominant_ending(snapshot.lines)
    lines = apply_edits(snapshot.lines, [Edit(Range(point, point), typed.replace("\n", ending))])
    *inner, last = typed.split("\n")
    now = Point(point.line + len(inner), len(last) + (0 if inner else point.column))

    assert rest_of(proposal, lines, now) == text[size:]


@pytest.mark.parametrize(
    ("document", "text", "now", "expected"),
    [
        pytest.param("x = ⎸\n", "foo(a, b)", "x = foo(⎸)\n", "a, b", id="a bracket"),
        pytest.param("x = ⎸\n", "foo(a, b)", "x = foo(a⎸)\n", ", b", id="within a bracket"),
        pytest.param("x = ⎸\n", "foo(a, b)", "x = foo()⎸\n", None, id="past a bracket with nothing in it"),
        pytest.param("x = ⎸\n", "foo(a, b) + c", "x = foo(⎸)\n", "a, b", id="what follows the bracket is left for later"),
        pytest.param("x = ⎸\n", "foo(a, b) + c", "x = foo(a, b)⎸\n", " + c", id="later"),
        pytest.param("x = ⎸\n", "foo(bar(a), b)", "x = foo(bar(⎸))\n", "a", id="a bracket in a bracket"),
        pytest.param("x = ⎸\n", "foo(bar(a), b)", "x = foo(⎸)\n", "bar(a), b", id="a bracket that holds another"),
        pytest.param("x = ⎸\n", "foo(')', b)", "x = foo(⎸)\n", "')', b", id="a bracket in a string"),
        pytest.param("x = ⎸\n", '"hello" + y', 'x = "⎸"\n', "hello", id="a quote"),
        pytest.param("x = ⎸\n", '"a\\"b"', 'x = "⎸"\n', 'a\\"b', id="a quote with another inside"),
        pytest.param("x = ⎸\n", "[1, 2]", "x = [⎸]\n", "1, 2", id="a square bracket"),
        pytest.param("x = ⎸\n", "foo(a", "x = foo(⎸)\n", "a", id="a bracket that the text leaves open"),
        pytest.param("x = ⎸\n", "foo(a]", "x = foo(⎸)\n", None, id="another bracket"),
        pytest.param("x = ⎸\n", "foo(\n    a,\n)", "x = foo(⎸)\n", "\n    a,\n", id="lines in a bracket"),
        pytest.param("x = ⎸\n", "foo(\n    a,\n)", "x = foo(\n    ⎸\n)\n", "a,", id="a bracket on its own line"),
        pytest.param("x = ⎸\ny\n", "foo(\n    a,\n)\nz", "x = foo(\n    ⎸\n)\ny\n", "a,", id="and lines below"),
        pytest.param("x = foo(⎸)\n", "\n    a,\n", "x = foo(\n    ⎸\n)\n", "a,", id="one that was there before"),
        pytest.param("x = foo(⎸)\n", "a, b", "x = foo(a⎸)\n", ", b", id="before a bracket that was there"),
        pytest.param("x = foo(⎸)\n", "bar(a)", "x = foo(bar(⎸))\n", "a", id="one closed, one there before"),
        pytest.param("def f():⎸\n", "\n    a\n\n    b", "def f():\n    a\n    ⎸\n", "\n    b", id="an indented blank line"),
        pytest.param("def f():⎸\n", "\n    a\n\n    b", "def f():\n    a\n    \n    ⎸\n", "b", id="blanks left on a blank line"),
        pytest.param("def f():⎸\n", "\n        a", "def f():\n    ⎸\n", "    a", id="a step of several"),
        pytest.param("def f():⎸\n", "\n    a", "def f():\n        ⎸\n", None, id="deeper than the proposal"),
        pytest.param("def f():⎸\n", "\n    a", "def f():\n    b⎸\n", None, id="another text"),
        pytest.param("x = ⎸\n", "foo", "x = foo⎸\n", "", id="all of it"),
        pytest.param("x = ⎸\n", "foo", "x = foob⎸\n", None, id="more than all of it"),
        pytest.param("x = ⎸\n", "foo", "x⎸ = \n", None, id="before the place"),
        pytest.param("x = ⎸\n", "foo", "y = f⎸\n", None, id="the line was changed"),
        pytest.param("a\nx = ⎸\n", "foo", "b\nx = f⎸\n", None, id="the line above was changed"),
        pytest.param("x = ⎸\na\n", "foo", "x = f⎸\nb\n", None, id="the line below was changed"),
        pytest.param("⎸", "a\nb", "a\n⎸", "b", id="from the start of a document"),
        pytest.param("a\n⎸", "a\na\nb", "a\na\n⎸", "a\nb", id="the same line as above"),
        pytest.param("a\nc\nx = ⎸\n", "foo", "b\na\nc\nx = f⎸\n", "oo", id="a line came far above"),
        pytest.param("⎸", "", "⎸", "", id="nothing to say"),
    ],
)  # fmt: skip
def test_what_is_left_of_a_proposal(document, text, now, expected):
    """An editor closes brackets and quotes, and indents, while a person types: the proposal goes on in between."""
    assert left(document, text, now) == expected
