"""Comments: where they are, which speak to us (`zai: …`), which say that work is left, which are not in English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from zai_ls.core.languages import language
from zai_ls.core.lexing import comments_by_words
from zai_ls.core.text import body_of, text_in
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from zai_ls.core.languages import Language
    from zai_ls.core.parsing import Parsed
    from zai_ls.domain import Snapshot

_ASKS = re.compile(r"^zai\s*:\s*(?P<words>.*)$", re.IGNORECASE)
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
_DECORATION = re.compile(r"^[\s*!/#;%=-]+|[\s*/#-]+$")
_HINT = re.compile(r"zai\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, as it stands."""

    text: str
    range: Range
    owns_line: bool
    """Nothing but blanks stands before it."""


class Instruction(NamedTuple):
    """What a comment asks for, and where the comment stands."""

    words: str
    range: Range


def found(parsed: Parsed | None, snapshot: Snapshot, range_: Range) -> list[Comment]:
    """The comments that touch *range_*; Python's docstrings are comments too."""
    lines = snapshot.lines
    if parsed is None:
        places = comments_by_words(lines, range_, language(snapshot.language))
        return [_comment(text_in(lines, place), place, lines) for place in places]
    kinds = parsed.grammar.comments
    strings = frozenset({"string"}) if parsed.grammar.name == "python" else frozenset[str]()
    gathered = []
    for node in parsed.within(range_, kinds | strings):
        if node.type in kinds or _is_docstring(node):
            place = parsed.range_of(node)
            gathered.append(_comment(parsed.text_of(node).rstrip("\r\n"), place, lines))
    return gathered


def _comment(text: str, place: Range, lines: Sequence[str]) -> Comment:
    owns = not lines[place.start.line][: place.start.column].strip()
    return Comment(text, place, owns)


def _is_docstring(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "expression_statement"


# -- instructions -------------------------------------------------------------------------------------------


def instructions(parsed: Parsed | None, snapshot: Snapshot, range_: Range) -> list[Instruction]:
    """What comments inside *range_* or directly above it ask of us."""
    lines = snapshot.lines
    row = language(snapshot.language)
    first = range_.start.line
    while first > 0 and _looks_like_comment(lines[first - 1], row):
        first -= 1
    last = range_.end.line - (range_.end.column == 0 < range_.end.line - range_.start.line)
    wide = Range(Point(first, 0), Point(last, len(body_of(lines[last]))))
    if not _HINT.search(text_in(lines, wide)):
        return []
    comments = [c for c in found(parsed, snapshot, wide) if not c.text.startswith(('"', "'"))]
    asked: list[Instruction] = []
    number = 0
    while number < len(comments):
        comment = comments[number]
        number += 1
        said = _words(comment.text, row)
        start = next((n for n, words in enumerate(said) if _ASKS.match(words)), None)
        if start is None:
            continue
        words, end = _gathered(said[start:]), comment.range.end
        while number < len(comments) and _goes_on(comments[number - 1], comments[number], row):
            words += [part for part in _words(comments[number].text, row) if part]
            end = comments[number].range.end
            number += 1
        instruction = " ".join(words)
        if instruction:
            asked.append(Instruction(instruction, Range(comment.range.start, end)))
    return asked


def _looks_like_comment(line: str, row: Language) -> bool:
    plain = line.strip()
    closes = tuple(closing for _, closing in row.block)
    return plain.startswith((*row.line, *(opening for opening, _ in row.block))) or (
        bool(closes) and (plain.startswith("*") or plain.endswith(closes))
    )


def _words(text: str, row: Language) -> list[str]:
    """What a comment says, line by line, without its marks."""
    for opening, closing in row.block:
        if text.startswith(opening):
            text = text[len(opening) :].removesuffix(closing)
            break
    else:
        mark = next((mark for mark in row.line if text.startswith(mark)), "")
        text = text[len(mark) :]
    return [_DECORATION.sub("", line).strip() for line in re.split(r"\r\n|\r|\n", text)]


def _gathered(said: Sequence[str]) -> list[str]:
    """The words of an instruction and of the lines it goes on over, up to a blank one."""
    asked = _ASKS.match(said[0])
    words = [asked["words"].strip()] if asked and asked["words"].strip() else []
    for line in said[1:]:
        if not line:
            break
        words.append(line)
    return words


def _goes_on(before: Comment, comment: Comment, row: Language) -> bool:
    """Is *comment* the next line of the same remark?"""
    said = _words(comment.text, row)
    return (
        before.owns_line
        and comment.owns_line
        and comment.range.start == Point(before.range.end.line + 1, before.range.start.column)
        and len(said) == 1
        and bool(said[0])
        and not _ASKS.match(said[0])
        and comment.text.startswith(row.line)
        and before.text.startswith(row.line)
    )


# -- what they tell -----------------------------------------------------------------------------------------


def any_todo(parsed: Parsed | None, snapshot: Snapshot, range_: Range) -> bool:
    """Does a comment in *range_* say that work is left?"""
    text = text_in(snapshot.lines, range_)
    if not any(mark in text for mark in ("TODO", "FIXME", "XXX")):
        return False
    return any(_TODO.search(comment.text) for comment in found(parsed, snapshot, range_))


def any_foreign(parsed: Parsed | None, snapshot: Snapshot, range_: Range) -> bool:
    """Has a comment in *range_* letters that English has not?"""
    if text_in(snapshot.lines, range_).isascii():
        return False
    return any(
        not comment.text.isascii() and any(c.isalpha() and not c.isascii() for c in comment.text)
        for comment in found(parsed, snapshot, range_)
    )
