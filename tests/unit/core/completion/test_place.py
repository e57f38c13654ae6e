"""A place is known again by the text around it, wherever its line has moved to."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.unit.core.completion.replies import marked, place_in, places
from tests.unit.core.texts import TEXTS
from zai_ls.core.completion.place import follows, place_at, typed_since
from zai_ls.core.text import splice, split_lines
from zai_ls.domain import Point, Range

FUNCTION = "import os\n\n\ndef f(x):\n    ⎸\n\n\ny = 1\nz = 2\nw = 3\n"
FAR = "".join(f"line_{number}\n" for number in range(100))


def since(was, now):
    """What was typed between the cursor of *was* and that of *now*, and what follows now before what followed then."""
    place = place_in(was)
    snapshot, point = marked(now)
    return typed_since(place, snapshot.lines, point), follows(place, snapshot.lines, point)


@pytest.mark.parametrize(
    ("was", "now", "typed", "between"),
    [
        pytest.param("x = ⎸\n", "x = ⎸\n", "", "", id="nothing"),
        pytest.param("x = ⎸\n", "x = ab⎸\n", "ab", "", id="some letters"),
        pytest.param("x = ⎸ + 1\n", "x = ab⎸ + 1\n", "ab", "", id="letters before the rest of the line"),
        pytest.param(FUNCTION, FUNCTION.replace("⎸", "return ⎸"), "return ", "", id="a word on a new line"),
        pytest.param(FUNCTION, "# new\n" + FUNCTION, "", "", id="a line more at the top"),
        pytest.param(FUNCTION, FUNCTION.removeprefix("import os\n"), None, "", id="a line less near above"),
        pytest.param(FUNCTION, FUNCTION.replace("(x)", "(y)"), None, "", id="another line above"),
        pytest.param(FUNCTION, FUNCTION.replace("y = 1", "y = 9"), "", None, id="another line right below"),
        pytest.param(FUNCTION, FUNCTION.replace("w = 3", "w = 9"), "", "", id="another line far below"),
        pytest.param(FAR + "x = ⎸\n", "new\n" * 9 + FAR + "x = a⎸\n", "a", "", id="lines added far above"),
        pytest.param(FAR + "x = ⎸\n", FAR[20:] + "x = a⎸\n", "a", "", id="lines removed far above"),
        pytest.param("x = f⎸\n", "x = f(⎸)\n", "(", ")", id="a bracket that the editor closed"),
        pytest.param("x = f⎸\n", "x = f([{'⎸'}])\n", "([{'", "'}])", id="all kinds that editors close"),
        pytest.param("f(g⎸)\n", "f(g(⎸))\n", "(", ")", id="a bracket closed before one that was there"),
        pytest.param("x = f⎸\n", "x = f(⎸a)\n", "(", None, id="text after the cursor"),
        pytest.param("x = ⎸a\n", "x = ⎸b\n", "", None, id="another rest of the line"),
        pytest.param("if x:⎸\n", "if x:\n    ⎸\n", "\n    ", "", id="a new line, indented by the editor"),
        pytest.param("if x:⎸\r\n", "if x:\r\n    ⎸\r\n", "\n    ", "", id="a new line with CRLF reads as LF"),
        pytest.param("f(⎸)\n", "f(\n    ⎸\n)\n", "\n    ", "\n", id="a bracket that was there has a line of its own"),
        pytest.param("f⎸\n", "f(\n    ⎸\n)\n", "(\n    ", "\n)", id="a bracket that the editor closed has one"),
        pytest.param("f⎸\n", "f(\n    ⎸\nx\n", "(\n    ", None, id="what has a line of its own is no bracket"),
        pytest.param("f⎸\na\n", "f(\n    ⎸\n)\nb\n", "(\n    ", None, id="another line below the bracket's own"),
        pytest.param("f⎸", "f(\n⎸", "(\n", "", id="nothing has a line of its own"),
        pytest.param("if x:⎸", "if x:\n    a\n\n    b⎸", "\n    a\n\n    b", "", id="several lines"),
        pytest.param("x = ab⎸\n", "x = a⎸\n", None, "", id="a deletion"),
        pytest.param("x = ab⎸\n", "x = a⎸b\n", None, None, id="the cursor went left"),
        pytest.param("x = a⎸\n", "y = a⎸\n", None, "", id="another text before the cursor"),
        pytest.param("x = a⎸\ny\n", "x = a\ny⎸\n", "\ny", None, id="the cursor went down"),
        pytest.param("a\n⎸\n", "⎸a\n\n", None, None, id="the cursor went up"),
        pytest.param("⎸\nb\n", "a⎸\nb\n", "a", "", id="in the first line"),
        pytest.param("a\n⎸", "a\nb⎸", "b", "", id="in the last line"),
        pytest.param("⎸", "ab⎸", "ab", "", id="in an empty document"),
        pytest.param("⎸", "a\nb⎸", "a\nb", "", id="lines in an empty document"),
        pytest.param("\n⎸", "\na\n\nb⎸", "a\n\nb", "", id="what was typed looks like the place itself"),
        pytest.param("import ⎸", "x = 1\n" * 9 + "import ⎸", None, "", id="the first line again, elsewhere"),
        pytest.param("\n⎸", "def f():\n    return 1\n\n⎸", None, "", id="a blank line above, elsewhere"),
        pytest.param("x" * 9_999 + "⎸", "x" * 9_999 + "y⎸", "y", "", id="a very long line"),
    ],
)  # fmt: skip
def test_what_was_typed_since(was, now, typed, between):
    """It is the text between then and now while everything around it is the same; else there is none."""
    assert since(was, now) == (typed, between)


def test_a_place_that_is_where_it_was_is_not_looked_for_elsewhere():
    """The lines above may look like those of the place; what was typed below them counts whole."""
    assert since("a\nx = ⎸", "a\nx = 1\na\nx = 2⎸") == ("1\na\nx = 2", "")


def test_what_is_known_of_a_place():
    """The line is cut at the cursor, its ending left out; blanks before the cursor are the line's lead."""
    place = place_in("a\r\n  \tb⎸c\r\nd\r\n")

    assert (place.before, place.after, place.lead) == ("  \tb", "c", "  \t")
    assert (place.above, place.below) == (("a\r\n",), ("d\r\n", ""))
    assert not place.is_line_start
    assert place_in("  ⎸x").is_line_start


def test_a_place_costs_the_lines_near_it():
    """Of a large document only so many lines are kept as make it known again."""
    place = place_in(FAR + "⎸\n" + FAR)

    assert len(place.above) == 40
    assert len(place.below) == 12
    assert place.above[-1] == "line_99\n"
    assert place.below[0] == "line_0\n"


TYPED = st.lists(
    st.sampled_from(["a", "b", " ", "\n", "\n    ", "é", "👍🏽", "x = 1", "(", "}", "\t"]), max_size=12
).map("".join)


def typed_at(snapshot, point, typed):
    """The lines after *typed* was put at *point*, and where the cursor is then."""
    lines = list(snapshot.lines)
    splice(lines, Range(point, point), typed)
    pieces = split_lines(typed)
    if len(pieces) == 1:
        return lines, Point(point.line, point.column + len(typed))
    return lines, Point(point.line + len(pieces) - 1, len(pieces[-1]))


@given(places(), TYPED)
@example(marked("⎸"), "a\nb")
@example(marked("\n⎸\n"), "\n\n")
def test_whatever_is_typed_at_a_place_is_what_was_typed(cursor, typed):
    """Asked right after it, the same text comes back, and nothing else follows."""
    snapshot, point = cursor
    assume(
        not (
            typed.startswith("\n")
            and point.column == 0
            and "".join(snapshot.lines[: point.line]).endswith("\r")
        )
    )
    place = place_at(snapshot, point)
    lines, now = typed_at(snapshot, point, typed)

    assert typed_since(place, lines, now) == typed
    assert follows(place, lines, now) == ""


@given(
    places(),
    TYPED,
    st.lists(st.sampled_from(["new\n", "import os\n", "\n"]), min_size=1, max_size=5),
    st.booleans(),
)
def test_what_happens_above_the_window_does_not_matter(cursor, typed, more, removed):
    """Lines come and go above the forty that a place is known by; what was typed is the same."""
    snapshot, point = cursor
    above = [f"window_{number}\n" for number in range(40)]
    far = ["far\n"] * 5
    down = Point(point.line + 45, point.column)
    whole, now = typed_at(
        type(snapshot)("file:///a", "python", 1, (*far, *above, *snapshot.lines)), down, typed
    )
    assume(whole[45 : 45 + point.line] == list(snapshot.lines[: point.line]))
    place = place_at(type(snapshot)("file:///a", "python", 1, (*far, *above, *snapshot.lines)), down)
    changed = ([] if removed else [*far, *more]) + whole[5:]

    moved = Point(now.line + len(changed) - len(whole), now.column)
    assert typed_since(place, changed, moved) == typed
    assert follows(place, changed, moved) == ""


@given(st.integers(1, 40), TEXTS)
def test_what_happens_inside_the_window_does(back, typed):
    """One line of the forty above is another: the place is not known again, whatever was typed."""
    lines = split_lines(FAR + "x = ")
    snapshot, point = marked(FAR + "x = ⎸")
    place = place_at(snapshot, point)
    lines[point.line - back] = "another\n"
    assume("\n" not in typed)
    splice(lines, Range(point, point), typed.replace("\r", ""))

    assert typed_since(place, lines, Point(point.line, point.column + len(typed.replace("\r", "")))) is None
