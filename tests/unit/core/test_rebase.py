from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS, ranges, rows, snapshot
from zai_ls.core.edits import minimal_edits
from zai_ls.core.rebase import Conflict, move, rebase
from zai_ls.core.text import apply_edits, splice, split_lines, text_in
from zai_ls.domain import Change, Edit, Point, Range

FUNCTION = "def f(a):\n    x = a\n    return x\n"
PLAIN = TEXTS.map(lambda text: text.replace("\r\n", "\n").replace("\r", "\n"))
TWIN = "def g(a):\n    x = a\n    return x\n"


def typed(lines: list[str], *steps: tuple[Range, str]) -> tuple[tuple[Change, ...], list[str]]:
    """The record of *steps*, and the text after them."""
    lines = list(lines)
    for range_, text in steps:
        splice(lines, range_, text)
    return tuple(Change(n, range_, text) for n, (range_, text) in enumerate(steps)), lines


def at(line: int, column: int, end_line: int | None = None, end_column: int | None = None) -> Range:
    end = Point(line if end_line is None else end_line, column if end_column is None else end_column)
    return Range(Point(line, column), end)


def check(
    base: str, wanted: str, steps: list[tuple[Range, str]], expected: str | None, *, recorded: bool = True
) -> None:
    """Rebase the edits that make *wanted* of *base* over *steps*; None: a conflict."""
    document = snapshot(base)
    edits = minimal_edits(document, rows(0, len(document.lines) - 1, document.lines), wanted)
    changes, current = typed(list(document.lines), *steps)
    moved = rebase(edits, document.lines, changes if recorded else None, current)
    if expected is None:
        assert isinstance(moved, Conflict)
    else:
        assert not isinstance(moved, Conflict)
        assert "".join(apply_edits(current, moved)) == expected


@pytest.mark.parametrize(
    ("range_", "change", "moved"),
    [
        pytest.param(at(5, 0, 7, 3), (at(1, 0), "new\n"), at(6, 0, 8, 3), id="a line above"),
        pytest.param(at(5, 4, 5, 8), (at(5, 0, 5, 2), "longer"), at(5, 8, 5, 12), id="earlier in its line"),
        pytest.param(
            at(5, 4, 6, 8), (at(4, 2, 5, 1), "x"), at(4, 6, 5, 8), id="its line joined to the one above"
        ),
        pytest.param(at(5, 0, 7, 3), (at(9, 0), "new\n"), at(5, 0, 7, 3), id="below"),
        pytest.param(at(5, 0, 7, 3), (at(6, 1), "x"), None, id="inside"),
        pytest.param(at(5, 0, 7, 3), (at(4, 0, 8, 0), ""), None, id="deleted with its surroundings"),
        pytest.param(at(5, 0, 7, 3), (at(5, 0), "new\n"), at(6, 0, 8, 3), id="a whole line right before"),
        pytest.param(at(5, 0, 7, 3), (at(5, 0), "# "), None, id="characters right before"),
        pytest.param(at(5, 0, 7, 3), (at(7, 3), "\nnew"), at(5, 0, 7, 3), id="a new line right after"),
        pytest.param(at(5, 0, 7, 3), (at(7, 3), "# "), None, id="characters right after"),
        pytest.param(at(5, 0, 7, 3), (at(7, 3, 8, 0), ""), None, id="the next line joined to its last"),
        pytest.param(
            at(5, 0, 7, 0), (at(7, 0), "x"), at(5, 0, 7, 0), id="whole lines, typing on the next one"
        ),
        pytest.param(at(5, 0), (at(5, 0), "new\n"), None, id="two insertions at one point"),
        pytest.param(
            at(5, 0), (at(5, 0, 5, 4), "new\ntext"), None, id="an insertion, and new text right after"
        ),
        pytest.param(
            at(5, 0), (at(4, 0, 5, 0), "text\nnew\n"), None, id="an insertion, and new text right before"
        ),
        pytest.param(
            at(5, 0), (at(5, 0, 6, 0), ""), at(5, 0), id="an insertion, and the line after it deleted"
        ),
    ],
)
def test_a_range_moves_with_what_changes_around_it(range_, change, moved):
    """A change before it shifts it, one after it does not, one that touches it ends it."""
    assert move(range_, [Change(1, *change)]) == moved


@given(st.data())
@settings(max_examples=60)
def test_a_moved_range_covers_the_text_it_covered(data):
    """Whatever happens around a range, where it is said to lie lies its text."""
    lines = split_lines(data.draw(PLAIN))
    range_ = data.draw(ranges(lines))
    current, changes = list(lines), []
    for version in range(data.draw(st.integers(1, 4))):
        change = Change(
            version, data.draw(ranges(current)), data.draw(st.sampled_from(["", "x", "\n", "a\nb", "n\n"]))
        )
        splice(current, change.range, change.text)
        changes.append(change)
    moved = move(range_, changes)
    assert moved is None or text_in(current, moved) == text_in(lines, range_)


@given(st.data())
@settings(max_examples=60)
def test_changes_outside_the_range_do_not_change_what_the_answer_does(data):
    """An edit rebased over changes elsewhere is the same replacement at the moved place."""
    lines = split_lines(data.draw(PLAIN))
    range_ = data.draw(ranges(lines))
    change = Change(2, data.draw(ranges(lines)), data.draw(st.sampled_from(["", "x", "\n", "a\nb\n"])))
    moved = move(range_, [change])
    current = list(lines)
    splice(current, change.range, change.text)
    assert moved is None or rebase([Edit(range_, "new")], lines, [change], current) == (Edit(moved, "new"),)


@given(st.data())
@settings(max_examples=60)
def test_without_changes_of_the_user_the_answer_is_what_was_wanted(data):
    """With a record or without one."""
    lines = split_lines(data.draw(TEXTS))
    edits = [Edit(data.draw(ranges(lines)), data.draw(TEXTS))]
    for changes in ((), None):
        moved = rebase(edits, lines, changes, lines)
        assert not isinstance(moved, Conflict)
        assert "".join(apply_edits(lines, moved)) == "".join(apply_edits(lines, edits))


WANTED = FUNCTION.replace("x = a", "x = a + 1").replace("return x", "return x * 2")


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("base", "wanted", "steps", "expected"),
    [
        pytest.param(
            FUNCTION, WANTED, [(at(0, 0), "import os\n")], "import os\n" + WANTED, id="a line above"
        ),
        pytest.param(
            FUNCTION,
            WANTED,
            [(at(0, 6, 0, 7), "b")],
            WANTED.replace("f(a)", "f(b)"),
            id="another line of the target",
        ),
        pytest.param(
            FUNCTION,
            WANTED,
            [(at(1, 4, 1, 5), "y")],
            WANTED.replace("    x = a", "    y = a"),
            id="another word of the same line",
        ),
        pytest.param(FUNCTION, WANTED, [(at(1, 8, 1, 9), "b")], None, id="the same word"),
        pytest.param(FUNCTION, WANTED, [(at(0, 0, 3, 0), "")], None, id="the target is gone"),
        pytest.param(
            FUNCTION, WANTED, [(at(1, 9), " + 1"), (at(2, 12), " * 2")], WANTED, id="already done by hand"
        ),
        pytest.param(
            FUNCTION + TWIN, WANTED + TWIN, [(at(0, 0, 3, 0), "")], None, id="gone, but a twin is left"
        ),
        pytest.param(
            FUNCTION * 2, WANTED + FUNCTION, [(at(0, 0, 3, 0), "")], None, id="gone, but its copy is left"
        ),
    ],
)
def test_the_answer_lands_or_conflicts(base, wanted, steps, expected, recorded):
    """Recorded or not, changes of the user stay, and a target that is gone is not looked for elsewhere."""
    check(base, wanted, steps, expected, recorded=recorded)


def test_a_cut_and_pasted_target_is_a_conflict():
    """The text is there again, but whether it is meant is a guess."""
    wanted = WANTED + TWIN
    check(FUNCTION + TWIN, wanted, [(at(0, 0, 3, 0), ""), (at(3, 0), FUNCTION)], None)


def test_an_undone_deletion_is_no_change():
    """The record says the lines are new, the text says they are the old ones in the old place."""
    check(FUNCTION + TWIN, WANTED + TWIN, [(at(0, 0, 3, 0), ""), (at(0, 0), FUNCTION)], WANTED + TWIN)


def test_a_record_that_does_not_lead_here_is_not_believed():
    """Then the texts are compared."""
    document = snapshot(FUNCTION)
    edits = minimal_edits(document, rows(0, 2, document.lines), WANTED[:-1])
    current = split_lines("import os\n" + FUNCTION)
    moved = rebase(edits, document.lines, [Change(2, at(0, 0), "\n\n")], current)
    assert not isinstance(moved, Conflict)
    assert "".join(apply_edits(current, moved)) == "import os\n" + WANTED


DOCUMENTED = FUNCTION.replace("    x = a", '    """Say."""\n    x = a')


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([(at(1, 0), '    """Say."""\n'), (at(3, 12), "y")], (), id="apart"),
        pytest.param([(at(1, 0, 1, 9), '    """Say."""\n    x = ab')], (), id="as one, with the next line"),
        pytest.param(
            [(at(1, 0, 1, 9), '    """Say."""\n    pass')], (), id="as one, the next line rewritten"
        ),
        pytest.param(
            [(at(0, 0, 3, 0), DOCUMENTED.replace("return x", "return xy"))], (), id="the whole text"
        ),
        pytest.param([(at(1, 0), '    """Says."""\n')], None, id="worded anew"),
        pytest.param([(at(2, 12), "y")], DOCUMENTED.replace("return x", "return xy"), id="not made"),
    ],
)
def test_what_the_editor_has_made_already_is_not_made_again(steps, expected):
    """Edits that came back mixed with typing are found in the text, wherever the change that brings them begins."""
    base = split_lines(FUNCTION)
    edits = [Edit(at(1, 0), '    """Say."""\n')]
    changes, current = typed(base, *steps)
    moved = rebase(edits, base, changes, current, maybe_made=True)
    if expected is None:
        assert isinstance(moved, Conflict)
    elif not expected:
        assert moved == ()
    else:
        assert not isinstance(moved, Conflict)
        assert expected == "".join(apply_edits(current, moved))
