"""What a model wrote, made into the text to insert at the cursor; also while it is still writing.

The way: characters nobody sees go, then thinking, marks, fences and talk (`reading`); what is said again of the text before the cursor (`overlaps`);
then lines are indented as the file is (`layout`), up to the natural end (`ending`); and what is said again of the text after the cursor goes.

Every step looks at whole lines in their order and never takes back what it decided. So `written` asks first whether the whole lines
that have come are enough; only if they are not, the unfinished line counts too, and what comes of that may still change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.completion.ending import Balance, Block, balanced, block_of
from zai_ls.core.completion.layout import first_column, lead_at
from zai_ls.core.completion.near import near
from zai_ls.core.completion.overlaps import begun, without_after, without_closed_string
from zai_ls.core.completion.reading import (
    after_thinking,
    around_thought,
    may_become_mark,
    may_become_talk,
    plain,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.core.completion.near import Near
    from zai_ls.core.completion.overlaps import Begun
    from zai_ls.core.completion.place import Place
    from zai_ls.core.completion.shape import Shape


@dataclass(frozen=True, slots=True)
class Written:
    """A reply, as far as it has come, as a completion."""

    text: str
    """To be inserted at the cursor, with `\\n` as line ends; empty when there is nothing to insert."""
    complete: bool
    """Its natural end has been seen: whatever else the model writes changes nothing."""
    why: str = ""
    """Why there is nothing: `empty`, `prose`, `repeats`, `already_there`, `other_language`, `cut_off`."""


def written(raw: str, place: Place, shape: Shape, *, ended: bool, cut_off: bool = False) -> Written:
    """The completion in *raw*, the reply so far; *ended*: nothing more will come; *cut_off*: because the reply's bound was reached."""
    at = near(place)
    text = after_thinking(plain(raw))
    thought = around_thought(text)
    if thought is not None:
        draft = _draft(thought[0].split("\n")[:-1], place, shape, at)
        if draft is not None and draft.complete:
            return draft
        text = thought[1]
    *lines, partial = text.split("\n")
    draft = _draft(lines, place, shape, at)
    if draft is not None and draft.complete:
        return draft
    if ended:
        kept = _trusted([*lines, partial], place, shape, at) if cut_off else [*lines, partial]
        if kept is None:
            return Written("", True, "cut_off")
        final = _draft(kept, place, shape, at, whole=True)
        return Written(final.text, True, final.why) if final else Written("", True, "empty")
    shown = _draft(
        [*lines, *([] if _held(lines, partial, place, at) else [partial])], place, shape, at, whole=True
    )
    return Written(shown.text if shown else "", False)


def _draft(
    lines: Sequence[str], place: Place, shape: Shape, at: Near, *, whole: bool = False
) -> Written | None:
    """The completion in whole *lines*; None while they do not tell. *whole*: no more will come."""
    reading = read(lines, at, line_start=place.is_line_start)
    whole = whole or reading.over
    start = begun(reading.lines, place, at, block=shape.block, whole=whole)
    if start is None:
        return None
    if not start.lines:
        return Written("", whole, reading.why or ("repeats" if start.repeats else "empty"))
    column = first_column(place, start.column, at)
    bare = _at_cursor(start.lines[0], place, at)
    block = _block(bare, start, place, shape, column, at)
    text = _joined(block, place, column, at)
    if not text.strip():
        there = block.there or bool(bare.strip())
        why = "already_there" if there else "repeats" if start.repeats or block.repeats else "empty"
        return Written("", whole or block.over, why)
    if _is_there(text, place, at):
        return Written("", whole or block.over, "already_there")
    return Written(text, whole or block.over)


def _at_cursor(line: str, place: Place, at: Near) -> str:
    """*line* to go on at the cursor: without blanks where some stand already, or where nobody writes them."""
    bare = line.lstrip(" \t")
    blanks = len(line) - len(bare)
    if place.before.endswith((" ", "\t", "(", "[", ".")) or place.is_line_start:
        return bare
    return bare if not blanks else (line[:blanks] if at.row.prose or blanks == 1 else " ") + bare


def _block(bare: str, start: Begun, place: Place, shape: Shape, column: int, at: Near) -> Block:
    """The lines to insert: one, or those of a block.

    Text after the cursor is repeated by a reply that goes on behind it; nothing can be inserted there, so that ends it.
    """
    first = without_closed_string(bare, place, at)
    if place.after.strip():
        shorter = without_after(first, place, at)
        if shorter != first or first != bare:
            return Block((_within(shorter, at),), True, there=not shorter.strip())
    if not shape.block:
        kept = _within(first, at)
        return Block((kept,), True, there=kept != first)
    return block_of([first, *start.lines[1:]], place, column, start.column, at)


def _within(line: str, at: Near) -> str:
    """*line* up to where it closes a bracket that is not its to close."""
    _, cut = balanced(line, Balance("", at.closable, at.at.inside), at)
    return line if cut is None else line[:cut]


def _joined(block: Block, place: Place, column: int, at: Near) -> str:
    """The lines of *block* as one text, without blanks at its end, and none of the rest of the line said again."""
    text = "\n".join(line.rstrip() if number else line for number, line in enumerate(block.lines))
    if place.after.strip() and len(block.lines) > 1:
        text = without_after(text, place, at)
    text = text.rstrip()
    if text and place.is_line_start:
        lead = lead_at(column, at)
        text = lead.removeprefix(place.lead) + text if lead.startswith(place.lead) else text
    return text + block.hangs if text else ""


def _is_there(text: str, place: Place, at: Near) -> bool:
    """Would the cursor's line become the one that stands below?"""
    line = (place.before + text).strip()
    return (
        bool(at.below)
        and not place.after.strip()
        and line == at.below[0][1]
        and bool(re.search(r"\w{2}", line))
    )


_ENDS = re.compile(r"[)\]};,:>.!?。，；：]$")
"""What a line that was cut off may end in and still be a whole one."""


def _trusted(lines: list[str], place: Place, shape: Shape, at: Near) -> list[str] | None:
    """*lines* of a reply that was cut off, without the last if that is likely not whole; None when nothing is left.

    A line alone is kept only if it ends in a sign that ends something, outside of a string.
    """
    if not lines[-1].strip():
        return lines[:-1]
    filled = [line for line in lines if line.strip()]
    if shape.block and len(filled) > 1:
        return lines[:-1]
    scanned, _ = balanced(lines[-1], Balance("", "", at.at.inside), at)
    return lines if _ENDS.search(lines[-1].rstrip()) and scanned.inside in {"", at.at.inside} else None


def _held(lines: Sequence[str], partial: str, place: Place, at: Near) -> bool:
    """Is the unfinished line not to be shown yet, because it may be nothing of the text?"""
    text = partial.strip()
    if may_become_mark(partial, at):
        return True
    if any(line.strip() for line in lines):
        return False
    head = place.before.strip()
    again = bool(text) and (head.startswith(text) or any(line.startswith(text) for line in at.above))
    return again or may_become_talk(partial, at)
