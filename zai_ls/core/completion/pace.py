"""When to ask, and when to stop listening: decisions from a person's rhythm and a model's pace.

Asking costs the account's one slot for about a second, so a request is worth it only in a real pause: one that is long
for this person, at a place where much may follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

from zai_ls.core.completion.shape import begins_block

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zai_ls.core.completion.place import Place
    from zai_ls.core.completion.shape import Manners

USUAL_GAP_S = 0.2
"""Between two keys, as long as a person has typed too little to know better."""
_ENOUGH_GAPS = 6
LONGEST_GAP_S = 2.0
"""A longer silence is thinking, not typing."""
GAPS_KEPT = 30

Spot = Literal["block", "line", "opener", "border", "word", "end"]
"""Where the cursor stands, as far as it tells how much may follow."""

_WAITS: Mapping[Spot, tuple[float, float]] = {
    "block": (0.15, 0.0),
    "line": (0.45, 0.0),
    "opener": (0.6, 4.0),
    "border": (0.9, 5.0),
    "word": (1.2, 7.0),
    "end": (1.0, 6.0),
}
"""Least seconds, and how many of this person's usual gaps, a pause lasts. Measured by replay (docs/decisions/0010): where a
block begins a request saves three times what it does at the start of another line, and ten times what it does inside one."""
_PER_MISS = 2.0
_MOST_FOR_MISSES = 6.0
_MISSES_COUNTED = 10
"""So many reach the most; a thousand would be too large a power."""
_SLOW_S = 2.0
"""A model that takes longer is asked more seldom: its answer comes when the person is elsewhere."""
_LONGEST_S = 2.0
_OPENING = "([{=,:.<+-*/%&|!?"
_ARROWS = ("=>", "->")
_CLOSING = ")]}\"'`;"
_LONGEST_WORD = 20
"""Characters before the cursor that are looked at for a word."""
_WORDS_BEFORE_MUCH = frozenset(
    [
        *(
            "return",
            "if",
            "elif",
            "else",
            "then",
            "do",
            "in",
            "not",
            "and",
            "or",
            "is",
            "with",
            "while",
            "for",
        ),
        *("await", "yield", "from", "import", "raise", "throw", "new", "case", "match", "assert", "lambda"),
        *("let", "const", "var", "val", "def", "fn", "func", "function", "class", "struct", "enum"),
    ]
)


def debounce_s(
    place: Place,
    gaps: Sequence[float],
    *,
    latency_s: float = 0.0,
    misses: int = 0,
    stretch: float = 1.0,
) -> float:
    """Seconds without a key after which a completion at *place* is worth asking for.

    *gaps*: seconds between this person's latest changes. *latency_s*: how long the model lately took; 0 when unknown.
    *misses*: proposals in a row that were not taken here. *stretch*: by how much the throttle slows typing down.
    """
    usual = median(gaps) if len(gaps) >= _ENOUGH_GAPS else USUAL_GAP_S
    least, times = _WAITS[spot_of(place)]
    pause = max(least, times * usual) * min(_MOST_FOR_MISSES, _PER_MISS ** min(misses, _MISSES_COUNTED))
    return min(_LONGEST_S, pause * max(1.0, latency_s / _SLOW_S)) * max(1.0, stretch)


def spot_of(place: Place) -> Spot:
    """Where in its line *place* is."""
    if place.is_line_start:
        return "block" if begins_block(place) else "line"
    before = place.before.rstrip(" \t")
    last = before[-1]
    if last in _OPENING or before.endswith(_ARROWS):
        return "opener"
    if before != place.before:
        return "opener" if re.split(r"\W", before[-_LONGEST_WORD:])[-1] in _WORDS_BEFORE_MUCH else "border"
    return "end" if last in _CLOSING else "word"


def closes_early(rest_tokens: float, tokens_per_s: float, *, gap_s: float, connect_s: float) -> bool:
    """Is it quicker to close a stream whose rest nobody needs than to wait for its end?

    Closing costs the gap that every process waits after a request cut short, and a new connection; waiting costs the
    tokens still to come, but ends cleanly and reports what was used.
    """
    if tokens_per_s <= 0:
        return False
    return rest_tokens / tokens_per_s > gap_s + connect_s


@dataclass(slots=True)
class ModelPace:
    """How fast a model lately was, as far as this process has seen."""

    latency_s: float = 0.0
    """From sending to a completion that can be shown; 0 when unknown."""
    tokens_per_s: float = 0.0
    manners: Manners = "plain"
    """How it began its latest reply."""

    def saw(self, latency_s: float, tokens_per_s: float) -> None:
        """One more reply: recent ones count more."""
        self.latency_s = _mixed(self.latency_s, latency_s)
        if tokens_per_s:  # a reply that came in one piece tells nothing of it
            self.tokens_per_s = _mixed(self.tokens_per_s, tokens_per_s)


def _mixed(before: float, now: float) -> float:
    return now if not before else 0.7 * before + 0.3 * now
