"""What a person changed lately, as a diff: a renaming or a new parameter is likely to go on where they write now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core.hunks import common_ends, hunks
from zai_ls.core.prompts import one_line
from zai_ls.core.redaction import cut
from zai_ls.core.text import body_of
from zai_ls.core.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SPAN = 2_000
"""Lines between the first and the last that changed: some 20 ms to compare."""
_MOST_LINES = 300
"""Of those that changed; a text changed all over tells nothing."""
_NEAR = 20
"""Lines around the cursor, which are shown anyway."""
_MOST_HUNKS = 4
_LONGEST = 200
"""Characters of one line that are told."""


def recent_edits(
    old: Sequence[str], new: Sequence[str], *, cursor: int | None, budget: int, path: str
) -> str:
    """What stands in *new* that did not in *old*, the places near line *cursor* of *new* left out; empty when that is nothing.

    What was taken out is not told: it may be a secret that had no business there.
    *cursor* None: the cursor is in another document. At most *budget* tokens.
    """
    head, tail = common_ends(old, new)
    inner, fresh = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(inner), len(fresh)) > _MOST_SPAN:
        return ""
    told: list[str] = []
    shift = head
    changed = 0
    for hunk in hunks(inner, fresh):
        line = hunk.start + shift
        shift += len(hunk.items) - (hunk.end - hunk.start)
        if cursor in range(line - _NEAR, line + len(hunk.items) + _NEAR):
            continue
        changed += max(len(hunk.items), hunk.end - hunk.start)
        added = [f"+{cut(body_of(text), _LONGEST)}" for text in hunk.items]
        if added:
            told.append("\n".join([f"@@ {one_line(path)}:{line + 1}", *added]))
    if changed > _MOST_LINES:
        return ""
    kept: list[str] = []
    for text in told[-_MOST_HUNKS:]:
        cost = estimate(text)
        if cost <= budget:
            budget -= cost
            kept.append(text)
    return "\n".join(kept)
