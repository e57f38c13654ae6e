"""A block's lines, one by one, up to its natural end; what is decided of a line never changes when more come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.completion.brackets import PAIRS, brackets, carried
from zai_ls.core.completion.layout import (
    CLOSES,
    Layout,
    lead_at,
    next_layout,
    rendered,
    seen_step,
)
from zai_ls.core.completion.near import column_of, opens_block

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from zai_ls.core.completion.near import Near
    from zai_ls.core.completion.place import Place


@dataclass(frozen=True, slots=True)
class Block:
    """Lines to insert."""

    lines: tuple[str, ...]
    over: bool
    """The natural end has been seen."""
    hangs: str = ""
    """Blanks for a line of its own that what stands after the cursor gets."""
    there: bool = False
    """It ended at something that stands in the document already."""
    repeats: bool = False
    """It ended as the reply went round in circles."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Brackets, as far as an insertion has come."""

    own: str
    """Opened within it, the innermost last."""
    outer: str
    """Open before it, and closed by nothing below: it may close these."""
    inside: str
    """As in `brackets.Brackets`."""


def balanced(line: str, balance: Balance, at: Near) -> tuple[Balance, int | None]:
    """*balance* after *line*; and where *line* closes a bracket that is not open, or not its to close.

    Not told in prose and markup; and a `)` in shell scripts ends a pattern.
    """
    scanned = brackets(line, at.row.id, balance.inside)
    own, outer = balance.own, balance.outer
    for offset, sign in scanned.found:
        if sign not in PAIRS:
            own += sign
        elif own.endswith(PAIRS[sign]):
            own = own[:-1]
        elif not own and outer.endswith(PAIRS[sign]):
            outer = outer[:-1]
        elif not (at.row.prose or at.row.family == "html" or (sign == ")" and at.row.id == "shellscript")):
            return Balance(own, outer, ""), offset
    return Balance(own, outer, scanned.inside), None


_TELLING = 8
"""Characters, not blank, from which a line hardly stands there twice by chance."""
_LONGEST_ROUND = 4
"""Lines that a model may say over and over."""
_TIMES = 3


def block_of(lines: Sequence[str], place: Place, first: int, given: int | None, at: Near) -> Block:
    """The lines that belong to the block at the cursor, indented as the file is.

    *lines*: of the reply, the first goes on at the cursor, without its indentation; *first*: the column of the cursor's line, *given*: in the reply.
    The block ends before
    - a line further out than the cursor's line;
    - a line no deeper than the cursor's line, if that opened a block which has been filled, and the line does not close or continue it;
    - the same after a blank line, for a block that began at the margin;
    - a line that stands right below already, at the same column;
    - a bracket that is not the insertion's to close;
    - the third time round of the same lines: two of them go as well.
    """
    balance, cut = balanced(lines[0], Balance("", at.closable, at.at.inside), at)
    if cut is not None:
        return Block((lines[0][:cut].rstrip(),), True, there=True)
    full = place.before + lines[0]
    opened = not place.is_line_start and opens_block(full, at.row)
    kept = [lines[0]]
    said = [(0, lines[0].strip())] if lines[0].strip() else []
    openers = {first} if lines[0].strip() and opens_block(lines[0], at.row) else set()
    layout, blank, filled = Layout(None, 0, 0), False, False
    before, column_before = full, given or 0
    if place.is_line_start and _stands_below(lines[0].strip(), first, at, openers=()):
        return Block((), True, there=True)
    for given_line in lines[1:]:
        text = given_line.strip()
        if not text:
            kept.append("")
            blank = True
            continue
        in_text = carried(balance.inside)
        if in_text and layout.origin is None and not _is_text(full, at):
            kept.append(given_line)
            balance, _ = balanced(given_line, Balance(balance.own, balance.outer, in_text), at)
            continue
        if layout.origin is None:
            layout = next_layout(
                given_line,
                blank and not in_text,
                full,
                first,
                given,
                at,
                opened=opens_block(full, at.row, brackets=True),
            )
        else:
            layout = seen_step(layout, before, column_before, given_line, at)
        own_column = column_of(given_line, at.width)
        column = layout.column(own_column, at.width if at.known_width else 0)
        if not in_text and _is_outside(
            text, column, first, at, opened=opened, filled=filled, blank=blank, balance=balance
        ):
            return Block(tuple(kept), True)
        if not in_text and _stands_below(text, column, at, openers=openers):
            return Block(tuple(kept), True, there=True)
        line = rendered(given_line, column, at)
        balance, cut = balanced(line, Balance(balance.own, balance.outer, in_text), at)
        if cut is not None:
            piece = line[:cut].rstrip()
            hangs = not piece and place.after.lstrip().startswith(line[cut])
            return Block(
                (*kept, *([piece] if piece else [])),
                True,
                "\n" + lead_at(min(column, first), at) if hangs else "",
                there=True,
            )
        kept.append(line)
        if opens_block(text, at.row):
            openers.add(column)
        filled = filled or column > first
        before, column_before, blank = given_line, own_column, False
        said.append((len(kept) - 1, text))
        again = _said_again(said)
        if again is not None:
            return Block(tuple(kept[:again]), True, repeats=True)
    return Block(tuple(kept), False)


def _is_text(full: str, at: Near) -> bool:
    """Is the cursor in a string or a comment, or does its line begin with one? Then its lines are indented like code."""
    return bool(at.at.inside) or full.strip().startswith(
        (*at.row.quotes, *(opening for opening, _ in at.row.block))
    )


def _is_outside(
    text: str, column: int, first: int, at: Near, *, opened: bool, filled: bool, blank: bool, balance: Balance
) -> bool:
    """Does a line at *column* lie outside of the block that the cursor is in? Not inside brackets, nor if it closes arguments."""
    if balance.own or (text[0] in ")]" and balance.outer.endswith(PAIRS[text[0]])):
        return False
    if column < first:
        return True
    if column > first or not filled or at.row.prose:
        return False
    continues = bool(CLOSES.match(text)) and not blank
    return not continues and (opened or (blank and not first))


def _stands_below(text: str, column: int, at: Near, *, openers: Collection[int]) -> bool:
    """Is a line the one that stands right below, and not the end of a block that the insertion opened at that column?"""
    if not at.below or at.below[0] != (column, text):
        return False
    return len(text) >= _TELLING or not CLOSES.match(text) or column not in openers


def _said_again(said: Sequence[tuple[int, str]]) -> int | None:
    """The line from which on *said*, lines with their numbers, is the second and third time round of the same; None when it is not.

    Lines of closing brackets alone do not count: they differ in their columns, or they are wrong in another way.
    """
    for size in range(1, _LONGEST_ROUND + 1):
        if len(said) < size * _TIMES or said[-1][1] != said[-1 - size][1]:
            continue
        last = [text for _, text in said[-size * _TIMES :]]
        if last[:size] * _TIMES == last and re.search(r"\w", "".join(last)):
            return said[-size * (_TIMES - 1)][0]
    return None
