"""What surrounds a piece of code, cut to a budget of tokens.

Nearest first, on borders (a blank line, or where a definition starts), above and below in turn.
What does not fit is left out whole, and the cut is told, so that the model does not take an excerpt for the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.text import body_of
from zai_ls.core.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from zai_ls.domain import Range, Snapshot


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is shown besides the code itself."""

    imports: str = ""
    """The file's imports, unless they are shown anyway."""
    enclosing: tuple[str, ...] = ()
    """Head lines of what encloses the code, outermost first, unless they are shown anyway."""
    before: str = ""
    after: str = ""
    left_out: tuple[str, ...] = ()
    """Sentences about what is not shown, for the model."""


NOTHING_AROUND = Surroundings()

_BLOCK = 40
"""Lines after which a block ends even without a border: the unit of what is shown or left out."""


def surroundings(
    snapshot: Snapshot,
    target: Range,
    *,
    budget: int,
    below_share: float = 1.0,
    imports: Collection[int] = (),
    enclosing: Sequence[int] = (),
    borders: Collection[int] = (),
) -> Surroundings:
    """What to show around *target* for at most *budget* tokens, of which the text below takes at most *below_share*.

    *imports*, *enclosing* and *borders* are line numbers: of import statements, of the heads of what encloses the
    target (outermost first), and of lines at which a definition starts.
    """
    lines = snapshot.lines
    left = budget
    heads = [n for n in enclosing if n < target.start.line]
    imported = sorted(n for n in imports if n < len(lines) and not target.start.line <= n <= target.end.line)
    # Imports and heads first: they say more a token than anything else.
    import_text, left = _fitting([lines[n] for n in imported], left)
    _, left = _fitting([lines[n] for n in heads], left)
    above = _blocks_up(lines, target.start.line, borders)
    below = _blocks_down(lines, target.end.line + 1, borders)
    first, last = target.start.line, target.end.line + 1
    open_ends = {"above": True, "below": True}
    room = {"above": left, "below": round(left * below_share)}
    while any(open_ends.values()):
        for side in ("above", "below"):
            if not open_ends[side]:
                continue
            block = next(above if side == "above" else below, None)
            cost = estimate("".join(lines[block[0] : block[1]])) if block else 0
            if block is None or cost > min(left, room[side]):
                open_ends[side] = False
                continue
            left -= cost
            room[side] -= cost
            if side == "above":
                first = block[0]
            else:
                last = block[1]
    return Surroundings(
        imports=import_text if any(n < first or n >= last for n in imported) else "",
        enclosing=tuple(body_of(lines[n]) for n in heads if n < first),
        before="".join(lines[first : target.start.line]),
        after="".join(lines[target.end.line + 1 : last]),
        left_out=_told(lines, first, last),
    )


def _fitting(lines: Sequence[str], left: int) -> tuple[str, int]:
    """As many of *lines*, from the first, as fit into *left* tokens, and what is left then."""
    taken: list[str] = []
    for line in lines:
        cost = estimate(line)
        if cost > left:
            break
        left -= cost
        taken.append(line)
    return "".join(taken), left


def _blocks_up(lines: Sequence[str], end: int, borders: Collection[int]) -> Iterator[tuple[int, int]]:
    """Blocks of lines above *end*, nearest first, as [from, to)."""
    while end > 0:
        start = end - 1
        while start > 0 and end - start < _BLOCK and start not in borders and lines[start - 1].strip():
            start -= 1
        while start > 0 and start not in borders and not lines[start - 1].strip():
            start -= 1  # the blank lines before it belong to the block
        yield start, end
        end = start


def _blocks_down(lines: Sequence[str], start: int, borders: Collection[int]) -> Iterator[tuple[int, int]]:
    """Blocks of lines from *start* on, nearest first, as [from, to)."""
    count = len(lines)
    while start < count:
        end = start + 1
        while end < count and not lines[end - 1].strip():
            end += 1  # the blank lines before it belong to the block
        while end < count and end - start < _BLOCK and end not in borders and lines[end].strip():
            end += 1
        yield start, end
        start = end


def _told(lines: Sequence[str], first: int, last: int) -> tuple[str, ...]:
    told = []
    if any(line.strip() for line in lines[:first]):
        told.append(f"Not shown: lines 1-{first} of the file.")
    if any(line.strip() for line in lines[last:]):
        told.append(f"Not shown: lines {last + 1}-{len(lines)} of the file.")
    return tuple(told)
