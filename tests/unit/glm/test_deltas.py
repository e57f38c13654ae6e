from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.domain import TextDelta, ThinkingDelta
from zai_ls.glm.deltas import Deltas


def read(*pieces: str) -> tuple[str, str]:
    """Thinking and text of a reply whose host calls all of it text."""
    deltas = Deltas()
    events = [event for piece in pieces for event in deltas.text(piece)] + deltas.flush()
    return (
        "".join(event.text for event in events if isinstance(event, ThinkingDelta)),
        "".join(event.text for event in events if isinstance(event, TextDelta)),
    )


CASES = [
    ("", ("", "")),
    ("x = 1\n", ("", "x = 1\n")),
    ("  indented", ("", "  indented")),
    ("<think>hm</think>\n\nx = 1\n", ("hm", "x = 1\n")),
    ("\n <think>hm</think>x", ("hm", "x")),
    ("<think></think>\r\n  x", ("", "  x")),
    ("<think>a < b </thin </think>c", ("a < b </thin ", "c")),
    ("<think>never closed", ("never closed", "")),
    ("<think>never closed </thi", ("never closed </thi", "")),
    ("<thin", ("", "<thin")),
    ("<thing>x</thing>", ("", "<thing>x</thing>")),
    ('tag = "<think>a</think>"', ("", 'tag = "<think>a</think>"')),
    ("<think>a</think>b<think>c</think>", ("a", "b<think>c</think>")),
    ("春 😀", ("", "春 😀")),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_leaked_thinking_is_moved_wherever_it_is_cut(text, expected):
    """Thinking at the very beginning of the text is thinking; tags anywhere else are the reply's own."""
    assert read(text) == expected
    assert read(*text) == expected
    for cut in range(len(text)):
        assert read(text[:cut], text[cut:]) == expected


@given(st.text(), st.lists(st.integers(0, 40)))
def test_nothing_else_is_lost(text, cuts):
    """A reply that does not begin with the tag comes out as it went in."""
    text = "x" + text
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert read(*(text[a:b] for a, b in pairwise(places))) == ("", text)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["a\ud83d", "\ude00b"], "a😀b"),
        (["\ud83d", "", "\ude00"], "😀"),
        (["a\ud83d", "b"], "a\ufffdb"),
        (["a\ude00b"], "a\ufffdb"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
    ],
)
def test_halves_of_a_character_are_joined(pieces, text):
    """Escaped halves may come in two deltas; a lone half never reaches a document."""
    assert read(*pieces) == ("", text)
    deltas = Deltas()
    events = [event for piece in pieces for event in deltas.thinking(piece)] + deltas.flush()
    assert "".join(event.text for event in events) == text
