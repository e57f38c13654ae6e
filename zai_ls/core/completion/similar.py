"""Code in other open documents that looks like what is being written here: by the words both have, nothing dearer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from zai_ls.core.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[A-Za-z_]\w{2,}")
_WINDOW = 12
"""Lines of one snippet."""
_STEP = 6
_MOST_LINES = 3_000
"""Of one document that are looked at."""
_LEAST = 0.18
"""Below so much in common a snippet tells nothing."""
_MOST = 2


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some lines of another document."""

    path: str
    text: str


def similar(
    near: Sequence[str], documents: Iterable[tuple[str, tuple[str, ...]]], *, budget: int
) -> tuple[Snippet, ...]:
    """The snippets of *documents* (path and lines) most like the lines *near* the cursor, within *budget* tokens; best first."""
    wanted = _words("".join(near))
    if not wanted or budget <= 0:
        return ()
    found: list[tuple[float, str, int, tuple[str, ...]]] = []
    for path, lines in documents:
        best = max(((_alike(wanted, words), start) for start, words in _windows(lines)), default=(0.0, 0))
        if best[0] >= _LEAST:
            found.append((best[0], path, best[1], lines))
    found.sort(key=lambda one: (-one[0], one[1]))
    chosen = []
    for _, path, start, lines in found[:_MOST]:
        text = "".join(lines[start : start + _WINDOW]).strip("\r\n")
        cost = estimate(text)
        if cost <= budget:
            budget -= cost
            chosen.append(Snippet(path, text))
    return tuple(chosen)


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """The Jaccard index: of all the words in either, the share that both have."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


@lru_cache(maxsize=16)
def _windows(lines: tuple[str, ...]) -> tuple[tuple[int, frozenset[str]], ...]:
    """Each window's first line and words; remembered for as long as the document stays as it is."""
    count = min(len(lines), _MOST_LINES)
    return tuple((start, _words("".join(lines[start : start + _WINDOW]))) for start in range(0, count, _STEP))
