"""What the scores of a whole file's definitions cost grows with the file, not with its square: counted in calls, not in seconds."""

from __future__ import annotations

from cProfile import Profile

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core import syntax as module
from zai_ls.core.complexity import score
from zai_ls.core.lexing import tokens
from zai_ls.core.measures import Found, measured
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole
from zai_ls.domain import Point

FUNCTION = "def f{n}(a):\n    # what it does\n    if a > {n}:\n        return f{m}(a)\n    return a\n\n"
FILES = {
    "functions": ("", FUNCTION, ""),
    "methods": ("class A:\n", FUNCTION.replace("\n", "\n    ").rstrip(" ").replace("def", "    def", 1), ""),
    "a table": ("A = [\n", "    ({n}, 'text'),\n", "]\n"),
    "comments": ("", "# number {n}\n", "def f():\n    pass\n"),
    "calls": ("x = (\n", "    f(a{n}, (b,\n", ""),
}


def calls(text: str, language: str, *, as_one: bool) -> int:
    """How many functions are called, those written in C as well, to list and score the definitions of *text*."""
    document, syntax = snapshot(text, language), Syntax()
    with Profile() as profile:
        ranges = {whole(document.lines)} if as_one else set()
        for number, line in enumerate(document.lines):
            found = syntax.enclosing_definition(document, Point(number, 0)) if line.strip() else None
            if found is not None:
                ranges.add(found.range)
        for range_ in ranges:
            score(document, range_, syntax)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("as_one", [True, False], ids=["as one", "by definition"])
@pytest.mark.parametrize("most", [10_000_000, 100], ids=["tree", "too large for a tree"])
def test_twice_the_file_costs_about_twice_as_much(name, most, as_one, monkeypatch):
    """Whether the text has a tree or is too large for one, and whatever is in it."""
    monkeypatch.setattr(module, "_MOST_CHARACTERS", most)
    head, part, tail = FILES[name]
    once, twice = (
        calls(head + "".join(part.format(n=n, m=n + 1) for n in range(count)) + tail, "python", as_one=as_one)
        for count in (150, 300)
    )

    assert twice < 2.2 * once


def test_a_long_line_is_cut_into_tokens_where_it_was_left():
    """The blanks before the first token of a line are told, none of the others."""
    text = ["  a = 1 /* one\n", "two */ b\n", "\n", "\tc // no more\n", "/* x */ d\n"]

    assert [pair for pair in tokens(text, "c") if pair[0] in {"line", "word"}] == [
        ("line", "  "),
        ("word", "a"),
        ("word", "1"),
        ("word", "b"),
        ("line", "\t"),
        ("word", "c"),
        ("word", "d"),
    ]


def test_a_long_chain_of_calls_is_followed_once():
    """Functions of which each calls the next, the last of them the first or none."""
    counted = []
    for count in (500, 1000):
        chain = {number: {number + 1} for number in range(count)}
        with Profile() as profile:
            assert measured(Found(calls=chain))["cognitive"] == 0
            assert measured(Found(calls={**chain, count - 1: {0}}))["cognitive"] == count
        counted.append(sum(entry.callcount for entry in profile.getstats()))

    assert counted[1] < 2.2 * counted[0]
