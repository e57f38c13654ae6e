"""What a score costs: of a selection of 200 lines in a file of 5,000, its tree known, remade after a change, or not there yet."""

from __future__ import annotations

import inspect
import statistics
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter

from zai_ls.core.complexity import score
from zai_ls.core.syntax import Syntax
from zai_ls.domain import Point, Range, Snapshot

LINES, FIRST, LAST = 5_000, 3_900, 4_099
TIMES = 40


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds."""

    warm: float
    """Median, the tree known."""
    changed: float
    """Median, after one line changed, the tree made from the last one."""
    cold: float
    """The first in a new process: grammar loaded, table made, whole file parsed."""
    tokens: int
    """In the selection."""


def measure() -> Costs:
    """All three; the cold one in processes of its own, the quickest of three."""
    lines, range_, syntax = _lines(), _selection(), Syntax()
    snapshot = Snapshot("file:///a.py", "python", 0, lines)
    tokens = int(score(snapshot, range_, syntax).measures["tokens"])
    warm, changed = [], []
    for number in range(TIMES):
        start = perf_counter()
        score(snapshot, range_, syntax)
        warm.append(perf_counter() - start)
        after = list(snapshot.lines)
        after[FIRST + 100] = f"{after[FIRST + 100].rstrip()} # {number}\n"
        snapshot = Snapshot("file:///a.py", "python", number + 1, tuple(after))
        start = perf_counter()
        score(snapshot, range_, syntax)
        changed.append(perf_counter() - start)
    run = [sys.executable, "-m", "bench.scoring"]
    cold = min(
        float(subprocess.run(run, capture_output=True, text=True, check=True).stdout) for _ in range(3)
    )
    return Costs(statistics.median(warm), statistics.median(changed), cold, tokens)


def _lines() -> tuple[str, ...]:
    """Five thousand lines of the standard library."""
    import _pydecimal

    return tuple(inspect.getsource(_pydecimal).splitlines(keepends=True))[:LINES]


def _selection() -> Range:
    return Range(Point(FIRST, 0), Point(LAST, 0))


if __name__ == "__main__":
    text = Snapshot("file:///a.py", "python", 1, _lines())
    begun = perf_counter()
    score(text, _selection(), Syntax())
    print(perf_counter() - begun)
