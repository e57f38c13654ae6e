"""Brackets, strings and comments of a line, told by the language's marks alone: enough to know what is open at a place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from zai_ls.core.languages import language

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMENT = "\n"
"""What ends the state of a comment that goes on to the end of its line."""
PAIRS = {")": "(", "]": "[", "}": "{"}
"""What each closing bracket closes."""
_AFTER_A_BLANK = frozenset({"shellscript", "yaml", "makefile", "dockerfile"})
"""Languages in which `#` starts a comment only where a word could start."""


@dataclass(frozen=True, slots=True)
class Brackets:
    """What a piece of text has in brackets."""

    found: tuple[tuple[int, str], ...]
    """Each bracket outside strings and comments, with where it stands."""
    inside: str
    """What would end the string or comment that is open after the text; empty outside of both."""


@lru_cache(maxsize=64)
def _marks(language_id: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """What matters in a line of that language; and for what opens something, what ends it."""
    row = language(language_id)
    ends = {quote: quote for quote in row.quotes}
    ends.update(row.block)
    ends.update(dict.fromkeys(row.line, COMMENT))
    border = r"(?<!\S)" if row.id in _AFTER_A_BLANK else ""
    parts = [
        (border if mark in row.line else "") + re.escape(mark) for mark in sorted(ends, key=len, reverse=True)
    ]
    character = [] if "'" in row.quotes else [r"'(?:\\.|[^'\\])'"]
    return re.compile("|".join([r"\\.", *character, *parts, r"[()\[\]{}]"])), ends


@lru_cache(maxsize=64)
def _end_of(mark: str) -> re.Pattern[str]:
    """The end of a string or a comment, or an escaped character on the way to it."""
    return re.compile(rf"\\.|{re.escape(mark)}")


def brackets(line: str, language_id: str, inside: str = "") -> Brackets:
    """The brackets of *line* (or a piece of one), which starts *inside* a string or a comment, or outside."""
    pattern, ends = _marks(language_id)
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(line) and inside != COMMENT:
        match = (_end_of(inside) if inside else pattern).search(line, at)
        if match is None:
            break
        at, mark = match.end(), match.group()
        if inside:
            inside = "" if mark == inside else inside
        elif mark in ends:
            inside = ends[mark]
        elif mark in "()[]{}":
            found.append((match.start(), mark))
    return Brackets(tuple(found), inside)


def carried(inside: str) -> str:
    """What is still open on the next line: a comment to the end of the line is not, nor a string with a short quote."""
    return inside if len(inside) > 1 or inside == "`" else ""


@dataclass(frozen=True, slots=True)
class Open:
    """What is open at a place."""

    stack: str
    """Brackets, the innermost last."""
    inside: str
    """As in `Brackets`."""


def open_after(lines: Iterable[str], language_id: str, start: Open | None = None) -> Open:
    """What is open at the end of *lines*; brackets that close nothing seen count for nothing."""
    stack, inside = (start.stack, start.inside) if start else ("", "")
    for number, line in enumerate(lines):
        scanned = brackets(line, language_id, carried(inside) if number else inside)
        inside = scanned.inside
        for _, sign in scanned.found:
            if sign not in PAIRS:
                stack += sign
            elif stack.endswith(PAIRS[sign]):
                stack = stack[:-1]
    return Open(stack, inside)


def closed_by(lines: Iterable[str], language_id: str, at: Open) -> str:
    """The stack of *at* without what *lines*, which follow the place, close of it.

    Each closing bracket that *lines* did not open themselves closes one of its kind, from the innermost on.
    """
    left, own, inside = at.stack, "", at.inside
    for number, line in enumerate(lines):
        scanned = brackets(line, language_id, carried(inside) if number else inside)
        inside = scanned.inside
        for _, sign in scanned.found:
            if sign not in PAIRS:
                own += sign
            elif own:
                own = own[:-1]
            else:
                last = left.rfind(PAIRS[sign])
                left = left[:last] + left[last + 1 :] if last >= 0 else left
    return left
