"""What was changed lately elsewhere."""

from __future__ import annotations

import pytest

from zai_ls.core.completion.edited import recent_edits
from zai_ls.core.text import split_lines
from zai_ls.core.tokens import estimate

OLD = "".join(f"line {number}\n" for number in range(100))


def told(old, new, cursor=None, budget=1_000, path="src/a.py"):
    return recent_edits(split_lines(old), split_lines(new), cursor=cursor, budget=budget, path=path)


def changed(*numbers, text="new\n"):
    """The old text with these lines changed."""
    lines = OLD.splitlines(keepends=True)
    for number in numbers:
        lines[number] = text
    return "".join(lines)


FIRST = "@@ src/a.py:11\n+new"
SECOND = "@@ src/a.py:61\n+new"


@pytest.mark.parametrize(
    ("new", "cursor", "expected"),
    [
        pytest.param(OLD, None, "", id="nothing was changed"),
        pytest.param(changed(10), None, FIRST, id="a line was changed"),
        pytest.param(changed(10), 31, FIRST, id="far above the cursor"),
        pytest.param(changed(10), 30, "", id="near above the cursor"),
        pytest.param(changed(60), 40, "", id="near below the cursor"),
        pytest.param(changed(60), 39, SECOND, id="far below the cursor"),
        pytest.param(changed(10, 60), 60, FIRST, id="one place near, one far"),
        pytest.param(changed(10, 60), None, f"{FIRST}\n{SECOND}", id="two places, in their order"),
        pytest.param(OLD.replace("line 10\n", ""), None, "", id="what was removed is nobody's business"),
        pytest.param(
            OLD.replace("line 10\n", "line 10\nnew\n"), None, "@@ src/a.py:12\n+new", id="a line was added"
        ),
        pytest.param(
            OLD.replace("line 10\n", "").replace("line 60\n", "new\n"),
            None,
            "@@ src/a.py:60\n+new",
            id="lines are numbered as they are now",
        ),
        pytest.param(
            OLD.replace("line 10\n", "new\n" * 60), 65, "", id="many lines of which the last are near the cursor"
        ),
        pytest.param("new\n" + OLD, None, "@@ src/a.py:1\n+new", id="at the beginning"),
        pytest.param(OLD + "new", None, "@@ src/a.py:101\n+new", id="at the end"),
        pytest.param(
            changed(10, text="x" * 900 + "\n"), None, "@@ src/a.py:11\n+" + "x" * 200, id="long lines are cut"
        ),
    ],
)  # fmt: skip
def test_what_is_told(new, cursor, expected):
    """What each changed place says now, but for those near the cursor, which are shown anyway; never what it said before."""
    assert told(OLD, new, cursor) == expected


def test_a_text_changed_all_over_tells_nothing():
    """As when it was formatted, or another branch was checked out."""
    assert told(OLD * 3, "".join(f"other {n}\n" for n in range(299)), budget=10**6) != ""
    assert told(OLD * 4, "".join(f"other {n}\n" for n in range(301)), budget=10**6) == ""


def test_a_renaming_is_told_where_it_was_made():
    """It is likely to go on where the person writes now."""
    old = "def load(a):\n    return a\n\n\nload(1)\n" + OLD + "load(2)\n"
    new = old.replace("load", "read", 2)

    assert told(old, new, cursor=105) == ("@@ src/a.py:1\n+def read(a):\n@@ src/a.py:5\n+read(1)")


def test_only_some_places_are_told():
    """The last four of many."""
    assert told(OLD, changed(10, 20, 30, 40, 50, 60)).count("@@") == 4
    assert "@@ src/a.py:61" in told(OLD, changed(10, 20, 30, 40, 50, 60))


def test_changes_far_apart_are_told():
    """An import at the top and a call a thousand lines below are two small changes."""
    lines = "".join(f"line {number}\n" for number in range(1_200))
    new = "import os\n" + lines.replace("line 1100\n", "os.exit()\n")

    assert told(lines, new) == "@@ src/a.py:1\n+import os\n@@ src/a.py:1102\n+os.exit()"
    assert told(lines * 2, "import os\n" + lines * 2 + "a\n") == ""  # would take too long to compare


@pytest.mark.parametrize("budget", [0, 5, 15, 18, 30, 1_000])
def test_the_budget_holds(budget):
    """What does not fit is left out whole."""
    text = told(OLD, changed(10, 30, 60), budget=budget)

    assert estimate(text) <= budget + 3  # each part is rounded for itself
    assert (text.count("@@") == 3) is (budget >= 45)
    assert text.count("@@") == text.count("+new")


def test_a_name_is_one_line():
    """A file's name cannot say anything of its own."""
    assert told(OLD, changed(10), path="a\nb.py").startswith("@@ a b.py:11\n")
