from __future__ import annotations

import pytest

from zai_ls.core.context import surroundings
from zai_ls.core.text import split_lines
from zai_ls.core.tokens import estimate
from zai_ls.domain import Point, Range, Snapshot

TEXT = """\
import os
import sys

HOME = os.environ["HOME"]


def far_above():
    return sys.argv


class Shelf:
    size = 3

    def near_above(self):
        return self.size

    def target(self):
        return 0

    def near_below(self):
        return self.size + 1


def far_below():
    return HOME
"""
LINES = tuple(split_lines(TEXT))
SNAPSHOT = Snapshot("file:///a.py", "python", 1, LINES, "/a.py")
TARGET = Range(Point(16, 4), Point(17, 16))
IMPORTS = (0, 1)
BORDERS = {6, 10, 13, 16, 19, 23}


def around(
    budget: int, target: Range = TARGET, snapshot: Snapshot = SNAPSHOT, heads: tuple[int, ...] = (10,)
):
    return surroundings(snapshot, target, budget=budget, imports=IMPORTS, enclosing=heads, borders=BORDERS)


def test_a_small_file_is_shown_whole_and_once() -> None:
    """With room for everything, the file is there, nothing of it twice, and nothing is said to be left out."""
    shown = around(10_000)

    assert shown.before + "".join(LINES[16:18]) + shown.after == TEXT
    assert (shown.imports, shown.enclosing, shown.left_out) == ("", (), ())


def test_without_room_nothing_is_shown() -> None:
    """A budget of nothing shows nothing, and says what that is."""
    shown = around(0)

    assert (shown.before, shown.after, shown.imports) == ("", "", "")
    assert shown.left_out == ("Not shown: lines 1-16 of the file.", "Not shown: lines 19-26 of the file.")


def test_the_nearest_is_shown_first_in_whole_blocks() -> None:
    """What fits is cut where definitions start; imports and the head of the class are told even so."""
    shown = around(45)

    assert shown.before == "    def near_above(self):\n        return self.size\n\n"
    assert shown.after == "\n    def near_below(self):\n        return self.size + 1\n"
    assert shown.imports == "import os\nimport sys\n"
    assert shown.enclosing == ("class Shelf:",)
    assert shown.left_out == ("Not shown: lines 1-13 of the file.", "Not shown: lines 22-26 of the file.")


@pytest.mark.parametrize("budget", [0, 5, 10, 20, 40, 60, 80, 100, 150, 200])
def test_the_budget_is_kept(budget: int) -> None:
    """All that is shown together stays within the budget."""
    shown = around(budget)

    spent = estimate("".join((shown.imports, *shown.enclosing, shown.before, shown.after)))
    assert spent <= budget + 3  # of the parts each is rounded for itself


@pytest.mark.parametrize("budget", [0, 20, 50, 100, 1_000])
@pytest.mark.parametrize("line", range(len(LINES)))
def test_what_is_shown_touches_the_target(budget: int, line: int) -> None:
    """Above ends where the target begins, below begins where it ends, for every line of the file."""
    target = Range(Point(line, 0), Point(line, len(LINES[line].rstrip("\n"))))
    shown = around(budget, target)

    assert "".join(LINES[:line]).endswith(shown.before)
    assert "".join(LINES[line + 1 :]).startswith(shown.after)


def test_a_block_too_large_ends_its_side_only() -> None:
    """A huge neighbour above does not keep the small one below from being shown."""
    text = "x = [" + "1, " * 5_000 + "]\ntarget\n\nsmall = 1\n"
    snapshot = Snapshot("file:///b.py", "python", 1, tuple(split_lines(text)))

    shown = surroundings(snapshot, Range(Point(1, 0), Point(1, 6)), budget=50)

    assert shown.before == ""
    assert shown.after == "\nsmall = 1\n"


def test_long_stretches_without_a_border_are_cut() -> None:
    """A wall of lines without blank ones is shown as far as it fits, not refused whole."""
    text = "value = 1\n" * 500 + "target\n"
    snapshot = Snapshot("file:///b.py", "python", 1, tuple(split_lines(text)))

    shown = surroundings(snapshot, Range(Point(500, 0), Point(500, 6)), budget=400)

    assert 40 <= shown.before.count("\n") < 200
    assert shown.left_out


def test_blank_lines_are_not_said_to_be_left_out() -> None:
    """Only what says something is missed."""
    snapshot = Snapshot("file:///b.py", "python", 1, tuple(split_lines("\n\n\ntarget\n\n\n")))

    assert surroundings(snapshot, Range(Point(3, 0), Point(3, 6)), budget=0).left_out == ()


@pytest.mark.parametrize("budget", [0, 20, 45, 80, 120, 200, 1_000])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_the_text_below_takes_its_share_at_most(budget: int, share: float) -> None:
    """What it leaves is for the text above, which shows no less than without a share."""
    shown = surroundings(SNAPSHOT, TARGET, budget=budget, below_share=share)

    assert estimate(shown.after) <= round(budget * share) + 3
    assert estimate(shown.before + shown.after) <= budget + 3
    assert len(shown.before) >= len(surroundings(SNAPSHOT, TARGET, budget=budget).before)


def test_a_small_share_leaves_room_above() -> None:
    """With half of it below, less would be shown above."""
    half, none = (surroundings(SNAPSHOT, TARGET, budget=60, below_share=share) for share in (1.0, 0.0))

    assert half.after
    assert not none.after
    assert len(none.before) > len(half.before)
