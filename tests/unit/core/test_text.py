from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS, ranges
from zai_ls.core.text import (
    apply_edits,
    body_of,
    clamp_range,
    dominant_ending,
    ending_of,
    splice,
    split_lines,
    text_in,
    whole,
)
from zai_ls.domain import Edit, Point, Range


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\r\nb\rc", ["a\r\n", "b\r", "c"]),
        ("a\x0cb\u2028c\x85d\n", ["a\x0cb\u2028c\x85d\n", ""]),
    ],
)
def test_only_the_three_endings_of_lsp_end_a_line(text, lines):
    """Form feeds and Unicode separators stay inside a line."""
    assert split_lines(text) == lines


@given(TEXTS)
def test_lines_join_to_the_text_they_came_from(text):
    """Splitting loses nothing."""
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(body_of(line) + ending_of(line) == line for line in lines)
    assert ending_of(lines[-1]) == ""
    assert text_in(lines, whole(lines)) == text


@given(st.data())
def test_a_splice_is_a_replacement_in_the_joined_text(data):
    """Splicing the list gives the same lines as replacing in the text and splitting again."""
    lines = split_lines(data.draw(TEXTS))
    range_ = data.draw(ranges(lines))
    text = data.draw(TEXTS)
    before = sum(map(len, lines[: range_.start.line])) + range_.start.column
    after = sum(map(len, lines[: range_.end.line])) + range_.end.column
    joined = "".join(lines)
    splice(lines, range_, text)
    assert lines == split_lines(joined[:before] + text + joined[after:])


def test_edits_refer_to_the_text_before_any_of_them():
    """Two edits of one line do not shift each other."""
    edits = [Edit(Range(Point(0, 0), Point(0, 1)), "xx"), Edit(Range(Point(0, 2), Point(0, 3)), "")]
    assert apply_edits(["abc\n", ""], edits) == ["xxb\n", ""]


@pytest.mark.parametrize(
    ("text", "ending"),
    [("", "\n"), ("a", "\n"), ("a\r\nb\r\nc\n", "\r\n"), ("a\rb\r", "\r"), ("a\nb\r\n", "\n")],
)
def test_the_dominant_ending_is_what_most_lines_have(text, ending):
    """A text without any gets a plain one."""
    assert dominant_ending(split_lines(text)) == ending


def test_a_range_past_the_end_means_the_end():
    """Places that do not exist are moved to the nearest one that does."""
    assert clamp_range(["ab\n", "c"], Range(Point(9, 9), Point(0, 9))) == Range(Point(0, 2), Point(1, 1))
