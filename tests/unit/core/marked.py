"""Documents for tests: a text in which «» marks the selection."""

from __future__ import annotations

from zai_ls.core.text import split_lines
from zai_ls.domain import Point, Range, Snapshot


def document(text: str, language: str = "python", path: str | None = "/w/src/a.py") -> tuple[Snapshot, Range]:
    """A document, and the selection that «» mark in *text*; without marks a cursor at its start."""
    before, _, rest = text.partition("«") if "«" in text else ("", "", "»" + text)
    selected, _, after = rest.partition("»")
    uri = f"file://{path}" if path else "untitled:Untitled-1"
    snapshot = Snapshot(uri, language, 1, tuple(split_lines(before + selected + after)), path)
    return snapshot, Range(end_point(before), end_point(before + selected))


def end_point(text: str) -> Point:
    """The place after the last character of *text*."""
    lines = split_lines(text)
    return Point(len(lines) - 1, len(lines[-1]))
