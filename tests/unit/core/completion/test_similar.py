"""Code in other documents that looks like what is being written."""

from __future__ import annotations

import pytest

from zai_ls.core.completion import similar as module
from zai_ls.core.completion.similar import similar
from zai_ls.core.text import split_lines
from zai_ls.core.tokens import estimate

NEAR = ("def load_orders(path):\n", "    with open(path) as file:\n", "        return parse_orders(file")
ALIKE = "def load_items(path):\n    with open(path) as file:\n        return parse_items(file)\n"
MORE_ALIKE = "def load_orders(path):\n    with open(path) as file:\n        return read_orders(file)\n"
OTHER = "class Window:\n    width = 3\n    colour = 'red'\n"


def documents(**texts):
    return [(f"{name}.py", tuple(split_lines(text))) for name, text in texts.items()]


def found(near=NEAR, budget=1_000, **texts):
    return [snippet.path for snippet in similar(near, documents(**texts), budget=budget)]


@pytest.mark.parametrize(
    ("texts", "paths"),
    [
        pytest.param({}, [], id="no document"),
        pytest.param({"a": OTHER}, [], id="nothing in common"),
        pytest.param({"a": ""}, [], id="an empty document"),
        pytest.param({"a": ALIKE}, ["a.py"], id="words in common"),
        pytest.param({"a": OTHER, "b": ALIKE}, ["b.py"], id="only what has something in common"),
        pytest.param({"a": ALIKE, "b": MORE_ALIKE}, ["b.py", "a.py"], id="the one with more comes first"),
        pytest.param({"b": ALIKE, "a": ALIKE}, ["a.py", "b.py"], id="of equals, by name"),
        pytest.param(
            {"a": ALIKE, "b": MORE_ALIKE, "c": ALIKE}, ["b.py", "a.py"], id="no more than two documents"
        ),
        pytest.param({"a": ALIKE + ", ".join(f"word_{n}" for n in range(90))}, [], id="the share counts, not the number"),
        pytest.param({"a": "as path: x y z in is to if or an at by\n" * 3 + "    with open() file\n"}, ["a.py"], id="short words do not count"),
    ],
)  # fmt: skip
def test_the_documents_most_alike(texts, paths):
    """By the words that both have, as a share of all the words in either."""
    assert found(**texts) == paths


def test_words_of_two_letters_do_not_count():
    """Code of any kind has them."""
    assert found(("if x in a or y is b:\n", "    load(path)\n"), a="if x in a or y is b:\n    go(to)\n") == []


@pytest.mark.parametrize("near", [(), ("",), ("    \n", "  x = (1)\n")])
def test_without_words_nothing_is_like_it(near):
    """There is nothing to look for."""
    assert found(near, a=ALIKE) == []


def test_of_a_document_the_lines_most_alike_are_shown():
    """Twelve lines, wherever they stand, without line ends around them."""
    text = OTHER * 10 + "\n" + ALIKE + "\n" + OTHER * 10
    (snippet,) = similar(NEAR, documents(a=text), budget=1_000)

    assert ALIKE.strip() in snippet.text
    assert 11 <= snippet.text.count("\n") + 1 <= 12
    assert snippet.text == snippet.text.strip("\r\n")


def test_what_lies_on_the_border_of_two_windows_is_found():
    """Windows overlap by half."""
    for lines in range(30):
        (snippet,) = similar(NEAR, documents(a="x = 1\n" * lines + MORE_ALIKE + "x = 1\n" * 20), budget=1_000)
        assert MORE_ALIKE.strip() in snippet.text, lines


def test_the_budget_holds():
    """What does not fit is left out whole, and the next one may fit."""
    cost = estimate(ALIKE.strip())
    longer = MORE_ALIKE + "        # orders file path load\n" * 5

    assert found(budget=0, a=ALIKE) == []
    assert found(budget=cost - 1, a=ALIKE) == []
    assert found(budget=cost, a=ALIKE) == ["a.py"]
    assert found(budget=2 * cost - 1, a=ALIKE, b=ALIKE) == ["a.py"]
    assert found(budget=2 * cost, a=ALIKE, b=ALIKE) == ["a.py", "b.py"]
    assert found(budget=cost, a=longer, b=ALIKE) == ["b.py"]


def test_a_document_is_cut_into_words_once():
    """As long as it stays as it is, the next key costs nothing of it; and of a long one only the beginning is read."""
    shown = documents(a=ALIKE, b="x = 1\n" * 10_000 + ALIKE)
    module._windows.cache_clear()
    for _ in range(5):
        assert [s.path for s in similar(NEAR, shown, budget=1_000)] == ["a.py"]

    assert module._windows.cache_info().misses == 2
    assert len(module._windows(shown[1][1])) == 500
