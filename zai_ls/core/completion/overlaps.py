"""What a reply says again of the text around the cursor: found, and left out.

Before the cursor a reply may begin anew: with lines above it, with the cursor's whole line, or with the end of that line.
Each counts as said again only when chance is unlikely: see the rule of each function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.completion.brackets import brackets, open_after
from zai_ls.core.completion.near import column_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.core.completion.near import Near
    from zai_ls.core.completion.place import Place


@dataclass(frozen=True, slots=True)
class Begun:
    """A reply without what it says again of the text before the cursor."""

    lines: tuple[str, ...]
    """The first one goes on at the cursor; it may be empty, and then the text goes on in the next."""
    column: int | None
    """The column at which the reply has what stands on the cursor's line; None when it does not say."""
    repeats: bool
    """Something was said again."""


_LEAST = 8
"""Characters of one line, and so many words in it, before it alone counts as said again."""
_LEAST_WORDS = 2
_LEAST_LINES = 3
"""Lines before a reply that stops among the lines above counts as said again."""


def begun(lines: Sequence[str], place: Place, at: Near, *, block: bool, whole: bool) -> Begun | None:
    """*lines* of a reply without a repetition at their head; None while that takes more lines to tell, unless they are the *whole*.

    Blank lines at the head go, but for one case: the cursor's line has text, and the reply goes on in a new line.
    """
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if not filled:
        return Begun((), None, False) if whole else None
    head = place.before.strip()
    again = _lines_again([lines[number].strip() for number in filled], head, at, whole=whole)
    if again is None:
        return None
    if again >= len(filled):
        return Begun((), None, True)
    first = filled[again]
    line = lines[first]
    column = column_of(line, at.width)
    if not head:
        return Begun(tuple(lines[first:]), column, again > 0)
    rest, entire = _without_head(line, place.before, at)
    if rest is not None:
        return Begun((rest, *lines[first + 1 :]), column if entire else None, True)
    if again or not first or _goes_on_here(place.before, block=block):
        return Begun(tuple(lines[first:]), None, again > 0)
    return Begun(("", *lines[first:]), None, False)


def _goes_on_here(before: str, *, block: bool) -> bool:
    """Is the cursor's line one that nobody would break: with a blank at its end, or, for the rest of a line, in the midst of something?"""
    return before.endswith((" ", "\t")) or (not block and before.endswith(_UNFINISHED))


_UNFINISHED = ("=", "(", "[", ",", ".", "+", "-", "*", "/", "|", "&", "<", '"', "'")


def _lines_again(filled: Sequence[str], head: str, at: Near, *, whole: bool) -> int | None:
    """How many of the lines *filled* say the lines right above the cursor again; None: more lines are needed.

    They must be the very lines down to the cursor, and then, if the cursor's line has text (*head*), go on with that.
    One line alone must be long enough not to be there twice by chance (`_telling`).
    A reply that stops among the lines above must have three of them.
    """
    waits = False
    for start in [number for number, line in enumerate(at.above) if line == filled[0]]:
        wanted = at.above[start:]
        if any(one != other for one, other in zip(wanted, filled, strict=False)):
            continue
        count = len(wanted)
        if len(filled) < count + bool(head):
            waits = True
            if whole and len(filled) >= _LEAST_LINES:
                return len(filled)
        elif (not head or filled[count].startswith(head)) and _telling(
            (*wanted, head) if len(head) > 2 else wanted
        ):
            return None if waits and not whole else count
    return None if waits and not whole else 0


def _telling(lines: Sequence[str]) -> bool:
    """Would *lines* hardly stand there twice: two with words, or one with some?"""
    worded = [line for line in lines if re.search(r"\w{2}", line)]
    return len(worded) > 1 or any(
        line.startswith("```") or (len(line) >= _LEAST and len(re.findall(r"\w+", line)) >= _LEAST_WORDS)
        for line in worded
    )


# -- the cursor's line --------------------------------------------------------------------------------------

_ONLY_BRACKETS = re.compile(r"[\s()\[\]{}\d.]*")
_MEMBER_SIGNS = ("->", "::", "?.", ".")
_TWO_DOTS = frozenset(
    {"ruby", "rust", "lua", "kotlin", "swift", "shellscript", "perl", "haskell", "plaintext"}
)
"""Languages with an operator of two dots."""
_LEAST_TAIL, _LONGEST_TAIL = 4, 160
"""Characters of a tail of several words or signs that may be said again."""


def _without_head(line: str, before: str, at: Near) -> tuple[str | None, bool]:
    """*line* without the text of the cursor's line that it says again; None when it does not. And whether that was all of it.

    The whole line counts, with any indentation, unless it is nothing but brackets and digits.
    """
    bare, head = line.lstrip(" \t"), before.strip()
    if bare.startswith(head) and not _ONLY_BRACKETS.fullmatch(head):
        rest = bare[len(head) :]
        if not (at.row.prose and len(head) == 1 and head.isalpha()):
            return (rest.lstrip(" \t") if before.endswith((" ", "\t")) else rest), True
    tail = _tail_again(bare, before, at)
    return (None if tail is None else bare[tail:]), False


def _tail_again(bare: str, before: str, at: Near) -> int | None:
    """How much of *bare* says the end of *before* again; None: nothing.

    The longest that starts at a word's start and passes one of these:
    - the word being typed, which the reply writes anew: but no number; a single letter only in code, when a word of three goes on from it;
    - a whole word and a blank, of three letters, in code;
    - several words or signs, from four characters on, when they stand on the line only once (else a list goes on);
    - a sign for a member (`.`, `->`, `::`) before a name, where two of them mean nothing;
    - the quote that opened the string the cursor is in, before a word.
    """
    near_end = before[-_LONGEST_TAIL:]
    for match in re.finditer(r"(?<!\w)\w", near_end):
        tail = near_end[match.start() :]
        for said in (tail, tail.rstrip()):
            if bare.startswith(said) and _is_again(said, tail, bare, near_end, at):
                blank = said != tail and bare[len(said) : len(said) + 1].isspace()
                return len(said) + blank
    for sign in _MEMBER_SIGNS:
        if before.endswith(sign) and re.match(rf"{re.escape(sign)}\w", bare):
            return None if sign == "." and at.row.id in _TWO_DOTS else len(sign)
    quote = at.at.inside
    if quote in at.row.quotes and before.endswith(quote) and re.match(rf"{re.escape(quote)}\w", bare):
        return len(quote)
    return None


def _is_again(said: str, tail: str, bare: str, before: str, at: Near) -> bool:
    """Is *said*, the end of *before* (*tail*) and the head of *bare*, more than chance?"""
    word = re.match(r"\w+", bare)
    first = word.group() if word else ""
    if re.fullmatch(r"\w+", tail):
        prose = at.row.prose or bool(at.at.inside)
        return not tail.isdigit() and (
            len(tail) >= (3 if prose else 2) or (not prose and (len(first) > 2 or first == tail))
        )
    if re.fullmatch(r"\w+\s+", tail):
        return (
            not at.free_text
            and not said.strip().isdigit()
            and len(said.strip()) > 2
            and first == said.strip()
        )
    leading = re.match(r"\w+", said)
    once = leading is not None and len(re.findall(rf"\b{re.escape(leading.group())}\b", before)) == 1
    return len(said.strip()) >= _LEAST_TAIL and once and bool(re.search(r"[^\W\d]{3}", said))


# -- the rest of the line -----------------------------------------------------------------------------------


def without_after(text: str, place: Place, at: Near) -> str:
    """*text* without what its end says again of the rest of the cursor's line.

    That is the whole rest, or the start of it if that is closing signs or at least four characters with a word; at the borders of words,
    and only as far as no bracket that *text* opened would lose its end.
    """
    after = place.after.strip()
    bare = text.rstrip()
    for size in (len(after), *range(min(len(after) - 1, len(bare), _LONGEST_TAIL), 0, -1)):
        said = after[:size]
        if not bare.endswith(said):
            continue
        kept = bare[: len(bare) - size]
        if (
            (size == len(after) or re.fullmatch(r"[)\]}>\"'`;,]+", said) or _worded(said))
            and not (_is_word(said[0]) and kept and _is_word(kept[-1]))
            and not (_is_word(said[-1]) and size < len(after) and _is_word(after[size]))
            and _level(kept, at)
        ):
            return kept if text.count("\n") else kept.rstrip() if place.after[:1].isspace() else kept
    return text


def _worded(said: str) -> bool:
    return len(said) >= _LEAST_TAIL and bool(re.search(r"\w{2}", said))


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _level(kept: str, at: Near) -> bool:
    """Does *kept* leave open no bracket and no string of its own?"""
    depth, inside = 0, at.at.inside
    for number, line in enumerate(kept.split("\n")):
        scanned = brackets(line, at.row.id, inside if not number else "")
        depth += sum(1 if sign in "([{" else -1 for _, sign in scanned.found)
        depth = max(depth, 0)
        inside = scanned.inside
    return not depth and inside == at.at.inside


def without_closed_string(first: str, place: Place, at: Near) -> str:
    """*first* without the end of the string that the cursor is in, when that end stands after the cursor already.

    It does if the line would otherwise be left with a string that is not closed.
    """
    quote = at.at.inside
    after = place.after.lstrip()
    if quote not in at.row.quotes or not after.startswith(quote):
        return first
    if open_after([first + place.after], at.row.id, at.at).inside != quote:
        return first
    for match in re.finditer(rf"\\.|{re.escape(quote)}", first):
        if match.group() == quote:
            return first[: match.start()]
    return first
