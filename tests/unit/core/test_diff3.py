from __future__ import annotations

import random
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.core.diff3 import merge
from zai_ls.core.hunks import apply_hunks, hunks

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "x = 1\n", "    y(z)\n", "\n"]), max_size=14)


def check(base: str, ours: str, theirs: str, merged: str | None) -> None:
    made = merge(*(text.splitlines(keepends=True) for text in (base, ours, theirs)))
    assert merged == (None if made is None else "".join(made))


@given(LINES, LINES)
def test_hunks_turn_the_old_into_the_new(old, new):
    """Hunks are ascending, lie apart, and applied give the new text."""
    found = hunks(old, new)
    assert apply_hunks(old, found) == new
    assert all(one.end < other.start for one, other in pairwise(found))


def test_a_long_text_of_equal_lines_is_compared_in_time():
    """Where many lines are equal to many others the middle counts as one change instead of being searched."""
    old = ["start\n", *["x\n", "\n"] * 5000, "end\n"]
    new = ["start\n", *["\n", "x\n", "x\n"] * 4000, "end\n"]
    assert len(hunks(old, new)) == 1
    assert apply_hunks(old, hunks(old, new)) == new


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        pytest.param("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n", id="apart"),
        pytest.param("a\nb\n", "a\nx\nb\n", "a\nx\nb\n", "a\nx\nb\n", id="the same on both sides, once"),
        pytest.param("a\nb\nc\n", "a\nB\nc\n", "a\nD\nc\n", None, id="the same line differently"),
        pytest.param("f(a, b)\n", "f(x, b)\n", "f(a, y)\n", "f(x, y)\n", id="two words of a line"),
        pytest.param("f(a, b)\n", "f(x, b)\n", "f(z, b)\n", None, id="the same word differently"),
        pytest.param("return a\n", "return a + 1\n", "return b\n", None, id="words side by side"),
        pytest.param(
            "one(a)\ntwo(b)\n",
            "one(x)\ntwo(b)\n",
            "one(a)\ntwo(y)\n",
            "one(x)\ntwo(y)\n",
            id="lines side by side",
        ),
        pytest.param("a\nb\n", "a\nx\nb\n", "a\ny\nb\n", None, id="two insertions in one place"),
        pytest.param("a\n", "", "a b\n", None, id="deleted here, changed there"),
        pytest.param(
            "if x:\n    a()\n    b()\n",
            "if x:\n    a()\n    b()\n    c()\n",
            "while y:\n    if x:\n        a()\n        b()\n",
            None,
            id="indented by one side, a line added by the other",
        ),
        pytest.param(
            "f()\n\nf()\n", "f()\n", "f()\n\ng()\n", None, id="one of two equal lines deleted, which?"
        ),
        pytest.param(
            "total = count + first\n",
            "result = sum(all_of(them))\n",
            "total = count + second\n",
            None,
            id="a rewrite",
        ),
        pytest.param(
            "v = f(x) + g(y) + last\n",
            "v = h(z) + k(w) + last\n",
            "v = f(x) + g(y) + final\n",
            None,
            id="a rewrite in which a word recurs",
        ),
    ],
)
def test_two_sides_merge_or_contradict(base, ours, theirs, merged):
    """Changes apart are both made, by lines and then by words; anything else is a conflict."""
    check(base, ours, theirs, merged)
    check(base, theirs, ours, merged)


@given(LINES, LINES)
def test_who_is_alone_gets_what_they_wanted(base, wanted):
    """With no change on the other side, or the same one, a merge gives the changed text."""
    assert merge(base, wanted, base) == wanted
    assert merge(base, base, wanted) == wanted
    assert merge(base, wanted, wanted) == wanted


@given(LINES, LINES, LINES)
def test_a_merge_does_not_depend_on_who_is_first(base, ours, theirs):
    """Sides are equal."""
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert ("".join(one) if one is not None else None) == ("".join(other) if other is not None else None)


def _changed(lines: list[str], dice: random.Random) -> list[str]:
    lines = list(lines)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(lines) + 1)
        match dice.choice(["insert", "delete", "change"]):
            case "insert":
                lines.insert(at, f"new {dice.randint(0, 99)}\n")
            case "delete":
                del lines[at : at + dice.randint(1, 3)]
            case _ if at < len(lines):
                lines[at] = lines[at].replace("1", str(dice.randint(2, 9)), 1)
    return lines


def test_where_git_merges_ours_is_the_same_or_a_conflict(tmp_path):
    """Never silently another text than `git merge-file`; and seldom a conflict where git has none."""
    dice = random.Random(7)
    clean = same = 0
    for _ in range(60):
        words = ["if a1:\n", "    b1(c1)\n", "    return d1\n", "\n", "e1 = f1\n", "g1()\n"]
        base = [
            dice.choice(words) if dice.random() < 0.3 else f"v{n} = 1 + w{n}\n"
            for n in range(dice.randint(6, 25))
        ]
        ours, theirs = _changed(base, dice), _changed(base, dice)
        for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
            (tmp_path / name).write_text("".join(text))
        git = subprocess.run(
            ["git", "merge-file", "-p", "ours", "base", "theirs"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        if git.returncode:
            continue  # git gives up: words may still merge, which the table above checks
        clean += 1
        made = merge(base, ours, theirs)
        assert made is None or "".join(made) == git.stdout, (base, ours, theirs)
        same += made is not None
    assert clean > 20
    assert same >= 0.9 * clean
