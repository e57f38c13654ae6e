"""Snapshots for tests, and the texts that hypothesis makes up."""

from __future__ import annotations

from hypothesis import strategies as st

from zai_ls.core.text import body_of, split_lines
from zai_ls.domain import Point, Range, Snapshot


def snapshot(text: str, language: str = "python", uri: str = "file:///a", version: int = 1) -> Snapshot:
    return Snapshot(uri, language, version, tuple(split_lines(text)))


def rows(first: int, last: int, lines: tuple[str, ...]) -> Range:
    """Lines *first* to *last*, both in it, without the last one's ending."""
    return Range(Point(first, 0), Point(last, len(body_of(lines[last]))))


def marked(text: str, language: str = "python") -> tuple[Snapshot, Range]:
    """A document and the selection that two `|` in it mark."""
    before, selected, after = text.split("|")
    start, end = split_lines(before), split_lines(before + selected)
    return snapshot(before + selected + after, language), Range(
        Point(len(start) - 1, len(start[-1])), Point(len(end) - 1, len(end[-1]))
    )


ENDINGS = st.sampled_from(["\n", "\n", "\r\n", "\r"])
BODIES = st.sampled_from(
    [
        "",
        "a",
        "b",
        "c",
        "    a",
        "\tb",
        "}",
        "é",
        "日本",
        "👍🏽 x",
        "x = 1",
        "\x0c",
        "z\u2028z",
        "    return a",
    ]
)
TEXTS = st.tuples(st.lists(st.tuples(BODIES, ENDINGS).map("".join), max_size=12), BODIES).map(
    lambda parts: "".join(parts[0]) + parts[1]
)


@st.composite
def places(draw: st.DrawFn, lines: list[str]) -> Point:
    """A place that exists, between two characters and outside of line endings."""
    line = draw(st.integers(0, len(lines) - 1))
    return Point(line, draw(st.integers(0, len(body_of(lines[line])))))


@st.composite
def ranges(draw: st.DrawFn, lines: list[str]) -> Range:
    start, end = sorted([draw(places(lines)), draw(places(lines))])
    return Range(start, end)
