"""Code without a grammar: cut into comments, strings, words and signs by the language's marks alone."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from zai_ls.core.languages import language
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zai_ls.core.languages import Language

_SIGNS = [
    r"<<=|>>=|&&|\|\||<<|>>|\+\+|--|\*\*|->|=>|::|:=|\?\.|\.\.|[-+*/%&|^=!<>]=",
    r"[^\w\s]",
]
_MOST_LINES_BEFORE = 400
"""Lines above a range that are read to know whether it begins inside a comment or a string."""


@lru_cache(maxsize=64)
def pattern(language_id: str) -> re.Pattern[str]:
    """Groups: `comment`, `string`, `word`, `sign`; the text's line breaks are `\\n`."""
    row = language(language_id)
    comments = [rf"{re.escape(opening)}.*?(?:{re.escape(closing)}|\Z)" for opening, closing in row.block]
    comments += [rf"{re.escape(mark)}[^\n]*" for mark in row.line]
    strings = [_string(quote) for quote in row.quotes]
    groups = [("comment", comments), ("string", strings), ("word", [r"\w+"]), ("sign", _SIGNS)]
    return re.compile(
        "|".join(f"(?P<{name}>{'|'.join(parts)})" for name, parts in groups if parts), re.DOTALL
    )


def _string(quote: str) -> str:
    mark = re.escape(quote)
    inner = rf"(?:\\.|(?!{mark}).)" if len(quote) > 1 or quote == "`" else rf"(?:\\.|[^{mark}\\\n])"
    closing = rf"(?:{mark}|\Z)" if len(quote) > 1 or quote == "`" else rf"(?:{mark}|$|(?=\n))"
    return f"{mark}{inner}*{closing}"


def comments_by_words(lines: Sequence[str], range_: Range, row: Language) -> list[Range]:
    """Where the comments are that touch *range_*."""
    if not row.line and not row.block:
        return []
    first = max(0, range_.start.line - _MOST_LINES_BEFORE)
    last = min(len(lines), range_.end.line + 1)
    places = []
    for match in _matches(lines[first:last], row.id):
        if match.lastgroup != "comment":
            continue
        start, end = _point(match.string, match.start(), first), _point(match.string, match.end(), first)
        if end >= range_.start and start <= range_.end:
            places.append(Range(start, end))
    return places


def _matches(lines: Sequence[str], language_id: str) -> Iterator[re.Match[str]]:
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    return pattern(language_id).finditer(text)


def _point(text: str, offset: int, first: int) -> Point:
    return Point(first + text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1))


def tokens(lines: Sequence[str], language_id: str) -> Iterator[tuple[str, str]]:
    """Kind (`string`, `word`, `sign`) and text of each token that is not a comment; `line` and its blanks before each line's first."""
    end = 0
    for number, match in enumerate(_matches(lines, language_id)):
        blanks = match.string[end : match.start()]
        end = match.end()
        if match.lastgroup == "comment":
            continue
        if "\n" in blanks or not number:
            yield "line", blanks[blanks.rfind("\n") + 1 :]
        yield str(match.lastgroup), match.group()
